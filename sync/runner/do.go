package runner

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Do runs fn while it holds the lease of a key, and renews the lease
// meanwhile. When another owner holds it, Do waits until the lease is free or
// ctx ends. When the lease is lost, the context of fn is cancelled with ErrLost
// as its cause, and Do returns an error that wraps it.
func (r *Runner) Do(ctx context.Context, key string, fn func(ctx context.Context, fence uint64) error) error {
	for {
		err := r.try(ctx, key, fn)
		var held *heldError
		if !errors.As(err, &held) {
			return err
		}
		// The end of the other's lease is unknown here (its clock is the
		// store's), so ask again a few times per TTL.
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; gave up waiting: %w", err, context.Cause(ctx))
		case <-time.After(r.cfg.TTL / 10):
		}
	}
}

// heldError sets a refused lease apart from an ErrHeld that fn returned.
type heldError struct{ err error }

func (e *heldError) Error() string { return e.err.Error() }
func (e *heldError) Unwrap() error { return e.err }

// try is Do without waiting for other processes.
func (r *Runner) try(ctx context.Context, key string, fn func(ctx context.Context, fence uint64) error) error {
	done, err := r.enter(ctx, key)
	if err != nil {
		return err
	}
	defer done()
	lease, err := r.cfg.Leases.Acquire(ctx, key, r.cfg.Owner, r.cfg.TTL)
	if err != nil {
		if errors.Is(err, ErrHeld) {
			return &heldError{err}
		}
		return err
	}
	work, cancel := context.WithCancelCause(ctx)
	keeper := make(chan struct{})
	go func() { defer close(keeper); r.keep(work, cancel, lease) }()
	defer func() {
		cancel(nil)
		<-keeper
		// Also when ctx has ended: others should not wait for the TTL.
		free, stop := context.WithTimeout(context.WithoutCancel(ctx), r.cfg.TTL)
		defer stop()
		_ = r.cfg.Leases.Release(free, lease) // a lease that stays ends by itself
	}()
	err = fn(work, lease.Fence)
	if cause := context.Cause(work); errors.Is(cause, ErrLost) {
		return errors.Join(cause, err)
	}
	return err
}

// enter keeps two goroutines of this process from working on one key; they
// have the same owner, so the store would let both in.
func (r *Runner) enter(ctx context.Context, key string) (leave func(), err error) {
	for {
		r.mu.Lock()
		other, taken := r.busy[key]
		if !taken {
			mine := make(chan struct{})
			r.busy[key] = mine
			r.mu.Unlock()
			return func() {
				r.mu.Lock()
				delete(r.busy, key)
				r.mu.Unlock()
				close(mine)
			}, nil
		}
		r.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-other:
		}
	}
}

// keep renews a lease until work ends, and ends work when the lease is lost.
// A store that does not answer counts as lost shortly before the lease ends by
// the local clock, which started before the store's did.
func (r *Runner) keep(work context.Context, cancel context.CancelCauseFunc, lease Lease) {
	renewed := time.Now()
	tick := time.NewTicker(r.cfg.TTL / 3)
	defer tick.Stop()
	for {
		select {
		case <-work.Done():
			return
		case <-tick.C:
		}
		started := time.Now()
		ctx, stop := context.WithDeadline(work, renewed.Add(r.cfg.TTL*9/10))
		_, err := r.cfg.Leases.Renew(ctx, lease, r.cfg.TTL)
		stop()
		switch {
		case err == nil:
			renewed = started
		case work.Err() != nil:
			return
		case errors.Is(err, ErrLost):
			cancel(err)
			return
		case time.Since(renewed) >= r.cfg.TTL*6/10:
			cancel(fmt.Errorf("%w: %s could not be renewed in time: %w", ErrLost, lease.Key, err))
			return
		}
	}
}
