package importer_test

import (
	"context"
	"errors"
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
	w.cfg.ChunkRows, w.cfg.PageRows, w.cfg.QueryRows = 12, 5, 4
	ids := w.create(30)
	run := func() {
		for range 3 {
			_, err := w.importer().Sync(t.Context(), "tenant", "conn", importer.SyncOptions{})
			if err == nil {
				return
			}
			failures++
		}
		t.Error("three runs, and no end")
	}
	fault(w)
	run()
	for n := range 9 {
		_ = w.org.Org().Update(ids[n], salesforcetest.Fields{"Name": "Changed"})
	}
	_ = w.org.Org().Delete(ids[20])
	_ = w.org.Org().Merge(ids[21], ids[22])
	w.create(3)
	w.selected = []mapping.Selection{accounts("Phone")}
	run()
	w.mustBeSame()
	return w, failures
}

// A process that dies at any request, before or after the org did the work,
// loses nothing.
func TestDeathAtEveryRequest(t *testing.T) {
	w, _ := story(t, func(*world) {})
	total := len(w.org.Requests())
	if total < 30 {
		t.Fatalf("only %d requests", total)
	}
	stride := 1
	if testing.Short() {
		stride = 7
	}
	for _, action := range []salesforcetest.Action{salesforcetest.DropBefore(), salesforcetest.DropAfter()} {
		for nth := 1; nth <= total; nth += stride {
			var struck atomic.Int32 // none: fewer looks at the clock this time
			hit := salesforcetest.Together(salesforcetest.Do(func(salesforcetest.RequestRecord) { struck.Add(1) }), action)
			_, failures := story(t, func(w *world) {
				w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Nth: nth}, Action: hit})
			})
			if failures != int(struck.Load()) || t.Failed() {
				t.Fatalf("death at request %d: %d deaths, %d failures", nth, struck.Load(), failures)
			}
		}
	}
}

// The same for every commit.
func TestDeathAtEveryCommit(t *testing.T) {
	stride := 1
	if testing.Short() {
		stride = 5
	}
	for _, after := range []bool{false, true} {
		for nth := 1; ; nth += stride {
			d := &dying{nth: nth, after: after}
			_, failures := story(t, func(w *world) { d.Sink = w.sink; w.into = d })
			if t.Failed() {
				t.Fatalf("death at commit %d, after it: %v", nth, after)
			}
			if failures == 0 {
				if nth < 15 {
					t.Errorf("only %d commits", nth)
				}
				break
			}
		}
	}
}

// Whoever goes on after a crash waits for the Bulk job that was begun.
func TestRestartResumesTheSameBulkJob(t *testing.T) {
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
	w := open(t, salesforcetest.Config{}, accounts())
	w.create(70)
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "GET", Path: "jobs/query/*/results", Nth: 5},
		Action: salesforcetest.Refuse(404, "NOT_FOUND", "The requested resource does not exist")})
	if report := w.sync(); report.Jobs != 3 {
		t.Errorf("report %+v", report)
	}
	w.mustBeSame()
}
