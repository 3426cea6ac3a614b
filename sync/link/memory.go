package link

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Memory is a Store that forgets everything when the process ends.
type Memory struct {
	mu     sync.Mutex
	scopes map[scope]*pairs
}

type pairs struct {
	byKey    map[string]Pair
	byRecord map[sobject.ID]string
	refused  map[sobject.ID][]string
}

var (
	_ Store    = (*Memory)(nil)
	_ Refusals = (*Memory)(nil)
)

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{scopes: make(map[scope]*pairs)} }

func (m *Memory) in(s scope) *pairs {
	p := m.scopes[s]
	if p == nil {
		p = &pairs{byKey: map[string]Pair{}, byRecord: map[sobject.ID]string{}, refused: map[sobject.ID][]string{}}
		m.scopes[s] = p
	}
	return p
}

func (p *pairs) remove(key string) {
	if old, ok := p.byKey[key]; ok {
		delete(p.byRecord, old.Record)
		delete(p.byKey, key)
	}
}

func (p *pairs) put(pair Pair) {
	p.remove(pair.Key)
	if other, ok := p.byRecord[pair.Record]; ok {
		p.remove(other)
	}
	p.byKey[pair.Key], p.byRecord[pair.Record] = pair, pair.Key
}

// ByKeys implements Store.
func (m *Memory) ByKeys(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, keys []string) (map[string]Pair, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("link: read pairs: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	in, out := m.in(scope{tenant, conn, object}), make(map[string]Pair)
	for _, k := range keys {
		if p, ok := in.byKey[k]; ok {
			out[k] = p
		}
	}
	return out, nil
}

// ByRecords implements Store.
func (m *Memory) ByRecords(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, records []sobject.ID) (map[sobject.ID]Pair, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("link: read pairs: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	in, out := m.in(scope{tenant, conn, object}), make(map[sobject.ID]Pair)
	for _, id := range records {
		if k, ok := in.byRecord[id]; ok {
			out[id] = in.byKey[k]
		}
	}
	return out, nil
}

// Put implements Store.
func (m *Memory) Put(ctx context.Context, pairs ...Pair) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("link: save pairs: %w", err)
	}
	if err := checkPairs(pairs); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range pairs {
		if other, ok := m.in(p.scope()).byRecord[p.Record]; ok && other != p.Key {
			return taken(p, other)
		}
	}
	for _, p := range pairs {
		p.Written = p.Written.UTC().Truncate(time.Microsecond)
		m.in(p.scope()).put(p)
	}
	return nil
}

// Remove implements Store.
func (m *Memory) Remove(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, keys []string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("link: remove pairs: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range keys {
		m.in(scope{tenant, conn, object}).remove(k)
	}
	return nil
}

// List implements Store.
func (m *Memory) List(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object, after string, limit int) ([]Pair, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("link: list pairs: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	in := m.in(scope{tenant, conn, object})
	var out []Pair
	for _, k := range slices.Sorted(maps.Keys(in.byKey)) {
		if k > after && len(out) < limit {
			out = append(out, in.byKey[k])
		}
	}
	return out, nil
}

// Written implements Store.
func (m *Memory) Written(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, keys []string) (map[string]mapping.Written, error) {
	found, err := m.ByKeys(ctx, tenant, conn, object, keys)
	if err != nil {
		return nil, err
	}
	return writtenOf(found), nil
}

// SaveWritten implements Store.
func (m *Memory) SaveWritten(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, written []mapping.Written) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("link: save what was written: %w", err)
	}
	save, forget, err := pairsOf(tenant, conn, object, written)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	in, now := m.in(scope{tenant, conn, object}), time.Now().UTC().Truncate(time.Microsecond)
	for _, k := range forget {
		in.remove(k)
	}
	for _, p := range save {
		p.Written = now
		in.put(p)
	}
	return nil
}

// Erase implements Store.
func (m *Memory) Erase(ctx context.Context, tenant orglink.TenantID) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("link: erase a tenant: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.scopes, func(s scope, _ *pairs) bool { return s.tenant == tenant })
	return nil
}

func taken(p Pair, other string) error {
	return fmt.Errorf("link: pair %s %s with key %q: it is paired with key %q; remove that pair first: %w", p.Object, p.Record, p.Key, other, ErrTaken)
}
