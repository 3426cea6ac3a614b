package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
)

// Result is a finished sign-in. The host opens its own session for User, under
// a fresh session id; nothing of Salesforce's is kept.
type Result struct {
	Tenant orglink.TenantID
	User   orglink.UserID
	// Connection is the tenant's connection to the org.
	Connection orglink.ConnectionID
	Identity   Identity
	// Linked tells that a signed-in user has linked his Salesforce user.
	Linked bool
	// ReturnTo is what StartRequest named, "" if nothing.
	ReturnTo string
}

// Finish completes a sign-in with the callback's query and the browser's
// cookies. present is who is signed in at the host while it happens, the zero
// Actor for nobody; it must be the one who started linking. The host user is
// found by the org and user id of the verified ID token, and by nothing else.
//
// The caller clears the cookie that Clear returns, whatever the outcome.
func (s *Service) Finish(ctx context.Context, present orglink.Actor, query url.Values, cookies []*http.Cookie) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	t, ok := s.open(query.Get("state"), cookies)
	if !ok {
		return Result{}, fmt.Errorf("finish: %w", ErrTicket)
	}
	if t.User != "" && (present.Tenant != t.Tenant || present.User != t.User) {
		return Result{}, fmt.Errorf("signin: finish: %w", connection.ErrOtherActor)
	}
	switch code := query.Get("error"); {
	case code == "access_denied" || code == "access-denied":
		return Result{}, fmt.Errorf("signin: finish: %w", connection.ErrDenied)
	case code != "":
		return Result{}, fmt.Errorf("signin: finish: %w: %s", connection.ErrAuthorization, clip(code))
	}
	code := query.Get("code")
	if code == "" || len(code) > maxCookie {
		return Result{}, fmt.Errorf("signin: finish: %w: the callback holds no code", connection.ErrAuthorization)
	}
	token, err := s.oauth(t.Host).Exchange(context.WithValue(ctx, oauth2.HTTPClient, s.http), code, oauth2.VerifierOption(t.Verifier))
	if err != nil {
		return Result{}, exchangeError(t.Host, err)
	}
	who, err := s.verify(oidc.ClientContext(ctx, s.http), t, token)
	if err != nil {
		return Result{}, err
	}
	out := Result{Identity: who, ReturnTo: t.ReturnTo}
	if t.User != "" {
		return s.link(ctx, present, out)
	}
	return s.find(ctx, t.Tenant, out)
}

// Clear returns the cookie that removes what Start gave the browser, for the
// state of a callback's query.
func (s *Service) Clear(state string) *http.Cookie { return s.cookie(state, "", -1) }

func newTicket(s *Service, req StartRequest, host, nonce, verifier string) ticket {
	return ticket{
		Nonce: nonce, Verifier: verifier, Host: host,
		Tenant: req.Tenant, User: req.Actor.User, ReturnTo: req.ReturnTo,
		Expires: time.Now().Add(s.cfg.Lifetime),
	}
}

// exchangeError keeps what Salesforce answered out of messages but for its
// error code: descriptions and bodies may repeat what was sent.
func exchangeError(host string, err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return fmt.Errorf("signin: finish: %s: %w: %s", host, connection.ErrAuthorization, clip(refused.ErrorCode))
	}
	return fmt.Errorf("signin: finish: %s: %w", host, connection.ErrUnreachable)
}

// clip keeps an error code of an outsider short and plain.
func clip(s string) string {
	for i := range len(s) {
		if c := s[i]; i == 60 || c != '_' && c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return s[:i]
		}
	}
	return s
}
