package runner

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// MemoryStore keeps leases and demands in this process.
type MemoryStore struct {
	mu     sync.Mutex
	leases map[string]Lease // a zero Until: free; kept for its fence
	// demands are the serials of what is asked for; serial is the last one.
	demands map[string]uint64
	serial  uint64
}

var _ LeaseStore = (*MemoryStore)(nil)

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore {
	return &MemoryStore{leases: map[string]Lease{}, demands: map[string]uint64{}}
}

// Acquire implements LeaseStore.
func (m *MemoryStore) Acquire(ctx context.Context, key, owner string, ttl time.Duration) (Lease, error) {
	if err := ctx.Err(); err != nil {
		return Lease{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	l, now := m.leases[key], time.Now()
	if l.Until.After(now) && l.Owner != owner {
		return Lease{}, fmt.Errorf("%w: %s by %s until %s", ErrHeld, key, l.Owner, l.Until.Format(time.RFC3339))
	}
	l = Lease{Key: key, Owner: owner, Fence: l.Fence + 1, Until: now.Add(ttl)}
	m.leases[key] = l
	return l, nil
}

// Renew implements LeaseStore.
func (m *MemoryStore) Renew(ctx context.Context, l Lease, ttl time.Duration) (Lease, error) {
	if err := ctx.Err(); err != nil {
		return Lease{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	have := m.leases[l.Key]
	if have.Fence != l.Fence || have.Owner != l.Owner || have.Until.IsZero() {
		return Lease{}, fmt.Errorf("%w: %s", ErrLost, l.Key)
	}
	have.Until = time.Now().Add(ttl)
	m.leases[l.Key] = have
	return have, nil
}

// Release implements LeaseStore.
func (m *MemoryStore) Release(ctx context.Context, l Lease) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if have := m.leases[l.Key]; have.Fence == l.Fence && have.Owner == l.Owner {
		have.Until = time.Time{}
		m.leases[l.Key] = have
	}
	return nil
}
