package importer_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
)

// scored is a process whose accounts have a formula of the world outside, which
// changes without any record.
func scored(t *testing.T, score *string) *oneProcess {
	t.Helper()
	p := process(t, accounts("Score__c"))
	p.cfg.ChunkRows, p.cfg.PageRows = 12, 5
	if err := p.org.Org().AddField("Account", salesforcetest.Field{Name: "Score__c", Type: sobject.TypeString, Length: 40,
		Formula: func(r salesforcetest.Row) string { return *score + r.Text("Name")[len("Account "):] }}); err != nil {
		t.Fatal(err)
	}
	return restart(p.world)
}

func (w *world) told(kind, text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.events, func(e orglink.Event) bool { return e.Kind == kind && strings.Contains(e.Message, text) })
}

// applied remembers the changes that are news.
type applied struct {
	*importer.MemorySink
	kinds  map[importer.Kind]int
	fields map[string]int
}

func (a *applied) Apply(ctx context.Context, b importer.Batch) error {
	for _, c := range b.Changes {
		if !b.Initial {
			a.kinds[c.Kind]++
			a.fields[strings.Join(c.Fields, ",")]++
		}
	}
	return a.MemorySink.Apply(ctx, b)
}

// Formulas change without their records: a pass a day finds those that did,
// and stores nothing else.
func TestCalculatedFieldsAreCompared(t *testing.T) {
	t.Parallel()
	score := "a"
	p := scored(t, &score)
	news := &applied{p.sink, map[importer.Kind]int{}, map[string]int{}}
	p.into = news
	p = restart(p.world)
	ids := p.create(40)
	p.org.Org().Advance(time.Minute)
	p.cycle()
	p.org.Org().Advance(time.Hour) // out of the overlap
	p.cycle()
	p.mustBeSame()
	score = "b"
	p.org.Org().Advance(20 * time.Hour)
	p.cycle()
	if err := p.same(); err == nil {
		t.Fatal("an increment saw the formula change: this test shows nothing")
	}
	clear(news.kinds)
	clear(news.fields)
	p.org.Org().Advance(5 * time.Hour)
	p.cycle()
	p.org.Org().Advance(10 * time.Minute)
	p.cycle()
	p.mustBeSame()
	if news.kinds[importer.Partial] != 40 || len(news.kinds) != 1 || news.fields["Score__c"] != 40 || !p.told("import.calculated.changed", "40 records") {
		t.Errorf("%v %v %+v", news.kinds, news.fields, p.events)
	}
	clear(news.kinds)
	_ = p.org.Org().Delete(ids[0])
	p.org.Org().Advance(25 * time.Hour)
	p.cycle()
	p.cycle()
	if news.kinds[importer.Partial] != 0 || news.kinds[importer.Deleted] != 1 {
		t.Errorf("nothing differs, but %v", news.kinds)
	}
	if got := p.sink.Record(p.stream("Account"), ids[0]); !got.Gone {
		t.Error("a comparison brought a deleted record back")
	}
}

// Roll-ups of a parent follow children that changed alone, and fields that the
// host names are compared too; both by Sync never, nor without leave.
func TestCalculatedFieldsByChoice(t *testing.T) {
	t.Parallel()
	p := process(t, accounts("People__c"))
	if err := p.org.Org().AddField("Account", salesforcetest.Field{Name: "People__c", Type: sobject.TypeDouble, Precision: 18,
		Rollup: &salesforcetest.Rollup{Child: "Contact", Lookup: "AccountId", Func: "COUNT"}}); err != nil {
		t.Fatal(err)
	}
	for _, every := range []time.Duration{-1, time.Hour} {
		p.cfg.CalculatedEvery = every
		p = restart(p.world)
		ids := p.create(2)
		p.org.Org().Advance(time.Minute)
		p.cycle()
		p.org.Org().Advance(30 * time.Minute)
		p.cycle()
		_, _ = p.org.Org().Create("Contact", salesforcetest.Fields{"LastName": "x", "AccountId": ids[1]})
		p.org.Org().Advance(2 * time.Hour)
		if _, err := p.im.Sync(t.Context(), "tenant", "conn", importer.SyncOptions{Until: p.org.Org().Now().Add(-time.Second)}); err != nil {
			t.Fatal(err)
		}
		if p.same() == nil {
			t.Error("Sync compared")
		}
		p.org.Org().Advance(10 * time.Minute)
		p.cycle()
		p.cycle()
		if err := p.same(); (err == nil) != (every > 0) {
			t.Errorf("every %v: %v", every, err)
		}
	}
}

// A comparison that is cut off at any commit ends the same, and increments go
// on meanwhile.
func TestDeathInACalculatedPass(t *testing.T) {
	t.Parallel()
	for nth := 1; nth <= 12; nth++ {
		score := "a"
		p := scored(t, &score)
		p.create(30)
		p.org.Org().Advance(time.Minute)
		p.cycle()
		score = "b"
		p.org.Org().Advance(25 * time.Hour)
		p.into = struct {
			*dying
			importer.Holder
		}{&dying{Sink: p.sink, nth: nth, after: nth%2 == 0}, p.sink}
		p = restart(p.world)
		jobs, err := p.im.Jobs(t.Context(), "tenant", "conn")
		if err != nil {
			t.Fatal(err)
		}
		if err := p.run.RunDue(t.Context(), jobs[0]); !errors.Is(err, errKilled) {
			t.Errorf("commit %d: %v", nth, err)
		}
		p.create(1)
		p.org.Org().Advance(11 * time.Minute)
		p.into = p.sink
		p = restart(p.world)
		p.cycle()
		p.mustBeSame()
	}
}

// A sink that cannot tell what it holds is told so once.
func TestCalculatedFieldsOfAPlainSink(t *testing.T) {
	t.Parallel()
	score := "a"
	p := scored(t, &score)
	p.into = struct{ importer.Sink }{p.sink}
	p = restart(p.world)
	p.create(3)
	p.org.Org().Advance(time.Minute)
	p.cycle()
	p.org.Org().Advance(25 * time.Hour)
	p.cycle()
	if !p.told("import.calculated.unwatched", "Account.Score__c") {
		t.Errorf("%+v", p.events)
	}
}

// Rows that become visible later than the overlap reaches are found by
// counting, and only those are stored.
func TestAuditFindsWhatCommittedLate(t *testing.T) {
	t.Parallel()
	for _, late := range []int{1, 35} {
		fixed := time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)
		w := open(t, salesforcetest.Config{Clock: func() time.Time { return fixed }, VisibilityDelay: 40 * time.Minute, SessionTimeout: 1e4 * time.Hour}, accounts())
		w.cfg.Overlap, w.cfg.AuditEvery, w.cfg.ReconcileEvery = 3*time.Minute, 6*time.Hour, -1
		p := restart(w)
		p.create(50)
		p.org.Org().Advance(time.Hour)
		p.cycle()
		for range 3 {
			p.org.Org().Advance(time.Minute)
			p.create(late)
			p.org.Org().Advance(9 * time.Minute)
			p.cycle()
		}
		p.org.Org().Advance(time.Hour)
		p.cycle()
		if p.same() == nil {
			t.Fatal("increments found it all: this test shows nothing")
		}
		news := &applied{p.sink, map[importer.Kind]int{}, map[string]int{}}
		p.into = news
		p = restart(p.world)
		p.org.Org().Advance(6 * time.Hour)
		p.cycle()
		p.cycle()
		p.mustBeSame()
		if news.kinds[importer.Full] != 3*late || !p.told("import.drift", fmt.Sprintf("%d records", 3*late)) {
			t.Errorf("%d late: %v %+v", late, news.kinds, p.events)
		}
		p.org.Org().Advance(7 * time.Hour)
		if n := p.cycle(); n > 3 {
			t.Errorf("an audit that finds nothing takes %d calls", n)
		}
	}
}

// Counts that the org refuses are told, and the stream goes on.
func TestAuditThatIsRefused(t *testing.T) {
	t.Parallel()
	p := process(t, accounts())
	p.cfg.AuditEvery, p.cfg.ReconcileEvery = time.Hour, -1
	p = restart(p.world)
	p.create(5)
	p.org.Org().Advance(time.Minute)
	p.cycle()
	p.org.Org().Advance(2 * time.Hour)
	var body strings.Builder
	body.WriteString(`{"compositeResponse":[`)
	for n := range 5 {
		if n > 0 {
			body.WriteString(",")
		}
		fmt.Fprintf(&body, `{"body":[{"errorCode":"QUERY_TIMEOUT","message":"Your query request was running for too long."}],"httpHeaders":{},"httpStatusCode":400,"referenceId":"r%d"}`, n)
	}
	body.WriteString("]}")
	// The first asks whether anything changed, the second describes.
	p.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "POST", Path: "composite", Nth: 3}, Action: salesforcetest.Answer(200, body.String())})
	p.cycle()
	p.create(1)
	p.org.Org().Advance(time.Hour)
	p.cycle()
	p.mustBeSame()
	if !p.told("import.audit.failed", "QUERY_TIMEOUT") {
		t.Errorf("%+v", p.events)
	}
}
