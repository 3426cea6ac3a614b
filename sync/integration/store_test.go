package integration_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/sync/integration"
	"github.com/orglink/orglink/sync/integration/integrationtest"
)

func TestMemory(t *testing.T) {
	integrationtest.TestStore(t, func(*testing.T) integration.Store { return integration.NewMemory() })
}

func BenchmarkMemory(b *testing.B) {
	integrationtest.BenchmarkStore(b, func(*testing.B) integration.Store { return integration.NewMemory() })
}

// Each broken store has one fault; the suite must find it.
func TestSuiteFindsBrokenStores(t *testing.T) {
	for name, open := range map[string]func() integration.Store{
		"lost compare-and-swap": func() integration.Store { return careless{integration.NewMemory()} },
		"missing tenant filter": func() integration.Store { return oneTenant{integration.NewMemory()} },
		"case-folded key":       func() integration.Store { return folded{integration.NewMemory()} },
		"aliased slice":         func() integration.Store { return &aliased{Store: integration.NewMemory()} },
		"truncated time":        func() integration.Store { return wholeSeconds{integration.NewMemory()} },
		"ignored context":       func() integration.Store { return deaf{integration.NewMemory()} },
		"stale read":            func() integration.Store { return &stale{Store: integration.NewMemory()} },
		"unconditional delete":  func() integration.Store { return eager{integration.NewMemory()} },
		"overwriting create":    func() integration.Store { return overwriting{integration.NewMemory()} },
		"nothing became all":    func() integration.Store { return omitting{integration.NewMemory()} },
		"reversed list":         func() integration.Store { return reversed{integration.NewMemory()} },
		"trail of the living":   func() integration.Store { return living{integration.NewMemory()} },
		"trail of everybody":    func() integration.Store { return everybodys{integration.NewMemory()} },
		"trail of refusals":     func() integration.Store { return &chatty{Store: integration.NewMemory()} },
	} {
		t.Run(name, func(t *testing.T) {
			failures := integrationtest.Failures(t.Context(), open)
			if len(failures) == 0 {
				t.Fatal("the suite passed a broken store")
			}
			for check, err := range failures {
				t.Logf("%s: %v", check, err)
			}
		})
	}
}

type careless struct{ integration.Store }

func (s careless) Update(ctx context.Context, i integration.Integration, why integration.TrailEntry) error {
	old, err := s.Get(ctx, i.Tenant, i.ID)
	if err != nil {
		return err
	}
	i.Version = old.Version
	return s.Store.Update(ctx, i, why)
}

type oneTenant struct{ integration.Store }

func (s oneTenant) List(ctx context.Context, tenant orglink.TenantID) ([]integration.Integration, error) {
	list, err := s.Store.List(ctx, tenant)
	more, _ := s.Store.List(ctx, "tenant-2")
	return append(list, more...), err
}

type folded struct{ integration.Store }

func (s folded) Create(ctx context.Context, i integration.Integration, why integration.TrailEntry) error {
	i.ID = orglink.IntegrationID(strings.ToLower(string(i.ID)))
	return s.Store.Create(ctx, i, why)
}

type aliased struct {
	integration.Store
	mu    sync.Mutex
	cache map[orglink.IntegrationID]integration.Integration
}

func (s *aliased) Get(ctx context.Context, tenant orglink.TenantID, id orglink.IntegrationID) (integration.Integration, error) {
	i, err := s.Store.Get(ctx, tenant, id)
	if err != nil {
		return i, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.cache[id]; ok && old.Version == i.Version && old.Tenant == tenant {
		return old, nil
	}
	if s.cache == nil {
		s.cache = map[orglink.IntegrationID]integration.Integration{}
	}
	s.cache[id] = i
	return i, nil
}

type wholeSeconds struct{ integration.Store }

func (s wholeSeconds) Create(ctx context.Context, i integration.Integration, why integration.TrailEntry) error {
	i.Created = i.Created.Truncate(time.Second)
	return s.Store.Create(ctx, i, why)
}

type deaf struct{ integration.Store }

func (s deaf) List(ctx context.Context, tenant orglink.TenantID) ([]integration.Integration, error) {
	return s.Store.List(context.WithoutCancel(ctx), tenant)
}

// stale answers a repeated read from the first one.
type stale struct {
	integration.Store
	mu   sync.Mutex
	seen map[string]integration.Integration
}

func (s *stale) Get(ctx context.Context, tenant orglink.TenantID, id orglink.IntegrationID) (integration.Integration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.seen[string(tenant)+"/"+string(id)]; ok {
		return old.Clone(), nil
	}
	i, err := s.Store.Get(ctx, tenant, id)
	if err == nil {
		if s.seen == nil {
			s.seen = map[string]integration.Integration{}
		}
		s.seen[string(tenant)+"/"+string(id)] = i.Clone()
	}
	return i, err
}

type eager struct{ integration.Store }

func (s eager) Delete(ctx context.Context, tenant orglink.TenantID, id orglink.IntegrationID, _ int64, why integration.TrailEntry) error {
	i, err := s.Get(ctx, tenant, id)
	if err != nil {
		return err
	}
	return s.Store.Delete(ctx, tenant, id, i.Version, why)
}

type overwriting struct{ integration.Store }

func (s overwriting) Create(ctx context.Context, i integration.Integration, why integration.TrailEntry) error {
	if old, err := s.Get(ctx, i.Tenant, i.ID); err == nil {
		_ = s.Delete(ctx, i.Tenant, i.ID, old.Version, why)
	}
	return s.Store.Create(ctx, i, why)
}

type reversed struct{ integration.Store }

func (s reversed) List(ctx context.Context, tenant orglink.TenantID) ([]integration.Integration, error) {
	list, err := s.Store.List(ctx, tenant)
	for a, b := 0, len(list)-1; a < b; a, b = a+1, b-1 {
		list[a], list[b] = list[b], list[a]
	}
	return list, err
}

// omitting leaves empty lists out, as encoding/json does with omitempty.
type omitting struct{ integration.Store }

func (s omitting) Create(ctx context.Context, i integration.Integration, why integration.TrailEntry) error {
	i = i.Clone()
	for n := range i.Shares {
		if len(i.Shares[n].Objects) == 0 {
			i.Shares[n].Objects = nil
		}
	}
	return s.Store.Create(ctx, i, why)
}

type living struct{ integration.Store }

func (s living) Trail(ctx context.Context, tenant orglink.TenantID, id orglink.IntegrationID, after int64, limit int) ([]integration.TrailEntry, error) {
	if _, err := s.Get(ctx, tenant, id); err != nil {
		return nil, nil
	}
	return s.Store.Trail(ctx, tenant, id, after, limit)
}

type everybodys struct{ integration.Store }

func (s everybodys) Trail(ctx context.Context, tenant orglink.TenantID, id orglink.IntegrationID, after int64, limit int) ([]integration.TrailEntry, error) {
	out, err := s.Store.Trail(ctx, tenant, id, after, limit)
	more, _ := s.Store.Trail(ctx, "tenant-2", id, after, limit)
	return append(out, more...), err
}

// chatty notes what was refused, too.
type chatty struct {
	integration.Store
	mu   sync.Mutex
	more []integration.TrailEntry
}

func (s *chatty) Update(ctx context.Context, i integration.Integration, why integration.TrailEntry) error {
	err := s.Store.Update(ctx, i, why)
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.more = append(s.more, why)
	}
	return err
}

func (s *chatty) Trail(ctx context.Context, tenant orglink.TenantID, id orglink.IntegrationID, after int64, limit int) ([]integration.TrailEntry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out, err := s.Store.Trail(ctx, tenant, id, after, limit)
	return append(out, s.more...), err
}
