package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var queueSobject = object{
	def: engine.Object{Together: []engine.Together{{Fields: []string{"SobjectType", "QueueId"}}}, NoAudit: true, Name: "QueueSobject", Label: "Queue Sobject", LabelPlural: "Queue Sobjects", KeyPrefix: "03g", NoTrash: true, NoUpdate: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true},
	fields: `
QueueId reference c!y Group ID -> Group Queue/QueueSobjects!
SobjectType picklist:40 c!y Sobject Type = ` + queueObjects + `
CreatedById reference r!y Created By ID -> User CreatedBy/
SystemModstamp datetime r!y System Modstamp
`,
}
