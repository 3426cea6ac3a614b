package connection

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/orglink/orglink"
)

type grantKey struct {
	tenant orglink.TenantID
	id     GrantID
}

// MemoryTokenStore is a TokenStore that ends with its process, for tests and
// trials: a rotated token does not survive a restart.
type MemoryTokenStore struct {
	mu     sync.Mutex
	grants map[grantKey]Grant
	leases map[grantKey]Lease
	fence  uint64 // of all leases together, so that it never falls
}

var _ TokenStore = (*MemoryTokenStore)(nil)

// NewMemoryTokenStore returns an empty store.
func NewMemoryTokenStore() *MemoryTokenStore {
	return &MemoryTokenStore{grants: map[grantKey]Grant{}, leases: map[grantKey]Lease{}}
}

// Load implements TokenStore.
func (s *MemoryTokenStore) Load(ctx context.Context, tenant orglink.TenantID, id GrantID) (Grant, error) {
	if err := ctx.Err(); err != nil {
		return Grant{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.grants[grantKey{tenant, id}]
	if !ok {
		return Grant{}, ErrNotFound
	}
	return g.clone(), nil
}

// Grants implements TokenStore.
func (s *MemoryTokenStore) Grants(ctx context.Context, tenant orglink.TenantID) ([]Grant, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Grant
	for key, g := range s.grants {
		if key.tenant == tenant {
			out = append(out, g.clone())
		}
	}
	slices.SortFunc(out, func(a, b Grant) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out, nil
}

// CompareAndSwap implements TokenStore.
func (s *MemoryTokenStore) CompareAndSwap(ctx context.Context, g Grant) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := grantKey{g.Tenant, g.ID}
	have := s.grants[key]
	if have.Version != g.Version {
		return 0, ErrConflict
	}
	if g.Fence < have.Fence {
		return 0, ErrFenced
	}
	g = g.clone()
	g.Version++
	s.grants[key] = g
	return g.Version, nil
}

// Acquire implements TokenStore.
func (s *MemoryTokenStore) Acquire(ctx context.Context, tenant orglink.TenantID, id GrantID, owner string, ttl time.Duration) (Lease, error) {
	if err := ctx.Err(); err != nil {
		return Lease{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key, now := grantKey{tenant, id}, time.Now()
	if held, ok := s.leases[key]; ok && now.Before(held.Until) {
		return Lease{}, ErrLeaseHeld
	}
	s.fence++
	l := Lease{Tenant: tenant, Grant: id, Owner: owner, Fence: s.fence, Until: now.Add(ttl)}
	s.leases[key] = l
	return l, nil
}

// Release implements TokenStore.
func (s *MemoryTokenStore) Release(ctx context.Context, l Lease) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := grantKey{l.Tenant, l.Grant}
	if held := s.leases[key]; held.Owner == l.Owner && held.Fence == l.Fence {
		delete(s.leases, key)
	}
	return nil
}

// Delete implements TokenStore.
func (s *MemoryTokenStore) Delete(ctx context.Context, tenant orglink.TenantID, id GrantID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.grants, grantKey{tenant, id})
	delete(s.leases, grantKey{tenant, id})
	return nil
}

// Forget implements TokenStore.
func (s *MemoryTokenStore) Forget(ctx context.Context, tenant orglink.TenantID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.grants {
		if key.tenant == tenant {
			delete(s.grants, key)
		}
	}
	for key := range s.leases {
		if key.tenant == tenant {
			delete(s.leases, key)
		}
	}
	return nil
}
