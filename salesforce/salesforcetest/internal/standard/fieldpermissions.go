package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var fieldPermissions = object{
	def: engine.Object{NoAudit: true, Together: []engine.Together{{Fields: []string{"Field", "ParentId"}}}, Name: "FieldPermissions", Label: "Field Permissions", LabelPlural: "Field Permissions", KeyPrefix: "01k", NoTrash: true, Needs: []string{"ViewSetup"}, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true},
	fields: `
ParentId reference c!y Parent ID -> PermissionSet Parent/FieldPerms!
SobjectType picklist:40 c!y SObject Type Name
Field picklist:4000 c!y Field Name
PermissionsEdit boolean cuy Edit Field
PermissionsRead boolean cuy Read Field
SystemModstamp datetime r!y System Modstamp
`,
	after: (*engine.Change).Grant,
}
