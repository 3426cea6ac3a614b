package salesforcetest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// A record that is not shared is not found, is written with the refusal that
// the org is set to, and becomes visible.
func TestHiddenRecords(t *testing.T) {
	for code, status := range map[string]int{"": 404, "NOT_FOUND": 404, "INSUFFICIENT_ACCESS_OR_READONLY": 400} {
		c := start(t, salesforcetest.Config{HiddenWrites: code})
		if code == "" {
			code = "INVALID_CROSS_REFERENCE_KEY"
		}
		org := c.s.Org()
		id := c.create("Account", `{"Name":"Secret"}`)
		org.SetPrivate("Account", true)
		rep := c.newRep()
		rep.send("GET", "sobjects/Account/"+id, "").want(404)
		for _, method := range []string{"PATCH", "DELETE"} {
			if r := rep.send(method, "sobjects/Account/"+id, map[string]string{"PATCH": `{"Phone":"1"}`}[method]); r.status != status || r.code() != code {
				t.Errorf("%s: %d %s", method, r.status, r.body)
			}
		}
		if n := rep.query("SELECT Id FROM Account")["records"].([]any); len(n) != 0 {
			t.Errorf("the rep sees %v", n)
		}
		org.Share(sobject.ID(id), "rep@persons.example", true)
		rep.send("GET", "sobjects/Account/"+id, "").want(200)
		if n := rep.query("SELECT Id FROM Account")["records"].([]any); len(n) != 1 {
			t.Errorf("the rep sees %v after it was shared", n)
		}
	}
	if s, err := salesforcetest.Start(salesforcetest.Config{HiddenWrites: "NOPE"}); err == nil {
		s.Close()
		t.Error("NOPE is taken")
	}
}

// Activities of more than a year ago are archived: only queryAll finds them.
func TestArchivedActivities(t *testing.T) {
	c := start(t, salesforcetest.Config{ArchiveActivities: true})
	long, soon := time.Now().AddDate(0, 0, -400).Format(time.DateOnly), time.Now().Format(time.DateOnly)
	old := c.create("Task", `{"Subject":"old","Status":"Completed","ActivityDate":"`+long+`"}`)
	c.create("Task", `{"Subject":"old and open","ActivityDate":"`+long+`"}`)
	c.create("Task", `{"Subject":"new","Status":"Completed","ActivityDate":"`+soon+`"}`)
	c.create("Event", `{"Subject":"old","StartDateTime":"`+long+`T10:00:00Z","DurationInMinutes":30}`)
	count := func(resource, soql string) int {
		t.Helper()
		return len(c.send("GET", resource+"?q="+strings.ReplaceAll(soql, " ", "+"), "").want(200).object()["records"].([]any))
	}
	if live, all := count("query", "SELECT Id FROM Task"), count("queryAll", "SELECT Id FROM Task"); live != 2 || all != 3 {
		t.Errorf("%d live tasks, %d of all", live, all)
	}
	if live, all := count("query", "SELECT Id FROM Event WHERE SystemModstamp > 2020-01-01T00:00:00Z"), count("queryAll", "SELECT Id FROM Event"); live != 0 || all != 1 {
		t.Errorf("%d live events, %d of all", live, all)
	}
	if got := c.send("GET", "sobjects/Task/"+old+"?fields=IsArchived", "").want(200).object()["IsArchived"]; got != true {
		t.Errorf("IsArchived is %v", got)
	}
	c = start(t, salesforcetest.Config{})
	c.create("Task", `{"Subject":"old","Status":"Completed","ActivityDate":"`+long+`"}`)
	if n := count("query", "SELECT Id FROM Task WHERE IsArchived = false"); n != 1 {
		t.Errorf("%d tasks where nothing is archived", n)
	}
}

// Who asks, by Connect, and the app launcher.
func TestConnectUserAndAppMenu(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	me := c.send("GET", "chatter/users/me", "").want(200).object()
	if me["id"] != c.s.Ready().UserID || me["username"] != salesforcetest.AdminUsername || me["userType"] != "Internal" || me["isActive"] != true || me["type"] != "User" {
		t.Errorf("%v", me)
	}
	if items := c.send("GET", "appMenu/AppSwitcher/", "").want(200).object()["appMenuItems"].([]any); len(items) == 0 || items[0].(map[string]any)["label"] != "Sales" {
		t.Errorf("%v", items)
	}
	c.send("GET", "appMenu/Nope", "").want(404)
	if c.s.Unsupported() == nil {
		t.Error("an unknown menu is not listed")
	}
}

// The values of a dependent picklist tell what they are valid for, in bits.
func TestDependentPicklist(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	org := c.s.Org()
	org.AddField("Account", salesforcetest.Field{Name: "Land__c", Type: sobject.TypePicklist, Picklist: []string{"CH", "AT", "DE", "FR", "IT", "LI", "LU", "BE", "NL"}})
	org.AddField("Account", salesforcetest.Field{Name: "City__c", Type: sobject.TypePicklist, Picklist: []string{"Bern", "Graz", "Hague"}, Controller: "Land__c",
		ValidFor: map[string][]string{"Bern": {"CH"}, "Hague": {"NL", "AT"}}})
	var d struct {
		Fields []struct {
			Name, ControllerName string
			DependentPicklist    bool
			PicklistValues       []struct{ Value, ValidFor string }
		}
	}
	c.send("GET", "sobjects/Account/describe", "").want(200).decode(&d)
	for _, f := range d.Fields {
		if f.Name != "City__c" {
			continue
		}
		got := map[string]string{}
		for _, v := range f.PicklistValues {
			got[v.Value] = v.ValidFor
		}
		if !f.DependentPicklist || f.ControllerName != "Land__c" || got["Bern"] != "gAA=" || got["Graz"] != "AAA=" || got["Hague"] != "QIA=" {
			t.Errorf("%+v", f)
		}
		return
	}
	t.Error("no City__c")
}
