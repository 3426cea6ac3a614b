package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var userLogin = object{
	def: engine.Object{NoAudit: true, Name: "UserLogin", Label: "User Login", LabelPlural: "User Login", KeyPrefix: "0Yw", NoTrash: true, NoCreate: true, Needs: []string{"ManageUsers"}, NoDelete: true, NoReplicate: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true},
	fields: `
UserId reference ryx User ID -> User -/
IsFrozen boolean uy Frozen
IsPasswordLocked boolean uy Password Locked
LastModifiedDate datetime r!y Last Modified Date
LastModifiedById reference r!y Last Modified By ID -> User LastModifiedBy/
`,
}
