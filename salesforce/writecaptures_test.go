package salesforce_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// exchange is one recorded request with its answer.
type exchange struct {
	method, url, body string
	answer            captured
}

// exchanges returns the recorded exchanges of a file whose method is one of
// the given.
func exchanges(t *testing.T, name string, methods ...string) []exchange {
	t.Helper()
	answers := capture(t, name)
	raw, err := os.ReadFile(filepath.Join(os.Getenv("ORGLINK_CAPTURES"), name))
	if err != nil {
		t.Fatal(err)
	}
	var recorded struct {
		Exchanges []struct {
			Request struct {
				Method, URL string
				Body        json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(raw, &recorded); err != nil {
		t.Fatal(err)
	}
	var out []exchange
	for i, e := range recorded.Exchanges {
		body := string(e.Request.Body)
		var text string
		if json.Unmarshal(e.Request.Body, &text) == nil {
			body = text
		}
		for _, m := range methods {
			if m == e.Request.Method && !strings.Contains(e.Request.URL, "/oauth2/") {
				out = append(out, exchange{m, e.Request.URL, body, answers[i]})
			}
		}
	}
	if len(out) == 0 {
		t.Fatalf("%s: no such exchange", name)
	}
	return out
}

// play answers one call as recorded, and holds what the client sent against
// what was sent then: the last parts of the path, and the body as JSON.
func play(t *testing.T, e exchange, tail string, same ...string) *salesforce.Client {
	t.Helper()
	return offline(t, func(r *http.Request) (*http.Response, error) {
		recorded, _ := url.PathUnescape(strings.TrimSuffix(e.url, "/"))
		if r.Method != e.method || !strings.HasSuffix(r.URL.Path, tail) || !strings.HasSuffix(recorded, tail) {
			t.Errorf("%s %s, recorded %s %s", r.Method, r.URL.EscapedPath(), e.method, e.url)
		}
		if len(same) > 0 {
			var sent, recorded map[string]any
			if err := errors.Join(json.NewDecoder(r.Body).Decode(&sent), json.Unmarshal([]byte(e.body), &recorded)); err != nil {
				t.Error(err)
			}
			for _, key := range same {
				if !reflect.DeepEqual(sent[key], recorded[key]) {
					t.Errorf("%s:\nsent     %v\nrecorded %v", key, sent[key], recorded[key])
				}
			}
		}
		resp := reply(r, e.answer.status, e.answer.body)
		for k, v := range e.answer.header {
			if k == "Location" || k == "Sforce-Limit-Info" || k == "Content-Type" {
				resp.Header[k] = v
			}
		}
		return resp, nil
	}, func(cfg *salesforce.Config) { cfg.MaxRetries = -1 })
}

// recordsOf reads the records of a recorded collection request.
func recordsOf(t *testing.T, e exchange) []sobject.Record {
	t.Helper()
	var body struct{ Records []sobject.Record }
	if err := json.Unmarshal([]byte(e.body), &body); err != nil {
		t.Fatal(err)
	}
	return body.Records
}

func TestCapturedSingleWrites(t *testing.T) {
	ctx := t.Context()
	made := exchanges(t, "crud/nango-create.json", "POST")[0]
	var rec sobject.Record
	if err := json.Unmarshal([]byte(made.body), &rec); err != nil {
		t.Fatal(err)
	}
	var fields []sobject.Field
	var keys []string
	for name, v := range rec.Fields() {
		fields, keys = append(fields, sobject.F(name, v)), append(keys, name)
	}
	object := path.Base(made.url)
	out, err := play(t, made, "/sobjects/"+object, keys...).Create(ctx, sobject.NewRecord(object, fields...))
	if err != nil || !out.Created || !strings.HasSuffix(made.answer.header.Get("Location"), string(out.ID)) {
		t.Error(out, err)
	}

	upserted := exchanges(t, "crud/nango-upsert-created.json", "PATCH")[0]
	out, err = play(t, upserted, "/sobjects/Contact/Email/test_upsert_004@example.com", "LastName").
		Upsert(ctx, "Email", "test_upsert_004@example.com", contact(text("LastName", "TestUser")))
	if err != nil || !out.Created || out.ID != "003dM00001wBXYDQA4" {
		t.Error(out, err)
	}

	gone := exchanges(t, "crud/nango-delete.json", "DELETE")[0]
	if err := play(t, gone, "/sobjects/Account/001dM00003kS5tZQAS").Delete(ctx, "Account", "001dM00003kS5tZQAS"); err != nil {
		t.Error(err)
	}

	life := exchanges(t, "crud/vcr-restforce-db-create-update-delete.json", "POST", "PATCH", "DELETE")
	custom := func(fields ...sobject.Field) sobject.Record { return sobject.NewRecord("CustomObject__c", fields...) }
	out, err = play(t, life[0], "/sobjects/CustomObject__c", "Name").Create(ctx, custom(text("Name", "Sample object")))
	if err != nil || out.ID != "a001a000002zhX4AAI" {
		t.Fatal(out, err)
	}
	record := "/sobjects/CustomObject__c/" + string(out.ID)
	if err := play(t, life[1], record, "Example_Field__c").Update(ctx, out.ID, custom(text("Example_Field__c", "Some new text"))); err != nil {
		t.Error(err)
	}
	if err := play(t, life[2], record).Delete(ctx, "CustomObject__c", out.ID); err != nil {
		t.Error(err)
	}

	// 2015: an upsert that creates does not say so but by its status; a null
	// clears a field.
	old := exchanges(t, "crud/vcr-restforce-db-upsert-create.json", "PATCH", "DELETE")
	out, err = play(t, old[0], "/SynchronizationId__c/CustomObject::1", "Name", "Example_Field__c").
		Upsert(ctx, "SynchronizationId__c", "CustomObject::1", custom(text("Name", "Something"), text("Example_Field__c", "Something else")))
	if err != nil || !out.Created || out.ID != "a001a000002zl5yAAA" {
		t.Error(out, err)
	}
	if err := play(t, old[1], "/sobjects/CustomObject__c/a001a000002zl5yAAA", "SynchronizationId__c").
		Update(ctx, out.ID, custom(sobject.F("SynchronizationId__c", sobject.NullValue()))); err != nil {
		t.Error(err)
	}
}

func TestCapturedCollectionsInBothDirections(t *testing.T) {
	ctx := t.Context()
	sent := exchanges(t, "collections/nango-collections-create.json", "POST")[0]
	out, err := play(t, sent, "/composite/sobjects", "allOrNone", "records").CreateAll(ctx, recordsOf(t, sent), salesforce.WriteOptions{})
	if err != nil || len(out) != 1 || !out[0].Created || out[0].ID != "001dM00003kS2ndQAC" {
		t.Error(out, err)
	}

	sent = exchanges(t, "collections/cci-updates.json", "PATCH")[0]
	recs := recordsOf(t, sent)
	if out, err = play(t, sent, "/composite/sobjects", "allOrNone", "records").UpdateAll(ctx, recs, salesforce.WriteOptions{}); err != nil || len(out) != 6 {
		t.Fatal(out, err)
	}
	for i, o := range out {
		if !o.Success || o.Created || o.ID != recs[i].ID() {
			t.Errorf("%d: %+v", i, o)
		}
	}

	var upserts []exchange
	for _, e := range exchanges(t, "collections/cci-upsert-rest.json", "PATCH") {
		if strings.HasSuffix(e.url, "/Contact/Email") {
			upserts = append(upserts, e)
		}
	}
	if len(upserts) != 2 {
		t.Fatal(len(upserts))
	}
	for i, e := range upserts {
		recs := recordsOf(t, e)
		out, err := play(t, e, "/composite/sobjects/Contact/Email", "allOrNone", "records").UpsertAll(ctx, "Contact", "Email", recs, salesforce.WriteOptions{})
		if err != nil || len(out) != len(recs) {
			t.Fatal(len(out), err)
		}
		created := 0
		for _, o := range out {
			if !o.Success || o.ID.Prefix() != "003" {
				t.Errorf("%+v", o)
			}
			if o.Created {
				created++
			}
		}
		if want := []int{len(recs), 1}[i]; created != want {
			t.Errorf("%d created of %d, want %d", created, len(recs), want)
		}
	}

	// By Id, null ids are creates.
	for _, e := range exchanges(t, "errors/cci-upsert-duplicate-external-id.json", "PATCH") {
		recs := recordsOf(t, e)
		out, err := play(t, e, "/"+recs[0].Object()+"/Id", "allOrNone", "records").UpsertAll(ctx, recs[0].Object(), "Id", recs, salesforce.WriteOptions{})
		if err != nil || len(out) != len(recs) || !out[len(out)-1].Created {
			t.Error(len(out), err)
		}
	}

	// A row without attributes is refused row by row; ours have them.
	refused := exchanges(t, "collections/nango-collections-upsert-error.json", "PATCH")[0]
	out, err = play(t, refused, "/composite/sobjects/Account/Id").UpsertAll(ctx, "Account", "Id",
		[]sobject.Record{account(text("Id", "001000000000000000"), text("Name", "TestAccountUpsert12345"))}, salesforce.WriteOptions{})
	if err != nil || out[0].Success || !out[0].Sent || out[0].Errors[0].Code != "JSON_PARSER_ERROR" || out[0].Errors[0].Message == "" {
		t.Error(out, err)
	}
}

func TestCapturedComposites(t *testing.T) {
	ctx := t.Context()
	// The recorder's own reference ids: ours take their place.
	ours := func(e exchange, names ...string) exchange {
		for i, n := range names {
			e.answer.body = strings.ReplaceAll(e.answer.body, `"`+n+`"`, `"r`+string(rune('0'+i))+`"`)
		}
		return e
	}
	var heads salesforce.Composite
	for range 3 {
		heads.Request("GET", "sobjects", nil, http.Header{"If-Modified-Since": {"Thu, 03 Sep 2020 21:35:07 GMT"}})
	}
	e := ours(exchanges(t, "composite/cci-composite-headers.json", "POST")[0], "CCI__RefId__0__", "CCI__RefId__1__", "CCI__RefId__2__")
	result, err := play(t, e, "/composite").Composite(ctx, &heads)
	if err != nil || result.Err() != nil {
		t.Fatal(err, result.Err())
	}
	for _, s := range result.Steps {
		if s.Status != 304 || s.Body != nil || s.Header.Get("ETag") != `"baf7f695"` || s.Header.Get("Last-Modified") == "" {
			t.Errorf("%+v", s)
		}
	}

	var queries salesforce.Composite
	for _, field := range []string{"Id", "Name", "Id", "Name"} {
		queries.Query("SELECT " + field + " FROM Account LIMIT 1")
	}
	posts := exchanges(t, "composite/cci-composite-parallel.json", "POST")
	e = ours(posts[1], "CCI__RefId__0__", "CCI__RefId__1__", "CCI__RefId__2__", "CCI__RefId__3__")
	if result, err = play(t, e, "/composite").Composite(ctx, &queries); err != nil {
		t.Fatal(err)
	}
	recs, err := result.Steps[1].Records()
	if name, _ := recs[0].Text("Name"); err != nil || len(recs) != 1 || name != "Smith Corp." {
		t.Error(recs, err)
	}

	var counts salesforce.Composite
	good, bad := counts.Query("select count() from Account"), counts.Query("select count() from XYZZY")
	e = ours(exchanges(t, "errors/cci-count-composite-errors.json", "POST")[0], "refAccount", "refXYZZY")
	if result, err = play(t, e, "/composite").Composite(ctx, &counts); err != nil {
		t.Fatal(err)
	}
	var page struct{ TotalSize int }
	if err := result.Of(good).Decode(&page); err != nil || page.TotalSize != 17 {
		t.Error(page, err)
	}
	if err := result.Of(bad).Err(); !errors.Is(err, salesforce.ErrInvalidType) || !errors.Is(result.Err(), salesforce.ErrInvalidType) {
		t.Error(err)
	}
	e = exchanges(t, "errors/cci-500-network-error.json", "POST")[0]
	if _, err := play(t, e, "/composite").Composite(ctx, &counts); !errors.Is(err, salesforce.ErrUnavailable) {
		t.Error(err)
	}

	g := salesforce.Graph{ID: "test1"}
	made := g.Create(account(text("Name", "Test Account Composite")))
	e = ours(exchanges(t, "composite/nango-graph.json", "POST")[0], "newAccount")
	graphs, err := play(t, e, "/composite/graph").Graphs(ctx, []*salesforce.Graph{&g}, salesforce.WriteOptions{})
	if err != nil || !graphs[0].Success || graphs[0].Of(made).Outcome().ID != "001dM00003kS3tNQAS" ||
		!strings.HasSuffix(graphs[0].Of(made).Header.Get("Location"), "001dM00003kS3tNQAS") {
		t.Error(graphs, err)
	}

	var b salesforce.Batch
	limits, describe := b.Request("GET", "limits", nil), b.Request("GET", "sobjects/Account/describe", nil)
	e = exchanges(t, "limits/nango-batch-limits-v57.json", "POST")[0]
	results, err := play(t, e, "/composite/batch").Batch(ctx, &b)
	if err != nil || len(results) != 2 || results[describe].Err() != nil || results[describe].Status != 200 {
		t.Fatal(results, err)
	}
	var l map[string]salesforce.Limit
	if err := results[limits].Decode(&l); err != nil || l["DailyApiRequests"].Max != 15000 {
		t.Error(l["DailyApiRequests"], err)
	}
}
