package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var recordType = object{
	def: engine.Object{Name: "RecordType", Label: "Record Type", LabelPlural: "Record Type", KeyPrefix: "012", NoTrash: true, NoDelete: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true},
	fields: `
Name string:80 cu!yni Name
DeveloperName string:80 cu!y Record Type Name
NamespacePrefix string:15 ry Namespace Prefix
Description string:255 cuy Description
SobjectType picklist:40 c!yR SObject Type Name = Account|Campaign|Case|Contact|Contract|Event|Lead|Opportunity|Product2|Task
IsActive boolean cuy Active
`,
	after: (*engine.Change).RecordTyped,
}
