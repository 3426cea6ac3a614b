package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// Rows that do not fill the last batch, statement or page. Without a database
// the rows of PostgreSQL are missing.
func TestImportSuite(t *testing.T) {
	var out bytes.Buffer
	for _, workload := range []string{"sqlite", "postgresql"} {
		out.Reset()
		if err := run(t.Context(), []string{"-suite", "import", "-workload", workload, "-rows", "2345", "-rounds", "1", "-json"}, &out); err != nil {
			t.Fatal(err)
		}
		var report struct {
			Results []result `json:"results"`
		}
		if err := json.Unmarshal(out.Bytes(), &report); err != nil {
			t.Fatal(err)
		}
		for _, r := range report.Results {
			if r.RecordsPerSecond <= 0 || r.Rows != 2345 {
				t.Errorf("%+v", r)
			}
			if r.Decoder == "import" && (r.Calls == 0 || r.Calls > 10 || r.Polls == 0 || r.Jobs != 1) {
				t.Errorf("%+v", r)
			}
		}
		if workload == "sqlite" && len(report.Results) != 4 {
			t.Errorf("%+v", report.Results)
		}
		var text bytes.Buffer
		if err := importReport(&text, settings{rows: 2345, rounds: 1}, report.Results); err != nil || !strings.Contains(text.String(), "x driver-copy") {
			t.Errorf("%v: %s", err, text.String())
		}
	}
}
