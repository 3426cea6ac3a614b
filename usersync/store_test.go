package usersync_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/usersync"
	"github.com/orglink/orglink/usersync/usersynctest"
)

func TestMemory(t *testing.T) {
	usersynctest.TestPairStore(t, func(*testing.T) usersync.PairStore { return usersync.NewMemory() })
}

func BenchmarkMemory(b *testing.B) {
	usersynctest.BenchmarkPairStore(b, func(*testing.B) usersync.PairStore { return usersync.NewMemory() })
}

func openDirectory() usersynctest.Directory {
	d := usersync.NewMemoryDirectory()
	return usersynctest.Directory{Directory: d,
		Add: func(_ context.Context, tenant orglink.TenantID, users ...usersync.HostUser) error {
			d.Add(tenant, users...)
			return nil
		},
		LimitSeats: func(_ context.Context, tenant orglink.TenantID, n int) error { d.LimitSeats(tenant, n); return nil },
	}
}

func TestMemoryDirectory(t *testing.T) {
	usersynctest.TestDirectory(t, func(*testing.T) usersynctest.Directory { return openDirectory() })
}

// Each broken store has one fault; the suite must find it.
func TestSuiteFindsBrokenPairStores(t *testing.T) {
	for name, open := range map[string]func() usersync.PairStore{
		"missing tenant filter": func() usersync.PairStore { return oneTenant{usersync.NewMemory()} },
		"missing org filter":    func() usersync.PairStore { return oneOrg{usersync.NewMemory()} },
		"lost uniqueness":       func() usersync.PairStore { return lastWins{usersync.NewMemory()} },
		"check, then act":       func() usersync.PairStore { return checkThenAct{usersync.NewMemory()} },
		"case-folded id":        func() usersync.PairStore { return folded{usersync.NewMemory()} },
		"truncated time":        func() usersync.PairStore { return wholeSeconds{usersync.NewMemory()} },
		"ignored context":       func() usersync.PairStore { return deaf{usersync.NewMemory()} },
		"notes everybody's":     func() usersync.PairStore { return looseNote{usersync.NewMemory()} },
		"forgets what was seen": func() usersync.PairStore { return blind{usersync.NewMemory()} },
		"erases everything":     func() usersync.PairStore { return &eraser{PairStore: usersync.NewMemory()} },
	} {
		t.Run(name, func(t *testing.T) {
			report(t, usersynctest.PairStoreFailures(t.Context(), open))
		})
	}
}

func TestSuiteFindsBrokenDirectories(t *testing.T) {
	for name, broken := range map[string]func(usersync.Directory) usersync.Directory{
		"ignored key":            func(d usersync.Directory) usersync.Directory { return &keyless{Directory: d} },
		"first match":            func(d usersync.Directory) usersync.Directory { return firstOnly{d} },
		"case-sensitive":         func(d usersync.Directory) usersync.Directory { return exactCase{d} },
		"missing tenant":         func(d usersync.Directory) usersync.Directory { return everyTenant{d} },
		"ignored context":        func(d usersync.Directory) usersync.Directory { return deafDirectory{d} },
		"whole-row update":       func(d usersync.Directory) usersync.Directory { return wholeRow{d} },
		"update of nobody":       func(d usersync.Directory) usersync.Directory { return tolerant{d} },
		"update reactivates":     func(d usersync.Directory) usersync.Directory { return waker{d} },
		"deactivation deletes":   func(d usersync.Directory) usersync.Directory { return remover{d} },
		"inactive are not found": func(d usersync.Directory) usersync.Directory { return activeOnly{d} },
		"ids fold case":          func(d usersync.Directory) usersync.Directory { return foldedIDs{d} },
		"free reactivation":      func(d usersync.Directory) usersync.Directory { return freeSeats{d} },
		"keys outlive accounts": func(d usersync.Directory) usersync.Directory {
			return &keyKeeper{Directory: d, keys: map[string]usersync.HostUser{}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			report(t, usersynctest.DirectoryFailures(t.Context(), func() usersynctest.Directory {
				d := openDirectory()
				d.Directory = broken(d.Directory)
				return d
			}))
		})
	}
}

func TestMemoryPositions(t *testing.T) {
	usersynctest.TestPositionStore(t, func(*testing.T) usersync.PositionStore { return usersync.NewMemory() })
}

func TestSuiteFindsBrokenPositionStores(t *testing.T) {
	for name, open := range map[string]func() usersync.PositionStore{
		"ignored fence":   func() usersync.PositionStore { return fenceless{usersync.NewMemory()} },
		"missing tenant":  func() usersync.PositionStore { return onePosition{usersync.NewMemory()} },
		"position by day": func() usersync.PositionStore { return byDay{usersync.NewMemory()} },
		"ignored context": func() usersync.PositionStore { return deafPositions{usersync.NewMemory()} },
	} {
		t.Run(name, func(t *testing.T) {
			report(t, usersynctest.PositionStoreFailures(t.Context(), open))
		})
	}
}

func report(t *testing.T, failures map[string]error) {
	t.Helper()
	if len(failures) == 0 {
		t.Fatal("the suite passed a broken implementation")
	}
	for check, err := range failures {
		t.Logf("%s: %v", check, err)
	}
}

type oneTenant struct{ usersync.PairStore }

func (s oneTenant) Put(ctx context.Context, p usersync.Pair) error {
	p.Tenant = "all"
	return s.PairStore.Put(ctx, p)
}

func (s oneTenant) BySalesforce(ctx context.Context, t orglink.TenantID, org sobject.ID, ids []sobject.ID) (map[sobject.ID]usersync.Pair, error) {
	found, err := s.PairStore.BySalesforce(ctx, "all", org, ids)
	for id, p := range found {
		p.Tenant = t
		found[id] = p
	}
	return found, err
}

func (s oneTenant) ByUsers(ctx context.Context, t orglink.TenantID, org sobject.ID, ids []orglink.UserID) (map[orglink.UserID]usersync.Pair, error) {
	found, err := s.PairStore.ByUsers(ctx, "all", org, ids)
	for id, p := range found {
		p.Tenant = t
		found[id] = p
	}
	return found, err
}

type oneOrg struct{ usersync.PairStore }

func (s oneOrg) BySalesforce(ctx context.Context, t orglink.TenantID, org sobject.ID, ids []sobject.ID) (map[sobject.ID]usersync.Pair, error) {
	for _, o := range []sobject.ID{"00D000000000002AAA", org} {
		if found, err := s.PairStore.BySalesforce(ctx, t, o, ids); err != nil || len(found) > 0 {
			return found, err
		}
	}
	return nil, nil
}

type lastWins struct{ usersync.PairStore }

func (s lastWins) Put(ctx context.Context, p usersync.Pair) error {
	if err := s.Remove(ctx, p.Tenant, p.Org, p.Salesforce); err != nil {
		return err
	}
	return s.PairStore.Put(ctx, p)
}

type checkThenAct struct{ usersync.PairStore }

func (s checkThenAct) Put(ctx context.Context, p usersync.Pair) error {
	found, err := s.BySalesforce(ctx, p.Tenant, p.Org, []sobject.ID{p.Salesforce})
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return s.PairStore.Put(ctx, p)
	}
	time.Sleep(time.Millisecond) // widens the gap in which others pass
	if err := s.Remove(ctx, p.Tenant, p.Org, p.Salesforce); err != nil {
		return err
	}
	return s.PairStore.Put(ctx, p)
}

type folded struct{ usersync.PairStore }

func (s folded) Put(ctx context.Context, p usersync.Pair) error {
	p.User = orglink.UserID(strings.ToLower(string(p.User)))
	return s.PairStore.Put(ctx, p)
}

type wholeSeconds struct{ usersync.PairStore }

func (s wholeSeconds) Put(ctx context.Context, p usersync.Pair) error {
	p.At = p.At.Truncate(time.Second)
	return s.PairStore.Put(ctx, p)
}

type deaf struct{ usersync.PairStore }

func (s deaf) Remove(ctx context.Context, t orglink.TenantID, org, id sobject.ID) error {
	return s.PairStore.Remove(context.WithoutCancel(ctx), t, org, id)
}

type eraser struct{ usersync.PairStore }

func (s *eraser) Erase(ctx context.Context, t orglink.TenantID) error {
	s.PairStore = usersync.NewMemory()
	return ctx.Err()
}

type keyless struct{ usersync.Directory }

func (d *keyless) Create(ctx context.Context, t orglink.TenantID, key string, u usersync.NewUser) (usersync.HostUser, error) {
	return d.Directory.Create(ctx, t, key+time.Now().String(), u)
}

type firstOnly struct{ usersync.Directory }

func (d firstOnly) Find(ctx context.Context, t orglink.TenantID, by usersync.Identity, values []string) ([]usersync.HostUser, error) {
	users, err := d.Directory.Find(ctx, t, by, values)
	return users[:min(1, len(users))], err
}

type exactCase struct{ usersync.Directory }

func (d exactCase) Find(ctx context.Context, t orglink.TenantID, by usersync.Identity, values []string) ([]usersync.HostUser, error) {
	users, err := d.Directory.Find(ctx, t, by, values)
	var out []usersync.HostUser
	for _, u := range users {
		for _, v := range values {
			if u.Email == v || u.Username == v || u.FederationID == v {
				out = append(out, u)
			}
		}
	}
	return out, err
}

type everyTenant struct{ usersync.Directory }

func (d everyTenant) Find(ctx context.Context, t orglink.TenantID, by usersync.Identity, values []string) ([]usersync.HostUser, error) {
	a, err := d.Directory.Find(ctx, usersynctest.Tenant, by, values)
	if err != nil {
		return nil, err
	}
	b, err := d.Directory.Find(ctx, usersynctest.Other, by, values)
	return append(a, b...), err
}

type deafDirectory struct{ usersync.Directory }

func (d deafDirectory) Seats(ctx context.Context, t orglink.TenantID) (usersync.Seats, error) {
	return d.Directory.Seats(context.WithoutCancel(ctx), t)
}
