package engine

import (
	"encoding/base64"
	"strconv"
)

// Files that hang on a record (object reference, "Attachment").

const tableAttachment = `
ParentId reference cu! Parent ID -> ` + activityTargets + `,Contact,Event,Lead,Task Parent/Attachments!
Name string:255 cu!n File Name
IsPrivate boolean cu Private
ContentType string:120 cu Content Type
BodyLength int:9 r Body Length
Body base64 cu! Body
Description string:500 cu Description
`

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
