package salesforcetest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// An account with a last name is a person, with a contact of its own that says
// the same as the account, whichever of them is written.
func TestPersonAccounts(t *testing.T) {
	c := start(t, salesforcetest.Config{PersonAccounts: true})
	org := c.s.Org()
	org.AddField("Contact", salesforcetest.Field{Name: "Shoe__c", Type: sobject.TypeString, Length: 10})
	id := c.create("Account", `{"FirstName":"Pat","LastName":"Person","PersonEmail":"pat@example.com","PersonMailingCity":"Bern","PersonHasOptedOutOfEmail":true,"Phone":"1","Shoe__pc":"42"}`)
	got := c.first("SELECT Name, IsPersonAccount, PersonContactId, RecordType.IsPersonType, RecordType.DeveloperName, PersonMailingAddress, PersonContact.Name FROM Account WHERE IsPersonAccount = true")
	if got["Name"] != "Pat Person" || got["IsPersonAccount"] != true || fmt.Sprint(got["RecordType"].(map[string]any)["DeveloperName"]) != "PersonAccount" ||
		got["PersonMailingAddress"].(map[string]any)["city"] != "Bern" || got["PersonContact"].(map[string]any)["Name"] != "Pat Person" {
		t.Errorf("%v", got)
	}
	twin := got["PersonContactId"].(string)
	contact := func() map[string]any {
		t.Helper()
		return c.first("SELECT Id, AccountId, FirstName, LastName, Email, MailingCity, HasOptedOutOfEmail, Phone, Shoe__c, IsPersonAccount, SystemModstamp, Account.SystemModstamp FROM Contact")
	}
	k := contact()
	if k["Id"] != twin || k["AccountId"] != id || k["LastName"] != "Person" || k["Email"] != "pat@example.com" || k["MailingCity"] != "Bern" || k["HasOptedOutOfEmail"] != true ||
		k["Phone"] != "1" || k["Shoe__c"] != "42" || k["IsPersonAccount"] != true {
		t.Errorf("%v", k)
	}
	c.send("PATCH", "sobjects/Account/"+id, `{"LastName":"Parsons","PersonEmail":null}`).want(204)
	if k = contact(); k["LastName"] != "Parsons" || k["Email"] != nil || k["SystemModstamp"] != k["Account"].(map[string]any)["SystemModstamp"] {
		t.Errorf("%v", k)
	}
	c.send("PATCH", "sobjects/Contact/"+twin, `{"FirstName":"Robin","Shoe__c":"43"}`).want(204)
	if got = c.first("SELECT Name, Shoe__pc FROM Account"); got["Name"] != "Robin Parsons" || got["Shoe__pc"] != "43" {
		t.Errorf("%v", got)
	}

	for _, tt := range []struct{ request, body, want string }{
		{"PATCH sobjects/Account/" + id, `{"Name":"Other"}`, "Account: bad field names on insert/update call: Name"},
		{"POST sobjects/Account", `{"Name":"Firm","PersonEmail":"a@example.com"}`, "Account: bad field names on insert/update call: PersonEmail"},
		{"POST sobjects/Account", `{"Name":"Both","LastName":"x"}`, "bad field names on insert/update call: Name"},
		{"PATCH sobjects/Account/" + id, `{"LastName":null}`, "Required fields are missing: [LastName]"},
		{"POST sobjects/Contact", `{"LastName":"x","AccountId":"` + id + `"}`, "FIELD_INTEGRITY_EXCEPTION"},
		{"PATCH sobjects/Contact/" + twin, `{"AccountId":null}`, "FIELD_INTEGRITY_EXCEPTION"},
		{"DELETE sobjects/Contact/" + twin, ``, "INSUFFICIENT_ACCESS_OR_READONLY"},
		{"PATCH sobjects/Account/" + id, `{"IsPersonAccount":false}`, "Unable to create/update fields: IsPersonAccount"},
	} {
		method, path, _ := strings.Cut(tt.request, " ")
		if r := c.send(method, path, tt.body); r.status != 400 || !strings.Contains(r.body, tt.want) {
			t.Errorf("%s %s: %d %s", tt.request, tt.body, r.status, r.body)
		}
	}
	// Contacts have record types of their own.
	household := must(org.AddRecordType("Contact", salesforcetest.RecordType{DeveloperName: "Household", Default: true}))
	other := c.create("Contact", `{"LastName":"Other"}`)
	if got = c.first("SELECT RecordTypeId FROM Contact WHERE Id = '" + other + "'"); got["RecordTypeId"] != string(household) {
		t.Errorf("%v", got)
	}
	c.send("DELETE", "sobjects/Contact/"+other, "").want(204)
	// Firms are as ever.
	firm := c.create("Account", `{"Name":"Firm"}`)
	if got = c.first("SELECT IsPersonAccount, PersonContactId, LastName FROM Account WHERE Id = '" + firm + "'"); got["IsPersonAccount"] != false || got["PersonContactId"] != nil || got["LastName"] != nil {
		t.Errorf("%v", got)
	}
	// Both go to the bin, and come back, together.
	c.send("DELETE", "sobjects/Account/"+id, "").want(204)
	if n := must(org.Count("SELECT COUNT() FROM Contact")); n != 0 {
		t.Errorf("%d contacts are left", n)
	}
	org.Undelete(sobject.ID(id))
	if k = contact(); k["Id"] != twin {
		t.Errorf("%v", k)
	}
	// Permissions of the contact's field are the account's.
	org.HideField("Standard User", "Contact", "Email")
	if r := c.newRep().send("GET", "query?q=SELECT+PersonEmail+FROM+Account", ""); r.status != 400 || r.code() != "INVALID_FIELD" {
		t.Errorf("%d %s", r.status, r.body)
	}
}

// A business account becomes a person with its only contact, and back again.
func TestPersonAccountsAreConverted(t *testing.T) {
	c := start(t, salesforcetest.Config{PersonAccounts: true})
	kind := func(name string) string {
		return c.first("SELECT Id FROM RecordType WHERE DeveloperName = '" + name + "'")["Id"].(string)
	}
	person, business := kind("PersonAccount"), kind("Business_Account")
	firm := c.create("Account", `{"Name":"Firm"}`)
	contact := c.create("Contact", `{"LastName":"Owner","Email":"o@example.com","AccountId":"`+firm+`"}`)
	c.send("PATCH", "sobjects/Account/"+firm, `{"RecordTypeId":"`+person+`","Phone":"1"}`).want(400)
	c.send("PATCH", "sobjects/Account/"+firm, `{"RecordTypeId":"`+person+`"}`).want(204)
	if got := c.first("SELECT Name, IsPersonAccount, PersonContactId, PersonEmail FROM Account"); got["Name"] != "Owner" || got["IsPersonAccount"] != true || got["PersonContactId"] != contact || got["PersonEmail"] != "o@example.com" {
		t.Errorf("%v", got)
	}
	if got := c.first("SELECT IsPersonAccount FROM Contact"); got["IsPersonAccount"] != true {
		t.Errorf("%v", got)
	}
	c.send("PATCH", "sobjects/Account/"+firm, `{"RecordTypeId":"`+business+`"}`).want(204)
	if got := c.first("SELECT IsPersonAccount, PersonContactId, PersonEmail, LastName FROM Account"); got["IsPersonAccount"] != false || got["PersonContactId"] != nil || got["PersonEmail"] != nil || got["LastName"] != nil {
		t.Errorf("%v", got)
	}
	if got := c.first("SELECT IsPersonAccount, Email, AccountId FROM Contact"); got["IsPersonAccount"] != false || got["Email"] != "o@example.com" || got["AccountId"] != firm {
		t.Errorf("%v", got)
	}
	c.create("Contact", `{"LastName":"Second","AccountId":"`+firm+`"}`)
	c.send("PATCH", "sobjects/Account/"+firm, `{"RecordTypeId":"`+person+`"}`).want(400)
}

// Merging persons merges their contacts; a lead without a company becomes a
// person.
func TestPersonAccountsMergeAndComeFromLeads(t *testing.T) {
	c := start(t, salesforcetest.Config{PersonAccounts: true})
	org := c.s.Org()
	a, b := c.create("Account", `{"LastName":"A"}`), c.create("Account", `{"LastName":"B"}`)
	twins := map[string]string{}
	for _, r := range c.query("SELECT Id, AccountId FROM Contact")["records"].([]any) {
		m := r.(map[string]any)
		twins[m["AccountId"].(string)] = m["Id"].(string)
	}
	task := c.create("Task", `{"Subject":"Call","WhoId":"`+twins[b]+`"}`)
	org.Merge(sobject.ID(a), sobject.ID(b))
	if got := c.first("SELECT WhoId FROM Task WHERE Id = '" + task + "'"); got["WhoId"] != twins[a] {
		t.Errorf("%v", got)
	}
	if n := must(org.Count("SELECT COUNT() FROM Contact")); n != 1 {
		t.Errorf("%d contacts are left", n)
	}
	if got := must(org.QueryAll("SELECT MasterRecordId FROM Contact WHERE IsDeleted = true")); len(got) != 1 || must(got[0].Ref("MasterRecordId")) != sobject.ID(twins[a]) {
		t.Errorf("%v", got)
	}
	lead := c.create("Lead", `{"FirstName":"Lea","LastName":"Lead","Email":"l@example.com","City":"Graz","Phone":"7"}`)
	made := must(org.ConvertLead(sobject.ID(lead), "Deal"))
	got := c.first("SELECT Name, IsPersonAccount, PersonContactId, PersonEmail, PersonMailingCity, Phone FROM Account WHERE Id = '" + string(made.Account) + "'")
	if got["Name"] != "Lea Lead" || got["IsPersonAccount"] != true || got["PersonContactId"] != string(made.Contact) || got["PersonEmail"] != "l@example.com" || got["PersonMailingCity"] != "Graz" || got["Phone"] != "7" {
		t.Errorf("%v", got)
	}
}

// Without the feature nothing of it is there, and a seed may load persons with
// it.
func TestPersonAccountsAreOptional(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	for _, object := range []string{"Account", "Contact", "RecordType"} {
		if body := c.send("GET", "sobjects/"+object+"/describe", "").want(200).body; strings.Contains(body, "IsPerson") {
			t.Errorf("%s tells of persons", object)
		}
	}
	c.send("POST", "sobjects/Account", `{"LastName":"x"}`).want(400)
	c.send("POST", "sobjects/Lead", `{"LastName":"x"}`).want(400)

	c = start(t, salesforcetest.Config{PersonAccounts: true, Seed: salesforcetest.Demo(salesforcetest.DemoConfig{Accounts: 20})})
	org := c.s.Org()
	org.Load("Account", sobject.NewRecord("Account", sobject.F("LastName", sobject.TextValue("Old")), sobject.F("SystemModstamp", sobject.TextValue("2020-01-02T03:04:05.000Z"))))
	if got := c.first("SELECT IsPersonAccount, Name, PersonContact.LastName FROM Account WHERE LastName = 'Old'"); got["Name"] != "Old" || got["IsPersonAccount"] != true || got["PersonContact"].(map[string]any)["LastName"] != "Old" {
		t.Errorf("%v", got)
	}
	job := c.send("POST", "jobs/ingest", `{"object":"Account","operation":"insert"}`).want(200).object()["id"].(string)
	c.send("PUT", "jobs/ingest/"+job+"/batches", "LastName,PersonEmail\nBulk,b@example.com\n", "Content-Type: text/csv").want(201)
	c.send("PATCH", "jobs/ingest/"+job, `{"state":"UploadComplete"}`).want(200)
	c.send("GET", "jobs/ingest/"+job+"/successfulResults", "").want(200)
	if n := must(org.Count("SELECT COUNT() FROM Contact WHERE IsPersonAccount = true AND Email = 'b@example.com'")); n != 1 {
		t.Errorf("%d contacts of the loaded person", n)
	}
	var d struct {
		RecordTypeInfos []map[string]any `json:"recordTypeInfos"`
		Fields          []map[string]any `json:"fields"`
	}
	c.send("GET", "sobjects/Account/describe", "").want(200).decode(&d)
	if len(d.RecordTypeInfos) != 3 {
		t.Errorf("%v", d.RecordTypeInfos)
	}
	for _, f := range d.Fields {
		switch f["name"] {
		case "IsPersonAccount", "PersonContactId":
			if f["createable"] != false || f["updateable"] != false {
				t.Errorf("%v", f)
			}
		case "PersonEmail":
			if f["createable"] != true || f["type"] != "email" || f["label"] != "Email" {
				t.Errorf("%v", f)
			}
		case "Product_User__pc":
			if f["custom"] != true {
				t.Errorf("%v", f)
			}
		}
	}
}

// newRep makes a user with the profile Standard User.
func (c *caller) newRep() *caller {
	c.t.Helper()
	profile := c.first("SELECT Id FROM Profile WHERE Name = 'Standard User'")["Id"].(string)
	c.create("User", `{"Username":"rep@persons.example","LastName":"Rep","Alias":"rep","CommunityNickname":"rep","Email":"rep@persons.example","ProfileId":"`+profile+`",
		"TimeZoneSidKey":"GMT","LocaleSidKey":"en_US","EmailEncodingKey":"UTF-8","LanguageLocaleKey":"en_US","IsActive":true}`)
	return &caller{t: c.t, s: c.s, token: c.s.Token("rep@persons.example"), http: c.http}
}
