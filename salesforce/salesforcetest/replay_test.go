package salesforcetest_test

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// recording is a capture: requests with their answers, or one bare answer.
type recording struct {
	Exchanges []struct {
		Request struct {
			Method, URL string
			Params      map[string]string
			Body        json.RawMessage
		}
		Response struct {
			Status  int
			Headers map[string]any
			Body    json.RawMessage
		}
	}
}

// replay sends a capture's requests to the fake and lists in what its answers
// differ from the recorded ones.
type replay struct {
	c       *caller
	ids     map[string]string // of the recording, and what stands for them here
	list    map[string]bool   // the differences
	missing int               // requests that the fake had no answer to
}

// all sends every request of a recording.
func (r *replay) all(file string) {
	r.c.t.Helper()
	var rec recording
	raw := readCapture(r.c.t, file)
	if err := json.Unmarshal(raw, &rec); err != nil || len(rec.Exchanges) == 0 {
		r.c.t.Fatalf("%s holds no exchanges: %v", file, err)
	}
	for i, e := range rec.Exchanges {
		body := bodyText(e.Request.Body)
		at := e.Request.URL
		if _, path, ok := strings.Cut(at, "://"); ok {
			at = path[strings.Index(path, "/"):]
		}
		if e.Request.Params != nil && !strings.Contains(at, "/query/") { // a next page needs none
			q := url.Values{}
			for k, v := range e.Request.Params {
				q.Set(k, v)
			}
			at += "?" + q.Encode()
		}
		got := r.c.send(e.Request.Method, r.translate(strings.ReplaceAll(at, " ", "%20")), r.translate(dechunk(body)), requestHeaders(r.c, at, body)...)
		where := ""
		if len(rec.Exchanges) > 1 {
			where = fmt.Sprint(i)
		}
		if !r.there(where) {
			continue
		}
		if got.status != e.Response.Status {
			r.note("%s status is %d, not %d", where, got.status, e.Response.Status)
		}
		r.compare(where, got, contentType(e.Response.Headers), bodyText(e.Response.Body))
	}
}

// there tells whether the fake has what was asked for last.
func (r *replay) there(where string) bool {
	missing := len(r.c.s.Unsupported())
	if missing > r.missing {
		r.missing = missing
		r.note("%s is not there", where)
		return false
	}
	return true
}

// compare notes the differences of one answer; want is the recorded body.
func (r *replay) compare(where string, got reply, wantType, want string) {
	gotType := got.header.Get("Content-Type")
	if wantType != "" && media(gotType) != media(wantType) {
		r.note("%s content type is %s, not %s", where, media(gotType), media(wantType))
	}
	if want == "" {
		if got.body != "" {
			r.note("%s has a body", where)
		}
		return
	}
	r.differ(where, structure(got.body), structure(want))
}

func (r *replay) note(format string, args ...any) {
	r.list[strings.TrimSpace(fmt.Sprintf(format, args...))] = true
}

// differ compares keys and types. Null fits everything; elements of lists are
// compared one by one as far as both have them. It learns ids on the way.
func (r *replay) differ(path string, got, want any) {
	if got == nil || want == nil {
		return
	}
	switch want := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			r.note("%s is %s, not an object", path, kindOf(got))
			return
		}
		for _, key := range slices.Sorted(maps.Keys(want)) {
			if key == "_fixture_note" || key == "debug" || key == "query" && path == "" {
				continue // added by those who gathered the captures
			}
			if _, has := g[key]; !has {
				r.note("%s.%s is missing", path, key)
				continue
			}
			r.differ(path+"."+key, g[key], want[key])
		}
		for key := range g {
			if _, has := want[key]; !has {
				r.note("%s.%s is too much", path, key)
			}
		}
	case []any:
		g, ok := got.([]any)
		if !ok {
			r.note("%s is %s, not a list", path, kindOf(got))
			return
		}
		for i := range min(len(g), len(want)) {
			r.differ(path+"[]", g[i], want[i])
		}
	default:
		if kindOf(got) != kindOf(want) {
			r.note("%s is %s, not %s", path, kindOf(got), kindOf(want))
		}
		w, isText := want.(string)
		if g, ok := got.(string); ok && isText && idForm.MatchString(w) && idForm.MatchString(g) {
			r.ids[w] = g
		}
	}
}

var idForm = regexp.MustCompile(`^[0-9a-zA-Z]{3}[0-9][0-9a-zA-Z]{11}([0-9a-zA-Z]{3})?$|^0r8[0-9a-zA-Z]+-[0-9]+$`)

// translate puts our ids, version and credentials in place of recorded ones.
func (r *replay) translate(s string) string {
	ready := r.c.s.Ready()
	pairs := []string{"vxx.0", "v66.0", "<api_version>", "v66.0", "/async/v66.0/", "/async/66.0/", "00D0xORGID00000000", ready.OrgID,
		"<client_id>", ready.ClientID, "<client_secret>", ready.ClientSecret, "<username>", ready.Username, "<password>", ready.Password,
		"<security_token>", "TOKEN"}
	for was, is := range r.ids {
		pairs = append(pairs, was, is)
	}
	s = strings.NewReplacer(pairs...).Replace(s)
	return strings.ReplaceAll(s, "/services/async/v", "/services/async/")
}

func requestHeaders(c *caller, at, body string) []string {
	switch {
	case strings.Contains(at, "/services/async/"):
		kind := "text/csv"
		if strings.HasPrefix(body, "<") {
			kind = "application/xml"
		}
		return []string{"X-SFDC-Session: " + c.token, "Content-Type: " + kind}
	case strings.Contains(at, "/oauth2/"):
		return []string{"Content-Type: application/x-www-form-urlencoded"}
	}
	return nil
}

// bodyText is a body that stands in a recording as text, as JSON, or not.
func bodyText(raw json.RawMessage) string {
	var text string
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return ""
	case json.Unmarshal(raw, &text) == nil:
		return text
	}
	return string(raw)
}

// dechunk undoes the chunks that one recorder left in request bodies.
func dechunk(body string) string {
	if !regexp.MustCompile(`^[0-9a-f]{1,6}\r\n`).MatchString(body) {
		return body
	}
	var out strings.Builder
	for body != "" {
		var n int
		size, rest, _ := strings.Cut(body, "\r\n")
		if _, err := fmt.Sscanf(size, "%x", &n); err != nil || n == 0 || n > len(rest) {
			break
		}
		out.WriteString(rest[:n])
		body = strings.TrimPrefix(rest[n:], "\r\n")
	}
	return out.String()
}

func contentType(headers map[string]any) string {
	for name, value := range headers {
		if inner, ok := value.(map[string]any); ok {
			return contentType(inner)
		}
		if list, ok := value.([]any); ok && len(list) > 0 {
			value = list[0]
		}
		if strings.EqualFold(name, "Content-Type") {
			return fmt.Sprint(value)
		}
	}
	return ""
}

func media(contentType string) string {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return "none"
	}
	return kind
}

// structure reads JSON, XML or CSV.
func structure(text string) any {
	text = strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(text, "<"):
		return elements(xml.NewDecoder(strings.NewReader(text)))
	case strings.HasPrefix(text, `"`) && strings.Contains(text, ","), regexp.MustCompile(`^\w+(,\w+)+\n`).MatchString(text):
		lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil {
			return err.Error()
		}
		row := map[string]any{}
		for _, column := range lines[0] {
			row[column] = ""
		}
		return row
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return text
	}
	return v
}

// elements reads XML: elements by their local names, those that come again as
// lists, xsi:nil as null.
func elements(d *xml.Decoder) any {
	out := map[string]any{}
	text := ""
	for {
		token, err := d.Token()
		switch token := token.(type) {
		case xml.StartElement:
			child := elements(d)
			for _, a := range token.Attr {
				if a.Name.Local == "nil" && a.Value == "true" {
					child = nil
				}
			}
			name := token.Name.Local
			switch had, again := out[name]; {
			case !again:
				out[name] = child
			default:
				if list, ok := had.([]any); ok {
					out[name] = append(list, child)
				} else {
					out[name] = []any{had, child}
				}
			}
			continue
		case xml.CharData:
			text += string(token)
			continue
		case xml.EndElement:
		default:
			if err == nil {
				continue
			}
			if err != io.EOF {
				return "XML that cannot be read"
			}
		}
		if len(out) == 0 {
			return strings.TrimSpace(text)
		}
		return out
	}
}

func kindOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return "text"
	case bool:
		return "true or false"
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			return "a decimal"
		}
		return "an integer"
	case []any:
		return "a list"
	default:
		return "an object"
	}
}

func readCapture(t *testing.T, file string) []byte {
	t.Helper()
	dir := os.Getenv("ORGLINK_CAPTURES")
	if dir == "" {
		t.Skip("ORGLINK_CAPTURES does not name the folder of captured answers")
	}
	raw, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
