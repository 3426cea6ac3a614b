package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// clock is an org's time that a test moves.
type clock struct{ t time.Time }

func (c *clock) now() time.Time          { return c.t }
func (c *clock) advance(d time.Duration) { c.t = c.t.Add(d) }

var system = engine.Session{System: true}

type fixture struct {
	*engine.Org
	t     testing.TB
	clock *clock
	user  sobject.ID
	s     engine.Session // an administrator
}

func textField(name string, f ...func(*engine.Field)) engine.Field {
	return field(name, sobject.TypeString, f...)
}

func field(name string, t sobject.FieldType, f ...func(*engine.Field)) engine.Field {
	out := engine.Field{Name: name, Type: t}
	for _, one := range f {
		one(&out)
	}
	return out
}

func ref(name, to, child string, f ...func(*engine.Field)) engine.Field {
	out := field(name, sobject.TypeReference, f...)
	out.ReferenceTo, out.ChildRelationshipName = strings.Split(to, ","), child
	return out
}

func required(f *engine.Field) { f.Required = true }
func named(f *engine.Field)    { f.NameField = true }
func external(f *engine.Field) { f.ExternalID = true }
func unique(f *engine.Field)   { f.Unique = true }
func cascade(f *engine.Field)  { f.CascadeDelete = true }

func picks(values ...string) []sobject.PicklistValue {
	var out []sobject.PicklistValue
	for _, v := range values {
		out = append(out, sobject.PicklistValue{Value: v, Label: strings.ToUpper(v), Active: true})
	}
	return out
}

// newOrg returns a small org: Account, Contact, Opportunity, Case, Task, User,
// Group, Profile and Thing__c.
func newOrg(t testing.TB, configure ...func(*engine.Config)) *fixture {
	t.Helper()
	c := &clock{time.Date(2024, 3, 15, 10, 30, 0, 0, time.UTC)}
	cfg := engine.Config{Now: c.now}
	for _, f := range configure {
		f(&cfg)
	}
	org, err := engine.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	industry := field("Industry", sobject.TypePicklist)
	industry.Picklist = picks("Energy", "Banking", "Retail")
	rating := field("Rating__c", sobject.TypePicklist)
	rating.Picklist, rating.Restricted = picks("Hot", "Cold"), true
	rating.Picklist[1].DefaultValue = true
	tags := field("Tags__c", sobject.TypeMultiPicklist)
	tags.Picklist = picks("a", "b", "c")
	revenue := field("AnnualRevenue", sobject.TypeCurrency)
	code := textField("Code__c", external, unique)
	code.CaseSensitive = true
	legacy := field("Legacy__c", sobject.TypeDouble, external)
	notes := field("Description", sobject.TypeTextArea)
	notes.Length = 32000
	loud := textField("Loud__c")
	loud.Formula = func(r engine.Row) string { return strings.ToUpper(r.Text("Name")) }
	total := field("Total__c", sobject.TypeCurrency)
	total.Rollup = &engine.Rollup{Child: "Opportunity", Field: "AccountId", Func: "SUM", Of: "Amount"}
	count := field("Count__c", sobject.TypeDouble)
	count.Rollup = &engine.Rollup{Child: "Opportunity", Field: "AccountId", Func: "COUNT"}
	address := field("BillingAddress", sobject.TypeAddress)
	address.ReadOnly = true
	city, state, lat := textField("BillingCity"), textField("BillingState"), field("BillingLatitude", sobject.TypeDouble)
	lat.Scale = 15
	for _, f := range []*engine.Field{&city, &state, &lat} {
		f.CompoundName = "BillingAddress"
	}
	name := textField("Name", named)
	name.ReadOnly, name.CompoundName, name.NotNillable = true, "Name", true
	lastName := textField("LastName", required)
	lastName.CompoundName, lastName.Length = "Name", 80
	fullName := func(d *engine.Draft) []engine.RowError {
		d.Set("Name", strings.TrimSpace(d.Text("FirstName")+" "+d.Text("LastName")))
		return nil
	}
	subject := field("Subject", sobject.TypeCombobox, named)
	number := textField("CaseNumber", named)
	number.AutoNumber = "{00000000}"
	parent := ref("Parent__c", "Account", "Things__r")
	parent.MasterDetail = true
	define := func(o engine.Object) {
		t.Helper()
		if err := org.DefineObject(o); err != nil {
			t.Fatal(err)
		}
	}
	define(engine.Object{Name: "User", KeyPrefix: "005", NoDelete: true, NoTrash: true, Before: fullName, Fields: []engine.Field{
		textField("Username", required), lastName, textField("FirstName"), name, field("Email", sobject.TypeEmail), ref("ProfileId", "Profile", "Users"),
		field("IsActive", sobject.TypeBoolean), textField("TimeZoneSidKey")}})
	define(engine.Object{Name: "Profile", KeyPrefix: "00e", NoTrash: true, Fields: []engine.Field{textField("Name", named)}})
	define(engine.Object{Name: "Group", KeyPrefix: "00G", NoTrash: true, Fields: []engine.Field{textField("Name", named)}})
	define(engine.Object{Name: "Account", KeyPrefix: "001", Owned: true, Mergeable: true, Fields: []engine.Field{
		textField("Name", required, named), industry, revenue, field("NumberOfEmployees", sobject.TypeInt), field("Phone", sobject.TypePhone), field("Website", sobject.TypeURL),
		ref("ParentId", "Account", "ChildAccounts"), notes, address, city, state, lat,
		code, legacy, rating, tags, field("Active__c", sobject.TypeBoolean), field("Since__c", sobject.TypeDate), field("Seen__c", sobject.TypeDateTime), field("At__c", sobject.TypeTime),
		loud, total, count}})
	define(engine.Object{Name: "Contact", KeyPrefix: "003", Owned: true, Mergeable: true, Before: fullName, Fields: []engine.Field{
		lastName, textField("FirstName"), name, field("Email", sobject.TypeEmail, func(f *engine.Field) { f.IDLookup = true }),
		ref("AccountId", "Account", "Contacts", cascade), ref("ReportsToId", "Contact", ""), textField("Key__c", external)}})
	define(engine.Object{Name: "Opportunity", KeyPrefix: "006", Owned: true, Fields: []engine.Field{
		textField("Name", required, named), field("Amount", sobject.TypeCurrency, func(f *engine.Field) { f.Scale = 2 }), field("StageName", sobject.TypePicklist),
		field("CloseDate", sobject.TypeDate, required), ref("AccountId", "Account", "Opportunities", cascade)},
		Rules: []engine.ValidationRule{{Message: "Amounts are positive", Field: "Amount", Fails: func(r engine.Row) bool { n, ok := r.Number("Amount"); return ok && n < 0 }}}})
	define(engine.Object{Name: "Case", KeyPrefix: "500", Owned: true, OwnerQueue: true, Fields: []engine.Field{
		number, textField("Subject"), ref("AccountId", "Account", "Cases", func(f *engine.Field) { f.RestrictedDelete = true }), ref("ContactId", "Contact", "Cases")}})
	define(engine.Object{Name: "Task", KeyPrefix: "00T", Owned: true, Fields: []engine.Field{subject, ref("WhoId", "Contact,Lead", "Tasks"), ref("WhatId", "Account,Opportunity", "Tasks", cascade)}})
	define(engine.Object{Name: "Thing__c", Fields: []engine.Field{textField("Name", named), parent, ref("Friend__c", "Contact", "Friends__r"), textField("Size__c")}})

	fx := &fixture{Org: org, t: t, clock: c}
	profile := fx.must(system, "Profile", "Name", "System Administrator")
	fx.user = fx.must(system, "User", "Username", "admin@example.com", "LastName", "Admin", "IsActive", "true", "ProfileId", string(profile))
	fx.s = engine.Session{User: fx.user}
	return fx
}

// rec makes a record from names and CSV texts; "" clears.
func rec(object string, kv ...string) sobject.Record {
	var fields []sobject.Field
	for i := 0; i < len(kv); i += 2 {
		v := sobject.TextValue(kv[i+1])
		if kv[i+1] == "" {
			v = sobject.NullValue()
		}
		fields = append(fields, sobject.F(kv[i], v))
	}
	return sobject.NewRecord(object, fields...)
}

var csv = engine.WriteOptions{Text: true}

func (fx *fixture) must(s engine.Session, object string, kv ...string) sobject.ID {
	fx.t.Helper()
	out, err := fx.Insert(s, object, []sobject.Record{rec(object, kv...)}, csv)
	if err != nil {
		fx.t.Fatal(err)
	}
	if !out[0].Success {
		fx.t.Fatalf("insert %s %q: %+v", object, kv, out[0].Errors)
	}
	return out[0].ID
}

func (fx *fixture) add(object string, kv ...string) sobject.ID {
	fx.t.Helper()
	return fx.must(fx.s, object, kv...)
}

// one checks that a write of one record succeeded.
func (fx *fixture) one(out []engine.Outcome, err error) sobject.ID {
	fx.t.Helper()
	if err != nil {
		fx.t.Fatal(err)
	}
	if len(out) != 1 || !out[0].Success {
		fx.t.Fatalf("outcome %+v", out)
	}
	return out[0].ID
}

func (fx *fixture) set(id sobject.ID, object string, kv ...string) {
	fx.t.Helper()
	fx.one(fx.Update(fx.s, object, []sobject.Record{rec(object, append([]string{"Id", string(id)}, kv...)...)}, csv))
}

func (fx *fixture) query(text string) *engine.Result {
	fx.t.Helper()
	r, err := fx.QueryText(fx.s, text, engine.QueryOptions{})
	if err != nil {
		fx.t.Fatalf("%s\n%v", text, err)
	}
	return r
}

// values returns the first column of a query, joined.
func (fx *fixture) values(text string) string {
	fx.t.Helper()
	return rowsOf(fx.query(text))
}

// rowsOf prints a result: rows separated by |, columns by commas.
func rowsOf(r *engine.Result) string {
	var rows []string
	for i := range r.Len() {
		rows = append(rows, strings.ReplaceAll(string(r.AppendCSVRows(nil, i, i+1, ',', "")), `"`, ""))
	}
	return strings.Join(rows, "|")
}

var jsonBase = engine.JSONOptions{Base: "/services/data/v66.0"}
