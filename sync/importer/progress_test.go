package importer_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/runner"
)

// People see how far a first reading is and how long it takes yet, across the
// chunks of its jobs; metrics hear of every step.
func TestProgressAndMetrics(t *testing.T) {
	t.Parallel()
	p := process(t, accounts())
	p.cfg.ChunkRows, p.cfg.PageRows, p.cfg.AuditEvery = 20, 10, -1
	var seen []importer.Progress
	var observed []importer.Observation
	p.cfg.Progress = func(now importer.Progress) { seen = append(seen, now) }
	p.cfg.Observer = func(o importer.Observation) { observed = append(observed, o) }
	p = restart(p.world)
	p.create(50)
	p.org.Org().Advance(time.Minute)
	p.cycle()
	last, half := int64(0), false
	for _, now := range seen {
		if now.Phase != "backfill" {
			continue
		}
		if now.Stored > 0 && now.Stored < 50 {
			half = half || now.Expected == 50 && now.Rate > 0 && now.Left > 0 && now.Percent() == 2*float64(now.Stored)
		}
		if now.Stored != 0 && now.Stored < last {
			t.Errorf("%d rows after %d", now.Stored, last)
		}
		last = max(last, now.Stored)
	}
	if !half || last != 50 || seen[len(seen)-1].Percent() != 100 {
		t.Errorf("%+v", seen)
	}
	p.org.Org().Advance(time.Hour)
	p.cycle()
	if o := observed[len(observed)-1]; o.Err != nil || o.Behind != 0 || o.Usage.Max == 0 || o.Tenant != "tenant" || o.Object != "Account" {
		t.Errorf("%+v", o)
	}
	var rows, calls, jobs int64
	for _, o := range observed {
		rows, calls, jobs = rows+o.Kinds[importer.Full], calls+o.Calls, jobs+o.Jobs
	}
	if rows < 50 || jobs != 3 || int(calls) != p.org.APICalls() {
		t.Errorf("%d rows, %d jobs, %d calls; the org counted %d", rows, jobs, calls, p.org.APICalls())
	}
	p.org.Org().Advance(time.Hour)
	p.create(1)
	p.org.Org().Advance(time.Minute)
	p.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "queryAll"}, Action: salesforcetest.Refuse(500, "UNKNOWN_EXCEPTION", "no")})
	if _, err := p.im.Sync(t.Context(), "tenant", "conn", importer.SyncOptions{Until: p.org.Org().Now()}); err == nil {
		t.Error("the sync went well")
	}
	if o := observed[len(observed)-1]; o.Err == nil || o.Phase != "increment" || o.Behind < time.Hour {
		t.Errorf("%+v", o)
	}
}

// tenants selects of each connection what its org is for.
type tenants struct {
	*world
	selected map[orglink.ConnectionID][]mapping.Selection
}

func (s *tenants) Selections(_ context.Context, _ orglink.TenantID, conn orglink.ConnectionID) ([]mapping.Selection, error) {
	return s.selected[conn], nil
}

// One tenant's long first readings leave another tenant's increments their
// turns, though there are more of them than places.
func TestBackfillsDoNotStarveIncrements(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{BulkDelay: time.Hour}, accounts()) // no job of the large tenant is ever done
	w.create(5)
	sel := &tenants{w, map[orglink.ConnectionID][]mapping.Selection{"small": {{Object: "User", Fields: []string{"Id", "SystemModstamp"}}}, "large": fiveObjects()}}
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "POST", Path: "jobs/query", Object: "User"}, Action: salesforcetest.Refuse(400, "INVALIDENTITY", "not in Bulk")})
	run, err := runner.New(runner.Config{Leases: w.leases, Parallel: 2, Slice: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	cfg := w.cfg
	cfg.Clients, cfg.Selections, cfg.Sink, cfg.Interval, cfg.StepTime = w, sel, w.sink, 20*time.Millisecond, 30*time.Millisecond
	var mu sync.Mutex
	turns := map[string]int{}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cfg.Progress = func(p importer.Progress) {
		mu.Lock()
		defer mu.Unlock()
		turns[fmt.Sprint(p.Connection, " ", p.Phase)]++
		if turns["small increment"] >= 10 && turns["large backfill"] >= 20 {
			cancel()
		}
	}
	im, err := importer.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	err = run.Run(ctx, func(ctx context.Context) ([]runner.Job, error) {
		large, err := runner.Jobs(im.Jobs(ctx, "tenant", "large"))
		small, err2 := runner.Jobs(im.Jobs(ctx, "other", "small"))
		return append(large, small...), errors.Join(err, err2)
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v: the turns were %v", err, turns)
	}
}
