package signin

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/orglink/orglink/connection"
)

// maxIssuers bounds the issuers whose keys are remembered.
const maxIssuers = 256

// verifier returns what verifies an issuer's ID tokens. Its discovery document
// is fetched once, its keys when a token needs some that are not known yet.
func (s *Service) verifier(ctx context.Context, issuer string) (*oidc.IDTokenVerifier, error) {
	s.mu.Lock()
	v := s.verifiers[issuer]
	s.mu.Unlock()
	if v != nil {
		return v, nil
	}
	p, err := oidc.NewProvider(oidc.ClientContext(ctx, s.http), issuer)
	if err != nil {
		var mismatch *oidc.IssuerMismatchError
		if errors.As(err, &mismatch) {
			return nil, fmt.Errorf("%w: its issuer calls itself otherwise", ErrIDToken)
		}
		return nil, fmt.Errorf("signin: keys of %s: %w", issuer, connection.ErrUnreachable)
	}
	var document struct {
		Keys string `json:"jwks_uri"`
	}
	if err := p.Claims(&document); err != nil {
		return nil, fmt.Errorf("signin: keys of %s: %w", issuer, connection.ErrUnreachable)
	}
	// What it fetches is shared by all who wait, and ends with the client's
	// time-out.
	keys := keySet{oidc.NewRemoteKeySet(oidc.ClientContext(context.Background(), s.http), document.Keys)}
	v = oidc.NewVerifier(issuer, keys, &oidc.Config{ClientID: s.cfg.ClientID, SupportedSigningAlgs: []string{oidc.RS256}})
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.verifiers) >= maxIssuers {
		clear(s.verifiers)
	}
	s.verifiers[issuer] = v
	return v, nil
}

// keySet tells its caller, through the context, that keys could not be fetched:
// the verifier around it keeps only the text of an error, in which a network
// that is down looks like a forged signature.
type keySet struct{ oidc.KeySet }

type (
	fetchKey     struct{}
	fetchFailure struct{ failed bool }
)

// VerifySignature implements oidc.KeySet.
func (k keySet) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := k.KeySet.VerifySignature(ctx, jwt)
	var transport *url.Error
	if errors.As(err, &transport) || err != nil && ctx.Err() != nil {
		if out, ok := ctx.Value(fetchKey{}).(*fetchFailure); ok {
			out.failed = true
		}
		return nil, connection.ErrUnreachable // its cause may repeat what came
	}
	if err != nil { // its text may repeat what stands where keys should
		return nil, errors.New("it is signed by none of the issuer's keys")
	}
	return payload, nil
}
