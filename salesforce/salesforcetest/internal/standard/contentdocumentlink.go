package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var contentDocumentLink = object{
	def: engine.Object{NoAudit: true, Together: []engine.Together{{Fields: []string{"LinkedEntityId", "ContentDocumentId"}, Message: "Document is already linked with the entity."}}, Name: "ContentDocumentLink", Label: "Content Document Link", LabelPlural: "Content Document Link", KeyPrefix: "06A", NoReplicate: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true},
	fields: `
LinkedEntityId reference c!y Linked Entity ID -> ` + linkTargets + ` LinkedEntity/ContentDocumentLinks!
ContentDocumentId reference c!y ContentDocument ID -> ContentDocument ContentDocument/ContentDocumentLinks!
IsDeleted boolean r Is Deleted
SystemModstamp datetime r!y System Modstamp
ShareType picklist:40 cuyR Share Type = +V=Viewer|C=Collaborator|I=Inferred
Visibility picklist:40 cuy Visibility = +AllUsers=All Users|InternalUsers=Internal Users|SharedUsers=Shared Users
`,
}
