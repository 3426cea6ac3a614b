package connection

import (
	"context"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// entryKey names a connection in memory.
type entryKey struct {
	tenant orglink.TenantID
	id     orglink.ConnectionID
}

// entry is what a Manager remembers of a connection that exists. Its fields
// are guarded by the Manager's mutex; nothing blocks while it is held.
type entry struct {
	client  *salesforce.Client
	org     sobject.ID // of client
	conn    Connection
	loaded  time.Time // zero: conn must be read again
	token   salesforce.Token
	grant   GrantID   // of token
	of      int64     // the generation of grant that token is of
	issued  time.Time // token
	read    time.Time // when token was read or stored
	call    *refreshCall
	unsaved *unsaved
	used    time.Time
}

// Beyond maxEntries connections, those not used for entryIdle are forgotten,
// which is looked for once in entrySweep.
const (
	maxEntries = 4096
	entryIdle  = 10 * time.Minute
	entrySweep = time.Minute
)

// entry returns a connection's entry; the caller holds m.mu.
func (m *Manager) entry(key entryKey) *entry {
	e := m.entries[key]
	now := time.Now()
	if e == nil {
		if len(m.entries) >= maxEntries && now.Sub(m.swept) > entrySweep {
			m.swept = now
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

// dropEntry forgets a connection that has ended, and revokes what no store has
// taken of it, because no grant could.
func (m *Manager) dropEntry(ctx context.Context, c Connection) {
	m.mu.Lock()
	key := entryKey{c.Tenant, c.ID}
	e := m.entries[key]
	delete(m.entries, key)
	var held *unsaved
	if e != nil {
		held = e.unsaved
	}
	m.mu.Unlock()
	if held != nil {
		m.revokeAnswer(ctx, c, held.answer)
	}
}

// latest is a connection as it was last read.
func (m *Manager) latest(c Connection) Connection {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.entries[entryKey{c.Tenant, c.ID}]; e != nil && e.conn.ID != "" {
		return e.conn.clone()
	}
	return c
}

// remember reads a connection into its entry. One that another reader has read
// newer meanwhile stands.
func (m *Manager) remember(ctx context.Context, key entryKey) (Connection, error) {
	began := time.Now()
	conn, err := m.Get(ctx, key.tenant, key.id)
	if err != nil {
		return Connection{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.entry(key)
	if e.loaded.After(began) && e.conn.Version > conn.Version {
		return e.conn.clone(), nil
	}
	e.conn, e.loaded = conn, time.Now()
	if e.grant != conn.Grant {
		e.token, e.grant = salesforce.Token{}, ""
	}
	return conn, nil
}

// keep remembers the token of a grant and returns the one that stands: who was
// slow to read the store must not bring back a token that has been replaced
// since.
func (m *Manager) keep(key entryKey, g Grant, token salesforce.Token) salesforce.Token {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.entry(key)
	if e.grant == g.ID && g.Generation < e.of {
		return e.token
	}
	if e.loaded.IsZero() || e.conn.Grant == g.ID {
		e.token, e.grant, e.of, e.issued, e.read = token, g.ID, g.Generation, g.Issued, time.Now()
	}
	return token
}
