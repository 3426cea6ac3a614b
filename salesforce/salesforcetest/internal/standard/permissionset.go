package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var permissionSet = object{
	def: engine.Object{Name: "PermissionSet", Label: "Permission Set", KeyPrefix: "0PS", NoTrash: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true, NoReplicate: true, Needs: []string{"ViewSetup", "AssignPermissionSets"}},
	fields: `
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
Type picklist:40 ryR Permission Set Type = +Regular|Standard|Group|Profile|Session
`,
	after: (*engine.Change).Grant,
}
