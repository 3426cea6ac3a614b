package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Source lists the jobs that exist now. It is asked again every Config.Rescan;
// a job that is no longer listed is not begun any more.
type Source func(ctx context.Context) ([]Job, error)

// entry is what Run knows of one job.
type entry struct {
	job     Job
	due     time.Time
	last    time.Time // when it last had a turn
	fails   int
	running bool
	woken   bool   // while running
	demand  uint64 // the serial of the last demand that was seen
	gone    bool   // no longer listed
}

// turn is what a finished turn reports.
type turn struct {
	key  string
	next time.Time
	err  error
}

// Run runs the jobs of a source, each when it is due, until it is told to end:
// soft by [Runner.Stop], which lets running steps finish and starts no new
// ones, hard by ctx, which cancels them. It returns nil after a soft
// stop and the context's cause after a hard one. Among jobs that are due, the
// one that waited longest goes first, and a job that always has more to do gives
// up its place after Config.Slice.
func (r *Runner) Run(ctx context.Context, source Source) error {
	jobs := map[string]*entry{}
	finished := make(chan turn)
	running := 0
	rescan := time.Now()
	look := rescan
	defer func() {
		for ; running > 0; running-- {
			<-finished
		}
	}()
	for {
		now := time.Now()
		if !now.Before(rescan) {
			if err := r.rescan(ctx, jobs, source); err != nil && ctx.Err() == nil {
				r.warn("list of jobs", err)
			}
			rescan = now.Add(r.cfg.Rescan)
		}
		if !now.Before(look) {
			r.demanded(ctx, jobs)
			look = now.Add(r.cfg.DemandPoll)
		}
		for _, e := range ready(jobs, now, r.cfg.Parallel-running) {
			e.running, e.last, e.woken = true, now, false
			running++
			job, demand := e.job, e.demand
			go func() { finished <- r.turn(ctx, job, demand) }()
		}
		until := rescan
		if look.Before(until) {
			until = look
		}
		timer := time.NewTimer(time.Until(earliest(jobs, until, running < r.cfg.Parallel)))
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-r.stop:
			timer.Stop()
			return nil
		case t := <-finished:
			running--
			r.settle(jobs, t)
		case key := <-r.wake:
			if e := jobs[key]; e != nil {
				e.due, e.woken = time.Now(), e.running
			} else {
				rescan = time.Now()
			}
		case <-timer.C:
		}
		timer.Stop()
	}
}

// Stop ends every Run of this runner softly, also later ones. It does not
// wait; Run returns when the running steps have.
func (r *Runner) Stop() { r.stopOnce.Do(func() { close(r.stop) }) }

// Wake makes a job due now in the Run of this process; when it is at work, it
// runs once more afterwards. Wake returns when Run has taken note, or ctx ends.
func (r *Runner) Wake(ctx context.Context, key string) error {
	select {
	case r.wake <- key:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("runner: wake %s: no Run took note: %w", key, context.Cause(ctx))
	}
}

func (r *Runner) rescan(ctx context.Context, jobs map[string]*entry, source Source) error {
	list, err := source(ctx)
	if err != nil {
		return err
	}
	for _, e := range jobs {
		e.gone = true
	}
	for _, job := range list {
		e := jobs[job.Key()]
		if e == nil {
			e = &entry{due: time.Now()}
			jobs[job.Key()] = e
		}
		e.gone = false
		if !e.running {
			e.job = job
		}
	}
	for key, e := range jobs {
		if e.gone && !e.running {
			delete(jobs, key)
		}
	}
	return nil
}

// turn gives one job a slice of time, and notes when it did what was asked for
// up to a demand.
func (r *Runner) turn(ctx context.Context, job Job, demand uint64) turn {
	t := turn{key: job.Key()}
	begun := time.Now()
	t.err = r.try(ctx, job.Key(), func(ctx context.Context, fence uint64) (err error) {
		for {
			t.next, err = r.steps(ctx, job, fence, time.Nanosecond) // one step
			if err != nil || t.next.After(time.Now()) || time.Since(begun) >= r.cfg.Slice {
				return err
			}
			select {
			case <-r.stop:
				return nil
			default:
			}
		}
	})
	if err := r.meet(ctx, t, demand); err != nil {
		t.err = err
	}
	return t
}

// settle notes when a job is due again.
func (r *Runner) settle(jobs map[string]*entry, t turn) {
	e := jobs[t.key]
	now := time.Now()
	e.running = false
	var held *heldError
	switch {
	case errors.As(t.err, &held):
		e.due = now.Add(r.cfg.TTL / 3) // its holder works on it
	case t.err != nil:
		r.warn(t.key, t.err)
		e.due = now.Add(r.cfg.backoff(e.fails))
		e.fails++
	default:
		e.due, e.fails = t.next, 0
	}
	if e.woken {
		e.due = now
	}
	if e.gone {
		delete(jobs, t.key)
	}
}

// backoff is the wait after a number of failures before.
func (c *Config) backoff(fails int) time.Duration {
	wait := c.RetryMin
	for ; fails > 0 && wait < c.RetryMax/2; fails-- {
		wait *= 2
	}
	if fails > 0 {
		return c.RetryMax
	}
	return wait
}

func (r *Runner) warn(key string, err error) {
	if r.cfg.Logger != nil {
		r.cfg.Logger.Warn("runner: step failed", "key", key, "error", err)
	}
}

// ready returns up to n jobs that are due, the longest waiting first.
func ready(jobs map[string]*entry, now time.Time, n int) []*entry {
	var out []*entry
	for _, e := range jobs {
		if !e.running && !e.gone && !e.due.After(now) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b *entry) int {
		return cmp.Or(a.last.Compare(b.last), a.due.Compare(b.due), cmp.Compare(a.job.Key(), b.job.Key()))
	})
	return out[:min(max(n, 0), len(out))]
}

// earliest returns when something is to be done without being told.
func earliest(jobs map[string]*entry, rescan time.Time, free bool) time.Time {
	for _, e := range jobs {
		if free && !e.running && !e.gone && e.due.Before(rescan) {
			rescan = e.due
		}
	}
	return rescan
}
