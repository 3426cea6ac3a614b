package bulk_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/bulk"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// orgWith starts a fake org and a client of it over HTTP.
func orgWith(t *testing.T, cfg salesforcetest.Config) (*salesforcetest.Server, *salesforce.Client) {
	t.Helper()
	s := salesforcetest.NewServer(t, cfg)
	return s, clientOf(t, s.URL, s.Ready().AccessToken, s.Client())
}

func clientOf(t *testing.T, address, token string, h *http.Client) *salesforce.Client {
	t.Helper()
	_, host, _ := strings.Cut(address, "://")
	c, err := salesforce.New(salesforce.Config{Tokens: salesforce.StaticToken(address, token), HTTPClient: h,
		TrustedHosts: []string{host}, RetryWaitMin: 1, RetryWaitMax: 1000, MaxRetries: -1})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// csvServer answers the results of one query job with pages that a test makes.
type csvServer struct {
	mu    sync.Mutex
	seen  []string
	pages func(locator string, attempt int, w http.ResponseWriter)
	tries map[string]int
	info  string
	list  func(locator string) string // of resultPages; nil: 404
}

func (s *csvServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.seen = append(s.seen, r.Method+" "+strings.ReplaceAll(r.URL.RequestURI(), "/services/data/", ""))
	locator := r.URL.Query().Get("locator")
	s.tries[r.URL.Path+locator]++
	attempt := s.tries[r.URL.Path+locator]
	s.mu.Unlock()
	switch {
	case strings.HasSuffix(r.URL.Path, "/results"):
		s.pages(locator, attempt, w)
	case strings.HasSuffix(r.URL.Path, "/resultPages"):
		if s.list == nil {
			w.WriteHeader(404)
			fmt.Fprint(w, `[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]`)
			return
		}
		fmt.Fprint(w, s.list(locator))
	default:
		fmt.Fprint(w, s.info)
	}
}

func (s *csvServer) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// serve starts a csvServer of a complete job with a number of records.
func serve(t *testing.T, total int, pages func(locator string, attempt int, w http.ResponseWriter)) (*csvServer, *salesforce.Client) {
	t.Helper()
	s := &csvServer{pages: pages, tries: map[string]int{}, info: job("JobComplete", total)}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return s, clientOf(t, h.URL, "T", h.Client())
}

// answer writes one page.
func answer(w http.ResponseWriter, rows int, next, text string) {
	w.Header().Set("Content-Type", "text/csv")
	w.Header().Set("Sforce-NumberOfRecords", fmt.Sprint(rows))
	w.Header().Set("Sforce-Locator", next)
	io.WriteString(w, text)
}

// one serves a result of a single page.
func one(t *testing.T, rows int, text string) *salesforce.Client {
	_, c := serve(t, rows, func(_ string, _ int, w http.ResponseWriter) { answer(w, rows, "null", text) })
	return c
}

// column reads one column of a result.
func column(t *testing.T, q *bulk.QueryJob, name string) ([]string, error) {
	t.Helper()
	var out []string
	for rec, err := range q.Records(t.Context()) {
		if err != nil {
			return out, err
		}
		v, _ := rec.Value(name)
		out = append(out, v.Raw())
	}
	return out, nil
}

// read gets one URL's bytes the naive way.
func read(t *testing.T, c *salesforce.Client, path string) []byte {
	t.Helper()
	resp, err := c.Do(t.Context(), salesforce.Request{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const resultsPath = "jobs/query/" + jobID + "/results"

func rec(fields ...string) sobject.Record {
	var fs []sobject.Field
	for i := 0; i < len(fields); i += 2 {
		fs = append(fs, sobject.F(fields[i], sobject.TextValue(fields[i+1])))
	}
	return sobject.NewRecord("Account", fs...)
}

// accounts makes n rows with a key of their own.
func accounts(n int, field string) bulk.Rows {
	return func(yield func(sobject.Record, error) bool) {
		for i := range n {
			if !yield(rec(field, fmt.Sprintf("key %06d", i), "Name", fmt.Sprintf("Account %d, \"Ltd\"\nNext", i)), nil) {
				return
			}
		}
	}
}

// tally collects the outcome of a load, and fails for a row with two.
func tally(t *testing.T, l *bulk.Load) (map[bulk.RowStatus]int, map[string]bulk.Row, error) {
	t.Helper()
	counts, byKey := map[bulk.RowStatus]int{}, map[string]bulk.Row{}
	for r, err := range l.Results(t.Context()) {
		if err != nil {
			return counts, byKey, err
		}
		counts[r.Status]++
		if before, twice := byKey[r.Key]; twice && r.Key != "" {
			t.Errorf("the row %q is %s and %s", r.Key, before.Status, r.Status)
		}
		byKey[r.Key] = r
	}
	return counts, byKey, nil
}

// extField gives accounts an external id.
func extField(t *testing.T, s *salesforcetest.Server) {
	t.Helper()
	err := s.Org().AddField("Account", salesforcetest.Field{Name: "Ext__c", Label: "Ext", Type: "string", Length: 80, ExternalID: true, Unique: true})
	if err != nil {
		t.Fatal(err)
	}
}

// openBodies is a transport that counts the bodies that are not closed.
type openBodies struct {
	next   http.RoundTripper
	open   atomic.Int64
	before func(n int64, r *http.Request)
	n      atomic.Int64
}

type countedBody struct {
	io.ReadCloser
	once sync.Once
	of   *openBodies
}

func (b *countedBody) Close() error {
	b.once.Do(func() { b.of.open.Add(-1) })
	return b.ReadCloser.Close()
}

func (o *openBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	if o.before != nil {
		o.before(o.n.Add(1), r)
	}
	resp, err := o.next.RoundTrip(r)
	if err == nil {
		o.open.Add(1)
		resp.Body = &countedBody{ReadCloser: resp.Body, of: o}
	}
	return resp, err
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
