package importer_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/runner"
)

// seller is a world whose connection sees only what is shared with it: ids of
// n accounts, all of them shared.
func seller(t *testing.T, n int) (*world, []sobject.ID) {
	t.Helper()
	w := open(t, salesforcetest.Config{Seed: salesforcetest.Demo(salesforcetest.DemoConfig{Accounts: 2})}, accounts())
	w.cfg.ReconcileEvery, w.cfg.Interval = time.Nanosecond, time.Hour
	w.cfg.ChunkRows, w.cfg.PageRows = 12, 5
	users, err := w.org.Org().Query("SELECT Username FROM User WHERE IsActive = TRUE AND Profile.Name = 'Standard User' LIMIT 1")
	if err != nil || len(users) != 1 {
		t.Fatal(err, len(users))
	}
	w.as, _ = users[0].Text("Username")
	_ = w.org.Org().SetPrivate("Account", true)
	ids := w.create(n)
	for _, id := range ids {
		_ = w.org.Org().Share(id, w.as, true)
	}
	return w, ids
}

// due runs the steps of the jobs that are due, as a runner does.
func (w *world) due() error {
	w.t.Helper()
	run, err := runner.New(runner.Config{Leases: w.leases, Owner: "test"})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx := w.life()
	jobs, err := w.importer().Jobs(ctx, "tenant", "conn")
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if err := run.RunDue(ctx, j); err != nil {
			return err
		}
	}
	return nil
}

// seen checks that exactly what the connection's user sees is present.
func (w *world) seen() error {
	rows, err := w.org.Org().As(w.as).Query("SELECT Id FROM Account ORDER BY Id")
	if err != nil {
		return err
	}
	want := []sobject.ID{}
	for _, r := range rows {
		want = append(want, r.ID())
	}
	have, err := w.sink.IDs(w.t.Context(), w.stream("Account"), "", 1000)
	if err == nil && !slices.Equal(have, want) {
		err = fmt.Errorf("%d accounts are here, %d are seen there:\n%v\n%v", len(have), len(want), have, want)
	}
	return err
}

// hide is a history that no query of changes shows: records hidden, shown, and
// gone without a trace.
func hide(w *world, ids []sobject.ID) {
	org := w.org.Org()
	for _, n := range []int{0, 7, 8, 17} {
		_ = org.Share(ids[n], w.as, false)
	}
	for n := 18; n < len(ids); n++ {
		_ = org.Share(ids[n], w.as, n%2 == 0)
	}
}

func TestReconcileFindsWhatNoChangeTells(t *testing.T) {
	t.Parallel()
	w, ids := seller(t, 40)
	late := ids[35]
	_ = w.org.Org().Share(late, w.as, false)
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "GET", Path: "sobjects/Account/deleted"},
		Action: salesforcetest.Refuse(400, "INVALID_REPLICATION_DATE", "no log")})
	if err := errors.Join(w.due(), w.seen()); err != nil {
		t.Fatal(err)
	}
	if w.sink.Record(w.stream("Account"), late).Exists {
		t.Fatal("the hidden account was imported")
	}
	_ = w.org.Org().Share(late, w.as, true)
	_ = w.org.Org().Share(ids[3], w.as, false)
	_ = w.org.Org().System().HardDelete(ids[20], ids[39])
	w.sync()
	if err := w.seen(); err == nil {
		t.Fatal("the increment found it all: this test shows nothing")
	}
	if err := errors.Join(w.due(), w.seen()); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{3, 20, 39} {
		if got := w.sink.Record(w.stream("Account"), ids[n]); got.Kind != importer.NotVisible {
			t.Errorf("account %d is %v", n, got.Kind)
		}
	}
	_ = w.org.Org().Share(ids[3], w.as, true)
	if err := errors.Join(w.due(), w.seen()); err != nil {
		t.Error(err)
	}
	for _, r := range w.org.Requests() {
		if r.Method == "DELETE" && strings.Contains(r.Path, "jobs/query") {
			return
		}
	}
	t.Error("no job was deleted")
}

func TestReconcileKeepsTheSchedule(t *testing.T) {
	t.Parallel()
	for every, want := range map[time.Duration]int{time.Hour: 1, 3 * time.Hour: 0, -1: 0} {
		w, _ := seller(t, 5)
		w.cfg.ReconcileEvery = every
		if err := w.due(); err != nil {
			t.Fatal(err)
		}
		before := len(w.org.Requests())
		w.org.Org().Advance(2 * time.Hour)
		if err := errors.Join(w.due(), w.due()); err != nil { // the first sees the time pass
			t.Fatal(err)
		}
		jobs := 0
		for _, r := range w.org.Requests()[before:] {
			if r.Method == "POST" && strings.HasSuffix(r.Path, "jobs/query") {
				jobs++
			}
		}
		if jobs != want {
			t.Errorf("every %v: %d jobs after two hours", every, jobs)
		}
	}
}

// A user who lost a permission sees next to nothing; that is not believed.
func TestReconcileRefusesToRemoveTooMuch(t *testing.T) {
	t.Parallel()
	w, ids := seller(t, 80)
	w.cfg.ChunkRows, w.cfg.PageRows = 1000, 30
	if err := w.due(); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids[:70] {
		_ = w.org.Org().Share(id, w.as, false)
	}
	fresh := w.create(1)[0]
	_ = w.org.Org().Share(fresh, w.as, true)
	if err := w.due(); err != nil {
		t.Fatal(err)
	}
	if n := w.sink.Len(w.stream("Account")); n != 81 {
		t.Errorf("%d accounts are left", n)
	}
	if !slices.ContainsFunc(w.events, func(e orglink.Event) bool {
		return e.Kind == "import.reconcile.refused" && strings.Contains(e.Message, "70 of 8")
	}) {
		t.Errorf("nobody was told: %+v", w.events)
	}
	w.cfg.ReconcileRatio = 1
	if err := errors.Join(w.due(), w.seen()); err != nil {
		t.Error(err)
	}
}

// A listing that breaks off removes nothing, and is begun again.
func TestReconcileBelievesOnlyAWholeListing(t *testing.T) {
	t.Parallel()
	w, ids := seller(t, 10)
	w.cfg.ChunkRows, w.cfg.PageRows = 100, 100
	if err := w.due(); err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf("\"Id\"\n%q\n", string(ids[0]))
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "GET", Path: "jobs/query/*/results", Nth: 1},
		Action: salesforcetest.Answer(200, body, "Sforce-NumberOfRecords: 1", "Sforce-Locator: null", "Content-Type: text/csv")})
	if err := w.due(); !errors.Is(err, importer.ErrMiscount) {
		t.Errorf("%v", err)
	}
	if n := w.sink.Len(w.stream("Account")); n != 10 {
		t.Errorf("%d accounts are left", n)
	}
	if err := errors.Join(w.due(), w.seen()); err != nil {
		t.Error(err)
	}
}

// dyingLister is a dying sink that can be reconciled.
type dyingLister struct {
	*dying
	importer.Lister
}

// A comparison that is cut off at any request or commit ends the same.
func TestDeathInReconcile(t *testing.T) {
	t.Parallel()
	story := func(t *testing.T, fault func(w *world)) (requests, failures int) {
		w, ids := seller(t, 23)
		w.cfg.ReconcileRatio = 1
		if err := w.due(); err != nil {
			t.Fatal(err)
		}
		hide(w, ids)
		before := len(w.org.Requests())
		fault(w)
		for range 3 {
			if err := w.due(); err == nil {
				break
			}
			failures++
		}
		if err := w.seen(); err != nil {
			t.Error(err)
		}
		return len(w.org.Requests()) - before, failures
	}
	never := &dying{}
	total, _ := story(t, func(w *world) { never.Sink = w.sink; w.into = dyingLister{never, w.sink} })
	if total < 25 || never.nth > -15 {
		t.Fatalf("only %d requests, %d commits", total, -never.nth)
	}
	for nth := 1; nth <= total; nth += 2 {
		t.Run(fmt.Sprint("request ", nth), func(t *testing.T) {
			t.Parallel()
			var struck atomic.Int32
			_, failures := story(t, func(w *world) {
				w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Nth: nth},
					Action: w.deadly(&struck, salesforcetest.DropAfter())})
			})
			if failures != int(struck.Load()) {
				t.Errorf("%d deaths, %d failures", struck.Load(), failures)
			}
		})
	}
	for nth := 1; nth <= -never.nth; nth += 2 {
		t.Run(fmt.Sprint("commit ", nth), func(t *testing.T) {
			t.Parallel()
			d := &dying{nth: nth, after: nth%4 == 1}
			_, failures := story(t, func(w *world) { d.Sink = w.sink; w.into = dyingLister{d, w.sink} })
			if failures != 1 && d.nth < 0 {
				t.Errorf("%d failures", failures)
			}
		})
	}
}

// Sync, for which somebody waits, compares nothing; nor does a sink that
// cannot list.
func TestReconcileIsForTheBackground(t *testing.T) {
	t.Parallel()
	for _, lists := range []bool{true, false} {
		w, _ := seller(t, 5)
		if !lists {
			w.into = struct{ importer.Sink }{w.sink}
		}
		w.sync()
		w.sync()
		if !lists {
			if err := errors.Join(w.due(), w.due()); err != nil {
				t.Fatal(err)
			}
		}
		jobs := 0
		for _, r := range w.org.Requests() {
			if r.Method == "POST" && strings.HasSuffix(r.Path, "jobs/query") {
				jobs++
			}
		}
		if jobs != 1 {
			t.Errorf("%d jobs", jobs)
		}
	}
}

var _ importer.Lister = (*importer.MemorySink)(nil)

// A record that changed while it was hidden, and is shown again before all ids
// are compared, is known here, but old: no increment saw the change.
func TestReconcileFindsWhatChangedWhileHidden(t *testing.T) {
	t.Parallel()
	w, ids := seller(t, 6)
	if err := errors.Join(w.due(), w.seen()); err != nil {
		t.Fatal(err)
	}
	name := func() string {
		text, _ := w.sink.Record(w.stream("Account"), ids[2]).Record.Text("Name")
		return text
	}
	_ = w.org.Org().Share(ids[2], w.as, false)
	_ = w.org.Org().Update(ids[2], salesforcetest.Fields{"Name": "Changed"})
	w.sync()
	_ = w.org.Org().Share(ids[2], w.as, true)
	w.sync()
	if name() == "Changed" {
		t.Fatal("an increment found it: this test shows nothing")
	}
	if err := errors.Join(w.due(), w.seen()); err != nil || name() != "Changed" {
		t.Errorf("%q, %v", name(), err)
	}
}
