package salesforcetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

type compositeRequest struct {
	AllOrNone  bool  `json:"allOrNone"`
	Collate    *bool `json:"collateSubrequests"`
	Subrequest []struct {
		Method      string            `json:"method"`
		URL         string            `json:"url"`
		ReferenceID string            `json:"referenceId"`
		Body        json.RawMessage   `json:"body"`
		HTTPHeaders map[string]string `json:"httpHeaders"`
	} `json:"compositeRequest"`
}

type compositeResult struct {
	Body        json.RawMessage   `json:"body"`
	HTTPHeaders map[string]string `json:"httpHeaders"`
	Status      int               `json:"httpStatusCode"`
	ReferenceID string            `json:"referenceId"`
}

var (
	referenceID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_]*$`)
	reference   = regexp.MustCompile(`@\{([^}]*)\}`)
	wholeText   = regexp.MustCompile(`"@\{([^}"]*)\}"`)
	errRollback = errors.New("rolled back")
)

// composite runs up to 25 requests in one, with references between them (fact
// sheet 3.11).
func (c *call) composite() answer {
	var req compositeRequest
	if refused := c.decode(&req); refused != nil {
		return *refused
	}
	if refused := req.check(); refused != nil {
		return *refused
	}
	var results []compositeResult
	if req.AllOrNone {
		var err error
		if results, _, err = c.atOnce(req); err != nil {
			return c.refusal(err)
		}
	} else {
		known := map[string]any{}
		for i := range req.Subrequest {
			results = append(results, c.subrequest(req, i, known, nil, nil, nil))
		}
	}
	return jsonAnswer(http.StatusOK, struct {
		R []compositeResult `json:"compositeResponse"`
	}{results})
}

func halted(ref, message string) compositeResult {
	body := encode([]struct {
		Code    string `json:"errorCode"`
		Message string `json:"message"`
	}{{"PROCESSING_HALTED", message}})
	return compositeResult{Body: body, HTTPHeaders: map[string]string{}, Status: http.StatusBadRequest, ReferenceID: ref}
}

// check refuses what fails the whole request.
func (r *compositeRequest) check() *answer {
	bad := func(code, message string) *answer { a := failure(http.StatusBadRequest, code, message); return &a }
	if len(r.Subrequest) == 0 {
		return bad("JSON_PARSER_ERROR", "The compositeRequest parameter must hold at least one subrequest.")
	}
	if len(r.Subrequest) > 25 {
		return bad("LIMIT_EXCEEDED", "The request exceeds the maximum of 25 subrequests.")
	}
	heavy := 0
	for _, sub := range r.Subrequest {
		if _, rest, ok := cutVersion(sub.URL); ok && (strings.HasPrefix(rest, "query") || strings.HasPrefix(rest, "composite/sobjects")) {
			heavy++
		}
	}
	if heavy > 5 {
		return bad("LIMIT_EXCEEDED", "The request exceeds the maximum of 5 query or sObject Collections subrequests.")
	}
	return r.checkReferences()
}

// checkReferences refuses malformed reference ids and forbidden headers.
func (r *compositeRequest) checkReferences() *answer {
	bad := func(code, message string) *answer { a := failure(http.StatusBadRequest, code, message); return &a }
	seen := map[string]bool{}
	for _, sub := range r.Subrequest {
		if !referenceID.MatchString(sub.ReferenceID) || seen[sub.ReferenceID] {
			return bad("INVALID_INPUT", "The referenceId '"+sub.ReferenceID+"' is not valid or not unique.")
		}
		seen[sub.ReferenceID] = true
		for name := range sub.HTTPHeaders {
			switch http.CanonicalHeaderKey(name) {
			case "Accept", "Authorization", "Content-Type":
				return bad("INVALID_INPUT", "The header '"+name+"' cannot be used in a subrequest.")
			}
		}
	}
	return nil
}

func (c *call) subrequest(req compositeRequest, i int, known map[string]any, ready map[int]answer, tx *engine.Tx, sch *schema) compositeResult {
	sub := req.Subrequest[i]
	target, missing := substitute(sub.URL, known, func(v any) string { return url.PathEscape(plain(v)) })
	var body []byte
	if missing == "" && len(sub.Body) > 0 && string(sub.Body) != "null" {
		body, missing = substituteBody(sub.Body, known)
	}
	if missing != "" {
		ref, _, _ := strings.Cut(missing, ".")
		ref, _, _ = strings.Cut(ref, "[")
		return halted(sub.ReferenceID, "Invalid reference specified. No value for "+missing+" found in "+ref+".")
	}
	a, done := ready[i]
	if !done {
		a = c.inner(strings.ToUpper(sub.Method), target, c.innerHeader(sub.HTTPHeaders), body, tx, sch)
	}
	out := compositeResult{Body: a.body, HTTPHeaders: map[string]string{}, Status: a.status, ReferenceID: sub.ReferenceID}
	for _, name := range []string{"Location", "ETag", "Last-Modified"} {
		if v := a.header.Get(name); v != "" {
			out.HTTPHeaders[name] = v
		}
	}
	if len(out.Body) == 0 {
		out.Body = json.RawMessage("null")
	} else if a.status < 400 {
		var v any
		d := json.NewDecoder(bytes.NewReader(a.body))
		d.UseNumber()
		if d.Decode(&v) == nil {
			known[sub.ReferenceID] = v
		}
	}
	return out
}

// inner routes a request that is part of another.
func (c *call) inner(method, target string, header http.Header, body []byte, tx *engine.Tx, sch *schema) answer {
	u, err := url.Parse(target)
	if err != nil {
		return notFound()
	}
	path := cleanPath(u.EscapedPath())
	segs := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if len(segs) < 3 || segs[0] != "services" || segs[1] != "data" || !c.s.serves(strings.TrimPrefix(segs[2], "v")) {
		return notFound()
	}
	if len(segs) > 3 && (segs[3] == "composite" && (len(segs) == 4 || segs[4] != "sobjects") || segs[3] == "jobs") {
		return failure(http.StatusBadRequest, "INVALID_INPUT", "The resource cannot be used in a subrequest.")
	}
	in := *c
	in.method, in.path, in.query, in.header, in.body = method, path, u.Query(), header, body
	in.version, in.tx, in.schema, in.params = strings.TrimPrefix(segs[2], "v"), tx, sch, nil
	return in.resource(segs[3:])
}

// substitute replaces references in text; missing names one without a value.
func substitute(text string, known map[string]any, write func(any) string) (out, missing string) {
	out = reference.ReplaceAllStringFunc(text, func(m string) string {
		path := m[2 : len(m)-1]
		v, ok := resolve(known, path)
		if !ok && missing == "" {
			missing = path
		}
		return write(v)
	})
	return out, missing
}

// substituteBody replaces references in JSON: a text that is one reference
// takes the value with its type, others its text.
func substituteBody(body []byte, known map[string]any) (out []byte, missing string) {
	out = wholeText.ReplaceAllFunc(body, func(m []byte) []byte {
		path := string(m[3 : len(m)-2])
		v, ok := resolve(known, path)
		if !ok && missing == "" {
			missing = path
		}
		return encode(v)
	})
	if missing != "" {
		return nil, missing
	}
	text, missing := substitute(string(out), known, func(v any) string {
		quoted := encode(plain(v))
		return string(quoted[1 : len(quoted)-1])
	})
	return []byte(text), missing
}

func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return string(encode(v))
	}
}

// resolve finds ref.records[0].Id in the answers so far. A null is a value.
func resolve(known map[string]any, path string) (any, bool) {
	path = strings.ReplaceAll(strings.ReplaceAll(path, "]", ""), "[", ".")
	parts := strings.Split(path, ".")
	v, ok := known[parts[0]]
	for _, part := range parts[1:] {
		if !ok {
			return nil, false
		}
		switch at := v.(type) {
		case map[string]any:
			v, ok = at[part]
		case []any:
			n := 0
			for _, d := range part {
				if d < '0' || d > '9' || n > len(at) {
					return nil, false
				}
				n = n*10 + int(d-'0')
			}
			if ok = part != "" && n < len(at); ok {
				v = at[n]
			}
		default:
			return nil, false
		}
	}
	return v, ok
}

type batchRequest struct {
	HaltOnError bool `json:"haltOnError"`
	Requests    []struct {
		Method    string          `json:"method"`
		URL       string          `json:"url"`
		RichInput json.RawMessage `json:"richInput"`
	} `json:"batchRequests"`
}

type batchResult struct {
	StatusCode int             `json:"statusCode"`
	Result     json.RawMessage `json:"result"`
}

// batch runs up to 25 independent requests one after the other.
func (c *call) batch() answer {
	var req batchRequest
	if refused := c.decode(&req); refused != nil {
		return *refused
	}
	if len(req.Requests) == 0 || len(req.Requests) > 25 {
		return failure(http.StatusBadRequest, "LIMIT_EXCEEDED", "A batch must hold between 1 and 25 subrequests.")
	}
	out := struct {
		HasErrors bool          `json:"hasErrors"`
		Results   []batchResult `json:"results"`
	}{}
	for _, sub := range req.Requests {
		if out.HasErrors && req.HaltOnError {
			out.Results = append(out.Results, batchResult{http.StatusPreconditionFailed,
				encode([]problem{{Code: "BATCH_PROCESSING_HALTED", Message: "Batch processing halted as required by the request."}})})
			continue
		}
		a := c.inner(strings.ToUpper(sub.Method), "/services/data/"+strings.TrimPrefix(sub.URL, "/"), http.Header{}, sub.RichInput, nil, nil)
		body := json.RawMessage(a.body)
		if len(body) == 0 {
			body = json.RawMessage("null")
		}
		out.Results = append(out.Results, batchResult{a.status, body})
		out.HasErrors = out.HasErrors || a.status >= 400
	}
	return jsonAnswer(http.StatusOK, out)
}
