package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var userRole = object{
	def: engine.Object{NoAudit: true, Name: "UserRole", Label: "Role", LabelPlural: "Role", Links: []string{"compactLayouts"}, Searchable: true, KeyPrefix: "00E", NoTrash: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true},
	fields: `
Name string:80 cu!yni Name
ParentRoleId reference cuy Parent Role ID -> UserRole ParentRole/Roles
RollupDescription string:80 cuy Description
OpportunityAccessForAccountOwner picklist:40 cu!yR Opportunity Access Level for Account Owner = None|Read|+Edit
CaseAccessForAccountOwner picklist:40 cuyR Case Access Level for Account Owner = None|Read|+Edit
ContactAccessForAccountOwner picklist:40 ryR Contact Access Level for Account Owner = None|Read|+Edit
ForecastUserId reference cuy User ID -> User ForecastUser/
LastModifiedDate datetime r!y Last Modified Date
LastModifiedById reference r!y Last Modified By ID -> User LastModifiedBy/
SystemModstamp datetime r!y System Modstamp
DeveloperName string:80 cuy Developer Name
PortalAccountOwnerId reference ry User ID -> User -/
PortalType picklist:40 cyR Portal Type = +None|CustomerPortal|Partner
PortalAccountId reference cy Portal Account ID -> Account -/
`,
}
