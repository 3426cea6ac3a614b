package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var leadStatus = object{
	def: engine.Object{Name: "LeadStatus", Label: "Lead Status Value", LabelPlural: "Lead Status Value", KeyPrefix: "1J1", NoTrash: true, NoCreate: true, NoUpdate: true, NoDelete: true, NoReplicate: true, HidePrefix: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true},
	fields: `
MasterLabel string:255 ryn Master Label
ApiName string:255 r!yi API Name
SortOrder int:9 ry Sort Order
IsDefault boolean ry Is Default
IsConverted boolean ry Is Converted
`,
}
