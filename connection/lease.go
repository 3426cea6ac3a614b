package connection

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/orglink/orglink"
)

// leaseTTL is longer than a token request can take, so that a lease that ran
// out means a worker that is gone, and its request with it.
func (m *Manager) leaseTTL() time.Duration { return 3 * m.cfg.RefreshTimeout }

// acquire waits for the lease on a grant. Between tries it asks again whether
// there is still a need. After a process that was killed in its work, that is
// as long as its lease lasts; a process that starts again is another owner and
// waits like all others. ErrLeaseHeld when ctx ends first.
func (m *Manager) acquire(ctx context.Context, tenant orglink.TenantID, id GrantID, ttl time.Duration, needed func() bool) (Lease, bool, error) {
	for wait := 20 * time.Millisecond; ; wait = min(wait*2, 500*time.Millisecond) {
		l, err := m.cfg.Tokens.Acquire(ctx, tenant, id, m.owner, ttl)
		if err == nil {
			return l, true, nil
		}
		if !errors.Is(err, ErrLeaseHeld) {
			return Lease{}, false, err
		}
		if err := pause(ctx, wait/2+rand.N(wait)); err != nil {
			return Lease{}, false, errors.Join(ErrLeaseHeld, err)
		}
		if !needed() {
			return Lease{}, false, nil
		}
	}
}

// release gives a lease back even when the work's context has ended.
func (m *Manager) release(ctx context.Context, l Lease) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.cfg.RefreshTimeout)
	defer cancel()
	if err := m.cfg.Tokens.Release(ctx, l); err != nil {
		m.warn(ctx, "a lease could not be released and will run out", "grant", string(l.Grant))
	}
}

// placeLease serialises what must look at all connections of a tenant at once.
// Its work is a few reads and a write, so that it can be short: who comes after
// a process that died must not wait for long.
const (
	placeLease GrantID = "place"
	placeTTL           = 5 * time.Second
)

func (m *Manager) locked(ctx context.Context, tenant orglink.TenantID, work func(context.Context) error) error {
	l, _, err := m.acquire(ctx, tenant, placeLease, placeTTL, func() bool { return true })
	if err != nil {
		return storeError("finish", string(tenant), err)
	}
	defer m.release(ctx, l)
	ctx, cancel := context.WithTimeout(ctx, placeTTL*4/5)
	defer cancel()
	return work(ctx)
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
