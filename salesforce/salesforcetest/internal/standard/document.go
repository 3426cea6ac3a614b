package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var document = object{
	def: engine.Object{Name: "Document", KeyPrefix: "015", Searchable: true, NoLayout: true, NoTriggers: true},
	fields: `
FolderId reference cu!yv Folder ID -> Folder,User Folder/
IsDeleted boolean r Deleted
Name string:255 cu!yni Document Name
DeveloperName string:80 cu!ye Document Unique Name
NamespacePrefix string:15 ry Namespace Prefix
ContentType string:120 cuy MIME Type
Type string:40 cuy File Extension
IsPublic boolean cuy Externally Available
BodyLength int:8 r!y Body Length
Body base64 cuy Body
Url string:255 cuy Url
Description textarea:255 cuy Description
Keywords string:255 cuy Keywords
IsInternalUseOnly boolean cuy Internal Use Only
AuthorId reference cu!ye Author ID -> User Author/
%system
IsBodySearchable boolean ry Document Content Searchable
%viewed
`,
	before: beforeDocument,
	derive: func(at map[string]*engine.Field) {
		at["BodyLength"].Compute = func(r engine.Row) string { return bodyLength(r.Text("Body")) }
	},
}

func beforeDocument(d *engine.Draft) []engine.RowError {
	if d.Null("AuthorId") {
		d.Set("AuthorId", d.User().String())
	}
	if d.Null("DeveloperName") {
		d.Set("DeveloperName", developerName(d.Text("Name")))
	}
	return nil
}
