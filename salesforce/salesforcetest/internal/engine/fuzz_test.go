package engine_test

import (
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

// goText are words of Go's errors that no answer may hold.
var goText = regexp.MustCompile(`strconv|json:|soql:|engine:|runtime error|invalid character|%!|0x[0-9a-f]{6}`)

// FuzzSOQL asks any text: the answer is rows that are JSON, or one of
// Salesforce's errors, and never a panic.
func FuzzSOQL(f *testing.F) {
	text, err := os.ReadFile("testdata/soql.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "SELECT") {
			f.Add(strings.TrimSpace(line))
		}
	}
	fx := shop(f)
	f.Fuzz(func(t *testing.T, query string) {
		for _, opt := range []engine.QueryOptions{{}, {Bulk: true, All: true}} {
			res, err := fx.QueryText(fx.s, query, opt)
			var e *engine.Error
			switch {
			case err == nil:
				for i := range res.Len() {
					if row := res.AppendJSON(nil, i, jsonBase); !json.Valid(row) {
						t.Fatalf("%q: %s", query, row)
					}
					res.AppendCSVRows(nil, i, i+1, ',', "\n")
				}
			case !errors.As(err, &e):
				t.Fatalf("%q: %v", query, err)
			case e.Status != 400 || e.Code == "" || e.Message == "" || goText.MatchString(strings.ReplaceAll(e.Message, query, "")) && !goText.MatchString(query):
				t.Fatalf("%q: %d %s %s", query, e.Status, e.Code, e.Message)
			}
		}
	})
}
