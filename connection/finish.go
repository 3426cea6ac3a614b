package connection

import (
	"context"
	"errors"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/orglink/orglink"
)

// maxParameter bounds what is read of a callback's parameters.
const maxParameter = 4096

// Finish completes an authorisation with the query of the callback. The state
// it carries works once, for the actor who started it, in the session it was
// started in where the actor had one. The connection is verified by a call to
// the org before anything is stored; when it cannot be kept, the fresh tokens
// are revoked.
func (m *Manager) Finish(ctx context.Context, actor orglink.Actor, query url.Values) (Connection, error) {
	state, err := m.takeState(ctx, actor, query.Get("state"))
	if err != nil {
		return Connection{}, err
	}
	typ, app, err := m.reopen(ctx, state)
	if err != nil {
		return Connection{}, err
	}
	if err := m.mayFinish(ctx, actor, typ, state); err != nil {
		return Connection{}, err
	}
	answer, err := m.exchange(ctx, state, app, query)
	if err != nil {
		return Connection{}, err
	}
	next := credential{answer.refresh, state.LoginHost}
	c, err := m.accept(ctx, attempt{actor: actor, state: state, typ: typ, app: app, next: next}, answer)
	if err != nil {
		m.discard(ctx, state, answer)
		return Connection{}, err
	}
	return c, nil
}

// reopen finds what a state names.
func (m *Manager) reopen(ctx context.Context, state AuthState) (Type, App, error) {
	typ, ok := m.typeOf(state.Type)
	if !ok {
		return nil, App{}, failDetail("finish", "", ErrNotFound, "no connection type is named %s any more", clip(state.Type))
	}
	app, err := m.app(ctx, state.Tenant, state.App)
	return typ, app, err
}

// exchange turns the query of a callback into tokens. Tokens that may not be
// used are revoked.
func (m *Manager) exchange(ctx context.Context, state AuthState, app App, query url.Values) (tokenAnswer, error) {
	if code := query.Get("error"); code != "" {
		return tokenAnswer{}, authorizationError(code, query.Get("error_description"))
	}
	code := query.Get("code")
	if code == "" || len(code) > maxParameter {
		return tokenAnswer{}, failDetail("finish", "", ErrAuthorization, "the callback holds no code")
	}
	verifier, err := m.seal.open(bound{tenant: state.Tenant, row: state.Hash, field: fieldVerifier}, state.Verifier)
	if err != nil {
		return tokenAnswer{}, fail("finish", "state", ErrStorage, err)
	}
	answer, failure := m.tokenRequest(ctx, app, WebServer, []string{code, string(verifier)}, func(ctx context.Context, app App) (*oauth2.Token, error) {
		return m.oauth(app, state.LoginHost, nil).Exchange(ctx, code, oauth2.VerifierOption(string(verifier)))
	})
	if failure != nil {
		m.discard(ctx, state, answer)
		return tokenAnswer{}, exchangeError(state.LoginHost, failure)
	}
	return answer, nil
}

// mayFinish asks the type again: rights may have changed since the start.
func (m *Manager) mayFinish(ctx context.Context, actor orglink.Actor, typ Type, state AuthState) error {
	var renew *Connection
	if state.Connection != "" {
		c, err := m.Get(ctx, state.Tenant, state.Connection)
		if err != nil {
			return err
		}
		renew = &c
	}
	if err := typ.MayStart(ctx, actor, renew); err != nil {
		return fail("finish", typ.Name(), err, nil)
	}
	return nil
}

// takeState finds and uses up the state of a callback, and refuses everybody
// but the actor who started it.
func (m *Manager) takeState(ctx context.Context, actor orglink.Actor, raw string) (AuthState, error) {
	const op = "finish"
	if raw == "" || len(raw) > maxParameter {
		return AuthState{}, fail(op, "", ErrStateUnknown, nil)
	}
	now := time.Now().UTC()
	state, err := m.cfg.Store.TakeState(ctx, hashState(raw), now)
	switch {
	case errors.Is(err, ErrNotFound):
		return AuthState{}, fail(op, "", ErrStateUnknown, nil)
	case err != nil:
		return AuthState{}, storeError(op, "state", err)
	case state.Invitation != "":
		return AuthState{}, fail(op, "", ErrStateUnknown, nil) // FinishInvitation knows it
	case state.Tenant != actor.Tenant:
		return AuthState{}, fail(op, "", ErrOtherTenant, nil)
	case state.User != actor.User:
		return AuthState{}, fail(op, "", ErrOtherActor, nil)
	case state.Session != "" && state.Session != hashSession(actor):
		return AuthState{}, fail(op, "", ErrOtherSession, nil)
	case !state.Used.IsZero():
		return AuthState{}, fail(op, "", ErrStateUsed, nil)
	case !now.Before(state.Expires):
		return AuthState{}, fail(op, "", ErrStateExpired, nil)
	}
	return state, nil
}

func authorizationError(code, description string) error {
	switch code {
	case "access_denied", "access-denied":
		return fail("finish", "", ErrDenied, nil)
	case "OAUTH_APP_BLOCKED", "OAUTH_EC_APP_NOT_FOUND", "OAUTH_APPROVAL_ERROR_GENERIC", "invalid_app_access":
		return failDetail("finish", "", ErrAppBlocked, "%s", clip(code))
	}
	return failDetail("finish", "", ErrAuthorization, "%s: %s", clip(code), clip(description))
}

func exchangeError(host string, f *tokenFailure) error {
	var own *Error
	if errors.As(f.cause, &own) {
		return own
	}
	if f.code == "" {
		return fail("finish", host, ErrUnreachable, f)
	}
	v := classify(f)
	if v.state == NeedsReauthorization || v.state == Suspended {
		return fail("finish", host, ErrAuthorization, f)
	}
	return fail("finish", host, v.state.Err(), f)
}
