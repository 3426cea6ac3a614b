package runner_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orglink/orglink/sync/runner"
)

func source(jobs ...runner.Job) runner.Source {
	return func(context.Context) ([]runner.Job, error) { return jobs, nil }
}

func TestRunKeepsTheScheduleAndRetriesWithBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, runner.Config{})
		begun := time.Now()
		var good, bad []time.Duration
		jobs := source(
			job{"good", func(context.Context, uint64) (time.Time, error) {
				good = append(good, time.Since(begun))
				return time.Now().Add(time.Minute), nil
			}},
			job{"bad", func(context.Context, uint64) (time.Time, error) {
				bad = append(bad, time.Since(begun))
				return time.Time{}, errors.New("no")
			}})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute+time.Second)
		defer cancel()
		if err := r.Run(ctx, jobs); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if len(good) != 4 || good[3] != 3*time.Minute {
			t.Errorf("due every minute, ran at %v", good)
		}
		if len(bad) != 8 || bad[1] != time.Second || bad[2] != 3*time.Second || bad[7] != 127*time.Second {
			t.Errorf("retries at %v", bad)
		}
	})
}

// A backfill that always has more to do gives way to what is due elsewhere.
func TestRunIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, runner.Config{Parallel: 1, Slice: 5 * time.Second})
		small := 0
		jobs := source(
			job{"backfill", func(context.Context, uint64) (time.Time, error) { time.Sleep(time.Second); return time.Time{}, nil }},
			job{"increment", func(context.Context, uint64) (time.Time, error) {
				small++
				return time.Now().Add(10 * time.Second), nil
			}})
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
		defer cancel()
		_ = r.Run(ctx, jobs)
		if small < 8 {
			t.Errorf("the increment got %d turns in 100 s, due every 10", small)
		}
	})
}

func TestSoftStopLetsTheStepFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, runner.Config{})
		steps := 0
		ended := make(chan error)
		go func() {
			ended <- r.Run(t.Context(), source(job{"a", func(ctx context.Context, _ uint64) (time.Time, error) {
				time.Sleep(time.Second)
				steps++
				return time.Time{}, ctx.Err()
			}}))
		}()
		time.Sleep(2500 * time.Millisecond)
		r.Stop()
		if err := <-ended; err != nil || steps != 3 {
			t.Errorf("%d steps, %v", steps, err)
		}
	})
}

func TestWakeIsNotLostWhileTheJobWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, runner.Config{})
		steps := 0
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = r.Run(t.Context(), source(job{"a", func(context.Context, uint64) (time.Time, error) {
				time.Sleep(time.Second)
				steps++
				return time.Now().Add(time.Hour), nil
			}}))
		}()
		time.Sleep(500 * time.Millisecond)
		if err := r.Wake(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		r.Stop()
		<-ended
		if steps != 2 {
			t.Errorf("%d steps", steps)
		}
	})
}

// Waits beyond what a Duration holds when it is doubled do not wrap around.
func TestRunBacksOffWithLongWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, runner.Config{RetryMin: 3 * time.Hour, RetryMax: 5000 * time.Hour, Rescan: 100 * time.Hour, DemandPoll: 100 * time.Hour})
		n := 0
		ctx, cancel := context.WithTimeout(t.Context(), 200_000*time.Hour)
		defer cancel()
		_ = r.Run(ctx, source(job{"bad", func(context.Context, uint64) (time.Time, error) {
			n++
			return time.Time{}, errors.New("no")
		}}))
		if n < 40 || n > 60 {
			t.Errorf("%d steps", n)
		}
	})
}
