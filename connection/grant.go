package connection

import (
	"context"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
)

// putGrant stores the tokens of a new authorisation.
func (m *Manager) putGrant(ctx context.Context, c Connection, id GrantID, a tokenAnswer) error {
	g := Grant{Tenant: c.Tenant, ID: id, App: c.App, Org: a.org, User: a.user, State: Healthy}
	if err := m.setTokens(&g, a, a.instance, c.LoginHost, ""); err != nil {
		return err
	}
	if _, err := m.cfg.Tokens.CompareAndSwap(ctx, g); err != nil {
		return storeError("store grant", string(id), err)
	}
	return nil
}

// setTokens seals an answer into a grant. Without a refresh token in the
// answer the one that was there is kept.
func (m *Manager) setTokens(g *Grant, a tokenAnswer, instance, loginHost, oldRefresh string) (err error) {
	g.Access, err = m.seal.sealCredential(g.Tenant, g.ID, fieldAccess, credential{a.access, instance})
	if err == nil && a.refresh != "" && a.refresh != oldRefresh {
		g.Refresh, err = m.seal.sealCredential(g.Tenant, g.ID, fieldRefresh, credential{a.refresh, loginHost})
	}
	if err != nil {
		return fail("seal tokens", string(g.ID), ErrStorage, err)
	}
	g.Generation++
	g.Issued = a.issued
	if g.Issued.IsZero() {
		g.Issued = time.Now().UTC()
	}
	g.Intent, g.State, g.Detail, g.RetryAt = nil, Healthy, "", time.Time{}
	return nil
}

// load reads a connection's grant and opens its access token.
func (m *Manager) load(ctx context.Context, c Connection) (Grant, salesforce.Token, error) {
	const op = "load grant"
	if c.Grant == "" {
		return Grant{}, salesforce.Token{}, fail(op, string(c.ID), ErrDisconnected, nil)
	}
	g, err := m.cfg.Tokens.Load(ctx, c.Tenant, c.Grant)
	if err != nil {
		return Grant{}, salesforce.Token{}, storeError(op, string(c.ID), err)
	}
	if g.Tenant != c.Tenant || g.ID != c.Grant {
		return Grant{}, salesforce.Token{}, fail(op, string(c.ID), ErrNotFound, nil)
	}
	token, err := m.access(g)
	return g, token, err
}

// access opens a grant's access token. The instance was sealed with it and is
// checked again: what may receive tokens is decided by this configuration.
func (m *Manager) access(g Grant) (salesforce.Token, error) {
	cred, err := m.seal.openCredential(g.Tenant, g.ID, fieldAccess, g.Access)
	if err != nil {
		return salesforce.Token{}, fail("open grant", string(g.ID), ErrStorage, err)
	}
	if _, ok := m.hosts.origin(cred.Host); !ok {
		return salesforce.Token{}, fail("open grant", clip(cred.Host), ErrUntrustedHost, nil)
	}
	return salesforce.Token{Access: orglink.NewSecret(cred.Token), InstanceURL: cred.Host}, nil
}
