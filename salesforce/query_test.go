package salesforce_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// k-capehart/go-salesforce query.go:53: page 2 of an org with another version
// than the package's was fetched from a path that does not exist.
func TestNextRecordsURLIsFollowedVerbatim(t *testing.T) {
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.RequestURI {
		case "/services/data/v60.0/query?q=SELECT+Id+FROM+Account":
			answer(200, `{"totalSize":3,"done":false,"nextRecordsUrl":"/services/data/v59.0/query/0r8xx%2B5R2yF2gs3VASQ-2","records":[{"attributes":{"type":"Account"},"Id":"1"},{"attributes":{"type":"Account"},"Id":"2"}]}`)(w, r)
		case "/services/data/v59.0/query/0r8xx%2B5R2yF2gs3VASQ-2":
			answer(200, `{"totalSize":3,"done":true,"records":[{"attributes":{"type":"Account"},"Id":"3"}]}`)(w, r)
		default:
			answer(404, `[{"errorCode":"NOT_FOUND","message":"x"}]`)(w, r)
		}
	})
	c := o.client(t, func(cfg *salesforce.Config) { cfg.APIVersion = "60.0" })
	if len(o.requests()) != 0 {
		t.Fatal("a request before the first pull")
	}
	seq := c.QueryWith(t.Context(), "SELECT Id FROM Account", salesforce.QueryOptions{BatchSize: 200})
	for range 2 { // a sequence can be ranged over again
		var ids []string
		for rec, err := range seq {
			if err != nil {
				t.Fatal(err)
			}
			id, _ := rec.Text("Id")
			ids = append(ids, id)
		}
		if strings.Join(ids, "") != "123" {
			t.Error(ids)
		}
	}
	for _, r := range o.requests() {
		if r.header.Get("Sforce-Query-Options") != "batchSize=200" {
			t.Error(r)
		}
	}
}

// Results that end short of what the org promised are never a success.
func TestQueryIncomplete(t *testing.T) {
	row := `{"attributes":{"type":"A"},"Id":"1"}`
	for name, tc := range map[string]struct {
		body string
		is   error
	}{
		"fewer rows":            {`{"totalSize":2,"done":true,"records":[` + row + `]}`, salesforce.ErrIncomplete},
		"more rows":             {`{"totalSize":1,"done":true,"records":[` + row + `,` + row + `]}`, salesforce.ErrIncomplete},
		"not done, no next":     {`{"totalSize":2,"done":false,"records":[` + row + `]}`, salesforce.ErrIncomplete},
		"next page for ever":    {`{"totalSize":2,"done":false,"nextRecordsUrl":"/services/data/v66.0/query/x","records":[` + row + `]}`, salesforce.ErrIncomplete},
		"cut":                   {`{"totalSize":2,"done":true,"records":[` + row + `,{"attributes"`, io.ErrUnexpectedEOF},
		"no records":            {`{"totalSize":2,"done":true}`, nil},
		"HTML":                  {`<html>`, nil},
		"error with status 200": {`[{"errorCode":"X","message":"m"}]`, nil},
		"child set cut short":   {`{"totalSize":1,"done":true,"records":[{"attributes":{"type":"A"},"Kids":{"totalSize":2,"done":false,"records":[` + row + `]}}]}`, salesforce.ErrIncomplete},
	} {
		o := newOrg(t, answer(200, tc.body))
		n, err := drain(o.client(t), "SELECT Id FROM A")
		if err == nil || tc.is != nil && !errors.Is(err, tc.is) {
			t.Errorf("%s: %d rows, error %v, want %v", name, n, err, tc.is)
		}
	}
}

// amp-labs/connectors associations.go dropped children beyond the first page.
func TestSubQueryPagesAreFetched(t *testing.T) {
	kids := func(from, to int) string {
		var rows []string
		for i := from; i < to; i++ {
			rows = append(rows, fmt.Sprintf(`{"attributes":{"type":"Contact"},"Id":"%d"}`, i))
		}
		return "[" + strings.Join(rows, ",") + "]"
	}
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.Contains(r.RequestURI, "?q="):
			answer(200, `{"totalSize":2,"done":true,"records":[{"attributes":{"type":"Account"},"Id":"a","Contacts":{"totalSize":5,"done":false,"nextRecordsUrl":"/next/2","records":`+kids(0, 2)+`},"Name":"x"},{"attributes":{"type":"Account"},"Id":"b","Contacts":null,"Name":"y"}]}`)(w, r)
		case r.RequestURI == "/next/2":
			answer(200, `{"totalSize":5,"done":false,"nextRecordsUrl":"/next/4","records":`+kids(2, 4)+`}`)(w, r)
		default:
			answer(200, `{"totalSize":5,"done":true,"records":`+kids(4, 5)+`}`)(w, r)
		}
	})
	var got []sobject.Record
	for rec, err := range o.client(t).Query(t.Context(), "SELECT Id, (SELECT Id FROM Contacts), Name FROM Account") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, rec)
	}
	v, _ := got[0].Value("Contacts")
	set, ok := v.Children()
	if !ok || !set.Done || len(set.Records) != 5 || got[0].Partial() {
		t.Fatalf("%+v", set)
	}
	for i, kid := range set.Records {
		if id, _ := kid.Text("Id"); id != fmt.Sprint(i) {
			t.Error(i, id)
		}
	}
	v, _ = got[1].Value("Contacts")
	if set, ok := v.Children(); !ok || len(set.Records) != 0 || !set.Done {
		t.Errorf("%+v", set)
	}
}

// turbot/steampipe-plugin-salesforce#29: 414 on wide objects.
func TestLongQueryGoesByComposite(t *testing.T) {
	long := "SELECT Id FROM Account WHERE Name IN ('" + strings.Repeat("x", 40_000) + "')"
	var body string
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		if len(r.RequestURI) > 16_384 {
			answer(414, "")(w, r)
			return
		}
		answer(200, body)(w, r)
	})
	body = `{ "compositeResponse" : [ {"body" : {"totalSize":1,"done":true,"records":[{"attributes":{"type":"Account"},"Id":"1"}]},"httpHeaders":{},"httpStatusCode":200,"referenceId":"query"}]}`
	if n, err := drain(o.client(t), long); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	got := o.requests()[0]
	if got.method != "POST" || got.uri != "/services/data/v66.0/composite" || !strings.Contains(got.body, "/services/data/v66.0/query?q="+url.QueryEscape(long)) {
		t.Error(got.method, got.uri)
	}
	body = `{"compositeResponse":[{"body":[{"message":"bad","errorCode":"MALFORMED_QUERY"}],"httpHeaders":{},"httpStatusCode":400,"referenceId":"query"}]}`
	var failed *salesforce.Error
	if _, err := drain(o.client(t), long); !errors.Is(err, salesforce.ErrMalformedQuery) || !errors.As(err, &failed) || failed.StatusCode != 400 {
		t.Error(err)
	}
	for _, body = range []string{``, `{"compositeResponse":[]}`, `{"compositeResponse":[{"body":`, `[]`, `{"compositeResponse":[{"body":{"totalSize":1,"done":true,"records":[{"Id"`} {
		if n, err := drain(o.client(t), long); err == nil {
			t.Errorf("%q: %d rows and no error", body, n)
		}
	}
}

func TestQueryErrors(t *testing.T) {
	o := newOrg(t, answer(400, `[{"errorCode":"INVALID_QUERY_LOCATOR","message":"invalid query locator"}]`))
	n := 0
	for _, err := range o.client(t).QueryAll(t.Context(), "SELECT Id FROM A") {
		n++
		if !errors.Is(err, salesforce.ErrCursorGone) {
			t.Error(err)
		}
	}
	if n != 1 || !strings.HasPrefix(o.requests()[0].uri, "/services/data/v66.0/queryAll?") {
		t.Error(n, o.requests())
	}
	for _, err := range o.client(t).QueryWith(t.Context(), "x", salesforce.QueryOptions{BatchSize: 5}) {
		if err == nil {
			t.Error("a batch size of 5 passed")
		}
	}
}

// Leaving a loop, or the end of a context, ends the request behind it.
func TestLeavingEarlyFreesTheConnection(t *testing.T) {
	left := make(chan struct{}, 2)
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"totalSize":100000,"done":true,"records":[`)
		row := `{"attributes":{"type":"Account"},"Id":"1","Name":"` + strings.Repeat("x", 500) + `"}`
		for i := 0; r.Context().Err() == nil; i++ {
			if i > 0 {
				_, _ = io.WriteString(w, ",")
			}
			_, _ = io.WriteString(w, row)
		}
		left <- struct{}{}
	})
	c := o.client(t)
	before := runtime.NumGoroutine()
	for _, err := range c.Query(t.Context(), "SELECT Id FROM Account") {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	<-left
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	n := 0
	for _, err := range c.Query(ctx, "SELECT Id FROM Account") {
		if n++; n == 10 {
			cancel()
		}
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Error(last)
	}
	<-left
	eventually(t, func() bool { return runtime.NumGoroutine() <= before }, "goroutines are left behind")
}

func TestCount(t *testing.T) {
	o := newOrg(t, answer(200, `{"totalSize":12345,"done":true,"records":[]}`))
	if n, err := o.client(t).Count(t.Context(), "SELECT COUNT() FROM Account"); n != 12345 || err != nil {
		t.Error(n, err)
	}
	o = newOrg(t, answer(200, `{"totalSize":1,"done":true,"records":[{"attributes":{"type":"AggregateResult"},"expr0":3}]}`))
	if n, err := o.client(t).Count(t.Context(), "SELECT COUNT(Id) FROM Account"); err == nil {
		t.Error(n)
	}
}

func TestGet(t *testing.T) {
	o := newOrg(t, answer(200, `{"attributes":{"type":"Account","url":"/x"},"Id":"001000000000001AAA","Name":"Acme","ParentId":null}`))
	rec, err := o.client(t).Get(t.Context(), "Account", "001000000000001", "Name", "ParentId")
	if err != nil {
		t.Fatal(err)
	}
	if got := o.requests()[0].uri; got != "/services/data/v66.0/sobjects/Account/001000000000001AAA?fields=Name%2CParentId" {
		t.Error(got)
	}
	if v, ok := rec.Value("ParentId"); !ok || !v.IsNull() || rec.Object() != "Account" {
		t.Error(rec)
	}
	if _, ok := rec.Value("Phone"); ok {
		t.Error("an absent field is present")
	}
	if _, err := o.client(t).Get(t.Context(), "Account", "../x"); err == nil {
		t.Error("a bad id was sent")
	}
}
