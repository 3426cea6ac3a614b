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
// it carries works once, for the actor who started it. The connection is
// verified by a call to the org before anything is stored; when it cannot be
// kept, the fresh tokens are revoked.
func (m *Manager) Finish(ctx context.Context, actor orglink.Actor, query url.Values) (Connection, error) {
	const op = "finish"
	state, err := m.takeState(ctx, actor, query.Get("state"))
	if err != nil {
		return Connection{}, err
	}
	if code := query.Get("error"); code != "" {
		return Connection{}, authorizationError(code, query.Get("error_description"))
	}
	code := query.Get("code")
	if code == "" || len(code) > maxParameter {
		return Connection{}, failDetail(op, "", ErrAuthorization, "the callback holds no code")
	}
	typ, ok := m.typeOf(state.Type)
	if !ok {
		return Connection{}, failDetail(op, "", ErrNotFound, "no connection type is named %s any more", clip(state.Type))
	}
	app, ok := m.app(state.Tenant, state.App)
	if !ok {
		return Connection{}, failDetail(op, "", ErrNotFound, "no app is named %s any more", clip(state.App))
	}
	if err := m.mayFinish(ctx, actor, typ, state); err != nil {
		return Connection{}, err
	}
	verifier, err := m.seal.open(state.Tenant, state.Hash, fieldVerifier, state.Verifier)
	if err != nil {
		return Connection{}, fail(op, "state", ErrStorage, err)
	}

	answer, failure := m.tokenRequest(ctx, app, []string{code, string(verifier)}, func(ctx context.Context) (*oauth2.Token, error) {
		return m.oauth(app, state.LoginHost, nil).Exchange(ctx, code, oauth2.VerifierOption(string(verifier)))
	})
	if failure != nil {
		m.discard(ctx, state, answer)
		return Connection{}, exchangeError(state.LoginHost, failure)
	}
	c, err := m.accept(ctx, actor, state, typ, answer)
	if err != nil {
		m.discard(ctx, state, answer)
		return Connection{}, err
	}
	return c, nil
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
	case state.Tenant != actor.Tenant:
		return AuthState{}, fail(op, "", ErrOtherTenant, nil)
	case state.User != actor.User:
		return AuthState{}, fail(op, "", ErrOtherActor, nil)
	case !state.Used.IsZero():
		return AuthState{}, fail(op, "", ErrStateUsed, nil)
	case !now.Before(state.Expires):
		return AuthState{}, fail(op, "", ErrStateExpired, nil)
	}
	return state, nil
}

// accept verifies the fresh tokens and stores them as a new connection or as
// the renewal of one.
func (m *Manager) accept(ctx context.Context, actor orglink.Actor, state AuthState, typ Type, a tokenAnswer) (Connection, error) {
	const op = "finish"
	if a.instance == "" || a.org == "" {
		return Connection{}, failDetail(op, state.LoginHost, ErrBadAnswer, "the token response has no instance_url or id")
	}
	if missing := missingScopes(typ, a.scopes); len(missing) > 0 {
		return Connection{}, failDetail(op, state.LoginHost, ErrScopes, "missing %v", missing)
	}
	user, err := m.fetchIdentity(ctx, a)
	if err != nil {
		return Connection{}, err
	}
	org, err := m.describeOrg(ctx, a, state.Tenant, state.LoginHost)
	if err != nil {
		return Connection{}, fail(op, a.instance, ErrUnreachable, err)
	}
	fresh := Connection{
		Tenant: state.Tenant, Type: typ.Name(), App: state.App, Owner: state.User, Group: state.Group,
		LoginHost: state.LoginHost, InstanceURL: a.instance, Org: org, User: user, Scopes: a.scopes,
	}
	grant := GrantID(newID())
	if err := m.putGrant(ctx, fresh, grant, a); err != nil {
		return Connection{}, err
	}
	var c Connection
	err = m.locked(ctx, state.Tenant, func(ctx context.Context) (err error) {
		c, err = m.place(ctx, actor, state, typ, fresh, grant)
		return err
	})
	if err != nil {
		_ = m.cfg.Tokens.Delete(context.WithoutCancel(ctx), state.Tenant, grant)
		return Connection{}, err
	}
	m.forgetEntry(c.Tenant, c.ID)
	// The new grant is safe; only now is the old one revoked.
	c = m.deliver(ctx, m.retire(ctx, c))
	m.sweep(ctx, c.Tenant)
	return c, nil
}

// place writes the connection: into its slot, over the one that was to be
// renewed, or as a new one. Another writer's news are read and it tries again.
func (m *Manager) place(ctx context.Context, actor orglink.Actor, state AuthState, typ Type, fresh Connection, grant GrantID) (Connection, error) {
	const op = "finish"
	for {
		all, err := m.List(ctx, state.Tenant)
		if err != nil {
			return Connection{}, err
		}
		old, others, err := pick(typ, state.Connection, fresh, all)
		if err != nil {
			return Connection{}, err
		}
		next, now := fresh, time.Now().UTC()
		if old == nil {
			next.ID, next.Created = orglink.ConnectionID(newID()), now
		} else {
			// Its slot has led to one that the type was not asked about yet.
			if err := typ.MayStart(ctx, actor, old); err != nil {
				return Connection{}, fail(op, string(old.ID), err, nil)
			}
			if old.Org.ID != fresh.Org.ID && !state.AllowOtherOrg {
				return Connection{}, failDetail(op, string(old.ID), ErrOtherOrg, "connected is %s, signed in was %s", old.Org.ID, fresh.Org.ID)
			}
			next.ID, next.Created, next.Version = old.ID, old.Created, old.Version
			next.Owner, next.Group = old.Owner, old.Group
			next.Retired, next.Pending = old.Retired, old.Pending
			if old.Grant != "" {
				next.Retired = append(next.Retired, old.Grant)
			}
		}
		if err := typ.Admit(ctx, next, others); err != nil {
			return Connection{}, fail(op, string(fresh.Org.ID), err, nil)
		}
		next.Grant, next.Authorized = grant, now
		next.State, next.StateDetail, next.StateSince = Healthy, "", now
		if old == nil {
			m.addEvent(&next, EventAuthorized, next.Type, next.Title()+" was connected.")
		} else {
			m.addEvent(&next, EventReauthorized, next.Type, next.Title()+" was authorised again.")
		}
		next.Version, err = m.cfg.Store.PutConnection(ctx, next)
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err != nil {
			return Connection{}, storeError(op, string(next.ID), err)
		}
		return next, nil
	}
}

// pick finds the connection that an authorisation renews, if any.
func pick(typ Type, wanted orglink.ConnectionID, fresh Connection, all []Connection) (old *Connection, others []Connection, err error) {
	for i := range all {
		c := &all[i]
		if wanted != "" && c.ID == wanted || wanted == "" && c.Type == typ.Name() && typ.Slot(*c) == typ.Slot(fresh) {
			old = c
			continue
		}
		others = append(others, *c)
	}
	if wanted == "" {
		return old, others, nil
	}
	if old == nil {
		return nil, nil, fail("finish", string(wanted), ErrNotFound, nil)
	}
	fresh.Owner = old.Owner // the slot of a personal connection is its owner
	for _, c := range others {
		if c.Type == typ.Name() && typ.Slot(c) == typ.Slot(fresh) {
			return nil, nil, failDetail("finish", string(wanted), ErrOtherOrg, "%s is connected already, as %s", fresh.Org.ID, c.ID)
		}
	}
	return old, others, nil
}

func authorizationError(code, description string) error {
	switch code {
	case "access_denied", "access-denied":
		return fail("finish", "", ErrDenied, nil)
	case "OAUTH_APP_BLOCKED", "OAUTH_EC_APP_NOT_FOUND", "invalid_app_access":
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
