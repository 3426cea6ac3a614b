package connectiontest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink/connection"
)

// Check is one promise of a store, as a function that returns what broke it.
// Run gets a store that is empty and used by nobody else.
type Check[S any] struct {
	Name string
	Run  func(ctx context.Context, store S) error
}

// TestStore runs StoreChecks as subtests. open returns an empty store.
func TestStore(t *testing.T, open func(t *testing.T) connection.Store) {
	t.Helper()
	run(t, StoreChecks(), open)
}

// TestTokenStore runs TokenStoreChecks as subtests. open returns an empty
// store.
func TestTokenStore(t *testing.T, open func(t *testing.T) connection.TokenStore) {
	t.Helper()
	run(t, TokenStoreChecks(), open)
}

func run[S any](t *testing.T, checks []Check[S], open func(t *testing.T) S) {
	for _, c := range checks {
		t.Run(c.Name, func(t *testing.T) {
			if err := c.Run(t.Context(), open(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// BenchmarkTokenStore measures what one refresh costs a store: a lease, two
// reads, two writes, and the release.
func BenchmarkTokenStore(b *testing.B, store connection.TokenStore) {
	ctx := b.Context()
	g := sampleGrant("tenant", "grant")
	if _, err := store.CompareAndSwap(ctx, g); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		lease, err := store.Acquire(ctx, g.Tenant, g.ID, "bench", time.Minute)
		if err != nil {
			b.Fatal(err)
		}
		for range 2 {
			now, err := store.Load(ctx, g.Tenant, g.ID)
			if err != nil {
				b.Fatal(err)
			}
			now.Fence = lease.Fence
			if _, err := store.CompareAndSwap(ctx, now); err != nil {
				b.Fatal(err)
			}
		}
		if err := store.Release(ctx, lease); err != nil {
			b.Fatal(err)
		}
	}
}

// expect collects what went otherwise.
type expect struct{ errs []error }

func (e *expect) that(ok bool, format string, args ...any) {
	if !ok {
		e.errs = append(e.errs, fmt.Errorf(format, args...))
	}
}

func (e *expect) noError(err error, what string) bool {
	e.that(err == nil, "%s: %v", what, err)
	return err == nil
}

func (e *expect) is(err, want error, what string) {
	e.that(errors.Is(err, want), "%s: got error %v, want %v", what, err, want)
}

func (e *expect) equal(got, want any, what string) {
	e.that(reflect.DeepEqual(got, want), "%s:\n got %+v\nwant %+v", what, got, want)
}

func (e *expect) err() error { return errors.Join(e.errs...) }

// together calls f from n goroutines at once and returns how many returned nil
// and the other errors.
func together(n int, f func(i int) error) (won int, others []error) {
	var wg sync.WaitGroup
	start, results := make(chan struct{}), make([]error, n)
	for i := range n {
		wg.Go(func() {
			<-start
			results[i] = f(i)
		})
	}
	close(start)
	wg.Wait()
	for _, err := range results {
		if err == nil {
			won++
		} else {
			others = append(others, err)
		}
	}
	return won, others
}

// at is a time with the finest unit that stores must keep.
func at(hour int) time.Time {
	return time.Date(2026, 5, 6, hour, 7, 8, 123456000, time.UTC)
}

// names that a careless collation takes for one.
var lookAlikes = []string{"acme", "Acme", "acmé", "acme ", " acme", "acme\t"}
