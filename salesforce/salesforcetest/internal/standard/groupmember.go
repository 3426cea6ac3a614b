package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var groupMember = object{
	def: engine.Object{NoAudit: true, Together: []engine.Together{{Fields: []string{"UserOrGroupId", "GroupId"}}}, Name: "GroupMember", Label: "Group Member", LabelPlural: "Group Member", KeyPrefix: "011", NoTrash: true, NoUpdate: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true},
	fields: `
GroupId reference c!y Group ID -> Group Group/GroupMembers!
UserOrGroupId reference c!y User/Group ID -> Group,User UserOrGroup/!
SystemModstamp datetime r!y System Modstamp
`,
}
