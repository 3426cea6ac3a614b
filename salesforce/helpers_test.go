package salesforce_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
)

// org is an HTTP server that plays an org.
type org struct {
	*httptest.Server
	mu   sync.Mutex
	seen []seen
}

type seen struct {
	method, uri, body string
	header            http.Header
}

// newOrg starts a server; each request is recorded before it is handled.
func newOrg(t testing.TB, handle http.HandlerFunc) *org {
	o := &org{}
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		o.mu.Lock()
		o.seen = append(o.seen, seen{r.Method, r.RequestURI, string(body), r.Header.Clone()})
		o.mu.Unlock()
		handle(w, r)
	}))
	t.Cleanup(o.Close)
	return o
}

func (o *org) requests() []seen {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]seen(nil), o.seen...)
}

func (o *org) host() string { return strings.TrimPrefix(o.URL, "http://") }

// client returns a client of the org, after edit has changed its config.
func (o *org) client(t testing.TB, edit ...func(*salesforce.Config)) *salesforce.Client {
	t.Helper()
	cfg := salesforce.Config{Tokens: salesforce.StaticToken(o.URL, "T1"), TrustedHosts: []string{o.host()}, HTTPClient: o.Client(),
		RetryWaitMin: 1, RetryWaitMax: 1000}
	for _, e := range edit {
		e(&cfg)
	}
	c, err := salesforce.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// answer returns a handler of one answer.
func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// transport is a network in memory.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func reply(r *http.Request, status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}

// offline returns a client whose every request is answered by f.
func offline(t testing.TB, f transport, edit ...func(*salesforce.Config)) *salesforce.Client {
	t.Helper()
	cfg := salesforce.Config{Tokens: salesforce.StaticToken("https://example.my.salesforce.com", "T1"), HTTPClient: &http.Client{Transport: f},
		RetryWaitMin: 1, RetryWaitMax: 1000}
	for _, e := range edit {
		e(&cfg)
	}
	c, err := salesforce.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// tokens is a source that counts its refreshes.
type tokens struct {
	mu        sync.Mutex
	now       salesforce.Token
	refreshed atomic.Int32
	onRefresh func(rejected salesforce.Token) (salesforce.Token, error)
}

func (s *tokens) Token(context.Context) (salesforce.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now, nil
}

func (s *tokens) Refresh(_ context.Context, rejected salesforce.Token) (salesforce.Token, error) {
	s.refreshed.Add(1)
	t, err := s.onRefresh(rejected)
	if err == nil {
		s.mu.Lock()
		s.now = t
		s.mu.Unlock()
	}
	return t, err
}

func token(url, access string) salesforce.Token {
	return salesforce.Token{Access: orglink.NewSecret(access), InstanceURL: url}
}

const expired = `[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]`

func drain(c *salesforce.Client, soql string) (n int, err error) {
	for _, err := range c.Query(context.Background(), soql) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
