package integration

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/orglink/orglink"
)

// Memory is a Store that forgets everything when the process ends.
type Memory struct {
	mu      sync.RWMutex
	tenants map[orglink.TenantID]map[orglink.IntegrationID]Integration
	trails  map[orglink.TenantID]map[orglink.IntegrationID][]TrailEntry
}

var _ Store = (*Memory)(nil)

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{
		tenants: make(map[orglink.TenantID]map[orglink.IntegrationID]Integration),
		trails:  make(map[orglink.TenantID]map[orglink.IntegrationID][]TrailEntry),
	}
}

// Create implements Store.
func (m *Memory) Create(ctx context.Context, i Integration, why TrailEntry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	i.Version = 1
	if err := check(i); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.trails[i.Tenant][i.ID]) > 0 {
		return ErrExists
	}
	if m.tenants[i.Tenant] == nil {
		m.tenants[i.Tenant] = make(map[orglink.IntegrationID]Integration)
	}
	m.tenants[i.Tenant][i.ID] = i.Clone()
	m.note(i.Tenant, why.of(i.ID, i.Version))
	return nil
}

// note adds to a trail; the lock is held.
func (m *Memory) note(tenant orglink.TenantID, e TrailEntry) {
	if m.trails[tenant] == nil {
		m.trails[tenant] = make(map[orglink.IntegrationID][]TrailEntry)
	}
	m.trails[tenant][e.Integration] = append(m.trails[tenant][e.Integration], e)
}

// Trail implements Store.
func (m *Memory) Trail(ctx context.Context, tenant orglink.TenantID, id orglink.IntegrationID, after int64, limit int) ([]TrailEntry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	var out []TrailEntry
	for _, e := range m.trails[tenant][id] {
		if e.Version > after && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, nil
}

// Get implements Store.
func (m *Memory) Get(ctx context.Context, tenant orglink.TenantID, id orglink.IntegrationID) (Integration, error) {
	if err := ctx.Err(); err != nil {
		return Integration{}, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	i, ok := m.tenants[tenant][id]
	if !ok {
		return Integration{}, ErrNotFound
	}
	return i.Clone(), nil
}

// List implements Store.
func (m *Memory) List(ctx context.Context, tenant orglink.TenantID) ([]Integration, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	var out []Integration
	for _, id := range slices.Sorted(maps.Keys(m.tenants[tenant])) {
		out = append(out, m.tenants[tenant][id].Clone())
	}
	return out, nil
}

// at finds an integration of a version; the lock is held.
func (m *Memory) at(tenant orglink.TenantID, id orglink.IntegrationID, version int64) error {
	i, ok := m.tenants[tenant][id]
	switch {
	case !ok:
		return ErrNotFound
	case i.Version != version:
		return ErrConflict
	}
	return nil
}

// Update implements Store.
func (m *Memory) Update(ctx context.Context, i Integration, why TrailEntry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.at(i.Tenant, i.ID, i.Version); err != nil {
		return err
	}
	i.Version++
	m.tenants[i.Tenant][i.ID] = i.Clone()
	m.note(i.Tenant, why.of(i.ID, i.Version))
	return nil
}

// Delete implements Store.
func (m *Memory) Delete(ctx context.Context, tenant orglink.TenantID, id orglink.IntegrationID, version int64, why TrailEntry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.at(tenant, id, version); err != nil {
		return err
	}
	delete(m.tenants[tenant], id)
	m.note(tenant, why.of(id, version+1))
	return nil
}

// Erase implements Store.
func (m *Memory) Erase(ctx context.Context, tenant orglink.TenantID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.tenants, tenant)
	delete(m.trails, tenant)
	return nil
}
