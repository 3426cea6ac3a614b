package engine

// Selling: leads, opportunities, products and campaigns.

const tableLead = `
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
Status picklist:255 cu!d Status = *Open - Not Contacted|Working - Contacted|Closed - Converted|Closed - Not Converted
Industry picklist:255 cu Industry = ` + industries + `
Rating picklist:255 cu Rating = Hot|Warm|Cold
AnnualRevenue currency:18,0 cu Annual Revenue
NumberOfEmployees int:8 cu Employees
HasOptedOutOfEmail boolean cu Email Opt Out
HasOptedOutOfFax boolean cu Fax Opt Out
DoNotCall boolean cu Do Not Call
IsConverted boolean cy Converted
ConvertedDate date ry Converted Date
ConvertedAccountId reference ry Converted Account ID -> Account ConvertedAccount/
ConvertedContactId reference ry Converted Contact ID -> Contact ConvertedContact/
ConvertedOpportunityId reference ry Converted Opportunity ID -> Opportunity ConvertedOpportunity/
IsUnreadByOwner boolean cuy Unread By Owner = *true
LastActivityDate date ry Last Activity
%viewed
Jigsaw string:20 cu Data.com Key
JigsawContactId string:20 ry Jigsaw Contact ID
CleanStatus picklist:40 cuR Clean Status = ` + cleanStatuses + `
CompanyDunsNumber string:9 cu Company D-U-N-S Number
EmailBouncedReason string:255 uy Email Bounced Reason
EmailBouncedDate datetime uy Email Bounced Date
`

const tableOpportunity = `
AccountId reference cu Account ID -> Account Account/Opportunities!
IsPrivate boolean cu Private
Name string:120 cu!ni Name
Description textarea:32000 cu Description
StageName picklist:255 cu! Stage = Prospecting|Qualification|Needs Analysis|Value Proposition|Id. Decision Makers|Perception Analysis|Proposal/Price Quote|Negotiation/Review|Closed Won|Closed Lost
Amount currency:18,2 cu Amount
Probability percent:3,0 cud Probability (%)
ExpectedRevenue currency:18,2 r Expected Amount
TotalOpportunityQuantity double:18,2 cu Quantity
CloseDate date cu! Close Date
Type picklist:255 cu Opportunity Type = Existing Customer - Upgrade|Existing Customer - Replacement|Existing Customer - Downgrade|New Customer
NextStep string:255 cu Next Step
LeadSource picklist:255 cu Lead Source = ` + leadSources + `
IsClosed boolean ry Closed
IsWon boolean ry Won
ForecastCategory picklist:40 r!yR Forecast Category = Omitted|Pipeline|BestCase|MostLikely|Forecast|Closed
ForecastCategoryName picklist:255 cudyR Forecast Category = Omitted|Pipeline|Best Case|Commit|Closed
CampaignId reference cu Campaign ID -> Campaign Campaign/Opportunities
HasOpportunityLineItem boolean ry Has Line Item
Pricebook2Id reference cuy Price Book ID -> Pricebook2 Pricebook2/Opportunities
LastActivityDate date ry Last Activity
LastStageChangeDate datetime ry Last Stage Change Date
FiscalQuarter int:8 ry Fiscal Quarter @Fiscal
FiscalYear int:8 ry Fiscal Year @Fiscal
Fiscal string:6 ry Fiscal Period
ContactId reference cy Contact ID -> Contact Contact/
%viewed
`

const tableOpportunityLineItem = `
OpportunityId reference c!y Opportunity ID -> Opportunity Opportunity/OpportunityLineItems!
SortOrder int:9 cuy Sort Order
PricebookEntryId reference cy Price Book Entry ID -> PricebookEntry PricebookEntry/OpportunityLineItems
Product2Id reference cy Product ID -> Product2 Product2/OpportunityLineItems
ProductCode string:255 ry Product Code ~ Product2.ProductCode
Name string:376 rny Opportunity Product Name
Quantity double:12,2 cu! Quantity
TotalPrice currency:18,2 cuy Total Price
UnitPrice currency:18,2 cuy Sales Price
ListPrice currency:18,2 ry List Price ~ PricebookEntry.UnitPrice
ServiceDate date cu Date
Description string:255 cu Line Description
%viewed
`

const tableProduct2 = `
Name string:255 cu!ni Product Name
ProductCode string:255 cu Product Code
Description textarea:4000 cu Product Description
IsActive boolean cuy Active
Family picklist:255 cu Product Family = None|Platform|Services|Training|Support
DisplayUrl url:1000 cu Display URL
QuantityUnitOfMeasure picklist:255 cu Quantity Unit Of Measure = Each|Seat|Hour|Month
IsArchived boolean ry Archived
%viewed
StockKeepingUnit string:180 cu Product SKU
`

const tablePricebook2 = `
Name string:255 cu!ni Price Book Name
%viewed
IsActive boolean cuy Active
IsArchived boolean ry Archived
Description string:255 cuy Description
IsStandard boolean ry Is Standard Price Book
ValidFrom datetime cuy Valid From
ValidTo datetime cuy Valid To
`

const tablePricebookEntry = `
Name string:255 rny Product Name ~ Product2.Name
Pricebook2Id reference c!y Price Book ID -> Pricebook2 Pricebook2/PricebookEntries!
Product2Id reference c!y Product ID -> Product2 Product2/PricebookEntries!
UnitPrice currency:18,2 cu!y List Price
IsActive boolean cuy Active
UseStandardPrice boolean cuy Use Standard Price
ProductCode string:255 ry Product Code ~ Product2.ProductCode
IsArchived boolean ry Archived
`

const tableCampaign = `
Name string:80 cu!ni Name
ParentId reference cu Parent Campaign ID -> Campaign Parent/ChildCampaigns
Type picklist:255 cu Type = Conference|Webinar|Trade Show|Public Relations|Partners|Referral Program|Advertisement|Banner Ads|Direct Mail|Email|Telemarketing|Other
Status picklist:255 cu Status = *Planned|In Progress|Completed|Aborted
StartDate date cu Start Date
EndDate date cu End Date
ExpectedRevenue currency:18,0 cu Expected Revenue in Campaign
BudgetedCost currency:18,0 cu Budgeted Cost in Campaign
ActualCost currency:18,0 cu Actual Cost in Campaign
ExpectedResponse percent:10,2 cu Expected Response (%)
NumberSent double:18,0 cu Num Sent in Campaign
IsActive boolean cu Active
Description textarea:32000 cu Description
NumberOfLeads int:9 r! Leads in Campaign
NumberOfConvertedLeads int:9 r! Converted Leads in Campaign
NumberOfContacts int:9 r! Contacts in Campaign
NumberOfResponses int:9 r! Responses in Campaign
NumberOfOpportunities int:9 r! Opportunities in Campaign
NumberOfWonOpportunities int:9 r! Won Opportunities in Campaign
AmountAllOpportunities currency:18,0 r! Value Opportunities in Campaign
AmountWonOpportunities currency:18,0 r! Value Won Opportunities in Campaign
LastActivityDate date ry Last Activity
%viewed
`

const tableCampaignMember = `
CampaignId reference c!y Campaign ID -> Campaign Campaign/CampaignMembers!
LeadId reference cy Lead ID -> Lead Lead/CampaignMembers!
ContactId reference cy Contact ID -> Contact Contact/CampaignMembers!
Status picklist:40 cu Status = *Sent|Responded
HasResponded boolean ry Responded
FirstRespondedDate date ry First Responded Date
Salutation picklist:40 ry Salutation ~ Contact.Salutation|Lead.Salutation = ` + salutations + `
Name string:203 rny Name ~ Contact.Name|Lead.Name
FirstName string:40 ry First Name ~ Contact.FirstName|Lead.FirstName
LastName string:80 ry Last Name ~ Contact.LastName|Lead.LastName
Title string:128 ry Title ~ Contact.Title|Lead.Title
Street textarea:255 ry Street ~ Contact.MailingStreet|Lead.Street
City string:40 ry City ~ Contact.MailingCity|Lead.City
State string:80 ry State/Province ~ Contact.MailingState|Lead.State
PostalCode string:20 ry Zip/Postal Code ~ Contact.MailingPostalCode|Lead.PostalCode
Country string:80 ry Country ~ Contact.MailingCountry|Lead.Country
Email email:80 ry Email ~ Contact.Email|Lead.Email
Phone phone:40 ry Phone ~ Contact.Phone|Lead.Phone
Fax phone:40 ry Fax ~ Contact.Fax|Lead.Fax
MobilePhone phone:40 ry Mobile ~ Contact.MobilePhone|Lead.MobilePhone
Description textarea:32000 ry Description ~ Contact.Description|Lead.Description
DoNotCall boolean ry Do Not Call ~ Contact.DoNotCall|Lead.DoNotCall
HasOptedOutOfEmail boolean ry Email Opt Out ~ Contact.HasOptedOutOfEmail|Lead.HasOptedOutOfEmail
HasOptedOutOfFax boolean ry Fax Opt Out ~ Contact.HasOptedOutOfFax|Lead.HasOptedOutOfFax
LeadSource picklist:255 ry Lead Source ~ Contact.LeadSource|Lead.LeadSource = ` + leadSources + `
CompanyOrAccount string:255 ry Company (Account) ~ Contact.Account.Name|Lead.Company
Type string:40 ry Type
LeadOrContactId reference ry Related Record ID ~ ContactId|LeadId -> Contact,Lead LeadOrContact/
LeadOrContactOwnerId reference ry Related Record Owner ID ~ Contact.OwnerId|Lead.OwnerId -> Group,User LeadOrContactOwner/
`
