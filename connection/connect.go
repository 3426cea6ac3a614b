package connection

import (
	"context"
	"time"

	"github.com/orglink/orglink"
)

// ConnectRequest says what to authorise without a browser.
type ConnectRequest struct {
	// Flow is JWTBearer or ClientCredentials.
	Flow Flow
	// Username is the Salesforce user to act as, for JWTBearer.
	Username string
	// Type, App, LoginHost, Connection and AllowOtherOrg are as in
	// StartRequest. ClientCredentials needs the org's My Domain as LoginHost.
	Type          string
	App           string
	LoginHost     string
	Connection    orglink.ConnectionID
	AllowOtherOrg bool
	// Owner is the host's user whose connection it will be. Defaults to the
	// actor.
	Owner orglink.UserID
	// Vouched says that the host answers for it that this tenant may use that
	// user of that org. These flows prove only that the org trusts the app:
	// without a vouch, any admin of any tenant could name any org that
	// installed it. It is not needed for an app that belongs to the tenant
	// (App.Tenant, Config.TenantApps), and not for renewing a connection of
	// the same flow, org and user. Never set it from a form that a tenant
	// fills in.
	Vouched bool
}

// Connect authorises a connection by a flow in which nobody signs in. The actor
// must be an admin, and allowed by the type. The connection is verified by a
// call to the org before anything is stored.
func (m *Manager) Connect(ctx context.Context, actor orglink.Actor, req ConnectRequest) (Connection, error) {
	const op = "connect"
	switch {
	case req.Flow != JWTBearer && req.Flow != ClientCredentials:
		return Connection{}, failDetail(op, "", ErrAuthorization, "flow %q is not JWTBearer or ClientCredentials; the web-server flow begins with Start", clip(string(req.Flow)))
	case !actor.Admin:
		return Connection{}, fail(op, "", ErrNotAllowed, nil)
	case (req.Flow == JWTBearer) != (req.Username != "") || len(req.Username) > maxParameter:
		return Connection{}, failDetail(op, "", ErrAuthorization, "a Username goes with JWTBearer and with nothing else")
	}
	if req.Owner != "" {
		actor.User = req.Owner
	}
	state, typ, app, err := m.begin(ctx, op, actor, StartRequest{
		Type: req.Type, App: req.App, LoginHost: req.LoginHost, Connection: req.Connection, AllowOtherOrg: req.AllowOtherOrg,
	})
	if err != nil {
		return Connection{}, err
	}
	// It is finished here; the state only tells whether the tenant is
	// forgotten meanwhile.
	state.Hash, state.Used = hashState(random(32)), time.Now().UTC()
	if err := m.cfg.Store.PutState(ctx, state); err != nil {
		return Connection{}, storeError(op, "state", err)
	}
	t := attempt{actor: actor, state: state, typ: typ, app: app, flow: req.Flow, next: credential{req.Username, state.LoginHost}, vouched: req.Vouched}
	answer, failure := m.tokenRequest(ctx, app, req.Flow, nil, m.asking(t.flow, state.LoginHost, t.next))
	if failure != nil {
		m.discard(ctx, state, answer)
		return Connection{}, exchangeError(state.LoginHost, failure)
	}
	c, err := m.accept(ctx, t, answer)
	if err != nil {
		m.discard(ctx, state, answer)
		return Connection{}, err
	}
	return c, nil
}

// proven refuses orgs that nothing ties to the tenant. In the web-server flow
// a user of the org has signed in.
func (t attempt) proven(fresh Connection, old *Connection) error {
	if t.flow == WebServer || t.vouched || t.app.Tenant != "" && t.app.Tenant == fresh.Tenant {
		return nil
	}
	if old != nil && old.Flow == t.flow && old.Org.ID == fresh.Org.ID && old.User.ID == fresh.User.ID {
		return nil
	}
	return failDetail("connect", string(fresh.Org.ID), ErrForeignOrg, "nothing proves that the org is this tenant's: vouch for it, or use an app that belongs to the tenant")
}
