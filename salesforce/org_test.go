package salesforce_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce"
)

func TestDescribeMany(t *testing.T) {
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		var parts []string
		n := strings.Count(string(raw), `"referenceId"`)
		for i := n - 1; i >= 0; i-- { // answers may come in any order
			body, status := fmt.Sprintf(`{"name":"O%d"}`, i), 200
			if n == 25 && i == 3 {
				body, status = `[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]`, 404
			}
			parts = append(parts, fmt.Sprintf(`{"body":%s,"httpHeaders":{},"httpStatusCode":%d,"referenceId":"d%d"}`, body, status, i))
		}
		answer(200, `{"compositeResponse":[`+strings.Join(parts, ",")+`]}`)(w, r)
	})
	var names []string
	for i := range 30 {
		names = append(names, fmt.Sprintf("Obj%02d", i))
	}
	got, err := o.client(t).DescribeMany(t.Context(), append(names, names[0]))
	if err != nil || len(got) != 29 || len(o.requests()) != 2 || got["Obj03"] != nil || got["Obj29"] == nil {
		t.Error(len(got), len(o.requests()), err)
	}
	o = newOrg(t, answer(200, `{"compositeResponse":[]}`))
	if _, err := o.client(t).DescribeMany(t.Context(), names); !errors.Is(err, salesforce.ErrIncomplete) {
		t.Error(err)
	}
	o = newOrg(t, answer(200, `{"compositeResponse":[{"body":[{"errorCode":"UNKNOWN_EXCEPTION","message":"m"}],"httpStatusCode":500,"referenceId":"d0"}]}`))
	if _, err := o.client(t).DescribeMany(t.Context(), names[:1]); !errors.Is(err, salesforce.ErrUnavailable) {
		t.Error(err)
	}
}

func TestServerTime(t *testing.T) {
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", "Tue, 02 Jan 2024 03:04:05 GMT")
		answer(200, `[]`)(w, r)
	})
	c := o.client(t)
	at, err := c.ServerTime(t.Context())
	if err != nil || at != time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC) || c.Calls() != 0 {
		t.Error(at, err, c.Calls())
	}
	if got, err := c.InstanceURL(t.Context()); got != o.URL || err != nil {
		t.Error(got, err)
	}
	c = offline(t, func(r *http.Request) (*http.Response, error) { return reply(r, 200, "[]"), nil })
	if at, err := c.ServerTime(t.Context()); !errors.Is(err, salesforce.ErrIncomplete) {
		t.Error(at, err)
	}
}

func TestAnswersThatSayNothing(t *testing.T) {
	o := newOrg(t, answer(200, `{}`))
	c := o.client(t)
	if _, err := c.Describe(t.Context(), "Account"); err == nil {
		t.Error("a describe of nothing")
	}
	if _, err := c.Describe(t.Context(), ""); err == nil {
		t.Error("a describe without a name")
	}
	if _, err := c.Identity(t.Context()); err == nil {
		t.Error("an identity of nobody")
	}
}

// A proxy's login page with status 200 is no answer of Salesforce.
func TestHTMLWithStatus200(t *testing.T) {
	o := newOrg(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<html><title>Corporate login</title></html>")
	})
	c := o.client(t)
	_, describeErr := c.Describe(t.Context(), "Account")
	_, queryErr := drain(c, "SELECT Id FROM Account")
	for _, err := range []error{describeErr, queryErr} {
		var refused *salesforce.Error
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), "HTML page instead of an answer: Corporate login") {
			t.Error(err)
		}
	}
}
