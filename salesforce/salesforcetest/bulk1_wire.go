package salesforcetest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

const asyncNamespace = "http://www.force.com/2009/06/asyncapi/dataload"

var contentTypes = map[string]string{"CSV": typeCSV, "JSON": typeJSON, "XML": "application/xml"}

// wantsJSON tells which form an answer takes where no job decides: the form of
// the request ("Content Type Header").
func (c *call) wantsJSON() bool {
	if f := c.params["format"]; f != "" {
		return f == "JSON"
	}
	return strings.HasPrefix(strings.ToLower(c.header.Get("Content-Type")), "application/json")
}

// exception answers an error of this API, which is no array.
func (c *call) exception(status int, code, message string) answer {
	return c.infoAnswer(status, "error", []pair{{"exceptionCode", code}, {"exceptionMessage", message}}, c.wantsJSON())
}

// pair is one element of an answer: a string, int or time.Time.
type pair struct {
	name  string
	value any
}

// infoAnswer writes a flat element: in XML in the order given, in JSON in the
// alphabet's, as Salesforce does.
func (c *call) infoAnswer(status int, root string, pairs []pair, asJSON bool) answer {
	if asJSON {
		return jsonAnswer(status, jsonPairs(pairs))
	}
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><` + root + "\n   xmlns=\"" + asyncNamespace + "\">\n")
	xmlPairs(&b, " ", pairs)
	b.WriteString("</" + root + ">")
	return answer{status: status, contentType: contentTypes["XML"], body: b.Bytes()}
}

func jsonPairs(pairs []pair) map[string]any {
	out := map[string]any{}
	for _, p := range pairs {
		if t, ok := p.value.(time.Time); ok {
			p.value = stamp(t)
		}
		out[p.name] = p.value
	}
	return out
}

func xmlPairs(b *bytes.Buffer, indent string, pairs []pair) {
	for _, p := range pairs {
		b.WriteString(indent + "<" + p.name + ">")
		switch v := p.value.(type) {
		case string:
			_ = xml.EscapeText(b, []byte(v))
		case int:
			b.WriteString(strconv.Itoa(v))
		case json.Number:
			b.WriteString(v.String())
		case time.Time:
			b.WriteString(v.UTC().Format("2006-01-02T15:04:05.000Z"))
		}
		b.WriteString("</" + p.name + ">\n")
	}
}

// info1 describes a job.
func (j *job1) info1() []pair {
	count := map[string]int{}
	rows, failed, took := 0, 0, 0
	for _, b := range j.batches {
		count[b.state]++
		rows, failed, took = rows+b.rows, failed+b.failed, took+b.took()
	}
	out := []pair{{"id", string(j.id)}, {"operation", j.operation}, {"object", j.object}, {"createdById", string(j.user)},
		{"createdDate", j.created}, {"systemModstamp", j.changed}, {"state", j.state}}
	if j.extField != "" {
		out = append(out, pair{"externalIdFieldName", j.extField})
	}
	return append(out, pair{"concurrencyMode", j.concurrent}, pair{"contentType", j.content},
		pair{"numberBatchesQueued", count[stateQueued]}, pair{"numberBatchesInProgress", count[stateInProgress]},
		pair{"numberBatchesCompleted", count[stateCompleted]}, pair{"numberBatchesFailed", count[stateFailed]},
		pair{"numberBatchesTotal", len(j.batches)}, pair{"numberRecordsProcessed", rows}, pair{"numberRetries", 0},
		pair{"apiVersion", json.Number(j.version)}, pair{"numberRecordsFailed", failed}, pair{"totalProcessingTime", took},
		pair{"apiActiveProcessingTime", took}, pair{"apexProcessingTime", 0})
}

func (b *batch1) took() int {
	if b.state == stateCompleted || b.state == stateFailed {
		return int(b.changed.Sub(b.created).Milliseconds())
	}
	return 0
}

func (j *job1) batchInfo(b *batch1) []pair {
	out := []pair{{"id", string(b.id)}, {"jobId", string(j.id)}, {"state", b.state}}
	if b.message != "" {
		out = append(out, pair{"stateMessage", b.message})
	}
	return append(out, pair{"createdDate", b.created}, pair{"systemModstamp", b.changed}, pair{"numberRecordsProcessed", b.rows},
		pair{"numberRecordsFailed", b.failed}, pair{"totalProcessingTime", b.took()}, pair{"apiActiveProcessingTime", b.took()}, pair{"apexProcessingTime", 0})
}

func (c *call) batchList(j *job1) answer {
	if j.content == "JSON" {
		list := []map[string]any{}
		for _, b := range j.batches {
			list = append(list, jsonPairs(j.batchInfo(b)))
		}
		return jsonAnswer(http.StatusOK, map[string]any{"batchInfo": list})
	}
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><batchInfoList` + "\n   xmlns=\"" + asyncNamespace + "\">\n")
	for _, one := range j.batches {
		b.WriteString(" <batchInfo>\n")
		xmlPairs(&b, "  ", j.batchInfo(one))
		b.WriteString(" </batchInfo>\n")
	}
	b.WriteString("</batchInfoList>")
	return answer{status: http.StatusOK, contentType: contentTypes["XML"], body: b.Bytes()}
}

func (c *call) resultList(j *job1, id sobject.ID) answer {
	if j.content == "JSON" {
		return jsonAnswer(http.StatusOK, []string{string(id)})
	}
	return answer{status: http.StatusOK, contentType: contentTypes["XML"],
		body: []byte(`<result-list xmlns="` + asyncNamespace + `"><result>` + string(id) + `</result></result-list>`)}
}

// rowResults tells the outcome of each record, in the order of the input.
func (c *call) rowResults(j *job1, b *batch1) answer {
	var out []byte
	switch j.content {
	case "JSON":
		list := []asyncRow{}
		for _, o := range b.outs {
			list = append(list, asyncRowOf(o))
		}
		return jsonAnswer(http.StatusOK, list)
	case "XML":
		return xmlRows(b.outs)
	}
	out = append(out, "\"Id\",\"Success\",\"Created\",\"Error\"\n"...)
	for _, o := range b.outs {
		var parts []string
		for _, e := range o.Errors {
			parts = append(parts, e.Code+":"+e.Message+":"+strings.Join(append(slices.Clone(e.Fields), "--"), " "))
		}
		id := string(o.ID)
		if !o.Success && j.operation == "insert" {
			id = ""
		}
		for i, value := range []string{id, strconv.FormatBool(o.Success), strconv.FormatBool(o.Created), strings.Join(parts, ";")} {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendQuoted(out, value)
		}
		out = append(out, '\n')
	}
	return answer{status: http.StatusOK, contentType: typeCSV, body: out}
}

type asyncRow struct {
	Success bool         `json:"success"`
	Created bool         `json:"created"`
	ID      *string      `json:"id"`
	Errors  []asyncError `json:"errors"`
}

type asyncError struct {
	Message string   `json:"message"`
	Fields  []string `json:"fields"`
	Code    string   `json:"statusCode"`
	Details *string  `json:"extendedErrorDetails"`
}

func asyncRowOf(o engine.Outcome) asyncRow {
	row := asyncRow{Success: o.Success, Created: o.Created, Errors: []asyncError{}}
	if o.ID != "" && o.Success {
		id := string(o.ID)
		row.ID = &id
	}
	for _, e := range o.Errors {
		f := failOf(e)
		row.Errors = append(row.Errors, asyncError{Message: f.Message, Fields: f.Fields, Code: f.Code})
	}
	return row
}

func xmlRows(outs []engine.Outcome) answer {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><results xmlns="` + asyncNamespace + "\">\n")
	for _, o := range outs {
		b.WriteString("  <result>\n")
		for _, e := range o.Errors {
			b.WriteString("    <errors>\n")
			pairs := []pair{}
			for _, f := range e.Fields {
				pairs = append(pairs, pair{"fields", f})
			}
			xmlPairs(&b, "      ", append(pairs, pair{"message", e.Message}, pair{"statusCode", e.Code}))
			b.WriteString("    </errors>\n")
		}
		if o.Success {
			xmlPairs(&b, "    ", []pair{{"id", string(o.ID)}})
		}
		xmlPairs(&b, "    ", []pair{{"success", strconv.FormatBool(o.Success)}, {"created", strconv.FormatBool(o.Created)}})
		b.WriteString("  </result>\n")
	}
	b.WriteString("</results>")
	return answer{status: http.StatusOK, contentType: contentTypes["XML"], body: b.Bytes()}
}

// queryRows sends the rows of a query in the job's form. In CSV, none is a
// sentence.
func (c *call) queryRows(j *job1, b *batch1) answer {
	switch {
	case j.content == "JSON":
		body := b.res.AppendRows([]byte{'['}, b.from, b.to, engine.JSONOptions{Base: c.base()})
		return rawJSON(http.StatusOK, append(body, ']'))
	case j.content == "XML":
		return c.xmlQuery(b)
	case b.from == b.to:
		return answer{status: http.StatusOK, contentType: typeCSV, body: []byte("Records not found for this query")}
	}
	var body []byte
	for i, name := range b.res.Header() {
		if i > 0 {
			body = append(body, ',')
		}
		body = appendQuoted(body, name)
	}
	body = append(body, '\n')
	return answer{status: http.StatusOK, contentType: typeCSV, body: b.res.AppendCSVRows(body, b.from, b.to, ',', "\n")}
}

// xmlQuery writes rows as XML; parents are left out.
func (c *call) xmlQuery(b *batch1) answer {
	var out bytes.Buffer
	out.WriteString(`<?xml version="1.0" encoding="UTF-8"?><queryResult xmlns="` + asyncNamespace +
		"\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n")
	for row := b.from; row < b.to; row++ {
		rec := b.res.Record(row)
		out.WriteString(` <records xsi:type="sObject">` + "\n  <type>" + b.res.Object() + "</type>\n")
		for name, v := range rec.Fields() {
			switch v.Kind() {
			case sobject.Null:
				out.WriteString("  <" + name + ` xsi:nil="true"/>` + "\n")
			case sobject.Nested, sobject.Children:
			default:
				xmlPairs(&out, "  ", []pair{{name, v.Raw()}})
			}
		}
		out.WriteString(" </records>\n")
	}
	out.WriteString("</queryResult>")
	return answer{status: http.StatusOK, contentType: contentTypes["XML"], body: out.Bytes()}
}

// jobRequest reads the flat JSON or XML body that creates or changes a job.
func (c *call) jobRequest() (map[string]string, *answer) {
	text := bytes.TrimSpace(c.body)
	if len(text) > 0 && text[0] == '{' {
		var raw map[string]any
		if json.Unmarshal(text, &raw) != nil {
			a := c.exception(http.StatusBadRequest, "InvalidJob", "Unable to parse Job")
			return nil, &a
		}
		out := map[string]string{}
		for name, v := range raw {
			out[name], _ = v.(string)
		}
		return out, nil
	}
	bad := func() *answer {
		a := c.exception(http.StatusBadRequest, "InvalidXML", "Unable to parse XML")
		return &a
	}
	out, name, depth := map[string]string{}, "", 0
	d := xml.NewDecoder(bytes.NewReader(text))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) && depth == 0 && name != "" {
			return out, nil
		}
		if err != nil {
			return nil, bad()
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if depth++; depth > 2 || depth == 1 && t.Name.Local != "jobInfo" {
				return nil, bad()
			}
			name = t.Name.Local
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 2 {
				out[name] += string(t)
			}
		}
	}
}
