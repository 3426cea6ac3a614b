package mapping_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/sobject"
)

func companies() mapping.Map {
	return mapping.Map{Object: "Account", ExternalID: "Ext__c", Fields: []mapping.FieldMap{
		{Host: "id", Salesforce: "Ext__c"},
		{Host: "name", Salesforce: "Name", Transforms: []string{mapping.TransformCollapse}, Long: mapping.LongTruncate, Default: "(none)"},
		{Host: "street", Salesforce: "BillingStreet"},
		{Host: "staff", Salesforce: "Employees__c"},
		{Host: "revenue", Salesforce: "Revenue__c"},
		{Host: "active", Salesforce: "Active__c", Default: false},
		{Host: "since", Salesforce: "Since__c"},
		{Host: "seen", Salesforce: "Seen__c"},
		{Host: "plan", Salesforce: "Tier__c", Picklist: map[string]string{"enterprise": "Gold", "team": "Silver", "free": ""}},
		{Host: "tags", Salesforce: "Tags__c"},
		{Host: "parent", Salesforce: "Parent.Ext__c"},
		{Host: "owner", Salesforce: "OwnerId", CreateOnly: true},
	}}
}

func compile(t *testing.T, m mapping.Map) *mapping.Mapper {
	t.Helper()
	mapper, err := mapping.Compile(m, account())
	if err != nil {
		t.Fatal(err)
	}
	return mapper
}

func TestRecord(t *testing.T) {
	zone := time.FixedZone("", 5*3600)
	late := time.Date(2026, 3, 1, 2, 0, 0, 0, zone) // still February in UTC
	rec, problems := compile(t, companies()).Record(mapping.Row{
		"id": "c-1", "name": "  Ümläut \t& Söhne GmbH", "street": "a\nb", "staff": int64(12), "revenue": json.Number("10.50"), "active": true,
		"since": late, "seen": late, "plan": "enterprise", "tags": []string{"x", "y"}, "parent": "c-0", "owner": sobject.MustID("005000000000001"),
		"unmapped": struct{}{},
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	got, err := json.Marshal(rec)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"attributes":{"type":"Account"},"Ext__c":"c-1","Name":"Ümläut \u0026 S","BillingStreet":"a\nb","Employees__c":12,"Revenue__c":10.50,"Active__c":true,` +
		`"Since__c":"2026-03-01","Seen__c":"2026-02-28T21:00:00.000Z","Tier__c":"Gold","Tags__c":"x;y","Parent":{"Ext__c":"c-0"},"OwnerId":"005000000000001AAA"}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestUnsetNullAndValue(t *testing.T) {
	m := compile(t, companies())
	rec, problems := m.Record(mapping.Row{"street": nil, "plan": "free", "parent": nil, "name": "", "active": (*bool)(nil), "staff": (*int64)(nil)})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := sobject.NewRecord("Account", sobject.F("BillingStreet", sobject.NullValue()), sobject.F("Tier__c", sobject.NullValue()),
		sobject.F("ParentId", sobject.NullValue()), sobject.F("Name", sobject.TextValue("(none)")),
		sobject.F("Active__c", sobject.BoolValue(false)), sobject.F("Employees__c", sobject.NullValue()))
	if !rec.Equal(want) {
		a, _ := json.Marshal(rec)
		t.Errorf("got %s", a)
	}
	if rec, _ := m.Record(mapping.Row{"street": json.Number("1.50")}); mapping.Hash(rec) != mapping.Hash(sobject.NewRecord("Account", sobject.F("BillingStreet", sobject.TextValue("1.50")))) {
		t.Error("a number that becomes text is rewritten")
	}
	if rec, problems := m.Record(mapping.Row{}); rec.Len() != 0 || len(problems) != 0 {
		t.Error("an empty row sets fields:", rec, problems)
	}
}

func TestRowsThatCannotBeWritten(t *testing.T) {
	m := companies()
	m.Fields[1].Long, m.Fields[1].Default, m.Fields[5].Default = "", nil, nil
	mapper := compile(t, m)
	for name, test := range map[string]struct {
		row  mapping.Row
		want string
	}{
		"long":         {mapping.Row{"name": "12345678901"}, "11 characters, the field takes 10"},
		"required":     {mapping.Row{"name": " "}, "required"},
		"number":       {mapping.Row{"revenue": "a lot"}, "not a number"},
		"NaN":          {mapping.Row{"revenue": math.NaN()}, "not a number"},
		"digits":       {mapping.Row{"revenue": 12345}, "takes 4"},
		"whole":        {mapping.Row{"staff": 1.5}, "not a whole number"},
		"32 bits":      {mapping.Row{"staff": uint64(math.MaxUint64)}, "32 bits"},
		"checkbox":     {mapping.Row{"active": nil}, "checkbox"},
		"yes":          {mapping.Row{"active": "yes"}, "text"},
		"date":         {mapping.Row{"since": "2026-02-30"}, "not a date"},
		"date-time":    {mapping.Row{"seen": "2026-02-03"}, "not a date-time"},
		"zero date":    {mapping.Row{"since": time.Time{}}, "1700 to 4000"},
		"zero instant": {mapping.Row{"seen": time.Time{}}, "1700 to 4000"},
		"translation":  {mapping.Row{"plan": "Gold"}, "does not translate"},
		"separator":    {mapping.Row{"tags": []string{"a;b"}}, "separator"},
		"list":         {mapping.Row{"name": []string{"a"}}, "multi-select"},
		"id":           {mapping.Row{"owner": "x"}, "id"},
		"type":         {mapping.Row{"name": struct{}{}}, "struct"},
		"not UTF-8":    {mapping.Row{"name": "a\xff"}, "UTF-8"},
		"nested value": {mapping.Row{"name": sobject.JSONValue("{}")}, "nested"},
	} {
		rec, problems := mapper.Record(test.row)
		if len(problems) != 1 || !strings.Contains(problems[0].Error(), test.want) || problems[0].Field == "" {
			t.Errorf("%s: got %v, want %q", name, problems, test.want)
		}
		if rec.Len() != 0 {
			t.Errorf("%s: the record still has %d fields", name, rec.Len())
		}
	}
}

func TestCompileTellsEverythingAtOnce(t *testing.T) {
	_, err := mapping.Compile(mapping.Map{Object: "Account", ExternalID: "Name", Fields: []mapping.FieldMap{
		{Host: "a", Salesforce: "Nope__c"},
		{Host: "a", Salesforce: "Score__c"},
		{Host: "a", Salesforce: "BillingAddress"},
		{Salesforce: "Name"},
		{Host: "a", Salesforce: "name"},
		{Host: "a", Salesforce: "Since__c", Default: "soon"},
		{Salesforce: "Tier__c", Constant: "Tin"},
		{Host: "a", Salesforce: "Tags__c", Transforms: []string{"rot13"}},
		{Host: "a", Salesforce: "BillingStreet", Long: "wrap"},
		{Host: "a", Salesforce: "Nobody.Ext__c"},
		{Host: "a", Salesforce: "ParentId"},
		{Host: "a", Salesforce: "Parent.Ext__c"},
	}}, account())
	var problems mapping.Problems
	if !errors.As(err, &problems) {
		t.Fatal(err)
	}
	for _, want := range []string{"no external ID", "Nope__c: the field does not exist, or field-level security", "Score__c: the connected user may not write",
		"BillingAddress: ", "either a host field or a constant", "two lines", "default does not fit", "restricted picklist", "rot13", "wrap", "no lookup leads there"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in\n%v", want, err)
		}
	}
	if n := strings.Count(err.Error(), "two lines"); n != 2 {
		t.Errorf("%d doubles were found, want 2", n)
	}
	if _, err := mapping.Compile(companies(), nil); err == nil || !strings.Contains(err.Error(), "does not exist, or") {
		t.Error(err)
	}
}

func TestCreateOnlyFields(t *testing.T) {
	m := compile(t, companies())
	rec, _ := m.Record(mapping.Row{"id": "1", "name": "x", "owner": "005000000000001AAA"})
	if got := m.ForUpdate(rec); got.Len() != 2 {
		t.Errorf("an update writes %d fields, want Ext__c and Name", got.Len())
	}
	if got := m.ForCreate(rec); !got.Equal(rec) {
		t.Error("a create leaves fields out")
	}
}

func TestBothDirections(t *testing.T) {
	m := compile(t, companies())
	in := mapping.Row{"id": "c-1", "name": "A", "staff": json.Number("12"), "active": false, "plan": "team", "street": nil}
	rec, problems := m.Record(in)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if diff := cmp.Diff(in, m.Row(rec)); diff != "" {
		t.Error(diff)
	}
}

func TestMapAndRowAreData(t *testing.T) {
	in := companies()
	in.Fields[3].Default = json.Number("9007199254740993")
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out mapping.Map
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, out); diff != "" {
		t.Error(diff)
	}
}

func TestHash(t *testing.T) {
	n := func(s string) sobject.Value { v, _ := sobject.NumberValue(s); return v }
	a := sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue("x")), sobject.F("N", n("1.50")))
	b := sobject.NewRecord("account", sobject.F("n", n("15e-1")), sobject.F("name", sobject.TextValue("x")))
	if mapping.Hash(a) != mapping.Hash(b) {
		t.Error("order, case of names or spelling of numbers changes the hash")
	}
	// Stored hashes must stay valid: a change here rewrites every exported row.
	if got, want := mapping.Hash(a), "h32yx50-hyLt5oufrUcZHvej6zuWORt6Jzxxsd0Kzmo"; got != want {
		t.Errorf("the hash changed from %s to %s", want, got)
	}
	different := []sobject.Record{
		a,
		sobject.NewRecord("Contact", sobject.F("Name", sobject.TextValue("x")), sobject.F("N", n("1.5"))),
		sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue("X")), sobject.F("N", n("1.5"))),
		sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue("x")), sobject.F("N", sobject.TextValue("1.5"))),
		sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue("x")), sobject.F("N", sobject.NullValue())),
		sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue("x"))),
		sobject.NewRecord("Account", sobject.F("Parent", sobject.RecordValue(sobject.NewRecord("", sobject.F("E", sobject.TextValue("1")))))),
		sobject.NewRecord("Account", sobject.F("Parent", sobject.RecordValue(sobject.NewRecord("", sobject.F("E", sobject.TextValue("2")))))),
	}
	seen := map[string]int{}
	for i, r := range different {
		if j, dup := seen[mapping.Hash(r)]; dup {
			t.Errorf("records %d and %d have one hash", j, i)
		}
		seen[mapping.Hash(r)] = i
	}
}

func FuzzRow(f *testing.F) {
	f.Add(`{"name":"x","staff":1e3,"tags":["a"],"since":"2026-01-01","active":"true"}`)
	f.Add(`{"name":null,"revenue":-0.001,"parent":"é","plan":"team"}`)
	mapper, err := mapping.Compile(companies(), account())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var row mapping.Row
		if json.Unmarshal([]byte(text), &row) != nil {
			return
		}
		rec, problems := mapper.Record(row)
		if len(problems) > 0 {
			return
		}
		if _, err := json.Marshal(rec); err != nil {
			t.Fatal(err)
		}
		saved, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		var again mapping.Row
		if err := json.Unmarshal(saved, &again); err != nil {
			t.Fatal(err)
		}
		rec2, problems := mapper.Record(again)
		if len(problems) > 0 || mapping.Hash(rec) != mapping.Hash(rec2) {
			t.Fatalf("%s: after storing, the row makes another record: %v", text, problems)
		}
	})
}
