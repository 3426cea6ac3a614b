package sobject_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/sobject"
)

// captures returns the bodies of the recorded answers under a folder, by file
// name and index.
func captures(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	root := os.Getenv("ORGLINK_CAPTURES")
	if root == "" {
		t.Skip("ORGLINK_CAPTURES names no folder of recorded answers")
	}
	files, err := filepath.Glob(filepath.Join(root, folder, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recorded answers under %s: %v", folder, err)
	}
	out := map[string][]byte{}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(f)
		var recorded struct {
			Exchanges []struct {
				Response struct{ Body json.RawMessage }
			}
		}
		if json.Unmarshal(raw, &recorded) != nil || len(recorded.Exchanges) == 0 {
			out[name] = raw
			continue
		}
		for i, e := range recorded.Exchanges {
			body := []byte(e.Response.Body)
			var text string
			if json.Unmarshal(body, &text) == nil {
				body = []byte(text)
			}
			out[name+"#"+string(rune('0'+i))] = body
		}
	}
	return out
}

func TestCapturedQueries(t *testing.T) {
	pages, rows := 0, 0
	for name, body := range captures(t, "query") {
		var probe struct{ Records json.RawMessage }
		if json.Unmarshal(body, &probe) != nil || len(probe.Records) == 0 {
			continue // an answer to another request of the recording
		}
		checkPage(t, body) // equal to what encoding/json makes of it
		got, p, err := readPage(bytes.NewReader(body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		pages, rows = pages+1, rows+len(got)
		if p.Done() != (p.NextURL() == "") {
			t.Errorf("%s: done %v, next %q", name, p.Done(), p.NextURL())
		}
		for _, r := range got {
			if r.Object() == "" {
				t.Errorf("%s: a record without its object: %v", name, r)
			}
			id, ok := r.Value("Id")
			if ok && strings.HasPrefix(name, "nango-query") && string(r.ID()) != id.Raw() {
				t.Errorf("%s: id %q", name, id.Raw())
			}
		}
	}
	if pages < 30 || rows < 300 {
		t.Errorf("only %d pages with %d rows were found", pages, rows)
	}
}

func TestCapturedQueryContents(t *testing.T) {
	all := captures(t, "query")
	read := func(name string) ([]sobject.Record, *sobject.PageReader) {
		t.Helper()
		got, p, err := readPage(bytes.NewReader(all[name]))
		if err != nil {
			t.Fatal(name, err)
		}
		return got, p
	}
	groups, _ := read("restforce-aggregate.json")
	if n, err := groups[0].Decimal("expr0"); groups[0].Object() != "AggregateResult" || err != nil || n == "" {
		t.Error(groups[0].Object(), n, err)
	}
	amounts, _ := read("amp-opportunity-parent.json")
	if n, err := amounts[0].Decimal("Amount"); n != "50000.00" || err != nil {
		t.Error(n, err)
	}
	if v, ok := amounts[1].Value("AccountId"); !ok || !v.IsNull() {
		t.Error(v, ok)
	}
	first, p := read("nango-query-locator-page1.json#0")
	if !strings.HasSuffix(p.NextURL(), "/services/data/v59.0/query/0r8xx5R2yF2gs3VASQ-2000") || p.Done() || len(first) == 0 {
		t.Error(p.NextURL(), p.Done())
	}
	nested, _ := read("restforce-query-subquery.json")
	if name, err := nested[0].Text("ParentWhizbang__r.Name"); name != "Parent Whizbang" || err != nil {
		t.Error(name, err)
	}
	found := false
	for _, v := range nested[0].Fields() {
		if set, ok := v.Children(); ok && !v.IsNull() {
			found = len(set.Records) > 0 && set.TotalSize > 0
		}
	}
	if !found {
		t.Error("no child records in the recorded sub-query")
	}
	none, p := read("netcoreforce-count.json")
	if total, ok := p.TotalSize(); !ok || total != 26 || len(none) != 0 {
		t.Error(total, ok)
	}
}

func TestCapturedRecords(t *testing.T) {
	n := 0
	for name, body := range captures(t, "record") {
		var r sobject.Record
		if !bytes.Contains(body, []byte(`"attributes"`)) || bytes.Contains(body, []byte(`"records"`)) {
			continue
		}
		if err := json.Unmarshal(body, &r); err != nil || r.Object() == "" || r.Len() == 0 {
			t.Errorf("%s: %s with %d fields, %v", name, r.Object(), r.Len(), err)
			continue
		}
		n++
		slow, err := slowRecord(body)
		if err != nil {
			t.Fatal(err)
		}
		if err := same(r, slow); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n < 4 {
		t.Errorf("only %d records were found", n)
	}
}

func TestCapturedDescribes(t *testing.T) {
	n := 0
	for name, body := range captures(t, "describe") {
		var d sobject.Describe
		if json.Unmarshal(body, &d) != nil || d.Name == "" || len(d.Fields) == 0 {
			continue
		}
		n++
		if f, ok := d.Field("ID"); !ok && name != "DateTestObject__c.nifi.json" || ok && f.Type != sobject.TypeID {
			t.Errorf("%s: no Id field", name)
		}
		for _, f := range d.Fields {
			if f.Name == "" || f.Type == "" {
				t.Errorf("%s: field %+v", name, f)
			}
		}
	}
	if n < 8 {
		t.Errorf("only %d describes were found", n)
	}
}

func TestCapturedBulkResult(t *testing.T) {
	body := captures(t, "bulk2")["onyx-account-query-result.csv"]
	checkCSV(t, body)
	n := 0
	for rec, err := range sobject.NewCSVReader(bytes.NewReader(body), "Account").Records() {
		if err != nil {
			t.Fatal(err)
		}
		n++
		id, _ := rec.Value("Id")
		deleted, _ := rec.Value("IsDeleted")
		stamp, _ := rec.Value("SystemModstamp")
		if rec.ID() == "" || rec.ID().Prefix() != "001" || id.As(sobject.TypeID).Raw() != string(rec.ID()) {
			t.Error(id.Raw())
		}
		if v := deleted.As(sobject.TypeBoolean); v.Kind() != sobject.Boolean {
			t.Error(deleted.Raw())
		}
		if _, err := stamp.Time(); err != nil {
			t.Error(err)
		}
	}
	if n == 0 {
		t.Error("no rows")
	}
}
