package exporter

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
)

// Next implements Outbox.
func (m *Memory) Next(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (wait time.Duration, ok bool, err error) {
	if err := ended(ctx, "look for work"); err != nil {
		return 0, false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := now()
	for _, s := range m.in(tenant, conn).entries {
		due := time.Duration(0)
		switch s.State {
		case InFlight:
		case Pending:
			due = max(0, s.Due.Sub(now))
		default:
			continue
		}
		if !ok || due < wait {
			wait, ok = due, true
		}
	}
	return wait, ok, nil
}

// Fence implements Outbox.
func (m *Memory) Fence(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (uint64, error) {
	if err := ended(ctx, "read the fence"); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.in(tenant, conn).fence, nil
}

// Counts implements Outbox.
func (m *Memory) Counts(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (Counts, error) {
	if err := ended(ctx, "count"); err != nil {
		return Counts{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var c Counts
	pending := make(map[rowKey]bool)
	for _, s := range m.in(tenant, conn).entries {
		switch s.State {
		case Pending:
			pending[rowKey{s.Object, s.Key}] = true
		case InFlight:
			c.InFlight++
		case Succeeded:
			c.Succeeded++
		case Rejected:
			c.Rejected++
		case Parked:
			c.Parked++
		}
	}
	c.Pending = int64(len(pending))
	return c, nil
}

// List implements Outbox.
func (m *Memory) List(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, f Filter) ([]Entry, error) {
	if err := ended(ctx, "list"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Entry
	for _, s := range m.in(tenant, conn).entries {
		if f.State != "" && s.State != f.State || f.Object != "" && s.Object != f.Object || f.Key != "" && s.Key != f.Key {
			continue
		}
		e, err := s.entry()
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	all = slices.DeleteFunc(visible(all), func(e Entry) bool {
		return e.ID <= f.After || f.Code != "" && (e.Reason == nil || e.Reason.Code != f.Code)
	})
	return all[:min(len(all), f.limit())], nil
}

func (f Filter) limit() int {
	if f.Limit < 1 {
		return 100
	}
	return f.Limit
}

// Retry implements Outbox.
func (m *Memory) Retry(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, ids ...int64) (int, error) {
	if err := ended(ctx, "retry"); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, s := range m.in(tenant, conn).entries {
		if slices.Contains(ids, s.ID) && (s.State == Rejected || s.State == Parked) {
			s.again()
			n++
		}
	}
	return n, nil
}

// again makes a rejected or parked entry pending.
func (s *stored) again() {
	s.State, s.Attempts, s.Due, s.Settled = Pending, 0, now(), time.Time{}
}

// Edit implements Outbox.
func (m *Memory) Edit(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, id int64, row mapping.Row) (bool, error) {
	if err := ended(ctx, "edit"); err != nil {
		return false, err
	}
	body, err := encodeRow(row)
	if err != nil {
		return false, fmt.Errorf("exporter: edit entry %d: %w", id, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.in(tenant, conn).entries {
		if s.ID == id && (s.State == Rejected || s.State == Parked) {
			s.body = body
			s.again()
			return true, nil
		}
	}
	return false, nil
}

// Discard implements Outbox.
func (m *Memory) Discard(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, ids ...int64) (int, error) {
	if err := ended(ctx, "discard"); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.in(tenant, conn)
	n := 0
	rows := make(map[rowKey]bool)
	for _, s := range q.entries {
		if slices.Contains(ids, s.ID) && s.State != InFlight {
			n++
			if s.State == Pending {
				rows[rowKey{s.Object, s.Key}] = true
			}
		}
	}
	q.entries = slices.DeleteFunc(q.entries, func(s *stored) bool {
		return s.State != InFlight && slices.Contains(ids, s.ID) || s.State == Pending && rows[rowKey{s.Object, s.Key}]
	})
	return n, nil
}

// Purge implements Outbox.
func (m *Memory) Purge(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, age time.Duration) (int, error) {
	if err := ended(ctx, "purge"); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	q, before := m.in(tenant, conn), now().Add(-age)
	n := len(q.entries)
	q.entries = slices.DeleteFunc(q.entries, func(s *stored) bool { return s.State == Succeeded && s.Settled.Before(before) })
	return n - len(q.entries), nil
}
