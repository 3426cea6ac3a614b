package salesforce

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"regexp"
	"strings"
)

// maxErrorBody is how much of an error's body is read.
const maxErrorBody = 1 << 20

// readError reads the body of a refusal, whatever its shape, closes it, and
// leaves the result behind in its place for the next reader.
func readError(resp *http.Response) *Error {
	if done, ok := resp.Body.(*parsedBody); ok {
		return done.err
	}
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	resp.Body.Close()
	e := parseError(resp.StatusCode, raw)
	e.RetryAfter = retryAfter(resp.Header)
	if len(e.Details) == 1 && e.Message == "" {
		e.Message = statusText(resp.StatusCode)
		if to := resp.Header.Get("Location"); to != "" {
			e.Message += ": redirected, which this request does not follow"
		}
		e.Details[0].Message = e.Message
	}
	resp.Body = &parsedBody{err: e}
	return e
}

func statusText(status int) string {
	switch {
	case status == statusNoRoute:
		return "the org's address is being set up"
	case http.StatusText(status) != "":
		return http.StatusText(status)
	default:
		return "unexpected status"
	}
}

// parseError turns a body into an Error. Nothing it can hold makes it fail.
func parseError(status int, raw []byte) *Error {
	e := &Error{StatusCode: status}
	text := strings.TrimSpace(string(raw))
	switch {
	case text == "":
	case status == http.StatusMultipleChoices && json.Unmarshal(raw, &e.Candidates) == nil:
		e.Details = []ErrorDetail{{Message: "the external id matches several records; use one of their ids"}}
	case text[0] == '[' || text[0] == '{':
		e.Details = jsonDetails(raw)
	case text[0] == '<':
		e.Details = markupDetails(text)
	default:
		e.Details = textDetails(text)
	}
	if len(e.Details) == 0 {
		e.Details = []ErrorDetail{{}}
		if text != "" {
			e.Details[0].Message = "unreadable answer: " + clip(text, 200)
		}
	}
	d := e.Details[0]
	e.Code, e.Message, e.Fields = d.Code, d.Message, d.Fields
	return e
}

// wireError has the keys of every JSON error: those of REST, of rows in
// collections (statusCode) and of OAuth (error).
type wireError struct {
	ErrorCode        string          `json:"errorCode"`
	StatusCode       string          `json:"statusCode"`
	Message          string          `json:"message"`
	Fields           []string        `json:"fields"`
	ExceptionCode    string          `json:"exceptionCode"` // Bulk API 1
	ExceptionMessage string          `json:"exceptionMessage"`
	OAuthError       string          `json:"error"`
	OAuthDescription string          `json:"error_description"`
	Nested           json.RawMessage `json:"errors"`
	DuplicateResult  json.RawMessage `json:"duplicateResult"`
	// Of the object that a tree answers with.
	Results     json.RawMessage `json:"results"`
	ReferenceID string          `json:"referenceId"`
}

func (w *wireError) detail() ErrorDetail {
	d := ErrorDetail{Code: first(w.ErrorCode, w.StatusCode, w.ExceptionCode, w.OAuthError), Message: first(w.Message, w.ExceptionMessage, w.OAuthDescription), Fields: w.Fields}
	if d.Duplicate = parseDuplicate(w.DuplicateResult); d.Duplicate != nil {
		for _, match := range d.Duplicate.Matches {
			if id := match.Record.ID(); id != "" {
				d.Matches = append(d.Matches, id)
			}
		}
	} else {
		d.Matches = textMatches(d.Code, d.Message)
	}
	return d
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// jsonDetails reads an array of errors, one error object, an object with
// "errors" inside, or as much of an array as arrived.
func jsonDetails(raw []byte) []ErrorDetail {
	var one json.RawMessage
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	if strings.HasPrefix(strings.TrimSpace(string(raw)), "[") {
		var out []ErrorDetail
		if _, err := dec.Token(); err != nil {
			return nil
		}
		for dec.More() && dec.Decode(&one) == nil {
			out = append(out, objectDetails(one)...)
		}
		return out
	}
	if dec.Decode(&one) != nil {
		return nil
	}
	return objectDetails(one)
}

func objectDetails(raw json.RawMessage) []ErrorDetail {
	var w wireError
	if err := json.Unmarshal(raw, &w); err != nil {
		// A key has another type than usual; take what can be had.
		var loose map[string]any
		if json.Unmarshal(raw, &loose) != nil {
			return nil
		}
		w = wireError{}
		w.ErrorCode, _ = loose["errorCode"].(string)
		w.Message, _ = loose["message"].(string)
		w.OAuthError, _ = loose["error"].(string)
		w.OAuthDescription, _ = loose["error_description"].(string)
	}
	if d := w.detail(); d.Code != "" || d.Message != "" {
		return []ErrorDetail{d}
	}
	for _, inside := range []json.RawMessage{w.Nested, w.Results} {
		if len(inside) == 0 || inside[0] != '[' {
			continue
		}
		details := jsonDetails(inside)
		for i := range details {
			details[i].Reference = first(details[i].Reference, w.ReferenceID)
		}
		return details
	}
	return nil
}

var (
	titleForm = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	spaces    = regexp.MustCompile(`\s+`)
)

// markupDetails reads Salesforce's XML errors and SOAP faults, and names an
// HTML page.
func markupDetails(text string) []ErrorDetail {
	var doc struct {
		Errors []xmlError `xml:"Error"`
		Fault  struct {
			Code   string `xml:"faultcode"`
			Reason string `xml:"faultstring"`
		} `xml:"Body>Fault"`
		xmlError
	}
	if err := xml.Unmarshal([]byte(text), &doc); err == nil {
		var out []ErrorDetail
		for _, x := range append(doc.Errors, doc.xmlError) {
			if x.Code+x.ExceptionCode != "" {
				out = append(out, ErrorDetail{Code: first(x.Code, x.ExceptionCode), Message: first(x.Message, x.ExceptionMessage), Fields: x.Fields})
			}
		}
		if doc.Fault.Code != "" { // SOAP: sf:INVALID_SESSION_ID
			code := doc.Fault.Code[strings.LastIndexByte(doc.Fault.Code, ':')+1:]
			out = append(out, ErrorDetail{Code: code, Message: doc.Fault.Reason})
		}
		if len(out) > 0 {
			return out
		}
	}
	message := "an HTML page instead of an answer"
	if m := titleForm.FindStringSubmatch(text); m != nil {
		message += ": " + clip(strings.TrimSpace(spaces.ReplaceAllString(m[1], " ")), 100)
	}
	return []ErrorDetail{{Message: message}}
}

type xmlError struct {
	Code             string   `xml:"errorCode"`
	Message          string   `xml:"message"`
	Fields           []string `xml:"fields"`
	ExceptionCode    string   `xml:"exceptionCode"`
	ExceptionMessage string   `xml:"exceptionMessage"`
}

// textDetails reads plain text; the identity service says a single word.
func textDetails(text string) []ErrorDetail {
	if !strings.ContainsAny(text, " \t\r\n") && len(text) < 60 {
		return []ErrorDetail{{Code: text, Message: text}}
	}
	return []ErrorDetail{{Message: clip(spaces.ReplaceAllString(text, " "), 300)}}
}
