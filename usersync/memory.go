package usersync

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Memory is a PairStore that forgets everything when the process ends.
type Memory struct {
	mu        sync.Mutex
	orgs      map[orgKey]*orgPairs
	positions map[orgKey]fencedPosition
}

type orgKey struct {
	tenant orglink.TenantID
	org    sobject.ID
}

type orgPairs struct {
	bySalesforce map[sobject.ID]Pair
	byUser       map[orglink.UserID]Pair
}

var _ PairStore = (*Memory)(nil)

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{orgs: make(map[orgKey]*orgPairs), positions: make(map[orgKey]fencedPosition)}
}

func (m *Memory) in(tenant orglink.TenantID, org sobject.ID) *orgPairs {
	k := orgKey{tenant, org}
	o := m.orgs[k]
	if o == nil {
		o = &orgPairs{map[sobject.ID]Pair{}, map[orglink.UserID]Pair{}}
		m.orgs[k] = o
	}
	return o
}

// Put implements PairStore.
func (m *Memory) Put(ctx context.Context, p Pair) error {
	if err := ended(ctx, "save a pair"); err != nil {
		return err
	}
	if err := p.check(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.in(p.Tenant, p.Org)
	have, one := o.bySalesforce[p.Salesforce]
	if one && have.User == p.User {
		return nil
	}
	if one {
		return paired(p, have)
	}
	if have, ok := o.byUser[p.User]; ok {
		return paired(p, have)
	}
	p.At = p.At.UTC().Truncate(time.Microsecond)
	o.bySalesforce[p.Salesforce], o.byUser[p.User] = p, p
	return nil
}

// Note implements PairStore.
func (m *Memory) Note(ctx context.Context, p Pair) error {
	if err := ended(ctx, "note what was seen of a pair"); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.in(p.Tenant, p.Org)
	if have, ok := o.bySalesforce[p.Salesforce]; ok && have.User == p.User {
		have.Seen = p.Seen
		o.bySalesforce[p.Salesforce], o.byUser[p.User] = have, have
	}
	return nil
}

// BySalesforce implements PairStore.
func (m *Memory) BySalesforce(ctx context.Context, tenant orglink.TenantID, org sobject.ID, ids []sobject.ID) (map[sobject.ID]Pair, error) {
	if err := ended(ctx, "read pairs"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return pick(m.in(tenant, org).bySalesforce, ids), nil
}

// ByUsers implements PairStore.
func (m *Memory) ByUsers(ctx context.Context, tenant orglink.TenantID, org sobject.ID, ids []orglink.UserID) (map[orglink.UserID]Pair, error) {
	if err := ended(ctx, "read pairs"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return pick(m.in(tenant, org).byUser, ids), nil
}

// Remove implements PairStore.
func (m *Memory) Remove(ctx context.Context, tenant orglink.TenantID, org, id sobject.ID) error {
	if err := ended(ctx, "remove a pair"); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.in(tenant, org)
	if p, ok := o.bySalesforce[id]; ok {
		delete(o.bySalesforce, id)
		delete(o.byUser, p.User)
	}
	return nil
}

// List implements PairStore.
func (m *Memory) List(ctx context.Context, tenant orglink.TenantID, org, after sobject.ID, limit int) ([]Pair, error) {
	if err := ended(ctx, "list pairs"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.in(tenant, org)
	var out []Pair
	for _, id := range slices.Sorted(maps.Keys(o.bySalesforce)) {
		if id > after && len(out) < limit {
			out = append(out, o.bySalesforce[id])
		}
	}
	return out, nil
}

// Erase implements PairStore.
func (m *Memory) Erase(ctx context.Context, tenant orglink.TenantID) error {
	if err := ended(ctx, "erase a tenant"); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.orgs, func(k orgKey, _ *orgPairs) bool { return k.tenant == tenant })
	maps.DeleteFunc(m.positions, func(k orgKey, _ fencedPosition) bool { return k.tenant == tenant })
	return nil
}

func ended(ctx context.Context, what string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("usersync: %s: %w", what, err)
	}
	return nil
}

func pick[K comparable](from map[K]Pair, keys []K) map[K]Pair {
	out := make(map[K]Pair)
	for _, k := range keys {
		if p, ok := from[k]; ok {
			out[k] = p
		}
	}
	return out
}
