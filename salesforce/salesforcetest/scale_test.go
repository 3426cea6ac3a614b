package salesforcetest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// wideShape has 20 values a record with the system fields.
var wideShape = sobject.NewShape("Account", "Name", "Industry", "AnnualRevenue", "NumberOfEmployees", "Phone", "Website", "BillingStreet", "BillingCity",
	"BillingCountry", "Rating", "AccountSource", "AccountNumber", "Key__c", "SystemModstamp")

func wideAccounts(from, n int) []sobject.Record {
	out := make([]sobject.Record, n)
	for i := range out {
		number := fmt.Sprint(from + i)
		out[i] = sobject.RecordOf(wideShape, []sobject.Value{sobject.TextValue("Some Company Incorporated " + number), sobject.TextValue("Technology"),
			sobject.IntValue(int64(from + i)), sobject.IntValue(250), sobject.TextValue("+1 415 555 0100"), sobject.TextValue("https://company-" + number + ".example"),
			sobject.TextValue("1 Market Street"), sobject.TextValue("San Francisco"), sobject.TextValue("US"), sobject.TextValue("Warm"), sobject.TextValue("Web"),
			sobject.TextValue("A-" + number), sobject.TextValue("K" + number), sobject.DateTimeValue(time.Date(2024, 1, 1, 0, 0, from+i, 0, time.UTC))})
	}
	return out
}

func million(b *testing.B, n int) *salesforcetest.Server {
	b.Helper()
	s := salesforcetest.NewServer(b, salesforcetest.Config{DailyRequests: 1 << 30})
	s.Org().AddField("Account", salesforcetest.Field{Name: "Key__c", Type: sobject.TypeString, Length: 40, ExternalID: true, Unique: true})
	const chunk = 20_000
	for i := 0; i < n; i += chunk {
		if _, err := s.Org().Load("Account", wideAccounts(i, min(chunk, n-i))...); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

// A million accounts: how long they take to load, what they weigh, and that
// looking some of them up does not depend on how many there are.
func BenchmarkMillion(b *testing.B) {
	const n = 1_000_000
	for b.Loop() {
		start := time.Now()
		s := million(b, n)
		b.ReportMetric(time.Since(start).Seconds(), "load-s")
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.Sys)/(1<<20), "peak-MiB")
		runtime.GC()
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "live-MiB")
		token := s.Ready().AccessToken
		some, err := s.Org().Query("SELECT Id, SystemModstamp FROM Account WHERE Key__c = 'K777777'")
		if err != nil || len(some) != 1 {
			b.Fatal(some, err)
		}
		id := some[0].ID()
		s.Org().Update(id, salesforcetest.Fields{"Rating": "Hot"})
		later := time.Now().UTC().Add(-time.Minute).Format(time.RFC3339)
		for name, soql := range map[string]string{
			"id": "SELECT Id FROM Account WHERE Id = '" + string(id) + "'", "key": "SELECT Id FROM Account WHERE Key__c = 'K777777'",
			"keys":   "SELECT Id FROM Account WHERE Key__c IN ('K1','K22','K333','K999999')",
			"page":   "SELECT Id FROM Account WHERE Id > '" + string(id) + "' ORDER BY Id LIMIT 200",
			"window": "SELECT Id FROM Account WHERE SystemModstamp >= " + later + " ORDER BY SystemModstamp, Id LIMIT 10",
		} {
			start := time.Now()
			const times = 20
			for range times {
				drain(b, s, token, "GET", "/services/data/v66.0/query?q="+url.QueryEscape(soql), "")
			}
			b.ReportMetric(float64(time.Since(start).Microseconds())/times, name+"-us")
		}
		start = time.Now()
		job := create(b, s, token, "SELECT "+strings.TrimPrefix(wide, "SELECT "))
		for locator := ""; locator != "null"; {
			locator = drain(b, s, token, "GET", job+"/results?maxRecords=100000&locator="+url.QueryEscape(locator), "").Header.Get("Sforce-Locator")
		}
		b.ReportMetric(n/time.Since(start).Seconds(), "bulk-records/s")
	}
}

// create makes a bulk query job and returns its path.
func create(b *testing.B, s *salesforcetest.Server, token, soql string) string {
	b.Helper()
	req, _ := http.NewRequest("POST", s.URL+"/services/data/v66.0/jobs/query", strings.NewReader(`{"operation":"query","query":"`+soql+`"}`))
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := s.Client().Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	text := make([]byte, 4096)
	n, _ := resp.Body.Read(text)
	_, rest, _ := strings.Cut(string(text[:n]), `"id":"`)
	return "/services/data/v66.0/jobs/query/" + rest[:18]
}
