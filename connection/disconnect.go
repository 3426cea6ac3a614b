package connection

import (
	"context"
	"errors"
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
	if u := m.dropEntry(tenant, id); u != nil && u.answer.refresh != "" {
		// No store has taken this rotated token, so no grant can revoke it.
		_ = m.revoke(ctx, credential{u.answer.refresh, u.answer.instance})
	}
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
// authorisations under way.
func (m *Manager) Forget(ctx context.Context, tenant orglink.TenantID) (Forgotten, error) {
	var out Forgotten
	list, err := m.List(ctx, tenant)
	if err != nil {
		return out, err
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
		err := m.revokeGrant(ctx, g)
		if err == nil { // at once, so that a token of two grants is revoked with the second
			err = m.cfg.Tokens.Delete(ctx, tenant, g.ID)
		}
		if err != nil {
			for _, c := range list {
				if c.Grant == g.ID || slices.Contains(c.Retired, g.ID) {
					out.NotRevoked = append(out.NotRevoked, c)
				}
			}
		}
	}
	out.Connections = len(list)
	err = errors.Join(m.cfg.Tokens.Forget(ctx, tenant), m.cfg.Store.Forget(ctx, tenant))
	if err != nil {
		return out, storeError("forget", string(tenant), err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for key := range m.entries {
		if key.tenant == tenant {
			delete(m.entries, key)
		}
	}
	return out, nil
}
