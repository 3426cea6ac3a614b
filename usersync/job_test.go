package usersync_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/runner"
	"github.com/orglink/orglink/usersync"
)

var _ runner.Job = (*usersync.Job)(nil)

// pass moves the org's clock on and runs steps until a pass is over.
func (w *world) pass(cfg usersync.JobConfig) (steps int) {
	w.t.Helper()
	w.org.Org().Advance(time.Hour)
	j, err := w.service().Job(tenant, conn, cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	for steps = 1; steps < 200; steps++ {
		next, err := j.Step(w.t.Context(), 1)
		if err != nil {
			w.t.Fatal(err)
		}
		if next.After(time.Now()) {
			return steps
		}
	}
	w.t.Fatal("the pass does not end")
	return 0
}

// A job brings the same as plans, in small steps, and then reads only what
// changed.
func TestJobFollowsChanges(t *testing.T) {
	w := newWorld(t, usersync.Automatic())
	var ids []sobject.ID
	for i := range 7 {
		ids = append(ids, w.user(fmt.Sprint("user", i)))
		w.directory.Add(tenant, usersync.HostUser{ID: orglink.UserID(fmt.Sprint("h", i)), Email: fmt.Sprintf("user%d@example.com", i), Name: fmt.Sprint("user", i)})
	}
	cfg := usersync.JobConfig{Batch: 2, FullEvery: 1000 * time.Hour}
	if steps := w.pass(cfg); steps < 4 {
		t.Errorf("8 users in steps of 2 took %d", steps)
	}
	list := func() map[sobject.ID]usersync.Pair {
		pairs, err := w.pairs.BySalesforce(t.Context(), tenant, sobject.ID(w.org.Ready().OrgID), ids)
		if err != nil {
			t.Fatal(err)
		}
		return pairs
	}
	if n := len(list()); n != 7 {
		t.Fatalf("%d pairs, want 7", n)
	}
	_ = w.org.Org().DeactivateUser("user0@org.example")
	_ = w.org.Org().FreezeUser("user1@org.example", true)
	_ = w.org.Org().FreezeUser("user2@org.example", true)
	_ = w.org.Org().FreezeUser("user3@org.example", true)
	w.change(ids[4], salesforcetest.Fields{"LastName": "Renamed"})
	late := w.user("late")
	w.directory.Add(tenant, usersync.HostUser{ID: "late", Email: "late@example.com"})
	w.pass(cfg)
	for i, want := range []usersync.HostUser{{Inactive: true, Name: "user0"}, {Inactive: true, Name: "user1"}, {Inactive: true, Name: "user2"}, {Inactive: true, Name: "user3"}, {Name: "Renamed"}, {Name: "user5"}} {
		if u, _ := w.account(orglink.UserID(fmt.Sprint("h", i))); u.Inactive != want.Inactive || u.Name != want.Name {
			t.Errorf("account %d is %+v", i, u)
		}
	}
	if pairs, _ := w.pairs.BySalesforce(t.Context(), tenant, sobject.ID(w.org.Ready().OrgID), []sobject.ID{late}); len(pairs) != 1 {
		t.Error("a new user was not paired")
	}
	_ = w.org.Org().FreezeUser("user1@org.example", false)
	_ = w.org.Org().ActivateUser("user0@org.example")
	w.pass(cfg)
	for _, i := range []int{0, 1} {
		if u, _ := w.account(orglink.UserID(fmt.Sprint("h", i))); u.Inactive {
			t.Errorf("account %d is %+v", i, u)
		}
	}
	before := w.org.APICalls()
	if w.pass(cfg); w.org.APICalls()-before > 4 {
		t.Errorf("a pass without changes took %d calls", w.org.APICalls()-before)
	}
}

// What a job may not decide waits for a person, and what failed is tried again.
func TestJobLeavesSeatsToPeopleAndTriesAgain(t *testing.T) {
	w := newWorld(t, usersync.AllActive())
	var kinds []string
	w.cfg.Events = func(e orglink.Event) { kinds = append(kinds, e.Kind) }
	id := w.user("ada")
	cfg := usersync.JobConfig{FullEvery: 1000 * time.Hour}
	w.pass(cfg)
	if users, _ := w.directory.List(t.Context(), tenant, "", 10); len(users) != 0 || len(kinds) != 1 || kinds[0] != "usersync.waiting" {
		t.Fatalf("%d accounts without a go-ahead, events %q", len(users), kinds)
	}
	w.run()
	w.change(id, salesforcetest.Fields{"LastName": "Renamed"})
	directory := w.directory
	w.cfg.Directory = &picky{Directory: directory}
	w.pass(cfg)
	w.pass(cfg)
	users, err := directory.Find(t.Context(), tenant, usersync.ByEmail, []string{"ada@example.com"})
	if err != nil || len(users) != 1 || users[0].Name != "Renamed" {
		t.Errorf("accounts %+v, %v; events %q", users, err, kinds)
	}
}

// Two jobs at once, one of them stale: the stale one commits nothing.
func TestAStaleJobStops(t *testing.T) {
	w := newWorld(t, usersync.Automatic())
	j, err := w.service().Job(tenant, conn, usersync.JobConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Step(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Step(t.Context(), 1); err == nil {
		t.Error("a step with an old fence was done")
	}
}

func TestJobByRunner(t *testing.T) {
	w := newWorld(t, usersync.Automatic())
	w.user("ada")
	w.directory.Add(tenant, usersync.HostUser{ID: "h", Email: "ada@example.com"})
	j, err := w.service().Job(tenant, conn, usersync.JobConfig{Batch: 1})
	if err != nil {
		t.Fatal(err)
	}
	r, err := runner.New(runner.Config{Leases: runner.NewMemoryStore()})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.RunDue(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	if u, _ := w.account("h"); !u.SalesforceUser {
		t.Errorf("the account is %+v", u)
	}
}

// An administrator searches a big org page by page, and picks many at once.
func TestSearchAndPick(t *testing.T) {
	w := newWorld(t, usersync.Manual())
	var want []sobject.ID
	for i := range 25 {
		want = append(want, w.user(fmt.Sprintf("sales%02d", i)))
	}
	w.user("other")
	left := w.user("sales98", "IsActive", false)
	rival := w.user("rival", "Email", "sales03@example.com")
	w.user("percent", "LastName", "100% sure")
	w.directory.Add(tenant, usersync.HostUser{ID: "h", Email: "sales03@example.com"}, usersync.HostUser{ID: "h4", Email: "sales04@example.com"})
	s := w.service()
	var got []usersync.Entry
	pages := 0
	for q := (usersync.Search{Text: "SALES", Limit: 10}); ; pages++ {
		page, err := s.Search(t.Context(), tenant, conn, q)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, page.Entries...)
		if q.After = page.Next; page.Next == "" {
			break
		}
	}
	if len(got) != 26 || pages != 2 { // the rival's address contains the text too
		t.Errorf("%d users on %d pages", len(got), pages+1)
	}
	for _, e := range got {
		wanted := usersync.ActionLeave
		if e.User.ID == want[3] || e.User.ID == rival {
			wanted = usersync.ActionAmbiguous
		}
		if e.Action != wanted {
			t.Errorf("%s: %s, %s", e.User.Username, e.Action, e.Why)
		}
	}
	if page, err := s.Search(t.Context(), tenant, conn, usersync.Search{Text: "0% S"}); err != nil || len(page.Entries) != 1 {
		t.Errorf("a percent sign finds %d, %v", len(page.Entries), err)
	}
	if _, err := s.Search(t.Context(), tenant, conn, usersync.Search{After: "' OR Id != '"}); err == nil {
		t.Error("an After that is no id was accepted")
	}
	p, err := s.Pick(t.Context(), tenant, conn, append(want, left, want[0])...)
	if err != nil {
		t.Fatal(err)
	}
	if p.Needed != 23 || p.Count(usersync.ActionPair) != 1 || p.Count(usersync.ActionAmbiguous) != 1 {
		t.Errorf("needed %d, %d to pair, %d ambiguous", p.Needed, p.Count(usersync.ActionPair), p.Count(usersync.ActionAmbiguous))
	}
	w.want(p, left, usersync.ActionRefuse, "inactive")
	res, err := s.Apply(t.Context(), p)
	if err != nil || res.Created != 23 || res.Paired != 1 || len(res.Failed) > 0 {
		t.Errorf("result %+v, %v", res, err)
	}
	if _, err := s.Pick(context.Background(), tenant, conn, "005000000000999AAA"); err == nil {
		t.Error("somebody whom the org does not have was picked")
	}
}
