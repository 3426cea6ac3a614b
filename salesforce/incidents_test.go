package salesforce_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// The tests in the incidents_*_test.go files are named by what happened to
// other integrations; docs/incidents.md lists them. Where the harm was silent,
// the same scenario is run against a naive implementation as well, which must
// come to harm: otherwise the scenario tests nothing.

// site is where a reader reads, and as whom.
type site struct{ url, token string }

func siteOf(org *salesforcetest.Server) site { return site{org.URL, org.Ready().AccessToken} }

func (s site) client(t testing.TB, edit ...func(*salesforce.Config)) *salesforce.Client {
	t.Helper()
	cfg := salesforce.Config{Tokens: salesforce.StaticToken(s.url, s.token), TrustedHosts: []string{strings.TrimPrefix(s.url, "http://")},
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

// reader reads a query to its end: each row as its fields' texts, nil for
// null.
type reader func(s site, soql string) ([]map[string]any, error)

// orglinkReader reads with the client.
func orglinkReader(t testing.TB) reader {
	return func(s site, soql string) ([]map[string]any, error) {
		var rows []map[string]any
		for rec, err := range s.client(t).Query(t.Context(), soql) {
			if err != nil {
				return rows, err
			}
			row := map[string]any{}
			for name, v := range rec.Fields() {
				if text, err := v.Text(); err == nil {
					row[name] = text
				} else if !v.IsNull() {
					row[name] = v.Raw()
				}
			}
			rows = append(rows, row)
		}
		return rows, nil
	}
}

// naiveReader is how a program reads that believes what it gets: it asks, it
// decodes what it can, and goes on while there is an address.
func naiveReader(s site, soql string) ([]map[string]any, error) {
	var rows []map[string]any
	for next := "/services/data/v66.0/query?q=" + url.QueryEscape(soql); next != ""; {
		page, err := naivePage(s, next)
		if err != nil {
			return rows, err
		}
		rows = append(rows, page.Records...)
		next = page.NextRecordsURL
	}
	return rows, nil
}

type naiveAnswer struct {
	Records        []map[string]any
	NextRecordsURL string
}

func naivePage(s site, path string) (page naiveAnswer, err error) {
	req, err := http.NewRequest(http.MethodGet, s.url+path, nil)
	if err != nil {
		return page, err
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return page, err
	}
	defer resp.Body.Close()
	_ = json.NewDecoder(resp.Body).Decode(&page)
	return page, nil
}

// bites runs a scenario with the client and with a naive reader. The scenario
// returns what went wrong, which must be nothing with the client and something
// with the naive one.
func bites(t *testing.T, incident string, naive reader, scenario func(t *testing.T, read reader) error) {
	t.Helper()
	t.Run(incident, func(t *testing.T) {
		if err := scenario(t, orglinkReader(t)); err != nil {
			t.Error(err)
		}
		if scenario(t, naive) == nil {
			t.Error("a naive reader comes through: this scenario tests nothing")
		}
	})
}

// allOrError is the rule of every read: all rows, or an error that says so.
func allOrError(rows []map[string]any, err error, want int, is ...error) error {
	if err == nil && len(rows) != want {
		return fmt.Errorf("%d of %d rows, and no error", len(rows), want)
	}
	if err == nil && len(is) > 0 {
		return errors.New("no error")
	}
	for _, target := range is {
		if !errors.Is(err, target) {
			return fmt.Errorf("error %w is not %w", err, target)
		}
	}
	return nil
}

// pages answers a query with pages of the given sizes.
func pages(t *testing.T, sizes ...int) site {
	total := 0
	for _, n := range sizes {
		total += n
	}
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		page, first := 0, 0
		if _, cursor, ok := strings.Cut(r.URL.Path, "/query/"); ok {
			_, _ = fmt.Sscanf(cursor, "p%d", &page)
		}
		for _, n := range sizes[:page] {
			first += n
		}
		var b strings.Builder
		fmt.Fprintf(&b, `{"totalSize":%d,"done":%v,`, total, page == len(sizes)-1)
		if page < len(sizes)-1 {
			fmt.Fprintf(&b, `"nextRecordsUrl":"/services/data/v66.0/query/p%d",`, page+1)
		}
		b.WriteString(`"records":[`)
		for i := range sizes[page] {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"attributes":{"type":"Account"},"Id":"001%012dAAA"}`, first+i)
		}
		b.WriteString("]}")
		answer(200, b.String())(w, r)
	})
	return site{o.URL, "T1"}
}

// naiveGet returns a body whatever its status.
func naiveGet(s site, path string) (string, error) {
	req, err := http.NewRequest(http.MethodGet, s.url+path, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}
