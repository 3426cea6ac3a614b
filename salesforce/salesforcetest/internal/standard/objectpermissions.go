package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var objectPermissions = object{
	def: engine.Object{Together: []engine.Together{{Fields: []string{"SobjectType", "ParentId"}}}, Name: "ObjectPermissions", Label: "Object Permissions", LabelPlural: "Object Permissions", KeyPrefix: "110", NoTrash: true, Needs: []string{"ViewSetup"}, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true},
	fields: `
ParentId reference c!y Parent ID -> PermissionSet Parent/ObjectPerms!
SobjectType picklist:40 c!y SObject Type Name
PermissionsCreate boolean cuygs Create Records
PermissionsRead boolean cuygs Read Records
PermissionsEdit boolean cuygs Edit Records
PermissionsDelete boolean cuygs Delete Records
PermissionsViewAllRecords boolean cuygs Read All Records
PermissionsModifyAllRecords boolean cuygs Edit All Records
PermissionsViewAllFields boolean cuygs View All Fields
%system
`,
	after: (*engine.Change).Grant,
}
