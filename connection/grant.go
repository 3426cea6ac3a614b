package connection

import (
	"context"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
)

// setTokens seals an answer into a grant. next is what the one after it will be
// asked for with; nil keeps what was there.
func (m *Manager) setTokens(g *Grant, a tokenAnswer, instance string, next *credential) (err error) {
	g.Access, err = m.seal.sealCredential(boundOf(*g, fieldAccess), credential{a.access, instance})
	if err == nil && next != nil {
		g.Refresh = nil // an org may give no refresh token
		if next.Token != "" || g.Flow == ClientCredentials {
			g.Refresh, err = m.seal.sealCredential(boundOf(*g, g.Flow.field()), *next)
		}
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
	if g.Tenant != c.Tenant || g.ID != c.Grant { // a store that forgot to filter
		return Grant{}, salesforce.Token{}, fail(op, string(c.ID), ErrNotFound, nil)
	}
	g.Connection = c.ID // bytes of another connection's grant do not open
	token, err := m.access(g)
	return g, token, err
}

// access opens a grant's access token. The instance was sealed with it and is
// checked again: what may receive tokens is decided by this configuration.
func (m *Manager) access(g Grant) (salesforce.Token, error) {
	cred, err := m.seal.openCredential(boundOf(g, fieldAccess), g.Access)
	if err != nil {
		return salesforce.Token{}, fail("open grant", string(g.ID), ErrStorage, err)
	}
	if _, ok := m.hosts.origin(cred.Host); !ok {
		return salesforce.Token{}, fail("open grant", clip(cred.Host), ErrUntrustedHost, nil)
	}
	return salesforce.Token{Access: orglink.NewSecret(cred.Token), InstanceURL: cred.Host}, nil
}
