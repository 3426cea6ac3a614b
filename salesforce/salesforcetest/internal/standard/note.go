package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var note = object{
	def: engine.Object{Name: "Note", KeyPrefix: "002", Owned: true, Searchable: true, NoLayout: true, NoRecent: true},
	fields: `
ParentId reference c!y Parent ID -> ` + noteTargets + ` Parent/Notes!
Title string:80 cu!yni Title
IsPrivate boolean cuy Private
Body textarea:32000 cuy Body
OwnerId reference cu!ye Owner ID -> User Owner/
%system
`,
}
