package bulk_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/bulk"
	"github.com/orglink/orglink/salesforce/sobject"
)

// numbered serves a finished job of rows numbered from 0, in pages.
func numbered(t *testing.T, pages, rows int) *httptest.Server {
	filler := strings.Repeat("é", 200)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/resultPages") {
			http.Error(w, "[]", http.StatusNotFound)
			return
		}
		if !strings.HasSuffix(r.URL.Path, "/results") {
			fmt.Fprintf(w, `{"id":"750000000000001AAA","state":"JobComplete","object":"Account","numberRecordsProcessed":%d}`, pages*rows)
			return
		}
		page, _ := strconv.Atoi(r.URL.Query().Get("locator"))
		next := "null"
		if page < pages-1 {
			next = strconv.Itoa(page + 1)
		}
		w.Header().Set("Content-Type", "text/csv")
		w.Header().Set("Sforce-Locator", next)
		w.Header().Set("Sforce-NumberOfRecords", strconv.Itoa(rows))
		fmt.Fprintln(w, `"N","Name"`)
		for i := range rows {
			fmt.Fprintf(w, "\"%d\",\"a \"\"b\"\" %s\"\n", page*rows+i, filler)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

var readModes = map[string]bulk.QueryConfig{
	"kept": {}, "reused": {ReuseRecords: true}, "ahead": {ReadAhead: true}, "ahead reused": {ReadAhead: true, ReuseRecords: true},
	"several readers": {ReadAhead: true, ReuseRecords: true, Readers: 2},
}

func TestAllWaysOfReadingReadTheSame(t *testing.T) {
	s := numbered(t, 3, 1500)
	c := clientOf(t, s.URL, "T", s.Client())
	for name, cfg := range readModes {
		job, err := bulk.OpenQueryWith(c, "750000000000001AAA", cfg)
		if err != nil {
			t.Fatal(err)
		}
		n := int64(0)
		for r, err := range job.Records(t.Context()) {
			if err != nil {
				t.Fatal(name, err)
			}
			got, _ := r.Int("N")
			text, _ := r.Text("Name")
			if got != n || !strings.HasPrefix(text, `a "b" é`) {
				t.Fatalf("%s: row %d is %d %q", name, n, got, text)
			}
			n++
		}
		if n != 4500 {
			t.Errorf("%s: %d rows", name, n)
		}
		// A page in memory may be kept whatever the job reuses.
		page, err := job.Page(t.Context(), "", 0)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range page.Records {
			if got, _ := r.Int("N"); got != int64(i) {
				t.Fatalf("%s: record %d of the page is %d", name, i, got)
			}
		}
		type row struct {
			N    int    `salesforce:"N"`
			Name string `salesforce:"Name"`
		}
		m := 0
		for r, err := range bulk.RecordsAs[row](t.Context(), job) {
			if err != nil || r.N != m || !strings.HasSuffix(r.Name, "é") {
				t.Fatal(name, r, err)
			}
			m++
		}
		if m != 4500 {
			t.Errorf("%s: %d structs", name, m)
		}
	}
}

// Whenever the loop ends, no goroutine is left that reads ahead.
func TestReadingAheadLeavesNothing(t *testing.T) {
	s := numbered(t, 3, 1500)
	c := clientOf(t, s.URL, "T", s.Client())
	job, err := bulk.OpenQueryWith(c, "750000000000001AAA", bulk.QueryConfig{ReadAhead: true, ReuseRecords: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, cancelIt := range []bool{false, true} {
		for _, at := range []int{1, 1499, 1500, 1501, 4500} {
			ctx, cancel := context.WithCancel(t.Context())
			n := 0
			var last sobject.Record
			for r, err := range job.Records(ctx) {
				if err != nil {
					if !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
					break
				}
				if n++; n == at {
					last = r.Clone()
					if cancel(); !cancelIt {
						break
					}
				}
			}
			cancel()
			if got, _ := last.Int("N"); got != int64(at-1) {
				t.Errorf("row %d is %d", at, got)
			}
			buf := make([]byte, 1<<20)
			for deadline := time.Now().Add(time.Minute); strings.Contains(string(buf[:runtime.Stack(buf, true)]), "readahead."); {
				if time.Now().After(deadline) {
					t.Fatal(string(buf))
				}
				time.Sleep(time.Millisecond)
			}
		}
	}
}
