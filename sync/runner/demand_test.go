package runner_test

import (
	"context"
	"errors"

	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orglink/orglink/sync/runner"
	"github.com/orglink/orglink/sync/runner/runnertest"
)

func TestMemoryDemands(t *testing.T) {
	runnertest.TestDemands(t, func(*testing.T) runner.DemandStore { return runner.NewMemoryStore() })
}

func TestSuiteFindsBrokenDemands(t *testing.T) {
	for name, s := range map[string]runner.DemandStore{
		"forgets later ones": eagerDemands{runner.NewMemoryStore()},
		"one for all":        &flagDemands{MemoryStore: runner.NewMemoryStore()},
		"ignored context":    deafDemands{runner.NewMemoryStore()},
	} {
		if err := runnertest.CheckDemands(t.Context(), s); err == nil {
			t.Errorf("%s: the suite did not notice", name)
		}
	}
}

type eagerDemands struct{ *runner.MemoryStore }

func (s eagerDemands) Meet(ctx context.Context, key string, _ uint64) error {
	return s.MemoryStore.Meet(ctx, key, 1<<60)
}

type flagDemands struct {
	*runner.MemoryStore
}

func (s *flagDemands) Demanded(ctx context.Context, keys []string) (map[string]uint64, error) {
	found, err := s.MemoryStore.Demanded(ctx, keys)
	for k := range found {
		found[k] = 1
	}
	return found, err
}

type deafDemands struct{ *runner.MemoryStore }

func (s deafDemands) Demand(ctx context.Context, key string) error {
	return s.MemoryStore.Demand(context.WithoutCancel(ctx), key)
}

// hourly is due once an hour and counts its steps; fail makes the next ones
// fail.
type hourly struct {
	key   string
	steps atomic.Int64
	fail  atomic.Int64
	begun chan struct{} // when not nil, a step waits for it
}

func (h *hourly) Key() string { return h.key }

func (h *hourly) Step(ctx context.Context, _ uint64) (time.Time, error) {
	if h.begun != nil {
		select {
		case <-h.begun:
		case <-ctx.Done():
			return time.Time{}, ctx.Err()
		}
	}
	h.steps.Add(1)
	if h.fail.Add(-1) >= 0 {
		return time.Time{}, errors.New("failed")
	}
	return time.Now().Add(time.Hour), nil
}

func start(t *testing.T, store runner.LeaseStore, job runner.Job) *runner.Runner {
	t.Helper()
	r, err := runner.New(runner.Config{Leases: store, RetryMin: time.Minute, RetryMax: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		ended <- r.Run(t.Context(), func(context.Context) ([]runner.Job, error) { return []runner.Job{job}, nil })
	}()
	t.Cleanup(func() {
		r.Stop()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	return r
}

func TestDemandFromAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, job := runner.NewMemoryStore(), &hourly{key: "a"}
		start(t, store, job)
		time.Sleep(time.Minute)
		if n := job.steps.Load(); n != 1 {
			t.Fatalf("%d steps before anybody asked", n)
		}
		other, err := runner.New(runner.Config{Leases: store})
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Demand(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		if n := job.steps.Load(); n != 2 {
			t.Errorf("%d steps two seconds after the demand", n)
		}
		time.Sleep(time.Minute)
		if n := job.steps.Load(); n != 2 {
			t.Errorf("one demand ran the job %d times", n-1)
		}
		if open, _ := store.Demanded(t.Context(), []string{"a"}); len(open) != 0 {
			t.Errorf("it is still open: %v", open)
		}
	})
}

// A demand outlives failures, at the pace of retries, and processes.
func TestDemandIsNeverLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, job := runner.NewMemoryStore(), &hourly{key: "a"}
		if err := store.Demand(t.Context(), "a"); err != nil { // nobody runs yet
			t.Fatal(err)
		}
		job.fail.Store(2)
		start(t, store, job)
		time.Sleep(30 * time.Second)
		if n := job.steps.Load(); n != 1 {
			t.Errorf("a failing job was begun %d times in half a minute", n)
		}
		time.Sleep(3 * time.Minute)
		if n := job.steps.Load(); n != 3 {
			t.Errorf("%d steps, want two that failed and one that did what was asked", n)
		}
		if open, _ := store.Demanded(t.Context(), []string{"a"}); len(open) != 0 {
			t.Errorf("it is still open: %v", open)
		}
	})
}

// What is asked for while the job is at work runs once more.
func TestDemandWhileAtWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, job := runner.NewMemoryStore(), &hourly{key: "a", begun: make(chan struct{})}
		start(t, store, job)
		time.Sleep(time.Second)
		if err := store.Demand(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		job.begun <- struct{}{}
		synctest.Wait()
		job.begun <- struct{}{}
		time.Sleep(2 * time.Second)
		if n := job.steps.Load(); n != 2 {
			t.Errorf("%d steps", n)
		}
		if open, _ := store.Demanded(t.Context(), []string{"a"}); len(open) != 0 {
			t.Errorf("it is still open: %v", open)
		}
	})
}

func TestDemandNeedsAStore(t *testing.T) {
	r, err := runner.New(runner.Config{Leases: struct{ runner.LeaseStore }{runner.NewMemoryStore()}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Demand(t.Context(), "a"); err == nil {
		t.Error("a demand that nobody keeps was taken")
	}
}
