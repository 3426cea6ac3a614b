package salesforce_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// failWith returns the error that a GET makes of an answer.
func failWith(t testing.TB, status int, body string) *salesforce.Error {
	c := offline(t, func(r *http.Request) (*http.Response, error) { return reply(r, status, body), nil },
		func(cfg *salesforce.Config) { cfg.MaxRetries = -1 })
	_, err := c.Do(context.Background(), salesforce.Request{Path: "limits", Operation: "test"})
	var failed *salesforce.Error
	if !errors.As(err, &failed) {
		t.Fatalf("%d %q: error %v", status, body, err)
	}
	return failed
}

func TestErrorShapes(t *testing.T) {
	for name, tc := range map[string]struct {
		status  int
		body    string
		code    string
		message string
		details int
		is      error
	}{
		"array":    {400, `[{"message":"m1","errorCode":"INVALID_FIELD","fields":["A"]},{"message":"m2","errorCode":"DUPLICATE_VALUE"}]`, "INVALID_FIELD", "m1", 2, salesforce.ErrDuplicate},
		"object":   {404, `{"message":"m","errorCode":"NOT_FOUND"}`, "NOT_FOUND", "m", 1, salesforce.ErrNotFound},
		"OAuth":    {400, `{"error":"invalid_grant","error_description":"expired access/refresh token"}`, "invalid_grant", "expired access/refresh token", 1, nil},
		"tree":     {400, `{"hasErrors":true,"results":[]}`, "", `unreadable answer: {"hasErrors":true,"results":[]}`, 1, nil},
		"save":     {400, `{"success":false,"errors":[{"statusCode":"REQUIRED_FIELD_MISSING","message":"m","fields":["LastName"]}]}`, "REQUIRED_FIELD_MISSING", "m", 1, salesforce.ErrRequired},
		"XML":      {400, `<?xml version="1.0"?><Errors><Error><errorCode>MALFORMED_QUERY</errorCode><message>m</message></Error></Errors>`, "MALFORMED_QUERY", "m", 1, salesforce.ErrMalformedQuery},
		"bulk XML": {400, `<error xmlns="http://www.force.com/2009/06/asyncapi/dataload"><exceptionCode>InvalidJob</exceptionCode><exceptionMessage>m</exceptionMessage></error>`, "InvalidJob", "m", 1, nil},
		// k-capehart/go-salesforce: "invalid character '<'", the status lost.
		"HTML":            {503, "<!DOCTYPE html><html><head><title>\n Down for\n maintenance </title></head></html>", "", "an HTML page instead of an answer: Down for maintenance", 1, salesforce.ErrUnavailable},
		"word":            {403, "Bad_OAuth_Token", "Bad_OAuth_Token", "Bad_OAuth_Token", 1, salesforce.ErrSessionExpired},
		"text":            {502, "upstream  connect\nerror", "", "upstream connect error", 1, salesforce.ErrUnavailable},
		"empty":           {500, "", "", "Internal Server Error", 1, salesforce.ErrUnavailable},
		"edge":            {420, "", "", "the org's address is being set up", 1, salesforce.ErrUnavailable},
		"cut array":       {400, `[{"message":"m","errorCode":"MALFORMED_ID"},{"mess`, "MALFORMED_ID", "m", 1, salesforce.ErrMalformedID},
		"cut at once":     {400, `[{"mess`, "", `unreadable answer: [{"mess`, 1, nil},
		"odd types":       {400, `[{"message":"m","errorCode":"X","fields":"notalist"}]`, "X", "m", 1, nil},
		"numbers":         {400, `[1,2]`, "", "unreadable answer: [1,2]", 1, nil},
		"empty array":     {404, `[]`, "", "unreadable answer: []", 1, salesforce.ErrNotFound},
		"bulk 2 spelling": {400, `[{"errorCode":"INVALIDJOBSTATE","message":"Aborting already Completed Job not allowed"}]`, "INVALIDJOBSTATE", "Aborting already Completed Job not allowed", 1, salesforce.ErrConflict},
		"daily":           {403, `[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]`, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", 1, salesforce.ErrDailyLimit},
		"lock in trigger": {400, `[{"message":"T: execution of AfterInsert caused by: UNABLE_TO_LOCK_ROW, unable","errorCode":"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"}]`, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: execution of AfterInsert caused by: UNABLE_TO_LOCK_ROW, unable", 1, salesforce.ErrLock},
	} {
		e := failWith(t, tc.status, tc.body)
		if e.StatusCode != tc.status || e.Code != tc.code || e.Message != tc.message || len(e.Details) != tc.details {
			t.Errorf("%s: %+v", name, e)
		}
		if tc.is != nil && !errors.Is(e, tc.is) {
			t.Errorf("%s: %v is not %v", name, e, tc.is)
		}
	}
}

func TestErrorText(t *testing.T) {
	e := failWith(t, 400, `[{"message":"Required fields are missing: [LastName]","errorCode":"REQUIRED_FIELD_MISSING","fields":["LastName"]}]`)
	if got, want := e.Error(), "salesforce: test: REQUIRED_FIELD_MISSING: Required fields are missing: [LastName] (fields: LastName) (HTTP 400)"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if e.Path != "/services/data/v66.0/limits" || e.Method != "GET" {
		t.Errorf("%+v", e)
	}
}

func TestDuplicateMatches(t *testing.T) {
	e := failWith(t, 400, `[{"duplicateResult":{"allowSave":true,"matchResults":[{"matchRecords":[{"record":{"attributes":{"type":"Contact"},"Id":"003000000000001AAA"}}]}]},"errorCode":"DUPLICATES_DETECTED","message":"Use one of these records?"}]`)
	if !errors.Is(e, salesforce.ErrDuplicate) || len(e.Details[0].Matches) != 1 || e.Details[0].Matches[0] != "003000000000001AAA" {
		t.Errorf("%+v", e)
	}
}

func TestErrorBodyIsBounded(t *testing.T) {
	read := 0
	c := offline(t, func(r *http.Request) (*http.Response, error) {
		resp := reply(r, 400, "")
		resp.Body = io.NopCloser(readerFunc(func(p []byte) (int, error) {
			if read += len(p); read > 16<<20 {
				t.Error("an endless error is read for ever")
				return 0, io.EOF
			}
			return copy(p, strings.Repeat("x ", len(p)/2+1)), nil
		}))
		return resp, nil
	})
	if _, err := c.Limits(t.Context()); err == nil || len(err.Error()) > 600 {
		t.Error(err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestIsRetryable(t *testing.T) {
	lock := salesforce.Outcome{Sent: true, Errors: []salesforce.ErrorDetail{{Code: "UNABLE_TO_LOCK_ROW"}}}.Err()
	for err, want := range map[error]bool{
		nil: false, lock: true, io.ErrUnexpectedEOF: true, context.Canceled: false, context.DeadlineExceeded: false,
		errors.New("x"): false, &url.Error{Op: "Get", Err: io.EOF}: true, fmt.Errorf("x: %w", salesforce.ErrIncomplete): false,
		failWith(t, 503, ""): true, failWith(t, 400, "[]"): false,
		failWith(t, 403, `[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]`): false,
	} {
		if got := salesforce.IsRetryable(err); got != want {
			t.Errorf("%v: %v", err, got)
		}
	}
}

// FuzzErrorBody: whatever a body holds, there is an *Error with a status, a
// message and a detail.
// What a person reads tells what was asked of what, and not the query's text or
// a row's data beside it.
func TestErrorsReadWell(t *testing.T) {
	refuse := func(status int, body string) *salesforce.Client {
		return offline(t, func(r *http.Request) (*http.Response, error) { return reply(r, status, body), nil },
			func(cfg *salesforce.Config) { cfg.MaxRetries = -1 })
	}
	host := func(url string) *salesforce.Client {
		return offline(t, func(r *http.Request) (*http.Response, error) { return nil, errors.New("no route") },
			func(cfg *salesforce.Config) {
				cfg.Tokens, cfg.MaxRetries = salesforce.StaticToken(url, "T"), -1
			})
	}
	ask := func(c *salesforce.Client) error {
		_, err := drain(c, "SELECT Id FROM Account WHERE Name = 'Secret Plans'")
		return err
	}
	get := func(c *salesforce.Client, id sobject.ID) error {
		_, err := c.Get(t.Context(), "Account", id)
		return err
	}
	gone := refuse(404, `[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]`)
	_, err := gone.Do(t.Context(), salesforce.Request{Method: "POST", Path: "/services/apexrest/x?a=1"})
	for name, tc := range map[string]struct {
		err      error
		has, not string
	}{
		"a query's error begins on its line": {ask(refuse(400, `[{"errorCode":"INVALID_FIELD","message":"\nSELECT Nope\n       ^\nERROR at Row:1:Column:8"}]`)),
			"salesforce: query: INVALID_FIELD: SELECT Nope\n", "INVALID_FIELD: \n"},
		"what was not found":                {get(gone, "001000000000001AAA"), "/sobjects/Account/001000000000001AAA)", ""},
		"a call without a name of its own":  {err, "salesforce: POST /services/apexrest/x: NOT_FOUND", "a=1"},
		"no network":                        {ask(host("https://example.my.salesforce.com")), `"https://example.my.salesforce.com/services/data/v66.0/query": no route`, "Secret"},
		"the address of the user interface": {ask(host("https://acme.lightning.force.com")), "the API is at https://acme.my.salesforce.com", "TrustedHosts"},
		"a host instead of an address":      {ask(host("acme.my.salesforce.com")), "such as https://", ""},
		"no id":                             {get(gone, "garbage"), `record of Account: sobject: id "garbage" has 7 characters`, ""},
	} {
		if tc.err == nil || !strings.Contains(tc.err.Error(), tc.has) || tc.not != "" && strings.Contains(tc.err.Error(), tc.not) {
			t.Errorf("%s: %v", name, tc.err)
		}
	}
	if err := ask(host("https://example.my.salesforce.com")); !salesforce.IsRetryable(err) {
		t.Error(err)
	}
}
