package engine

// Accounts and the people and papers that belong to them. Names, labels,
// lengths and flags follow describes of developer orgs and the Object
// Reference; see parseTable for the columns.

const industries = "Agriculture|Apparel|Banking|Biotechnology|Chemicals|Communications|Construction|Consulting|Education|Electronics|Energy|Engineering|Entertainment|Environmental|Finance|Food & Beverage|Government|Healthcare|Hospitality|Insurance|Machinery|Manufacturing|Media|Not For Profit|Recreation|Retail|Shipping|Technology|Telecommunications|Transportation|Utilities|Other"

const leadSources = "Web|Phone Inquiry|Partner Referral|Purchased List|Other"

const cleanStatuses = "Matched|Different|Acknowledged|NotFound|Inactive|Pending|SelectMatch|Skipped"

const salutations = "Mr.|Ms.|Mrs.|Dr.|Prof.|Mx."

const tableAccount = `
Name string:255 cu!n Account Name
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
`

const tableContact = `
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
`

const tableContract = `
AccountId reference cu! Account ID -> Account Account/Contracts!^
Pricebook2Id reference cu Price Book ID -> Pricebook2 Pricebook2/Contracts
OwnerExpirationNotice picklist:40 cuR Owner Expiration Notice = 15|30|45|60|90|120
StartDate date cu Contract Start Date
EndDate date r Contract End Date
%address Billing
%address Shipping
ContractTerm int:8 cu Contract Term
Status picklist:40 cu!dR Status = InApproval|Activated|*Draft
CompanySignedId reference cu Company Signed By ID -> User CompanySigned/ContractsSigned
CompanySignedDate date cu Company Signed Date
CustomerSignedId reference cu Customer Signed By ID -> Contact CustomerSigned/ContractsSigned^
CustomerSignedTitle string:40 cu Customer Signed Title
CustomerSignedDate date cu Customer Signed Date
SpecialTerms textarea:4000 cu Special Terms
ActivatedById reference cuy Activated By ID -> User ActivatedBy/
ActivatedDate datetime cuy Activated Date
StatusCode picklist:40 r!yR Status Category = Draft|InApproval|Activated
Description textarea:32000 cu Description
ContractNumber string:30 r!nia Contract Number # {00000000}
LastApprovedDate datetime ry Last Approved Date
LastActivityDate date ry Last Activity
%viewed
`

const tableCase = `
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
Comments textarea:4000 cu Internal Comments
%viewed
`
