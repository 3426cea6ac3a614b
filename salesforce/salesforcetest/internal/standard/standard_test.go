package standard_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/salesforcetest/internal/standard"
	"github.com/orglink/orglink/salesforce/sobject"
)

func standardOrg(t *testing.T) *engine.Org {
	t.Helper()
	o, err := engine.New(engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := standard.Define(o, standard.Options{}); err != nil {
		t.Fatal(err)
	}
	return o
}

var seeding = engine.Session{System: true}

// describe returns an object's describe as a client decodes it.
func describe(t *testing.T, o *engine.Org, object string) sobject.Describe {
	t.Helper()
	d, err := o.Describe(seeding, object, engine.DescribeOptions{Base: "/services/data/v66.0"})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var out sobject.Describe
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// deliberate lists where a captured org differs from what is defined here.
var deliberate = map[string]string{
	"Account.Type.length":            "older describes say 40",
	"Account.Industry.length":        "older describes say 40",
	"Account.Ownership.length":       "older describes say 40",
	"Account.Rating.length":          "older describes say 40",
	"Account.AccountSource.length":   "older describes say 40",
	"Account.Name.compoundFieldName": "person accounts are off",
	"User.Signature.type":            "string in old orgs",
	"User.StayInTouchSignature.type": "string in old orgs",

	"Account.JigsawCompanyId.relationshipName":   "what it points to is not defined",
	"Contact.JigsawContactId.relationshipName":   "what it points to is not defined",
	"Lead.JigsawContactId.relationshipName":      "what it points to is not defined",
	"Opportunity.ContactId.relationshipName":     "null in real orgs",
	"Task.RecurrenceActivityId.relationshipName": "null in real orgs",
	"User.AccountId.relationshipName":            "null in old orgs",
	"User.DelegatedApproverId.relationshipName":  "null in old orgs",
	"User.Email.label":                           "E-mail in old orgs",
	"User.MobilePhone.label":                     "Cell in old orgs",
	"User.UserPermissionsInteractionUser.label":  "Force.com Flow User in old orgs",
}

// differs reports whether a difference is deliberate: the captured User is of
// 2015, without compound fields, and its permission flags are not defaulted.
func differs(object, field, key string) bool {
	return deliberate[object+"."+field+"."+key] != "" ||
		object == "User" && (key == "compoundFieldName" || key == "required" && strings.HasPrefix(field, "UserPermissions"))
}

// Fields that a captured describe of a real org has too must agree with it.
func TestStandardAgreesWithCaptures(t *testing.T) {
	dir := os.Getenv("ORGLINK_CAPTURES")
	if dir == "" {
		t.Skip("ORGLINK_CAPTURES is not set: no captured describes to compare with")
	}
	o := standardOrg(t)
	for object, file := range map[string]string{
		"Account": "Account.nango-v57.json", "Contact": "Contact.cumulusci.json", "Lead": "Lead.cumulusci.json",
		"Opportunity": "Opportunity.cumulusci.json", "Task": "Task.nango-v60.json", "User": "User.force-net-toolkit.json",
	} {
		t.Run(object, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(dir, "describe", file))
			if err != nil {
				t.Fatal(err)
			}
			want, ok := findDescribe(raw)
			if !ok {
				t.Fatalf("no describe in %s", file)
			}
			got := describe(t, o, object)
			if got.KeyPrefix != want.KeyPrefix || got.Label != want.Label || got.LabelPlural != want.LabelPlural {
				t.Errorf("%s: prefix %s, label %s/%s; captured %s, %s/%s", object, got.KeyPrefix, got.Label, got.LabelPlural, want.KeyPrefix, want.Label, want.LabelPlural)
			}
			compared := 0
			for _, f := range got.Fields {
				w, ok := want.Field(f.Name)
				if !ok {
					continue
				}
				compared++
				for key, pair := range map[string][2]any{
					"type": {f.Type, w.Type}, "length": {f.Length, w.Length}, "precision": {f.Precision, w.Precision}, "scale": {f.Scale, w.Scale}, "soapType": {f.SOAPType, w.SOAPType},
					"nillable": {f.Nillable, w.Nillable}, "createable": {f.Createable, w.Createable}, "updateable": {f.Updateable, w.Updateable},
					"nameField": {f.NameField, w.NameField}, "restrictedPicklist": {f.RestrictedPicklist, w.RestrictedPicklist}, "calculated": {f.Calculated, w.Calculated},
					"relationshipName": {f.RelationshipName, w.RelationshipName}, "filterable": {f.Filterable, w.Filterable}, "sortable": {f.Sortable, w.Sortable}, "groupable": {f.Groupable, w.Groupable},
					"label": {f.Label, w.Label}, "compoundFieldName": {f.CompoundFieldName, w.CompoundFieldName}, "required": {f.RequiredOnCreate(), w.RequiredOnCreate()}, "idLookup": {f.IDLookup, w.IDLookup},
				} {
					if pair[0] != pair[1] && !differs(object, f.Name, key) {
						t.Errorf("%s.%s.%s is %v, captured %v", object, f.Name, key, pair[0], pair[1])
					}
				}
			}
			for _, c := range got.ChildRelationships {
				for _, w := range want.ChildRelationships {
					if c.RelationshipName != "" && w.RelationshipName == c.RelationshipName && w.ChildSObject == c.ChildSObject && w.Field == c.Field && w.CascadeDelete != c.CascadeDelete {
						t.Errorf("%s.%s: cascadeDelete is %v, captured %v", object, c.RelationshipName, c.CascadeDelete, w.CascadeDelete)
					}
				}
			}
			if compared < 30 {
				t.Errorf("only %d fields of %s could be compared", compared, object)
			}
		})
	}
}

// findDescribe digs a describe out of a capture, whatever it is wrapped in.
func findDescribe(raw []byte) (sobject.Describe, bool) {
	var d sobject.Describe
	if json.Unmarshal(raw, &d) == nil && len(d.Fields) > 0 && d.Fields[0].SOAPType != "" {
		return d, true
	}
	var inner string
	if json.Unmarshal(raw, &inner) == nil {
		return findDescribe([]byte(inner))
	}
	var object map[string]json.RawMessage
	var list []json.RawMessage
	if json.Unmarshal(raw, &object) == nil {
		for _, v := range object {
			list = append(list, v)
		}
	} else if json.Unmarshal(raw, &list) != nil {
		return d, false
	}
	for _, v := range list {
		if d, ok := findDescribe(v); ok {
			return d, true
		}
	}
	return d, false
}

// The child relationship names that sub-queries use.
func TestStandardRelationships(t *testing.T) {
	o := standardOrg(t)
	want := map[string][]string{
		"Account":     {"ChildAccounts", "Contacts", "Opportunities", "Cases", "Contracts", "Tasks", "Events", "Users"},
		"Contact":     {"Cases", "CampaignMembers", "ContractsSigned", "Tasks", "Events"},
		"Opportunity": {"OpportunityLineItems", "Tasks", "Events"},
		"Campaign":    {"CampaignMembers", "ChildCampaigns", "Opportunities"},
		"Product2":    {"PricebookEntries"}, "Pricebook2": {"PricebookEntries"},
		"User": {"PermissionSetAssignments", "ManagedUsers"}, "PermissionSet": {"Assignments"},
	}
	for object, names := range want {
		have := map[string]bool{}
		for _, c := range describe(t, o, object).ChildRelationships {
			have[c.RelationshipName] = true
		}
		for _, n := range names {
			if !have[n] {
				t.Errorf("%s has no child relationship %s", object, n)
			}
		}
	}
}

// add inserts one record and returns its id.
func add(t *testing.T, o *engine.Org, object string, fields ...sobject.Field) sobject.ID {
	t.Helper()
	out, err := o.Insert(seeding, object, []sobject.Record{sobject.NewRecord(object, fields...)}, engine.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !out[0].Success {
		t.Fatalf("insert %s: %v", object, out[0].Errors)
	}
	return out[0].ID
}

func text(name, s string) sobject.Field { return sobject.F(name, sobject.TextValue(s)) }

func number(name string, n int64) sobject.Field { return sobject.F(name, sobject.IntValue(n)) }

// What Salesforce derives when a record is saved.
func TestStandardDerivedFields(t *testing.T) {
	o := standardOrg(t)
	account := add(t, o, "Account", text("Name", "Acme"))
	contact := add(t, o, "Contact", text("FirstName", "Zoë"), text("LastName", "Weiß"), text("AccountId", string(account)), text("Email", "z@acme.example"), text("MailingCity", "Köln"))
	lead := add(t, o, "Lead", text("LastName", "Solo"), text("Company", "Solo Inc"))
	deal := add(t, o, "Opportunity", text("Name", "Deal"), text("StageName", "Closed Won"), text("CloseDate", "2026-05-17"), number("Amount", 5000), text("AccountId", string(account)))
	open := add(t, o, "Opportunity", text("Name", "Open"), text("StageName", "Needs Analysis"), text("CloseDate", "2026-12-01"), number("Amount", 1000))
	ticket := add(t, o, "Case", text("Subject", "Help"), text("ContactId", string(contact)), text("Status", "Closed"))
	contract := add(t, o, "Contract", text("AccountId", string(account)), text("StartDate", "2026-01-15"), number("ContractTerm", 12))
	campaign := add(t, o, "Campaign", text("Name", "Spring"))
	member := add(t, o, "CampaignMember", text("CampaignId", string(campaign)), text("ContactId", string(contact)), text("LeadId", string(lead)), text("Status", "Responded"))
	task := add(t, o, "Task", text("Subject", "Call"), text("WhatId", string(deal)), text("Priority", "High"), text("Status", "Completed"))
	event := add(t, o, "Event", text("Subject", "Meeting"), text("WhoId", string(contact)), text("StartDateTime", "2026-03-01T09:00:00Z"), number("DurationInMinutes", 45))
	for _, c := range []struct {
		id           sobject.ID
		field, value string
	}{
		{contact, "Name", "Zoë Weiß"},
		{deal, "IsWon", "true"}, {deal, "IsClosed", "true"}, {deal, "Probability", "100.0"}, {deal, "ExpectedRevenue", "5000.0"}, {deal, "ForecastCategoryName", "Closed"}, {deal, "Fiscal", "2026 2"},
		{open, "IsClosed", "false"}, {open, "Probability", "20.0"}, {open, "ExpectedRevenue", "200.0"},
		{ticket, "IsClosed", "true"}, {ticket, "AccountId", string(account)}, {ticket, "ContactEmail", "z@acme.example"}, {ticket, "CaseNumber", "00000001"}, {ticket, "Priority", "Medium"},
		{contract, "EndDate", "2027-01-14"}, {contract, "StatusCode", "Draft"}, {contract, "ContractNumber", "00000001"},
		{campaign, "NumberOfContacts", "1"}, {campaign, "NumberOfLeads", "0"}, {campaign, "NumberOfResponses", "1"},
		{member, "Type", "Contact"}, {member, "LeadId", ""}, {member, "HasResponded", "true"}, {member, "CompanyOrAccount", "Acme"}, {member, "City", "Köln"},
		{task, "IsClosed", "true"}, {task, "IsHighPriority", "true"}, {task, "AccountId", string(account)},
		{event, "EndDateTime", "2026-03-01T09:45:00.000+0000"}, {event, "ActivityDate", "2026-03-01"}, {event, "AccountId", string(account)},
	} {
		object, _ := o.ObjectByPrefix(c.id.Prefix())
		res, err := o.Get(seeding, object, c.id, []string{c.field})
		if err != nil {
			t.Fatal(err)
		}
		v, _ := res.Record(0).Value(c.field)
		if v.Raw() != c.value {
			t.Errorf("%s.%s is %q, want %q", object, c.field, v.Raw(), c.value)
		}
	}
}

// An account with a case stays; one with opportunities takes them along.
func TestStandardDeletes(t *testing.T) {
	o := standardOrg(t)
	blocked, free := add(t, o, "Account", text("Name", "With a case")), add(t, o, "Account", text("Name", "With a deal"))
	add(t, o, "Case", text("Subject", "Help"), text("AccountId", string(blocked)))
	add(t, o, "Opportunity", text("Name", "Deal"), text("StageName", "Prospecting"), text("CloseDate", "2026-05-17"), text("AccountId", string(free)))
	out, err := o.Delete(seeding, []sobject.ID{blocked, free}, engine.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if out[0].Success || out[0].Errors[0].Code != "DELETE_FAILED" {
		t.Errorf("an account with a case was deleted: %+v", out[0])
	}
	if n := o.RecordCount(seeding, []string{"Opportunity"})[0].Count; !out[1].Success || n != 0 {
		t.Errorf("deleting an account with an opportunity: %+v, %d opportunities left", out[1], n)
	}
}

// An event needs a time and a length.
func TestStandardEventTimes(t *testing.T) {
	o := standardOrg(t)
	for _, fields := range [][]sobject.Field{
		{text("Subject", "x")},
		{text("Subject", "x"), text("StartDateTime", "2026-03-01T09:00:00Z")},
	} {
		out, err := o.Insert(seeding, "Event", []sobject.Record{sobject.NewRecord("Event", fields...)}, engine.WriteOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if out[0].Success || out[0].Errors[0].Code != "REQUIRED_FIELD_MISSING" {
			t.Errorf("%v was taken: %+v", fields, out[0])
		}
	}
}

// Load keeps the times, ids and deletions that it is given, in any order.
func TestLoad(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	o, err := engine.New(engine.Config{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	if err := standard.Define(o, standard.Options{}); err != nil {
		t.Fatal(err)
	}
	if next := o.NextID("Account"); next == "" {
		t.Error("no next id")
	}
	var recs []sobject.Record
	for i := range 5 {
		at := now.Add(-time.Duration(i+1) * 24 * time.Hour)
		recs = append(recs, sobject.NewRecord("Account", text("Name", fmt.Sprint("A", i)), sobject.F("CreatedDate", sobject.DateTimeValue(at)), sobject.F("LastModifiedDate", sobject.DateTimeValue(at)),
			sobject.F("SystemModstamp", sobject.DateTimeValue(at)), sobject.F("IsDeleted", sobject.BoolValue(i == 3))))
	}
	ids, err := o.Load("Account", recs)
	if err != nil {
		t.Fatal(err)
	}
	updated, _, err := o.Updated(seeding, "Account", now.Add(-60*time.Hour), now)
	if err != nil {
		t.Fatal(err)
	}
	if len(updated) != 2 || updated[0] != ids[0] || updated[1] != ids[1] {
		t.Errorf("updated within 60 hours: %v, want %v", updated, ids[:2])
	}
	gone, _, _, err := o.Deleted(seeding, "Account", now.AddDate(0, 0, -10), now)
	if err != nil {
		t.Fatal(err)
	}
	if len(gone) != 1 || gone[0].ID != ids[3] || !gone[0].Date.Equal(now.AddDate(0, 0, -4)) {
		t.Errorf("deleted: %v, want %s four days ago", gone, ids[3])
	}
	if _, err := o.Load("Account", []sobject.Record{sobject.NewRecord("Account", text("Name", "ok")), sobject.NewRecord("Account", text("Site", "no name"))}); err == nil {
		t.Error("a record without a name was loaded")
	}
	if n := o.RecordCount(seeding, []string{"Account"})[0].Count; n != 4 {
		t.Errorf("%d accounts after a refused load, want 4", n)
	}
}

// UserPermissionAccess has one row, which shows each user his own permissions.
func TestUserPermissionAccess(t *testing.T) {
	o := standardOrg(t)
	if _, err := o.Load("UserPermissionAccess", []sobject.Record{sobject.NewRecord("UserPermissionAccess")}); err != nil {
		t.Fatal(err)
	}
	license, err := o.Load("UserLicense", []sobject.Record{sobject.NewRecord("UserLicense", text("Name", "Salesforce"))})
	if err != nil {
		t.Fatal(err)
	}
	user := func(name string, a engine.Access) engine.Session {
		profile := add(t, o, "Profile", text("Name", name), text("UserLicenseId", string(license[0])))
		if err := o.SetAccess(profile, a); err != nil {
			t.Fatal(err)
		}
		return engine.Session{User: add(t, o, "User", text("LastName", name), text("Username", name+"@acme.example"), text("Email", name+"@acme.example"), text("Alias", name), text("CommunityNickname", name),
			text("ProfileId", string(profile)), text("TimeZoneSidKey", "Europe/Berlin"), text("LocaleSidKey", "de_DE"), text("LanguageLocaleKey", "de"), text("EmailEncodingKey", "UTF-8"))}
	}
	for _, c := range []struct {
		session             engine.Session
		apiEnabled, viewAll bool
	}{
		{user("admin", engine.FullAccess()), true, true},
		{user("rep", engine.Access{System: map[string]bool{"ApiEnabled": true}, Default: engine.ObjectAccess{Read: true}}), true, false},
		{user("chatter", engine.Access{Default: engine.ObjectAccess{Read: true}}), false, false},
	} {
		res, err := o.QueryText(c.session, "SELECT PermissionsApiEnabled, PermissionsViewAllData FROM UserPermissionAccess", engine.QueryOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if res.Len() != 1 {
			t.Fatalf("%d rows, want 1", res.Len())
		}
		api, _ := res.Record(0).Bool("PermissionsApiEnabled")
		all, _ := res.Record(0).Bool("PermissionsViewAllData")
		if api != c.apiEnabled || all != c.viewAll {
			t.Errorf("%v: api %t, all %t", c, api, all)
		}
	}
}
