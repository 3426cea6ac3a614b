package connection

import (
	"context"
	"errors"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Client returns a client of a connection, whose tokens are kept alive by this
// Manager. The same client is returned while the connection lives and leads to
// the same org; moved to another org, it needs another client, and the old one
// fails with ErrOrgChanged. A connection of another tenant is ErrNotFound; one
// that waits for a person (disconnected, revoked, another org) is refused with
// the error of its State. Within Config.Staleness the answer comes from memory.
func (m *Manager) Client(ctx context.Context, tenant orglink.TenantID, id orglink.ConnectionID) (*salesforce.Client, error) {
	key := entryKey{tenant, id}
	m.mu.Lock()
	if e := m.entries[key]; e != nil && e.client != nil && e.org == e.conn.Org.ID {
		if age := time.Since(e.loaded); age < m.cfg.Staleness { // the clock is most of the cost: it is read once
			e.used = e.loaded.Add(age)
			c, err := e.client, usable(&e.conn)
			m.mu.Unlock()
			return c, err
		}
	}
	m.mu.Unlock()
	conn, err := m.remember(ctx, key)
	if err != nil {
		return nil, err
	}
	if err := usable(&conn); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.entry(key)
	if e.client == nil || e.org != conn.Org.ID {
		cfg := m.clientConfig(conn)
		cfg.Tokens = &source{m, key, conn.Org.ID}
		client, err := salesforce.New(cfg)
		if err != nil {
			return nil, fail("client", string(id), ErrStorage, err)
		}
		e.client, e.org = client, conn.Org.ID
	}
	return e.client, nil
}

// usable returns the error of a state that only a person can end and that no
// call could get out of.
func usable(c *Connection) error {
	if c.State.final() {
		return &Error{Op: "client", Subject: string(c.ID), Kind: c.State.Err(), Detail: c.StateDetail}
	}
	if c.Grant == "" {
		return fail("client", string(c.ID), ErrDisconnected, nil)
	}
	return nil
}

// clientConfig is the template of clients that work for a connection.
func (m *Manager) clientConfig(conn Connection) salesforce.Config {
	cfg := m.cfg.Client
	if watch, own := m.cfg.Observer, cfg.Observer; watch != nil {
		cfg.Observer = func(call salesforce.Call) {
			if own != nil {
				own(call)
			}
			watch(m.latest(conn), call)
		}
	}
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = m.cfg.HTTPClient
	}
	if cfg.TrustedHosts == nil {
		cfg.TrustedHosts = m.cfg.TrustedHosts
	}
	return cfg
}

// source is the token source of one connection's client.
type source struct {
	m   *Manager
	key entryKey
	org sobject.ID // the only one it gives tokens for; "" for any
}

var _ salesforce.TokenSource = (*source)(nil)

// Token answers from memory within Config.Staleness and then reads the store:
// another process may have refreshed the token long ago, ended the connection
// or moved it. While the store is away the token from memory goes on.
func (s *source) Token(ctx context.Context) (salesforce.Token, error) {
	m := s.m
	m.mu.Lock()
	e := m.entries[s.key]
	known := e != nil && !e.loaded.IsZero() && !e.token.Access.IsZero() && e.grant == e.conn.Grant
	var token salesforce.Token
	if known {
		e.used, token = time.Now(), e.token
		if e.used.Sub(e.read) < m.cfg.Staleness {
			err := s.same(&e.conn)
			m.mu.Unlock()
			if err != nil {
				return salesforce.Token{}, err
			}
			return token, nil
		}
	}
	m.mu.Unlock()
	fresh, err := s.read(ctx)
	if err != nil && known && errors.Is(err, ErrStorage) && !errors.Is(err, orglink.ErrSealed) {
		return token, nil
	}
	return fresh, err
}

// read is a connection's token as the stores have it.
func (s *source) read(ctx context.Context) (salesforce.Token, error) {
	conn, err := s.m.remember(ctx, s.key)
	if err != nil {
		return salesforce.Token{}, err
	}
	if err := usable(&conn); err != nil {
		return salesforce.Token{}, err
	}
	if err := s.same(&conn); err != nil {
		return salesforce.Token{}, err
	}
	g, token, err := s.m.load(ctx, conn)
	if err != nil {
		return salesforce.Token{}, err
	}
	return s.m.keep(s.key, g, token), nil
}

// same refuses to go on in an org that the client was not made for: what a
// step has begun in one org must not end in another.
func (s *source) same(c *Connection) error {
	if s.org == "" || c.Org.ID == s.org {
		return nil
	}
	return failDetail("client", string(c.ID), ErrOrgChanged, "the connection was moved from org %s to %s: begin again with a new client", s.org, c.Org.ID)
}

// Refresh shares one refresh among all callers of the connection, in this and
// in other processes. The refresh goes on when the caller gives up: one that
// is cut short could lose a rotated token.
func (s *source) Refresh(ctx context.Context, rejected salesforce.Token) (salesforce.Token, error) {
	return s.replace(ctx, rejected, false)
}

// replace refreshes a token that was rejected or, voluntarily, one that may
// still live. The latter sends nothing while the outcome of an earlier refresh
// is unknown: the live token is used up first (rule A2), and is returned.
func (s *source) replace(ctx context.Context, rejected salesforce.Token, voluntary bool) (salesforce.Token, error) {
	for {
		call, err := s.m.startRefresh(ctx, s.key, rejected.Access, voluntary)
		if err != nil {
			return salesforce.Token{}, err
		}
		select {
		case <-call.done:
		case <-ctx.Done():
			return salesforce.Token{}, failDetail("refresh", string(s.key.id), ctx.Err(), "its tokens are being refreshed, which goes on without the caller; try again")
		}
		// A call that was under way for an older token, or a voluntary one,
		// may answer with the very one that was rejected here.
		if call.err == nil && call.token.Access == rejected.Access && (call.rejected != rejected.Access || call.voluntary && !voluntary) {
			continue
		}
		if call.err != nil {
			return salesforce.Token{}, call.err
		}
		now := s.m.latest(Connection{Tenant: s.key.tenant, ID: s.key.id, Org: Org{ID: s.org}})
		if err := s.same(&now); err != nil {
			return salesforce.Token{}, err
		}
		return call.token, nil
	}
}

// refreshCall is a refresh under way and then its outcome.
type refreshCall struct {
	rejected  orglink.Secret
	voluntary bool
	done      chan struct{}
	token     salesforce.Token
	err       error
}

func (m *Manager) startRefresh(ctx context.Context, key entryKey, rejected orglink.Secret, voluntary bool) (*refreshCall, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.entry(key)
	if e.call != nil {
		return e.call, nil
	}
	if m.closed {
		return nil, failDetail("refresh", string(key.id), ErrUnreachable, "this manager was closed")
	}
	call := &refreshCall{rejected: rejected, voluntary: voluntary, done: make(chan struct{})}
	e.call = call
	m.running.Add(1)
	// Owned by Close, which waits for it; bounded in time.
	go func() {
		defer m.running.Done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.leaseTTL()+2*m.cfg.RefreshTimeout)
		defer cancel()
		call.token, call.err = m.refresh(ctx, key, rejected, voluntary)
		m.mu.Lock()
		e.call = nil
		m.mu.Unlock()
		close(call.done)
	}()
	return call, nil
}
