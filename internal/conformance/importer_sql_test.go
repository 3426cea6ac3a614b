package conformance

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
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/mirror"
	"github.com/orglink/orglink/sync/runner"
)

// demo is a demo org, imported into a mirror on a database.
type demo struct {
	org    *salesforcetest.Server
	view   *oneView
	mirror *mirror.Mirror
	leases *runner.SQLStore
	sink   importer.Sink
}

func (d *demo) Client(context.Context, orglink.TenantID, orglink.ConnectionID) (*salesforce.Client, error) {
	ready := d.org.Ready()
	return salesforce.New(salesforce.Config{Tokens: salesforce.StaticToken(ready.URL, ready.AccessToken), TrustedHosts: []string{strings.TrimPrefix(ready.URL, "http://")}, MaxRetries: -1})
}

func (d *demo) Selections(context.Context, orglink.TenantID, orglink.ConnectionID) ([]mapping.Selection, error) {
	return d.view.Objects, nil
}

func (d *demo) sync(ctx context.Context) error {
	run, err := runner.New(runner.Config{Leases: d.leases, Owner: "conformance"})
	if err != nil {
		return err
	}
	im, err := importer.New(importer.Config{Clients: d, Selections: d, Sink: d.sink, Leases: run, Lag: -1, Overlap: -1,
		ChunkRows: 150, PageRows: 60, PollMin: time.Millisecond, SyncPoll: 10 * time.Millisecond})
	if err != nil {
		return err
	}
	_, err = im.Sync(ctx, "t", "c", importer.SyncOptions{})
	return err
}

func openDemo(t *testing.T, d database) *demo {
	t.Helper()
	out := &demo{org: salesforcetest.NewServer(t, salesforcetest.Config{Seed: salesforcetest.Demo(salesforcetest.DemoConfig{Accounts: 100})})}
	out.view = &oneView{Tenant: "t", Connection: "c", Integration: "i"}
	client, err := out.Client(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range []string{"Account", "Contact", "Opportunity", "Case"} {
		d, err := client.Describe(t.Context(), object)
		if err != nil {
			t.Fatal(err)
		}
		sel, problems := mapping.Resolve(mapping.ObjectSelection{Object: object, Fields: mapping.All()}, d)
		if bad := mapping.Blocking(problems); len(bad) > 0 {
			t.Fatal(bad)
		}
		out.view.Objects = append(out.view.Objects, sel)
	}
	out.mirror = newMirror(t, d, out.view)
	out.sink = out.mirror
	if out.leases, err = runner.NewSQLStore(d.DB, d.Config); err != nil {
		t.Fatal(err)
	}
	if err := out.leases.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return out
}

// same compares mirror and org, row by row, value by value.
func (d *demo) same(t *testing.T) {
	t.Helper()
	viewer := orglink.Actor{Tenant: "t"}
	for _, sel := range d.view.Objects {
		rows, err := d.org.Org().Query("SELECT " + strings.Join(sel.Fields, ", ") + " FROM " + sel.Object)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := d.mirror.Count(t.Context(), viewer, "i", sel.Object); err != nil || n != int64(len(rows)) {
			t.Errorf("%s: %d mirrored (%v), the org has %d", sel.Object, n, err, len(rows))
		}
		for _, want := range rows {
			got, err := d.mirror.Get(t.Context(), viewer, "i", sel.Object, want.ID())
			if err != nil {
				t.Error(err)
				continue
			}
			for _, f := range sel.Fields {
				a, _ := want.Value(f)
				b, _ := got.Record.Value(f)
				if at, err := a.Time(); err == nil {
					a = sobject.DateTimeValue(at)
				}
				if !a.Equal(b) {
					t.Errorf("%s %s: %s is %s %q, the org has %s %q", sel.Object, want.ID(), f, b.Kind(), b.Raw(), a.Kind(), a.Raw())
				}
			}
		}
		if t.Failed() {
			t.FailNow()
		}
	}
}

func TestImportIntoMirror(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		d := openDemo(t, open(t))
		if err := d.sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.same(t)
		before := entries(t, d)
		rows, err := d.org.Org().Query("SELECT Id FROM Account ORDER BY Id LIMIT 20")
		if err != nil {
			t.Fatal(err)
		}
		fresh, _ := d.org.Org().Create("Account", salesforcetest.Fields{"Name": "Fresh \U0001F33F"})
		_ = d.org.Org().Update(rows[0].ID(), salesforcetest.Fields{"Name": "Renamed"})
		_ = d.org.Org().Merge(rows[1].ID(), rows[2].ID())
		if err := d.sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.same(t)
		kinds := map[sobject.ID]mirror.ChangeKind{}
		for _, e := range entries(t, d)[len(before):] {
			if e.Object == "Account" && !e.Initial {
				kinds[e.ID] = e.Kind
			}
		}
		if kinds[fresh] != mirror.Created || kinds[rows[0].ID()] != mirror.Updated || kinds[rows[2].ID()] != mirror.Merged {
			t.Errorf("%v", kinds)
		}
	})
}

func entries(t *testing.T, d *demo) []mirror.Entry {
	t.Helper()
	out, err := d.mirror.Changes(t.Context(), "t", "c", 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range out {
		if e.Serial != int64(i)+1 {
			t.Fatalf("entry %d has serial %d", i, e.Serial)
		}
	}
	return out
}

var errKilled = errors.New("killed")

// dying fails at its nth Apply, before or after the commit. Streams apply at
// once.
type dying struct {
	importer.Sink
	nth   atomic.Int64
	after bool
}

func (d *dying) Apply(ctx context.Context, b importer.Batch) error {
	if d.nth.Add(-1) != 0 {
		return d.Sink.Apply(ctx, b)
	}
	if d.after {
		if err := d.Sink.Apply(ctx, b); err != nil {
			return err
		}
	}
	return errKilled
}

// The log of a run that died and went on is that of one that did not: nothing
// twice, nothing lost.
func TestImportIntoMirrorSurvivesDeath(t *testing.T) {
	whole := openDemo(t, openSQLite(t))
	if err := whole.sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := len(entries(t, whole))
	for nth := 1; nth <= 19; nth += 6 {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprint(nth, after), func(t *testing.T) {
				d := openDemo(t, openSQLite(t))
				killer := &dying{Sink: d.mirror, after: after}
				killer.nth.Store(int64(nth))
				d.sink = killer
				if err := d.sync(t.Context()); !errors.Is(err, errKilled) {
					t.Fatalf("the run ended with %v", err)
				}
				d.sink = d.mirror
				if err := d.sync(t.Context()); err != nil {
					t.Fatal(err)
				}
				d.same(t)
				if n := len(entries(t, d)); n != want {
					t.Errorf("%d log entries, %d without a death", n, want)
				}
			})
		}
	}
}
