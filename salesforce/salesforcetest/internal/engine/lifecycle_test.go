package engine_test

import (
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

func TestDeleteCascade(t *testing.T) {
	fx := newOrg(t)
	a := fx.add("Account", "Name", "A")
	sub := fx.add("Account", "Name", "Sub", "ParentId", string(a))
	c := fx.add("Contact", "LastName", "C", "AccountId", string(a))
	thing := fx.add("Thing__c", "Name", "T", "Parent__c", string(a), "Friend__c", string(c))
	ticket := fx.add("Case", "Subject", "S", "AccountId", string(a), "ContactId", string(c))
	fx.clock.advance(time.Hour)
	out, _ := fx.Delete(fx.s, []sobject.ID{a}, engine.WriteOptions{})
	if e := out[0].Errors; len(e) != 1 || e[0].Code != "DELETE_FAILED" ||
		e[0].Message != "Your attempt to delete A could not be completed because it is associated with the following cases.: 00000001" {
		t.Fatalf("%+v", out)
	}
	if got := fx.query("SELECT Id FROM Contact").TotalSize(); got != 1 {
		t.Fatal("a refused delete deleted children")
	}
	fx.set(ticket, "Case", "AccountId", "")
	stamp := fx.values("SELECT LastModifiedDate FROM Account WHERE Id = '" + string(sub) + "'")
	fx.clock.advance(time.Hour)
	fx.one(fx.Delete(fx.s, []sobject.ID{a}, engine.WriteOptions{}))
	if got := fx.values("SELECT Id FROM Contact") + fx.values("SELECT Id FROM Thing__c"); got != "" {
		t.Errorf("children are left: %s", got)
	}
	if got := fx.values("SELECT ParentId, LastModifiedDate, SystemModstamp FROM Account"); got != ","+stamp+",2024-03-15T12:30:00.000Z" {
		t.Errorf("a cleared lookup: %s", got)
	}
	if got := fx.values("SELECT ContactId FROM Case"); got != "" {
		t.Errorf("the case still points to %s", got)
	}
	all, err := fx.QueryText(fx.s, "SELECT Id, IsDeleted FROM Contact", engine.QueryOptions{All: true})
	if err != nil || rowsOf(all) != string(c)+",true" {
		t.Errorf("queryAll: %v %v", rowsOf(all), err)
	}
	if _, err := fx.Get(fx.s, "Account", a, nil); err == nil || err.Error() != "ENTITY_IS_DELETED: entity is deleted" {
		t.Errorf("get: %v", err)
	}
	fx.clock.advance(time.Hour)
	fx.one(fx.Undelete(fx.s, []sobject.ID{a}, engine.WriteOptions{}))
	if got := fx.values("SELECT Id, Friend__c FROM Thing__c"); got != string(thing)+","+string(c) {
		t.Errorf("undeleted children: %s", got)
	}
	if got := fx.values("SELECT ContactId FROM Case") + fx.values("SELECT ParentId FROM Account WHERE Name = 'Sub'"); got != string(c)+string(a) {
		t.Errorf("restored references: %s", got)
	}
	fx.one(fx.HardDelete(fx.s, []sobject.ID{a}, engine.WriteOptions{}))
	all, _ = fx.QueryText(fx.s, "SELECT Id FROM Contact", engine.QueryOptions{All: true})
	if all.Len() != 0 {
		t.Errorf("hard deleted children are there: %s", rowsOf(all))
	}
	for i, want := range []string{"INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID", "ENTITY_IS_DELETED"} {
		fx.one(fx.Delete(fx.s, []sobject.ID{fx.add("Account", "Name", "x")}, engine.WriteOptions{}))
		last := fx.add("Account", "Name", "y")
		fx.one(fx.Delete(fx.s, []sobject.ID{last}, engine.WriteOptions{}))
		out, _ := fx.Delete(fx.s, []sobject.ID{[]sobject.ID{a, "rubbish", last}[i]}, engine.WriteOptions{})
		if out[0].Errors[0].Code != want || out[0].Errors[0].Status != 404 {
			t.Errorf("%s: %+v", want, out)
		}
	}
}

func TestMerge(t *testing.T) {
	fx := newOrg(t)
	win, lose := fx.add("Account", "Name", "Win"), fx.add("Account", "Name", "Lose", "Code__c", "k")
	c := fx.add("Contact", "LastName", "C", "AccountId", string(lose))
	ticket := fx.add("Case", "Subject", "S", "AccountId", string(lose))
	fx.clock.advance(time.Hour)
	out, err := fx.Merge(fx.s, "Account", win, []sobject.ID{lose}, rec("Account", "Phone", "1"))
	if err != nil || !out.Success {
		t.Fatal(out, err)
	}
	if got := fx.values("SELECT AccountId FROM Contact WHERE Id='"+string(c)+"'") + fx.values("SELECT AccountId FROM Case WHERE Id='"+string(ticket)+"'"); got != string(win+win) {
		t.Errorf("children: %s", got)
	}
	all, _ := fx.QueryText(fx.s, "SELECT Id, MasterRecordId, SystemModstamp FROM Account WHERE IsDeleted = TRUE", engine.QueryOptions{All: true})
	if got := rowsOf(all); got != string(lose)+","+string(win)+",2024-03-15T11:30:00.000Z" {
		t.Errorf("the loser: %s", got)
	}
	if got := fx.values("SELECT Name, Phone, LastModifiedDate FROM Account"); got != "Win,1,2024-03-15T11:30:00.000Z" {
		t.Errorf("the winner: %s", got)
	}
	gone, _, _, err := fx.Deleted(fx.s, "Account", fx.Now().Add(-time.Hour), fx.Now().Add(time.Minute))
	if err != nil || len(gone) != 1 || gone[0].ID != lose {
		t.Errorf("deleted: %v %v", gone, err)
	}
	bad, _ := fx.Merge(fx.s, "Account", win, []sobject.ID{win}, sobject.NewRecord("Account"))
	if bad.Success {
		t.Error("a record was merged with itself")
	}
	if out, _ := fx.Merge(fx.s, "Opportunity", win, []sobject.ID{lose}, sobject.NewRecord("Opportunity")); out.Success {
		t.Error("opportunities were merged")
	}
}

// Updated and Deleted cover [start, end] in whole minutes.
func TestReplication(t *testing.T) {
	fx := newOrg(t)
	start := fx.Now()
	a := fx.add("Account", "Name", "A")
	fx.clock.advance(2 * time.Hour)
	b := fx.add("Account", "Name", "B")
	ids, latest, err := fx.Updated(fx.s, "Account", start.Add(time.Hour), fx.Now().Add(time.Hour))
	if err != nil || len(ids) != 1 || ids[0] != b || !latest.Equal(fx.Now()) {
		t.Errorf("%v %v %v", ids, latest, err)
	}
	fx.set(a, "Account", "Phone", "1")
	if ids, _, _ = fx.Updated(fx.s, "Account", start.Add(time.Hour), fx.Now().Add(time.Hour)); len(ids) != 2 {
		t.Errorf("after an update: %v", ids)
	}
	fx.one(fx.Delete(fx.s, []sobject.ID{a}, engine.WriteOptions{}))
	gone, earliest, _, err := fx.Deleted(fx.s, "Account", start, fx.Now().Add(time.Minute))
	if err != nil || len(gone) != 1 || gone[0].ID != a || !gone[0].Date.Equal(fx.Now()) || !earliest.Before(start) {
		t.Errorf("%v %v %v", gone, earliest, err)
	}
	fx.one(fx.Undelete(fx.s, []sobject.ID{a}, engine.WriteOptions{}))
	if gone, _, _, _ = fx.Deleted(fx.s, "Account", start, fx.Now().Add(time.Minute)); len(gone) != 0 {
		t.Errorf("undeleted, yet %v", gone)
	}
	for name, w := range map[string][2]time.Time{
		"empty":   {fx.Now(), fx.Now()},
		"too old": {fx.Now().AddDate(0, 0, -31), fx.Now()},
		"swapped": {fx.Now(), start},
	} {
		if _, _, err := fx.Updated(fx.s, "Account", w[0], w[1]); err == nil || err.(*engine.Error).Code != "INVALID_REPLICATION_DATE" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A change is stamped when it is made and seen only after the delay.
func TestVisibilityDelay(t *testing.T) {
	fx := newOrg(t, func(c *engine.Config) { c.VisibilityDelay = 5 * time.Minute })
	fx.clock.advance(time.Hour)
	a := fx.add("Account", "Name", "Old", "Code__c", "k")
	stamp := fx.Now().Format("2006-01-02T15:04:05.000Z")
	if got := fx.values("SELECT Id FROM Account"); got != "" {
		t.Fatalf("seen at once: %s", got)
	}
	fx.clock.advance(5 * time.Minute)
	if got := fx.values("SELECT Name, SystemModstamp FROM Account WHERE Code__c = 'k'"); got != "Old,"+stamp {
		t.Fatalf("after the delay: %s", got)
	}
	fx.set(a, "Account", "Name", "New", "Code__c", "moved")
	for _, q := range []string{"SELECT Name FROM Account", "SELECT Name FROM Account WHERE Code__c = 'k'", "SELECT Name FROM Account WHERE Id = '" + string(a) + "'",
		"SELECT Name FROM Account WHERE SystemModstamp <= " + stamp} {
		if got := fx.values(q); got != "Old" {
			t.Errorf("before it is visible: %s: %q", q, got)
		}
	}
	if got := fx.values("SELECT Name FROM Account WHERE Code__c = 'moved'"); got != "" {
		t.Errorf("seen too early: %s", got)
	}
	fx.clock.advance(5 * time.Minute)
	if got := fx.values("SELECT Name FROM Account WHERE Code__c = 'moved'"); got != "New" {
		t.Errorf("after the delay: %q", got)
	}
	fx.one(fx.Delete(fx.s, []sobject.ID{a}, engine.WriteOptions{}))
	if got := fx.values("SELECT Name FROM Account"); got != "New" {
		t.Errorf("a delete is seen at once: %q", got)
	}
	fx.clock.advance(5 * time.Minute)
	if got := fx.values("SELECT Name FROM Account"); got != "" {
		t.Errorf("the delete is not seen: %q", got)
	}
}

// Formulas and roll-ups change without moving SystemModstamp.
func TestComputedFields(t *testing.T) {
	fx := newOrg(t)
	a := fx.add("Account", "Name", "Acme")
	before := fx.values("SELECT SystemModstamp FROM Account")
	fx.clock.advance(time.Hour)
	fx.add("Opportunity", "Name", "1", "CloseDate", "2024-01-01", "Amount", "10.50", "AccountId", string(a))
	fx.add("Opportunity", "Name", "2", "CloseDate", "2024-01-01", "Amount", "5", "AccountId", string(a))
	if got := fx.values("SELECT Loud__c, Total__c, Count__c, SystemModstamp FROM Account WHERE Total__c > 15 ORDER BY Total__c"); got != "ACME,15.5,2.0,"+before {
		t.Errorf("got %s", got)
	}
}

// A result keeps the rows of its moment.
func TestResultIsStable(t *testing.T) {
	fx := newOrg(t)
	a, b := fx.add("Account", "Name", "A"), fx.add("Account", "Name", "B")
	r := fx.query("SELECT Name FROM Account ORDER BY Name")
	fx.set(a, "Account", "Name", "Z")
	fx.one(fx.Delete(fx.s, []sobject.ID{b}, engine.WriteOptions{}))
	fx.one(fx.HardDelete(fx.s, []sobject.ID{b}, engine.WriteOptions{}))
	if got := rowsOf(r); got != "A|B" {
		t.Errorf("a result changed to %s", got)
	}
}

// Fields come and go while there are records.
func TestSchemaChanges(t *testing.T) {
	fx := newOrg(t)
	fx.add("Account", "Name", "A", "Phone", "1")
	if err := fx.AddField("Account", field("Flag__c", sobject.TypeBoolean)); err != nil {
		t.Fatal(err)
	}
	if got := fx.values("SELECT Flag__c FROM Account"); got != "false" {
		t.Errorf("a new checkbox is %q", got)
	}
	if err := fx.RemoveField("Account", "phone"); err != nil {
		t.Fatal(err)
	}
	if _, err := fx.QueryText(fx.s, "SELECT Phone FROM Account", engine.QueryOptions{}); err == nil {
		t.Error("a removed field is selected")
	}
	for name, err := range map[string]error{
		"twice":       fx.AddField("Account", textField("name")),
		"no object":   fx.AddField("Nope", textField("x")),
		"no target":   fx.AddField("Account", field("X__c", sobject.TypeReference)),
		"system":      fx.RemoveField("Account", "Id"),
		"same object": fx.DefineObject(engine.Object{Name: "ACCOUNT"}),
		"same prefix": fx.DefineObject(engine.Object{Name: "Other__c", KeyPrefix: "001"}),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
