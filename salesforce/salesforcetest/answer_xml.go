package salesforcetest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"regexp"
	"slices"
	"sort"
	"strings"
)

// REST answers in XML, for the resources whose form is documented: errors,
// saved records, records, queries, the resource list, getUpdated and
// getDeleted, trees. The others answer JSON whatever the client accepts.

// wantsXML reports whether a client accepts XML and not JSON.
func (c *call) wantsXML() bool {
	accept := strings.ToLower(c.header.Get("Accept"))
	return strings.Contains(accept, "application/xml") && !strings.Contains(accept, "application/json")
}

// inXML turns a JSON answer into XML, if its form is known.
func (c *call) inXML(a answer) answer {
	if a.contentType != typeJSON || len(a.body) == 0 {
		return a
	}
	root, item := c.xmlRoot(a.status)
	if root == "" {
		return a
	}
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.UseNumber()
	v, err := orderedJSON(d)
	if err != nil {
		return a
	}
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>`)
	if list, ok := v.([]any); ok {
		b.WriteString("<" + root + ">")
		for _, one := range list {
			appendXML(&b, item, one)
		}
		b.WriteString("</" + root + ">")
	} else {
		appendXML(&b, root, v)
	}
	a.contentType, a.body = "application/xml;charset=UTF-8", b.Bytes()
	return a
}

// xmlRoot names the outer element, and for lists the inner one.
func (c *call) xmlRoot(status int) (root, item string) {
	pattern := strings.Join(c.matched.pattern, "/")
	object := c.params["object"]
	if o, ok := c.s.org.Object(object); ok {
		object = o.Name
	}
	switch {
	case c.path == "/services/data":
		return "Versions", "Version"
	case status >= http.StatusBadRequest && pattern != "composite/tree/{object}":
		return "Errors", "Error"
	case c.matched.pattern == nil && c.version != "":
		return "urls", ""
	case pattern == "query", pattern == "queryAll", pattern == "query/{locator}", pattern == "queryAll/{locator}":
		return "QueryResult", ""
	case pattern == "composite/tree/{object}":
		return "SObjectTreeResponse", ""
	case strings.HasSuffix(pattern, "/updated"), strings.HasSuffix(pattern, "/deleted"):
		return object, ""
	case strings.HasPrefix(pattern, "sobjects/{object}") && (c.method == http.MethodPost || c.method == http.MethodPatch):
		return "Result", ""
	case pattern == "sobjects/{object}/{id}" || pattern == "sobjects/{object}/{field}/{value}":
		return object, ""
	}
	return "", ""
}

// members is a JSON object in its order.
type members []member

type member struct {
	name  string
	value any
}

func orderedJSON(d *json.Decoder) (any, error) {
	tok, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch tok {
	case json.Delim('{'):
		out := members{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := orderedJSON(d)
			if err != nil {
				return nil, err
			}
			key, _ := name.(string)
			out = append(out, member{key, v})
		}
		_, err = d.Token()
		return out, err
	case json.Delim('['):
		out := []any{}
		for d.More() {
			v, err := orderedJSON(d)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		_, err = d.Token()
		return out, err
	}
	return tok, nil
}

var (
	jsonStamp = regexp.MustCompile(`^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})\+0000$`)
	xmlName   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)
)

// appendXML writes one element. The elements of a record stand in its order
// and its attributes become XML's; others stand in the alphabet's.
func appendXML(b *bytes.Buffer, name string, v any) {
	if !xmlName.MatchString(name) {
		return
	}
	switch v := v.(type) {
	case nil:
		b.WriteString("<" + name + ` xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>`)
	case []any:
		for _, one := range v {
			appendXML(b, name, one)
		}
	case members:
		b.WriteString("<" + name)
		rest := slices.Clone(v)
		if i := slices.IndexFunc(rest, func(m member) bool { return m.name == "attributes" }); i >= 0 {
			attributes, _ := rest[i].value.(members)
			for _, m := range attributes {
				text, _ := m.value.(string)
				b.WriteString(" " + m.name + `="`)
				_ = xml.EscapeText(b, []byte(text))
				b.WriteString(`"`)
			}
			rest = slices.Delete(rest, i, i+1)
		} else {
			sort.SliceStable(rest, func(i, j int) bool { return rest[i].name < rest[j].name })
		}
		b.WriteString(">")
		for _, m := range rest {
			appendXML(b, m.name, m.value)
		}
		b.WriteString("</" + name + ">")
	default:
		text := plain(v)
		if s, ok := v.(string); ok {
			text = jsonStamp.ReplaceAllString(s, "${1}Z")
		}
		b.WriteString("<" + name + ">")
		_ = xml.EscapeText(b, []byte(text))
		b.WriteString("</" + name + ">")
	}
}
