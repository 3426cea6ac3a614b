package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var contractStatus = object{
	def: engine.Object{Name: "ContractStatus", Label: "Contract Status Value", LabelPlural: "Contract Status Value", KeyPrefix: "1J3", NoTrash: true, NoCreate: true, NoUpdate: true, NoDelete: true, NoReplicate: true, HidePrefix: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true},
	fields: `
MasterLabel string:255 ryn Master Label
ApiName string:255 r!yi API Name
SortOrder int:9 ry Sort Order
IsDefault boolean ry Is Default
StatusCode picklist:40 ryR Status Code = Draft|InApproval=In Approval Process|Activated
`,
}
