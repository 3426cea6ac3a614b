package mapping_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/sobject"
)

func TestRowsKeepTheirKindsAsJSON(t *testing.T) {
	evening := time.Date(2026, 3, 29, 23, 30, 0, 5, time.FixedZone("CEST", 2*3600))
	row := mapping.Row{"nil": nil, "int": int64(math.MaxInt64), "empty": "", "list": []string{"x"}, "time": evening, "pointer": &evening, "none": (*time.Time)(nil),
		"date": sobject.Date{Year: 2026, Month: 1, Day: 2}, "bool": true, "bytes": []byte("hi"), "float": 0.1, "id": sobject.MustID("005000000000001")}
	text, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"time":{"$time":"2026-03-29T23:30:00.000000005+02:00"}`, `"date":{"$date":"2026-01-02"}`} {
		if !strings.Contains(string(text), part) {
			t.Errorf("%s does not hold %s", text, part)
		}
	}
	var again mapping.Row
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	want := mapping.Row{"nil": nil, "int": json.Number("9223372036854775807"), "empty": nil, "list": []string{"x"}, "time": evening, "pointer": evening, "none": nil,
		"date": sobject.Date{Year: 2026, Month: 1, Day: 2}, "bool": true, "bytes": "aGk=", "float": json.Number("0.1"), "id": "005000000000001AAA"}
	if diff := cmp.Diff(want, again); diff != "" {
		t.Error(diff)
	}
	if got := sobject.DateOf(again["time"].(time.Time)); got.Day != 29 {
		t.Errorf("the evening moved to %s", got)
	}
}

// A row makes the same record, or the same refusal, whether it waited as JSON
// or not: for every kind of value and every field.
func TestRowsMakeTheSameRecordAfterWaiting(t *testing.T) {
	late := time.Date(2026, 3, 1, 23, 0, 0, 0, time.FixedZone("", -5*3600)) // already the 2nd in UTC
	lmt := time.Date(1880, 1, 1, 0, 0, 30, 0, time.FixedZone("LMT", 53*60+28))
	text, num := "word", 1.5
	values := []any{nil, "", "x", "2026-03-01", "2026-03-01T23:00:00-05:00", "true", true, false, 7, int64(-1), uint8(3), 1.25, float32(2.5), json.Number("1e2"),
		late, &late, (*time.Time)(nil), lmt, time.Time{}, time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC), sobject.Date{Year: 2026, Month: 3, Day: 1}, sobject.Date{Year: 2026, Month: 2, Day: 31}, sobject.Date{},
		sobject.MustID("005000000000001"), sobject.DateTimeValue(late), sobject.TextValue(""), sobject.BoolValue(true), sobject.NullValue(),
		[]string{"a", "b"}, []string{}, []string(nil), []byte("bytes"), &text, &num}
	mapper := compile(t, companies())
	for _, f := range companies().Fields {
		for _, v := range values {
			row := mapping.Row{f.Host: v}
			saved, err := json.Marshal(row)
			if err != nil {
				t.Fatalf("%s = %#v: %v", f.Host, v, err)
			}
			var again mapping.Row
			if err := json.Unmarshal(saved, &again); err != nil {
				t.Fatalf("%s = %#v: stored as %s: %v", f.Host, v, saved, err)
			}
			rec, problems := mapper.Record(row)
			rec2, problems2 := mapper.Record(again)
			if len(problems) != len(problems2) || mapping.Hash(rec) != mapping.Hash(rec2) {
				t.Errorf("%s = %#v: stored as %s: %v %v, then %v %v", f.Host, v, saved, rec, problems, rec2, problems2)
			}
		}
	}
}

// What could not be read back is refused when the row is stored: later it
// would stop the queue.
func TestRowsThatCannotWaitAreRefused(t *testing.T) {
	nested := sobject.RecordValue(sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue("x"))))
	for name, row := range map[string]mapping.Row{
		"nested record": {"f": nested},
		"not UTF-8":     {"f": "caf\xe9"},
		"in a list":     {"f": []string{"ok", "caf\xe9"}},
		"name":          {"caf\xe9": 1},
		"channel":       {"f": make(chan int)},
		"not a number":  {"f": math.NaN()},
		"bad number":    {"f": json.Number("12,5")},
	} {
		if text, err := json.Marshal(row); err == nil {
			t.Errorf("%s: stored as %s", name, text)
		}
	}
	var row mapping.Row
	for _, text := range []string{`{"a":{"b":1}}`, `{"a":{"$time":"noon"}}`, `{"a":{"$date":"2026-02-31"}}`, `{"a":{"$date":"2026-02-01","b":1}}`, `{"a":[1]}`, `[]`} {
		if err := json.Unmarshal([]byte(text), &row); err == nil {
			t.Errorf("%s was taken for a row: %v", text, row)
		}
	}
}
