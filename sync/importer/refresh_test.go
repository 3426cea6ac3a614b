package importer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
)

// A company and the children of five objects take one call when they were
// described lately, and two when not.
func TestRefreshTakesTwoCalls(t *testing.T) {
	t.Parallel()
	p := process(t, fiveObjects()...)
	p.cfg.DescribeEvery = time.Hour
	p = restart(p.world)
	id := p.create(1)[0]
	for n := range 5 {
		_, _ = p.org.Org().Create("Contact", salesforcetest.Fields{"LastName": fmt.Sprint(n), "AccountId": id})
		_, _ = p.org.Org().Create("Case", salesforcetest.Fields{"Subject": fmt.Sprint(n), "AccountId": id})
	}
	for _, want := range []int{2, 1} {
		before := p.org.APICalls()
		got, err := p.im.Refresh(t.Context(), "tenant", "conn", importer.RefreshRequest{Object: "Account", ID: id})
		if n := p.org.APICalls() - before; err != nil || n != want || int(got.Calls) != want || got.Rows["Contact"] != 5 || got.Rows["Case"] != 5 || got.Rest != nil {
			t.Errorf("%d calls: %+v, %v", n, got, err)
		}
	}
	p.mustBeSame()
	// What changed in the org's schema since is noticed by the same call.
	p.cfg.DescribeEvery = time.Nanosecond
	p = restart(p.world)
	p.org.Org().Advance(time.Minute)
	if _, err := p.im.Refresh(t.Context(), "tenant", "conn", importer.RefreshRequest{Object: "Account", ID: id}); err != nil {
		t.Fatal(err)
	}
	if err := p.org.Org().AddField("Account", salesforcetest.Field{Name: "Tier__c", Type: sobject.TypeString, Length: 20}); err != nil {
		t.Fatal(err)
	}
	_ = p.org.Org().Update(id, salesforcetest.Fields{"Tier__c": "gold"})
	p.selected = append([]mapping.Selection{accounts("Tier__c")}, p.selected[1:]...)
	p.org.Org().Advance(time.Minute)
	if _, err := p.im.Refresh(t.Context(), "tenant", "conn", importer.RefreshRequest{Object: "Account", ID: id}); err != nil {
		t.Fatal(err)
	}
	p.mustBeSame()
	// Of a record that is gone, a query tells how.
	other := p.create(1)[0]
	if _, err := p.im.Refresh(t.Context(), "tenant", "conn", importer.RefreshRequest{Object: "Account", ID: other}); err != nil {
		t.Fatal(err)
	}
	_ = p.org.Org().Merge(id, other)
	got, err := p.im.Refresh(t.Context(), "tenant", "conn", importer.RefreshRequest{Object: "Account", ID: other})
	if stored := p.sink.Record(p.stream("Account"), other); err != nil || !got.Found || stored.Kind != importer.Merged || stored.Survivor != id {
		t.Errorf("%+v, %+v, %v", got, stored, err)
	}
}

// Children beyond the limit are marked, and read later by a job, by Id, from a
// description of the rest that survives a queue; also while more come.
func TestRestOfARefresh(t *testing.T) {
	t.Parallel()
	p := process(t, fiveObjects()...)
	ids := p.create(2)
	p.org.Org().Advance(time.Minute)
	child := func(n int) {
		_, _ = p.org.Org().Create("Contact", salesforcetest.Fields{"LastName": fmt.Sprint(n), "AccountId": ids[0]})
	}
	for n := range 23 {
		child(n)
	}
	_, _ = p.org.Org().Create("Contact", salesforcetest.Fields{"LastName": "other", "AccountId": ids[1]})
	got, err := p.im.Refresh(t.Context(), "tenant", "conn", importer.RefreshRequest{Object: "Account", ID: ids[0], Limit: 5})
	if err != nil || !slices.Equal(got.More, []string{"Contact"}) || got.Rest == nil || got.Rows["Contact"] != 5 {
		t.Fatalf("%+v, %v", got, err)
	}
	text, err := json.Marshal(got.Rest)
	if err != nil {
		t.Fatal(err)
	}
	child(23)
	var rest importer.Rest
	if err := json.Unmarshal(text, &rest); err != nil {
		t.Fatal(err)
	}
	job := p.im.RestJob("tenant", "conn", rest)
	if !strings.HasPrefix(job.Key(), "refresh/tenant/conn/Account/001") {
		t.Errorf("the key is %q", job.Key())
	}
	before := p.org.APICalls()
	if err := p.run.RunDue(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	if n := p.org.APICalls() - before; n != 4 || len(job.Left().Related) > 0 {
		t.Errorf("%d calls, left %+v", n, job.Left())
	}
	if n := p.sink.Len(p.stream("Contact")); n != 24 {
		t.Errorf("%d contacts of 24", n)
	}
	// A record that is not there has no rest.
	got, err = p.im.Refresh(t.Context(), "tenant", "conn", importer.RefreshRequest{Object: "Account", ID: sobject.MustID("001000000000zzz"), Limit: 5})
	if err != nil || got.Found || got.Rest != nil || got.More != nil {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []importer.Rest{{}, {ID: ids[0], Limit: 9999}, {Object: "Account", ID: ids[0], Limit: 5, Related: []importer.RestChild{{Object: "Lead", Fields: []string{"Id"}}}}} {
		if _, err := p.im.RefreshRest(t.Context(), "tenant", "conn", bad); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

// The quota is the org's: what one connection heard holds for another; and old
// figures are asked for again, so that background work goes on some time.
func TestReserveIsTheOrgs(t *testing.T) {
	t.Parallel()
	p := process(t, accounts())
	p.create(1)
	p.org.SetAPIUsage(900, 1000)
	loud, silent := p, restart(p.world)
	if _, err := loud.client.Describe(t.Context(), "Account"); err != nil {
		t.Fatal(err)
	}
	for _, age := range []time.Duration{time.Hour, time.Nanosecond} {
		p.cfg.UsageAge = age
		two := &twoClients{loud.client, silent.client}
		cfg := p.cfg
		cfg.Clients, cfg.Selections, cfg.Sink = two, p.world, importer.NewMemorySink()
		im, err := importer.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		for _, conn := range []orglink.ConnectionID{"loud", "silent"} {
			jobs, err := im.Jobs(t.Context(), "tenant", conn)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := jobs[0].Step(t.Context(), 1); !errors.Is(err, importer.ErrQuotaReserve) {
				t.Errorf("age %v, connection %s: %v", age, conn, err)
			}
		}
		if age < time.Hour {
			p.org.SetAPIUsage(100, 1000)
			jobs, _ := im.Jobs(t.Context(), "tenant", "silent")
			if _, err := jobs[0].Step(t.Context(), 1); err != nil {
				t.Errorf("the quota has recovered: %v", err)
			}
		}
	}
}

// twoClients are of two connections to one org.
type twoClients struct{ loud, silent *salesforce.Client }

func (c *twoClients) Client(_ context.Context, _ orglink.TenantID, conn orglink.ConnectionID) (*salesforce.Client, error) {
	if conn == "loud" {
		return c.loud, nil
	}
	return c.silent, nil
}
