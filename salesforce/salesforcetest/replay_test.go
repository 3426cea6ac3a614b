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
// compared as far as both have them. It learns ids on the way.
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
		for i, w := range want {
			if other, ok := counterpart(g, w, i); ok {
				r.differ(path+"[]", other, w)
			}
		}
	default:
		if kindOf(got) != kindOf(want) {
			r.note("%s is %s, not %s", path, kindOf(got), kindOf(want))
		}
		w, isText := want.(string)
		if g, ok := got.(string); ok && isText {
			r.learn(path, g, w)
		}
	}
}

var idForm = regexp.MustCompile(`^[0-9a-zA-Z]{15}([0-9a-zA-Z]{3})?$`)

// counterpart finds what stands for a list's element: of things with a name the
// one of that name, of records one of that type, otherwise the one in its place.
func counterpart(list []any, want any, i int) (any, bool) {
	if key := keyOf(want); key != "" {
		if i < len(list) && keyOf(list[i]) == key {
			return list[i], true
		}
		for _, v := range list {
			if keyOf(v) == key {
				return v, true
			}
		}
		return nil, false
	}
	if i < len(list) {
		return list[i], true
	}
	return nil, false
}

func keyOf(v any) string {
	o, ok := v.(map[string]any)
	if !ok {
		return ""
	}
	if name, ok := o["name"].(string); ok {
		return name
	}
	if a, ok := o["attributes"].(map[string]any); ok {
		kind, _ := a["type"].(string)
		return kind
	}
	return ""
}

// learn remembers which id or locator of ours a recorded one stands for.
func (r *replay) learn(path, got, want string) {
	if strings.HasSuffix(path, "nextRecordsUrl") {
		got, want = got[strings.LastIndex(got, "/")+1:], want[strings.LastIndex(want, "/")+1:]
		r.ids[want] = got
		return
	}
	named := strings.HasSuffix(strings.ToLower(path), "id")
	if idForm.MatchString(want) && idForm.MatchString(got) && (named || want[:3] == got[:3]) {
		r.ids[want] = got
	}
}

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
