package connection

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

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
	m.dropToken(tenant, id)
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
		if err := m.revokeGrant(ctx, g); err != nil {
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

func (m *Manager) dropToken(tenant orglink.TenantID, id orglink.ConnectionID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.entries, entryKey{tenant, id})
}

// retire revokes a connection's former grants and removes them. What fails
// stays listed for the next time.
func (m *Manager) retire(ctx context.Context, c Connection) Connection {
	var done []GrantID
	for _, id := range c.Retired {
		if err := m.retireGrant(ctx, c, id); err != nil {
			m.warn(ctx, "a former grant could not be revoked and will be tried again", "connection", string(c.ID), "error", err)
			continue
		}
		done = append(done, id)
	}
	if len(done) == 0 {
		return c
	}
	next, err := m.update(ctx, c.Tenant, c.ID, func(now *Connection) bool {
		before := len(now.Retired)
		now.Retired = slices.DeleteFunc(now.Retired, func(id GrantID) bool { return slices.Contains(done, id) })
		return len(now.Retired) != before
	})
	if err != nil {
		return c
	}
	return next
}

func (m *Manager) retireGrant(ctx context.Context, c Connection, id GrantID) error {
	old, err := m.cfg.Tokens.Load(ctx, c.Tenant, id)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	same, err := m.sameTokens(ctx, c, old)
	if err != nil {
		return err
	}
	if !same { // Salesforce may give the same refresh token again
		if err := m.revokeGrant(ctx, old); err != nil {
			return err
		}
	}
	return m.cfg.Tokens.Delete(ctx, c.Tenant, id)
}

// sameTokens reports whether the connection's present grant lives by the same
// refresh token as a former one.
func (m *Manager) sameTokens(ctx context.Context, c Connection, old Grant) (bool, error) {
	if c.Grant == "" || len(old.Refresh) == 0 {
		return false, nil
	}
	now, err := m.cfg.Tokens.Load(ctx, c.Tenant, c.Grant)
	if err != nil {
		return false, err
	}
	if len(now.Refresh) == 0 {
		return false, nil
	}
	a, err := m.seal.openCredential(old.Tenant, old.ID, fieldRefresh, old.Refresh)
	if err != nil {
		return false, err
	}
	b, err := m.seal.openCredential(now.Tenant, now.ID, fieldRefresh, now.Refresh)
	return a.Token == b.Token, err
}

// revokeGrant revokes a grant's refresh token, which ends its sessions too, or
// its access token where there is no other. Tokens that do not open with this
// configuration's keys cannot be revoked, now or later: that is no error.
func (m *Manager) revokeGrant(ctx context.Context, g Grant) error {
	field, sealed := fieldRefresh, g.Refresh
	if len(sealed) == 0 {
		field, sealed = fieldAccess, g.Access
	}
	cred, err := m.seal.openCredential(g.Tenant, g.ID, field, sealed)
	if err != nil {
		m.warn(ctx, "a grant does not open with these keys and cannot be revoked", "grant", string(g.ID))
		return nil
	}
	return m.revoke(ctx, cred)
}

// discard revokes tokens that were never stored.
func (m *Manager) discard(ctx context.Context, a tokenAnswer) {
	cred := credential{Token: a.refresh, Host: a.instance}
	if cred.Token == "" {
		cred.Token = a.access
	}
	if cred.Host == "" {
		return
	}
	if err := m.revoke(context.WithoutCancel(ctx), cred); err != nil {
		m.warn(ctx, "tokens of an authorisation that failed could not be revoked", "org", string(a.org))
	}
}

// revoke tells Salesforce to forget a token. A token that Salesforce does not
// know (status 400) is as good as revoked.
func (m *Manager) revoke(ctx context.Context, cred credential) error {
	host, ok := m.hosts.origin(cred.Host)
	if !ok {
		return fail("revoke", clip(cred.Host), ErrUntrustedHost, nil)
	}
	ctx, cancel := context.WithTimeout(ctx, m.cfg.RefreshTimeout)
	defer cancel()
	form := url.Values{"token": {cred.Token}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, host+"/services/oauth2/revoke", strings.NewReader(form))
	if err != nil {
		return fail("revoke", host, ErrUnreachable, nil)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := m.http.Do(req)
	if err != nil {
		return fail("revoke", host, ErrUnreachable, failureOf(err, true, []string{cred.Token}))
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)) // for the connection's reuse
	if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusBadRequest {
		return nil
	}
	return fail("revoke", host, ErrUnreachable, fmt.Errorf("HTTP status %d", resp.StatusCode))
}
