package bulk_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/bulk"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

func fake(t *testing.T) (*salesforcetest.Server, *salesforce.Client) {
	t.Helper()
	org := salesforcetest.NewServer(t, salesforcetest.Config{})
	c, err := salesforce.New(salesforce.Config{Tokens: salesforce.StaticToken(org.URL, org.Ready().AccessToken), HTTPClient: org.Client(),
		TrustedHosts: []string{strings.TrimPrefix(org.URL, "http://")}, RetryWaitMin: 1, RetryWaitMax: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return org, c
}

func TestThereAndBackThroughTheFakeOrg(t *testing.T) {
	org, c := fake(t)
	ctx := t.Context()
	poll := bulk.PollConfig{PollMin: time.Millisecond}
	odd := "O'Brien, \"Söhne\"\n😀"
	j, err := bulk.StartIngest(ctx, c, bulk.IngestConfig{Object: "Account", Operation: bulk.Insert, Columns: []string{"Name", "Industry"}, PollConfig: poll})
	if err != nil {
		t.Fatal(err)
	}
	err = j.Upload(ctx, func(yield func(sobject.Record, error) bool) {
		for i := range 1000 {
			name := fmt.Sprintf("Account %d", i)
			switch i {
			case 5:
				name = odd
			case 6:
				name = "" // required
			}
			if !yield(sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue(name)), sobject.F("Industry", sobject.TextValue("Energy"))), nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Close(ctx); err != nil {
		t.Fatal(err)
	}
	info, err := j.Wait(ctx)
	if err != nil || info.NumberRecordsProcessed != 1000 || info.NumberRecordsFailed != 1 {
		t.Fatalf("%+v, %v", info, err)
	}
	var good, bad, left int
	var clear sobject.ID
	for r, err := range j.Successful(ctx) {
		if err != nil || r.ID == "" || !r.Created {
			t.Fatalf("%+v, %v", r, err)
		}
		good, clear = good+1, r.ID
	}
	for r, err := range j.Failed(ctx) {
		if err != nil || r.Error == nil || r.Error.Code != "REQUIRED_FIELD_MISSING" || len(r.Error.Fields) != 1 {
			t.Fatalf("%+v, %v", r, err)
		}
		bad++
	}
	for range j.Unprocessed(ctx) {
		left++
	}
	if good != 999 || bad != 1 || left != 0 {
		t.Error(good, bad, left)
	}

	// A null clears, an absent field stays.
	u, err := bulk.StartIngest(ctx, c, bulk.IngestConfig{Object: "Account", Operation: bulk.Update, Columns: []string{"Id", "Name", "Industry"}, PollConfig: poll})
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(u.Upload(ctx, rows(sobject.NewRecord("Account", sobject.F("Id", sobject.IDValue(clear)), sobject.F("Industry", sobject.NullValue())))), u.Close(ctx))
	if err != nil {
		t.Fatal(err)
	}
	if info, err := u.Wait(ctx); err != nil || info.NumberRecordsFailed != 0 {
		t.Fatal(info, err)
	}
	rec, err := org.Org().Get(clear, "Name", "Industry")
	if err != nil {
		t.Fatal(err)
	}
	name, _ := rec.Text("Name")
	if v, _ := rec.Value("Industry"); !v.IsNull() || name == "" {
		t.Error(v.Raw(), name)
	}

	q, err := bulk.StartQuery(ctx, c, "SELECT Id, Name, Industry, Owner.Name, CreatedDate, IsDeleted FROM Account", bulk.QueryConfig{MaxRecords: 300, PollConfig: poll})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	n, found, nulls := 0, false, 0
	for r, err := range q.Records(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		text, _ := r.Text("Name")
		found = found || text == odd
		if v, _ := r.Value("Industry"); v.IsNull() {
			nulls++
		}
		if v, ok := r.Path("Owner.Name"); !ok || v.IsNull() || r.ID() == "" || r.Object() != "Account" {
			t.Fatal(r)
		}
	}
	if n != 999 || !found || nulls != 1 {
		t.Error(n, found, nulls)
	}
	// Another process goes on from (id, locator).
	first, err := bulk.OpenQuery(c, q.ID()).Page(ctx, "", 600)
	if err != nil || first.Count != 600 || first.Next == "" {
		t.Fatal(err)
	}
	rest := 0
	for _, err := range bulk.OpenQuery(c, q.ID()).RecordsFrom(ctx, first.Next) {
		if err != nil {
			t.Fatal(err)
		}
		rest++
	}
	if rest != 399 {
		t.Error(rest)
	}
	if err := q.Abort(ctx); !errors.Is(err, salesforce.ErrConflict) {
		t.Error("a complete job was aborted:", err)
	}
	if err := q.Delete(ctx); err != nil {
		t.Error(err)
	}
	if _, err := q.Info(ctx); !errors.Is(err, salesforce.ErrNotFound) {
		t.Error(err)
	}
}

func TestQueriesThatTheFakeOrgRefuses(t *testing.T) {
	org, c := fake(t)
	if _, err := bulk.StartQuery(t.Context(), c, "SELECT Nope FROM Account", bulk.QueryConfig{}); !errors.Is(err, salesforce.ErrInvalidField) {
		t.Error(err)
	}
	for i := range 200 {
		if _, err := org.Org().Create("Account", salesforcetest.Fields{"Name": fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	q, err := bulk.StartQuery(t.Context(), c, "SELECT Id, Name FROM Account", bulk.QueryConfig{PollConfig: bulk.PollConfig{PollMin: time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	// A page that is cut once is read on from there, each row once; one that
	// is always cut is an error.
	results := salesforcetest.Match{Path: "jobs/query/*/results", Nth: 1}
	remove := org.Fault(salesforcetest.Fault{Match: results, Action: salesforcetest.Truncate(500)})
	seen := map[string]bool{}
	p, err := q.Page(t.Context(), "", 0)
	if err != nil || p.Count != 200 {
		t.Fatal(err)
	}
	for _, r := range p.Records {
		seen[string(r.ID())] = true
	}
	if len(seen) != 200 {
		t.Errorf("%d different rows", len(seen))
	}
	remove()
	results.Nth = 0
	defer org.Fault(salesforcetest.Fault{Match: results, Action: salesforcetest.Truncate(500)})()
	if p, err := q.Page(t.Context(), "", 0); err == nil || !salesforce.IsRetryable(err) {
		t.Errorf("%d rows of a cut page, %v", p.Count, err)
	}
}
