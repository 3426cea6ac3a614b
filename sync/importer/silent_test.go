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
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/sync/importer"
)

// A job is as long as the configuration of its day said, not as that of the
// process that reads its end.
func TestChunkSizeChangedUnderTheBackfill(t *testing.T) {
	t.Parallel()
	for _, sizes := range [][2]int{{10, 1000}, {1000, 10}} {
		w := open(t, salesforcetest.Config{}, accounts())
		w.create(35)
		w.cfg.ChunkRows = sizes[0]
		d := &dying{Sink: w.sink, nth: 3}
		w.into = d
		if _, err := w.importer().Sync(t.Context(), "tenant", "conn", importer.SyncOptions{}); !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		w.cfg.ChunkRows = sizes[1]
		w.sync()
		w.mustBeSame()
	}
}

// A field that is hidden for one page of the backfill only is read again for
// all records.
func TestFieldHiddenForAMomentOfTheBackfill(t *testing.T) {
	t.Parallel()
	for name, from := range map[string]string{"a page": "results", "a chunk": "jobs/query"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t, salesforcetest.Config{}, accounts("Phone"))
			w.create(60)
			rows, _ := w.org.Org().Query("SELECT Id FROM Account")
			for i, r := range rows {
				_ = w.org.Org().Update(r.ID(), salesforcetest.Fields{"Phone": fmt.Sprint(i)})
			}
			w.cfg.DescribeEvery = time.Nanosecond
			var seen atomic.Int32
			w.org.OnAnswered(func(r salesforcetest.RequestRecord) {
				method := map[string]string{"results": "GET", "jobs/query": "POST"}[from]
				if r.Method != method || !strings.HasSuffix(r.Path, from) {
					return
				}
				switch seen.Add(1) {
				case 1:
					w.selected = []mapping.Selection{accounts()}
				case 2:
					w.selected = []mapping.Selection{accounts("Phone")}
				}
			})
			w.sync()
			w.mustBeSame()
			if seen.Load() < 3 {
				t.Errorf("only %d requests of %s", seen.Load(), from)
			}
		})
	}
}

// partials remembers what partial changes claim to carry.
type partials struct {
	importer.Sink
	bad atomic.Int32
}

// An added field that goes away while it is read is not written as null.
func TestPartialChangesNameOnlyWhatTheyCarry(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{}, accounts())
	w.create(30)
	p := &partials{Sink: w.sink}
	w.into = checkPartials{p}
	w.sync()
	w.selected = []mapping.Selection{accounts("Phone", "Website")}
	w.cfg.DescribeEvery = time.Nanosecond
	w.org.OnAnswered(func(r salesforcetest.RequestRecord) {
		if r.Method == "POST" && strings.HasSuffix(r.Path, "jobs/query") {
			w.selected = []mapping.Selection{accounts("Website")}
		}
	})
	w.sync()
	w.mustBeSame()
	if p.bad.Load() > 0 {
		t.Errorf("%d changes name a field that they do not carry", p.bad.Load())
	}
}

// An answer without a column is not an answer with nulls.
func TestMissingColumnIsAnError(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{}, accounts())
	w.create(3)
	body := "\"Id\",\"Name\",\"AnnualRevenue\",\"OwnerId\",\"SystemModstamp\"\n\"001000000000001AAA\",\"a\",\"\",\"005000000000001AAA\",\"2026-01-01T00:00:00.000Z\"\n"
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "GET", Path: "jobs/query/*/results", Nth: 1},
		Action: salesforcetest.Answer(200, body, "Sforce-NumberOfRecords: 1", "Sforce-Locator: null", "Content-Type: text/csv")})
	_, err := w.importer().Sync(t.Context(), "tenant", "conn", importer.SyncOptions{})
	if !errors.Is(err, salesforce.ErrIncomplete) || !strings.Contains(err.Error(), "Industry") {
		t.Errorf("%v", err)
	}
	w.sync()
	w.mustBeSame()
}

// A page is applied in parts; whoever goes on after a crash reads it from
// where it was stored, and begins the chunk again when it is not the same page.
func TestPartsOfAPage(t *testing.T) {
	t.Parallel()
	for _, moved := range []bool{false, true} {
		w := open(t, salesforcetest.Config{}, accounts())
		w.cfg.PageRows, w.cfg.ChunkRows, w.cfg.BatchBytes = 40, 100, 2000
		w.create(60)
		d := &dying{Sink: w.sink, nth: 5}
		w.into = d
		if _, err := w.importer().Sync(t.Context(), "tenant", "conn", importer.SyncOptions{}); !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		n := w.sink.Len(w.stream("Account"))
		if n == 0 || n >= 40 {
			t.Fatalf("%d rows stored at the crash", n)
		}
		before := len(w.org.Requests())
		if moved {
			rows, _ := w.org.Org().Query("SELECT Id, Name, Industry, AnnualRevenue, OwnerId, SystemModstamp FROM Account ORDER BY Id DESC LIMIT 40")
			body := "\"Id\",\"Name\",\"Industry\",\"AnnualRevenue\",\"OwnerId\",\"SystemModstamp\"\n"
			for _, r := range rows {
				body += fmt.Sprintf("%q,\"x\",\"\",\"\",\"\",\"2026-06-01T09:00:00.000Z\"\n", string(r.ID()))
			}
			w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "GET", Path: "jobs/query/*/results", Nth: 1},
				Action: salesforcetest.Answer(200, body, "Sforce-NumberOfRecords: 40", "Sforce-Locator: null", "Content-Type: text/csv")})
			if _, err := w.importer().Sync(t.Context(), "tenant", "conn", importer.SyncOptions{}); !errors.Is(err, importer.ErrMiscount) {
				t.Errorf("%v", err)
			}
		}
		w.sync()
		w.mustBeSame()
		jobs := 0
		for _, r := range w.org.Requests()[before:] {
			if r.Method == "POST" && strings.HasSuffix(r.Path, "jobs/query") {
				jobs++
			}
		}
		if want := map[bool]int{true: 1}[moved]; jobs != want {
			t.Errorf("moved %v: %d further jobs", moved, jobs)
		}
	}
}

// A locator that the org refuses does not stop the stream for ever.
func TestRefusedLocatorBeginsTheChunkAgain(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{}, accounts())
	w.create(30)
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "GET", Path: "jobs/query/*/results", Nth: 2},
		Action: salesforcetest.Refuse(400, "INVALIDLOCATOR", "The locator is not valid")})
	if _, err := w.importer().Sync(t.Context(), "tenant", "conn", importer.SyncOptions{}); err == nil {
		t.Error("nobody was told")
	}
	w.sync()
	w.mustBeSame()
}

// Many deletions at once are read a part at a time.
func TestManyDeletionsAreBounded(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{}, accounts())
	ids := w.create(47)
	w.sync()
	big := &biggest{Sink: w.sink}
	w.into = big
	_ = w.org.Org().System().HardDelete(ids[:45]...)
	report := w.sync()
	w.mustBeSame()
	if n := w.sink.Len(w.stream("Account")); n != 2 || big.n > w.cfg.QueryRows || report.Objects[0].Kinds[importer.Deleted] < 45 {
		t.Errorf("%d accounts left, at most %d changes at once, %+v", n, big.n, report)
	}
}

// The same when the org refuses so many at once, and a crash in between.
func TestTooManyDeletionsForOneAnswer(t *testing.T) {
	t.Parallel()
	fixed := time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)
	w := open(t, salesforcetest.Config{Clock: func() time.Time { return fixed }}, accounts())
	w.cfg.Overlap = 3 * time.Minute
	ids := w.create(40)
	until := func() importer.SyncOptions { return importer.SyncOptions{Until: w.org.Org().Now().Add(-time.Second)} }
	if _, err := w.importer().Sync(t.Context(), "tenant", "conn", until()); err != nil {
		t.Fatal(err)
	}
	for n := range 12 {
		w.org.Org().Advance(time.Minute)
		_ = w.org.Org().System().HardDelete(ids[3*n : 3*n+3]...)
	}
	w.org.Org().Advance(2 * time.Minute)
	var struck atomic.Int32
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "GET", Path: "sobjects/Account/deleted", Nth: 1, Times: 4},
		Action: salesforcetest.Together(salesforcetest.Do(func(salesforcetest.RequestRecord) { struck.Add(1) }), salesforcetest.Refuse(400, "EXCEEDED_ID_LIMIT", "too many"))})
	if _, err := w.importer().Sync(t.Context(), "tenant", "conn", until()); err != nil {
		t.Fatal(err)
	}
	w.mustBeSame()
	if len(w.events) > 0 || struck.Load() != 4 {
		t.Errorf("%d refusals, %+v", struck.Load(), w.events)
	}
}

// An org that keeps no log for the time says so to the host, and the stream
// goes on.
func TestOrgWithoutALogOfDeletions(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{}, accounts())
	w.create(5)
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "GET", Path: "sobjects/Account/deleted"},
		Action: salesforcetest.Refuse(400, "INVALID_REPLICATION_DATE", "startDate before org replication enabled date")})
	w.sync()
	w.create(2)
	// Within a composite request the fake has a log: the second is the question
	// whether anything changed.
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "POST", Path: "composite", Nth: 2},
		Action: salesforcetest.Refuse(400, "INVALID_REPLICATION_DATE", "startDate before org replication enabled date")})
	w.sync()
	w.mustBeSame()
	if !slices.ContainsFunc(w.events, func(e orglink.Event) bool { return e.Kind == "import.deletions.unknown" }) {
		t.Errorf("nobody was told: %+v", w.events)
	}
}

// Tenants and connections whose names hold a slash do not meet.
func TestStreamKeysAreApart(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range []importer.Stream{{Tenant: "a/b", Connection: "c"}, {Tenant: "a", Connection: "b/c"}, {Tenant: "a%2Fb", Connection: "c"}, {Tenant: "a", Connection: "b%2Fc"}} {
		s.Object = "Account"
		if seen[s.Key()] {
			t.Errorf("%q is the key of two streams", s.Key())
		}
		seen[s.Key()] = true
	}
	if k := (importer.Stream{Tenant: "acme", Connection: "x1", Object: "Account"}).Key(); k != "import/acme/x1/Account" {
		t.Errorf("%q", k)
	}
}
