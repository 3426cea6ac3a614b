package bulk_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/bulk"
	"github.com/orglink/orglink/salesforce/sobject"
)

// captured reads a recorded answer.
func captured(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("ORGLINK_CAPTURES")
	if dir == "" {
		t.Skip("ORGLINK_CAPTURES names no directory of recorded answers")
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRecordedJobs(t *testing.T) {
	for file, want := range map[string]bulk.JobInfo{
		"amp-job-open-ingest.json":     {ID: "750ak000009BWKLAA4", State: bulk.Open, ContentURL: "services/data/v60.0/jobs/ingest/750ak000009BWKLAA4/batches", LineEnding: "LF", ColumnDelimiter: "COMMA"},
		"amp-job-upload-complete.json": {ID: "750ak000009BWKLAA4", State: bulk.UploadComplete},
		"amp-job-info-in-progress.json": {ID: "750ak000009Bq9OAAS", State: bulk.InProgress, SystemModstamp: "2024-09-09T21:32:36.000+0000", CreatedDate: "2024-09-09T21:32:31.000+0000",
			JobType: "V2Ingest", LineEnding: "LF", ColumnDelimiter: "COMMA", NumberRecordsProcessed: 2000, APIActiveProcessingTime: 1820},
		"amp-job-info-success.json": {ID: "750ak000009BWKLAA4", State: bulk.JobComplete, SystemModstamp: "2024-09-09T19:25:43.000+0000",
			JobType: "V2Ingest", LineEnding: "LF", ColumnDelimiter: "COMMA", NumberRecordsProcessed: 3000, TotalProcessingTime: 4103, APIActiveProcessingTime: 3101},
	} {
		t.Run(file, func(t *testing.T) {
			text := captured(t, "bulk2/"+file)
			want.Operation, want.Object, want.ExternalIDFieldName = "upsert", "Opportunity", "external_id__c"
			want.APIVersion, want.CreatedByID = 60, "005ak000005hvjJAAQ"
			if want.CreatedDate == "" {
				want.CreatedDate = "2024-09-09T19:25:27.000+0000"
			}
			if want.SystemModstamp == "" {
				want.SystemModstamp = want.CreatedDate
			}
			o := &org{handle: func(string, *http.Request) (int, http.Header, string) { return 200, nil, text }}
			j, err := bulk.OpenIngest(o.client(t), want.ID, bulk.IngestConfig{Object: "Opportunity", Operation: bulk.Upsert, ExternalID: "external_id__c", Columns: []string{"external_id__c"}})
			if err != nil {
				t.Fatal(err)
			}
			info, err := j.Info(t.Context())
			if err != nil || info != want || info.Err() != nil || info.Done() != (want.State == bulk.JobComplete) {
				t.Errorf("%v\ngot  %+v\nwant %+v", err, info, want)
			}
			// From then on the job is spoken of in its own version.
			if _, err := j.Info(t.Context()); err != nil || !strings.Contains(o.seen[1], "/v60.0/jobs/ingest/"+want.ID) {
				t.Error(o.seen, err)
			}
		})
	}
}

func TestRecordedFailedResults(t *testing.T) {
	text := captured(t, "bulk2/amp-failedResults.csv")
	o := finished("JobComplete", "", text, "")
	l, err := bulk.StartLoad(t.Context(), o.client(t), bulk.LoadConfig{Object: "Opportunity", Operation: bulk.Upsert, ExternalID: "external_id__c", PollConfig: quick},
		rows(sobject.NewRecord("Opportunity", sobject.F("external_id__c", sobject.TextValue("external-id-3")), sobject.F("CloseDate", sobject.TextValue("2003-04-987654321987654321")))))
	if err != nil {
		t.Fatal(err)
	}
	counts, byKey, err := tally(t, l)
	if err != nil || counts[bulk.RowFailed] != 1 || len(counts) != 1 {
		t.Fatal(counts, err)
	}
	row := byKey["external-id-3"]
	if row.ID != "" || row.Error.Code != "INVALID_FIELD" || !slices.Equal(row.Error.Fields, []string{"CloseDate"}) ||
		row.Error.Message != "Failed to deserialize field at col 3. Due to, '2003-04-987654321987654321' is not a valid value for the type xsd:date" ||
		!errors.Is(row.Err(), salesforce.ErrInvalidField) {
		t.Errorf("%+v", row.Error)
	}
	var names []string
	for name := range row.Record.Fields() {
		names = append(names, name)
	}
	if name, _ := row.Record.Text("Name"); name != "Noemi Miller" || !slices.Equal(names, []string{"Name", "StageName", "external_id__c", "CloseDate"}) {
		t.Error(names)
	}
}

func TestRecordedQueryResult(t *testing.T) {
	q := openWith(t, one(t, 1, captured(t, "bulk2/onyx-account-query-result.csv")), bulk.QueryConfig{})
	p, err := q.Page(t.Context(), "", 0)
	if err != nil || p.Count != 1 || p.Next != "" {
		t.Fatal(p, err)
	}
	r := p.Records[0]
	created, timeErr := r.Time("CreatedDate")
	deleted, boolErr := r.Bool("IsDeleted")
	street, _ := r.Text("BillingStreet")
	if r.ID() != "001bm00000eu6n5AAA" || timeErr != nil || created.Format("2006-01-02 15:04:05") != "2024-12-24 18:18:29" || boolErr != nil || deleted || street != "123 Nowhere Parkway" || r.Len() != 64 {
		t.Error(r.ID(), created, deleted, street, r.Len())
	}
	if v, ok := r.Value("Phone"); !ok || !v.IsNull() {
		t.Error("an empty value is not null")
	}
}

// The seed of jsforce's own tests has line breaks inside values.
func TestRecordedUploadWithLineBreaks(t *testing.T) {
	text := captured(t, "seed/jsforce-Account_bulk2_test.csv")
	var want []sobject.Record
	for r, err := range sobject.NewCSVReader(strings.NewReader(text), "Account").Records() {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, r)
	}
	if n := strings.Count(strings.TrimSpace(text), "\n"); len(want) == 0 || n == len(want) {
		t.Fatalf("%d rows in %d lines", len(want), n)
	}
	var sent string
	o := &org{handle: func(line string, _ *http.Request) (int, http.Header, string) {
		if _, body, ok := strings.Cut(line, "/batches "); ok {
			sent = body
			return 201, nil, ""
		}
		return 200, nil, job("Open", 0)
	}}
	var columns []string
	for name := range want[0].Fields() {
		columns = append(columns, name)
	}
	j, err := bulk.StartIngest(t.Context(), o.client(t), bulk.IngestConfig{Object: "Account", Operation: bulk.Insert, Columns: columns})
	if err != nil {
		t.Fatal(err)
	}
	var source []sobject.Record
	for _, r := range want { // an empty value is an absent one
		var fields []sobject.Field
		for name, v := range r.Fields() {
			if !v.IsNull() {
				fields = append(fields, sobject.F(name, v))
			}
		}
		source = append(source, sobject.NewRecord("Account", fields...))
	}
	if err := j.Upload(t.Context(), rows(source...)); err != nil {
		t.Fatal(err)
	}
	i := 0
	for r, err := range sobject.NewCSVReader(strings.NewReader(sent), "Account").Records() {
		if err != nil || !r.Equal(want[i]) {
			t.Fatal(i, err)
		}
		i++
	}
	if i != len(want) {
		t.Errorf("%d of %d rows", i, len(want))
	}
}

// Bulk API 1 is not spoken, but its refusals and its CSV reach clients through
// old addresses and shared tools.
func TestRecordedBulk1(t *testing.T) {
	var upsert struct {
		Exchanges []struct {
			Request  struct{ Method, URL, Body string }
			Response struct {
				Status int
				Body   string
			}
		}
	}
	if err := json.Unmarshal([]byte(captured(t, "bulk1/cci-upsert-bulk.json")), &upsert); err != nil {
		t.Fatal(err)
	}
	results, rows := 0, 0
	for _, e := range upsert.Exchanges {
		if !strings.HasSuffix(e.Request.URL, "/result") || !strings.Contains(e.Response.Body, `"Id","Success"`) {
			continue
		}
		results++
		for r, err := range sobject.NewCSVReader(strings.NewReader(e.Response.Body), "Contact").Records() {
			if err != nil {
				t.Fatal(err)
			}
			rows++
			if ok, err := r.Bool("Success"); err != nil || !ok || r.ID() == "" {
				t.Error(r.ID(), ok, err)
			}
		}
	}
	if results == 0 || rows == 0 {
		t.Errorf("%d results, %d rows", results, rows)
	}
	var query struct {
		Exchanges []struct {
			Request  struct{ URL string }
			Response struct{ Body string }
		}
	}
	if err := json.Unmarshal([]byte(captured(t, "bulk1/snowfakery-bulk-query.json")), &query); err != nil {
		t.Fatal(err)
	}
	// The recording ends with the list of results; a naive client of version 2
	// would take it for a row.
	var list struct {
		Results []string `xml:"result"`
	}
	processed := false
	for _, e := range query.Exchanges {
		processed = processed || strings.Contains(e.Response.Body, "<numberRecordsProcessed>1<")
		if strings.HasSuffix(e.Request.URL, "/result") {
			if err := xml.Unmarshal([]byte(e.Response.Body), &list); err != nil {
				t.Fatal(err)
			}
			if _, err := column(t, openWith(t, one(t, 1, e.Response.Body), bulk.QueryConfig{}), "Id"); err == nil {
				t.Error("XML was read as CSV")
			}
		}
	}
	if !processed || !slices.Equal(list.Results, []string{"75254000004H2qE"}) {
		t.Error(processed, list.Results)
	}
	var cud map[string]struct {
		Responses map[string]map[string]struct{ Method, Response string }
	}
	if err := json.Unmarshal([]byte(captured(t, "bulk1/elasticio-bulk-cud.json")), &cud); err != nil {
		t.Fatal(err)
	}
	operations := map[string]bool{}
	for _, c := range cud {
		for path, answer := range c.Responses["https://test.salesforce.com"] {
			var info struct {
				ID        string `xml:"id"`
				Operation string `xml:"operation"`
			}
			if strings.HasSuffix(path, "/job") && xml.Unmarshal([]byte(answer.Response), &info) == nil {
				operations[info.Operation] = true
				if id, err := sobject.ParseID(info.ID); err != nil || id.Prefix() != "750" {
					t.Error(info.ID, err)
				}
			}
		}
	}
	if !operations["insert"] || len(operations) < 2 {
		t.Error(operations)
	}
}
