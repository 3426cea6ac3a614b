package salesforcetest_test

import (
	"bytes"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// caller sends requests with net/http alone: the fake is held to the facts,
// not to our client.
type caller struct {
	t     *testing.T
	s     *salesforcetest.Server
	token string
	http  *http.Client
}

func start(t *testing.T, cfg salesforcetest.Config) *caller {
	t.Helper()
	s := salesforcetest.NewServer(t, cfg)
	return &caller{t: t, s: s, token: s.Ready().AccessToken, http: s.Client()}
}

type reply struct {
	t      *testing.T
	status int
	header http.Header
	body   string
}

// send sends a request below /services/data/v66.0/, or to an absolute path.
func (c *caller) send(method, path, body string, headers ...string) reply {
	c.t.Helper()
	r, err := c.try(method, path, body, headers...)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

func (c *caller) try(method, path, body string, headers ...string) (reply, error) {
	c.t.Helper()
	if !strings.HasPrefix(path, "/") {
		path = "/services/data/v66.0/" + path
	}
	var src io.Reader
	if body != "" {
		src = strings.NewReader(body)
	}
	req, err := http.NewRequest(method, c.s.URL+path, src)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return reply{c.t, resp.StatusCode, resp.Header, string(text)}, err
}

func (c *caller) query(soql string) map[string]any {
	c.t.Helper()
	return c.send("GET", "query?q="+url.QueryEscape(soql), "").want(200).object()
}

// want fails unless the status is as expected.
func (r reply) want(status int) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("status %d, want %d: %s", r.status, status, r.body)
	}
	return r
}

// is fails unless status and body are exactly as expected.
func (r reply) is(status int, body string) reply {
	r.t.Helper()
	if r.status != status || r.body != body {
		r.t.Fatalf("answer\n\t%d %s\nwant\n\t%d %s", r.status, r.body, status, body)
	}
	return r
}

func (r reply) object() map[string]any {
	r.t.Helper()
	var v map[string]any
	r.decode(&v)
	return v
}

func (r reply) list() []map[string]any {
	r.t.Helper()
	var v []map[string]any
	r.decode(&v)
	return v
}

func (r reply) decode(v any) {
	r.t.Helper()
	d := json.NewDecoder(bytes.NewReader([]byte(r.body)))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		r.t.Fatalf("%v in %q", err, r.body)
	}
}

// code is the errorCode of an error array.
func (r reply) code() string {
	r.t.Helper()
	list := r.list()
	if len(list) == 0 {
		r.t.Fatalf("no error in %q", r.body)
	}
	return list[0]["errorCode"].(string)
}

// id is the id of a created record.
func (r reply) id() string {
	r.t.Helper()
	return r.want(201).object()["id"].(string)
}

func (c *caller) create(object, body string) string {
	c.t.Helper()
	return c.send("POST", "sobjects/"+object, body).id()
}

// must is for calls on Org, whose errors end the test by themselves.
func must[T any](v T, _ error) T { return v }

func unescape(b []byte) string { return html.UnescapeString(string(b)) }
