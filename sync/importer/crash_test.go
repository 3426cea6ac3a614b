package importer_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/sync/importer"
)

// only hands out one client.
type only struct{ c *salesforce.Client }

func (o only) Client(context.Context, orglink.TenantID, orglink.ConnectionID) (*salesforce.Client, error) {
	return o.c, nil
}

var errKilled = errors.New("killed")

// dying is a sink whose nth Apply fails, before or after the work.
type dying struct {
	importer.Sink
	nth   int
	after bool
}

func (d *dying) Apply(ctx context.Context, b importer.Batch) error {
	if d.nth--; d.nth != 0 {
		return d.Sink.Apply(ctx, b)
	}
	if d.after {
		if err := d.Sink.Apply(ctx, b); err != nil {
			return err
		}
	}
	return errKilled
}

// story is a first import, changes, and a second import; each may be cut
// short by fault, and is then done by a new process.
func story(t *testing.T, fault func(w *world)) (w *world, failures int) {
	t.Helper()
	w = open(t, salesforcetest.Config{}, accounts())
	w.cfg.ChunkRows, w.cfg.PageRows, w.cfg.QueryRows, w.cfg.BatchBytes = 11, 6, 4, 1600
	ids := w.create(19)
	run := func() {
		for range 3 {
			_, err := w.importer().Sync(w.life(), "tenant", "conn", importer.SyncOptions{})
			if err == nil {
				return
			}
			failures++
		}
		t.Error("three runs, and no end")
	}
	fault(w)
	run()
	for n := range 7 {
		_ = w.org.Org().Update(ids[n], salesforcetest.Fields{"Name": "Changed"})
	}
	_ = w.org.Org().Delete(ids[12])
	_ = w.org.Org().Merge(ids[13], ids[14])
	w.create(3)
	w.selected = []mapping.Selection{accounts("Phone")}
	run()
	w.mustBeSame()
	return w, failures
}

// A process that dies at any request, before or after the org did the work,
// loses nothing. What only reads is the same before and after.
func TestDeathAtEveryRequest(t *testing.T) {
	t.Parallel()
	w, _ := story(t, func(*world) {})
	total := map[string]int{}
	for _, r := range w.org.Requests() {
		total[""]++
		total[r.Method]++
	}
	if total[""] < 30 || total["POST"] < 3 || total["DELETE"] < 2 {
		t.Fatalf("only these requests: %v", total)
	}
	for _, k := range []struct {
		when   string
		method string
		action salesforcetest.Action
	}{{"before", "", salesforcetest.DropBefore()}, {"after", "POST", salesforcetest.DropAfter()}, {"after", "DELETE", salesforcetest.DropAfter()}} {
		for nth := 1; nth <= total[k.method]; nth++ {
			t.Run(fmt.Sprintf("%s %s %d", k.when, k.method, nth), func(t *testing.T) {
				t.Parallel()
				var struck atomic.Int32 // none: fewer looks at the clock this time
				_, failures := story(t, func(w *world) {
					w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: k.method, Nth: nth}, Action: w.deadly(&struck, k.action)})
				})
				if failures != int(struck.Load()) {
					t.Errorf("%d deaths, %d failures", struck.Load(), failures)
				}
			})
		}
	}
}

// The same for every commit.
func TestDeathAtEveryCommit(t *testing.T) {
	t.Parallel()
	never := &dying{}
	story(t, func(w *world) { never.Sink = w.sink; w.into = never })
	commits := -never.nth
	if commits < 15 {
		t.Errorf("only %d commits", commits)
	}
	for _, after := range []bool{false, true} {
		for nth := 1; nth <= commits; nth++ {
			t.Run(fmt.Sprintf("%d %v", nth, after), func(t *testing.T) {
				t.Parallel()
				d := &dying{nth: nth, after: after}
				_, failures := story(t, func(w *world) { d.Sink = w.sink; w.into = d })
				if failures != 1 && d.nth < 0 {
					t.Errorf("%d failures", failures)
				}
			})
		}
	}
}

// Whoever goes on after a crash waits for the Bulk job that was begun.
func TestRestartResumesTheSameBulkJob(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{BulkDelay: 500 * time.Millisecond}, accounts())
	w.create(20)
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "GET", Path: "jobs/query", Nth: 1}, Action: salesforcetest.DropBefore()})
	if _, err := w.importer().Sync(t.Context(), "tenant", "conn", importer.SyncOptions{}); err == nil {
		t.Fatal("the dropped request went unnoticed")
	}
	w.sync()
	w.mustBeSame()
	begun, deleted := 0, 0
	for _, r := range w.org.Requests() {
		if strings.Contains(r.Path, "jobs/query") {
			switch r.Method {
			case "POST":
				begun++
			case "DELETE":
				deleted++
			}
		}
	}
	if begun != 1 || deleted != 1 {
		t.Errorf("%d jobs begun, %d deleted", begun, deleted)
	}
}

// A result that is shorter than the org's count is not taken for the whole.
func TestShortBulkResultIsAnError(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{}, accounts())
	w.create(10)
	body := "\"Id\",\"Name\",\"Industry\",\"AnnualRevenue\",\"OwnerId\",\"SystemModstamp\"\n"
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "GET", Path: "jobs/query/*/results", Nth: 1},
		Action: salesforcetest.Answer(200, body, "Sforce-NumberOfRecords: 0", "Sforce-Locator: null", "Content-Type: text/csv")})
	if _, err := w.importer().Sync(t.Context(), "tenant", "conn", importer.SyncOptions{}); !errors.Is(err, importer.ErrMiscount) {
		t.Errorf("%v", err)
	}
	w.sync()
	w.mustBeSame()
}

// A worker with an old fence cannot store anything.
func TestStaleWorkerCannotCommit(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{}, accounts())
	w.create(5)
	jobs, err := w.importer().Jobs(t.Context(), "tenant", "conn")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jobs[0].Step(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	if _, err := jobs[0].Step(t.Context(), 6); !errors.Is(err, importer.ErrFenced) {
		t.Errorf("%v", err)
	}
}

// A job that the org no longer has is begun again from the same record on.
func TestExpiredBulkJobIsBegunAgain(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{}, accounts())
	w.create(70)
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "GET", Path: "jobs/query/*/results", Nth: 5},
		Action: salesforcetest.Refuse(404, "NOT_FOUND", "The requested resource does not exist")})
	if report := w.sync(); report.Jobs != 3 {
		t.Errorf("report %+v", report)
	}
	w.mustBeSame()
}
