package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var organization = object{
	def: engine.Object{Name: "Organization", KeyPrefix: "00D", NoTrash: true, NoCreate: true, NoDelete: true, NoUndelete: true, NoRecent: true, NoTriggers: true, NoLayout: true},
	fields: `
Name string:80 u!ni Name
Division string:80 u Division
Street textarea:255 u Street @Address
City string:40 u City @Address
State string:80 u State/Province @Address
PostalCode string:20 u Zip/Postal Code @Address
Country string:80 u Country @Address
Latitude double:18,15 u Latitude @Address
Longitude double:18,15 u Longitude @Address
GeocodeAccuracy picklist:40 uR Geocode Accuracy @Address = ` + geocodeAccuracies + `
Address address r Address
Phone phone:40 u Phone
Fax phone:40 u Fax
PrimaryContact string:80 u Primary Contact
DefaultLocaleSidKey picklist:40 u!R Locale = ` + locales + `
TimeZoneSidKey picklist:40 u!R Time Zone = ` + timeZones + `
LanguageLocaleKey picklist:40 u!R Language = ` + languages + `
ReceivesInfoEmails boolean u Info Emails
ReceivesAdminInfoEmails boolean u Info Emails Admin
FiscalYearStartMonth int:9 r Fiscal Year Starts In
UsesStartDateAsFiscalYearName boolean r Fiscal Year Name by Start
DefaultAccountAccess picklist:40 rR Default Account Access = ` + accessLevels + `
DefaultContactAccess picklist:40 rR Default Contact Access = ` + accessLevels + `
DefaultOpportunityAccess picklist:40 rR Default Opportunity Access = ` + accessLevels + `
DefaultLeadAccess picklist:40 rR Default Lead Access = ` + accessLevels + `
DefaultCaseAccess picklist:40 rR Default Case Access = ` + accessLevels + `
DefaultCampaignAccess picklist:40 rR Default Campaign Access = ` + accessLevels + `
DefaultCalendarAccess picklist:40 rR Default Calendar Access = HideDetails|*HideDetailsInsert|ShowDetails|ShowDetailsInsert|AllowEdits
DefaultPricebookAccess picklist:40 rR Default Price Book Access = None|Read|*ReadSelect
DelegatedAuthenticationServiceUrl url:1000 r Delegated Authentication Gateway URL
NumKnowledgeService int:9 r Knowledge Licenses
WebToCaseDefaultOrigin picklist:40 r Default Case Origin = Phone|Email|*Web
PreferencesRequireOpportunityProducts boolean r RequireOpportunityProducts
PreferencesTransactionSecurityPolicy boolean r TransactionSecurityPolicy
PreferencesTerminateOldestSession boolean r TerminateOldestSession
PreferencesConsentManagementEnabled boolean r ConsentManagementEnabled
PreferencesAutoSelectIndividualOnMerge boolean r AutoSelectIndividualOnMerge
PreferencesLightningLoginEnabled boolean r LightningLoginEnabled
PreferencesOnlyLLPermUserAllowed boolean r OnlyLLPermUserAllowed
ComplianceBccEmail email:80 r Compliance BCC Email
UiSkin picklist:40 uR UI Skin = *Theme3|Theme4|PortalDefault
SignupCountryIsoCode string:2 r Signup Country
TrialExpirationDate datetime r Trial Expiration Date
OrganizationType picklist:40 rR Edition = Team Edition|Professional Edition|Enterprise Edition|*Developer Edition|Personal Edition|Unlimited Edition|Contact Manager Edition|Base Edition
NamespacePrefix string:15 r Namespace Prefix
InstanceName string:5 r Instance Name
IsSandbox boolean r Is Sandbox
IsReadOnly boolean r Is Read Only
MonthlyPageViewsUsed int:9 r Monthly Page Views Used
MonthlyPageViewsEntitlement int:9 r Monthly Page Views Allowed
`,
}
