package connection

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/orglink/orglink"
)

// Events is where a host hears what happens to connections. An event is stored
// with the change that it tells of and emitted until Emit returns nil: at
// least once, so a consumer that sees an ID again may ignore it. Emit is
// called concurrently and should be quick.
type Events interface {
	Emit(ctx context.Context, e orglink.Event) error
}

// EventFunc makes a function an Events.
type EventFunc func(ctx context.Context, e orglink.Event) error

// Emit implements Events.
func (f EventFunc) Emit(ctx context.Context, e orglink.Event) error { return f(ctx, e) }

// The kinds of events. A Subject is the state that begins, where there is one.
const (
	EventAuthorized   = "connection.authorized"
	EventReauthorized = "connection.reauthorized"
	EventState        = "connection.state"
	EventDisconnected = "connection.disconnected"
	// EventMoved: the connection leads to another org, the Subject, and has
	// another OrgGeneration.
	EventMoved = "connection.moved"
	// EventDropped: so many events as the Subject says could not be delivered
	// for so long that they were dropped. Read the connections anew.
	EventDropped = "connection.events_dropped"
	// EventEvicted: Salesforce ended the grant because its user authorised the
	// app once too often; the Subject is the connection that was authorised.
	EventEvicted = "connection.evicted"
)

func (m *Manager) event(c Connection, kind, subject, message string) orglink.Event {
	return orglink.Event{ID: newID(), Kind: kind, Tenant: c.Tenant, Connection: c.ID, Subject: subject, Message: message, At: time.Now().UTC()}
}

// setState changes a connection's state in memory and adds the event that goes
// with it. It reports whether anything changed.
func (m *Manager) setState(c *Connection, s State, detail string) bool {
	if c.State == s && c.StateDetail == detail {
		return false
	}
	changed := c.State != s
	c.State, c.StateDetail = s, detail
	if changed {
		c.StateSince = time.Now().UTC()
		m.addEvent(c, EventState, string(s), c.Title()+": "+s.Sentence())
	}
	return true
}

// maxPending bounds what waits for a sink that keeps failing.
const maxPending = 50

// addEvent adds an event to those that are stored with a connection. Beyond
// maxPending the oldest are dropped, and one that says how many takes their
// place.
func (m *Manager) addEvent(c *Connection, kind, subject, message string) {
	if m.cfg.Events == nil {
		return
	}
	c.Pending = append(c.Pending, m.event(*c, kind, subject, message))
	if len(c.Pending) <= maxPending {
		return
	}
	lost := len(c.Pending) - maxPending + 1
	rest := c.Pending[lost:]
	if first := c.Pending[0]; first.Kind == EventDropped {
		n, _ := strconv.Atoi(first.Subject)
		lost += n - 1
	}
	told := m.event(*c, EventDropped, strconv.Itoa(lost), fmt.Sprintf("%d events of %s could not be delivered and were dropped.", lost, c.Title()))
	c.Pending = append([]orglink.Event{told}, rest...)
}

// update reads a connection, lets change modify it, and writes it; again when
// somebody else wrote meanwhile. A change that returns false writes nothing.
// Events are delivered afterwards; what cannot be delivered stays with the
// connection for the next time.
func (m *Manager) update(ctx context.Context, tenant orglink.TenantID, id orglink.ConnectionID, change func(*Connection) bool) (Connection, error) {
	for {
		c, err := m.Get(ctx, tenant, id)
		if err != nil {
			return Connection{}, err
		}
		if !change(&c) {
			return m.deliver(ctx, c), nil
		}
		c.Version, err = m.cfg.Store.PutConnection(ctx, c)
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err != nil {
			return Connection{}, storeError("update", string(id), err)
		}
		m.forgetEntry(tenant, id)
		return m.deliver(ctx, c), nil
	}
}

// deliver emits what is pending and removes it from the stored connection. A
// connection that was written by somebody else meanwhile keeps its events, and
// they are emitted once more: at least once.
func (m *Manager) deliver(ctx context.Context, c Connection) Connection {
	if m.cfg.Events == nil || len(c.Pending) == 0 {
		return c
	}
	sent := 0
	for _, e := range c.Pending {
		if err := m.cfg.Events.Emit(ctx, e); err != nil {
			m.warn(ctx, "an event was not taken and will be emitted again", "event", e.ID, "kind", e.Kind, "connection", string(c.ID))
			break
		}
		sent++
	}
	if sent == 0 {
		return c
	}
	next := c.clone()
	next.Pending = next.Pending[sent:]
	version, err := m.cfg.Store.PutConnection(ctx, next)
	if err != nil {
		return c
	}
	next.Version = version
	return next
}
