package importer_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/sync/importer"
)

// fieldsOf finds the fields of an object's describe anywhere in an answer.
func fieldsOf(object string, in any) []any {
	switch x := in.(type) {
	case map[string]any:
		if fields, ok := x["fields"].([]any); ok && x["name"] == object {
			return fields
		}
		for _, v := range x {
			if fields := fieldsOf(object, v); fields != nil {
				return fields
			}
		}
	case []any:
		for _, v := range x {
			if fields := fieldsOf(object, v); fields != nil {
				return fields
			}
		}
	}
	return nil
}

// airbytehq/airbyte#62877: an object whose SystemModstamp cannot be filtered by,
// such as ActivityFieldHistory, is refused before any row of it is asked for,
// and keeps no other from being read.
func TestModstampThatCannotBeFilteredBy(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{}, mapping.Selection{Object: "Contact", Fields: []string{"LastName"}}, accounts())
	w.org.Fault(salesforcetest.Fault{Action: salesforcetest.Rewrite(func(r *salesforcetest.Reply) {
		var body any
		if json.Unmarshal(r.Body, &body) != nil {
			return
		}
		for _, f := range fieldsOf("Contact", body) {
			if field := f.(map[string]any); field["name"] == "SystemModstamp" {
				field["filterable"] = false
				r.Body, _ = json.Marshal(body)
			}
		}
	})})
	w.create(3)
	_, err := w.importer().Sync(t.Context(), "tenant", "conn", importer.SyncOptions{})
	var named *importer.ObjectError
	if !errors.Is(err, importer.ErrNoModstamp) || !errors.As(err, &named) || named.Object != "Contact" {
		t.Errorf("%v", err)
	}
	if n := w.sink.Len(w.stream("Account")); n != 3 {
		t.Errorf("the other object has %d rows", n)
	}
	for _, r := range w.org.Requests() {
		if r.Object == "Contact" && strings.Contains(r.Query.Get("q")+string(r.Body), "FROM Contact") {
			t.Errorf("Contact was read by %s %s", r.Method, r.Path)
		}
	}
}

var windowStart = regexp.MustCompile(`SystemModstamp >=? ?([0-9T:.Z-]+)`)

// PipedreamHQ/pipedream PR19577: windows without a row move on all the same, so
// that the next ones do not grow, and what changes later is found.
func TestEmptyWindowsMoveOn(t *testing.T) {
	t.Parallel()
	w := open(t, salesforcetest.Config{}, accounts())
	w.create(3)
	w.sync()
	var last time.Time
	for range 4 {
		w.org.Org().Advance(time.Hour)
		before := len(w.org.Requests())
		w.sync()
		var start time.Time
		for _, r := range w.org.Requests()[before:] {
			text, _ := url.QueryUnescape(r.Query.Get("q") + string(r.Body))
			for _, m := range windowStart.FindAllStringSubmatch(text, -1) {
				at, err := time.Parse(time.RFC3339, m[1])
				if err != nil {
					t.Fatal(err)
				}
				if start.IsZero() || at.Before(start) {
					start = at
				}
			}
		}
		if !start.After(last) {
			t.Fatalf("a window begins at %v, the one before began at %v", start, last)
		}
		last = start
	}
	w.create(2)
	w.org.Org().Advance(time.Hour)
	w.sync()
	w.mustBeSame()
	if n := w.sink.Len(w.stream("Account")); n != 5 {
		t.Errorf("%d accounts", n)
	}
}
