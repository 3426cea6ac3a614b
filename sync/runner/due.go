package runner

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// RunDue runs each job until its next step lies in the future, up to
// Config.Parallel at once, and returns what failed. A job that fails is not
// repeated and does not stop the others. A lease that another process holds is
// waited for.
func (r *Runner) RunDue(ctx context.Context, jobs ...Job) error {
	errs := make([]error, len(jobs))
	gate := make(chan struct{}, r.cfg.Parallel)
	var wg sync.WaitGroup
	for i, job := range jobs {
		gate <- struct{}{} // here: jobs begin in the order given
		wg.Go(func() {
			defer func() { <-gate }()
			err := r.Do(ctx, job.Key(), func(ctx context.Context, fence uint64) error {
				_, err := r.steps(ctx, job, fence, 0)
				return err
			})
			if err != nil {
				errs[i] = fmt.Errorf("%s: %w", job.Key(), err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// steps runs a job until it has nothing to do now, fails, or used up its
// slice; no slice means no such limit.
func (r *Runner) steps(ctx context.Context, job Job, fence uint64, slice time.Duration) (next time.Time, err error) {
	begun := time.Now()
	for {
		if ctx.Err() != nil {
			return next, context.Cause(ctx)
		}
		started := time.Now()
		next, err = job.Step(ctx, fence)
		if r.cfg.Observer != nil {
			r.cfg.Observer(Step{Key: job.Key(), Fence: fence, Started: started, Duration: time.Since(started), Next: next, Err: err})
		}
		if err != nil || next.After(time.Now()) {
			return next, err
		}
		if slice > 0 && time.Since(begun) >= slice {
			return next, nil
		}
	}
}
