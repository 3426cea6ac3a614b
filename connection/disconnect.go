package connection

import (
	"context"
	"slices"

	"github.com/orglink/orglink"
)

// Disconnect ends a connection: it hands out no client any more, its grant is
// revoked at Salesforce and removed here. The connection itself stays, in
// state Disconnected, and can be authorised again under its id. When
// Salesforce cannot be told, the error says so (ErrUnreachable); the
// connection is disconnected all the same, and the revocation is tried again
// by the next Disconnect, Check or authorisation.
func (m *Manager) Disconnect(ctx context.Context, tenant orglink.TenantID, id orglink.ConnectionID) error {
	c, err := m.update(ctx, tenant, id, func(c *Connection) bool {
		if c.State == Disconnected && c.Grant == "" {
			return false
		}
		if c.Grant != "" {
			c.Retired = append(c.Retired, c.Grant)
			c.Grant = ""
		}
		m.setState(c, Disconnected, "")
		m.addEvent(c, EventDisconnected, c.Type, c.Title()+" was disconnected.")
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
