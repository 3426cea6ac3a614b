package runner

import (
	"context"
	"errors"
	"time"
)

// Lease is the right to work on a key until a time.
type Lease struct {
	Key   string
	Owner string
	// Fence grows each time that the key changes hands, also after a
	// release, and is never given out twice for one key. The first is 1.
	Fence uint64
	// Until is when the lease ends by the store's clock.
	Until time.Time
}

// LeaseStore keeps leases. Time is the store's own, so that the clocks of the
// machines that share it do not matter. Keys compare byte for byte.
// Implementations are safe for concurrent use; package runnertest checks one.
type LeaseStore interface {
	// Acquire takes a key that is free or whose lease ended; otherwise the
	// error wraps ErrHeld. An owner that holds the key already gets it anew
	// with a higher fence: a process that restarts under a stable name goes
	// on at once, and what may be left of its predecessor is fenced off.
	Acquire(ctx context.Context, key, owner string, ttl time.Duration) (Lease, error)
	// Renew makes a lease last ttl from now. ErrLost when another has the
	// key, or it was released.
	Renew(ctx context.Context, l Lease, ttl time.Duration) (Lease, error)
	// Release frees the key. Releasing what is no longer held does nothing.
	Release(ctx context.Context, l Lease) error
}

var (
	// ErrHeld is wrapped when another owner has the lease.
	ErrHeld = errors.New("runner: the lease is held by another owner")
	// ErrLost is wrapped when a lease passed to another owner or could not be
	// renewed in time. It is the cause of the step's cancelled context.
	ErrLost = errors.New("runner: the lease was lost")
)
