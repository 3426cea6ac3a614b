package importer_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/sync/importer"
)

// A plan says what comes next and what it takes, and does none of it.
func TestPlanBeforeRunning(t *testing.T) {
	t.Parallel()
	p := process(t, accounts(), contacts(), mapping.Selection{Object: "Nothing__c", Fields: []string{"Id"}})
	p.create(50)
	p.org.Org().Advance(time.Minute)
	plan := func() importer.Plan {
		t.Helper()
		before := p.org.APICalls()
		got, err := p.im.Plan(t.Context(), "tenant", "conn")
		if err != nil {
			t.Fatal(err)
		}
		if n := p.org.APICalls() - before; n > 4 {
			t.Errorf("a plan takes %d calls", n)
		}
		return got
	}
	got := plan()
	if o := got.Objects[0]; o.Phase != "backfill" || o.Estimate.Rows != 50 || o.Estimate.Jobs != 2 || !o.Covered.IsZero() {
		t.Errorf("%+v", o)
	}
	if o := got.Objects[2]; !errors.Is(o.Err, importer.ErrNoObject) || o.Phase != "" {
		t.Errorf("%+v", o)
	}
	if got.Total.Rows != 50 || got.Total.Jobs != 3 {
		t.Errorf("%+v", got.Total)
	}
	if n := p.sink.Len(p.stream("Account")); n != 0 {
		t.Errorf("%d rows were imported", n)
	}
	for _, r := range p.org.Requests() {
		if r.Method == "POST" && r.Path != "/services/data/v66.0/composite" {
			t.Errorf("%s %s", r.Method, r.Path)
		}
	}
	p.selected = p.selected[:2]
	p.cycle()
	p.org.Org().Advance(time.Hour)
	p.cycle()
	p.create(3)
	p.org.Org().Advance(time.Minute)
	p.selected = []mapping.Selection{accounts(), {Object: "Contact", Fields: append(contacts().Fields, "Phone")}}
	got = plan()
	if o := got.Objects[0]; o.Phase != "increment" || o.Estimate.Rows != 3 || o.Estimate.Jobs != 0 || o.Covered.IsZero() {
		t.Errorf("%+v", o)
	}
	if o := got.Objects[1]; o.Phase != "read added fields" || !slices.Equal(o.Added, []string{"Phone"}) {
		t.Errorf("%+v", o)
	}
	p.into = struct{ importer.Sink }{p.sink}
	if _, err := restart(p.world).im.Plan(t.Context(), "tenant", "conn"); err == nil {
		t.Error("a sink that cannot be looked into was planned for")
	}
}
