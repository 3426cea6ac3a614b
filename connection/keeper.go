package connection

import (
	"context"
	"errors"
	"time"

	"github.com/orglink/orglink"
)

// Keeper looks after a tenant's connections while nobody uses them: idle grants
// are refreshed well before Salesforce drops them, refusals that may have passed
// are tried again, revocations and events that failed are repeated, tokens sealed
// with an old key are sealed anew, and what dead processes left is removed. It
// has the shape of a job of package sync/runner; any other scheduler may call
// Step when it is due.
type Keeper struct {
	m      *Manager
	tenant orglink.TenantID
}

// Keeper returns the keeper of a tenant's connections. Without one running,
// connections that are not used for 30 days may have to be authorised again.
func (m *Manager) Keeper(tenant orglink.TenantID) *Keeper { return &Keeper{m, tenant} }

const (
	keepBatch = 20          // refreshes in one step
	keepEvery = time.Hour   // how often to look, for connections that are new
	keepPause = time.Minute // after one that could not be done now
)

// Key names the work.
func (k *Keeper) Key() string { return "connection/keep/" + string(k.tenant) }

// Step does what is due and tells when to look again, within an hour. A
// connection that cannot be refreshed is not an error of the step: its State
// tells, and an event was emitted. Grants have leases of their own, so the
// fence is not needed.
func (k *Keeper) Step(ctx context.Context, _ uint64) (next time.Time, err error) {
	m := k.m
	list, err := m.List(ctx, k.tenant)
	if err != nil {
		return time.Time{}, err
	}
	now := time.Now()
	next = now.Add(keepEvery)
	var errs []error
	refreshed := 0
	for _, c := range list {
		if err := ctx.Err(); err != nil {
			return time.Time{}, errors.Join(append(errs, err)...)
		}
		if c = m.deliver(ctx, c); len(c.Retired) > 0 {
			c = m.retire(ctx, c)
		}
		due, err := k.due(ctx, c)
		switch {
		case err != nil:
			errs = append(errs, err)
		case due.IsZero():
		case due.After(now):
			next = earlier(next, due)
		case refreshed == keepBatch:
			next = now // the rest in the next step
		default:
			refreshed++
			m.tryRefresh(ctx, c, false)
			next = earlier(next, now.Add(keepPause))
		}
	}
	if _, err := m.Rewrap(ctx, k.tenant); err != nil {
		errs = append(errs, err)
	}
	if err := m.resume(ctx, k.tenant); err != nil {
		errs = append(errs, err)
	}
	m.endForeign(ctx, k.tenant)
	m.sweep(ctx, k.tenant)
	if _, err := m.CleanUp(ctx); err != nil {
		errs = append(errs, err)
	}
	return next, errors.Join(errs...)
}

// due is when a connection's grant is to be refreshed without anybody asking:
// zero for never.
func (k *Keeper) due(ctx context.Context, c Connection) (time.Time, error) {
	if c.Grant == "" || usable(&c) != nil {
		return time.Time{}, nil
	}
	g, err := k.m.cfg.Tokens.Load(ctx, c.Tenant, c.Grant)
	if errors.Is(err, ErrNotFound) {
		return time.Time{}, nil // replaced meanwhile
	}
	if err != nil {
		return time.Time{}, storeError("keep", string(c.ID), err)
	}
	switch {
	case g.State.final() || len(g.Refresh) == 0:
		return time.Time{}, nil
	case !g.RetryAt.IsZero() && g.Intent == nil:
		return g.RetryAt, nil
	case g.Intent != nil:
		// The outcome of a refresh is unknown: the access token is used up
		// before the refresh token, which may be dead, is tried (rule A2).
	case g.Flow != WebServer: // nothing can idle away
		return time.Time{}, nil
	}
	return g.Issued.Add(k.m.cfg.IdleRefresh), nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
