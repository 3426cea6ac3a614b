package link_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/link"
	"github.com/orglink/orglink/sync/link/linktest"
)

func TestMemory(t *testing.T) {
	linktest.TestStore(t, func(*testing.T) link.Store { return link.NewMemory() })
}

func BenchmarkMemory(b *testing.B) {
	linktest.BenchmarkStore(b, func(*testing.B) link.Store { return link.NewMemory() })
}

// Each broken store has one fault; the suite must find it.
func TestSuiteFindsBrokenStores(t *testing.T) {
	for name, open := range map[string]func() link.Store{
		"missing tenant filter": func() link.Store { return oneTenant{link.NewMemory()} },
		"case-folded key":       func() link.Store { return foldedKeys{link.NewMemory()} },
		"truncated time":        func() link.Store { return wholeSeconds{link.NewMemory()} },
		"ignored context":       func() link.Store { return deaf{link.NewMemory()} },
		"taken record":          func() link.Store { return careless{link.NewMemory()} },
		"put in pieces":         func() link.Store { return piecemeal{link.NewMemory()} },
		"deleted and kept":      func() link.Store { return unforgetting{link.NewMemory()} },
		"stale read":            func() link.Store { return &stale{Store: link.NewMemory()} },
		"truncated list":        func() link.Store { return shortList{link.NewMemory()} },
	} {
		t.Run(name, func(t *testing.T) {
			failures := linktest.Failures(t.Context(), open)
			if len(failures) == 0 {
				t.Fatal("the suite passed a broken store")
			}
			for check, err := range failures {
				t.Logf("%s: %v", check, err)
			}
		})
	}
}

type oneTenant struct{ link.Store }

func (s oneTenant) ByKeys(ctx context.Context, _ orglink.TenantID, c orglink.ConnectionID, o string, keys []string) (map[string]link.Pair, error) {
	for _, tenant := range []orglink.TenantID{"tenant-2", "tenant-1"} {
		if found, err := s.Store.ByKeys(ctx, tenant, c, o, keys); err != nil || len(found) > 0 {
			return found, err
		}
	}
	return nil, nil
}

type foldedKeys struct{ link.Store }

func (s foldedKeys) Put(ctx context.Context, pairs ...link.Pair) error {
	for i := range pairs {
		pairs[i].Key = strings.ToLower(pairs[i].Key)
	}
	return s.Store.Put(ctx, pairs...)
}

func (s foldedKeys) ByKeys(ctx context.Context, t orglink.TenantID, c orglink.ConnectionID, o string, keys []string) (map[string]link.Pair, error) {
	out := map[string]link.Pair{}
	for _, k := range keys {
		found, err := s.Store.ByKeys(ctx, t, c, o, []string{strings.ToLower(k)})
		if err != nil {
			return nil, err
		}
		for _, p := range found {
			p.Key = k
			out[k] = p
		}
	}
	return out, nil
}

type wholeSeconds struct{ link.Store }

func (s wholeSeconds) Put(ctx context.Context, pairs ...link.Pair) error {
	for i := range pairs {
		pairs[i].Written = pairs[i].Written.Truncate(time.Second)
	}
	return s.Store.Put(ctx, pairs...)
}

type deaf struct{ link.Store }

func (s deaf) ByRecords(ctx context.Context, t orglink.TenantID, c orglink.ConnectionID, o string, ids []sobject.ID) (map[sobject.ID]link.Pair, error) {
	return s.Store.ByRecords(context.WithoutCancel(ctx), t, c, o, ids)
}

type careless struct{ link.Store }

func (s careless) Put(ctx context.Context, pairs ...link.Pair) error {
	for _, p := range pairs {
		found, err := s.ByRecords(ctx, p.Tenant, p.Connection, p.Object, []sobject.ID{p.Record})
		if err != nil {
			return err
		}
		for _, other := range found {
			if err := s.Remove(ctx, p.Tenant, p.Connection, p.Object, []string{other.Key}); err != nil {
				return err
			}
		}
	}
	return s.Store.Put(ctx, pairs...)
}

type piecemeal struct{ link.Store }

func (s piecemeal) Put(ctx context.Context, pairs ...link.Pair) error {
	for _, p := range pairs {
		if err := s.Store.Put(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

type unforgetting struct{ link.Store }

func (s unforgetting) SaveWritten(ctx context.Context, t orglink.TenantID, c orglink.ConnectionID, o string, w []mapping.Written) error {
	var some []mapping.Written
	for _, one := range w {
		if one.Record != "" {
			some = append(some, one)
		}
	}
	return s.Store.SaveWritten(ctx, t, c, o, some)
}

// stale answers a repeated read from the first one.
type stale struct {
	link.Store
	mu   sync.Mutex
	seen map[string]map[string]link.Pair
}

func (s *stale) ByKeys(ctx context.Context, t orglink.TenantID, c orglink.ConnectionID, o string, keys []string) (map[string]link.Pair, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := fmt.Sprint(t, c, o, keys)
	if s.seen == nil {
		s.seen = map[string]map[string]link.Pair{}
	}
	if old, ok := s.seen[name]; ok {
		return old, nil
	}
	found, err := s.Store.ByKeys(ctx, t, c, o, keys)
	s.seen[name] = found
	return found, err
}

type shortList struct{ link.Store }

func (s shortList) List(ctx context.Context, t orglink.TenantID, c orglink.ConnectionID, o, after string, limit int) ([]link.Pair, error) {
	list, err := s.Store.List(ctx, t, c, o, after, limit)
	if len(list) < limit {
		return nil, err // a page that is not full taken for the end
	}
	return list, err
}

func ExampleMemory() {
	ctx := context.Background()
	links := link.NewMemory()
	_ = links.Put(ctx, link.Pair{Tenant: "acme", Connection: "c1", Object: "Account", Key: "company-7", Record: "001000000000001AAA"})
	found, _ := links.ByRecords(ctx, "acme", "c1", "Account", []sobject.ID{"001000000000001AAA"})
	fmt.Println(found["001000000000001AAA"].Key)
	// Output: company-7
}
