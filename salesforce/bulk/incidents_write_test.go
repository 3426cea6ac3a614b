package bulk_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/bulk"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// finished plays an org whose ingest job ended in a state, with three result
// sets.
func finished(state, successful, failed, unprocessed string) *org {
	return &org{handle: func(line string, _ *http.Request) (int, http.Header, string) {
		switch {
		case strings.HasPrefix(line, "POST"):
			return 200, nil, job("Open", 0)
		case strings.HasPrefix(line, "PUT"):
			return 201, nil, ""
		case strings.HasPrefix(line, "PATCH"):
			return 200, nil, job("UploadComplete", 0)
		case strings.Contains(line, "successfulResults"):
			return 200, nil, successful
		case strings.Contains(line, "failedResults"):
			return 200, nil, failed
		case strings.Contains(line, "unprocessedrecords"):
			return 200, nil, unprocessed
		default:
			return 200, nil, job(state, 4)
		}
	}}
}

const (
	successHead = "\"sf__Id\",\"sf__Created\",\"Ext__c\",\"Name\"\n"
	failedHead  = "\"sf__Id\",\"sf__Error\",\"Ext__c\",\"Name\"\n"
)

func four() bulk.Rows {
	return rows(rec("Ext__c", "1", "Name", "A"), rec("Ext__c", "2", "Name", "B"), rec("Ext__c", "3", "Name", "C"), rec("Ext__c", "4", "Name", "D"))
}

func loaded(t *testing.T, o *org, source bulk.Rows) *bulk.Load {
	t.Helper()
	l, err := bulk.StartLoad(t.Context(), o.client(t), upsert("Ext__c", "Name"), source)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l
}

// airbytehq/airbyte PR8009, PR10141: what a failed job had done, and what it
// never reached, was not looked at.
func TestIncident57FailedJobs(t *testing.T) {
	for _, state := range []string{"Failed", "Aborted"} {
		o := finished(state, successHead+"\"001000000000001AAA\",\"true\",\"1\",\"A\"\n",
			failedHead+"\"\",\"UNABLE_TO_LOCK_ROW:locked:--\",\"2\",\"B\"\n", "\"Ext__c\",\"Name\"\n\"3\",\"C\"\n\"4\",\"D\"\n")
		counts, byKey, err := tally(t, loaded(t, o, four()))
		if err != nil || counts[bulk.RowSucceeded] != 1 || counts[bulk.RowFailed] != 1 || counts[bulk.RowUnprocessed] != 2 {
			t.Error(state, counts, err)
		}
		if !errors.Is(byKey["2"].Err(), salesforce.ErrLock) {
			t.Error(byKey["2"])
		}
		// The naive way: what is not in failedResults was written.
		j, err := bulk.OpenIngest(o.client(t), jobID, bulk.IngestConfig{Object: "Account", Operation: bulk.Insert, Columns: []string{"Name"}})
		if err != nil {
			t.Fatal(err)
		}
		naive := 4
		for range j.Failed(t.Context()) {
			naive--
		}
		loses(t, naive, counts[bulk.RowSucceeded])
	}
}

// simple-salesforce#684, #735, PR736, #765: uploads were cut inside quoted
// text. TestLoadIsCutByBytesIntoJobs sends the same rows into an org.
func TestIncident64CutInsideQuotedText(t *testing.T) {
	var parts []string
	whole := "Ext__c,Name\n"
	o := &org{handle: func(line string, _ *http.Request) (int, http.Header, string) {
		if _, body, ok := strings.Cut(line, "/batches "); ok {
			parts = append(parts, body)
			_, data, _ := strings.Cut(body, "\n")
			whole += data
			return 201, nil, ""
		}
		if strings.HasPrefix(line, "PATCH") {
			return 200, nil, job("UploadComplete", 0)
		}
		return 200, nil, job("Open", 0)
	}}
	cfg := upsert("Ext__c", "Name")
	cfg.MaxBytes = 200
	if _, err := bulk.StartLoad(t.Context(), o.client(t), cfg, accounts(100, "Ext__c")); err != nil {
		t.Fatal(err)
	}
	total := func(parts []string) (n int) {
		for _, p := range parts {
			all, err := csv.NewReader(strings.NewReader(p)).ReadAll()
			if len(p) > 200 || err != nil || len(all) < 2 || len(all[0]) != 2 {
				return -1
			}
			n += len(all) - 1
		}
		return n
	}
	if n := total(parts); n != 100 {
		t.Errorf("%d rows in %d parts", n, len(parts))
	}
	// The naive way: cut at the last line end before the bound.
	var naive []string
	_, rest, _ := strings.Cut(whole, "\n")
	for len(rest) > 0 {
		cut := len(rest)
		if cut > 180 {
			cut = strings.LastIndexByte(rest[:180], '\n') + 1
		}
		naive, rest = append(naive, "Ext__c,Name\n"+rest[:cut]), rest[cut:]
	}
	loses(t, total(naive), 100)
}

// forcedotcom/cli#3113, activepieces/activepieces PR2766: line ends that are
// not those of the job fail all of it.
func TestIncident68LineEnds(t *testing.T) {
	s, c := orgWith(t, salesforcetest.Config{})
	extField(t, s)
	l, err := bulk.StartLoad(t.Context(), c, upsert("Ext__c", "Description", "Name"), rows(
		rec("Ext__c", "1", "Name", "A", "Description", "x\r\ny"), rec("Ext__c", "2", "Name", "\r", "Description", "z\n")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if counts, _, err := tally(t, l); err != nil || counts[bulk.RowSucceeded]+counts[bulk.RowFailed] != 2 || counts[bulk.RowSucceeded] == 0 {
		t.Error(counts, err)
	}
	// A job that fails for it all the same says so, and no row is lost.
	o := finished("Failed", "", "", "Ext__c,Name\n1,A\n2,B\n3,C\n4,D\n")
	counts, _, err := tally(t, loaded(t, o, four()))
	if err != nil || counts[bulk.RowUnprocessed] != 4 {
		t.Error(counts, err)
	}
}

// forcedotcom/SFDX-Data-Move-Utility#932, #952: results were matched with rows
// by their place.
func TestIncident71ResultsInAnyOrder(t *testing.T) {
	o := finished("JobComplete", successHead+"\"001000000000004AAA\",\"true\",\"4\",\"D\"\n\"001000000000002AAA\",\"false\",\"2\",\"B\"\n\"001000000000001AAA\",\"true\",\"1\",\"A\"\n",
		failedHead+"\"\",\"DUPLICATE_VALUE:dup:--\",\"3\",\"C\"\n", "")
	_, byKey, err := tally(t, loaded(t, o, four()))
	if err != nil {
		t.Fatal(err)
	}
	for key, id := range map[string]sobject.ID{"1": "001000000000001AAA", "2": "001000000000002AAA", "3": "", "4": "001000000000004AAA"} {
		if byKey[key].ID != id {
			t.Errorf("%s: %+v", key, byKey[key])
		}
	}
	naive := map[string]sobject.ID{} // by place
	j, err := bulk.OpenIngest(o.client(t), jobID, bulk.IngestConfig{Object: "Account", Operation: bulk.Insert, Columns: []string{"Name"}})
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for r, err := range j.Successful(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		i++
		naive[fmt.Sprint(i)] = r.ID
	}
	loses(t, naive["1"], byKey["1"].ID)
}

// forcedotcom/cli#1888, OpenFn/adaptors#886, simple-salesforce#643, #698,
// SFDMU#145: failed rows could not be had; 204 for another spelling of Accept.
func TestIncident72FailedRows(t *testing.T) {
	o := finished("JobComplete", successHead+"\"001000000000001AAA\",\"true\",\"1\",\"A\"\n", failedHead+"\"\",\"DUPLICATE_VALUE:dup: of 4:Ext__c --\",\"2\",\"B\"\n", "")
	handle := o.handle
	silent := false
	o.handle = func(line string, r *http.Request) (int, http.Header, string) {
		if strings.Contains(line, "Results") || strings.Contains(line, "unprocessed") {
			if silent || r.Header.Get("Accept") != "text/csv" {
				return 204, nil, ""
			}
		}
		return handle(line, r)
	}
	l := loaded(t, o, rows(rec("Ext__c", "1", "Name", "A"), rec("Ext__c", "2", "Name", "B")))
	_, byKey, err := tally(t, l)
	if err != nil {
		t.Fatal(err)
	}
	row := byKey["2"]
	if name, _ := row.Record.Text("Name"); name != "B" || row.Error.Message != "dup: of 4" || !errors.Is(row.Err(), salesforce.ErrDuplicate) || fmt.Sprint(row.Error.Fields) != "[Ext__c]" {
		t.Errorf("%+v %+v", row, row.Error)
	}
	silent = true
	if counts, _, err := tally(t, l); err != nil || counts[bulk.RowUnknown] != 2 {
		t.Error("no results at all were taken for success:", counts, err)
	}
}

// forcedotcom/dataloader PR1033, #1537, #984, #436: counters were wrong, and a
// row stood in the success file and in the error file.
func TestIncident73OwnLedger(t *testing.T) {
	o := finished("JobComplete", successHead+"\"001000000000001AAA\",\"true\",\"1\",\"A\"\n\"001000000000002AAA\",\"true\",\"2\",\"B\"\n",
		failedHead+"\"\",\"DUPLICATE_VALUE:dup:--\",\"2\",\"B\"\n\"\",\"DUPLICATE_VALUE:dup:--\",\"3\",\"C\"\n", "")
	counts := map[bulk.RowStatus]int{}
	keys := map[string]int{}
	var last error
	for r, err := range loaded(t, o, four()).Results(t.Context()) {
		if err != nil {
			last = err
			continue
		}
		counts[r.Status]++
		keys[r.Key]++
	}
	if counts[bulk.RowSucceeded] != 2 || counts[bulk.RowFailed] != 1 || counts[bulk.RowUnknown] != 1 || len(keys) != 4 {
		t.Error(counts, keys)
	}
	if !errors.Is(last, salesforce.ErrIncomplete) || !strings.Contains(last.Error(), `"2"`) {
		t.Error("the contradiction went unnoticed:", last)
	}
	// The naive way: the job's counters, 4 processed and none failed.
	loses(t, 4-0, counts[bulk.RowSucceeded])
}

// simple-salesforce#502: rows of another object were accepted.
func TestIncident74OtherObject(t *testing.T) {
	s, c := orgWith(t, salesforcetest.Config{})
	contact := sobject.NewRecord("Contact", sobject.F("Name", sobject.TextValue("Jane Doe")))
	l, err := bulk.StartLoad(t.Context(), c, bulk.LoadConfig{Object: "Account", Operation: bulk.Insert, Columns: []string{"Name"}, PollConfig: quick}, rows(contact))
	if err != nil {
		t.Fatal(err)
	}
	if counts, byKey, err := tally(t, l); err != nil || counts[bulk.RowFailed] != 1 || len(l.Jobs()) != 0 {
		t.Error(counts, byKey, err)
	}
	d, err := c.Describe(t.Context(), "Account")
	if err != nil {
		t.Fatal(err)
	}
	_, err = bulk.StartIngest(t.Context(), c, bulk.IngestConfig{Object: "Account", Operation: bulk.Insert, Columns: []string{"LastName", "Nope.X", "Name"}, Describe: d})
	if err == nil || !strings.Contains(err.Error(), "LastName") || !strings.Contains(err.Error(), "Nope.X") {
		t.Error(err)
	}
	// The naive way: the columns fit, so the rows are sent.
	j, err := bulk.StartIngest(t.Context(), c, bulk.IngestConfig{Object: "Account", Operation: bulk.Insert, Columns: []string{"Name"}, PollConfig: quick})
	if err != nil {
		t.Fatal(err)
	}
	name, _ := contact.Text("Name")
	if err := errors.Join(j.Upload(t.Context(), rows(sobject.NewRecord("", sobject.F("Name", sobject.TextValue(name))))), j.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	n, err := s.Org().Count("SELECT COUNT() FROM Account")
	if err != nil {
		t.Fatal(err)
	}
	loses(t, n, 0)
}

// jsforce/jsforce#228, forcedotcom/SFDX-Data-Move-Utility#141: files do not go
// by the Bulk API.
func TestIncident77Files(t *testing.T) {
	d := &sobject.Describe{Name: "Attachment", Fields: []sobject.DescribeField{{Name: "Name", Type: sobject.TypeString, Createable: true},
		{Name: "Body", Type: sobject.TypeBase64, Createable: true}, {Name: "Place", Type: sobject.TypeLocation, Createable: true}}}
	o := finished("JobComplete", "", "", "")
	_, err := bulk.StartIngest(t.Context(), o.client(t), bulk.IngestConfig{Object: "Attachment", Operation: bulk.Insert, Columns: []string{"Name", "Body", "Place"}, Describe: d})
	if err == nil || !strings.Contains(err.Error(), "REST") || !strings.Contains(err.Error(), "components") || len(o.seen) != 0 {
		t.Error(err)
	}
	if got := bulk.QueryFields(d); fmt.Sprint(got) != "[Name]" {
		t.Error(got)
	}
}

// jsforce/jsforce#640, segmentio/action-destinations PR930, PR934: an empty
// text is not null, and one quote failed a whole file.
func TestIncident80NullUnsetValue(t *testing.T) {
	s, c := orgWith(t, salesforcetest.Config{})
	extField(t, s)
	for _, key := range []string{"null", "empty", "unset", "value"} {
		if _, err := s.Org().Create("Account", salesforcetest.Fields{"Name": key, "Ext__c": key, "Industry": "Energy"}); err != nil {
			t.Fatal(err)
		}
	}
	l, err := bulk.StartLoad(t.Context(), c, upsert("Ext__c", "Name", "Industry"), rows(
		rec("Ext__c", "null").With(sobject.F("Industry", sobject.NullValue())),
		rec("Ext__c", "empty", "Industry", ""), rec("Ext__c", "unset"), rec("Ext__c", "value", "Industry", "Media", "Name", `a "quote`)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if counts, _, err := tally(t, l); err != nil || counts[bulk.RowSucceeded] != 4 {
		t.Error(counts, err)
	}
	industries := func() map[string]string {
		recs, err := s.Org().Query("SELECT Ext__c, Industry FROM Account")
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, r := range recs {
			key, _ := r.Text("Ext__c")
			v, _ := r.Value("Industry")
			out[key] = v.Raw()
		}
		return out
	}
	if got := fmt.Sprint(industries()); got != "map[empty: null: unset:Energy value:Media]" {
		t.Error(got)
	}
	// The naive way: null as an empty cell, which the org takes for "leave it
	// alone".
	j, err := bulk.StartIngest(t.Context(), c, bulk.IngestConfig{Object: "Account", Operation: bulk.Upsert, ExternalID: "Ext__c", Columns: []string{"Ext__c", "Industry"}, PollConfig: quick})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(j.Upload(t.Context(), rows(rec("Ext__c", "value"))), j.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	loses(t, industries()["value"], "")
}

// Redpanda CSV; k-capehart/go-salesforce mapsToCSV: columns that the first row
// lacks were dropped, and large numbers written with an exponent. What arrives
// in an org is in TestRowsThatDifferInTheirColumns.
func TestIncident81RaggedRows(t *testing.T) {
	o := finished("JobComplete", "", "", "")
	first := rec("Ext__c", "1", "Name", "A")
	second := rec("Ext__c", "2", "Phone", "5").With(sobject.F("AnnualRevenue", sobject.FloatValue(12345678)))
	if _, err := bulk.StartLoad(t.Context(), o.client(t), upsert(), rows(first, second)); err != nil {
		t.Fatal(err)
	}
	const want = "Ext__c,Name,Phone,AnnualRevenue\n1,A,,\n2,,5,12345678\n"
	_, sent, _ := strings.Cut(o.seen[1], "/batches ")
	if sent != want {
		t.Errorf("%q", sent)
	}
	var naive strings.Builder
	w := csv.NewWriter(&naive)
	var header []string
	for name := range first.Fields() {
		header = append(header, name)
	}
	w.Write(header)
	for _, r := range []map[string]any{{"Ext__c": "1", "Name": "A"}, {"Ext__c": "2", "Phone": "5", "AnnualRevenue": 12345678.0}} {
		var cells []string
		for _, name := range header {
			cells = append(cells, fmt.Sprint(r[name]))
		}
		w.Write(cells)
	}
	w.Flush()
	if strings.Contains(naive.String(), "5") {
		t.Error("the naive way kept the phone")
	}
	loses(t, naive.String(), want)
}

// Redpanda sink, Segment: UploadComplete was reported as success.
func TestIncident82SuccessIsARowsResult(t *testing.T) {
	s, c := orgWith(t, salesforcetest.Config{})
	extField(t, s)
	l, err := bulk.StartLoad(t.Context(), c, upsert("Ext__c", "Name"), rows(rec("Ext__c", "1", "Name", ""), rec("Ext__c", "2", "Name", "B")))
	if err != nil {
		t.Fatal(err)
	}
	naive := 2 // the job took the upload
	infos, err := l.Wait(t.Context())
	if err != nil || infos[0].State != bulk.JobComplete || infos[0].NumberRecordsFailed != 1 {
		t.Error(infos, err)
	}
	counts, _, err := tally(t, l)
	stored, countErr := s.Org().Count("SELECT COUNT() FROM Account")
	if err != nil || countErr != nil || counts[bulk.RowSucceeded] != 1 || stored != 1 {
		t.Error(counts, stored, err)
	}
	loses(t, naive, counts[bulk.RowSucceeded])
}

// heroku/roadmap#295: serial jobs took days; parallel ones lock each other
// out. Jobs run side by side unless told otherwise, and a row that was locked
// out says so.
func TestIncident83OneJobAtATime(t *testing.T) {
	for _, serial := range []bool{false, true} {
		s, c := orgWith(t, salesforcetest.Config{BulkDelay: 20 * time.Millisecond})
		extField(t, s)
		cfg := upsert("Ext__c", "Name")
		cfg.MaxBytes, cfg.OneAtATime = 1000, serial
		l, err := bulk.StartLoad(t.Context(), c, cfg, accounts(60, "Ext__c"))
		if err != nil {
			t.Fatal(err)
		}
		open := 0
		for _, id := range l.Jobs() {
			j, err := bulk.OpenIngest(c, id, bulk.IngestConfig{Object: "Account", Operation: bulk.Insert, Columns: []string{"Name"}})
			if err != nil {
				t.Fatal(err)
			}
			if info, err := j.Info(t.Context()); err == nil && !info.Done() {
				open++
			}
		}
		if len(l.Jobs()) < 3 || serial && open > 0 {
			t.Errorf("serial %v: %d of %d jobs still run", serial, open, len(l.Jobs()))
		}
		if _, err := l.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if counts, _, err := tally(t, l); err != nil || counts[bulk.RowSucceeded] != 60 {
			t.Error(counts, err)
		}
	}
}

// k-capehart/go-salesforce bulk.go:530: of several jobs, the result of one was
// waited for; a slow second one that failed went unnoticed.
func TestIncidentPeersSlowSecondJob(t *testing.T) {
	made := 0
	id := func(n int) string { return fmt.Sprintf("750R0000000000%dAAA", n) }
	looks := map[string]int{}
	o := &org{handle: func(line string, r *http.Request) (int, http.Header, string) {
		second := strings.Contains(line, id(2))
		at := id(1)
		if second {
			at = id(2)
		}
		say := func(state string) string { return strings.Replace(job(state, 0), jobID, at, 1) }
		switch {
		case strings.HasPrefix(line, "POST"):
			made++
			at = id(made)
			return 200, nil, say("Open")
		case strings.HasPrefix(line, "PUT"):
			return 201, nil, ""
		case strings.HasPrefix(line, "PATCH"):
			return 200, nil, say("UploadComplete")
		case strings.Contains(line, "successfulResults") && !second:
			return 200, nil, successHead + "\"001000000000001AAA\",\"true\",\"1\",\"A\"\n"
		case strings.Contains(line, "unprocessedrecords") && second:
			return 200, nil, "Ext__c,Name\n2,B\n"
		case strings.Contains(line, "esults"), strings.Contains(line, "unprocessedrecords"):
			return 200, nil, ""
		case !second:
			return 200, nil, say("JobComplete")
		}
		if looks[at]++; looks[at] < 3 {
			return 200, nil, say("InProgress")
		}
		return 200, nil, say("Failed")
	}}
	cfg := upsert("Ext__c", "Name")
	cfg.MaxBytes = len("Ext__c,Name\n1,A\n")
	l, err := bulk.StartLoad(t.Context(), o.client(t), cfg, rows(rec("Ext__c", "1", "Name", "A"), rec("Ext__c", "2", "Name", "B")))
	if err != nil || len(l.Jobs()) != 2 {
		t.Fatal(err)
	}
	infos, err := l.Wait(t.Context())
	if err != nil || len(infos) != 2 || infos[1].State != bulk.Failed {
		t.Fatal(infos, err)
	}
	counts, byKey, err := tally(t, l)
	if err != nil || counts[bulk.RowSucceeded] != 1 || byKey["2"].Status != bulk.RowUnprocessed {
		t.Error(counts, err)
	}
	loses(t, len(l.Jobs()), counts[bulk.RowSucceeded]) // the naive way: the first job's word for all
}

// Bulk API guide, "Errors" (TooManyLockFailure): the org puts the rest of a batch
// back into its queue, and never the rows that failed already. A job that is
// complete has rows that nobody will write unless they are sent again.
func TestIncident131LockedRowsAreSentAgain(t *testing.T) {
	jobs := 0
	o := &org{handle: func(line string, r *http.Request) (int, http.Header, string) {
		switch {
		case strings.HasPrefix(line, "POST"):
			jobs++
			return 200, nil, job("Open", 0)
		case strings.HasPrefix(line, "PUT"):
			return 201, nil, ""
		case strings.Contains(line, "successfulResults") && jobs == 1:
			return 200, nil, successHead + "\"001000000000001AAA\",\"true\",\"1\",\"A\"\n"
		case strings.Contains(line, "successfulResults"):
			return 200, nil, successHead + "\"001000000000002AAA\",\"true\",\"2\",\"B\"\n"
		case strings.Contains(line, "failedResults") && jobs == 1:
			return 200, nil, "\"sf__Id\",\"sf__Error\",\"Ext__c\",\"Name\"\n\"\",\"UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--\",\"2\",\"B\"\n"
		case strings.Contains(line, "esults"), strings.Contains(line, "unprocessedrecords"):
			return 200, nil, ""
		}
		return 200, nil, job("JobComplete", 2)
	}}
	row := func(key, name string) sobject.Record {
		return sobject.NewRecord("Account", sobject.F("Ext__c", sobject.TextValue(key)), sobject.F("Name", sobject.TextValue(name)))
	}
	written, again := 0, []sobject.Record(nil)
	for source := []sobject.Record{row("1", "A"), row("2", "B")}; len(source) > 0; source, again = again, nil {
		l, err := bulk.StartLoad(t.Context(), o.client(t), upsert("Ext__c", "Name"), rows(source...))
		if err != nil {
			t.Fatal(err)
		}
		infos, err := l.Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if naive := infos[0].NumberRecordsProcessed; jobs == 1 { // complete, so all is well
			loses(t, naive, 1)
		}
		for r, err := range l.Results(t.Context()) {
			switch {
			case err != nil:
				t.Fatal(err)
			case r.Status == bulk.RowSucceeded:
				written++
			case errors.Is(r.Err(), salesforce.ErrLock) && salesforce.IsRetryable(r.Err()):
				again = append(again, r.Record)
			default:
				t.Errorf("%+v", r)
			}
		}
	}
	if written != 2 || jobs != 2 {
		t.Error(written, jobs)
	}
}
