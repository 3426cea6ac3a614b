package connection

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/orglink/orglink"
)

// MemoryStore is a Store that ends with its process, for tests and trials.
type MemoryStore struct {
	mu          sync.Mutex
	connections map[entryKey]Connection
	states      map[string]AuthState
	invitations map[invitationKey]Invitation
}

var _ Store = (*MemoryStore)(nil)

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore {
	return &MemoryStore{connections: map[entryKey]Connection{}, states: map[string]AuthState{}, invitations: map[invitationKey]Invitation{}}
}

// Connection implements Store.
func (s *MemoryStore) Connection(ctx context.Context, tenant orglink.TenantID, id orglink.ConnectionID) (Connection, error) {
	if err := ctx.Err(); err != nil {
		return Connection{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.connections[entryKey{tenant, id}]
	if !ok {
		return Connection{}, ErrNotFound
	}
	return c.clone(), nil
}

// Connections implements Store.
func (s *MemoryStore) Connections(ctx context.Context, tenant orglink.TenantID) ([]Connection, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Connection
	for key, c := range s.connections {
		if key.tenant == tenant {
			out = append(out, c.clone())
		}
	}
	slices.SortFunc(out, func(a, b Connection) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out, nil
}

// PutConnection implements Store.
func (s *MemoryStore) PutConnection(ctx context.Context, c Connection) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := entryKey{c.Tenant, c.ID}
	if s.connections[key].Version != c.Version {
		return 0, ErrConflict
	}
	c = c.clone()
	c.Version++
	s.connections[key] = c
	return c.Version, nil
}

// PutState implements Store.
func (s *MemoryStore) PutState(ctx context.Context, state AuthState) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, dup := s.states[state.Hash]; dup {
		return ErrConflict
	}
	state.Verifier = slices.Clone(state.Verifier)
	s.states[state.Hash] = state
	return nil
}

// TakeState implements Store.
func (s *MemoryStore) TakeState(ctx context.Context, hash string, now time.Time) (AuthState, error) {
	if err := ctx.Err(); err != nil {
		return AuthState{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	state, ok := s.states[hash]
	if !ok {
		return AuthState{}, ErrNotFound
	}
	if state.Used.IsZero() {
		used := state
		used.Used = now
		s.states[hash] = used
	}
	state.Verifier = slices.Clone(state.Verifier)
	return state, nil
}

// DeleteStates implements Store.
func (s *MemoryStore) DeleteStates(ctx context.Context, before time.Time) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for hash, state := range s.states {
		if state.Expires.Before(before) {
			delete(s.states, hash)
			n++
		}
	}
	return n, nil
}

// Forget implements Store.
func (s *MemoryStore) Forget(ctx context.Context, tenant orglink.TenantID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.connections {
		if key.tenant == tenant {
			delete(s.connections, key)
		}
	}
	for hash, state := range s.states {
		if state.Tenant == tenant {
			delete(s.states, hash)
		}
	}
	for key := range s.invitations {
		if key.tenant == tenant {
			delete(s.invitations, key)
		}
	}
	return nil
}
