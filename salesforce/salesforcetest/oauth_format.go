package salesforcetest

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
)

// inFormat writes a token answer as XML or as a form when the request asks for
// it, by the parameter format or the header Accept.
func (c *call) inFormat(a answer, p url.Values) answer {
	format := p.Get("format")
	if format == "" {
		switch accept := c.header.Get("Accept"); {
		case strings.HasPrefix(accept, "application/xml"), strings.HasPrefix(accept, "text/xml"):
			format = "xml"
		case strings.HasPrefix(accept, "application/x-www-form-urlencoded"):
			format = "urlencoded"
		}
	}
	if format != "xml" && format != "urlencoded" {
		return a
	}
	// The answers are flat: names and texts, or a number.
	var names, texts []string
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.UseNumber()
	_, _ = d.Token()
	for d.More() {
		name, err1 := d.Token()
		value, err2 := d.Token()
		n, ok := name.(string)
		if err1 != nil || err2 != nil || !ok {
			return a
		}
		names = append(names, n)
		switch v := value.(type) {
		case string:
			texts = append(texts, v)
		case json.Number:
			texts = append(texts, v.String())
		default:
			return a
		}
	}
	var b strings.Builder
	if format == "xml" {
		b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><OAuth>`)
		for i, n := range names {
			b.WriteString("<" + n + ">" + escapeXML(texts[i]) + "</" + n + ">")
		}
		b.WriteString("</OAuth>")
		a.contentType = "application/xml;charset=UTF-8"
	} else {
		for i, n := range names {
			if i > 0 {
				b.WriteByte('&')
			}
			b.WriteString(n + "=" + url.QueryEscape(texts[i]))
		}
		a.contentType = "application/x-www-form-urlencoded;charset=UTF-8"
	}
	a.body = []byte(b.String())
	return a
}
