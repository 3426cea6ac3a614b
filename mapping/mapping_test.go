package mapping_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/sobject"
)

// account is what an org tells of Account, shortened.
func account() *sobject.Describe {
	field := func(name string, t sobject.FieldType, more ...func(*sobject.DescribeField)) sobject.DescribeField {
		f := sobject.DescribeField{Name: name, Type: t, Nillable: true, Createable: true, Updateable: true, Custom: strings.HasSuffix(name, "__c")}
		for _, m := range more {
			m(&f)
		}
		return f
	}
	fixed := func(f *sobject.DescribeField) { f.Createable, f.Updateable = false, false }
	length := func(n int) func(*sobject.DescribeField) {
		return func(f *sobject.DescribeField) { f.Length = n }
	}
	return &sobject.Describe{Name: "Account", Queryable: true, Fields: []sobject.DescribeField{
		field("Id", sobject.TypeID, fixed),
		field("Name", sobject.TypeString, length(10), func(f *sobject.DescribeField) { f.Nillable = false }),
		field("BillingStreet", sobject.TypeTextArea, length(255), func(f *sobject.DescribeField) { f.CompoundFieldName = "BillingAddress" }),
		field("BillingAddress", sobject.TypeAddress, fixed),
		field("ParentId", sobject.TypeReference, func(f *sobject.DescribeField) { f.RelationshipName, f.ReferenceTo = "Parent", []string{"Account"} }),
		field("OwnerId", sobject.TypeReference),
		field("Employees__c", sobject.TypeInt),
		field("Revenue__c", sobject.TypeCurrency, func(f *sobject.DescribeField) { f.Precision, f.Scale = 6, 2 }),
		field("Active__c", sobject.TypeBoolean, func(f *sobject.DescribeField) { f.Nillable = false }),
		field("Since__c", sobject.TypeDate),
		field("Seen__c", sobject.TypeDateTime),
		field("Tier__c", sobject.TypePicklist, func(f *sobject.DescribeField) {
			f.RestrictedPicklist = true
			f.PicklistValues = []sobject.PicklistValue{{Value: "Gold", Active: true}, {Value: "Silver", Active: true}, {Value: "Tin"}}
		}),
		field("Tags__c", sobject.TypeMultiPicklist),
		field("Ext__c", sobject.TypeString, length(40), func(f *sobject.DescribeField) { f.ExternalID, f.IDLookup, f.Unique = true, true, true }),
		field("Logo__c", sobject.TypeBase64),
		field("Score__c", sobject.TypeDouble, fixed, func(f *sobject.DescribeField) { f.Calculated = true }),
		field("SystemModstamp", sobject.TypeDateTime, fixed),
	}}
}

func TestSelectors(t *testing.T) {
	for name, test := range map[string]struct {
		sel  mapping.FieldSelector
		want string
	}{
		"all":      {mapping.All().Without("b*", "?arentid").WithoutTypes(sobject.TypePicklist), "Id Name OwnerId Employees__c Revenue__c Active__c Since__c Seen__c Tags__c Ext__c Score__c SystemModstamp"},
		"standard": {mapping.Standard(), "Id Name BillingStreet ParentId OwnerId SystemModstamp"},
		"custom":   {mapping.Custom().Without("*e__c"), "Id Employees__c Since__c Seen__c Tier__c Tags__c Ext__c SystemModstamp"},
		"listed":   {mapping.Listed("tier__C", "name", "Name"), "Id Name Tier__c SystemModstamp"},
		"pattern":  {mapping.Pattern("T*__c"), "Id Tier__c Tags__c SystemModstamp"},
		"combined": {mapping.Combined(mapping.Listed("Name"), mapping.Combined(mapping.Pattern("Rev*")), longNames{}), "Id Name BillingStreet Employees__c Revenue__c SystemModstamp"},
	} {
		got, problems := mapping.Resolve(mapping.ObjectSelection{Object: "account", Fields: test.sel}, account())
		if s := strings.Join(got.Fields, " "); s != test.want && name != "custom" || name == "custom" && (strings.Contains(s, "Revenue__c") || !strings.Contains(s, "Ext__c")) {
			t.Errorf("%s:\n got %s\nwant %s", name, s, test.want)
		}
		if got.Object != "Account" {
			t.Errorf("%s: object %q", name, got.Object)
		}
		if b := mapping.Blocking(problems); len(b) > 0 {
			t.Errorf("%s: %v", name, b)
		}
	}
}

// longNames is a selector as a host would write it.
type longNames struct{}

func (longNames) Select(d *sobject.Describe) (out []string, _ error) {
	for _, f := range d.Fields {
		if len(f.Name) >= 12 {
			out = append(out, f.Name)
		}
	}
	return out, nil
}

func TestResolveTellsWhatIsMissing(t *testing.T) {
	got, problems := mapping.Resolve(mapping.ObjectSelection{Object: "Account",
		Fields: mapping.Listed("Name", "Foo__c", "BillingAddress", "Logo__c", "Owner.Name")}, account())
	if s := strings.Join(got.Fields, " "); s != "Id Name SystemModstamp" {
		t.Error(s)
	}
	var text string
	for _, p := range problems {
		text += p.Error() + "\n"
	}
	for _, want := range []string{
		"Account.Foo__c: the field does not exist, or field-level security hides it",
		"grant Read on Account.Foo__c",
		"Account.BillingAddress: compound fields", "its parts instead: BillingStreet",
		"Account.Logo__c: file contents",
		"Account.Owner.Name: fields of parent records",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if n := len(mapping.Blocking(problems)); n != 2 {
		t.Errorf("%d blocking problems, want 2 (unknown, parent):\n%s", n, text)
	}
	_, problems = mapping.Resolve(mapping.ObjectSelection{Object: "Secret__c", Fields: mapping.All()}, nil)
	if len(problems) != 1 || !strings.Contains(problems[0].Error(), "does not exist, or the connected Salesforce user may not see it") {
		t.Error(problems)
	}
	for name, sel := range map[string]mapping.FieldSelector{
		"nil": nil, "kind": mapping.Selector{Kind: "most"}, "glob": mapping.Pattern("[a"), "none": mapping.Pattern("zzz*"),
		"nil part": mapping.Combined(nil),
	} {
		if _, p := mapping.Resolve(mapping.ObjectSelection{Object: "Account", Fields: sel}, account()); len(mapping.Blocking(p)) == 0 {
			t.Errorf("%s: no problem", name)
		}
	}
}

func TestResolveAllRefusesAnObjectTwice(t *testing.T) {
	got, problems := mapping.ResolveAll([]mapping.ObjectSelection{
		{Object: "Account", Fields: mapping.Listed("Name")}, {Object: "ACCOUNT", Fields: mapping.All()}, {Object: "Nope", Fields: mapping.All()},
	}, map[string]*sobject.Describe{"Account": account()})
	if len(got) != 1 || len(mapping.Blocking(problems)) != 2 {
		t.Error(got, problems)
	}
}

func TestSelectionsAreData(t *testing.T) {
	in := []mapping.ObjectSelection{
		{Object: "Account", Fields: mapping.Combined(mapping.Standard(), mapping.Pattern("x*")).Without("y").WithoutTypes(sobject.TypeTextArea)},
	}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out []mapping.ObjectSelection
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, out); diff != "" {
		t.Errorf("%s:\n%s", text, diff)
	}
	own := mapping.ObjectSelection{Object: "Account", Fields: mapping.Combined(mapping.Listed("Name"), longNames{})}
	if text, err := json.Marshal(own); err == nil {
		t.Errorf("a selector of the host's own was written as %s", text)
	}
	frozen, err := mapping.Freeze(own, account())
	if err != nil {
		t.Fatal(err)
	}
	a, _ := mapping.Resolve(own, account())
	b, _ := mapping.Resolve(frozen, account())
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
	if _, err := json.Marshal(frozen); err != nil {
		t.Error(err)
	}
}

func TestUnionAndView(t *testing.T) {
	a := mapping.Selection{Object: "Account", Fields: []string{"Id", "Name"}}
	got := mapping.Union([]mapping.Selection{a}, []mapping.Selection{{Object: "Case", Fields: []string{"Id"}}, {Object: "account", Fields: []string{"id", "Phone"}}})
	want := []mapping.Selection{{Object: "Account", Fields: []string{"Id", "Name", "Phone"}}, {Object: "Case", Fields: []string{"Id"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got[0].Fields[0] = "changed"
	if a.Fields[0] != "Id" {
		t.Error("the union shares memory with its parts")
	}
	v := mapping.View{Objects: []mapping.Selection{a}}
	if !v.Allows("ACCOUNT", "name") || v.Allows("Account", "Phone") || v.Allows("Case", "Id") {
		t.Error("the view allows the wrong fields")
	}
}

func TestDiff(t *testing.T) {
	now := account()
	now.Fields = append(now.Fields[:2:2], now.Fields[3:]...)
	now.Fields[1].Length = 80
	now.Fields[5].Type = sobject.TypeString
	now.Fields = append(now.Fields, sobject.DescribeField{Name: "New__c", Type: sobject.TypeEmail})
	got := mapping.Diff(account(), now)
	want := []mapping.SchemaChange{
		{Kind: mapping.FieldLengthChanged, Object: "Account", Field: "Name", Was: "string(10)", Now: "string(80)"},
		{Kind: mapping.FieldTypeChanged, Object: "Account", Field: "Employees__c", Was: "int", Now: "string"},
		{Kind: mapping.FieldAdded, Object: "Account", Field: "New__c", Now: "email"},
		{Kind: mapping.FieldRemoved, Object: "Account", Field: "BillingStreet", Was: "textarea"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if d := mapping.Diff(account(), account()); len(d) != 0 {
		t.Error(d)
	}
}

func FuzzSelectionJSON(f *testing.F) {
	f.Add(`{"object":"A","fields":{"kind":"combined","of":[{"kind":"listed","names":["a"]},{"kind":"pattern","names":["*"],"except":["b?"]}]}}`)
	f.Add(`{"fields":{"kind":"pattern","names":["["]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		var s mapping.ObjectSelection
		if json.Unmarshal([]byte(text), &s) != nil {
			return
		}
		out, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var again mapping.ObjectSelection
		if err := json.Unmarshal(out, &again); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		if twice, err := json.Marshal(again); err != nil || string(twice) != string(out) {
			t.Fatalf("%s became %s (%v)", out, twice, err)
		}
		_, _ = mapping.Resolve(s, account())
	})
}
