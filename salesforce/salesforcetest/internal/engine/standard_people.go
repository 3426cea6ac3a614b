package engine

// The org itself, its users and what they may do.

const timeZones = "America/Los_Angeles|America/New_York|America/Chicago|America/Sao_Paulo|Europe/London|Europe/Berlin|Europe/Paris|Europe/Madrid|Asia/Tokyo|Asia/Kolkata|Asia/Singapore|Australia/Sydney|GMT"

const locales = "en_US|en_GB|de_DE|fr_FR|es_ES|it_IT|ja_JP|ko_KR|pt_BR|zh_CN|sv_SE"

const languages = "en_US|de|es|fr|it|ja|sv|ko|zh_TW|zh_CN|pt_BR|nl_NL|da|th|fi|ru"

const userTypes = "*Standard|PowerPartner|PowerCustomerSuccess|CustomerSuccess|Guest|CspLitePortal|CsnOnly|SelfService|AutomatedProcess|CloudIntegrationUser"

const accessLevels = "None|Read|Edit|ControlledByLeadOrContact|ControlledByCampaign|ControlledByParent|ReadEditTransfer|All"

const tableOrganization = `
Name string:80 u!ni Name
Division string:80 u Division
Street textarea:255 u Street @Address
City string:40 u City @Address
State string:80 u State/Province @Address
PostalCode string:20 u Zip/Postal Code @Address
Country string:80 u Country @Address
Latitude double:18,15 u Latitude @Address
Longitude double:18,15 u Longitude @Address
GeocodeAccuracy picklist:40 uR Geocode Accuracy @Address = Address|NearAddress|Block|Street|ExtendedZip|Zip|Neighborhood|City|County|State|Unknown
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
`

const tableUser = `
Username string:80 cu!yi Username
LastName string:80 cu!y Last Name @Name
FirstName string:40 cuy First Name @Name
Name string:121 r!yn Full Name
CompanyName string:80 cuy Company Name
Division string:80 cuy Division
Department string:80 cuy Department
Title string:80 cuy Title
%address -
Email email:128 cu!yi Email
SenderEmail email:80 cuy Email Sender Address
SenderName string:80 cuy Email Sender Name
Signature string:1333 cugy Email Signature
Phone phone:40 cuy Phone
Fax phone:40 cuy Fax
MobilePhone phone:40 cuy Mobile
Alias string:8 cu!y Alias
CommunityNickname string:40 cu!y Nickname
IsActive boolean cuy Active
TimeZoneSidKey picklist:40 cu!yR Time Zone = ` + timeZones + `
UserRoleId reference cuy Role ID -> UserRole UserRole/Users
LocaleSidKey picklist:40 cu!yR Locale = ` + locales + `
ReceivesInfoEmails boolean cuy Info Emails
ReceivesAdminInfoEmails boolean cuy Admin Info Emails
EmailEncodingKey picklist:40 cu!yR Email Encoding = UTF-8|ISO-8859-1|Shift_JIS|ISO-2022-JP|EUC-JP|GB2312|Big5
ProfileId reference cu!y Profile ID -> Profile Profile/Users
UserType picklist:40 ryR User Type = ` + userTypes + `
LanguageLocaleKey picklist:40 cu!yR Language = ` + languages + `
EmployeeNumber string:20 cuy Employee Number
DelegatedApproverId reference cuy Delegated Approver ID -> Group,User DelegatedApprover/
ManagerId reference cuy Manager ID -> User Manager/ManagedUsers
LastLoginDate datetime ry Last Login
LastPasswordChangeDate datetime ry Last Password Change or Reset
NumberOfFailedLogins int:9 ry Failed Login Attempts
UserPermissionsMarketingUser boolean cugsy Marketing User
UserPermissionsOfflineUser boolean cugsy Offline User
UserPermissionsKnowledgeUser boolean cugsy Knowledge User
UserPermissionsInteractionUser boolean cugsy Flow User
UserPermissionsSupportUser boolean cugsy Service Cloud User
UserPermissionsSFContentUser boolean cugsy Salesforce CRM Content User
ForecastEnabled boolean cuy Allow Forecasting
ContactId reference cy Contact ID -> Contact Contact/Users^
AccountId reference ry Account ID -> Account Account/Users
Extension phone:40 cuy Extension
FederationIdentifier string:512 cugyi SAML Federation ID
AboutMe textarea:1000 cuy About Me
FullPhotoUrl url:1024 ry Url for full-sized Photo
SmallPhotoUrl url:1024 ry Url for small sized Photo
IsExtIndicatorVisible boolean ry Show external indicator
%viewed
`

const tableUserRole = `
Name string:80 cu!yni Name
ParentRoleId reference cuy Parent Role ID -> UserRole ParentRole/Roles
RollupDescription string:80 cuy Description
OpportunityAccessForAccountOwner picklist:40 cu!yR Opportunity Access Level for Account Owner = None|Read|*Edit
CaseAccessForAccountOwner picklist:40 cuyR Case Access Level for Account Owner = None|Read|*Edit
ContactAccessForAccountOwner picklist:40 ryR Contact Access Level for Account Owner = None|Read|*Edit
ForecastUserId reference cuy User ID -> User ForecastUser/
DeveloperName string:80 cuy Developer Name
PortalType picklist:40 cyR Portal Type = *None|CustomerPortal|Partner
`

const tableProfile = `
Name string:255 cu!yni Name
%permissions
UserLicenseId reference c!y User License ID -> UserLicense UserLicense/
UserType picklist:40 ryR User Type = ` + userTypes + `
Description string:255 cuy Description
%viewed
`

const tableUserLicense = `
LicenseDefinitionKey string:40 r!y License Def. ID
TotalLicenses int:9 r!y Total Licenses
Status picklist:40 r!yR Status = *Active|Disabled
UsedLicenses int:9 r!y Used Licenses
Name string:40 r!yni Name
MasterLabel string:40 r!y Label
`

const tablePermissionSet = `
Name string:80 cu!yn Permission Set Name
Label string:80 cu!y Permission Set Label
LicenseId reference cy License ID -> UserLicense License/
ProfileId reference ry Profile ID -> Profile Profile/
IsOwnedByProfile boolean ry Is Owned By Profile
IsCustom boolean ry Custom Permission Set
%permissions
Description string:255 cuy Description
NamespacePrefix string:15 ry Namespace Prefix
HasActivationRequired boolean cuy Has Activation Required
Type picklist:40 ryR Permission Set Type = *Regular|Standard|Group|Profile|Session
`

const tablePermissionSetAssignment = `
PermissionSetId reference cy PermissionSet ID -> PermissionSet PermissionSet/Assignments!
AssigneeId reference c!y Assignee ID -> User Assignee/PermissionSetAssignments!
ExpirationDate datetime cuy Expires On
IsActive boolean ry Is Active = *true
IsRevoked boolean cuy Is Revoked
`

const tableUserPermissionAccess = `
%permissions rgsy
LastCacheUpdate datetime ry Last Cache Update
`

const tableGroup = `
Name string:40 cu!yni Name
DeveloperName string:80 cuy Developer Name
RelatedId reference ry Related ID -> User,UserRole Related/
Type picklist:40 c!yR Type = *Regular|Role|RoleAndSubordinates|Organization|AllCustomerPortal|Queue|Territory|Manager
Email email:255 cuy Email
Description textarea:1000 cuy Description
OwnerId reference r!y Owner ID -> Organization,User Owner/
DoesSendEmailToMembers boolean cuy Send Email to Members
DoesIncludeBosses boolean cuy Include Bosses
`

const tableRecordType = `
Name string:80 cu!yni Name
DeveloperName string:80 cu!y Record Type Name
NamespacePrefix string:15 ry Namespace Prefix
Description string:255 cuy Description
SobjectType picklist:40 c!yR SObject Type Name = Account|Campaign|Case|Contact|Contract|Event|Lead|Opportunity|Product2|Task
IsActive boolean cuy Active
`
