package exporter_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/exporter"
)

// step runs one step, whatever it says.
func (w *world) step() error {
	_, err := w.service().Job(tenant, conn).Step(w.t.Context(), 9)
	return err
}

// discard removes the only entry that waits, which the org may have done.
func (w *world) discard() {
	w.t.Helper()
	e, err := w.outbox.List(w.t.Context(), tenant, conn, exporter.Filter{State: exporter.Pending})
	if err != nil || len(e) != 1 || !e[0].Unsure {
		w.t.Fatalf("waiting: %+v, %v; want one unsure entry", e, err)
	}
	if n, err := w.outbox.Discard(w.t.Context(), tenant, conn, e[0].ID); n != 1 || err != nil {
		w.t.Fatalf("discarded %d, %v", n, err)
	}
}

// failingClients hands out a few clients and then none.
type failingClients struct {
	exporter.Clients
	left int
}

var errNotNow = errors.New("not now")

func (f *failingClients) Client(ctx context.Context, t orglink.TenantID, c orglink.ConnectionID) (*salesforce.Client, error) {
	if f.left--; f.left < 0 {
		return nil, errNotNow
	}
	return f.Clients.Client(ctx, t, c)
}

// After a change that the org may have made and nobody knows of, a change back
// to what was written before is written: it does change something.
func TestADoubtfulChangeIsNotForgotten(t *testing.T) {
	lose := func(w *world) {
		w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "composite/sobjects", Nth: 1}, Action: salesforcetest.DropAfter()})
	}
	for name, doubt := range map[string]func(w *world){
		"discarded after a lost answer": func(w *world) {
			lose(w)
			w.add(company("k", "name", "Second"))
			if err := w.step(); err != nil {
				w.t.Fatal(err)
			}
			w.discard()
		},
		"discarded after a death": func(w *world) {
			w.add(company("k", "name", "Second"))
			now, err := w.client.ServerTime(w.t.Context())
			if err != nil {
				w.t.Fatal(err)
			}
			if _, err := w.outbox.Claim(w.t.Context(), exporter.Claim{Tenant: tenant, Connection: conn, By: exporter.Claimant{Fence: 3, Owner: "dead"}, Limit: 1, Now: now}); err != nil {
				w.t.Fatal(err)
			}
			second := sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue("Second")), sobject.F("Company_Key__c", sobject.TextValue("k")))
			if _, err := w.client.Upsert(w.t.Context(), "Company_Key__c", "k", second); err != nil {
				w.t.Fatal(err)
			}
			clients := w.cfg.Clients
			w.cfg.Clients = &failingClients{Clients: clients, left: 1}
			if err := w.step(); !errors.Is(err, errNotNow) {
				w.t.Fatalf("the step did not stop before it knew what was written: %v", err)
			}
			w.cfg.Clients = clients
			w.discard()
		},
		"refused when it was sent again": func(w *world) {
			lose(w)
			w.add(company("k", "name", "Second"))
			if err := w.step(); err != nil {
				w.t.Fatal(err)
			}
			link, err := w.links.Written(w.t.Context(), tenant, conn, "companies", []string{"k"})
			if err != nil {
				w.t.Fatal(err)
			}
			if err := w.org.Org().Update(link["k"].Record, salesforcetest.Fields{"Name": "Second, by a trigger"}); err != nil {
				w.t.Fatal(err)
			}
			_ = w.org.Org().AddRule("Account", salesforcetest.Rule{Name: "frozen", Message: "No.", Fails: func(r salesforcetest.Row) bool { return r.Text("Name") == "Second" }})
			if err := w.step(); err != nil {
				w.t.Fatal(err)
			}
			if c, err := w.outbox.Counts(w.t.Context(), tenant, conn); err != nil || c.Rejected != 1 {
				w.t.Fatalf("counts %+v, %v; want one rejected", c, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.add(company("k", "name", "First"))
			w.want(w.run(), "created 1, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
			doubt(w)
			if got := w.account("k", "Name"); !strings.HasPrefix(got, "Second") {
				t.Fatalf("the account is named %q", got)
			}
			w.add(company("k", "name", "First"))
			w.want(w.run(), "created 0, updated 1, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
			if got := w.account("k", "Name"); got != "First" {
				t.Errorf("the account is named %q", got)
			}
		})
	}
}
