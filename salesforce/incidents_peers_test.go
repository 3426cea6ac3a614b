package salesforce_test

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// Bugs of other Go clients, by repository and function.
func TestIncidentsPeers(t *testing.T) {
	t.Run("k-capehart/go-salesforce performQuery", func(t *testing.T) {
		// Page 2 came from a path with two versions unless the version was the
		// package's own.
		for _, version := range []string{"52.0", "60.0", salesforce.DefaultAPIVersion} {
			org := orgWith(t, 2001)
			c := siteOf(org).client(t, func(cfg *salesforce.Config) { cfg.APIVersion = version })
			if n, err := drain(c, "SELECT Id FROM Account"); n != 2001 || err != nil || len(org.Requests()) != 2 {
				t.Errorf("%s: %d rows, %v", version, n, err)
			}
		}
	})
	t.Run("k-capehart/go-salesforce doUpdateOne", func(t *testing.T) {
		// Bodies that nobody closed held 300 goroutines after 50 calls.
		org := orgWith(t, 1)
		c := siteOf(org).client(t, func(cfg *salesforce.Config) { cfg.HTTPClient = &http.Client{Transport: &http.Transport{}} })
		before := runtime.NumGoroutine()
		for i := range 50 {
			out, err := c.Create(t.Context(), account(sobject.F("Name", sobject.TextValue(fmt.Sprint(i)))))
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Update(t.Context(), out.ID, account(sobject.F("Phone", sobject.TextValue("1")))); err != nil {
				t.Fatal(err)
			}
			_, _ = c.Get(t.Context(), "Account", "001000000000001AAA")
			_ = c.Delete(t.Context(), "Account", out.ID)
		}
		eventually(t, func() bool { return runtime.NumGoroutine() <= before+4 }, "goroutines are left behind")
	})
	t.Run("k-capehart/go-salesforce processSalesforceError", func(t *testing.T) {
		if e := failWith(t, 503, "<html><title>Maintenance</title></html>"); e.StatusCode != 503 || !strings.Contains(e.Error(), "Maintenance") {
			t.Error(e)
		}
		e := failWith(t, 300, `["/services/data/v66.0/sobjects/Account/001000000000001AAA","/services/data/v66.0/sobjects/Account/001000000000002AAA"]`)
		if !errors.Is(e, salesforce.ErrAmbiguousExternalID) || len(e.CandidateIDs()) != 2 {
			t.Error(e)
		}
	})
	t.Run("simpleforce/simpleforce Tooling", toolingBesideData)
	t.Run("amp-labs/connectors HasChanged", func(t *testing.T) {
		// The callback that stores tokens ran on every request.
		org := orgWith(t, 1)
		src := &tokens{now: token(org.URL, org.Ready().AccessToken)}
		c := siteOf(org).client(t, func(cfg *salesforce.Config) { cfg.Tokens = src })
		for range 20 {
			if _, err := drain(c, "SELECT Id FROM Account"); err != nil {
				t.Fatal(err)
			}
		}
		if n := src.refreshed.Load(); n != 0 {
			t.Errorf("%d refreshes of a good token", n)
		}
	})
	t.Run("amp-labs/connectors forceRefresh", func(t *testing.T) {
		// The replay went through http.DefaultClient, past the proxy.
		org := orgWith(t, 1)
		var carried atomic.Int32
		src := &tokens{now: token(org.URL, "old"), onRefresh: func(salesforce.Token) (salesforce.Token, error) {
			return token(org.URL, org.Ready().AccessToken), nil
		}}
		c := siteOf(org).client(t, func(cfg *salesforce.Config) {
			cfg.Tokens = src
			cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
				carried.Add(1)
				return http.DefaultTransport.RoundTrip(r)
			})}
		})
		if n, err := drain(c, "SELECT Id FROM Account"); n != 1 || err != nil || carried.Load() != 2 {
			t.Errorf("%d rows, %d requests through the host's transport, %v", n, carried.Load(), err)
		}
	})
	bites(t, "amp-labs/connectors Fields", func(s site, q string) ([]map[string]any, error) {
		return naiveReader(s, q+" LIMIT 200") // and says that it is done
	}, func(t *testing.T, read reader) error {
		rows, err := read(siteOf(orgWith(t, 450)), "SELECT FIELDS(STANDARD) FROM Account")
		return allOrError(rows, err, 450)
	})
	bites(t, "amp-labs/connectors PageSize", func(s site, q string) ([]map[string]any, error) {
		return naiveReader(s, q+" LIMIT 500")
	}, func(t *testing.T, read reader) error {
		org := orgWith(t, 1200)
		for _, err := range siteOf(org).client(t).QueryWith(t.Context(), "SELECT Id FROM Account", salesforce.QueryOptions{BatchSize: 500}) {
			if err != nil {
				return err
			}
		}
		if n := len(org.Requests()); n != 3 {
			return fmt.Errorf("%d pages of 500 for 1200 rows", n)
		}
		rows, err := read(siteOf(org), "SELECT Id FROM Account")
		return allOrError(rows, err, 1200)
	})
	t.Run("amp-labs/connectors Deleted", func(t *testing.T) {
		org := orgWith(t, 3)
		recs, err := org.Org().Query("SELECT Id FROM Account LIMIT 1")
		if err != nil {
			t.Fatal(err)
		}
		if err := org.Org().Delete(recs[0].ID()); err != nil {
			t.Fatal(err)
		}
		n := 0
		for rec, err := range siteOf(org).client(t).QueryAll(t.Context(), "SELECT Id FROM Account WHERE IsDeleted = TRUE") {
			if n++; err != nil || rec.ID() != recs[0].ID() {
				t.Error(rec.ID(), err)
			}
		}
		if rows, _ := naiveReader(siteOf(org), "SELECT Id FROM Account WHERE IsDeleted = TRUE"); n != 1 || len(rows) != 0 {
			t.Errorf("%d deleted rows; query alone has %d", n, len(rows))
		}
	})
	t.Run("amp-labs/connectors interpretJSONError", func(t *testing.T) {
		if e := failWith(t, 400, `{"error":"invalid_grant","error_description":"expired"}`); e.Code != "invalid_grant" || e.Message != "expired" {
			t.Error(e)
		}
		if e := failWith(t, 404, `[{"errorCode":"NOT_FOUND","message":"x"}]`); salesforce.IsRetryable(e) {
			t.Error("not found is retried")
		}
		if e := failWith(t, 400, `[{"errorCode":"INVALID_FIELD","message":"No such column 'X' on entity 'Account'"}]`); e.StatusCode != 400 || !strings.Contains(e.Error(), "No such column 'X'") {
			t.Error(e)
		}
	})
	t.Run("amp-labs/connectors associations", func(t *testing.T) {
		org := orgWith(t, 1)
		parent, err := org.Org().Query("SELECT Id FROM Account")
		if err != nil {
			t.Fatal(err)
		}
		kid := sobject.NewRecord("Contact", sobject.F("LastName", sobject.TextValue("x")), sobject.F("AccountId", sobject.IDValue(parent[0].ID())))
		if _, err := org.Org().Insert("Contact", slices.Repeat([]sobject.Record{kid}, 2500)...); err != nil {
			t.Fatal(err)
		}
		const q = "SELECT Id, (SELECT Id FROM Contacts) FROM Account"
		for rec, err := range siteOf(org).client(t).Query(t.Context(), q) {
			v, _ := rec.Value("Contacts")
			if set, ok := v.Children(); err != nil || !ok || len(set.Records) != 2500 {
				t.Errorf("%d of 2500 children, %v", len(set.Records), err)
			}
		}
		rows, err := naiveReader(siteOf(org), q)
		if err != nil || len(rows) != 1 {
			t.Fatal(len(rows), err)
		}
		if set, _ := rows[0]["Contacts"].(map[string]any); len(set["records"].([]any)) == 2500 {
			t.Error("a naive reader comes through: this scenario tests nothing")
		}
	})
	bites(t, "g8rswimmer/go-sfdc fromJSONMap", func(s site, q string) ([]map[string]any, error) {
		rows, err := naiveReader(s, q)
		for _, row := range rows {
			for name, v := range row {
				if _, nested := v.(map[string]any); nested {
					delete(row, name) // no attributes: not a parent, so nothing
				}
			}
		}
		return rows, err
	}, func(t *testing.T, read reader) error {
		rows, err := read(oneRow(t, `"N":9007199254740993,"BillingAddress":{"city":"Zürich","latitude":47.37}`), "SELECT N FROM A")
		if err != nil || fmt.Sprint(rows[0]["N"]) != "9007199254740993" || !strings.Contains(fmt.Sprint(rows[0]["BillingAddress"]), "Zürich") {
			return fmt.Errorf("%v, %w", rows, err)
		}
		return nil
	})
	t.Run("g8rswimmer/go-sfdc formatter", func(t *testing.T) {
		org := salesforcetest.NewServer(t, salesforcetest.Config{})
		for _, name := range []string{"O'Brien", `' OR Name != '`, "%"} {
			if _, err := org.Org().Create("Account", salesforcetest.Fields{"Name": name}); err != nil {
				t.Fatal(err)
			}
			q := soql.Select("Id").From("Account").Where(soql.Compare("Name", soql.OpEq, soql.String(name)))
			if n, err := drain(siteOf(org).client(t), q.String()); n != 1 || err != nil {
				t.Errorf("%s: %d, %v", q, n, err)
			}
		}
		q := soql.Select("Id").From("Account").Where(soql.Compare("Name", soql.OpLike, soql.String(soql.EscapeLike("%"))))
		if n, err := drain(siteOf(org).client(t), q.String()); n != 1 || err != nil {
			t.Errorf("%s: %d, %v", q, n, err)
		}
	})
	t.Run("polytomic/go-sfdc graph Do", func(t *testing.T) {
		// One resource was called without a sign-in; here all go one way.
		o := newOrg(t, answer(400, `[{"errorCode":"X","message":"x"}]`))
		c := o.client(t)
		for _, path := range []string{"composite/graph", "composite/batch", "composite/tree/Account", "/services/apexrest/x", "tooling/query", "/services/async/66.0/job"} {
			_, _ = c.Do(t.Context(), salesforce.Request{Method: "POST", Path: path, JSON: map[string]int{}})
		}
		for _, r := range o.requests() {
			if r.header.Get("Authorization") != "Bearer T1" || r.header.Get("Sforce-Call-Options") == "" {
				t.Error(r.uri, r.header)
			}
		}
	})
	t.Run("nimajalali/go-force request", func(t *testing.T) {
		o := newOrg(t, answer(401, expired))
		src := &tokens{now: token(o.URL, "T1"), onRefresh: func(salesforce.Token) (salesforce.Token, error) {
			return salesforce.Token{}, errors.New("sign in again")
		}}
		c := o.client(t, func(cfg *salesforce.Config) { cfg.Tokens = src })
		if _, err := drain(c, "SELECT Id FROM A"); !errors.Is(err, salesforce.ErrSessionExpired) || len(o.requests()) != 1 || src.refreshed.Load() != 1 {
			t.Error(len(o.requests()), src.refreshed.Load(), err)
		}
	})
	t.Run("simpleforce/simpleforce Create", func(t *testing.T) {
		o := newOrg(t, answer(400, `[{"errorCode":"REQUIRED_FIELD_MISSING","message":"Required fields are missing: [Name]","fields":["Name"]}]`))
		c := o.client(t)
		const id = "001000000000001AAA"
		_, err1 := c.Create(t.Context(), account())
		_, err2 := c.Upsert(t.Context(), "Key__c", "1", account())
		_, err3 := c.Get(t.Context(), "Account", id)
		for _, err := range []error{err1, err2, err3, c.Update(t.Context(), id, account()), c.Delete(t.Context(), "Account", id)} {
			var failed *salesforce.Error
			if !errors.As(err, &failed) || failed.Code != "REQUIRED_FIELD_MISSING" {
				t.Error(err)
			}
		}
		// Delete deletes what it is told to.
		reqs := o.requests()
		if last := reqs[len(reqs)-1]; last.method != "DELETE" || !strings.HasSuffix(last.uri, "/sobjects/Account/"+id) {
			t.Error(last.method, last.uri)
		}
	})
	t.Run("beeekind/go-salesforce-sdk nextInterval", func(t *testing.T) {
		org := orgWith(t, 4000)
		if n, err := drain(siteOf(org).client(t), "SELECT Id FROM Account"); n != 4000 || err != nil || len(org.Requests()) != 2 {
			t.Errorf("%d rows in %d pages, %v", n, len(org.Requests()), err)
		}
	})
	t.Run("beeekind/go-salesforce-sdk Do", func(t *testing.T) {
		// Nobody is refused below the org's own limit unless asked for.
		org := salesforcetest.NewServer(t, salesforcetest.Config{DailyRequests: 10})
		c := siteOf(org).client(t)
		for i := range 10 {
			if _, err := drain(c, "SELECT Id FROM Account"); err != nil {
				t.Fatal(i, err)
			}
		}
		if _, err := drain(c, "SELECT Id FROM Account"); !errors.Is(err, salesforce.ErrDailyLimit) {
			t.Error(err)
		}
	})
	t.Run("PramithaMJ/salesforce doRequest", func(t *testing.T) {
		for _, method := range []string{"POST", "PATCH", "PUT", "DELETE"} {
			for _, status := range []int{500, 502, 503, 504} {
				n := 0
				c := offline(t, func(r *http.Request) (*http.Response, error) { n++; return reply(r, status, ""), nil })
				if _, err := c.Do(t.Context(), salesforce.Request{Method: method, Path: "sobjects/Account", Body: []byte("{}")}); err == nil || n != 1 {
					t.Errorf("%s %d: %d attempts, %v", method, status, n, err)
				}
			}
		}
	})
	t.Run("PramithaMJ/salesforce builder", func(t *testing.T) {
		at := time.Date(2024, 1, 2, 3, 4, 5, 678e6, time.FixedZone("", 3600))
		q, err := soql.Bind("SELECT Id FROM A WHERE d > ?", at)
		if err != nil || q.String() != "SELECT Id FROM A WHERE d > 2024-01-02T02:04:05.678Z" {
			t.Error(q, err)
		}
	})
}

// eventually waits for what goroutines do on their way out: soon, or on a busy
// machine within a minute.
func eventually(t *testing.T, ok func() bool, what string) {
	t.Helper()
	for range 6000 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	buf := make([]byte, 1<<20)
	t.Errorf("%s\n%s", what, buf[:runtime.Stack(buf, true)])
}

// simpleforce Tooling(), turbot/steampipe-plugin-salesforce PR99: a switch on the
// shared client sent other callers' queries to the Tooling API.
func toolingBesideData(t *testing.T) {
	o := newOrg(t, answer(200, `{"totalSize":0,"done":true,"records":[]}`))
	c := o.client(t)
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() { _, _ = drain(c, "SELECT Id FROM Account") })
		work.Go(func() {
			for range c.ToolingQuery(t.Context(), "SELECT Id FROM ApexClass") {
			}
		})
	}
	work.Wait()
	for _, r := range o.requests() {
		if strings.Contains(r.uri, "/tooling/") != strings.Contains(r.uri, "ApexClass") {
			t.Error(r.uri)
		}
	}
}
