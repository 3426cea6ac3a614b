package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// parse makes a record of JSON, as the REST API gets it.
func parse(t testing.TB, object, body string) sobject.Record {
	t.Helper()
	r, err := engine.ParseRecord(object, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What is refused, and with which code, text and fields.
func TestRefusals(t *testing.T) {
	fx := newOrg(t)
	acme := fx.add("Account", "Name", "Acme", "Code__c", "C1", "Legacy__c", "7")
	other := fx.add("Account", "Name", "Other", "Legacy__c", "9")
	fx.add("Account", "Name", "Twin", "Legacy__c", "9")
	gone := fx.add("Contact", "LastName", "Gone")
	if out, _ := fx.Delete(fx.s, []sobject.ID{gone}, engine.WriteOptions{}); !out[0].Success {
		t.Fatal(out)
	}
	lazy := fx.must(system, "User", "Username", "lazy@example.com", "LastName", "Lazy", "IsActive", "false")
	for _, c := range []struct {
		object, body, code, message string
		fields                      []string
	}{
		{"Account", `{"Phone":"1"}`, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", []string{"Name"}},
		{"Account", `{"Name":""}`, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", []string{"Name"}},
		{"Opportunity", `{}`, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name, CloseDate]", []string{"Name", "CloseDate"}},
		{"Account", `{"Name":"x","Nope__c":1}`, "INVALID_FIELD", "No such column 'Nope__c' on sobject of type Account", []string{}},
		{"Account", `{"Name":"x","CreatedDate":"2020-01-01T00:00:00Z","Loud__c":"y"}`, "INVALID_FIELD_FOR_INSERT_UPDATE",
			"Unable to create/update fields: CreatedDate, Loud__c. Please check the security settings of this field and verify that it is read/write for your profile or permission set.", []string{"CreatedDate", "Loud__c"}},
		{"Contact", `{"LastName":"` + strings.Repeat("x", 81) + `"}`, "STRING_TOO_LONG", "Last Name: data value too large: " + strings.Repeat("x", 81) + " (max length=80)", []string{"LastName"}},
		{"Account", `{"Name":"x","Rating__c":"Tepid"}`, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Rating: bad value for restricted picklist field: Tepid", []string{"Rating__c"}},
		{"Contact", `{"LastName":"x","Email":"not an address"}`, "INVALID_EMAIL_ADDRESS", "Email: invalid email address: not an address", []string{"Email"}},
		{"Account", `{"Name":"x","Code__c":"C1"}`, "DUPLICATE_VALUE", "duplicate value found: Code__c duplicates value on record with id: " + acme.Short(), []string{}},
		{"Contact", `{"LastName":"x","AccountId":"001ak0000000zzz"}`, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", []string{}},
		{"Contact", `{"LastName":"x","AccountId":"` + string(fx.user) + `"}`, "MALFORMED_ID", "Account Id: id value of incorrect type: " + string(fx.user), []string{"AccountId"}},
		{"Contact", `{"LastName":"x","AccountId":"rubbish"}`, "MALFORMED_ID", "Account Id: id value of incorrect type: rubbish", []string{"AccountId"}},
		{"Contact", `{"LastName":"x","ReportsToId":"` + string(gone) + `"}`, "ENTITY_IS_DELETED", "entity is deleted", []string{}},
		{"Account", `{"Name":"x","OwnerId":"` + string(lazy) + `"}`, "INACTIVE_OWNER_OR_USER", "operation performed with inactive user [" + lazy.Short() + "] as owner of account", []string{}},
		{"Opportunity", `{"Name":"x","CloseDate":"2024-01-01","Amount":-1}`, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "Amounts are positive", []string{"Amount"}},
		{"Opportunity", `{"Name":"x","CloseDate":"2020/01/01"}`, "JSON_PARSER_ERROR",
			"Cannot deserialize instance of date from VALUE_STRING value 2020/01/01 or request may be missing a required field at [line:1, column:2]", nil},
		{"Account", `{"Name":"x","AnnualRevenue":"lots"}`, "JSON_PARSER_ERROR",
			"Cannot deserialize instance of currency from VALUE_STRING value lots or request may be missing a required field at [line:1, column:2]", nil},
		{"Account", `{"Name":"x","AnnualRevenue":1e19}`, "NUMBER_OUTSIDE_VALID_RANGE", "Annual Revenue: value outside of valid range on numeric field: 1e19", []string{"AnnualRevenue"}},
		{"Account", `{"Name":"x","Active__c":"maybe"}`, "JSON_PARSER_ERROR",
			"Cannot deserialize instance of boolean from VALUE_STRING value maybe or request may be missing a required field at [line:1, column:2]", nil},
		{"Contact", `{"LastName":"x","Account":{"Legacy__c":4711}}`, "INVALID_FIELD", "Foreign key external ID: 4711.0 not found for field Legacy__c in entity Account", []string{}},
		{"Contact", `{"LastName":"x","Account":{"Legacy__c":9}}`, "INVALID_FIELD", "More than one record found for external id field: [" + string(other) + ", " + string(other[:14]) + "3AAA]", []string{}},
		{"Task", `{"Subject":"x","What":{"Code__c":"C1"}}`, "JSON_PARSER_ERROR", "Nested object for polymorphic foreign key must have an attributes field before any other fields.", []string{}},
		{"Account", `{"Id":"` + string(acme) + `","Name":"x"}`, "INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", []string{"Id"}},
	} {
		out, err := fx.Insert(fx.s, c.object, []sobject.Record{parse(t, c.object, c.body)}, engine.WriteOptions{})
		if err != nil || len(out) != 1 || len(out[0].Errors) != 1 {
			t.Errorf("%s %s: %v %+v", c.object, c.body, err, out)
			continue
		}
		want := engine.RowError{Code: c.code, Message: c.message, Fields: c.fields}
		if diff := cmp.Diff(want, out[0].Errors[0]); diff != "" {
			t.Errorf("%s %s: %s", c.object, c.body, diff)
		}
	}
	if n := fx.query("SELECT COUNT() FROM Account").TotalSize(); n != 3 {
		t.Errorf("%d accounts after refused creates, want 3", n)
	}
	if _, err := fx.Insert(fx.s, "Nope", nil, engine.WriteOptions{}); err == nil || err.Error() != "NOT_FOUND: The requested resource does not exist" {
		t.Errorf("unknown object: %v", err)
	}
}

// How values are stored and read back.
func TestValues(t *testing.T) {
	fx := newOrg(t)
	parent := fx.add("Account", "Name", "Parent", "Code__c", "up", "Legacy__c", "12.00")
	for _, c := range []struct{ field, in, want string }{
		{"Name", `"  Acme \n"`, `"Acme"`},
		{"Phone", `""`, `null`},
		{"Phone", `"   "`, `null`},
		{"AnnualRevenue", `1000`, `1000.0`},
		{"AnnualRevenue", `"12.99"`, `12.0`},
		{"AnnualRevenue", `1.5e3`, `1500.0`},
		{"NumberOfEmployees", `1000`, `1000`},
		{"NumberOfEmployees", `10.0`, `10`},
		{"BillingLatitude", `-0.125`, `-0.125`},
		{"Active__c", `null`, `false`},
		{"Active__c", `"TRUE"`, `true`},
		{"Since__c", `"2024-02-29"`, `"2024-02-29"`},
		{"Seen__c", `"2024-02-29T10:00:00.987+02:00"`, `"2024-02-29T08:00:00.000+0000"`},
		{"Seen__c", `"2024-02-29"`, `"2024-02-29T00:00:00.000+0000"`},
		{"At__c", `"03:04:05"`, `"03:04:05.000Z"`},
		{"Tags__c", `"b;a"`, `"b;a"`},
		{"Website", `"a\"b\\c\u0001é😀"`, "\"a\\\"b\\\\c\\u0001é😀\""},
		{"Industry", `"Unheard of"`, `"Unheard of"`},
		{"ParentId", `"` + parent.Short() + `"`, `"` + string(parent) + `"`},
		{"Parent", `{"Code__c":"up"}`, `null`},
		{"Rating__c", `null`, `null`},
	} {
		body := `{"Name":"n","` + c.field + `":` + c.in + `}`
		id := fx.one(fx.Insert(fx.s, "Account", []sobject.Record{parse(t, "Account", body)}, engine.WriteOptions{}))
		name := c.field
		want := `"` + name + `":` + c.want + "}"
		if name == "Parent" {
			name, want = "ParentId", `"ParentId":"`+string(parent)+`"}`
		}
		res, err := fx.Get(fx.s, "Account", id, []string{name})
		if err != nil {
			t.Fatal(err)
		}
		if got := string(res.AppendJSON(nil, 0, jsonBase)); !strings.HasSuffix(got, want) {
			t.Errorf("%s %s: %s, want ...%s", c.field, c.in, got, want)
		}
	}
	id := fx.add("Account", "Name", "Defaults")
	if got := fx.values("SELECT Rating__c, Active__c, OwnerId, CreatedById, CreatedDate, Total__c, Count__c FROM Account WHERE Id = '" + string(id) + "'"); got !=
		"Cold,false,"+string(fx.user)+","+string(fx.user)+",2024-03-15T10:30:00.000Z,0.0,0.0" {
		t.Errorf("defaults: %s", got)
	}
}

func TestUpsert(t *testing.T) {
	fx := newOrg(t)
	up := func(key string, opt engine.WriteOptions, recs ...sobject.Record) []engine.Outcome {
		t.Helper()
		out, err := fx.Upsert(fx.s, "Account", key, recs, opt)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	out := up("Code__c", csv, rec("Account", "Code__c", "A", "Name", "One"), rec("Account", "Code__c", "a", "Name", "Two"))
	if !out[0].Created || !out[1].Created {
		t.Fatalf("a case-sensitive key folds case: %+v", out)
	}
	again := up("Code__c", csv, rec("Account", "Code__c", "A", "Name", "One!"), rec("Account", "Code__c", "A", "Name", "Again"), rec("Account", "Name", "keyless"))
	if !again[0].Success || again[0].Created || again[0].ID != out[0].ID {
		t.Errorf("update by key: %+v", again[0])
	}
	if e := again[1].Errors; len(e) != 1 || e[0].Code != "DUPLICATE_EXTERNAL_ID" || e[0].Message != "Duplicate external id specified: A" {
		t.Errorf("same key twice: %+v", again[1])
	}
	if e := again[2].Errors; len(e) != 1 || e[0].Code != "MISSING_ARGUMENT" {
		t.Errorf("no key: %+v", again[2])
	}
	if e := up("Code__c", engine.WriteOptions{UpdateOnly: true}, rec("Account", "Code__c", "new", "Name", "x"))[0].Errors; len(e) != 1 || e[0].Code != "NOT_FOUND" || e[0].Status != 404 {
		t.Errorf("update only: %+v", e)
	}
	a, b := fx.add("Account", "Name", "L", "Legacy__c", "5"), fx.add("Account", "Name", "L", "Legacy__c", "5.0")
	amb := up("Legacy__c", csv, rec("Account", "Legacy__c", "5", "Name", "x"))[0]
	if len(amb.Errors) != 1 || amb.Errors[0].Status != 300 || !slices.Equal(amb.Errors[0].Matches, []sobject.ID{a, b}) {
		t.Errorf("ambiguous: %+v", amb)
	}
	byID := up("Id", csv, rec("Account", "Id", string(a), "Name", "By id"), rec("Account", "Id", "", "Name", "New"))
	if byID[0].Created || byID[0].ID != a || !byID[1].Created {
		t.Errorf("by Id: %+v", byID)
	}
	_, err := fx.Upsert(fx.s, "Account", "Phone", nil, csv)
	if err == nil || !strings.Contains(err.Error(), "Provided external ID field does not exist or is not accessible: Phone") {
		t.Errorf("key that is none: %v", err)
	}
	// An email is found without regard to case.
	c := fx.add("Contact", "LastName", "X", "Email", "Ann@Example.com")
	if got, _ := fx.Upsert(fx.s, "Contact", "Email", []sobject.Record{rec("Contact", "Email", "ann@example.COM", "LastName", "Y")}, csv); got[0].ID != c || got[0].Created {
		t.Errorf("by email: %+v", got)
	}
}

// One bad row spoils only itself, or all when AllOrNone is set.
func TestAllOrNone(t *testing.T) {
	fx := newOrg(t)
	rows := []sobject.Record{rec("Account", "Name", "A", "Code__c", "1"), rec("Account", "Phone", "x"), rec("Account", "Name", "C", "Code__c", "3")}
	out, _ := fx.Insert(fx.s, "Account", rows, engine.WriteOptions{Text: true, AllOrNone: true})
	var codes []string
	for _, o := range out {
		codes = append(codes, o.Errors[0].Code)
		if o.Success {
			t.Errorf("a row of a rolled back call succeeded: %+v", o)
		}
	}
	if diff := cmp.Diff([]string{"ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING", "ALL_OR_NONE_OPERATION_ROLLED_BACK"}, codes); diff != "" {
		t.Error(diff)
	}
	if got := fx.values("SELECT Id FROM Account"); got != "" {
		t.Errorf("rolled back rows are there: %s", got)
	}
	out, _ = fx.Insert(fx.s, "Account", rows, csv)
	if !out[0].Success || out[1].Success || !out[2].Success {
		t.Errorf("%+v", out)
	}
	if got := fx.values("SELECT Name FROM Account WHERE Code__c IN ('1','3') ORDER BY Name"); got != "A|C" {
		t.Errorf("found %q by key", got)
	}
	if got := fx.RecordCount(fx.s, []string{"account", "Nope"}); len(got) != 1 || got[0] != (engine.Count{Name: "Account", Count: 2}) {
		t.Errorf("record count %v", got)
	}
}

// A transaction is undone as a whole: rows, indexes, counts and changes.
func TestTransact(t *testing.T) {
	fx := newOrg(t)
	a := fx.add("Account", "Name", "A", "Code__c", "k")
	before := fx.values("SELECT Id, Name, Code__c, SystemModstamp FROM Account")
	fx.clock.advance(90e9)
	boom := fmt.Errorf("boom")
	err := fx.Transact(fx.s, func(tx *engine.Tx) error {
		if _, err := tx.Update("Account", []sobject.Record{rec("Account", "Id", string(a), "Code__c", "moved")}, csv); err != nil {
			return err
		}
		if out, _ := tx.Insert("Account", []sobject.Record{rec("Account", "Name", "B", "Code__c", "k")}, csv); !out[0].Success {
			t.Errorf("the freed key is taken: %+v", out)
		}
		tx.Delete([]sobject.ID{a}, engine.WriteOptions{})
		if _, err := tx.Get("Account", a, nil); err == nil {
			t.Error("a transaction does not see its own delete")
		}
		return boom
	})
	if err != boom {
		t.Fatal(err)
	}
	if got := fx.values("SELECT Id, Name, Code__c, SystemModstamp FROM Account"); got != before {
		t.Errorf("after the rollback: %s, want %s", got, before)
	}
	if got := fx.values("SELECT Id FROM Account WHERE Code__c = 'k'"); got != string(a) {
		t.Errorf("by index after the rollback: %q", got)
	}
	if got := fx.values("SELECT Id FROM Account WHERE SystemModstamp < 2030-01-01T00:00:00Z"); got != string(a) {
		t.Errorf("by stamp after the rollback: %q", got)
	}
	gone, _, _, err := fx.Deleted(fx.s, "Account", fx.Now().Add(-10*60e9), fx.Now())
	if err != nil || len(gone) != 0 {
		t.Errorf("deleted %v, %v", gone, err)
	}
}

func TestUpdateErrors(t *testing.T) {
	fx := newOrg(t)
	a := fx.add("Account", "Name", "A")
	gone := fx.add("Account", "Name", "Gone")
	fx.one(fx.Delete(fx.s, []sobject.ID{gone}, engine.WriteOptions{}))
	out, _ := fx.Update(fx.s, "Account", []sobject.Record{
		rec("Account", "Name", "no id"), rec("Account", "Id", "rubbish"), rec("Account", "Id", string(fx.user)),
		rec("Account", "Id", "001ak0000000zzz"), rec("Account", "Id", string(gone)), rec("Account", "Id", string(a), "Name", ""),
		rec("Account", "Id", string(a), "Phone", "1"), rec("Account", "Id", string(a), "Phone", "2"),
	}, csv)
	want := []string{"MISSING_ARGUMENT Id not specified in an update call", "MALFORMED_ID malformed id rubbish",
		"MALFORMED_ID Account ID: id value of incorrect type: " + string(fx.user), "INVALID_CROSS_REFERENCE_KEY invalid cross reference id",
		"ENTITY_IS_DELETED entity is deleted", "REQUIRED_FIELD_MISSING Required fields are missing: [Name]",
		"DUPLICATE_VALUE duplicate id in list: " + string(a), "DUPLICATE_VALUE duplicate id in list: " + string(a)}
	var got []string
	for _, o := range out {
		got = append(got, o.Errors[0].Code+" "+o.Errors[0].Message)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBadJSON(t *testing.T) {
	for body, want := range map[string]string{
		``:               "The HTTP entity body is required, but this request has no entity body.",
		`{"Name":}`:      "Unexpected character ('}' (code 125))",
		`[1]`:            "Unexpected character",
		`{"Name":"x"`:    "Unexpected end-of-input",
		`{"Name":"x"} 5`: "Unexpected",
	} {
		_, err := engine.ParseRecord("Account", []byte(body))
		e, ok := err.(*engine.Error)
		if !ok || e.Code != "JSON_PARSER_ERROR" || e.Status != 400 || !strings.HasPrefix(e.Message, want) {
			t.Errorf("%q: %v", body, err)
		}
	}
}
