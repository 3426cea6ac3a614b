package connection

import (
	"context"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
)

// entryKey names a connection in memory.
type entryKey struct {
	tenant orglink.TenantID
	id     orglink.ConnectionID
}

// entry is what a Manager remembers of a connection. Its fields are guarded by
// the Manager's mutex; nothing blocks while it is held.
type entry struct {
	client  *salesforce.Client
	conn    Connection
	loaded  time.Time // zero: conn must be read again
	token   salesforce.Token
	grant   GrantID // of token
	call    *refreshCall
	unsaved *unsaved
	used    time.Time
}

// Beyond maxEntries connections, those not used for entryIdle are forgotten.
const (
	maxEntries = 4096
	entryIdle  = 10 * time.Minute
)

// entry returns a connection's entry; the caller holds m.mu.
func (m *Manager) entry(key entryKey) *entry {
	e := m.entries[key]
	now := time.Now()
	if e == nil {
		if len(m.entries) >= maxEntries {
			for k, old := range m.entries {
				if old.call == nil && old.unsaved == nil && now.Sub(old.used) > entryIdle {
					delete(m.entries, k)
				}
			}
		}
		e = &entry{}
		m.entries[key] = e
	}
	e.used = now
	return e
}

// forgetEntry makes the next use read the connection again.
func (m *Manager) forgetEntry(tenant orglink.TenantID, id orglink.ConnectionID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.entries[entryKey{tenant, id}]; e != nil {
		e.loaded = time.Time{}
	}
}

// Client returns a client of a connection, whose tokens are kept alive by this
// Manager. The same client is returned while the connection lives. A
// connection of another tenant is ErrNotFound; one that waits for a person
// (disconnected, revoked, another org) is refused with the error of its State.
// Within Config.Staleness the answer comes from memory.
func (m *Manager) Client(ctx context.Context, tenant orglink.TenantID, id orglink.ConnectionID) (*salesforce.Client, error) {
	key := entryKey{tenant, id}
	m.mu.Lock()
	e := m.entry(key)
	if e.client != nil && time.Since(e.loaded) < m.cfg.Staleness {
		c, err := e.client, usable(e.conn)
		m.mu.Unlock()
		return c, err
	}
	m.mu.Unlock()
	conn, err := m.remember(ctx, key)
	if err != nil {
		return nil, err
	}
	if err := usable(conn); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	e = m.entry(key)
	if e.client == nil {
		cfg := m.clientConfig(conn)
		cfg.Tokens = &source{m, key}
		if e.client, err = salesforce.New(cfg); err != nil {
			return nil, fail("client", string(id), ErrStorage, err)
		}
	}
	return e.client, nil
}

// usable returns the error of a state that only a person can end and that no
// call could get out of.
func usable(c Connection) error {
	switch c.State {
	case Disconnected, NeedsReauthorization, OrgChanged, Suspended:
		return &Error{Op: "client", Subject: string(c.ID), Kind: c.State.Err(), Detail: c.StateDetail}
	}
	if c.Grant == "" {
		return fail("client", string(c.ID), ErrDisconnected, nil)
	}
	return nil
}

// remember reads a connection into its entry.
func (m *Manager) remember(ctx context.Context, key entryKey) (Connection, error) {
	conn, err := m.Get(ctx, key.tenant, key.id)
	if err != nil {
		return Connection{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.entry(key)
	e.conn, e.loaded = conn, time.Now()
	if e.grant != conn.Grant {
		e.token, e.grant = salesforce.Token{}, ""
	}
	return conn, nil
}

// clientConfig is the template of clients that work for a connection.
func (m *Manager) clientConfig(conn Connection) salesforce.Config {
	cfg := m.cfg.Client
	if watch, own := m.cfg.Observer, cfg.Observer; watch != nil {
		cfg.Observer = func(call salesforce.Call) {
			if own != nil {
				own(call)
			}
			watch(conn, call)
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
}

var _ salesforce.TokenSource = (*source)(nil)

// Token answers from memory, or from the store the first time.
func (s *source) Token(ctx context.Context) (salesforce.Token, error) {
	m := s.m
	m.mu.Lock()
	e := m.entry(s.key)
	if !e.loaded.IsZero() && !e.token.Access.IsZero() && e.grant == e.conn.Grant {
		t := e.token
		m.mu.Unlock()
		return t, nil
	}
	m.mu.Unlock()
	conn, err := m.remember(ctx, s.key)
	if err != nil {
		return salesforce.Token{}, err
	}
	if err := usable(conn); err != nil {
		return salesforce.Token{}, err
	}
	_, token, err := m.load(ctx, conn)
	if err != nil {
		return salesforce.Token{}, err
	}
	m.keep(s.key, conn.Grant, token)
	return token, nil
}

// keep remembers the token of a grant.
func (m *Manager) keep(key entryKey, grant GrantID, token salesforce.Token) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.entry(key)
	if e.loaded.IsZero() || e.conn.Grant == grant {
		e.token, e.grant = token, grant
	}
}

// Refresh shares one refresh among all callers of the connection, in this and
// in other processes. The refresh goes on when the caller gives up: one that
// is cut short could lose a rotated token.
func (s *source) Refresh(ctx context.Context, rejected salesforce.Token) (salesforce.Token, error) {
	for {
		call, err := s.m.startRefresh(ctx, s.key, rejected.Access)
		if err != nil {
			return salesforce.Token{}, err
		}
		select {
		case <-call.done:
		case <-ctx.Done():
			return salesforce.Token{}, ctx.Err()
		}
		// A call that was under way for an older token may answer with the
		// very one that was rejected here.
		if call.err == nil && call.token.Access == rejected.Access && call.rejected != rejected.Access {
			continue
		}
		return call.token, call.err
	}
}

// refreshCall is a refresh under way and then its outcome.
type refreshCall struct {
	rejected orglink.Secret
	done     chan struct{}
	token    salesforce.Token
	err      error
}

func (m *Manager) startRefresh(ctx context.Context, key entryKey, rejected orglink.Secret) (*refreshCall, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.entry(key)
	if e.call != nil {
		return e.call, nil
	}
	if m.closed {
		return nil, failDetail("refresh", string(key.id), ErrUnreachable, "this manager was closed")
	}
	call := &refreshCall{rejected: rejected, done: make(chan struct{})}
	e.call = call
	m.running.Add(1)
	// Owned by Close, which waits for it; bounded in time.
	go func() {
		defer m.running.Done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*m.leaseTTL())
		defer cancel()
		call.token, call.err = m.refresh(ctx, key, rejected)
		m.mu.Lock()
		e.call = nil
		m.mu.Unlock()
		close(call.done)
	}()
	return call, nil
}
