package importer_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/runner"
)

// fiveObjects are what the numbers are promised for.
func fiveObjects() []mapping.Selection {
	out := []mapping.Selection{accounts(), contacts()}
	for _, o := range []string{"Opportunity", "Contract", "Case"} {
		out = append(out, mapping.Selection{Object: o, Fields: []string{"Id", "AccountId", "SystemModstamp"}})
	}
	return out
}

// oneProcess is a world whose clock stands still unless it is moved, with one client
// and one importer, as a process has.
type oneProcess struct {
	*world
	im     *importer.Importer
	client *salesforce.Client
	run    *runner.Runner
}

func process(t *testing.T, selected ...mapping.Selection) *oneProcess {
	t.Helper()
	fixed := time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)
	w := open(t, salesforcetest.Config{Clock: func() time.Time { return fixed }, SessionTimeout: 1e4 * time.Hour}, selected...)
	w.cfg.Overlap, w.cfg.QueryRows = 3*time.Minute, 2000
	w.cfg.DescribeEvery = time.Nanosecond // every cycle
	return restart(w)
}

// restart makes what a new process would.
func restart(w *world) *oneProcess {
	w.t.Helper()
	p := &oneProcess{world: w}
	var err error
	if p.client, err = w.Client(w.t.Context(), "", ""); err != nil {
		w.t.Fatal(err)
	}
	if p.run, err = runner.New(runner.Config{Leases: w.leases, Owner: "test", Parallel: 5}); err != nil {
		w.t.Fatal(err)
	}
	cfg := w.cfg
	cfg.Clients, cfg.Selections, cfg.Sink, cfg.Leases = only{p.client}, w, w.into, p.run
	cfg.Events = func(e orglink.Event) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.events = append(w.events, e)
	}
	if p.im, err = importer.New(cfg); err != nil {
		w.t.Fatal(err)
	}
	return p
}

// cycle runs what is due, and returns how many calls the org counted.
func (p *oneProcess) cycle() int {
	p.t.Helper()
	before := p.org.APICalls()
	jobs, err := runner.Jobs(p.im.Jobs(p.t.Context(), "tenant", "conn"))
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.run.RunDue(p.t.Context(), jobs...); err != nil {
		p.t.Fatal(err)
	}
	return p.org.APICalls() - before
}

// paths lists what was sent after a number of requests, but for the clock.
func (p *oneProcess) paths(after int) (out []string) {
	for _, r := range p.org.Requests()[after:] {
		if r.Counted {
			out = append(out, r.Method+" "+r.Path)
		}
	}
	return out
}

// Five objects of which nothing changed cost one call a cycle, the look at
// their descriptions included; in a new process one more, to describe them.
func TestIdleObjectsShareOneCall(t *testing.T) {
	t.Parallel()
	p := process(t, fiveObjects()...)
	p.create(30)
	p.org.Org().Advance(time.Minute)
	p.cycle()
	p.org.Org().Advance(time.Hour)
	p.cycle()
	for range 3 {
		p.org.Org().Advance(10 * time.Minute)
		before := len(p.org.Requests())
		if n := p.cycle(); n != 1 {
			t.Errorf("%d calls: %v", n, p.paths(before))
		}
	}
	p.org.Org().Advance(10 * time.Minute)
	until := p.org.Org().Now().Add(-time.Second)
	report, err := p.im.Sync(t.Context(), "tenant", "conn", importer.SyncOptions{Until: until})
	if err != nil || report.Calls != 1 {
		t.Errorf("%+v, %v", report, err)
	}
	for _, o := range report.Objects {
		if o.Covered.Before(until) {
			t.Errorf("%s is covered up to %v only", o.Object, o.Covered)
		}
	}
	again := restart(p.world)
	p.org.Org().Advance(10 * time.Minute)
	before := len(p.org.Requests())
	if n := again.cycle(); n != 2 {
		t.Errorf("a new process: %d calls: %v", n, again.paths(before))
	}
	p.mustBeSame()
}

// Where one of five objects has news, the others hear of it in the same call;
// nothing is lost, late rows and deletions included.
func TestProbesLoseNothing(t *testing.T) {
	t.Parallel()
	p := process(t, fiveObjects()...)
	ids := p.create(30)
	p.org.Org().Advance(time.Minute)
	p.cycle()
	for n := range 12 {
		p.org.Org().Advance(10 * time.Minute)
		switch n % 4 {
		case 0:
			_, _ = p.org.Org().Create("Contact", salesforcetest.Fields{"LastName": fmt.Sprint("n", n), "AccountId": ids[20]})
		case 1:
			_ = p.org.Org().Delete(ids[n])
		case 2:
			_ = p.org.Org().System().HardDelete(ids[n])
		default:
			_ = p.org.Org().Update(ids[n], salesforcetest.Fields{"Name": fmt.Sprint("new ", n)})
		}
		p.org.Org().Advance(2 * time.Second)
		before := len(p.org.Requests())
		if calls := p.cycle(); calls > 4 {
			t.Errorf("%d calls: %v", calls, p.paths(before))
		}
		p.mustBeSame()
	}
}

// Only what is described anew is asked for anew: an object that changed is
// noticed in the cycle, by the same call, and its new field read.
func TestProbesNoticeChangedDescriptions(t *testing.T) {
	t.Parallel()
	p := process(t, accounts("Tier__c"), contacts())
	ids := p.create(5)
	p.org.Org().Advance(time.Minute)
	p.cycle()
	p.org.Org().Advance(time.Hour)
	p.cycle()
	if err := p.org.Org().AddField("Account", salesforcetest.Field{Name: "Tier__c", Type: sobject.TypeString, Length: 20}); err != nil {
		t.Fatal(err)
	}
	_ = p.org.Org().Update(ids[0], salesforcetest.Fields{"Tier__c": "gold"})
	p.org.Org().Advance(10 * time.Minute)
	p.cycle()
	p.mustBeSame()
	if err := p.org.Org().RemoveField("Account", "Tier__c"); err != nil {
		t.Fatal(err)
	}
	p.org.Org().Advance(10 * time.Minute)
	p.cycle()
	p.selected = []mapping.Selection{accounts(), contacts()}
	p.mustBeSame()
}

// Objects beyond the five of one request are asked for by another.
func TestProbesOfManyObjects(t *testing.T) {
	t.Parallel()
	var selected []mapping.Selection
	for _, o := range strings.Fields("Account Contact Opportunity Contract Case Lead Campaign Task Event User Product2 Pricebook2") {
		selected = append(selected, mapping.Selection{Object: o, Fields: []string{"Id", "SystemModstamp"}})
	}
	p := process(t, selected...)
	p.create(5)
	p.org.Org().Advance(time.Minute)
	p.cycle()
	p.org.Org().Advance(time.Hour)
	p.cycle()
	p.org.Org().Advance(10 * time.Minute)
	before := len(p.org.Requests())
	if n := p.cycle(); n != 3 {
		t.Errorf("%d calls for %d objects: %v", n, len(selected), p.paths(before))
	}
}

// An org that answers the shared question with a refusal is asked stream by
// stream.
func TestProbesThatAreRefused(t *testing.T) {
	t.Parallel()
	p := process(t, accounts(), contacts())
	ids := p.create(5)
	p.org.Org().Advance(time.Minute)
	p.cycle()
	p.org.Org().Advance(time.Hour)
	p.cycle()
	_ = p.org.Org().Update(ids[0], salesforcetest.Fields{"Name": "New"})
	_ = p.org.Org().Delete(ids[1])
	p.org.Org().Advance(10 * time.Minute)
	var struck atomic.Int32
	p.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "POST", Path: "composite", Nth: 1},
		Action: salesforcetest.Together(salesforcetest.Do(func(salesforcetest.RequestRecord) { struck.Add(1) }), salesforcetest.Refuse(400, "INVALID_INPUT", "no"))})
	p.cycle()
	p.mustBeSame()
	if struck.Load() == 0 {
		t.Error("nothing was refused")
	}
}
