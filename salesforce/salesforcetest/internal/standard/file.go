package standard

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"path"
	"strconv"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// fileTypes are the FileType of well-known extensions.
var fileTypes = map[string]string{
	"csv": "CSV", "doc": "WORD", "docx": "WORD_X", "gif": "GIF", "html": "HTML", "jpg": "JPG", "jpeg": "JPEG", "json": "JSON", "pdf": "PDF", "png": "PNG",
	"ppt": "POWER_POINT", "pptx": "POWER_POINT_X", "snote": "SNOTE", "txt": "TEXT", "xls": "EXCEL", "xlsx": "EXCEL_X", "xml": "XML", "zip": "ZIP",
}

// beforeContentVersion derives what the content tells (Object Reference,
// "ContentVersion").
func beforeContentVersion(d *engine.Draft) []engine.RowError {
	missing := func(field string) []engine.RowError {
		return []engine.RowError{{Code: "REQUIRED_FIELD_MISSING", Message: "Required fields are missing: [" + field + "]", Fields: []string{field}}}
	}
	if d.Null("OwnerId") {
		d.Set("OwnerId", d.User().String())
	}
	if !d.Null("ContentUrl") {
		d.Set("ContentLocation", "S")
		d.Set("FileType", "LINK")
		d.Set("ContentSize", "0")
		return nil
	}
	switch {
	case d.Null("VersionData"):
		return missing("VersionData")
	case d.Null("PathOnClient"):
		return missing("PathOnClient")
	}
	if d.Update && !d.Changed("VersionData") {
		return nil
	}
	content, err := base64.StdEncoding.DecodeString(d.Text("VersionData"))
	if err != nil {
		return []engine.RowError{{Code: "INVALID_TYPE_ON_FIELD_IN_RECORD", Message: "Version Data: value not of required type: base64", Fields: []string{"VersionData"}}}
	}
	sum := md5.Sum(content)
	d.Set("Checksum", hex.EncodeToString(sum[:]))
	d.Set("ContentSize", strconv.Itoa(len(content)))
	extension := strings.TrimPrefix(path.Ext(d.Text("PathOnClient")), ".")
	kind := fileTypes[strings.ToLower(extension)]
	if kind == "" {
		kind = "UNKNOWN"
	}
	d.Set("FileExtension", extension)
	d.Set("FileType", kind)
	if d.Null("Title") {
		d.Set("Title", strings.TrimSuffix(path.Base(strings.ReplaceAll(d.Text("PathOnClient"), `\`, "/")), "."+extension))
	}
	d.Set("ContentModifiedDate", dateTimeText(d.Now()))
	d.Set("ContentModifiedById", d.User().String())
	return nil
}

// afterContentVersion makes the document of a first version, or puts a
// further one at its document's top.
func afterContentVersion(c *engine.Change) []engine.RowError {
	if c.Op != engine.OpInsert {
		return nil
	}
	f := func(name, value string) sobject.Field { return sobject.F(name, sobject.TextValue(value)) }
	document, number := sobject.ID(c.New.Text("ContentDocumentId")), 1
	if document == "" {
		id, err := c.Insert("ContentDocument", f("Title", c.New.Text("Title")), f("OwnerId", c.New.Text("OwnerId")))
		if err != nil {
			return failed(err)
		}
		document = id
		for _, link := range []string{c.New.Text("OwnerId"), c.New.Text("FirstPublishLocationId")} {
			if link == "" {
				continue
			}
			if _, err := c.Insert("ContentDocumentLink", f("ContentDocumentId", string(id)), f("LinkedEntityId", link), f("ShareType", "I")); err != nil {
				return failed(err)
			}
		}
	} else if doc, ok := c.New.Parent("ContentDocument"); ok {
		var earlier []sobject.ID
		doc.Children("ContentVersion", "ContentDocumentId", func(v engine.Row) bool {
			if v.ID() != c.New.ID() {
				number++
				earlier = append(earlier, v.ID())
			}
			return true
		})
		for _, id := range earlier {
			if err := c.Update(id, sobject.F("IsLatest", sobject.BoolValue(false))); err != nil {
				return failed(err)
			}
		}
	}
	if err := c.Update(c.New.ID(), f("ContentDocumentId", string(document)), f("VersionNumber", strconv.Itoa(number)), sobject.F("IsLatest", sobject.BoolValue(true))); err != nil {
		return failed(err)
	}
	return failed(c.Update(document, f("LatestPublishedVersionId", string(c.New.ID())), f("Title", c.New.Text("Title")), f("Description", c.New.Text("Description")),
		f("ContentSize", c.New.Text("ContentSize")), f("FileType", c.New.Text("FileType")), f("FileExtension", c.New.Text("FileExtension")),
		f("ContentModifiedDate", c.New.Text("ContentModifiedDate"))))
}

// failed words an error of a hook.
func failed(err error) []engine.RowError {
	if err == nil {
		return nil
	}
	return []engine.RowError{{Code: "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", Message: err.Error(), Fields: []string{}}}
}

// developerName turns a label into a unique name.
func developerName(label string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, label), "_")
}
