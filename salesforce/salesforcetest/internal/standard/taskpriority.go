package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var taskPriority = object{
	def: engine.Object{Name: "TaskPriority", Label: "Task Priority Value", LabelPlural: "Task Priority Value", KeyPrefix: "1J5", NoTrash: true, NoCreate: true, NoUpdate: true, NoDelete: true, NoReplicate: true, HidePrefix: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true},
	fields: `
MasterLabel string:255 ryn Master Label
ApiName string:255 r!yi API Name
SortOrder int:9 ry Sort Order
IsDefault boolean ry Is Default
IsHighPriority boolean ry Is High Priority
`,
}
