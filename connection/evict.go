package connection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/orglink/orglink"
)

// noticeEvictions looks, after an authorisation, whether Salesforce has ended
// another connection's grant of the same user and app for it, and says so on
// that connection. What cannot be found out now shows with its next refresh.
func (m *Manager) noticeEvictions(ctx context.Context, fresh Connection, app App) {
	if fresh.Flow != WebServer {
		return
	}
	list, err := m.List(ctx, fresh.Tenant)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, m.cfg.RefreshTimeout)
	defer cancel()
	for _, a := range countApprovals(list) {
		if a.App != fresh.App || a.Org.ID != fresh.Org.ID || a.User.ID != fresh.User.ID {
			continue
		}
		tooMany := a.Count() > ApprovalLimit
		for _, c := range a.Connections {
			if c.ID == fresh.ID {
				continue
			}
			alive, known := m.lives(ctx, c, app)
			if alive || !known && !tooMany {
				continue
			}
			// Only the refusal of a refresh is proof: a live grant must not be
			// given up because an org answers introspection in its own way.
			m.tryRefresh(ctx, c, true)
			if now, err := m.Get(ctx, c.Tenant, c.ID); err == nil && now.Grant == c.Grant && now.State == NeedsReauthorization {
				m.evicted(ctx, now, fresh)
			}
		}
	}
}

// evicted stores that a connection's grant was ended for another's.
func (m *Manager) evicted(ctx context.Context, c, by Connection) {
	detail := fmt.Sprintf("Salesforce keeps %d authorisations of one user and app, and ended this one when %s (%s) was authorised", ApprovalLimit, by.ID, by.Type)
	g, err := m.cfg.Tokens.Load(ctx, c.Tenant, c.Grant)
	if err != nil {
		return
	}
	generation := g.Generation
	if _, err := m.write(ctx, g, func(g *Grant) error {
		if g.State == Disconnected || g.Generation != generation {
			return errAgain
		}
		g.State, g.Detail, g.RetryAt, g.Intent = NeedsReauthorization, detail, time.Time{}, nil
		return nil
	}); err != nil {
		return
	}
	_, err = m.update(ctx, c.Tenant, c.ID, func(now *Connection) bool {
		if now.Grant != c.Grant || !m.setState(now, NeedsReauthorization, detail) {
			return false
		}
		m.addEvent(now, EventEvicted, string(by.ID), now.Title()+": "+detail+".")
		return true
	})
	if err != nil {
		m.warn(ctx, "the state of a connection could not be stored", "connection", string(c.ID), "state", string(NeedsReauthorization))
	}
}

// later tells, of a grant that was refused for good, how many authorisations
// of the same user and app were made here since, and which was the last.
func (m *Manager) later(ctx context.Context, c Connection) (n int, last Connection) {
	if c.Flow != WebServer {
		return 0, last
	}
	list, err := m.List(ctx, c.Tenant)
	if err != nil {
		return 0, last
	}
	for _, a := range countApprovals(list) {
		if a.App != c.App || a.User.ID != c.User.ID {
			continue
		}
		for _, o := range a.Connections {
			if o.ID != c.ID && o.Authorized.After(c.Authorized) {
				n, last = n+1, o
			}
		}
	}
	return n, last
}

// lives asks Salesforce whether a connection's refresh token is alive, without
// using it, and tells whether an answer came. It holds the grant's lease, so
// that the token is not rotated away under the question.
func (m *Manager) lives(ctx context.Context, c Connection, app App) (alive, known bool) {
	if app.ClientSecret.IsZero() {
		return false, false
	}
	short, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	lease, got, err := m.acquire(short, c.Tenant, c.Grant, m.leaseTTL(), func() bool { return true })
	if err != nil || !got {
		return false, false
	}
	defer m.release(ctx, lease)
	g, err := m.cfg.Tokens.Load(ctx, c.Tenant, c.Grant)
	if err != nil || g.Intent != nil {
		return false, false // a worker died over it: what is stored may be the former token
	}
	g.Connection = c.ID
	cred, err := m.seal.openCredential(boundOf(g, fieldRefresh), g.Refresh)
	if err != nil {
		return false, false
	}
	host, ok := m.hosts.origin(cred.Host)
	if !ok {
		return false, false
	}
	for _, secret := range app.secrets() {
		if alive, err = m.introspect(ctx, host, app.ClientID, secret, cred.Token); err == nil {
			return alive, true
		}
	}
	return false, false
}

// introspect asks about one of the app's own refresh tokens (guide page
// remoteaccess_oidc_token_introspection). A dead one is "active": false.
func (m *Manager) introspect(ctx context.Context, host, clientID string, secret orglink.Secret, token string) (bool, error) {
	form := url.Values{"token": {token}, "token_type_hint": {"refresh_token"}, "client_id": {clientID}, "client_secret": {secret.Reveal()}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, host+"/services/oauth2/introspect", strings.NewReader(form))
	if err != nil {
		return false, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := m.http.Do(req)
	if err != nil {
		return false, err
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Active *bool `json:"active"`
	}
	err = json.NewDecoder(io.LimitReader(resp.Body, 1<<16)).Decode(&answer)
	if err == nil && (resp.StatusCode != http.StatusOK || answer.Active == nil) {
		err = errors.New("no answer about the token")
	}
	return err == nil && *answer.Active, err
}

// tryRefresh refreshes a connection's tokens although nobody asks for new ones.
func (m *Manager) tryRefresh(ctx context.Context, c Connection, voluntary bool) {
	key := entryKey{c.Tenant, c.ID}
	_, token, err := m.load(ctx, c)
	if err == nil {
		_, err = (&source{m: m, key: key}).replace(ctx, token, voluntary)
	}
	if err != nil {
		m.warn(ctx, "a refresh failed", "connection", string(c.ID), "error", err)
	}
}
