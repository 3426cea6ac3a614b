package connection

import (
	"context"
	"errors"
	"time"

	"golang.org/x/oauth2"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
)

// TokenSource gives other code the access tokens of a connection: an
// oauth2.Transport, another Salesforce client, a gRPC stream. All tokens come
// from the Manager, one refresh at a time, so it may be used beside clients of
// the same connection. It is safe for concurrent use.
type TokenSource struct {
	m   *Manager
	src *source
}

var _ oauth2.TokenSource = (*TokenSource)(nil)

// TokenSource returns the token source of a connection. Its errors are those
// of Client.
func (m *Manager) TokenSource(tenant orglink.TenantID, id orglink.ConnectionID) *TokenSource {
	return &TokenSource{m, &source{m: m, key: entryKey{tenant, id}}}
}

// Token returns a token of at most Config.TokenAge; an older one is refreshed
// first. Salesforce tells no expiry, so Expiry is when to ask again, and a
// token may die earlier: who is told so by Salesforce calls Rejected. The extra
// "instance_url" is where the token is good for; send it nowhere else.
func (t *TokenSource) Token() (*oauth2.Token, error) {
	ctx, cancel := t.context()
	defer cancel()
	token, err := t.src.Token(ctx)
	if err != nil {
		return nil, err
	}
	age := time.Since(t.m.issued(t.src.key, token))
	if age < t.m.cfg.TokenAge {
		return wrap(token, t.m.cfg.TokenAge-max(age, 0)), nil
	}
	next, err := t.src.replace(ctx, token, true)
	if errors.Is(err, ErrUnreachable) || errors.Is(err, ErrLeaseHeld) || errors.Is(err, ErrStorage) {
		return wrap(token, time.Minute), nil // it may still live
	}
	if err != nil {
		return nil, err
	}
	if next.Access == token.Access { // the outcome of an earlier refresh is unknown
		return wrap(token, time.Minute), nil
	}
	return wrap(next, t.m.cfg.TokenAge), nil
}

// Rejected is told that Salesforce rejected a token (status 401, or
// INVALID_SESSION_ID) and returns another one. Many may call it at once: a
// token that was replaced already costs no refresh.
func (t *TokenSource) Rejected(ctx context.Context, rejected *oauth2.Token) (*oauth2.Token, error) {
	next, err := t.src.Refresh(ctx, salesforce.Token{Access: orglink.NewSecret(rejected.AccessToken)})
	if err != nil {
		return nil, err
	}
	return wrap(next, t.m.cfg.TokenAge), nil
}

// context bounds what has no context of its own, by what a refresh may take
// that waits for the lease of a dead process.
func (t *TokenSource) context() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), t.m.leaseTTL()+2*t.m.cfg.RefreshTimeout)
}

func wrap(token salesforce.Token, good time.Duration) *oauth2.Token {
	t := &oauth2.Token{AccessToken: token.Access.Reveal(), TokenType: "Bearer", Expiry: time.Now().Add(good)}
	return t.WithExtra(map[string]any{"instance_url": token.InstanceURL})
}

// issued is when a token in memory was issued, now for any other.
func (m *Manager) issued(key entryKey, token salesforce.Token) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.entries[key]; e != nil && e.token.Access == token.Access && !e.issued.IsZero() {
		return e.issued
	}
	return time.Now()
}
