package usersync

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// ErrFenced is wrapped when another worker with a higher fence has taken over.
var ErrFenced = errors.New("superseded by another worker")

// Position is where a Job stands with the users of an org.
type Position struct {
	// Done is the time, by the org's clock, up to which all changes were seen.
	Done time.Time `json:"done,omitzero"`
	// FullAt is when the last pass over everybody began.
	FullAt time.Time `json:"full_at,omitzero"`
	// Phase is what the pass that is under way does; "" when none is.
	Phase Phase `json:"phase,omitempty"`
	// From and Until bound the pass.
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// AfterAt and After are the SystemModstamp and id of the last user done.
	AfterAt time.Time  `json:"after_at,omitzero"`
	After   sobject.ID `json:"after,omitempty"`
	// Retry are users for whom something failed.
	Retry []sobject.ID `json:"retry,omitempty"`
}

// Phase is a part of a pass.
type Phase string

// The phases: everybody, or those who changed; then, because freezing does not
// change a user's SystemModstamp, those frozen or thawed; then those for whom
// something failed.
const (
	phaseAll     Phase = "all"
	phaseChanged Phase = "changed"
	phaseFrozen  Phase = "frozen"
	phaseRetry   Phase = "retry"
)

// PositionStore keeps positions. It is safe for concurrent use, returns an
// error that wraps the context's when it has ended, and never answers about
// another tenant. *SQLStore and *Memory are ones.
type PositionStore interface {
	// OpenPosition remembers the fence and returns the position; the zero one
	// when there is none. An error wraps ErrFenced when a higher fence was seen.
	OpenPosition(ctx context.Context, tenant orglink.TenantID, org sobject.ID, fence uint64) (Position, error)
	// SetPosition keeps the position, unless a higher fence was seen
	// (ErrFenced).
	SetPosition(ctx context.Context, tenant orglink.TenantID, org sobject.ID, fence uint64, p Position) error
}

var (
	_ PositionStore = (*Memory)(nil)
	_ PositionStore = (*SQLStore)(nil)
)

type fencedPosition struct {
	fence uint64
	text  []byte
}

func fenced(have, fence uint64) error {
	return fmt.Errorf("usersync: position: fence %d after %d: %w", fence, have, ErrFenced)
}

// OpenPosition implements PositionStore.
func (m *Memory) OpenPosition(ctx context.Context, tenant orglink.TenantID, org sobject.ID, fence uint64) (p Position, err error) {
	if err := ended(ctx, "read a position"); err != nil {
		return p, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	have := m.positions[orgKey{tenant, org}]
	if have.fence > fence {
		return p, fenced(have.fence, fence)
	}
	m.positions[orgKey{tenant, org}] = fencedPosition{fence, have.text}
	if have.text != nil {
		err = json.Unmarshal(have.text, &p)
	}
	return p, err
}

// SetPosition implements PositionStore.
func (m *Memory) SetPosition(ctx context.Context, tenant orglink.TenantID, org sobject.ID, fence uint64, p Position) error {
	if err := ended(ctx, "save a position"); err != nil {
		return err
	}
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if have := m.positions[orgKey{tenant, org}]; have.fence > fence {
		return fenced(have.fence, fence)
	}
	m.positions[orgKey{tenant, org}] = fencedPosition{fence, text}
	return nil
}

// OpenPosition implements PositionStore.
func (s *SQLStore) OpenPosition(ctx context.Context, tenant orglink.TenantID, org sobject.ID, fence uint64) (p Position, err error) {
	_, err = s.db.InsertNew(ctx, nil, "user_position", []string{"tenant", "org"}, []string{"fence", "position"},
		string(tenant), string(org), int64(fence), "{}")
	if err != nil {
		return p, wrap("open a position", err)
	}
	if _, err := s.db.Exec(ctx, nil, "UPDATE {user_position} SET fence = ? WHERE tenant = ? AND org = ? AND fence < ?",
		int64(fence), string(tenant), string(org), int64(fence)); err != nil {
		return p, wrap("open a position", err)
	}
	have, text, err := s.position(ctx, tenant, org)
	if err != nil {
		return p, wrap("open a position", err)
	}
	if have > fence {
		return p, fenced(have, fence)
	}
	return p, wrap("open a position", json.Unmarshal([]byte(text), &p))
}

func (s *SQLStore) position(ctx context.Context, tenant orglink.TenantID, org sobject.ID) (uint64, string, error) {
	var have int64
	var text string
	err := s.db.QueryRow(ctx, nil, "SELECT fence, position FROM {user_position} WHERE tenant = ? AND org = ?", string(tenant), string(org)).Scan(&have, &text)
	if errors.Is(err, sql.ErrNoRows) { // erased meanwhile
		return 0, "{}", nil
	}
	return uint64(have), text, err
}

// SetPosition implements PositionStore.
func (s *SQLStore) SetPosition(ctx context.Context, tenant orglink.TenantID, org sobject.ID, fence uint64, p Position) error {
	text, err := json.Marshal(p)
	if err != nil {
		return wrap("save a position", err)
	}
	if _, err := s.db.Exec(ctx, nil, "UPDATE {user_position} SET fence = ?, position = ? WHERE tenant = ? AND org = ? AND fence <= ?",
		int64(fence), string(text), string(tenant), string(org), int64(fence)); err != nil {
		return wrap("save a position", err)
	}
	have, _, err := s.position(ctx, tenant, org)
	if err == nil && have > fence {
		return fenced(have, fence)
	}
	return wrap("save a position", err)
}
