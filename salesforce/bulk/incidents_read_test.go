package bulk_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/bulk"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Each test is an incident of another integration, told in docs/incidents.md.
// Where rows were lost in silence, the same scenario also runs against what a
// few obvious lines would do, and must lose rows there.

// loses fails if the naive way got the right answer: the test would prove
// nothing.
func loses(t *testing.T, naive, right any) {
	t.Helper()
	if fmt.Sprint(naive) == fmt.Sprint(right) {
		t.Errorf("the naive way has it right too: %v", naive)
	}
}

// airbytehq/airbyte#17148, PR15444: a job that stood still was waited for until
// a deadline of 24 hours.
func TestIncident56StandsStill(t *testing.T) {
	for name, moving := range map[string]bool{"stands still": false, "moves slowly": true} {
		synctest.Test(t, func(t *testing.T) {
			looks := 0
			o := &org{handle: func(line string, _ *http.Request) (int, http.Header, string) {
				if strings.HasPrefix(line, "PATCH") {
					return 200, nil, job("Aborted", 5)
				}
				if looks++; looks == 500 { // four hours later
					return 200, nil, job("JobComplete", looks)
				}
				if moving {
					return 200, nil, job("InProgress", looks)
				}
				return 200, nil, job("InProgress", 5)
			}}
			q, err := bulk.OpenQueryWith(o.client(t), jobID, bulk.QueryConfig{PollConfig: bulk.PollConfig{StallAfter: 10 * time.Minute, AbortOnCancel: true}})
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			_, err = q.Wait(t.Context())
			took := time.Since(start)
			aborted := strings.HasPrefix(o.seen[len(o.seen)-1], "PATCH")
			if moving && (err != nil || took < 3*time.Hour || aborted) {
				t.Error(name, err, took, aborted)
			}
			if !moving && (!errors.Is(err, bulk.ErrStalled) || took > 12*time.Minute || !aborted) {
				t.Error(name, err, took, aborted)
			}
		})
	}
}

// MeltanoLabs/tap-salesforce bulk2.py: Aborted was waited for for ever, and a
// missing Sforce-Locator read page 1 for ever. Unknown states are in
// TestJobsThatDoNotComplete.
func TestIncident58EndsThatWereNotKnown(t *testing.T) {
	o := &org{handle: func(string, *http.Request) (int, http.Header, string) { return 200, nil, job("Aborted", 0) }}
	if _, err := bulk.OpenQuery(o.client(t), jobID).Wait(t.Context()); !errors.Is(err, bulk.ErrAborted) || len(o.seen) != 1 {
		t.Error(err, len(o.seen))
	}
	o = &org{handle: func(line string, _ *http.Request) (int, http.Header, string) {
		h, body := page(2, "-")
		return 200, h, body
	}}
	if got, err := column(t, bulk.OpenQuery(o.client(t), jobID), "Id"); err != nil || len(got) != 2 || len(o.seen) != 1 {
		t.Error(got, err, o.seen)
	}
}

// StevenMMortimer/salesforcer#13: giving up lost the job, which went on.
func TestIncident59GivesUpButKeepsTheJob(t *testing.T) {
	s, c := orgWith(t, salesforcetest.Config{BulkDelay: time.Hour})
	if _, err := s.Org().Create("Account", salesforcetest.Fields{"Name": "A"}); err != nil {
		t.Fatal(err)
	}
	q, err := bulk.StartQuery(t.Context(), c, "SELECT Id FROM Account", bulk.QueryConfig{PollConfig: bulk.PollConfig{PollMin: time.Millisecond, PollMax: time.Millisecond, StallAfter: 20 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.Wait(t.Context()); !errors.Is(err, bulk.ErrStalled) || !strings.Contains(err.Error(), q.ID()) {
		t.Fatal(err)
	}
	s.Org().Advance(2 * time.Hour)
	later := bulk.OpenQuery(clientOf(t, s.URL, s.Token("admin@orglink.example"), s.Client()), q.ID())
	if info, err := later.Wait(t.Context()); err != nil || info.NumberRecordsProcessed != 1 {
		t.Error(info, err)
	}
	if got, err := column(t, later, "Id"); err != nil || len(got) != 1 {
		t.Error(got, err)
	}
}

// segmentio/action-destinations PR1529, simple-salesforce#482: jobs were left
// behind after errors. Ingest jobs: TestLoadThatEndsEarlyLeavesNothingOpen and
// TestAbortStale.
func TestIncident60LeavesNoJobBehind(t *testing.T) {
	s, c := orgWith(t, salesforcetest.Config{})
	if _, err := s.Org().Create("Account", salesforcetest.Fields{"Name": "A"}); err != nil {
		t.Fatal(err)
	}
	cfg := bulk.QueryConfig{PollConfig: quick}
	for range bulk.Query(t.Context(), c, "SELECT Id FROM Account", cfg) {
		break
	}
	defer s.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "jobs/query/*/results"}, Action: salesforcetest.Refuse(500, "UNKNOWN_EXCEPTION", "x")})()
	for _, err := range bulk.Query(t.Context(), c, "SELECT Id FROM Account", cfg) {
		if err == nil {
			t.Error("a row of a result that cannot be read")
		}
	}
	for info := range bulk.Jobs(t.Context(), c, true) {
		t.Errorf("left behind: %+v", info)
	}
}

// StevenMMortimer/salesforcer#21, springml/spark-salesforce#70,
// simple-salesforce#176: the words for "no records" became a row.
func TestIncident61NoRecords(t *testing.T) {
	for name, text := range map[string]string{"header only": "\"Id\"\n", "nothing": "", "words": "Records not found for this query"} {
		c := one(t, 0, text)
		q := openWith(t, c, bulk.QueryConfig{})
		if got, err := column(t, q, "Id"); err != nil || len(got) != 0 {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if p, err := q.Page(t.Context(), "", 0); err != nil || p.Count != 0 || p.Next != "" {
			t.Error(name, p, err)
		}
	}
	// The naive way: every line that is not the header is a record.
	naive := 0
	for _, line := range strings.Split(string(read(t, one(t, 0, "Records not found for this query"), resultsPath)), "\n") {
		if line != `"Id"` {
			naive++
		}
	}
	loses(t, naive, 0)
	// Words where rows were promised are no success.
	if _, err := column(t, openWith(t, one(t, 3, "Records not found for this query"), bulk.QueryConfig{}), "Id"); !errors.Is(err, salesforce.ErrIncomplete) {
		t.Error(err)
	}
}

// airbytehq/airbyte#8300, PR8405: NUL bytes broke the CSV reader.
func TestIncident62NULBytes(t *testing.T) {
	var info bulk.PageInfo
	q := openWith(t, one(t, 2, "\"Id\",\"Name\"\n\"1\",\"A\x00B\"\n\x00\"2\",\"C\"\n"), bulk.QueryConfig{PageDone: func(p bulk.PageInfo) { info = p }})
	if got, err := column(t, q, "Name"); err != nil || fmt.Sprint(got) != "[AB C]" || info.NULs != 2 {
		t.Errorf("%q, %v, %+v", got, err, info)
	}
}

// ballerina-platform/ballerina-library#6556, springml/spark-salesforce#53,
// Exotic209093/WaveLink#97, MeltanoLabs#76: line breaks inside values split
// rows or vanished.
func TestIncident63LineBreaksInValues(t *testing.T) {
	s, c := orgWith(t, salesforcetest.Config{})
	extField(t, s)
	values := []string{"a\nb", "a\r\nb", "\n\n", "a,\"b\"\n,", "\"", "😀\nü", "a\n\"\nb"}
	var source []sobject.Record
	for i, v := range values {
		source = append(source, rec("Ext__c", fmt.Sprint(i), "Name", "N", "Description", v))
	}
	l, err := bulk.StartLoad(t.Context(), c, upsert(), rows(source...))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, byKey, err := tally(t, l)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range values {
		row := byKey[fmt.Sprint(i)]
		if got, _ := row.Record.Text("Description"); got != v || row.Status != bulk.RowSucceeded {
			t.Errorf("result of %q: %q, %s", v, got, row.Status)
		}
	}
	q, err := bulk.StartQuery(t.Context(), c, "SELECT Description FROM Account ORDER BY Ext__c", bulk.QueryConfig{PollConfig: quick})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	stored, err := s.Org().Query("SELECT Description FROM Account ORDER BY Ext__c")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, r := range stored {
		v, _ := r.Value("Description")
		want = append(want, v.Raw())
	}
	if got, err := column(t, q, "Description"); err != nil || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	lines := strings.Split(strings.TrimSpace(string(read(t, c, "jobs/query/"+q.ID()+"/results"))), "\n")
	loses(t, len(lines)-1, len(values))
}

// estuary/connectors PR2565: a character cut by the edge of a chunk was
// destroyed.
func TestIncident65CharactersCutByChunks(t *testing.T) {
	const text = "aü€😀z"
	whole := "\"Id\",\"Name\"\n\"1\",\"" + text + "\"\n"
	for cut := 1; cut < len(whole); cut++ {
		_, c := serve(t, 1, func(_ string, _ int, w http.ResponseWriter) {
			answer(w, 1, "null", whole[:cut])
			w.(http.Flusher).Flush()
			io.WriteString(w, whole[cut:])
		})
		if got, err := column(t, openWith(t, c, bulk.QueryConfig{}), "Name"); err != nil || len(got) != 1 || got[0] != text {
			t.Errorf("cut at %d: %q, %v", cut, got, err)
		}
	}
	// The naive way: text of each chunk by itself, bad bytes dropped.
	naive := strings.ToValidUTF8(whole[:21], "") + strings.ToValidUTF8(whole[21:], "")
	loses(t, naive, whole)
}

// airbytehq/airbyte PR12552, PR12576, heroku/salesforce-bulk#113: results were
// read as Latin-1 on a guess.
func TestIncident66AlwaysUTF8(t *testing.T) {
	_, c := serve(t, 1, func(_ string, _ int, w http.ResponseWriter) {
		answer(w, 1, "null", "\"Name\"\n\"Müller\"\n")
		w.Header().Set("Content-Type", "text/csv; charset=ISO-8859-1")
	})
	if got, err := column(t, openWith(t, c, bulk.QueryConfig{}), "Name"); err != nil || fmt.Sprint(got) != "[Müller]" {
		t.Error(got, err)
	}
	var latin strings.Builder // the naive way
	for _, b := range read(t, c, resultsPath) {
		latin.WriteRune(rune(b))
	}
	loses(t, latin.String(), "\"Name\"\n\"Müller\"\n")

	bad := "\"Name\"\n\"M\xfcller\"\n"
	_, err := column(t, openWith(t, one(t, 1, bad), bulk.QueryConfig{}), "Name")
	if !errors.Is(err, bulk.ErrEncoding) || !strings.Contains(err.Error(), "byte 9") {
		t.Error(err)
	}
	got, err := column(t, openWith(t, one(t, 1, bad), bulk.QueryConfig{AllowInvalid: true}), "Name")
	if err != nil || fmt.Sprint(got) != "[M\ufffdller]" {
		t.Error(got, err)
	}
	if _, err := column(t, openWith(t, one(t, 1, "\"Name\"\n\"M\xc3"), bulk.QueryConfig{}), "Name"); err == nil {
		t.Error("half a character passed")
	}
}

// airbytehq/airbyte PR10012, singer-io/tap-salesforce#53: a value longer than
// 131,072 characters ended the reading.
func TestIncident67LongValues(t *testing.T) {
	long := strings.Repeat("0123456789abcde\n", 1<<17) // 2 MiB
	got, err := column(t, openWith(t, one(t, 1, "\"Name\"\n\""+long+"\"\n"), bulk.QueryConfig{}), "Name")
	if err != nil || len(got) != 1 || got[0] != long {
		t.Error(len(got), err)
	}
}

// forcedotcom/cli#720: a byte order mark became part of the first column.
func TestIncident69ByteOrderMark(t *testing.T) {
	got, err := column(t, openWith(t, one(t, 1, "\ufeff\"Id\"\n\"1\"\n"), bulk.QueryConfig{}), "Id")
	if err != nil || fmt.Sprint(got) != "[1]" {
		t.Error(got, err)
	}
	var sent []byte
	o := &org{handle: func(line string, _ *http.Request) (int, http.Header, string) {
		if strings.HasPrefix(line, "PUT") {
			_, body, _ := strings.Cut(line, "/batches ")
			sent = []byte(body)
			return 201, nil, ""
		}
		return 200, nil, job("Open", 0)
	}}
	j, err := bulk.StartIngest(t.Context(), o.client(t), bulk.IngestConfig{Object: "Account", Operation: bulk.Insert, Columns: []string{"Name"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Upload(t.Context(), rows(rec("Name", "A"))); err != nil || !bytes.HasPrefix(sent, []byte("Name\n")) {
		t.Errorf("%q, %v", sent, err)
	}
}

// forcedotcom/cli#3103: the CSV of pages was taken apart and put together
// again, which broke on quotes after a million rows.
func TestIncident70BytesPassThrough(t *testing.T) {
	const head = "\"Id\",\"Na\"\"me\"\n"
	pages := []string{"\"1\",\"a\"\"\nb\"\n\"2\",\"\x00\xff\"\n", "\"3\",\"\r\n\"\n", "\"4\",\"no line end\""}
	next := map[string]string{"": "B", "B": "C", "C": "null"}
	counts := []int{2, 1, 1}
	at := map[string]int{"": 0, "B": 1, "C": 2}
	s, c := serve(t, 4, func(locator string, attempt int, w http.ResponseWriter) {
		n := at[locator]
		text := head + pages[n]
		if attempt == 1 { // each page breaks off once, at another place
			w.Header().Set("Content-Length", fmt.Sprint(len(text)))
			answer(w, counts[n], next[locator], text[:len(text)-3-5*n])
			panic(http.ErrAbortHandler)
		}
		answer(w, counts[n], next[locator], text)
	})
	var out bytes.Buffer
	q := openWith(t, c, bulk.QueryConfig{})
	n, err := q.WriteCSV(t.Context(), &out)
	if want := head + strings.Join(pages, ""); err != nil || n != 4 || out.String() != want {
		t.Errorf("%d, %v\n%q\n%q", n, err, out.String(), want)
	}
	if len(s.requests()) != 6 {
		t.Error(s.requests())
	}
	p, err := q.RawPage(t.Context(), "B", 0)
	if err != nil || p.Next != "C" || p.Count != 1 {
		t.Fatal(p, err)
	}
	if raw, err := io.ReadAll(p.Body); err != nil || string(raw) != head+pages[1] {
		t.Errorf("%q, %v", raw, err)
	}
	p.Body.Close()
	// A page that ends too soon, though cleanly, is no success.
	c = one(t, 3, head+"\"1\",\"x\"\n\"2\",\"y\"\n")
	if _, err := openWith(t, c, bulk.QueryConfig{}).WriteCSV(t.Context(), io.Discard); !errors.Is(err, salesforce.ErrIncomplete) {
		t.Error(err)
	}
}

// simple-salesforce#182, Estuary errors: "Selecting compound data not supported
// in Bulk Query".
func TestIncident78CompoundFields(t *testing.T) {
	s, c := orgWith(t, salesforcetest.Config{})
	if _, err := bulk.StartQuery(t.Context(), c, "SELECT Id, BillingAddress FROM Account", bulk.QueryConfig{}); err == nil {
		t.Error("a compound field was accepted")
	}
	o := &org{handle: func(string, *http.Request) (int, http.Header, string) {
		return 400, nil, `[{"errorCode":"API_ERROR","message":"Selecting compound data not supported in Bulk Query"}]`
	}}
	if _, err := bulk.StartQuery(t.Context(), o.client(t), "SELECT BillingAddress FROM Account", bulk.QueryConfig{}); !errors.Is(err, bulk.ErrUnsupported) {
		t.Error(err)
	}
	d, err := c.Describe(t.Context(), "Account")
	if err != nil {
		t.Fatal(err)
	}
	names := bulk.QueryFields(d)
	if list := strings.Join(names, " "); strings.Contains(list, "BillingAddress") || !strings.Contains(list, "BillingCity") {
		t.Error(list)
	}
	if _, err := s.Org().Create("Account", salesforcetest.Fields{"Name": "A"}); err != nil {
		t.Fatal(err)
	}
	q, err := bulk.StartQuery(t.Context(), c, "SELECT "+strings.Join(names, ", ")+" FROM Account", bulk.QueryConfig{PollConfig: quick})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

// estuary/connectors PR2673, PR3318: the daily limits of bulk queries have
// texts of their own.
func TestIncident79DailyLimits(t *testing.T) {
	for code, text := range map[string]string{
		"EXCEEDEDQUOTA":  "Max bulk v2 query jobs (10000) per 24 hrs has been reached",
		"API_ERROR":      "Max bulk v2 query result size stored (1000000000) kb per 24 hrs has been exceeded",
		"LIMIT_EXCEEDED": "Your job creation request exceeds the limit of 10000",
	} {
		o := &org{handle: func(string, *http.Request) (int, http.Header, string) {
			return 400, nil, fmt.Sprintf(`[{"errorCode":%q,"message":%q}]`, code, text)
		}}
		_, err := bulk.StartQuery(t.Context(), o.client(t), "SELECT Id FROM Account", bulk.QueryConfig{})
		if !errors.Is(err, salesforce.ErrBulkLimit) || errors.Is(err, salesforce.ErrDailyLimit) || salesforce.IsRetryable(err) {
			t.Errorf("%s: %v", text, err)
		}
		var refused *salesforce.Error
		if !errors.As(err, &refused) || refused.Message != text {
			t.Errorf("%s: the answer is lost: %v", text, err)
		}
	}
}

// g8rswimmer/go-sfdc bulk/job.go:433: failed rows were cut at their commas.
func TestIncidentPeersCutRowsAtCommas(t *testing.T) {
	line := `"","REQUIRED_FIELD_MISSING:Required fields are missing: [A, B]:A B --","Acme, Inc."`
	r := csv.NewReader(strings.NewReader(line))
	right, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	loses(t, strings.Split(line, ","), right) // TestIngest reads the same row
}

// PramithaMJ/salesforce bulk/service.go:402: the locator was never looked at,
// and the first page passed for the whole result.
func TestIncidentPeersFirstPageOnly(t *testing.T) {
	s, c := serve(t, 4, func(locator string, _ int, w http.ResponseWriter) {
		if locator == "" {
			answer(w, 2, "L2", "\"Name\"\n\"a\"\n\"b\"\n")
			return
		}
		answer(w, 2, "null", "\"Name\"\n\"c\"\n\"d\"\n")
	})
	got, err := column(t, openWith(t, c, bulk.QueryConfig{}), "Name")
	if err != nil || fmt.Sprint(got) != "[a b c d]" {
		t.Error(got, err)
	}
	resp, err := c.Do(t.Context(), salesforce.Request{Path: "jobs/query/" + jobID + "/results"})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(resp.Body).ReadAll()
	if resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	var naive []string
	for _, row := range rows[1:] {
		naive = append(naive, row[0])
	}
	if loses(t, naive, got); len(s.requests()) < 3 {
		t.Error(s.requests())
	}
}
