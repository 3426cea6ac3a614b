package salesforce_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// Missing, skipped or repeated rows in reads.
func TestIncidentsReading(t *testing.T) {
	bites(t, "airbytehq/airbyte#20471", offsetReader, func(t *testing.T, read reader) error {
		org := orgWith(t, 4500)
		// A record arrives while the pages are read, and sorts first.
		org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "query", Nth: 2}, Action: salesforcetest.Do(func(salesforcetest.RequestRecord) {
			_, _ = org.Org().Create("Account", salesforcetest.Fields{"Name": "A newcomer"})
		})})
		rows, err := read(siteOf(org), "SELECT Id FROM Account ORDER BY Name")
		seen := map[any]bool{}
		for _, row := range rows {
			if seen[row["Id"]] {
				return fmt.Errorf("%v came twice", row["Id"])
			}
			seen[row["Id"]] = true
		}
		return allOrError(rows, err, 4500)
	})
	bites(t, "airbytehq/airbyte#19014", naiveReader, func(t *testing.T, read reader) error {
		rows, err := read(fixed(t, 200, `{"totalSize":17000,"done":true,"records":[{"attributes":{"type":"A"},"Id":"1"}]}`), "SELECT Id FROM A")
		return allOrError(rows, err, 17000, salesforce.ErrIncomplete)
	})
	bites(t, "pipeshub-ai/pipeshub-ai#3382", naiveReader, func(t *testing.T, read reader) error {
		rows, err := read(fixed(t, 200, `{"totalSize":2,"done":false,"records":[{"attributes":{"type":"A"},"Id":"1"}]}`), "SELECT Id FROM A")
		return allOrError(rows, err, 2, salesforce.ErrIncomplete)
	})
	bites(t, "airbytehq/airbyte#17503", naiveReader, func(t *testing.T, read reader) error {
		rows, err := read(fixed(t, 400, `[{"errorCode":"QUERY_TIMEOUT","message":"Your query request was running for too long."}]`), "SELECT Id FROM A")
		return allOrError(rows, err, 1, salesforce.ErrTooLarge)
	})
	bites(t, "mautic/mautic PR5841", func(s site, soql string) ([]map[string]any, error) {
		page, err := naivePage(s, "/services/data/v66.0/query?q="+url.QueryEscape(soql))
		return page.Records, err
	}, func(t *testing.T, read reader) error {
		rows, err := read(siteOf(orgWith(t, 2001)), "SELECT Id FROM Account")
		return allOrError(rows, err, 2001)
	})
	bites(t, "jsforce/jsforce#28", func(s site, soql string) ([]map[string]any, error) {
		rows, err := naiveReader(s, soql)
		return rows[:min(len(rows), 10_000)], err // maxFetch
	}, func(t *testing.T, read reader) error {
		// Pages shrink when rows are wide; their number is the org's choice.
		rows, err := read(pages(t, 2000, 2000, 250, 2000, 1, 0, 2000, 1999, 2000, 250), "SELECT Id FROM A")
		return allOrError(rows, err, 12_500)
	})
	bites(t, "Nango tickets", func(s site, soql string) (rows []map[string]any, err error) {
		next := "/services/data/v66.0/query?q=" + url.QueryEscape(soql)
		for range 100 { // maxPages
			page, err := naivePage(s, next)
			if rows = append(rows, page.Records...); err != nil || page.NextRecordsURL == "" {
				return rows, err
			}
			next = page.NextRecordsURL
		}
		return rows, nil
	}, func(t *testing.T, read reader) error {
		rows, err := read(pages(t, slices.Repeat([]int{1}, 120)...), "SELECT Id FROM A")
		return allOrError(rows, err, 120)
	})
	t.Run("mulesoft/docs-connectors PR295", minuteWindows)
	t.Run("amp-labs/connectors PR1045", zonesInSOQL)
	t.Run("airbytehq/airbyte#1669", describesByTheDozen)
	bites(t, "airbytehq/airbyte#23253", func(s site, q string) ([]map[string]any, error) {
		page, err := naivePage(s, "/services/data/v42.0/query?q="+url.QueryEscape(q)) // what the package was written for
		return page.Records, err
	}, func(t *testing.T, read reader) error {
		o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
			field := ""
			if strings.HasPrefix(r.URL.Path, "/services/data/v"+salesforce.DefaultAPIVersion) {
				field = `,"Newer":"x"`
			}
			answer(200, `{"totalSize":1,"done":true,"records":[{"attributes":{"type":"A"},"Id":"1"`+field+`}]}`)(w, r)
		})
		rows, err := read(site{o.URL, "T1"}, "SELECT FIELDS(ALL) FROM A LIMIT 200")
		if err == nil && rows[0]["Newer"] != "x" {
			err = errors.New("a field of newer versions is missing, and no error")
		}
		return err
	})
	t.Run("pinned versions", pinnedVersion)
	t.Run("Nango records-by-soql", extendedQueries)
	bites(t, "Redpanda snapshot", naiveReader, func(t *testing.T, read reader) error {
		firstPageRefused(t)
		org := orgWith(t, 5)
		org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "query", Nth: 1}, Action: salesforcetest.Answer(500, "")})
		rows, err := read(siteOf(org), "SELECT Id FROM Account")
		return allOrError(rows, err, 5)
	})
	t.Run("hiratake55/RForcecom#59", oddTexts)
}

// orgWith is a fake org with accounts named "Account 00000" and on.
func orgWith(t testing.TB, accounts int) *salesforcetest.Server {
	t.Helper()
	org := salesforcetest.NewServer(t, salesforcetest.Config{})
	recs := make([]sobject.Record, accounts)
	for i := range recs {
		recs[i] = sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue(fmt.Sprintf("Account %05d", i))))
	}
	if _, err := org.Org().Insert("Account", recs...); err != nil {
		t.Fatal(err)
	}
	return org
}

// fixed is a site that always gives one answer.
func fixed(t testing.TB, status int, body string) site {
	return site{newOrg(t, answer(status, body)).URL, "T1"}
}

// offsetReader pages by OFFSET.
func offsetReader(s site, soql string) (rows []map[string]any, err error) {
	for {
		page, err := naivePage(s, "/services/data/v66.0/query?q="+url.QueryEscape(fmt.Sprintf("%s LIMIT 2000 OFFSET %d", soql, len(rows))))
		if rows = append(rows, page.Records...); err != nil || len(page.Records) < 2000 {
			return rows, err
		}
	}
}

// getDeleted ignores seconds: a window cut inside a minute covers nothing.
func minuteWindows(t *testing.T) {
	at := time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)
	window := regexp.MustCompile(`T\d\d:\d\d:`)
	var asked []string
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/services/data/" { // the org's clock, a day later
			w.Header().Set("Date", at.AddDate(0, 0, 1).Format(http.TimeFormat))
			answer(200, `[]`)(w, r)
			return
		}
		start, end := r.URL.Query().Get("start"), r.URL.Query().Get("end")
		asked = append(asked, start, end)
		if window.FindString(start) == window.FindString(end) {
			answer(400, `[{"errorCode":"INVALID_REPLICATION_DATE","message":"startDate before endDate"}]`)(w, r)
			return
		}
		answer(200, `{"deletedRecords":[{"id":"001000000000001AAA","deletedDate":"2024-03-01T12:00:25.000+0000"}],"earliestDateAvailable":"2024-02-01T00:00:00.000+0000","latestDateCovered":"2024-03-01T12:01:00.000+0000"}`)(w, r)
	})
	out, err := o.client(t).Deleted(t.Context(), "Account", at.Add(20*time.Second), at.Add(40*time.Second))
	if err != nil || len(out.Records) != 1 || !out.LatestCovered.Equal(at.Add(time.Minute)) {
		t.Errorf("%+v, %v", out, err)
	}
	for _, text := range asked {
		if !strings.Contains(text, ":00+00:00") && !strings.HasSuffix(text, ":00Z") {
			t.Errorf("asked for %s", text)
		}
	}
	// The naive window of twenty seconds misses the deletion.
	body, err := naiveGet(site{o.URL, "T1"}, "/services/data/v66.0/sobjects/Account/deleted/?start=2024-03-01T12:00:20Z&end=2024-03-01T12:00:40Z")
	if err != nil || strings.Contains(body, "deletedRecords") {
		t.Error("the naive window does not bite")
	}
}

// A local time written as UTC moves the window by hours.
func zonesInSOQL(t *testing.T) {
	org := salesforcetest.NewServer(t, salesforcetest.Config{})
	for name, stamp := range map[string]string{"before": "2024-03-01T11:59:59.000Z", "after": "2024-03-01T12:00:00.000Z"} {
		when, err := sobject.ParseDateTime(stamp)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := org.Org().Load("Account", sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue(name)), sobject.F("SystemModstamp", sobject.DateTimeValue(when)))); err != nil {
			t.Fatal(err)
		}
	}
	since := time.Date(2024, 3, 1, 17, 30, 0, 0, time.FixedZone("", 5*3600+1800))
	q := soql.Select("Name").From("Account").Where(soql.Compare("SystemModstamp", soql.OpGe, soql.DateTime(since))).String()
	for _, text := range []string{q, "SELECT Name FROM Account WHERE SystemModstamp >= 2024-03-01T17:30:00+05:30"} {
		rows, err := orglinkReader(t)(siteOf(org), text)
		if err != nil || len(rows) != 1 || rows[0]["Name"] != "after" {
			t.Errorf("%s: %v, %v", text, rows, err)
		}
	}
	rows, _ := naiveReader(siteOf(org), "SELECT Name FROM Account WHERE SystemModstamp >= "+since.Format("2006-01-02T15:04:05Z"))
	if len(rows) == 1 {
		t.Error("the naive window does not bite")
	}
}

// Describes come 25 a call, and only those that are asked for.
func describesByTheDozen(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	var names []string
	for i := range 60 {
		name := fmt.Sprintf("Thing%02d__c", i)
		if err := org.Org().DefineObject(salesforcetest.Object{Name: name}); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	many, err := c.DescribeMany(t.Context(), names)
	if err != nil || len(many) != 60 || many["Thing59__c"].Name != "Thing59__c" {
		t.Error(len(many), err)
	}
	if n := org.APICalls(); n > 3 {
		t.Errorf("%d calls for 60 describes", n)
	}
}

// Objects and fields depend on the version: it is the configured one in every
// path, never the org's or another package's.
func pinnedVersion(t *testing.T) {
	org := orgWith(t, 2500)
	c := siteOf(org).client(t, func(cfg *salesforce.Config) { cfg.APIVersion = "60.0" })
	if n, err := drain(c, "SELECT Id FROM Account"); n != 2500 || err != nil {
		t.Fatal(n, err)
	}
	if _, err := c.DescribeMany(t.Context(), []string{"Account"}); err != nil {
		t.Fatal(err)
	}
	for _, r := range org.Requests() {
		if !strings.HasPrefix(r.Path, "/services/data/v60.0/") {
			t.Error(r.Path)
		}
	}
	if _, err := salesforce.New(salesforce.Config{Tokens: salesforce.StaticToken(org.URL, "x"), APIVersion: "60"}); err == nil {
		t.Error("a version that is none passed")
	}
}

// Conditions are added to a customer's query in its tree: behind ORDER BY they
// are an error, beside OR or NOT they mean something else or are one too.
func extendedQueries(t *testing.T) {
	org := orgWith(t, 30)
	for text, want := range map[string]int{
		"SELECT Name FROM Account ORDER BY Name LIMIT 100":                                  10,
		"SELECT Name FROM Account WHERE Name = 'Account 00003' OR Name LIKE 'Account 000%'": 10,
		"SELECT Name FROM Account WHERE NOT Name LIKE 'B%'":                                 10,
	} {
		q, err := soql.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		q.AddFields("Id").AndWhere(soql.Compare("Name", soql.OpLt, soql.String("Account 00010")))
		rows, err := orglinkReader(t)(siteOf(org), q.String())
		if err != nil || len(rows) != want || rows[0]["Id"] == nil {
			t.Errorf("%s: %d rows, %v", q, len(rows), err)
		}
		glued := " WHERE "
		if strings.Contains(text, "WHERE") {
			glued = " AND "
		}
		if naive, _ := naiveReader(siteOf(org), text+glued+"Name < 'Account 00010'"); len(naive) == want {
			t.Errorf("%s: gluing works too", text)
		}
	}
}

// Quota, permission, unsupported object and overload are different results;
// none of them drops an object for good.
func firstPageRefused(t *testing.T) {
	for _, tc := range []struct {
		status int
		body   string
		is     error
		again  bool
	}{
		{403, `[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]`, salesforce.ErrDailyLimit, false},
		{403, `[{"errorCode":"INSUFFICIENT_ACCESS","message":"no"}]`, salesforce.ErrForbidden, false},
		{400, `[{"errorCode":"INVALID_TYPE","message":"sObject type 'X' is not supported."}]`, salesforce.ErrInvalidType, false},
		{500, `[{"errorCode":"UNKNOWN_EXCEPTION","message":"An unexpected error occurred"}]`, salesforce.ErrUnavailable, true},
	} {
		_, err := drain(fixed(t, tc.status, tc.body).client(t), "SELECT Id FROM X")
		if !errors.Is(err, tc.is) || salesforce.IsRetryable(err) != tc.again {
			t.Errorf("%d: %v, retryable %v", tc.status, err, salesforce.IsRetryable(err))
		}
		for _, other := range []error{salesforce.ErrDailyLimit, salesforce.ErrForbidden, salesforce.ErrInvalidType, salesforce.ErrUnavailable} {
			if !errors.Is(other, tc.is) && errors.Is(err, other) {
				t.Errorf("%v is also %v", err, other)
			}
		}
	}
}

// Nothing inside a text ends a row.
func oddTexts(t *testing.T) {
	texts := []string{`#1 "quoted"`, `5" x 7"`, "a\nb\r\nc", "],{", `{"Id":"x"}`, "\u2028", "\\", "\\\"", "é😀", "\x1f", "<b>&amp;</b>", ","}
	org := salesforcetest.NewServer(t, salesforcetest.Config{})
	for i, text := range texts {
		if _, err := org.Org().Create("Account", salesforcetest.Fields{"Name": fmt.Sprint(i), "Description": text}); err != nil {
			t.Fatal(err)
		}
	}
	scenario := func(read reader) error {
		rows, err := read(siteOf(org), "SELECT Name, Description FROM Account")
		if err != nil || len(rows) != len(texts) {
			return fmt.Errorf("%d of %d rows, %w", len(rows), len(texts), err)
		}
		for _, row := range rows {
			var i int
			_, _ = fmt.Sscan(row["Name"].(string), &i)
			if row["Description"] != texts[i] {
				return fmt.Errorf("%q came as %q", texts[i], row["Description"])
			}
		}
		return nil
	}
	if err := scenario(orglinkReader(t)); err != nil {
		t.Error(err)
	}
	value := regexp.MustCompile(`"Name":"([^"]*)","Description":"([^"]*)"`)
	if scenario(func(s site, soql string) (rows []map[string]any, err error) {
		body, err := naiveGet(s, "/services/data/v66.0/query?q="+url.QueryEscape(soql))
		for _, m := range value.FindAllStringSubmatch(body, -1) {
			rows = append(rows, map[string]any{"Name": m[1], "Description": m[2]})
		}
		return rows, err
	}) == nil {
		t.Error("a naive parser comes through: this scenario tests nothing")
	}
}
