package salesforcetest

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// The content types of answers.
const (
	typeJSON = "application/json;charset=UTF-8"
	typeCSV  = "text/csv"
	typeText = "text/plain;charset=UTF-8"
	typeHTML = "text/html;charset=UTF-8"
	typeXML  = "text/xml; charset=utf-8"
)

// answer is what a handler decided: it is complete before anything is sent, so
// that hooks and faults can stand between the work and the wire.
type answer struct {
	status      int
	contentType string // "" with an empty body
	header      http.Header
	body        []byte
}

// with returns the answer with one more header.
func (a answer) with(name, value string) answer {
	if a.header == nil {
		a.header = http.Header{}
	}
	a.header.Set(name, value)
	return a
}

// problem is one element of an error array. Fields is absent from errors of
// queries, routing and authentication, and present, maybe empty, in errors of
// writes.
type problem struct {
	// Duplicates stands in errors of duplicate rules, outside of collections.
	Duplicates *duplicateResult `json:"duplicateResult,omitempty"`
	Message    string           `json:"message"`
	Code       string           `json:"errorCode"`
	Fields     *[]string        `json:"fields,omitempty"`
}

// encode writes v as JSON the way Salesforce does: without HTML escapes.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		// Only our own types come here; none of them can fail to encode.
		return []byte(`[{"message":"An unexpected error occurred. Please include this ErrorId if you contact support: 1-1 (1)","errorCode":"UNKNOWN_EXCEPTION"}]`)
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// jsonAnswer answers a value as JSON.
func jsonAnswer(status int, v any) answer {
	return answer{status: status, contentType: typeJSON, body: encode(v)}
}

// rawJSON answers JSON that is already encoded.
func rawJSON(status int, body []byte) answer {
	return answer{status: status, contentType: typeJSON, body: body}
}

// textAnswer answers plain text, as the identity service does.
func textAnswer(status int, text string) answer {
	return answer{status: status, contentType: typeText, body: []byte(text)}
}

// empty answers a status alone.
func empty(status int) answer { return answer{status: status} }

// failure answers an error array of one element without fields.
func failure(status int, code, message string) answer {
	return jsonAnswer(status, []problem{{Message: message, Code: code}})
}

// notFound is Salesforce's answer to a path it does not know.
func notFound() answer {
	return failure(http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
}
