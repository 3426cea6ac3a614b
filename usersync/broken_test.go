package usersync_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/usersync"
)

// The broken implementations of what follows users.

type looseNote struct{ usersync.PairStore }

func (s looseNote) Note(ctx context.Context, p usersync.Pair) error {
	pairs, err := s.List(ctx, p.Tenant, p.Org, "", 1)
	if err != nil || len(pairs) == 0 {
		return err
	}
	p.User = pairs[0].User
	return s.PairStore.Note(ctx, p)
}

type blind struct{ usersync.PairStore }

func (s blind) Note(ctx context.Context, p usersync.Pair) error {
	p.Seen.Left = ""
	return s.PairStore.Note(ctx, p)
}

type wholeRow struct{ usersync.Directory }

func (d wholeRow) Update(ctx context.Context, t orglink.TenantID, id orglink.UserID, c usersync.Change) error {
	if c.Name == nil {
		c.Name = new(string)
	}
	return d.Directory.Update(ctx, t, id, c)
}

type tolerant struct{ usersync.Directory }

func (d tolerant) Update(ctx context.Context, t orglink.TenantID, id orglink.UserID, c usersync.Change) error {
	if err := d.Directory.Update(ctx, t, id, c); !errors.Is(err, usersync.ErrNoUser) {
		return err
	}
	return nil
}

type waker struct{ usersync.Directory }

func (d waker) Update(ctx context.Context, t orglink.TenantID, id orglink.UserID, c usersync.Change) error {
	c.Reactivate = true
	return d.Directory.Update(ctx, t, id, c)
}

type remover struct{ usersync.Directory }

func (d remover) Deactivate(ctx context.Context, t orglink.TenantID, id orglink.UserID) error {
	return d.Directory.(usersync.Deleter).Delete(ctx, t, id)
}

type activeOnly struct{ usersync.Directory }

func (d activeOnly) Find(ctx context.Context, t orglink.TenantID, by usersync.Identity, values []string) ([]usersync.HostUser, error) {
	users, err := d.Directory.Find(ctx, t, by, values)
	var out []usersync.HostUser
	for _, u := range users {
		if !u.Inactive {
			out = append(out, u)
		}
	}
	return out, err
}

type foldedIDs struct{ usersync.Directory }

func (d foldedIDs) Find(ctx context.Context, t orglink.TenantID, by usersync.Identity, values []string) ([]usersync.HostUser, error) {
	if by == usersync.ByID {
		for i := range values {
			values[i] = strings.ToLower(values[i])
		}
	}
	return d.Directory.Find(ctx, t, by, values)
}

type freeSeats struct{ usersync.Directory }

func (d freeSeats) Update(ctx context.Context, t orglink.TenantID, id orglink.UserID, c usersync.Change) error {
	if err := d.Directory.Update(ctx, t, id, c); !errors.Is(err, usersync.ErrNoSeats) {
		return err
	}
	return nil
}

type keyKeeper struct {
	usersync.Directory
	mu   sync.Mutex
	keys map[string]usersync.HostUser
}

func (d *keyKeeper) Create(ctx context.Context, t orglink.TenantID, key string, u usersync.NewUser) (usersync.HostUser, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	k := string(t) + key
	if h, ok := d.keys[k]; ok {
		return h, ctx.Err()
	}
	h, err := d.Directory.Create(ctx, t, key, u)
	if err == nil {
		d.keys[k] = h
	}
	return h, err
}

func (d *keyKeeper) Delete(ctx context.Context, t orglink.TenantID, id orglink.UserID) error {
	return d.Directory.(usersync.Deleter).Delete(ctx, t, id)
}

type fenceless struct{ usersync.PositionStore }

func (s fenceless) SetPosition(ctx context.Context, t orglink.TenantID, org sobject.ID, _ uint64, p usersync.Position) error {
	return s.PositionStore.SetPosition(ctx, t, org, 1<<40, p)
}

type onePosition struct{ usersync.PositionStore }

func (s onePosition) SetPosition(ctx context.Context, _ orglink.TenantID, org sobject.ID, fence uint64, p usersync.Position) error {
	return s.PositionStore.SetPosition(ctx, "all", org, fence, p)
}

func (s onePosition) OpenPosition(ctx context.Context, _ orglink.TenantID, org sobject.ID, fence uint64) (usersync.Position, error) {
	return s.PositionStore.OpenPosition(ctx, "all", org, fence)
}

type byDay struct{ usersync.PositionStore }

func (s byDay) SetPosition(ctx context.Context, t orglink.TenantID, org sobject.ID, fence uint64, p usersync.Position) error {
	p.Done = p.Done.Truncate(24 * time.Hour)
	return s.PositionStore.SetPosition(ctx, t, org, fence, p)
}

type deafPositions struct{ usersync.PositionStore }

func (s deafPositions) SetPosition(ctx context.Context, t orglink.TenantID, org sobject.ID, fence uint64, p usersync.Position) error {
	return s.PositionStore.SetPosition(context.WithoutCancel(ctx), t, org, fence, p)
}
