package usersync_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/usersync"
)

// mortal is a directory and a pair store of a process that may die at any
// call that changes something, before or after it took effect.
type mortal struct {
	*usersync.MemoryDirectory
	rng  *rand.Rand
	dead bool
	// deaths in a thousand calls
	deaths int
}

func (m *mortal) call(f func() error) error {
	if m.dead {
		return errDead
	}
	if m.rng.IntN(1000) < m.deaths {
		m.dead = true
		if m.rng.IntN(2) == 0 {
			_ = f()
		}
		return errDead
	}
	return f()
}

func (m *mortal) Create(ctx context.Context, t orglink.TenantID, key string, u usersync.NewUser) (h usersync.HostUser, err error) {
	err = m.call(func() error { h, err = m.MemoryDirectory.Create(ctx, t, key, u); return err })
	return h, err
}

func (m *mortal) Update(ctx context.Context, t orglink.TenantID, id orglink.UserID, c usersync.Change) error {
	return m.call(func() error { return m.MemoryDirectory.Update(ctx, t, id, c) })
}

func (m *mortal) Deactivate(ctx context.Context, t orglink.TenantID, id orglink.UserID) error {
	return m.call(func() error { return m.MemoryDirectory.Deactivate(ctx, t, id) })
}

func (m *mortal) Delete(ctx context.Context, t orglink.TenantID, id orglink.UserID) error {
	return m.call(func() error { return m.MemoryDirectory.Delete(ctx, t, id) })
}

type mortalPairs struct {
	*usersync.Memory
	m *mortal
}

func (p mortalPairs) Put(ctx context.Context, pair usersync.Pair) error {
	return p.m.call(func() error { return p.Memory.Put(ctx, pair) })
}

func (p mortalPairs) Note(ctx context.Context, pair usersync.Pair) error {
	return p.m.call(func() error { return p.Memory.Note(ctx, pair) })
}

func (p mortalPairs) Remove(ctx context.Context, t orglink.TenantID, org, id sobject.ID) error {
	return p.m.call(func() error { return p.Memory.Remove(ctx, t, org, id) })
}

func (p mortalPairs) SetPosition(ctx context.Context, t orglink.TenantID, org sobject.ID, fence uint64, pos usersync.Position) error {
	return p.m.call(func() error { return p.Memory.SetPosition(ctx, t, org, fence, pos) })
}

// modelUser is a Salesforce user as the rules see it.
type modelUser struct {
	id                    sobject.ID
	username, email, name string
	active, frozen        bool
	// had: the product had an account for the first address from the start.
	had, arrived, picked bool
	// own: the two sides may have differed when they were paired; then what
	// the product has stays, unless the account was made for the user.
	own bool
}

// Random histories of users under every strategy, by plans, jobs, picks and
// arriving records, in processes that die at random: in the end pairs and
// accounts are what the rules say, and nobody has two.
func TestModelOfUsers(t *testing.T) {
	histories := 5
	if testing.Short() {
		histories = 3
	}
	for _, name := range []string{"manual", "on demand", "automatic", "all active"} {
		for seed := range histories {
			t.Run(fmt.Sprint(name, seed), func(t *testing.T) {
				t.Parallel()
				model(t, name, uint64(seed))
			})
		}
	}
}

func model(t *testing.T, name string, seed uint64) {
	strategy := map[string]usersync.Strategy{"manual": usersync.Manual(), "on demand": usersync.OnDemand(), "automatic": usersync.Automatic(), "all active": usersync.AllActive()}[name]
	rng := rand.New(rand.NewPCG(seed, uint64(len(name))))
	w := newWorld(t, strategy)
	deletes := seed%3 == 2
	if deletes {
		w.cfg.Policy.Inactive = usersync.DeleteAccount
	}
	m := &mortal{MemoryDirectory: w.directory, rng: rng}
	w.cfg.Directory, w.cfg.Pairs = m, mortalPairs{w.pairs, m}
	org := sobject.ID(w.org.Ready().OrgID)
	var users []*modelUser
	hire := func() {
		n := len(users)
		u := &modelUser{username: fmt.Sprintf("u%d@org.example", n), email: fmt.Sprintf("u%d@example.com", n), name: fmt.Sprint("u", n), active: true}
		if u.had = rng.IntN(2) == 0; u.had {
			w.directory.Add(tenant, usersync.HostUser{ID: orglink.UserID(fmt.Sprint("had-", n)), Email: u.email, Name: u.name})
		}
		u.id = w.user(fmt.Sprint("u", n))
		users = append(users, u)
	}
	for range 4 {
		hire()
	}
	job := func() {
		j, err := w.service().Job(tenant, conn, usersync.JobConfig{Batch: 3, Every: time.Minute, FullEvery: 3 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		for range 30 {
			if next, err := j.Step(t.Context(), 1); err != nil || next.After(time.Now()) {
				return
			}
		}
	}
	plan := func() {
		s := w.service()
		p, err := s.Plan(t.Context(), tenant, conn)
		if err != nil {
			if !m.dead {
				t.Fatal(err)
			}
			return
		}
		_ = p.GoAhead(p.Needed)
		_, _ = s.Apply(t.Context(), p)
	}
	pickOne := func(u *modelUser) bool {
		s := w.service()
		p, err := s.Pick(t.Context(), tenant, conn, u.id)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Apply(t.Context(), p)
		return err == nil && !m.dead
	}
	m.deaths = 60
	for range 40 {
		m.dead = false
		u := users[rng.IntN(len(users))]
		switch rng.IntN(10) {
		case 0:
			hire()
		case 1:
			u.active = !u.active
			w.change(u.id, salesforcetest.Fields{"IsActive": u.active})
		case 2:
			u.frozen = !u.frozen
			if err := w.org.Org().FreezeUser(u.username, u.frozen); err != nil {
				t.Fatal(err)
			}
		case 3:
			pairs, err := w.pairs.BySalesforce(t.Context(), tenant, org, []sobject.ID{u.id})
			if err != nil {
				t.Fatal(err)
			}
			u.own = u.own || len(pairs) == 0
			u.name = fmt.Sprint("n", rng.IntN(1000))
			w.change(u.id, salesforcetest.Fields{"LastName": u.name})
		case 4:
			pairs, err := w.pairs.BySalesforce(t.Context(), tenant, org, []sobject.ID{u.id})
			if err != nil {
				t.Fatal(err)
			}
			u.own = u.own || len(pairs) == 0
			u.email = fmt.Sprintf("e%d@example.com", rng.IntN(1e6))
			w.change(u.id, salesforcetest.Fields{"Email": u.email})
		case 5, 6:
			plan()
		case 7:
			w.org.Org().Advance(20 * time.Minute)
			job()
		case 8:
			u.arrived = true
			_, _ = w.service().ResolveOwners(t.Context(), tenant, conn, []sobject.ID{u.id})
		case 9:
			if name == "on demand" {
				u.picked = true
				_ = pickOne(u)
			}
		}
	}
	// The world stands still, and nobody dies: two rounds settle everything.
	m.deaths, m.dead = 0, false
	for range 2 {
		for _, u := range users {
			if u.picked && !pickOne(u) {
				t.Fatal("a pick failed")
			}
			if u.arrived {
				if _, err := w.service().ResolveOwners(t.Context(), tenant, conn, []sobject.ID{u.id}); err != nil {
					t.Fatal(err)
				}
			}
		}
		plan()
	}
	judge(t, w, name, users, org, deletes)
	// Once more changes nothing.
	s := w.service()
	p, err := s.Plan(t.Context(), tenant, conn)
	if err != nil {
		t.Fatal(err)
	}
	_ = p.GoAhead(p.Needed)
	if res, err := s.Apply(t.Context(), p); err != nil || res.Paired+res.Created+res.Updated+res.Deactivated+res.Reactivated+res.Deleted+len(res.Failed) > 0 {
		t.Errorf("a settled world is changed: %+v, %v", res, err)
	}
}

func judge(t *testing.T, w *world, name string, users []*modelUser, org sobject.ID, deletes bool) {
	t.Helper()
	list, err := w.directory.List(t.Context(), tenant, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := w.pairs.List(t.Context(), tenant, org, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	host := map[orglink.UserID]usersync.HostUser{}
	for _, h := range list {
		host[h.ID] = h
	}
	of := map[sobject.ID]usersync.Pair{}
	owned := map[orglink.UserID]bool{}
	for _, p := range pairs {
		of[p.Salesforce] = p
		if owned[p.User] {
			t.Errorf("account %s is paired twice", p.User)
		}
		owned[p.User] = true
	}
	for _, h := range list {
		// The account of somebody who left before it could be paired is found
		// again when he is back.
		away := slices.ContainsFunc(users, func(u *modelUser) bool { return u.username == h.Username && (!u.active || u.frozen) })
		if !owned[h.ID] && !away && !strings.HasPrefix(string(h.ID), "had-") {
			t.Errorf("account %+v was created and belongs to nobody", h)
		}
	}
	for _, u := range users {
		p, paired := of[u.id]
		works := u.active && !u.frozen
		must := works && (name == "all active" || name == "on demand" && u.picked || name == "automatic" && u.arrived)
		if name == "manual" && paired || must && !paired || deletes && paired && !u.active {
			t.Errorf("%s (%+v): paired is %t", u.username, *u, paired)
		}
		if !paired {
			continue
		}
		h, ok := host[p.User]
		if !ok {
			t.Errorf("%s: the account %s is gone", u.username, p.User)
			continue
		}
		if h.Inactive == works || h.SalesforceUser != works {
			t.Errorf("%s works: %t; the account is %+v, seen %+v", u.username, works, h, p.Seen)
		}
		if works && (!strings.EqualFold(h.Email, u.email) || h.Name != u.name) && (!u.own || p.How == "created") {
			t.Errorf("%s is %s, %s; the account is %+v, seen %+v", u.username, u.email, u.name, h, p.Seen)
		}
	}
	if !slices.IsSortedFunc(pairs, func(a, b usersync.Pair) int { return strings.Compare(string(a.Salesforce), string(b.Salesforce)) }) {
		t.Error("pairs are not in order")
	}
}
