package salesforce_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

func account(fields ...sobject.Field) sobject.Record { return sobject.NewRecord("Account", fields...) }

func TestSingleWrites(t *testing.T) {
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == "POST":
			answer(201, `{"id":"001000000000001AAA","success":true,"errors":[]}`)(w, r)
		case strings.Contains(r.URL.Path, "/Ext__c/") && strings.HasSuffix(r.URL.Path, "new"):
			answer(201, `{"id":"001000000000001AAA","success":true,"errors":[],"created":true}`)(w, r)
		case strings.Contains(r.URL.Path, "/Ext__c/"):
			answer(200, `{"id":"001000000000001AAA","success":true,"errors":[],"created":false}`)(w, r)
		default:
			w.WriteHeader(204)
		}
	})
	c, ctx := o.client(t), t.Context()
	null, name := sobject.F("Phone", sobject.NullValue()), sobject.F("Name", sobject.TextValue("Ä \"x\""))
	out, err := c.Create(ctx, account(name))
	if err != nil || !out.Success || !out.Created || !out.Sent || out.ID != "001000000000001AAA" {
		t.Error(out, err)
	}
	if err := c.Update(ctx, "001000000000001", account(sobject.F("Id", sobject.TextValue("001000000000001AAA")), name, null)); err != nil {
		t.Error(err)
	}
	if out, err = c.Upsert(ctx, "Ext__c", "a/b c?new", account(sobject.F("Ext__c", sobject.TextValue("a/b c?new")), name)); err != nil || !out.Created {
		t.Error(out, err)
	}
	if out, err = c.Upsert(ctx, "Ext__c", "..", account(name)); err != nil || out.Created || !out.Success {
		t.Error(out, err)
	}
	if err := c.Delete(ctx, "Account", "001000000000001"); err != nil {
		t.Error(err)
	}
	want := []string{
		`POST /services/data/v66.0/sobjects/Account {"Name":"Ä \"x\""} FALSE`,
		`PATCH /services/data/v66.0/sobjects/Account/001000000000001AAA {"Name":"Ä \"x\"","Phone":null} FALSE`,
		`PATCH /services/data/v66.0/sobjects/Account/Ext__c/a%2Fb%20c%3Fnew {"Name":"Ä \"x\""} FALSE`,
		`PATCH /services/data/v66.0/sobjects/Account/Ext__c/%2E%2E {"Name":"Ä \"x\""} FALSE`,
		`DELETE /services/data/v66.0/sobjects/Account/001000000000001AAA  `,
	}
	for i, r := range o.requests() {
		if got := fmt.Sprintf("%s %s %s %s", r.method, r.uri, r.body, r.header.Get("Sforce-Auto-Assign")); got != want[i] {
			t.Errorf("got  %s\nwant %s", got, want[i])
		}
	}
	for _, bad := range []error{second(c.Upsert(ctx, "Ext__c", "", account(name))), c.Update(ctx, "x", account(name)), c.Delete(ctx, "", "001000000000001")} {
		if bad == nil {
			t.Error("no error")
		}
	}
}

func second[T any](_ T, err error) error { return err }

// k-capehart/go-salesforce requests.go:78 took HTTP 300 for a success.
func TestAmbiguousExternalID(t *testing.T) {
	o := newOrg(t, answer(300, `["/services/data/v66.0/sobjects/Account/001000000000001AAA","/services/data/v66.0/sobjects/Account/001000000000002AAA"]`))
	_, err := o.client(t).Upsert(t.Context(), "Ext__c", "1", account())
	var failed *salesforce.Error
	if !errors.Is(err, salesforce.ErrAmbiguousExternalID) || !errors.As(err, &failed) || len(failed.Candidates) != 2 {
		t.Fatal(err)
	}
	if ids := failed.CandidateIDs(); len(ids) != 2 || ids[1] != "001000000000002AAA" {
		t.Error(ids)
	}
}

// echo answers a collection with one result a row; the row's Name decides.
func echo(w http.ResponseWriter, r *http.Request) {
	var in struct{ Records []struct{ Name string } }
	_ = json.NewDecoder(r.Body).Decode(&in)
	var out []string
	for i, rec := range in.Records {
		switch rec.Name {
		case "bad":
			out = append(out, `{"success":false,"errors":[{"statusCode":"REQUIRED_FIELD_MISSING","message":"m","fields":["LastName"]}]}`)
		case "silent":
			out = append(out, `{}`)
		case "contradiction":
			out = append(out, `{"success":true,"errors":[{"statusCode":"X","message":"m"}]}`)
		case "null":
			out = append(out, `null`)
		default:
			out = append(out, fmt.Sprintf(`{"id":"001%012dAAA","success":true,"errors":[]}`, i))
		}
	}
	answer(200, "["+strings.Join(out, ",")+"]")(w, r)
}

func named(names ...string) []sobject.Record {
	var out []sobject.Record
	for _, n := range names {
		out = append(out, account(sobject.F("Id", sobject.TextValue("001000000000001AAA")), sobject.F("Name", sobject.TextValue(n))))
	}
	return out
}

func TestCollections(t *testing.T) {
	o := newOrg(t, echo)
	c := o.client(t)
	recs := named(strings.Fields(strings.Repeat("ok ", 450))...)
	recs[201] = named("bad")[0]
	out, err := c.CreateAll(t.Context(), recs, salesforce.WriteOptions{AllowDuplicates: true})
	if err != nil || len(out) != 450 || len(o.requests()) != 3 {
		t.Fatal(len(out), len(o.requests()), err)
	}
	for i, row := range out {
		if row.Success == (i == 201) || !row.Sent || row.Created != row.Success {
			t.Errorf("row %d: %+v", i, row)
		}
	}
	if !errors.Is(out[201].Err(), salesforce.ErrRequired) || out[201].Errors[0].Fields[0] != "LastName" {
		t.Error(out[201].Err())
	}
	r := o.requests()[0]
	if !strings.HasPrefix(r.body, `{"allOrNone":false,"records":[{"attributes":{"type":"Account"},"Id":`) || r.header.Get("Sforce-Auto-Assign") != "FALSE" ||
		r.header.Get("Sforce-Duplicate-Rule-Header") != "allowSave=true" {
		t.Error(r.body[:80], r.header)
	}
	if _, err := c.UpdateAll(t.Context(), []sobject.Record{account()}, salesforce.WriteOptions{}); err == nil {
		t.Error("an update without Id was sent")
	}
	if _, err := c.UpsertAll(t.Context(), "Account", "Ext__c", named("x"), salesforce.WriteOptions{}); err == nil {
		t.Error("an upsert without its key was sent")
	}
	yes := true
	if _, err := c.UpdateAll(t.Context(), named("x"), salesforce.WriteOptions{AutoAssign: &yes, AllOrNone: true}); err != nil {
		t.Error(err)
	}
	if r := o.requests()[3]; r.method != "PATCH" || r.header.Get("Sforce-Auto-Assign") != "TRUE" || !strings.HasPrefix(r.body, `{"allOrNone":true`) {
		t.Errorf("%+v", r)
	}
}

// Only Salesforce's own word about a row makes it a success.
func TestCollectionRowsWithoutAWord(t *testing.T) {
	o := newOrg(t, echo)
	out, err := o.client(t).UpdateAll(t.Context(), named("ok", "silent", "contradiction", "null"), salesforce.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false, false, false} {
		if out[i].Success != want || !out[i].Sent || (out[i].Err() == nil) != want {
			t.Errorf("row %d: %+v", i, out[i])
		}
	}
	for _, body := range []string{`[]`, `[{"success":true}]`, `[{"success":true,"id":"001000000000001AAA"},5]`, `{}`, `[{"success":tr`, ``} {
		o := newOrg(t, answer(200, body))
		out, err := o.client(t).UpdateAll(t.Context(), named("a", "b"), salesforce.WriteOptions{})
		if err == nil || out[1].Success || !out[1].Sent {
			t.Errorf("%q: %+v, %v", body, out, err)
		}
	}
}

func TestCollectionRequestFails(t *testing.T) {
	n := 0
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		if n++; n == 2 {
			answer(500, "")(w, r)
			return
		}
		echo(w, r)
	})
	out, err := o.client(t).CreateAll(t.Context(), named(strings.Fields(strings.Repeat("ok ", 600))...), salesforce.WriteOptions{})
	if !errors.Is(err, salesforce.ErrUnavailable) || n != 2 {
		t.Error(n, err)
	}
	if !out[199].Success || out[200].Success || !out[200].Sent || out[400].Sent {
		t.Errorf("%+v %+v %+v", out[199], out[200], out[400])
	}
	if !errors.Is(out[200].Err(), salesforce.ErrIncomplete) || !errors.Is(out[400].Err(), salesforce.ErrIncomplete) {
		t.Error(out[200].Err(), out[400].Err())
	}
	o = newOrg(t, answer(400, `[{"errorCode":"JSON_PARSER_ERROR","message":"m"}]`))
	if out, err = o.client(t).CreateAll(t.Context(), named("x"), salesforce.WriteOptions{}); err == nil || out[0].Sent {
		t.Error("a request that was refused unread counts as sent", out, err)
	}
}

func TestDeleteAll(t *testing.T) {
	o := newOrg(t, answer(200, `[{"id":"001000000000001AAA","success":true,"errors":[]},{"id":"001000000000002AAA","success":false,"errors":[{"statusCode":"ENTITY_IS_DELETED","message":"entity is deleted","fields":[]}]}]`))
	out, err := o.client(t).DeleteAll(t.Context(), []sobject.ID{"001000000000001", "001000000000002AAA"}, salesforce.WriteOptions{})
	if err != nil || !out[0].Success || !errors.Is(out[1].Err(), salesforce.ErrDeleted) {
		t.Error(out, err)
	}
	if r := o.requests()[0]; r.method != "DELETE" || r.uri != "/services/data/v66.0/composite/sobjects?allOrNone=false&ids=001000000000001AAA%2C001000000000002AAA" {
		t.Error(r)
	}
}

// Collections are cut by bytes too, and each row keeps its outcome.
func TestCollectionsAreCutByBytes(t *testing.T) {
	raw := strings.Repeat("x", 20_000_000)
	long := sobject.F("Description", sobject.JSONValue(`"`+raw+`"`)) // which is not looked at
	var sizes []int
	c := offline(t, func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		var results []string
		for rest := string(body); ; {
			_, after, ok := strings.Cut(rest, `"Name":"`)
			if !ok {
				break
			}
			results = append(results, `{"id":"00100000000000`+after[:1]+`","success":true,"errors":[]}`)
			rest = after
		}
		sizes = append(sizes, len(results))
		return reply(r, 200, "["+strings.Join(results, ",")+"]"), nil
	})
	var recs []sobject.Record
	for _, name := range []string{"1", "2", "3"} {
		recs = append(recs, account(text("Name", name), long))
	}
	out, err := c.CreateAll(t.Context(), recs, salesforce.WriteOptions{})
	if err != nil || !slices.Equal(sizes, []int{2, 1}) {
		t.Fatal(sizes, err)
	}
	for i, o := range out {
		if !o.Success || o.ID.Short() != "00100000000000"+string(rune('1'+i)) {
			t.Errorf("%d: %+v", i, o)
		}
	}

	// A record that no request can hold is named; the ones before it are sent.
	var b salesforce.Composite
	b.CreateAll(recs, false)
	if _, err := c.Composite(t.Context(), &b); err == nil || !strings.Contains(err.Error(), "3 records") {
		t.Error(err)
	}
	sizes = nil
	recs = []sobject.Record{account(text("Name", "1")), account(text("Name", "2"), sobject.F("Description", sobject.JSONValue(`"`+raw+raw+raw+`"`))), account(text("Name", "3"))}
	out, err = c.CreateAll(t.Context(), recs, salesforce.WriteOptions{})
	if !errors.Is(err, salesforce.ErrTooLarge) || !strings.Contains(err.Error(), "record 1") || !out[0].Success || out[1].Sent || out[2].Sent {
		t.Error(sizes, err)
	}
}
