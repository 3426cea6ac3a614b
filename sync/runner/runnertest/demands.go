package runnertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/orglink/orglink/sync/runner"
)

// TestDemands checks a demand store, with an empty one.
func TestDemands(t *testing.T, open func(t *testing.T) runner.DemandStore) {
	t.Helper()
	if err := CheckDemands(t.Context(), open(t)); err != nil {
		t.Error(err)
	}
}

// CheckDemands is TestDemands without a *testing.T. It returns what failed.
func CheckDemands(ctx context.Context, s runner.DemandStore) error {
	long := strings.Repeat("x", 300)
	keys := []string{"key", "KEY", "kéy", long + "1", long + "2", "unasked"}
	for _, k := range keys[:5] {
		if err := s.Demand(ctx, k); err != nil {
			return fmt.Errorf("demand %q: %w", k, err)
		}
	}
	first, err := s.Demanded(ctx, keys)
	if err != nil {
		return fmt.Errorf("read demands: %w", err)
	}
	if _, asked := first["unasked"]; asked || len(first) != 5 || first["key"] == 0 {
		return fmt.Errorf("five keys were asked for, the store tells %v", first)
	}
	if some, err := s.Demanded(ctx, []string{"key"}); err != nil || len(some) != 1 {
		return fmt.Errorf("asked about one key, the store tells %v, %w", some, err)
	}
	// A demand during the run that meets the first one stays.
	if err := s.Demand(ctx, "key"); err != nil {
		return err
	}
	if err := s.Meet(ctx, "key", first["key"]); err != nil {
		return fmt.Errorf("meet: %w", err)
	}
	second, err := s.Demanded(ctx, keys)
	if err != nil {
		return err
	}
	if second["key"] <= first["key"] {
		return fmt.Errorf("a demand made while an earlier one was met was lost: %v after %v", second, first)
	}
	if err := s.Meet(ctx, "key", second["key"]); err != nil {
		return err
	}
	if third, err := s.Demanded(ctx, keys); err != nil || len(third) != 4 {
		return fmt.Errorf("after one of five was met: %v, %w", third, err)
	}
	if err := s.Demand(ctx, "key"); err != nil {
		return err
	}
	again, err := s.Demanded(ctx, keys)
	if err != nil || again["key"] <= second["key"] {
		return fmt.Errorf("the serial after %d is %d, %w", second["key"], again["key"], err)
	}
	if err := s.Meet(ctx, "key", second["key"]); err != nil { // a worker that comes late
		return err
	}
	if last, err := s.Demanded(ctx, keys); err != nil || last["key"] != again["key"] {
		return fmt.Errorf("a late worker met a later demand: %v, %w", last, err)
	}
	var wg sync.WaitGroup
	fails := make(chan error, 16)
	for range 16 {
		wg.Go(func() {
			if err := s.Demand(ctx, "many"); err != nil {
				fails <- err
			}
		})
	}
	wg.Wait()
	close(fails)
	for err := range fails {
		return fmt.Errorf("demands at once: %w", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if s.Demand(ended, "late") == nil || s.Meet(ended, "key", again["key"]) == nil {
		return errors.New("an ended context was ignored")
	}
	if _, err := s.Demanded(ended, keys); err == nil {
		return errors.New("Demanded ignored its context")
	}
	return nil
}
