package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var caseComment = object{
	def: engine.Object{Name: "CaseComment", Label: "Case Comment", KeyPrefix: "00a", Searchable: true, NoLayout: true, NoRecent: true},
	fields: `
ParentId reference c!y Parent ID -> Case Parent/CaseComments!
IsPublished boolean cuy Published
CommentBody textarea:4000 cuyg Body
%system
`,
}
