package standard

import (
	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

var user = object{
	def:    engine.Object{Together: []engine.Together{{Fields: []string{"Username"}, Code: "DUPLICATE_USERNAME", Message: duplicateUsername}, {Fields: []string{"FederationIdentifier"}}}, Name: "User", KeyPrefix: "005", NoTrash: true, NoDelete: true, NoUndelete: true, Searchable: true, Feed: true, Links: []string{"compactLayouts", "layouts", "namedLayouts", "passwordUtilities", "quickActions"}},
	before: beforeUser,
	fields: `
Username string:80 cu!yi Username
LastName string:80 cu!y Last Name @Name
FirstName string:40 cuy First Name @Name
Name string:121 r!yn Full Name
CompanyName string:80 cuy Company Name
Division string:80 cuy Division
Department string:80 cuy Department
Title string:80 cuy Title
%address - y
Email email:128 cu!yi Email
EmailPreferencesAutoBcc boolean cugsy AutoBcc
EmailPreferencesAutoBccStayInTouch boolean cugsy AutoBccStayInTouch
EmailPreferencesStayInTouchReminder boolean cugsy StayInTouchReminder
SenderEmail email:80 cuy Email Sender Address
SenderName string:80 cuy Email Sender Name
Signature textarea:1333 cugy Email Signature
StayInTouchSubject string:80 cuy Stay-in-Touch Email Subject
StayInTouchSignature textarea:512 cugy Stay-in-Touch Email Signature
StayInTouchNote string:512 cugy Stay-in-Touch Email Note
Phone phone:40 cuy Phone
Fax phone:40 cuy Fax
MobilePhone phone:40 cuy Mobile
Alias string:8 cu!y Alias
CommunityNickname string:40 cu!y Nickname
BadgeText string:80 ry User Photo badge text overlay
IsActive boolean cuy Active
TimeZoneSidKey picklist:40 cu!yR Time Zone = ` + timeZones + `
UserRoleId reference cuy Role ID -> UserRole UserRole/Users
LocaleSidKey picklist:40 cu!yR Locale = ` + locales + `
ReceivesInfoEmails boolean cuy Info Emails
ReceivesAdminInfoEmails boolean cuy Admin Info Emails
EmailEncodingKey picklist:40 cu!yR Email Encoding = ` + encodings + `
ProfileId reference cu!y Profile ID -> Profile Profile/Users
UserType picklist:40 ryR User Type = ` + userTypes + `
LanguageLocaleKey picklist:40 cu!yR Language = ` + languages + `
EmployeeNumber string:20 cuy Employee Number
DelegatedApproverId reference cuy Delegated Approver ID -> Group,User DelegatedApprover/DelegatedUsers
ManagerId reference cuy Manager ID -> User Manager/ManagedUsers
LastLoginDate datetime ry Last Login
LastPasswordChangeDate datetime ry Last Password Change or Reset
%system
NumberOfFailedLogins int:9 ry Failed Login Attempts
OfflineTrialExpirationDate datetime ry Offline Edition Trial Expiration Date
OfflinePdaTrialExpirationDate datetime ry Sales Anywhere Trial Expiration Date
UserPermissionsMarketingUser boolean cugsy Marketing User
UserPermissionsOfflineUser boolean cugsy Offline User
UserPermissionsCallCenterAutoLogin boolean cugsy Auto-login To Call Center
UserPermissionsMobileUser boolean cugsy Apex Mobile User
UserPermissionsSFContentUser boolean cugsy Salesforce CRM Content User
UserPermissionsKnowledgeUser boolean cugsy Knowledge User
UserPermissionsInteractionUser boolean cugsy Flow User
UserPermissionsSupportUser boolean cugsy Service Cloud User
UserPermissionsJigsawProspectingUser boolean cugsy Data.com User
UserPermissionsSiteforceContributorUser boolean cugsy Site.com Contributor User
UserPermissionsSiteforcePublisherUser boolean cugsy Site.com Publisher User
UserPermissionsChatterAnswersUser boolean cugsy Chatter Answers User
UserPermissionsWorkDotComUserFeature boolean cugsy WDC User
ForecastEnabled boolean cuy Allow Forecasting
%preferences
ContactId reference cy Contact ID -> Contact Contact/Users^
AccountId reference ry Account ID -> Account Account/Users
CallCenterId reference cuy Call Center ID -> CallCenter -/
Extension phone:40 cuy Extension
FederationIdentifier string:512 cugyi SAML Federation ID
AboutMe textarea:1000 cuy About Me
FullPhotoUrl url:1024 ryg Url for full-sized Photo
SmallPhotoUrl url:1024 ryg Photo
IsExtIndicatorVisible boolean ry Show external indicator
OutOfOfficeMessage string:40 ry Out of office message
MediumPhotoUrl url:1024 ryg Url for medium profile photo
DigestFrequency picklist:40 cuyR Chatter Email Highlights Frequency = *D=Daily|W=Weekly|N=Never
DefaultGroupNotificationFrequency picklist:40 cuyR Default Notification Frequency when Joining Groups = P=Email on Each Post|D=Daily Digests|W=Weekly Digests|*N=Never
%viewed
BannerPhotoUrl url:1024 ryg Url for banner photo
SmallBannerPhotoUrl url:1024 ryg Url for IOS banner photo
MediumBannerPhotoUrl url:1024 ryg Url for Android banner photo
IsProfilePhotoActive boolean ry Has Profile Photo
IndividualId reference cuyv Individual ID -> Individual Individual/Users
`,
	after: afterUser,
	derive: func(at map[string]*engine.Field) {
		at["IsActive"].Default, at["IsActive"].SilentDefault = "true", true
		at["Name"].Compute = personName
	},
}

func beforeUser(d *engine.Draft) []engine.RowError {
	if kind := d.Text("Profile.UserType"); kind != "" {
		d.Set("UserType", kind)
	}
	return nil
}

// afterUser keeps the row that tells whether a user is frozen.
func afterUser(c *engine.Change) []engine.RowError {
	if c.Op != engine.OpInsert {
		return nil
	}
	_, err := c.Insert("UserLogin", sobject.F("UserId", sobject.IDValue(c.New.ID())))
	return failed(err)
}

const duplicateUsername = "Duplicate Username.<br>The username already exists in this or another Salesforce organization. Usernames must be unique across all Salesforce organizations. To resolve, use a different username (it doesn't need to match the user's email address)."
