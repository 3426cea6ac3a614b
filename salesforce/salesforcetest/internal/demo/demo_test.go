package demo_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/demo"
	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/salesforcetest/internal/standard"
	"github.com/orglink/orglink/salesforce/sobject"
)

var (
	now     = time.Date(2026, 5, 4, 10, 30, 0, 0, time.UTC)
	reading = engine.Session{System: true}
)

func load(t testing.TB, cfg demo.Config) *engine.Org {
	t.Helper()
	o, err := engine.New(engine.Config{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Load(o, cfg); err != nil {
		t.Fatal(err)
	}
	return o
}

func query(t testing.TB, o *engine.Org, soql string, all bool) []sobject.Record {
	t.Helper()
	res, err := o.QueryText(reading, soql, engine.QueryOptions{All: all})
	if err != nil {
		t.Fatalf("%s: %v", soql, err)
	}
	return res.Records()
}

func count(t testing.TB, o *engine.Org, rest string) int {
	t.Helper()
	res, err := o.QueryText(reading, "SELECT COUNT() FROM "+rest, engine.QueryOptions{})
	if err != nil {
		t.Fatalf("%s: %v", rest, err)
	}
	return res.TotalSize()
}

var related = []string{"Contact", "Opportunity", "Case", "Contract", "Lead", "Task", "Event", "CampaignMember", demo.UsageObject}

func TestSizes(t *testing.T) {
	o := load(t, demo.Config{})
	if n := count(t, o, "Account"); n != 2000 {
		t.Errorf("%d accounts, want 2000", n)
	}
	total := 0
	for _, object := range related {
		n := count(t, o, object)
		if n < 400 {
			t.Errorf("only %d of %s", n, object)
		}
		total += n
	}
	if total < 10_000 {
		t.Errorf("%d related records, want 10000 at least", total)
	}
}

// The same seed makes the same rows with the same ids; another one does not.
func TestDeterministic(t *testing.T) {
	a, b, c := load(t, demo.Config{Accounts: 40, Rand: 7}), load(t, demo.Config{Accounts: 40, Rand: 7}), load(t, demo.Config{Accounts: 40, Rand: 8})
	dump := func(o *engine.Org) string {
		var out strings.Builder
		for _, object := range append([]string{"Account", "User", "Campaign", "PricebookEntry", "PermissionSetAssignment"}, related...) {
			for _, r := range query(t, o, "SELECT FIELDS(STANDARD) FROM "+object+" ORDER BY Id", true) {
				text, err := r.MarshalJSON()
				if err != nil {
					t.Fatal(err)
				}
				out.Write(text)
			}
		}
		return out.String()
	}
	first := dump(a)
	if first != dump(b) {
		t.Error("the same seed made different rows")
	}
	if first == dump(c) {
		t.Error("another seed made the same rows")
	}
}

// Nothing is younger than a day, nothing older than two years.
func TestAges(t *testing.T) {
	o := load(t, demo.Config{Accounts: 60})
	oldest, youngest := now.AddDate(-2, 0, -2), now.Add(-24*time.Hour)
	for _, object := range append([]string{"Account", "User", "Profile", "Organization", "Campaign", "Product2"}, related...) {
		for _, r := range query(t, o, "SELECT Id, CreatedDate, LastModifiedDate, SystemModstamp FROM "+object, true) {
			created, _ := r.Time("CreatedDate")
			modified, _ := r.Time("LastModifiedDate")
			stamp, err := r.Time("SystemModstamp")
			if err != nil || created.Before(oldest) || modified.Before(created) || stamp.Before(modified) || stamp.After(youngest) {
				t.Fatalf("%s %s: created %v, modified %v, stamped %v (%v)", object, r.ID(), created, modified, stamp, err)
			}
		}
	}
	spread := map[string]bool{}
	for _, r := range query(t, o, "SELECT SystemModstamp FROM Contact", false) {
		stamp, _ := r.Time("SystemModstamp")
		spread[stamp.Format("2006-01")] = true
	}
	if len(spread) < 12 {
		t.Errorf("contacts were changed in %d different months", len(spread))
	}
}

// An opportunity sold by the line is worth the sum of its lines.
func TestLineItems(t *testing.T) {
	o := load(t, demo.Config{Accounts: 60})
	rows := query(t, o, "SELECT Amount, (SELECT TotalPrice FROM OpportunityLineItems) FROM Opportunity WHERE HasOpportunityLineItem = true", false)
	if len(rows) < 5 {
		t.Errorf("%d opportunities with lines", len(rows))
	}
	for _, r := range rows {
		v, _ := r.Value("Amount")
		amount, _ := v.Float()
		v, _ = r.Value("OpportunityLineItems")
		lines, _ := v.Children()
		sum := 0.0
		for _, line := range lines.Records {
			v, _ := line.Value("TotalPrice")
			price, _ := v.Float()
			sum += price
		}
		if len(lines.Records) == 0 || math.Abs(sum-amount) > 0.005 {
			t.Errorf("%s: amount %v, %d lines worth %v", r.ID(), amount, len(lines.Records), sum)
		}
	}
}

// The rows that break naive code are there.
func TestOddRows(t *testing.T) {
	o := load(t, demo.Config{Accounts: 600})
	has := map[string]func(r sobject.Record) bool{
		"emoji":            contains("Name", "🚀"),
		"quotes":           contains("Name", `"`),
		"an apostrophe":    contains("Name", "'"),
		"a backslash":      contains("Name", `\`),
		"Japanese":         contains("Name", "株式会社"),
		"Arabic":           contains("Name", "شركة"),
		"a newline":        contains("Description", "\n"),
		"a street's break": contains("BillingStreet", "\n"),
		"the #N/A of Bulk": contains("Name", "#N/A"),
		"no industry":      isNull("Industry"),
		"no revenue":       isNull("AnnualRevenue"),
		"a parent":         func(r sobject.Record) bool { return !isNull("ParentId")(r) },
		"a long text":      func(r sobject.Record) bool { text, _ := r.Text("Description"); return len(text) > 1000 },
	}
	rows := query(t, o, "SELECT Name, Industry, AnnualRevenue, ParentId, Description, BillingStreet FROM Account", false)
	for what, test := range has {
		found := false
		for _, r := range rows {
			found = found || test(r)
		}
		if !found {
			t.Errorf("no account with %s", what)
		}
	}
	for _, object := range []string{"Account", "Contact", "Lead"} {
		merged, deleted := 0, 0
		for _, r := range query(t, o, "SELECT Id, MasterRecordId FROM "+object+" WHERE IsDeleted = true", true) {
			id, err := r.Ref("MasterRecordId")
			if err != nil {
				deleted++
				continue
			}
			merged++
			if len(query(t, o, fmt.Sprintf("SELECT Id FROM %s WHERE Id = '%s'", object, id), false)) != 1 {
				t.Errorf("%s %s was merged into %s, which is not there", object, r.ID(), id)
			}
		}
		if merged == 0 || deleted == 0 {
			t.Errorf("%s: %d merged and %d deleted rows", object, merged, deleted)
		}
	}
	owners := map[string]bool{}
	for _, r := range query(t, o, "SELECT OwnerId, Owner.IsActive FROM Account", false) {
		id, _ := r.Text("OwnerId")
		owners[id] = true
	}
	if len(owners) < 12 {
		t.Errorf("%d owners", len(owners))
	}
}

func contains(field, part string) func(sobject.Record) bool {
	return func(r sobject.Record) bool { text, _ := r.Text(field); return strings.Contains(text, part) }
}

func isNull(field string) func(sobject.Record) bool {
	return func(r sobject.Record) bool { v, ok := r.Value(field); return ok && v.IsNull() }
}

func TestUsers(t *testing.T) {
	o := load(t, demo.Config{Accounts: 20})
	for rest, want := range map[string]int{
		"User": 19,
		"User WHERE IsActive = true AND UserType = 'Standard'":                 15,
		"User WHERE IsActive = false":                                          1,
		"User WHERE UserType = 'AutomatedProcess'":                             1,
		"User WHERE UserType = 'CsnOnly'":                                      1,
		"User WHERE UserType = 'Guest'":                                        1,
		"User WHERE Username = 'admin@orglink.example' AND Name = 'Ada Admin'": 1,
		"User WHERE Profile.Name = 'System Administrator'":                     1,
		"PermissionSetAssignment WHERE PermissionSet.IsOwnedByProfile = true":  19,
		"Organization": 1,
	} {
		if n := count(t, o, rest); n != want {
			t.Errorf("%s: %d, want %d", rest, n, want)
		}
	}
}

// A sales user sells; he does not administer.
func TestStandardUserAccess(t *testing.T) {
	o := load(t, demo.Config{Accounts: 20})
	rep := engine.Session{User: query(t, o, "SELECT Id FROM User WHERE Username = 'maya.patel@demo.example'", false)[0].ID()}
	write := func(object string, fields ...sobject.Field) bool {
		t.Helper()
		out, err := o.Insert(rep, object, []sobject.Record{sobject.NewRecord(object, fields...)}, engine.WriteOptions{})
		return err == nil && out[0].Success
	}
	name := sobject.F("Name", sobject.TextValue("New"))
	if !write("Account", name) {
		t.Error("a sales user cannot create an account")
	}
	for _, object := range []string{"Campaign", "Product2", "Profile"} {
		if write(object, name) {
			t.Errorf("a sales user created a %s", object)
		}
	}
	res, err := o.QueryText(rep, "SELECT PermissionsApiEnabled, PermissionsModifyAllData FROM UserPermissionAccess", engine.QueryOptions{})
	if err != nil || res.Len() != 1 {
		t.Fatalf("the user's own permissions: %v", err)
	}
	api, _ := res.Record(0).Bool("PermissionsApiEnabled")
	all, _ := res.Record(0).Bool("PermissionsModifyAllData")
	if !api || all {
		t.Errorf("API %t, modify all %t", api, all)
	}
}

func TestUsage(t *testing.T) {
	for accounts, want := range map[int]int{1: 5, 20: 20, 40: 40, 400: 120} {
		o := load(t, demo.Config{Accounts: accounts})
		rows := query(t, o, "SELECT Usage_Key__c, Seats__c, Monthly_Fee__c, Seat_Value__c, Account__r.Name FROM Product_Usage__c ORDER BY Usage_Key__c", false)
		if len(rows) != want {
			t.Errorf("%d accounts: %d usage rows, want %d", accounts, len(rows), want)
		}
		for i, r := range rows {
			if key, _ := r.Text("Usage_Key__c"); key != fmt.Sprintf("U-%04d", i+1) {
				t.Fatalf("row %d has the key %q", i, key)
			}
		}
	}
	o := load(t, demo.Config{Accounts: 20})
	usage := func(fields ...sobject.Field) engine.Outcome {
		t.Helper()
		out, err := o.Insert(reading, demo.UsageObject, []sobject.Record{sobject.NewRecord(demo.UsageObject, fields...)}, engine.WriteOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return out[0]
	}
	key := func(s string) sobject.Field { return sobject.F("Usage_Key__c", sobject.TextValue(s)) }
	if out := usage(key("x-1"), sobject.F("Seats__c", sobject.IntValue(-1))); out.Success || out.Errors[0].Code != "FIELD_CUSTOM_VALIDATION_EXCEPTION" || out.Errors[0].Message != "Seats must not be negative." {
		t.Errorf("negative seats: %+v", out)
	}
	if out := usage(key("x-1"), sobject.F("Plan__c", sobject.TextValue("Gold"))); out.Success || out.Errors[0].Code != "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST" {
		t.Errorf("unknown plan: %+v", out)
	}
	if out := usage(key("U-0001")); out.Success || out.Errors[0].Code != "DUPLICATE_VALUE" {
		t.Errorf("key used twice: %+v", out)
	}
	out := usage(key("u-0001"), sobject.F("Seats__c", sobject.IntValue(8)), sobject.F("Monthly_Fee__c", sobject.IntValue(100)))
	if !out.Success {
		t.Fatalf("a key in another case: %+v", out)
	}
	for _, r := range query(t, o, "SELECT Seat_Value__c, Active__c FROM Product_Usage__c WHERE Id = '"+string(out.ID)+"'", false) {
		if value, err := r.Decimal("Seat_Value__c"); err != nil || value != "12.5" {
			t.Errorf("seat value %s, %v; want 12.5", value, err)
		}
		if active, err := r.Bool("Active__c"); err != nil || !active {
			t.Errorf("a new usage row is not active: %v", err)
		}
	}
}

func TestEmpty(t *testing.T) {
	for _, id := range []string{"00Dak0000000001", "00Dak0000000007", "00D5g000004xYzA"} {
		o, err := engine.New(engine.Config{OrgID: sobject.MustID(id)})
		if err != nil {
			t.Fatal(err)
		}
		if err := demo.Empty(o, standard.Options{}); err != nil {
			t.Fatal(err)
		}
		if n := count(t, o, "User"); n != 1 {
			t.Errorf("%d users", n)
		}
		if n := count(t, o, "Account"); n != 0 {
			t.Errorf("%d accounts", n)
		}
		rows := query(t, o, "SELECT Id, Name FROM Organization WHERE Id = '"+id+"'", false)
		if len(rows) != 1 || rows[0].ID() != o.ID() {
			t.Errorf("organization %v, want %s", rows, o.ID())
		}
		if _, err := o.Get(reading, "Organization", o.ID(), []string{"Name"}); err != nil {
			t.Error(err)
		}
	}
}

func TestBadConfig(t *testing.T) {
	o, err := engine.New(engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Load(o, demo.Config{Accounts: -1}); err == nil {
		t.Error("a negative number of accounts was taken")
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		load(b, demo.Config{Accounts: 2000})
	}
}
