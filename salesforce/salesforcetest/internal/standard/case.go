package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var cases = object{
	def:    engine.Object{Name: "Case", KeyPrefix: "500", Owned: true, OwnerQueue: true, Searchable: true, Feed: true, Links: []string{"approvalLayouts", "caseArticleSuggestions", "caseRowArticleSuggestions", "compactLayouts", "layouts", "listviews", "quickActions"}},
	before: beforeCase,
	fields: `
MasterRecordId reference ry Master Record ID -> Case MasterRecord/
CaseNumber string:30 r!nia Case Number # {00000000}
ContactId reference cu Contact ID -> Contact Contact/Cases^
AccountId reference cu Account ID -> Account Account/Cases^
ParentId reference cu Parent Case ID -> Case Parent/Cases
SuppliedName string:80 cu Name
SuppliedEmail email:80 cu Email
SuppliedPhone string:40 cu Phone
SuppliedCompany string:80 cu Company
Type picklist:255 cu Case Type = Mechanical|Electrical|Electronic|Structural|Other
Status picklist:255 cud Status = *New|Working|Escalated|Closed
Reason picklist:255 cu Case Reason = Installation|Equipment Complexity|Performance|Breakdown|Equipment Design|Feedback|Other
Origin picklist:255 cu Case Origin = Phone|Email|Web
Language picklist:40 cuR Language = en_US|de|es|fr|ja|sv|ko|zh_TW|zh_CN|pt_BR
Subject string:255 cu Subject
Priority picklist:255 cud Priority = High|*Medium|Low
Description textarea:32000 cu Description
IsClosed boolean ry Closed
ClosedDate datetime ry Closed Date
IsEscalated boolean cu Escalated
ContactPhone phone:40 ry Contact Phone ~ Contact.Phone
ContactMobile phone:40 ry Contact Mobile ~ Contact.MobilePhone
ContactEmail email:80 ry Contact Email ~ Contact.Email
ContactFax phone:40 ry Contact Fax ~ Contact.Fax
%system
Comments textarea:4000 cu Internal Comments
%viewed
`,
}

func beforeCase(d *engine.Draft) []engine.RowError {
	closed := d.Text("Status") == "Closed"
	d.Set("IsClosed", boolText(closed))
	switch {
	case !closed:
		d.Set("ClosedDate", "")
	case d.Null("ClosedDate"):
		d.Set("ClosedDate", dateTimeText(d.Now()))
	}
	if d.Null("AccountId") {
		d.Set("AccountId", d.Text("Contact.AccountId"))
	}
	return nil
}
