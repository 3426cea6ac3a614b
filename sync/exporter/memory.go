package exporter

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
)

// Memory is an Outbox that forgets everything when the process ends.
type Memory struct {
	mu     sync.Mutex
	last   int64
	queues map[queueKey]*queue
}

type queueKey struct {
	tenant orglink.TenantID
	conn   orglink.ConnectionID
}

type queue struct {
	fence   uint64
	entries []*stored // in order of ID
}

// stored is an entry with its row in the form that SQL keeps, so that both
// outboxes hand out the same values.
type stored struct {
	Entry
	body  []byte
	owner string
}

var _ Outbox = (*Memory)(nil)

// NewMemory returns an empty outbox.
func NewMemory() *Memory { return &Memory{queues: make(map[queueKey]*queue)} }

func (m *Memory) in(tenant orglink.TenantID, conn orglink.ConnectionID) *queue {
	k := queueKey{tenant, conn}
	q := m.queues[k]
	if q == nil {
		q = &queue{}
		m.queues[k] = q
	}
	return q
}

func encodeRow(r mapping.Row) ([]byte, error) {
	if r == nil {
		r = mapping.Row{}
	}
	return json.Marshal(r)
}

func decodeRow(text []byte) (mapping.Row, error) {
	var r mapping.Row
	err := json.Unmarshal(text, &r)
	return r, err
}

// entry returns a copy that shares nothing with what is stored.
func (s *stored) entry() (Entry, error) {
	e := s.Entry
	var err error
	if e.Row, err = decodeRow(s.body); err != nil {
		return Entry{}, fmt.Errorf("exporter: entry %d: %w", e.ID, err)
	}
	if e.Reason != nil {
		r := *e.Reason
		r.Fields = slices.Clone(r.Fields)
		e.Reason = &r
	}
	return e, nil
}

// Add puts changes into the outbox, all or none.
func (m *Memory) Add(ctx context.Context, changes ...Change) error {
	if err := ended(ctx, "add changes"); err != nil {
		return err
	}
	bodies := make([][]byte, len(changes))
	for i := range changes {
		c := changes[i]
		err := c.check()
		if err == nil {
			bodies[i], err = encodeRow(c.Row)
		}
		if err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := now()
	for i, c := range changes {
		_ = c.check() // fills in Op
		c.Row = nil
		m.last++
		q := m.in(c.Tenant, c.Connection)
		q.entries = append(q.entries, &stored{Entry: Entry{ID: m.last, Change: c, State: Pending, Added: now, Due: now}, body: bodies[i]})
	}
	return nil
}

// Claim implements Outbox.
func (m *Memory) Claim(ctx context.Context, c Claim) ([]Entry, error) {
	if err := ended(ctx, "claim"); err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.in(c.Tenant, c.Connection)
	if err := q.pass("claim", c.By); err != nil {
		return nil, err
	}
	var out []Entry
	for _, s := range q.entries {
		if s.State == InFlight && s.owner != c.By.Owner && len(out) < c.Limit {
			s.owner, s.Unsure = c.By.Owner, true
			s.Attempts++
			e, err := s.entry()
			if err != nil {
				return nil, err
			}
			out = append(out, e)
		}
	}
	now := now()
	seen := make(map[rowKey]bool)
	for _, s := range slices.Clone(q.entries) {
		k := rowKey{s.Object, s.Key}
		if s.State != Pending || s.Due.After(now) || seen[k] || len(out) >= c.Limit {
			continue
		}
		seen[k] = true
		e, ok, err := q.claim(k, c)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, e)
		}
	}
	return out, nil
}

// claim hands out what is claimable of one row.
func (q *queue) claim(k rowKey, c Claim) (Entry, bool, error) {
	var entries []Entry
	for _, s := range q.entries {
		if s.Object == k.object && s.Key == k.key && s.State != Succeeded {
			e, err := s.entry()
			if err != nil {
				return Entry{}, false, err
			}
			entries = append(entries, e)
		}
	}
	e, gone, ok := claimable(entries)
	if !ok {
		return Entry{}, false, nil
	}
	e.begin(c)
	body, err := encodeRow(e.Row)
	if err != nil {
		return Entry{}, false, err
	}
	q.entries = slices.DeleteFunc(q.entries, func(s *stored) bool { return slices.Contains(gone, s.ID) })
	for _, s := range q.entries {
		if s.ID == e.ID {
			s.Entry, s.body, s.owner = e, body, c.By.Owner
			s.Row = nil
		}
	}
	return e, true, nil
}

// begin makes a claimable entry one in flight.
func (e *Entry) begin(c Claim) {
	e.State = InFlight
	e.Attempts++
	if !e.Unsure {
		e.Attempted = c.Now.UTC().Truncate(time.Microsecond)
	}
}

// pass lets a claimant through the fence and remembers it.
func (q *queue) pass(what string, by Claimant) error {
	if by.Fence < q.fence {
		return fenced(what, by, q.fence)
	}
	q.fence = by.Fence
	return nil
}

// Settle implements Outbox.
func (m *Memory) Settle(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, by Claimant, settlements []Settlement) error {
	if err := ended(ctx, "settle"); err != nil {
		return err
	}
	if err := checkSettlements(settlements); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.in(tenant, conn)
	if err := q.pass("settle", by); err != nil {
		return err
	}
	found := make([]*stored, len(settlements))
	for i, s := range settlements {
		at := slices.IndexFunc(q.entries, func(e *stored) bool { return e.ID == s.ID })
		if at < 0 || q.entries[at].State != InFlight || q.entries[at].owner != by.Owner {
			return lost(s.ID)
		}
		found[i] = q.entries[at]
	}
	now := now()
	for i, s := range settlements {
		found[i].settle(s, now)
	}
	return nil
}

// keepsDoubt reports whether the entry stays one that the org may have done.
func (s Settlement) keepsDoubt() bool {
	return s.Unsure && (s.State == Pending || s.State == Parked)
}

// settle applies a settlement.
func (s *stored) settle(with Settlement, now time.Time) {
	s.State, s.Outcome, s.Record, s.Reason, s.As, s.owner = with.State, with.Outcome, with.Record, with.Reason, with.As, ""
	if with.Reason != nil {
		r := *with.Reason
		r.Fields = slices.Clone(r.Fields)
		s.Reason = &r
	}
	if with.Uncounted {
		s.Attempts--
	}
	s.Unsure = with.keepsDoubt()
	if with.State == Pending {
		s.Due = now.Add(with.Wait)
	} else {
		s.Settled = now
	}
}

// Erase implements Outbox.
func (m *Memory) Erase(ctx context.Context, tenant orglink.TenantID) error {
	if err := ended(ctx, "erase a tenant"); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for k := range m.queues {
		if k.tenant == tenant {
			delete(m.queues, k)
		}
	}
	return nil
}

func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func ended(ctx context.Context, what string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("exporter: %s: %w", what, err)
	}
	return nil
}

func fenced(what string, by Claimant, highest uint64) error {
	return fmt.Errorf("exporter: %s: fence %d is behind %d: %w", what, by.Fence, highest, ErrFenced)
}

func lost(id int64) error {
	return fmt.Errorf("exporter: settle entry %d: it is not in flight by this worker: %w", id, ErrFenced)
}

func (c Claim) check() error {
	if c.Limit < 1 || c.By.Owner == "" || len(c.By.Owner) > MaxKey {
		return fmt.Errorf("exporter: claim: limit %d must be positive and owner %.40q 1 to %d bytes", c.Limit, c.By.Owner, MaxKey)
	}
	return nil
}

func checkSettlements(list []Settlement) error {
	seen := make(map[int64]bool, len(list))
	for _, s := range list {
		if seen[s.ID] {
			return fmt.Errorf("exporter: settle entry %d: it is settled twice in one call", s.ID)
		}
		seen[s.ID] = true
		if s.State != Succeeded && s.State != Rejected && s.State != Parked && s.State != Pending {
			return fmt.Errorf("exporter: settle entry %d: %q is no state to settle in", s.ID, s.State)
		}
		if s.Wait < 0 {
			return fmt.Errorf("exporter: settle entry %d: the wait of %s is negative", s.ID, s.Wait)
		}
	}
	return nil
}
