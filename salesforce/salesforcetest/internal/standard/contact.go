package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var contact = object{
	def: engine.Object{Name: "Contact", KeyPrefix: "003", Mergeable: true, Owned: true, Searchable: true, Feed: true},
	fields: `
AccountId reference cu Account ID -> Account Account/Contacts!
%person
%address Other
%address Mailing
Phone phone:40 cu Business Phone
Fax phone:40 cu Business Fax
MobilePhone phone:40 cu Mobile Phone
HomePhone phone:40 cu Home Phone
OtherPhone phone:40 cu Other Phone
AssistantPhone phone:40 cu Asst. Phone
ReportsToId reference cu Reports To ID -> Contact ReportsTo/
Email email:80 cui Email
Title string:128 cu Title
Department string:80 cu Department
AssistantName string:40 cu Assistant's Name
LeadSource picklist:255 cu Lead Source = ` + leadSources + `
Birthdate date cu Birthdate
Description textarea:32000 cu Contact Description
HasOptedOutOfEmail boolean cu Email Opt Out
HasOptedOutOfFax boolean cu Fax Opt Out
DoNotCall boolean cu Do Not Call
%system
LastActivityDate date ry Last Activity
LastCURequestDate datetime ry Last Stay-in-Touch Request Date
LastCUUpdateDate datetime ry Last Stay-in-Touch Save Date
%viewed
EmailBouncedReason string:255 cuy Email Bounced Reason
EmailBouncedDate datetime cuy Email Bounced Date
IsEmailBounced boolean ry Is Email Bounced
PhotoUrl url:255 ry Photo URL
Jigsaw string:20 cu Data.com Key
JigsawContactId string:20 ry Jigsaw Contact ID
CleanStatus picklist:40 cuR Clean Status = ` + cleanStatuses + `
IndividualId reference cuyv Individual ID -> Individual Individual/Contacts
`,
	derive: func(at map[string]*engine.Field) {
		at["LastActivityDate"].Compute = lastActivity("WhoId")
	},
}
