package standard

import (
	"encoding/base64"
	"strconv"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

var attachment = object{
	def: engine.Object{Name: "Attachment", KeyPrefix: "00P", Owned: true, NoRecent: true, Searchable: true, Links: []string{}, NoLayout: true},
	fields: `
ParentId reference c! Parent ID -> ` + fileTargets + ` Parent/Attachments!
Name string:255 cu!ni File Name
IsPrivate boolean cu Private
ContentType string:120 cu Content Type
BodyLength int:9 r Body Length
Body base64 cu! Body
Description string:500 cu Description
`,
	derive: func(at map[string]*engine.Field) {
		at["BodyLength"].Compute = func(r engine.Row) string { return bodyLength(r.Text("Body")) }
	},
}

// bodyLength is how many bytes a base64 text stands for.
func bodyLength(text string) string {
	if text == "" {
		return "0"
	}
	content, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return ""
	}
	return strconv.Itoa(len(content))
}
