package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var userLicense = object{
	def: engine.Object{NoAudit: true, Name: "UserLicense", Label: "User License", KeyPrefix: "100", NoTrash: true, NoCreate: true, NoUpdate: true, NoDelete: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true, NoReplicate: true, Needs: []string{"ViewSetup"}},
	fields: `
LicenseDefinitionKey string:40 r!y License Def. ID
TotalLicenses int:9 r!y Total Licenses
Status picklist:40 r!yR Status = +Active|Disabled
UsedLicenses int:9 r!y Used Licenses
Name string:40 r!yni Name
MasterLabel string:40 r!y Label
MonthlyLoginsUsed int:9 ry Monthly Logins Used
MonthlyLoginsEntitlement int:9 ry Monthly Logins Allowed
CreatedDate datetime r!y Created Date
LastModifiedDate datetime r!y Last Modified Date
SystemModstamp datetime r!y System Modstamp
`,
}
