package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var lead = object{
	def: engine.Object{Name: "Lead", KeyPrefix: "00Q", Mergeable: true, Owned: true, OwnerQueue: true, Searchable: true, Feed: true},
	fields: `
%person
Title string:128 cu Title
Company string:255 cu! Company
%address -
Phone phone:40 cu Phone
MobilePhone phone:40 cu Mobile Phone
Fax phone:40 cu Fax
Email email:80 cui Email
Website url:255 cu Website
PhotoUrl url:255 ry Photo URL
Description textarea:32000 cu Description
LeadSource picklist:255 cu Lead Source = ` + leadSources + `
Status picklist:255 cu!dy Status = *Open - Not Contacted|Working - Contacted|Closed - Converted|Closed - Not Converted
Industry picklist:255 cu Industry = ` + industries + `
Rating picklist:255 cu Rating = Hot|Warm|Cold
AnnualRevenue currency:18,0 cu Annual Revenue
NumberOfEmployees int:8 cu Employees
HasOptedOutOfEmail boolean cu Email Opt Out
HasOptedOutOfFax boolean cu Fax Opt Out
DoNotCall boolean cu Do Not Call
OwnerId reference cu!ye Owner ID -> Group,User Owner/
IsConverted boolean cy Converted
ConvertedDate date ry Converted Date
ConvertedAccountId reference ryv Converted Account ID -> Account ConvertedAccount/
ConvertedContactId reference ryv Converted Contact ID -> Contact ConvertedContact/
ConvertedOpportunityId reference ryv Converted Opportunity ID -> Opportunity ConvertedOpportunity/
IsUnreadByOwner boolean cuy Unread By Owner = +true
%system
LastActivityDate date ry Last Activity
%viewed
Jigsaw string:20 cu Data.com Key
JigsawContactId string:20 ry Jigsaw Contact ID
CleanStatus picklist:40 cuR Clean Status = ` + cleanStatuses + `
CompanyDunsNumber string:9 cu Company D-U-N-S Number
DandbCompanyId reference cu D&B Company ID -> DandBCompany DandbCompany/Leads
EmailBouncedReason string:255 uy Email Bounced Reason
EmailBouncedDate datetime uy Email Bounced Date
IndividualId reference cuyv Individual ID -> Individual Individual/Leads
`,
	derive: func(at map[string]*engine.Field) {
		at["LastActivityDate"].Compute = lastActivity("WhoId")
	},
}
