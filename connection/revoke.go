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
	"time"

	"github.com/orglink/orglink"
)

// retire revokes a connection's former grants and removes them. What fails
// stays listed for the next time.
func (m *Manager) retire(ctx context.Context, c Connection) Connection {
	var done []GrantID
	for _, id := range c.Retired {
		if err := m.retireGrant(ctx, c.Tenant, id); err != nil {
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

func (m *Manager) retireGrant(ctx context.Context, tenant orglink.TenantID, id GrantID) error {
	old, err := m.endGrant(ctx, tenant, id)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := m.revokeGrant(ctx, old); err != nil {
		return err
	}
	return m.cfg.Tokens.Delete(ctx, tenant, id)
}

// endGrant marks a grant, so that no refresh of it begins any more and none
// that is under way is stored, and returns it with the tokens it then has.
func (m *Manager) endGrant(ctx context.Context, tenant orglink.TenantID, id GrantID) (Grant, error) {
	for {
		g, err := m.cfg.Tokens.Load(ctx, tenant, id)
		if err != nil || g.State == Disconnected {
			return g, err
		}
		g.State, g.RetryAt = Disconnected, time.Time{}
		version, err := m.cfg.Tokens.CompareAndSwap(ctx, g)
		if errors.Is(err, ErrConflict) || errors.Is(err, ErrFenced) {
			continue
		}
		g.Version = version
		return g, err
	}
}

// shared reports whether another grant of the tenant lives by a token: an org
// may answer a new authorisation with a refresh token that it gave before.
func (m *Manager) shared(ctx context.Context, tenant orglink.TenantID, except GrantID, token string) (bool, error) {
	grants, err := m.cfg.Tokens.Grants(ctx, tenant)
	if err != nil {
		return false, err
	}
	for _, g := range grants {
		if g.Tenant != tenant || g.ID == except || g.Flow != WebServer || len(g.Refresh) == 0 {
			continue
		}
		if cred, err := m.seal.openCredential(boundOf(g, fieldRefresh), g.Refresh); err == nil && cred.Token == token {
			return true, nil
		}
	}
	return false, nil
}

// revokeGrant revokes a grant's refresh token, which ends its sessions too, or
// its access token where there is no other. Tokens that another grant lives by
// are left alone. Tokens that do not open with this configuration's keys cannot
// be revoked, now or later: that is no error.
func (m *Manager) revokeGrant(ctx context.Context, g Grant) error {
	field, sealed := fieldRefresh, g.Refresh
	if len(sealed) == 0 || g.Flow != WebServer {
		field, sealed = fieldAccess, g.Access
	}
	cred, err := m.seal.openCredential(boundOf(g, field), sealed)
	if err != nil {
		m.warn(ctx, "a grant does not open with these keys and cannot be revoked", "grant", string(g.ID))
		return nil
	}
	if field == fieldRefresh {
		if shared, err := m.shared(ctx, g.Tenant, g.ID, cred.Token); err != nil || shared {
			return err
		}
	}
	return m.revoke(ctx, cred)
}

// discard revokes the tokens of an authorisation that is not kept: nothing of
// ours knows them, and left alive they would occupy one of the user's five
// approvals. Without an instance that may be trusted the login host is told.
func (m *Manager) discard(ctx context.Context, state AuthState, a tokenAnswer) {
	cred := credential{Token: a.refresh, Host: a.instance}
	if cred.Token == "" {
		cred.Token = a.access
	}
	if cred.Host == "" {
		cred.Host = state.LoginHost
	}
	if cred.Token == "" {
		return
	}
	ctx = context.WithoutCancel(ctx)
	shared, err := m.shared(ctx, state.Tenant, "", cred.Token)
	if err == nil && !shared {
		err = m.revoke(ctx, cred)
	}
	if err != nil {
		m.warn(ctx, "tokens of an authorisation that failed could not be revoked", "org", string(a.org))
	}
}

// revokeAnswer revokes the tokens of a refresh whose grant has ended.
func (m *Manager) revokeAnswer(ctx context.Context, c Connection, a tokenAnswer) {
	cred := credential{a.refresh, a.instance}
	if cred.Token == "" {
		cred.Token = a.access
	}
	if cred.Host == "" {
		cred.Host = c.InstanceURL
	}
	if err := m.revoke(context.WithoutCancel(ctx), cred); err != nil {
		m.warn(ctx, "the tokens of a connection that ended during a refresh could not be revoked", "connection", string(c.ID), "error", err)
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

// orphanAge is how old a grant without a connection must be before it is taken
// for the leftover of a process that died; an authorisation is faster.
const orphanAge = time.Hour

// sweep revokes and removes the grants of a tenant that no connection knows:
// an authorisation's process died before it could store the connection.
func (m *Manager) sweep(ctx context.Context, tenant orglink.TenantID) {
	grants, err := m.cfg.Tokens.Grants(ctx, tenant)
	if err != nil {
		m.warn(ctx, "grants could not be looked through", "tenant", string(tenant), "error", err)
		return
	}
	// After the grants, so that what is between the two has its connection.
	list, err := m.List(ctx, tenant)
	if err != nil {
		m.warn(ctx, "grants could not be looked through", "tenant", string(tenant), "error", err)
		return
	}
	invited, err := m.cfg.Store.Invitations(ctx, tenant)
	if err != nil {
		m.warn(ctx, "grants could not be looked through", "tenant", string(tenant), "error", err)
		return
	}
	for _, g := range grants {
		if slices.ContainsFunc(invited, func(i Invitation) bool { return i.holds(g.ID) }) {
			continue
		}
		// Its tokens, or those that came of them, are a connection's.
		if at := slices.IndexFunc(invited, func(i Invitation) bool { return i.Candidate != nil && i.Candidate.Grant == g.ID }); at >= 0 {
			i := invited[at]
			if i.State == InvitationDone || slices.ContainsFunc(list, func(c Connection) bool { return c.Invitation == i.ID }) {
				if err := m.cfg.Tokens.Delete(ctx, tenant, g.ID); err != nil {
					m.warn(ctx, "the grant of a finished invitation was not removed", "grant", string(g.ID))
				}
				continue
			}
		}
		known := func(c Connection) bool { return c.Grant == g.ID || slices.Contains(c.Retired, g.ID) }
		if g.Tenant != tenant || time.Since(g.Issued) < orphanAge || slices.ContainsFunc(list, known) {
			continue
		}
		if err := m.retireGrant(ctx, tenant, g.ID); err != nil {
			m.warn(ctx, "a leftover grant could not be revoked and will be tried again", "grant", string(g.ID), "error", err)
		}
	}
}
