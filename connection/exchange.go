package connection

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"github.com/orglink/orglink/salesforce/sobject"
)

// tokenAnswer is a checked answer of the token endpoint.
type tokenAnswer struct {
	access, refresh string // refresh is "" when none came
	instance        string // origin, checked by rule A7; "" when none came
	idURL           string
	org, user       sobject.ID
	scopes          []string
	issued          time.Time
}

// tokenFailure is why a token request brought no tokens.
type tokenFailure struct {
	// sent tells that Salesforce may have received the request.
	sent bool
	// status is the HTTP status of an answer, 0 without one.
	status int
	// code and description are Salesforce's, without anything secret.
	code, description string
	cause             error
}

func (f *tokenFailure) Error() string {
	switch {
	case f.code != "":
		return strings.TrimSpace(f.code + " " + f.description)
	case f.status != 0:
		return "HTTP status " + strconv.Itoa(f.status)
	case f.cause != nil:
		return f.cause.Error()
	}
	return "no answer"
}

// tokenPath is the token endpoint, tokens are asked for nowhere else.
const tokenPath = "/services/oauth2/token"

// tokenRequest runs one POST to a token endpoint within RefreshTimeout. It is
// never repeated: send must make exactly one attempt. The exception is an app
// with two secrets, one of which Salesforce refuses: it looks at the app before
// it looks at the token. With a failure, the answer holds what came although it
// must not be used.
func (m *Manager) tokenRequest(ctx context.Context, app App, flow Flow, secrets []string, send func(context.Context, App) (*oauth2.Token, error)) (tokenAnswer, *tokenFailure) {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.RefreshTimeout)
	defer cancel()
	var failure *tokenFailure
	for _, secret := range app.secrets() {
		var connected atomic.Bool
		ctx := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
		with := app
		with.ClientSecret = secret
		token, err := send(context.WithValue(ctx, oauth2.HTTPClient, m.http), with)
		if err == nil {
			answer, err := m.readAnswer(token, app, flow)
			if err != nil {
				return answer, &tokenFailure{sent: true, cause: err}
			}
			return answer, nil
		}
		failure = failureOf(err, connected.Load(), append(secrets, app.ClientSecret.Reveal(), app.OtherSecret.Reveal()))
		if failure.code != "invalid_client" && failure.code != "invalid_client_credentials" {
			break
		}
	}
	return tokenAnswer{}, failure
}

func failureOf(err error, sent bool, secrets []string) *tokenFailure {
	f := &tokenFailure{sent: sent}
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		// Its text holds the whole body, so it goes no further.
		f.sent = true
		if refused.Response != nil {
			f.status = refused.Response.StatusCode
		}
		f.code, f.description = scrub(refused.ErrorCode, secrets), scrub(refused.ErrorDescription, secrets)
		return f
	}
	var address *url.Error
	if errors.As(err, &address) {
		err = address.Err // the address repeats nothing secret, but is no help either
	}
	f.cause = errors.New(scrub(err.Error(), secrets))
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		f.cause = errors.New("no answer in time")
	}
	return f
}

// scrub shortens foreign text and drops it when it repeats a secret.
func scrub(text string, secrets []string) string {
	for _, s := range secrets {
		if s != "" && (strings.Contains(text, s) || strings.Contains(text, url.QueryEscape(s))) {
			return "(text withheld: it repeats a secret)"
		}
	}
	return clip(text)
}

// readAnswer checks everything about a token response that can be checked
// without another call.
func (m *Manager) readAnswer(token *oauth2.Token, app App, flow Flow) (tokenAnswer, error) {
	text := func(key string) string {
		s, _ := token.Extra(key).(string)
		return s
	}
	a := tokenAnswer{access: token.AccessToken, refresh: token.RefreshToken, idURL: text("id"), scopes: grantedScopes(text("scope"))}
	if a.access == "" || !headerSafe(a.access) || !headerSafe(a.refresh) {
		return a, fail("token response", "", ErrBadAnswer, errors.New("the access token is missing or malformed"))
	}
	if raw := text("instance_url"); raw != "" {
		origin, ok := m.hosts.origin(raw)
		if !ok {
			return a, fail("token response", "instance_url "+clip(raw), ErrUntrustedHost, nil)
		}
		a.instance = origin
	}
	if a.idURL != "" {
		// Answers to assertions bear no signature and no issued_at.
		if !(flow == JWTBearer && text("signature") == "") && !app.signed(a.idURL, text("issued_at"), text("signature")) {
			return a, fail("token response", "", ErrSignature, nil)
		}
		var err error
		if a.org, a.user, err = ParseIdentityURL(a.idURL); err != nil {
			return a, fail("token response", "", ErrBadAnswer, err)
		}
	}
	if ms, err := strconv.ParseInt(text("issued_at"), 10, 64); err == nil && ms > 0 {
		a.issued = time.UnixMilli(ms).UTC()
	}
	return a, nil
}

// signed reports whether a signature is one of the app's, or cannot be checked
// because the app has no secret.
func (a App) signed(id, issuedAt, signature string) bool {
	for _, secret := range a.secrets() {
		if secret.IsZero() || validSignature(secret.Reveal(), id, issuedAt, signature) {
			return true
		}
	}
	return false
}

// validSignature compares in constant time. The signed text is id followed by
// issued_at.
func validSignature(secret, id, issuedAt, signature string) bool {
	got, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(id + issuedAt))
	return hmac.Equal(got, mac.Sum(nil))
}

// headerSafe accepts what may stand in an Authorization header: opaque tokens
// and JWTs alike, never parsed.
func headerSafe(token string) bool {
	for i := range len(token) {
		if token[i] <= ' ' || token[i] >= 0x7f {
			return false
		}
	}
	return len(token) <= 16<<10
}

// ParseIdentityURL reads the org and user ids of an identity URL, such as
// https://login.salesforce.com/id/00D.../005...
func ParseIdentityURL(raw string) (org, user sobject.ID, err error) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", "", errors.New("the identity URL is not an address")
	}
	parts := strings.Split(strings.TrimSuffix(u.Path, "/"), "/")
	if len(parts) != 4 || parts[1] != "id" {
		return "", "", errors.New("the identity URL has no /id/org/user path")
	}
	if org, err = sobject.ParseID(parts[2]); err != nil || org.Prefix() != "00D" {
		return "", "", errors.New("the identity URL names no org")
	}
	if user, err = sobject.ParseID(parts[3]); err != nil || user.Prefix() != "005" {
		return "", "", errors.New("the identity URL names no user")
	}
	return org, user, nil
}
