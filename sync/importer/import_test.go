package importer_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/runner"
)

// Everything is imported; then exactly what people did since.
func TestSyncBringsTheOrgAndThenItsChanges(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{Seed: salesforcetest.Demo(salesforcetest.DemoConfig{Accounts: 150})}, accounts("Description", "CreatedDate", "NumberOfEmployees"), contacts(),
		mapping.Selection{Object: "Opportunity", Fields: []string{"Id", "Name", "Amount", "CloseDate", "StageName", "AccountId", "SystemModstamp"}},
		mapping.Selection{Object: "Task", Fields: []string{"Id", "Subject", "ActivityDate", "SystemModstamp"}})
	report := w.sync()
	w.mustBeSame()
	if report.Jobs < 8 || report.Calls == 0 || report.Objects[0].Object != "Account" || report.Objects[0].Kinds[importer.Full] < 150 {
		t.Errorf("report %+v", report)
	}
	if again := w.sync(); again.Jobs != 0 || again.Objects[1].Rows != 0 {
		t.Errorf("nothing changed, but %+v", again)
	}
	w.mustBeSame()

	rows, err := w.org.Org().Query("SELECT Id FROM Account ORDER BY Id LIMIT 40")
	if err != nil || len(rows) < 40 {
		t.Fatalf("%d accounts, %v", len(rows), err)
	}
	id := func(n int) sobject.ID { return rows[n].ID() }
	fresh := w.create(3)
	for n := range 25 {
		_ = w.org.Org().Update(id(n), salesforcetest.Fields{"Name": "Renamed", "Industry": nil})
	}
	_ = w.org.Org().Delete(id(30), fresh[2])
	_ = w.org.Org().Merge(id(31), id(32))
	_ = w.org.Org().System().HardDelete(fresh[1])
	report = w.sync()
	w.mustBeSame()
	if kinds := report.Objects[0].Kinds; kinds[importer.Merged] < 1 || kinds[importer.Deleted] < 2 || report.Jobs != 0 {
		t.Errorf("report %+v", report)
	}
	if got := w.sink.Record(w.stream("Account"), id(32)); got.Kind != importer.Merged || got.Survivor != id(31) {
		t.Errorf("the merged account is %+v", got)
	}
	if got := w.sink.Record(w.stream("Account"), fresh[1]); got.Exists && !got.Gone {
		t.Errorf("the emptied account is %+v", got)
	}
	_ = w.org.Org().Undelete(id(30))
	_ = w.org.Org().System().HardDelete(fresh[0]) // imported before
	w.sync()
	w.mustBeSame()
	if got := w.sink.Record(w.stream("Account"), fresh[0]); got.Kind != importer.Deleted {
		t.Errorf("the emptied account is %+v", got)
	}
}

// Many rows with one time stamp do not fit a page: none is skipped.
func TestTiesAtThePageEdge(t *testing.T) {
	t.Parallel()
	fixed := time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)
	w := open(t, salesforcetest.Config{Clock: func() time.Time { return fixed }}, accounts())
	w.create(5)
	w.cfg.Lag = time.Nanosecond
	step := func() {
		w.org.Org().Advance(3 * time.Second)
		if _, err := w.importer().Sync(t.Context(), "tenant", "conn", importer.SyncOptions{Until: w.org.Org().Now().Add(-time.Second)}); err != nil {
			t.Fatal(err)
		}
		w.mustBeSame()
	}
	step()
	w.create(33)
	step()
	w.create(30)
	step()
}

// Transactions that become visible late are found in the overlap.
func TestLateVisibleRowsAreNotLost(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{VisibilityDelay: 20 * time.Second}, accounts())
	w.cfg.Overlap = time.Minute
	w.create(3)
	w.sync()
	w.create(4)
	w.sync() // too early for them
	w.org.Org().Advance(30 * time.Second)
	w.sync()
	w.mustBeSame()
	if n := w.sink.Len(w.stream("Account")); n != 7 {
		t.Errorf("%d accounts", n)
	}
}

func TestAddedFieldsAreReadAloneAndRemovedOnesDropped(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{}, accounts())
	ids := w.create(60)
	w.sync()
	if err := w.org.Org().AddField("Account", salesforcetest.Field{Name: "Tier__c", Type: sobject.TypeString, Length: 20}); err != nil {
		t.Fatal(err)
	}
	_ = w.org.Org().Update(ids[3], salesforcetest.Fields{"Tier__c": "gold"})
	w.sync()
	w.selected = []mapping.Selection{accounts("Tier__c", "Phone")}
	report := w.sync()
	w.mustBeSame()
	if report.Jobs != 2 || report.Objects[0].Kinds[importer.Partial] != 60 {
		t.Errorf("report %+v", report)
	}
	if err := w.org.Org().RemoveField("Account", "Tier__c"); err != nil {
		t.Fatal(err)
	}
	w.create(2)
	w.sync()
	w.selected = []mapping.Selection{accounts("Phone")}
	w.mustBeSame()
	if !slices.ContainsFunc(w.events, func(e orglink.Event) bool {
		return e.Kind == "import.field.gone" && e.Subject == "Account.Tier__c"
	}) {
		t.Errorf("nobody was told: %+v", w.events)
	}
}

// An org that changes after it was described: the field is dropped, the run
// goes on.
func TestFieldRemovedUnderTheRun(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{}, accounts("Gone__c"))
	if err := w.org.Org().AddField("Account", salesforcetest.Field{Name: "Gone__c", Type: sobject.TypeString, Length: 20}); err != nil {
		t.Fatal(err)
	}
	w.create(50)
	removed := false
	w.org.OnRequest(func(r salesforcetest.RequestRecord) {
		if r.Method == "POST" && strings.HasSuffix(r.Path, "jobs/query") && !removed {
			removed = true
			_ = w.org.Org().RemoveField("Account", "Gone__c")
		}
	})
	w.sync()
	w.selected = []mapping.Selection{accounts()}
	w.mustBeSame()
	if !removed {
		t.Error("the field was never removed")
	}
}

func TestBadSelectionsAreTypedErrors(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{}, mapping.Selection{Object: "Nothing__c", Fields: []string{"Id"}}, accounts())
	w.create(3)
	_, err := w.importer().Sync(t.Context(), "tenant", "conn", importer.SyncOptions{})
	var named *importer.ObjectError
	if !errors.Is(err, importer.ErrNoObject) || !errors.As(err, &named) || named.Object != "Nothing__c" {
		t.Errorf("%v", err)
	}
	if n := w.sink.Len(w.stream("Account")); n != 3 {
		t.Errorf("the other object has %d rows", n)
	}
	if _, err := w.importer().Sync(t.Context(), "tenant", "conn", importer.SyncOptions{Objects: []string{"Lead"}}); !errors.Is(err, importer.ErrNotSelected) {
		t.Errorf("%v", err)
	}
}

// owners pairs every Salesforce user it is asked for.
type owners struct{ asked [][]sobject.ID }

func (o *owners) ResolveOwners(_ context.Context, _ orglink.TenantID, _ orglink.ConnectionID, ids []sobject.ID) (map[sobject.ID]orglink.UserID, error) {
	o.asked = append(o.asked, ids)
	out := map[sobject.ID]orglink.UserID{}
	for _, id := range ids {
		out[id] = orglink.UserID("host of " + id.Short())
	}
	return out, nil
}

// ownedSink remembers the owner of every change.
type ownedSink struct {
	importer.Sink
	owner map[sobject.ID]orglink.UserID
	extra bool
}

func (s *ownedSink) Apply(ctx context.Context, b importer.Batch) error {
	for _, c := range b.Changes {
		s.owner[c.ID] = c.Owner
		_, has := c.Record.Value("OwnerId")
		s.extra = s.extra || has
	}
	return s.Sink.Apply(ctx, b)
}

func TestOwnersAreResolvedBeforeTheSink(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{}, mapping.Selection{Object: "Account", Fields: []string{"Id", "Name", "SystemModstamp"}})
	who := &owners{}
	into := &ownedSink{w.sink, map[sobject.ID]orglink.UserID{}, false}
	w.cfg.Owners, w.into = who, into
	ids := w.create(20)
	w.sync()
	ids = append(ids, w.create(2)...)
	w.sync()
	w.mustBeSame()
	for _, id := range ids {
		if !strings.HasPrefix(string(into.owner[id]), "host of 005") {
			t.Errorf("%s belongs to %q", id, into.owner[id])
		}
	}
	if len(who.asked) < 2 || len(who.asked[0]) != 1 || into.extra {
		t.Errorf("asked %v; OwnerId handed over although not selected: %v", who.asked, into.extra)
	}
}

func TestRefreshReadsOneCompanyNow(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{}, accounts(), contacts())
	ids := w.create(2)
	for _, name := range []string{"One", "Two", "Three"} {
		_, _ = w.org.Org().Create("Contact", salesforcetest.Fields{"LastName": name, "AccountId": ids[0]})
	}
	w.sync()
	_ = w.org.Org().Update(ids[0], salesforcetest.Fields{"Name": "Refreshed"})
	person, _ := w.org.Org().Create("Contact", salesforcetest.Fields{"LastName": "Four", "AccountId": ids[0]})
	im := w.importer()
	got, err := im.Refresh(t.Context(), "tenant", "conn", importer.RefreshRequest{Object: "Account", ID: ids[0]})
	if err != nil || !got.Found || got.Rows["Account"] != 1 || got.Rows["Contact"] != 4 || len(got.More) != 0 || got.Calls != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	w.mustBeSame()
	if !w.sink.Record(w.stream("Contact"), person).Exists {
		t.Error("the new contact is missing")
	}
	if got, err = im.Refresh(t.Context(), "tenant", "conn", importer.RefreshRequest{Object: "Account", ID: ids[0], Limit: 2}); err != nil || !slices.Equal(got.More, []string{"Contact"}) {
		t.Errorf("%+v, %v", got, err)
	}
	_ = w.org.Org().System().HardDelete(ids[1])
	got, err = im.Refresh(t.Context(), "tenant", "conn", importer.RefreshRequest{Object: "Account", ID: ids[1], Related: []importer.Relation{}})
	if kind := w.sink.Record(w.stream("Account"), ids[1]).Kind; err != nil || got.Found || kind != importer.NotVisible {
		t.Errorf("%+v %v, %v", got, kind, err)
	}
	w.sync()
	w.mustBeSame()
}

func TestEstimateCountsInTheOrg(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{})
	w.create(50)
	e, err := w.importer().Estimate(t.Context(), "tenant", "conn", []mapping.Selection{accounts(), contacts()})
	if err != nil || e.Rows != 50 || e.Jobs != 3 || e.Calls < 10 || e.Time <= 0 {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestBackgroundStepsLeaveAReserve(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{DailyRequests: 100}, accounts())
	shared, err := w.Client(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	for range 85 {
		if _, err := shared.Describe(t.Context(), "Account"); err != nil {
			t.Fatal(err)
		}
	}
	im, err := importer.New(importer.Config{Clients: only{shared}, Selections: w, Sink: w.sink})
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := im.Jobs(t.Context(), "tenant", "conn")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jobs[0].Step(t.Context(), 1); !errors.Is(err, importer.ErrQuotaReserve) {
		t.Errorf("%v", err)
	}
}

func TestConfigReportsAllProblems(t *testing.T) {
	t.Parallel()
	_, err := importer.New(importer.Config{ChunkRows: -1, QueryRows: 3000, MaxUsage: 2, Interval: -1})
	for _, want := range []string{"Clients", "Selections", "Sink", "ChunkRows", "QueryRows", "MaxUsage", "Interval"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not mention %s", err, want)
		}
	}
}

var _ runner.Job = (*importer.Job)(nil)

// Any scheduler may run the jobs.
func TestJobsRunUnderARunner(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{}, accounts(), contacts())
	w.create(50)
	var seen []importer.Progress
	w.cfg.Progress = func(p importer.Progress) { seen = append(seen, p) }
	run, err := runner.New(runner.Config{Leases: w.leases, Parallel: 1})
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := w.importer().Jobs(t.Context(), "tenant", "conn")
	if err != nil {
		t.Fatal(err)
	}
	due := make([]runner.Job, len(jobs))
	for i, j := range jobs {
		due[i] = j
	}
	if err := run.RunDue(t.Context(), due...); err != nil {
		t.Fatal(err)
	}
	w.org.Org().Advance(time.Minute)
	if err := run.RunDue(t.Context(), due...); err != nil {
		t.Fatal(err)
	}
	w.mustBeSame()
	last := seen[len(seen)-1]
	if last.Object != "Contact" || last.Phase != "increment" || last.Covered.IsZero() {
		t.Errorf("the last step was %+v", last)
	}
}

// What Bulk does not know is read by REST.
func TestObjectsThatBulkRefuses(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{}, accounts())
	w.create(35)
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "POST", Path: "jobs/query"},
		Action: salesforcetest.Refuse(400, "INVALIDENTITY", "Entity 'Account' is not supported by the Bulk API.")})
	if report := w.sync(); report.Jobs != 0 || report.Objects[0].Rows < 35 {
		t.Errorf("report %+v", report)
	}
	w.mustBeSame()
}
