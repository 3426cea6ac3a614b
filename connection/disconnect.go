package connection

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/orglink/orglink"
)

// Disconnect ends a connection: it hands out no client any more, its grant is
// revoked at Salesforce and removed here. The connection itself stays, in
// state Disconnected, and can be authorised again under its id. Connections
// that are admitted only beside it end with it: the personal ones to the org of
// a team connection. When Salesforce cannot be told, the error says so
// (ErrUnreachable); the connection is disconnected all the same, and the
// revocation is tried again by the next Disconnect, Check or authorisation and
// by the Keeper.
func (m *Manager) Disconnect(ctx context.Context, tenant orglink.TenantID, id orglink.ConnectionID) error {
	err := m.disconnect(ctx, tenant, id, "")
	if err == nil || errors.Is(err, ErrUnreachable) {
		m.endForeign(ctx, tenant)
	}
	return err
}

func (m *Manager) disconnect(ctx context.Context, tenant orglink.TenantID, id orglink.ConnectionID, why string) error {
	c, err := m.update(ctx, tenant, id, func(c *Connection) bool {
		if c.State == Disconnected && c.Grant == "" {
			return false
		}
		if c.Grant != "" {
			c.Retired = append(c.Retired, c.Grant)
			c.Grant = ""
		}
		m.setState(c, Disconnected, why)
		m.addEvent(c, EventDisconnected, c.Type, strings.TrimSpace(c.Title()+" was disconnected. "+why))
		return true
	})
	if err != nil {
		return err
	}
	m.dropEntry(ctx, c)
	if c = m.retire(ctx, c); len(c.Retired) > 0 {
		return failDetail("disconnect", string(id), ErrUnreachable, "it is disconnected here, but Salesforce could not be told to revoke its tokens; that will be tried again")
	}
	return nil
}

// endForeign disconnects the connections to orgs that are not the tenant's any
// more, by their types' Admit: nobody who administers the tenant would see that
// they live.
func (m *Manager) endForeign(ctx context.Context, tenant orglink.TenantID) {
	list, err := m.List(ctx, tenant)
	if err != nil {
		m.warn(ctx, "connections could not be looked through", "tenant", string(tenant), "error", err)
		return
	}
	for n, c := range list {
		typ, ok := m.typeOf(c.Type)
		if !ok || c.Grant == "" {
			continue
		}
		others := slices.Concat(list[:n], list[n+1:])
		if err := typ.Admit(ctx, c, others); !errors.Is(err, ErrForeignOrg) {
			continue
		}
		if err := m.disconnect(ctx, tenant, c.ID, "Its org is not connected by the company any more."); err != nil {
			m.warn(ctx, "a connection to a foreign org could not be ended", "connection", string(c.ID), "error", err)
		}
	}
}

// Forgotten tells what Forget removed.
type Forgotten struct {
	Connections, Grants int
	// NotRevoked are grants that Salesforce could not be told to revoke;
	// they are removed here. Name them to the customer, who can revoke them
	// under Connected Apps OAuth Usage.
	NotRevoked []Connection
}

// Forget revokes and removes everything of a tenant: connections, grants and
// authorisations under way. An authorisation or a refresh that is on its way
// meanwhile stores nothing any more, and its tokens are revoked too. Forget may
// be repeated after an error.
func (m *Manager) Forget(ctx context.Context, tenant orglink.TenantID) (Forgotten, error) {
	var out Forgotten
	var list []Connection
	// First what would let new grants in, under the lock of those who make them.
	err := m.locked(ctx, tenant, func(ctx context.Context) (err error) {
		if list, err = m.List(ctx, tenant); err != nil {
			return err
		}
		return m.cfg.Store.Forget(ctx, tenant)
	})
	if err != nil {
		return out, storeError("forget", string(tenant), err)
	}
	out.Connections = len(list)
	for _, c := range list {
		m.dropEntry(ctx, c)
	}
	grants, err := m.cfg.Tokens.Grants(ctx, tenant)
	if err != nil {
		return out, storeError("forget", string(tenant), err)
	}
	for _, g := range grants {
		if g.Tenant != tenant {
			continue
		}
		out.Grants++
		// At once, so that a token of two grants is revoked with the second.
		if err := m.retireGrant(ctx, tenant, g.ID); err != nil {
			for _, c := range list {
				if c.Grant == g.ID || slices.Contains(c.Retired, g.ID) {
					out.NotRevoked = append(out.NotRevoked, c)
				}
			}
		}
	}
	if err := m.cfg.Tokens.Forget(ctx, tenant); err != nil {
		return out, storeError("forget", string(tenant), err)
	}
	return out, nil
}
