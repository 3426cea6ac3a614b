package salesforcetest_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// first returns the first row of a query.
func (c *caller) first(soql string) map[string]any {
	c.t.Helper()
	rows, _ := c.query(soql)["records"].([]any)
	if len(rows) == 0 {
		c.t.Fatalf("no rows: %s", soql)
	}
	return rows[0].(map[string]any)
}

func TestTriggers(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	org := c.s.Org()
	var seen []string
	org.AddTrigger("Account", salesforcetest.Trigger{Name: "Guard",
		Before: func(d *salesforcetest.Draft) error {
			if d.Text("Name") == "Forbidden" {
				return errors.New("no such company")
			}
			if d.Old != nil && d.Changed("Name") {
				d.Set("Description", "was "+d.Old.Text("Name"))
			}
			return nil
		},
		After: func(ch *salesforcetest.Change) error {
			seen = append(seen, fmt.Sprint(ch.Op, " ", ch.Text("Name")))
			if ch.Op != salesforcetest.Insert {
				return nil
			}
			if ch.Text("Name") == "Half" {
				if _, err := ch.Create("Task", salesforcetest.Fields{"Subject": "Call", "WhatId": ch.ID()}); err != nil {
					return err
				}
				return errors.New("not this one")
			}
			_, err := ch.Create("Contact", salesforcetest.Fields{"LastName": "Of " + ch.Text("Name"), "AccountId": ch.ID()})
			return err
		}})
	c.send("POST", "sobjects/Account", `{"Name":"Forbidden"}`).is(400, `[{"message":"no such company","errorCode":"FIELD_CUSTOM_VALIDATION_EXCEPTION","fields":[]}]`)
	c.send("POST", "sobjects/Account", `{"Name":"Half"}`).want(400)
	if n := must(org.Count("SELECT COUNT() FROM Task")) + must(org.Count("SELECT COUNT() FROM Account")); n != 0 {
		t.Errorf("%d records outlived the refused one", n)
	}
	id := c.create("Account", `{"Name":"A"}`)
	c.send("PATCH", "sobjects/Account/"+id, `{"Name":"B"}`).want(204)
	if got := c.first("SELECT Description, (SELECT LastName, SystemModstamp FROM Contacts) FROM Account"); got["Description"] != "was A" || !strings.Contains(fmt.Sprint(got["Contacts"]), "Of A") {
		t.Errorf("%v", got)
	}
	c.send("DELETE", "sobjects/Account/"+id, "").want(204)
	org.Undelete(sobject.ID(id))
	if got := strings.Join(seen, ", "); got != "insert Half, insert A, update B, delete B, undelete B" {
		t.Errorf("triggers saw %s", got)
	}
	// Triggers that run each other without end are stopped.
	org.AddTrigger("Lead", salesforcetest.Trigger{After: func(ch *salesforcetest.Change) error {
		_, err := ch.Create("Lead", salesforcetest.Fields{"LastName": "x", "Company": "x"})
		return err
	}})
	if r := c.send("POST", "sobjects/Lead", `{"LastName":"x","Company":"x"}`).want(400); !strings.Contains(r.body, "Maximum trigger depth exceeded") {
		t.Error(r.body)
	}
}

func TestRecordTypes(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	org := c.s.Org()
	if strings.Contains(c.send("GET", "sobjects/Account/describe", "").body, "RecordTypeId") {
		t.Error("an object without record types has RecordTypeId")
	}
	org.AddField("Account", salesforcetest.Field{Name: "Tier__c", Type: sobject.TypePicklist, Picklist: []string{"Gold", "Silver"}, Restricted: true})
	home := must(org.AddRecordType("Account", salesforcetest.RecordType{DeveloperName: "Household", Default: true, Picklists: map[string][]string{"Tier__c": {"Silver"}}}))
	firm := must(org.AddRecordType("Account", salesforcetest.RecordType{DeveloperName: "Firm", Name: "A Firm"}))
	var d struct {
		RecordTypeInfos []struct {
			RecordTypeID, Name, DeveloperName string
			Master, DefaultRecordTypeMapping  bool
		}
	}
	c.send("GET", "sobjects/Account/describe", "").want(200).decode(&d)
	if got := fmt.Sprint(d.RecordTypeInfos); got != fmt.Sprintf("[{%s Household Household false true} {%s A Firm Firm false false} {012000000000000AAA Master Master true false}]", home, firm) {
		t.Error(got)
	}
	id := c.create("Account", `{"Name":"A","Tier__c":"Silver"}`)
	if got := c.first("SELECT RecordTypeId, RecordType.DeveloperName FROM Account"); got["RecordTypeId"] != string(home) {
		t.Errorf("%v", got)
	}
	c.send("PATCH", "sobjects/Account/"+id, `{"Tier__c":"Gold"}`).is(400, `[{"message":"Tier: bad value for restricted picklist field: Gold","errorCode":"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST","fields":["Tier__c"]}]`)
	c.send("PATCH", "sobjects/Account/"+id, `{"Tier__c":"Gold","RecordTypeId":"`+string(firm)+`"}`).want(204)
	org.System().Update(home, salesforcetest.Fields{"IsActive": false})
	if r := c.send("PATCH", "sobjects/Account/"+id, `{"RecordTypeId":"`+string(home)+`"}`).want(400); r.code() != "INVALID_CROSS_REFERENCE_KEY" {
		t.Error(r.body)
	}
	// A record type created through the API counts as well.
	c.send("POST", "sobjects/RecordType", `{"Name":"New","DeveloperName":"New","SobjectType":"Contact","IsActive":true}`).want(201)
	if !strings.Contains(c.send("GET", "sobjects/Contact/describe", "").body, `"developerName":"New"`) {
		t.Error("the describe does not tell of the new record type")
	}
}

func TestRollupsDoNotMoveTheParent(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	org := c.s.Org()
	org.DefineObject(salesforcetest.Object{Name: "Line__c", Fields: []salesforcetest.Field{
		{Name: "Account__c", Type: sobject.TypeReference, ReferenceTo: []string{"Account"}, MasterDetail: true, ChildRelationship: "Lines"},
		{Name: "Amount__c", Type: sobject.TypeCurrency, Scale: 2}}})
	org.AddField("Account", salesforcetest.Field{Name: "Total__c", Type: sobject.TypeCurrency, Scale: 2, Rollup: &salesforcetest.Rollup{
		Child: "Line__c", Lookup: "Account__c", Func: "SUM", Of: "Amount__c", Where: func(r salesforcetest.Row) bool { return r.Text("Name") != "skip" }}})
	id := c.create("Account", `{"Name":"A"}`)
	before := c.first("SELECT SystemModstamp, Total__c FROM Account")
	org.Advance(1e10)
	for _, line := range []string{`"Name":"a","Amount__c":10.5`, `"Name":"b","Amount__c":2`, `"Name":"skip","Amount__c":100`} {
		c.create("Line__c", `{"Account__c":"`+id+`",`+line+`}`)
	}
	got := c.first("SELECT SystemModstamp, Total__c FROM Account")
	if fmt.Sprint(got["Total__c"]) != "12.5" || got["SystemModstamp"] != before["SystemModstamp"] {
		t.Errorf("%v, before %v", got, before)
	}
	c.send("PATCH", "sobjects/Account/"+id, `{"Total__c":1}`).want(400)
	c.send("DELETE", "sobjects/Account/"+id, "").want(204)
	if n := must(org.Count("SELECT COUNT() FROM Line__c")); n != 0 {
		t.Errorf("%d details outlived their master", n)
	}
	org.Undelete(sobject.ID(id))
	if n := must(org.Count("SELECT COUNT() FROM Line__c")); n != 3 {
		t.Errorf("%d details came back", n)
	}
}

func TestCampaignMembers(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	org := c.s.Org()
	campaign := c.create("Campaign", `{"Name":"Spring"}`)
	if n := must(org.Count("SELECT COUNT() FROM CampaignMemberStatus WHERE CampaignId = '" + campaign + "'")); n != 2 {
		t.Errorf("a new campaign has %d member statuses", n)
	}
	c.send("POST", "sobjects/CampaignMemberStatus", `{"CampaignId":"`+campaign+`","Label":"Came","HasResponded":true,"SortOrder":3}`).want(201)
	lead := c.create("Lead", `{"LastName":"L","Company":"C"}`)
	other := c.create("Lead", `{"LastName":"M","Company":"C"}`)
	member := c.create("CampaignMember", `{"CampaignId":"`+campaign+`","LeadId":"`+lead+`","Status":"No such status"}`)
	c.send("POST", "sobjects/CampaignMember", `{"CampaignId":"`+campaign+`","LeadId":"`+lead+`"}`).is(400, `[{"message":"Already a campaign member.","errorCode":"DUPLICATE_VALUE","fields":[]}]`)
	if got := c.first("SELECT Status, HasResponded, LeadOrContactId FROM CampaignMember"); got["Status"] != "Sent" || got["HasResponded"] != false {
		t.Errorf("%v", got)
	}
	c.send("PATCH", "sobjects/CampaignMember/"+member, `{"Status":"came"}`).want(204)
	if got := c.first("SELECT Status, HasResponded FROM CampaignMember"); got["Status"] != "Came" || got["HasResponded"] != true {
		t.Errorf("%v", got)
	}
	if got := c.first("SELECT NumberOfLeads, NumberOfResponses, HierarchyNumberOfLeads FROM Campaign"); fmt.Sprintf("%v %v %v", got["NumberOfLeads"], got["NumberOfResponses"], got["HierarchyNumberOfLeads"]) != "1 1 1" {
		t.Errorf("%v", got)
	}
	// Merging two members of one campaign leaves one.
	c.create("CampaignMember", `{"CampaignId":"`+campaign+`","LeadId":"`+other+`"}`)
	org.Merge(sobject.ID(lead), sobject.ID(other))
	if n := must(org.Count("SELECT COUNT() FROM CampaignMember")); n != 1 {
		t.Errorf("%d members after a merge", n)
	}
}

func TestFilesAndNotes(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	account := c.create("Account", `{"Name":"A"}`)
	data := base64.StdEncoding.EncodeToString([]byte("hello"))
	v1 := c.create("ContentVersion", `{"PathOnClient":"dir/Offer.txt","VersionData":"`+data+`","FirstPublishLocationId":"`+account+`"}`)
	got := c.first("SELECT Title, ContentSize, FileType, FileExtension, VersionNumber, IsLatest, ContentDocumentId, Checksum FROM ContentVersion")
	if got["Title"] != "Offer" || fmt.Sprint(got["ContentSize"]) != "5" || got["FileType"] != "TEXT" || got["VersionNumber"] != "1" || got["Checksum"] != "5d41402abc4b2a76b9719d911017c592" {
		t.Errorf("%v", got)
	}
	document := got["ContentDocumentId"].(string)
	v2 := c.create("ContentVersion", `{"PathOnClient":"Offer.txt","VersionData":"`+data+`","ContentDocumentId":"`+document+`"}`)
	doc := c.first("SELECT LatestPublishedVersionId, (SELECT LinkedEntityId FROM ContentDocumentLinks) FROM ContentDocument")
	if doc["LatestPublishedVersionId"] != v2 || !strings.Contains(fmt.Sprint(doc["ContentDocumentLinks"]), account) {
		t.Errorf("%v", doc)
	}
	if got := c.first("SELECT IsLatest FROM ContentVersion WHERE Id = '" + v1 + "'"); got["IsLatest"] != false {
		t.Errorf("%v", got)
	}
	if n := must(c.s.Org().Count("SELECT COUNT() FROM ContentDocumentLink WHERE LinkedEntityId = '" + account + "'")); n != 1 {
		t.Errorf("%d links", n)
	}
	c.send("POST", "sobjects/ContentVersion", `{"PathOnClient":"a.txt"}`).want(400)
	c.create("Note", `{"ParentId":"`+account+`","Title":"T","Body":"B"}`)
	c.create("Attachment", `{"ParentId":"`+account+`","Name":"f.txt","Body":"`+data+`"}`)
	c.send("DELETE", "sobjects/Account/"+account, "").want(204)
	for _, object := range []string{"Note", "Attachment"} {
		if n := must(c.s.Org().Count("SELECT COUNT() FROM " + object)); n != 0 {
			t.Errorf("%s outlived its parent", object)
		}
	}
	if n := must(c.s.Org().Count("SELECT COUNT() FROM ContentDocument")); n != 1 {
		t.Error("a file went with a record that it was linked to")
	}
}

func TestValueObjectsAndHistory(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	if got := c.first("SELECT IsClosed, IsWon, DefaultProbability FROM OpportunityStage WHERE MasterLabel = 'Closed Won'"); got["IsWon"] != true || fmt.Sprint(got["DefaultProbability"]) != "100.0" {
		t.Errorf("%v", got)
	}
	for object, want := range map[string]int{"OpportunityStage": 10, "LeadStatus": 4, "CaseStatus": 4, "TaskStatus": 5, "TaskPriority": 3, "ContractStatus": 3} {
		if n := must(c.s.Org().Count("SELECT COUNT() FROM " + object)); n != want {
			t.Errorf("%d rows of %s", n, object)
		}
		c.send("POST", "sobjects/"+object, `{"MasterLabel":"x"}`).want(400)
	}
	id := c.create("Opportunity", `{"Name":"O","StageName":"Prospecting","CloseDate":"2030-01-01","Amount":10}`)
	c.send("PATCH", "sobjects/Opportunity/"+id, `{"StageName":"Closed Won"}`).want(204)
	c.send("PATCH", "sobjects/Opportunity/"+id, `{"NextStep":"none"}`).want(204)
	if n := must(c.s.Org().Count("SELECT COUNT() FROM OpportunityHistory WHERE OpportunityId = '" + id + "'")); n != 2 {
		t.Errorf("%d lines of history", n)
	}
	task := c.create("Task", `{"WhatId":"`+id+`","ActivityDate":"2020-01-01"}`)
	if got := c.first("SELECT HasOpenActivity, HasOverdueTask, LastActivityDate FROM Opportunity"); fmt.Sprintf("%v %v %v", got["HasOpenActivity"], got["HasOverdueTask"], got["LastActivityDate"]) != "true true <nil>" {
		t.Errorf("%v", got)
	}
	c.send("PATCH", "sobjects/Task/"+task, `{"Status":"Completed"}`).want(204)
	if got := c.first("SELECT HasOpenActivity, LastActivityDate FROM Opportunity"); got["LastActivityDate"] != "2020-01-01" || got["HasOpenActivity"] != false {
		t.Errorf("%v", got)
	}
}
