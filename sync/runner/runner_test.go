package runner_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orglink/orglink/sync/runner"
	"github.com/orglink/orglink/sync/runner/runnertest"
)

func TestMemoryStore(t *testing.T) {
	runnertest.TestStore(t, func(*testing.T) runner.LeaseStore { return runner.NewMemoryStore() })
}

// broken turns a good store into one with a single fault.
type broken struct {
	runner.LeaseStore
	acquire func(s runner.LeaseStore, ctx context.Context, key, owner string, ttl time.Duration) (runner.Lease, error)
	renew   func(s runner.LeaseStore, ctx context.Context, l runner.Lease, ttl time.Duration) (runner.Lease, error)
	release func(s runner.LeaseStore, ctx context.Context, l runner.Lease) error
}

func (b broken) Acquire(ctx context.Context, key, owner string, ttl time.Duration) (runner.Lease, error) {
	if b.acquire != nil {
		return b.acquire(b.LeaseStore, ctx, key, owner, ttl)
	}
	return b.LeaseStore.Acquire(ctx, key, owner, ttl)
}

func (b broken) Renew(ctx context.Context, l runner.Lease, ttl time.Duration) (runner.Lease, error) {
	if b.renew != nil {
		return b.renew(b.LeaseStore, ctx, l, ttl)
	}
	return b.LeaseStore.Renew(ctx, l, ttl)
}

func (b broken) Release(ctx context.Context, l runner.Lease) error {
	if b.release != nil {
		return b.release(b.LeaseStore, ctx, l)
	}
	return b.LeaseStore.Release(ctx, l)
}

func TestSuiteFindsBrokenStores(t *testing.T) {
	type store = runner.LeaseStore
	for name, b := range map[string]broken{
		"two holders": {acquire: func(s store, ctx context.Context, key, _ string, ttl time.Duration) (runner.Lease, error) {
			return s.Acquire(ctx, key, "everyone", ttl)
		}},
		"fence starts again after a release": {acquire: func(s store, ctx context.Context, key, owner string, ttl time.Duration) (runner.Lease, error) {
			l, err := s.Acquire(ctx, key, owner, ttl)
			l.Fence = 1
			return l, err
		}},
		"leases never end": {acquire: func(s store, ctx context.Context, key, owner string, _ time.Duration) (runner.Lease, error) {
			return s.Acquire(ctx, key, owner, time.Hour)
		}},
		"case-folded keys": {acquire: func(s store, ctx context.Context, key, owner string, ttl time.Duration) (runner.Lease, error) {
			l, err := s.Acquire(ctx, strings.ToLower(key), owner, ttl)
			l.Key = key
			return l, err
		}},
		"cut keys": {acquire: func(s store, ctx context.Context, key, owner string, ttl time.Duration) (runner.Lease, error) {
			l, err := s.Acquire(ctx, key[:min(len(key), 191)], owner, ttl)
			l.Key = key
			return l, err
		}},
		"renew does nothing": {renew: func(_ store, _ context.Context, l runner.Lease, ttl time.Duration) (runner.Lease, error) {
			l.Until = l.Until.Add(ttl)
			return l, nil
		}},
		"ignored fence in release": {release: func(s store, ctx context.Context, l runner.Lease) error {
			if err := s.Release(ctx, l); err != nil {
				return err
			}
			l.Fence++
			return s.Release(ctx, l)
		}},
		"ignored context": {acquire: func(s store, ctx context.Context, key, owner string, ttl time.Duration) (runner.Lease, error) {
			return s.Acquire(context.WithoutCancel(ctx), key, owner, ttl)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := runnertest.Check(t.Context(), func() runner.LeaseStore {
				b.LeaseStore = runner.NewMemoryStore()
				return b
			})
			if err == nil {
				t.Error("the suite passed a broken store")
			}
		})
	}
}

// job is a Job made of a function.
type job struct {
	key  string
	step func(ctx context.Context, fence uint64) (time.Time, error)
}

func (j job) Key() string { return j.key }
func (j job) Step(ctx context.Context, fence uint64) (time.Time, error) {
	return j.step(ctx, fence)
}

func newRunner(t *testing.T, cfg runner.Config) *runner.Runner {
	t.Helper()
	if cfg.Leases == nil {
		cfg.Leases = runner.NewMemoryStore()
	}
	r, err := runner.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestConfigReportsAllProblems(t *testing.T) {
	_, err := runner.New(runner.Config{TTL: 1, Parallel: -1, RetryMin: -1})
	for _, want := range []string{"Leases", "TTL", "Parallel", "RetryMin"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not mention %s", err, want)
		}
	}
}

func TestRunDueRunsEachJobUntilItIsDone(t *testing.T) {
	r := newRunner(t, runner.Config{})
	left := 3
	var fences []uint64
	bad := errors.New("bad")
	err := r.RunDue(t.Context(),
		job{"a", func(_ context.Context, fence uint64) (time.Time, error) {
			fences = append(fences, fence)
			if left--; left > 0 {
				return time.Time{}, nil
			}
			return time.Now().Add(time.Hour), nil
		}},
		job{"b", func(context.Context, uint64) (time.Time, error) { return time.Time{}, bad }})
	if !errors.Is(err, bad) || !strings.Contains(err.Error(), "b: bad") {
		t.Errorf("error %v does not tell that b failed", err)
	}
	if left != 0 || len(fences) != 3 || fences[0] != 1 || fences[2] != 1 {
		t.Errorf("left %d, fences %v", left, fences)
	}
}

func TestLeaseIsRenewedWhileAJobWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := runner.NewMemoryStore()
		r := newRunner(t, runner.Config{Leases: store, TTL: time.Second})
		err := r.Do(t.Context(), "k", func(ctx context.Context, _ uint64) error {
			time.Sleep(10 * time.Second)
			if _, err := store.Acquire(ctx, "k", "other", time.Second); !errors.Is(err, runner.ErrHeld) {
				return fmt.Errorf("the lease ended while the job worked: %v", err)
			}
			return ctx.Err()
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestLostLeaseCancelsTheStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := runner.NewMemoryStore()
		r := newRunner(t, runner.Config{Leases: store, Owner: "me", TTL: time.Second})
		err := r.Do(t.Context(), "k", func(ctx context.Context, _ uint64) error {
			// A twin under the same name takes over.
			if _, err := store.Acquire(ctx, "k", "me", time.Minute); err != nil {
				return err
			}
			<-ctx.Done()
			if !errors.Is(context.Cause(ctx), runner.ErrLost) {
				t.Errorf("cause %v", context.Cause(ctx))
			}
			return nil
		})
		if !errors.Is(err, runner.ErrLost) {
			t.Errorf("Do returned %v, not ErrLost", err)
		}
	})
}

func TestSilentStoreCountsAsLostBeforeTheLeaseEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := broken{LeaseStore: runner.NewMemoryStore(),
			renew: func(_ runner.LeaseStore, ctx context.Context, _ runner.Lease, _ time.Duration) (runner.Lease, error) {
				<-ctx.Done()
				return runner.Lease{}, ctx.Err()
			}}
		r := newRunner(t, runner.Config{Leases: down, TTL: 9 * time.Second})
		begun := time.Now()
		err := r.Do(t.Context(), "k", func(ctx context.Context, _ uint64) error { <-ctx.Done(); return nil })
		if !errors.Is(err, runner.ErrLost) || time.Since(begun) >= 9*time.Second {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
	})
}

func TestDoWaitsForAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := runner.NewMemoryStore()
		dead, err := store.Acquire(t.Context(), "k", "dead process", 20*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		r := newRunner(t, runner.Config{Leases: store})
		err = r.Do(t.Context(), "k", func(_ context.Context, fence uint64) error {
			if fence <= dead.Fence {
				t.Errorf("fence %d after %d", fence, dead.Fence)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestTwoRunnersNeverWorkOneKeyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := runner.NewMemoryStore()
		var mu sync.Mutex
		inside, most, done := 0, 0, 0
		work := func(ctx context.Context, _ uint64) error {
			mu.Lock()
			inside++
			most = max(most, inside)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			inside--
			done++
			mu.Unlock()
			return ctx.Err()
		}
		var wg sync.WaitGroup
		for range 2 {
			r := newRunner(t, runner.Config{Leases: store})
			for range 3 {
				wg.Go(func() {
					if err := r.Do(t.Context(), "k", work); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		if most != 1 || done != 6 {
			t.Errorf("%d at once, %d done", most, done)
		}
	})
}
