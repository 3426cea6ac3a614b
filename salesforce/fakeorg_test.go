package salesforce_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// fake starts a fake org and a client of its administrator.
func fake(t *testing.T, cfg salesforcetest.Config) (*salesforcetest.Server, *salesforce.Client) {
	t.Helper()
	org := salesforcetest.NewServer(t, cfg)
	c, err := salesforce.New(salesforce.Config{Tokens: salesforce.StaticToken(org.URL, org.Ready().AccessToken), HTTPClient: org.Client(),
		TrustedHosts: []string{strings.TrimPrefix(org.URL, "http://")}, RetryWaitMin: 1, RetryWaitMax: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return org, c
}

func TestARecordsLifeInTheFakeOrg(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	ctx := t.Context()
	start, err := c.ServerTime(ctx)
	if err != nil {
		t.Fatal(err)
	}
	name := "O'Brien & \"Söhne\" 😀\nline"
	out, err := c.Create(ctx, account(sobject.F("Name", sobject.TextValue(name)), sobject.F("AnnualRevenue", number(t, "1234567"))))
	if err != nil {
		t.Fatal(err)
	}
	rec, err := c.Get(ctx, "Account", out.ID, "Name", "AnnualRevenue", "Phone")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := rec.Text("Name"); got != name || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if v, _ := rec.Value("AnnualRevenue"); !v.Equal(number(t, "1234567")) {
		t.Error(v.Raw())
	}
	if err := c.Update(ctx, out.ID, account(sobject.F("Phone", sobject.TextValue("1")), sobject.F("AnnualRevenue", sobject.NullValue()))); err != nil {
		t.Fatal(err)
	}
	for r, err := range c.Query(ctx, "SELECT Id, Phone, AnnualRevenue, Owner.Name FROM Account WHERE Id = '"+string(out.ID)+"'") {
		if err != nil {
			t.Fatal(err)
		}
		revenue, ok := r.Value("AnnualRevenue")
		phone, _ := r.Text("Phone")
		owner, err := r.Text("Owner.Name")
		if !ok || !revenue.IsNull() || phone != "1" || owner == "" || err != nil || r.ID() != out.ID {
			t.Error(revenue, phone, owner, err)
		}
	}
	if err := c.Delete(ctx, "Account", out.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get(ctx, "Account", out.ID); !errors.Is(err, salesforce.ErrNotFound) {
		t.Error(err)
	}
	if err := c.Delete(ctx, "Account", out.ID); !errors.Is(err, salesforce.ErrDeleted) {
		t.Error(err)
	}
	if n, err := c.Count(ctx, "SELECT COUNT() FROM Account"); n != 0 || err != nil {
		t.Error(n, err)
	}
	n := 0
	for r, err := range c.QueryAll(ctx, "SELECT Id, IsDeleted FROM Account") {
		if gone, _ := r.Bool("IsDeleted"); err != nil || !gone {
			t.Error(r, err)
		}
		n++
	}
	if n != 1 {
		t.Error(n)
	}
	org.Org().Advance(5 * time.Minute)
	gone, err := c.Deleted(ctx, "Account", start.Add(-time.Hour), start.Add(5*time.Minute))
	if err != nil || len(gone.Records) != 1 || gone.Records[0].ID != out.ID || gone.LatestCovered.IsZero() {
		t.Errorf("%+v, %v", gone, err)
	}
	if int(c.Calls()) != org.APICalls() || int(c.Usage().Used) != org.APICalls() {
		t.Errorf("the client counts %d calls, the org %d and tells %d", c.Calls(), org.APICalls(), c.Usage().Used)
	}
}

func TestErrorsOfTheFakeOrg(t *testing.T) {
	_, c := fake(t, salesforcetest.Config{})
	for soql, want := range map[string]error{
		"SELECT Nope FROM Account":        salesforce.ErrInvalidField,
		"SELECT Id FROM Nope":             salesforce.ErrInvalidType,
		"SELEC Id FROM Account":           salesforce.ErrMalformedQuery,
		"SELECT Id FROM Account WHERE Id": salesforce.ErrMalformedQuery,
	} {
		if _, err := drain(c, soql); !errors.Is(err, want) || salesforce.IsRetryable(err) {
			t.Errorf("%s: %v", soql, err)
		}
	}
	if _, err := c.Describe(t.Context(), "Nope"); !errors.Is(err, salesforce.ErrNotFound) {
		t.Error(err)
	}
	if _, err := c.Create(t.Context(), account()); !errors.Is(err, salesforce.ErrRequired) {
		t.Error(err)
	}
}

func TestPagesAndCollectionsOfTheFakeOrg(t *testing.T) {
	_, c := fake(t, salesforcetest.Config{})
	ctx := t.Context()
	var recs []sobject.Record
	for i := range 4500 {
		recs = append(recs, account(sobject.F("Name", sobject.TextValue(fmt.Sprintf("Account %04d", i)))))
	}
	out, err := c.CreateAll(ctx, recs, salesforce.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var ids []sobject.ID
	for i, o := range out {
		if !o.Success || !o.Created {
			t.Fatalf("row %d: %+v", i, o)
		}
		ids = append(ids, o.ID)
	}
	before := c.Calls()
	var names []string
	for r, err := range c.Query(ctx, "SELECT Name FROM Account ORDER BY Name") {
		if err != nil {
			t.Fatal(err)
		}
		name, _ := r.Text("Name")
		names = append(names, name)
	}
	if len(names) != 4500 || names[4499] != "Account 4499" || !slices.IsSorted(names) || c.Calls()-before != 3 {
		t.Errorf("%d names in %d calls", len(names), c.Calls()-before)
	}
	// The same through the composite resource, because it is too long.
	long := "SELECT Name FROM Account WHERE Name != '" + strings.Repeat("x", 20_000) + "' ORDER BY Name"
	if n, err := drain(c, long); n != 4500 || err != nil {
		t.Error(n, err)
	}
	n := 0
	for _, err := range c.QueryWith(ctx, long, salesforce.QueryOptions{BatchSize: 200}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 4500 {
		t.Error(n)
	}
	gone, err := c.DeleteAll(ctx, ids[:201], salesforce.WriteOptions{})
	if err != nil || !gone[200].Success {
		t.Error(err)
	}
	if n, err := c.Count(ctx, "SELECT COUNT() FROM Account"); n != 4299 || err != nil {
		t.Error(n, err)
	}
}

func TestChildrenInTheFakeOrg(t *testing.T) {
	_, c := fake(t, salesforcetest.Config{})
	ctx := t.Context()
	parent, err := c.Create(ctx, account(sobject.F("Name", sobject.TextValue("Parent"))))
	if err != nil {
		t.Fatal(err)
	}
	var kids []sobject.Record
	for i := range 2500 {
		kids = append(kids, sobject.NewRecord("Contact", sobject.F("LastName", sobject.TextValue(fmt.Sprint(i))), sobject.F("AccountId", sobject.IDValue(parent.ID))))
	}
	if _, err := c.CreateAll(ctx, kids, salesforce.WriteOptions{AllOrNone: true}); err != nil {
		t.Fatal(err)
	}
	for r, err := range c.Query(ctx, "SELECT Id, (SELECT Id, LastName FROM Contacts) FROM Account") {
		if err != nil {
			t.Fatal(err)
		}
		v, _ := r.Value("Contacts")
		if set, ok := v.Children(); !ok || len(set.Records) != 2500 || !set.Done {
			t.Errorf("%d of %d children", len(set.Records), set.TotalSize)
		}
	}
}

func TestDescribesIdentityAndLimitsOfTheFakeOrg(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	ctx := t.Context()
	many, err := c.DescribeMany(ctx, []string{"Account", "Contact", "Nope"})
	if err != nil || len(many) != 2 || many["Account"].KeyPrefix != "001" || many["Nope"] != nil {
		t.Error(many, err)
	}
	one, err := c.Describe(ctx, "Account")
	if err != nil || len(one.Fields) != len(many["Account"].Fields) {
		t.Error(err)
	}
	objects, err := c.DescribeGlobal(ctx)
	if err != nil || !slices.ContainsFunc(objects, func(o salesforce.ObjectSummary) bool { return o.Name == "Lead" && o.Queryable }) {
		t.Error(len(objects), err)
	}
	who, err := c.Identity(ctx)
	ready := org.Ready()
	if err != nil || string(who.OrgID) != ready.OrgID || string(who.UserID) != ready.UserID || who.Username != ready.Username || who.InstanceURL != org.URL {
		t.Errorf("%+v, %v", who, err)
	}
	limits, err := c.Limits(ctx)
	if err != nil || limits["DailyApiRequests"].Max == 0 {
		t.Error(limits, err)
	}
	versions, err := c.Versions(ctx)
	if err != nil || versions[len(versions)-1].Version != ready.APIVersion {
		t.Error(versions, err)
	}
}

// The answer to a read is lost, cut, or comes late: it is asked again, and
// nothing of it is a shorter success.
func TestFaultsOfTheFakeOrg(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	for i := range 300 {
		if _, err := org.Org().Create("Account", salesforcetest.Fields{"Name": fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	for name, action := range map[string]salesforcetest.Action{
		"dropped":     salesforcetest.DropAfter(),
		"unavailable": salesforcetest.Answer(503, "<html><title>Maintenance</title></html>"),
	} {
		remove := org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "query", Nth: 1}, Action: action})
		if n, err := drain(c, "SELECT Id, Name FROM Account"); n != 300 || err != nil {
			t.Errorf("%s: %d rows, %v", name, n, err)
		}
		remove()
	}
	remove := org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "query", Nth: 1}, Action: salesforcetest.Truncate(500)})
	if n, err := drain(c, "SELECT Id, Name FROM Account"); err == nil || !salesforce.IsRetryable(err) {
		t.Errorf("%d rows of a cut page, %v", n, err)
	}
	remove()
	// Further pages are read on from where they were cut.
	var more []sobject.Record
	for i := range 2200 {
		more = append(more, account(sobject.F("Name", sobject.TextValue(fmt.Sprint("more ", i)))))
	}
	if _, err := c.CreateAll(t.Context(), more, salesforce.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	remove = org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "query", Nth: 2}, Action: salesforcetest.Truncate(5000)})
	seen := map[string]bool{}
	for r, err := range c.Query(t.Context(), "SELECT Id, Name FROM Account") {
		if err != nil {
			t.Fatal(err)
		}
		seen[string(r.ID())] = true
	}
	if len(seen) != 2500 {
		t.Errorf("%d different rows", len(seen))
	}
	remove()
	// Other answers that are cut are asked for again.
	remove = org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "limits", Nth: 1}, Action: salesforcetest.Truncate(20)})
	if _, err := c.Limits(t.Context()); err != nil {
		t.Error(err)
	}
	remove()
	// A create whose answer is lost is not repeated.
	org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "POST", Object: "Account", Nth: 1}, Action: salesforcetest.DropAfter()})
	out, err := c.Create(t.Context(), account(sobject.F("Name", sobject.TextValue("once"))))
	if err == nil || !salesforce.IsRetryable(err) || out.Success || !out.Sent {
		t.Error(out, err)
	}
	if n, err := c.Count(t.Context(), "SELECT COUNT() FROM Account WHERE Name = 'once'"); n != 1 || err != nil {
		t.Error(n, err)
	}
}

func TestSessionExpiresInTheFakeOrg(t *testing.T) {
	org := salesforcetest.NewServer(t, salesforcetest.Config{})
	src := &tokens{now: token(org.URL, "long gone"), onRefresh: func(salesforce.Token) (salesforce.Token, error) {
		return token(org.URL, org.Ready().AccessToken), nil
	}}
	c, err := salesforce.New(salesforce.Config{Tokens: src, HTTPClient: org.Client(), TrustedHosts: []string{strings.TrimPrefix(org.URL, "http://")}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Identity(t.Context()); err != nil { // 403 Bad_OAuth_Token
		t.Error(err)
	}
	if n := src.refreshed.Load(); n != 1 {
		t.Errorf("%d refreshes", n)
	}
	org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "POST", Nth: 1}, Action: salesforcetest.ExpireSession()})
	if _, err := c.Create(t.Context(), account(sobject.F("Name", sobject.TextValue("x")))); err != nil {
		t.Error(err)
	}
	if n := src.refreshed.Load(); n != 2 {
		t.Errorf("%d refreshes", n)
	}
	if n, err := c.Count(t.Context(), "SELECT COUNT() FROM Account"); n != 1 || err != nil {
		t.Error(n, err)
	}
}

func number(t testing.TB, text string) sobject.Value {
	t.Helper()
	v, err := sobject.NumberValue(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
