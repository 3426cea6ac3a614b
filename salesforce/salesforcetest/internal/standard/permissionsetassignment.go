package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var permissionSetAssignment = object{
	def: engine.Object{NoAudit: true, Together: []engine.Together{{Fields: []string{"PermissionSetId", "AssigneeId"}, Message: "Duplicate PermissionSetAssignment."}}, Name: "PermissionSetAssignment", Label: "Permission Set Assignment", KeyPrefix: "0Pa", NoTrash: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true, NoReplicate: true, Needs: []string{"ViewSetup", "AssignPermissionSets", "ManageUsers"}},
	fields: `
PermissionSetId reference cy PermissionSet ID -> PermissionSet PermissionSet/Assignments!
AssigneeId reference c!y Assignee ID -> User Assignee/PermissionSetAssignments!
ExpirationDate datetime cuy Expires On
IsActive boolean ry Is Active = *true
PermissionSetGroupId reference cy Permission Set Group ID -> PermissionSetGroup PermissionSetGroup/Assignments
IsRevoked boolean uy Is Revoked
SystemModstamp datetime r!y System Modstamp
`,
}
