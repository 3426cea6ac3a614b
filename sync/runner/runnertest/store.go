package runnertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink/sync/runner"
)

// TestStore runs every check of a lease store as a sub-test. open returns an
// empty store.
func TestStore(t *testing.T, open func(t *testing.T) runner.LeaseStore) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			if err := c.run(t.Context(), open(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// Check runs every check, each on a store of its own, and returns what failed.
func Check(ctx context.Context, open func() runner.LeaseStore) error {
	var errs []error
	for _, c := range checks {
		if err := c.run(ctx, open()); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.name, err))
		}
	}
	return errors.Join(errs...)
}

var checks = []struct {
	name string
	run  func(ctx context.Context, s runner.LeaseStore) error
}{
	{"one holder", oneHolder},
	{"fences grow", fencesGrow},
	{"a lease ends", ends},
	{"renew keeps it", renews},
	{"a stale lease cannot be renewed or released", stale},
	{"keys are exact", exactKeys},
	{"many at once", manyAtOnce},
	{"an ended context is obeyed", endedContext},
}

const long = time.Minute

func oneHolder(ctx context.Context, s runner.LeaseStore) error {
	l, err := s.Acquire(ctx, "k", "a", long)
	if err != nil {
		return err
	}
	if l.Key != "k" || l.Owner != "a" || l.Until.IsZero() {
		return fmt.Errorf("the lease says %+v", l)
	}
	if _, err := s.Acquire(ctx, "k", "b", long); !errors.Is(err, runner.ErrHeld) {
		return fmt.Errorf("a second owner got %v, not ErrHeld", err)
	}
	if _, err := s.Acquire(ctx, "other", "b", long); err != nil {
		return fmt.Errorf("another key: %w", err)
	}
	if err := s.Release(ctx, l); err != nil {
		return err
	}
	if err := s.Release(ctx, l); err != nil {
		return fmt.Errorf("a second release: %w", err)
	}
	if _, err := s.Acquire(ctx, "k", "b", long); err != nil {
		return fmt.Errorf("after the release: %w", err)
	}
	return nil
}

func fencesGrow(ctx context.Context, s runner.LeaseStore) error {
	var last uint64
	for i, owner := range []string{"a", "a", "b", "c", "a"} {
		l, err := s.Acquire(ctx, "k", owner, long)
		if err != nil {
			return err
		}
		if l.Fence <= last {
			return fmt.Errorf("fence %d follows %d", l.Fence, last)
		}
		last = l.Fence
		if i == 0 {
			continue // the same owner takes what it holds: a restarted process
		}
		if err := s.Release(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

func ends(ctx context.Context, s runner.LeaseStore) error {
	l, err := s.Acquire(ctx, "k", "a", 50*time.Millisecond)
	if err != nil {
		return err
	}
	time.Sleep(120 * time.Millisecond)
	n, err := s.Acquire(ctx, "k", "b", long)
	if err != nil {
		return fmt.Errorf("after the end: %w", err)
	}
	if n.Fence <= l.Fence {
		return fmt.Errorf("fence %d follows %d", n.Fence, l.Fence)
	}
	return nil
}

func renews(ctx context.Context, s runner.LeaseStore) error {
	l, err := s.Acquire(ctx, "k", "a", 200*time.Millisecond)
	if err != nil {
		return err
	}
	n, err := s.Renew(ctx, l, long)
	if err != nil {
		return err
	}
	if n.Fence != l.Fence || !n.Until.After(l.Until) {
		return fmt.Errorf("renewed %+v to %+v", l, n)
	}
	time.Sleep(300 * time.Millisecond)
	if _, err := s.Acquire(ctx, "k", "b", long); !errors.Is(err, runner.ErrHeld) {
		return fmt.Errorf("a renewed lease was given away: %v", err)
	}
	return nil
}

func stale(ctx context.Context, s runner.LeaseStore) error {
	old, err := s.Acquire(ctx, "k", "a", long)
	if err != nil {
		return err
	}
	if _, err := s.Acquire(ctx, "k", "a", long); err != nil { // restarted
		return err
	}
	if _, err := s.Renew(ctx, old, long); !errors.Is(err, runner.ErrLost) {
		return fmt.Errorf("renewing with an old fence: %v, not ErrLost", err)
	}
	if err := s.Release(ctx, old); err != nil {
		return err
	}
	now, err := s.Acquire(ctx, "k", "b", long)
	if !errors.Is(err, runner.ErrHeld) {
		return fmt.Errorf("releasing with an old fence freed the key (%+v, %v)", now, err)
	}
	l, err := s.Acquire(ctx, "j", "a", long)
	if err != nil {
		return err
	}
	if err := s.Release(ctx, l); err != nil {
		return err
	}
	if _, err := s.Renew(ctx, l, long); !errors.Is(err, runner.ErrLost) {
		return fmt.Errorf("renewing a released lease: %v, not ErrLost", err)
	}
	return nil
}

func exactKeys(ctx context.Context, s runner.LeaseStore) error {
	same := strings.Repeat("x", 300)
	for _, k := range []string{"key", "KEY", "key ", "kéy", same + "1", same + "2", "x" + strings.Repeat("é", 200)} {
		if _, err := s.Acquire(ctx, k, "owner of "+k, long); err != nil {
			return fmt.Errorf("key %q: %w", k, err)
		}
	}
	return nil
}

func manyAtOnce(ctx context.Context, s runner.LeaseStore) error {
	var wg sync.WaitGroup
	won := make(chan runner.Lease, 16)
	fails := make(chan error, 16)
	for i := range 16 {
		wg.Go(func() {
			l, err := s.Acquire(ctx, "k", fmt.Sprint("owner ", i), long)
			switch {
			case err == nil:
				won <- l
			case !errors.Is(err, runner.ErrHeld):
				fails <- err
			}
		})
	}
	wg.Wait()
	close(fails)
	for err := range fails {
		return err
	}
	if n := len(won); n != 1 {
		return fmt.Errorf("%d of 16 owners got the lease", n)
	}
	return nil
}

func endedContext(ctx context.Context, s runner.LeaseStore) error {
	l, err := s.Acquire(ctx, "k", "a", long)
	if err != nil {
		return err
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Acquire(ended, "j", "a", long); err == nil {
		return errors.New("Acquire ignored its context")
	}
	if _, err := s.Renew(ended, l, long); err == nil {
		return errors.New("Renew ignored its context")
	}
	if err := s.Release(ended, l); err == nil {
		return errors.New("Release ignored its context")
	}
	return nil
}
