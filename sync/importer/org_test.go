package importer_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
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

// world is an org, what is selected of it, and where it is imported to.
type world struct {
	t         *testing.T
	org       *salesforcetest.Server
	sink      *importer.MemorySink
	into      importer.Sink // sink, perhaps with faults
	selected  []mapping.Selection
	cfg       importer.Config
	leases    *runner.MemoryStore
	mu        sync.Mutex
	events    []orglink.Event
	http      *http.Client
	generated int
	as        string // the connection's user; "" for the admin
	cancel    context.CancelFunc
}

// life is the context of a process that may die.
func (w *world) life() context.Context {
	w.mu.Lock()
	defer w.mu.Unlock()
	var ctx context.Context
	ctx, w.cancel = context.WithCancel(w.t.Context())
	return ctx
}

// die ends the process.
func (w *world) die() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cancel()
}

// deadly makes an action end the process too, and counts how often it did.
func (w *world) deadly(struck *atomic.Int32, action salesforcetest.Action) salesforcetest.Action {
	return salesforcetest.Together(salesforcetest.Do(func(salesforcetest.RequestRecord) { struck.Add(1); w.die() }), action)
}

func (w *world) Client(context.Context, orglink.TenantID, orglink.ConnectionID) (*salesforce.Client, error) {
	ready := w.org.Ready()
	token := ready.AccessToken
	if w.as != "" {
		token = w.org.Token(w.as)
	}
	return salesforce.New(salesforce.Config{Tokens: salesforce.StaticToken(ready.URL, token), HTTPClient: w.http,
		TrustedHosts: []string{strings.TrimPrefix(ready.URL, "http://")}, MaxRetries: -1})
}

func (w *world) Selections(context.Context, orglink.TenantID, orglink.ConnectionID) ([]mapping.Selection, error) {
	return w.selected, nil
}

// ticking is a clock that moves with every look, so that no test waits.
func ticking() func() time.Time {
	var mu sync.Mutex
	now := time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(37 * time.Millisecond)
		return now
	}
}

func open(t *testing.T, cfg salesforcetest.Config, selected ...mapping.Selection) *world {
	t.Helper()
	if cfg.Clock == nil {
		cfg.Clock = ticking()
	}
	w := &world{t: t, org: salesforcetest.NewServer(t, cfg), sink: importer.NewMemorySink(), selected: selected, leases: runner.NewMemoryStore()}
	// On a kept connection net/http would repeat a GET that was dropped.
	w.http = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	w.into = w.sink
	w.cfg = importer.Config{Lag: -1, Overlap: -1, ChunkRows: 40, PageRows: 15, QueryRows: 10, PollMin: time.Millisecond, SyncPoll: time.Millisecond}
	return w
}

// importer is what a new process would make.
func (w *world) importer() *importer.Importer {
	w.t.Helper()
	run, err := runner.New(runner.Config{Leases: w.leases, Owner: "test"})
	if err != nil {
		w.t.Fatal(err)
	}
	cfg := w.cfg
	cfg.Clients, cfg.Selections, cfg.Sink, cfg.Leases = w, w, w.into, run
	cfg.Events = func(e orglink.Event) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.events = append(w.events, e)
	}
	im, err := importer.New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	return im
}

func (w *world) sync() importer.Report {
	w.t.Helper()
	report, err := w.importer().Sync(w.t.Context(), "tenant", "conn", importer.SyncOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	return report
}

func (w *world) stream(object string) importer.Stream {
	return importer.Stream{Tenant: "tenant", Connection: "conn", Object: object}
}

// same compares what was imported with the org, row by row, value by value.
func (w *world) same() error {
	var errs []error
	for _, sel := range w.selected {
		rows, err := w.org.Org().Query("SELECT " + strings.Join(sel.Fields, ", ") + " FROM " + sel.Object)
		if err != nil {
			return err
		}
		have := w.sink.All(w.stream(sel.Object))
		present := 0
		for _, h := range have {
			if !h.Gone {
				present++
			}
		}
		if present != len(rows) {
			errs = append(errs, fmt.Errorf("%s: %d imported, the org has %d", sel.Object, present, len(rows)))
		}
		for _, want := range rows {
			got := have[want.ID()]
			if !got.Exists || got.Gone {
				errs = append(errs, fmt.Errorf("%s %s is missing (%+v)", sel.Object, want.ID(), got.Version))
				continue
			}
			for _, f := range sel.Fields {
				a, _ := want.Value(f)
				b, _ := got.Record.Value(f)
				if a.IsNull() != b.IsNull() || !canonical(a).Equal(canonical(b)) {
					errs = append(errs, fmt.Errorf("%s %s: %s is %q, the org has %q", sel.Object, want.ID(), f, b.Raw(), a.Raw()))
				}
			}
			if len(errs) > 10 {
				return errors.Join(errs...)
			}
		}
	}
	return errors.Join(errs...)
}

// canonical spells a date-time as the importer does.
func canonical(v sobject.Value) sobject.Value {
	if at, err := v.Time(); err == nil {
		return sobject.DateTimeValue(at)
	}
	return v
}

func (w *world) mustBeSame() {
	w.t.Helper()
	if err := w.same(); err != nil {
		w.t.Fatal(err)
	}
}

func accounts(fields ...string) mapping.Selection {
	return mapping.Selection{Object: "Account", Fields: append([]string{"Id", "Name", "Industry", "AnnualRevenue", "OwnerId", "SystemModstamp"}, fields...)}
}

func contacts() mapping.Selection {
	return mapping.Selection{Object: "Contact", Fields: []string{"Id", "LastName", "AccountId", "Email", "SystemModstamp"}}
}

// create makes accounts named from the next number on.
func (w *world) create(n int) []sobject.ID {
	w.t.Helper()
	var ids []sobject.ID
	for range n {
		w.generated++
		id, err := w.org.Org().Create("Account", salesforcetest.Fields{"Name": fmt.Sprintf("Account %04d", w.generated), "AnnualRevenue": w.generated})
		if err != nil {
			w.t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}
