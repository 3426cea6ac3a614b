package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var account = object{
	def: engine.Object{Name: "Account", KeyPrefix: "001", Mergeable: true, Owned: true, Searchable: true, Feed: true},
	fields: `
Name string:255 cu!n Account Name @Name
Type picklist:255 cu Account Type = Prospect|Customer - Direct|Customer - Channel|Channel Partner / Reseller|Installation Partner|Technology Partner|Other
ParentId reference cu Parent Account ID -> Account Parent/ChildAccounts
%address Billing
%address Shipping
Phone phone:40 cu Account Phone
Fax phone:40 cu Account Fax
AccountNumber string:40 cu Account Number
Website url:255 cu Website
PhotoUrl url:255 ry Photo URL
Sic string:20 cu SIC Code
Industry picklist:255 cu Industry = ` + industries + `
AnnualRevenue currency:18,0 cu Annual Revenue
NumberOfEmployees int:8 cu Employees
Ownership picklist:255 cu Ownership = Public|Private|Subsidiary|Other
TickerSymbol string:20 cu Ticker Symbol
Description textarea:32000 cu Account Description
Rating picklist:255 cu Account Rating = Hot|Warm|Cold
Site string:80 cu Account Site
%system
LastActivityDate date ry Last Activity
%viewed
Jigsaw string:20 cu Data.com Key
JigsawCompanyId string:20 ry Jigsaw Company ID
CleanStatus picklist:40 cuR Clean Status = ` + cleanStatuses + `
AccountSource picklist:255 cu Account Source = ` + leadSources + `
DunsNumber string:9 cu D-U-N-S Number
Tradestyle string:255 cu Tradestyle
NaicsCode string:8 cu NAICS Code
NaicsDesc string:120 cu NAICS Description
YearStarted string:4 cu Year Started
SicDesc string:80 cu SIC Description
DandbCompanyId reference cu D&B Company ID -> DandBCompany DandbCompany/Accounts
OperatingHoursId reference cu Operating Hour ID -> OperatingHours OperatingHours/Accounts
`,
	derive: func(at map[string]*engine.Field) {
		at["LastActivityDate"].Compute = lastActivity("AccountId")
		at["Name"].ExtraType = "switchablepersonname"
	},
}
