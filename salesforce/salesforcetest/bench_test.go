package salesforcetest_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

const wide = "SELECT Id, Name, Type, Industry, AnnualRevenue, NumberOfEmployees, Phone, Fax, Website, BillingStreet, BillingCity, BillingState, " +
	"BillingPostalCode, BillingCountry, Rating, AccountSource, OwnerId, CreatedDate, LastModifiedDate, SystemModstamp FROM Account"

func many(b *testing.B, n int) *salesforcetest.Server {
	b.Helper()
	s := salesforcetest.NewServer(b, salesforcetest.Config{DailyRequests: 1 << 30})
	shape := sobject.NewShape("Account", "Name", "Industry", "AnnualRevenue", "Phone", "BillingStreet", "BillingCity", "Website")
	recs := make([]sobject.Record, n)
	for i := range recs {
		recs[i] = sobject.RecordOf(shape, []sobject.Value{sobject.TextValue("Some Company Incorporated"), sobject.TextValue("Technology"),
			sobject.IntValue(int64(i)), sobject.TextValue("+1 415 555 0100"), sobject.TextValue("1 Market Street"), sobject.TextValue("San Francisco"), sobject.TextValue("https://example.com")})
	}
	if _, err := s.Org().Insert("Account", recs...); err != nil {
		b.Fatal(err)
	}
	return s
}

func drain(b *testing.B, s *salesforcetest.Server, token, method, path, body string) *http.Response {
	b.Helper()
	req, _ := http.NewRequest(method, s.URL+path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := s.Client().Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != 200 {
		b.Fatalf("%s: %d %v", path, resp.StatusCode, err)
	}
	return resp
}

// How fast 20 fields of 100,000 accounts are served by the Bulk API: the fake
// must never be what a benchmark measures.
func BenchmarkBulkQuery(b *testing.B) {
	const n = 100000
	s := many(b, n)
	token := s.Ready().AccessToken
	for b.Loop() {
		req, _ := http.NewRequest("POST", s.URL+"/services/data/v66.0/jobs/query", strings.NewReader(`{"operation":"query","query":"`+wide+`"}`))
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := s.Client().Do(req)
		if err != nil {
			b.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		_, rest, _ := strings.Cut(string(text), `"id":"`)
		path := "/services/data/v66.0/jobs/query/" + rest[:18]
		for locator := ""; locator != "null"; {
			locator = drain(b, s, token, "GET", path+"/results?maxRecords=50000&locator="+url.QueryEscape(locator), "").Header.Get("Sforce-Locator")
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// The same over REST, one page of 2,000 after the other.
func BenchmarkQueryPage(b *testing.B) {
	s := many(b, 2000)
	token := s.Ready().AccessToken
	for b.Loop() {
		drain(b, s, token, "GET", "/services/data/v66.0/query?q="+url.QueryEscape(wide), "")
	}
	b.ReportMetric(2000*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
