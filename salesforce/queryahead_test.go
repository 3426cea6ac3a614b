package salesforce_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// pagedOrg answers with pages of records numbered from 0, and compresses
// nothing. Every page is some hundred kilobytes.
func pagedOrg(t testing.TB, pages, rows int, before func(page int, w http.ResponseWriter, r *http.Request) (done bool)) *org {
	filler := strings.Repeat("x", 400)
	return newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		page := 0
		if _, at, ok := strings.Cut(r.URL.Path, "/query/01g-"); ok {
			page, _ = strconv.Atoi(at)
		}
		if before != nil && before(page, w, r) {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"totalSize":%d,"done":%t,`, pages*rows, page == pages-1)
		if page < pages-1 {
			fmt.Fprintf(w, `"nextRecordsUrl":"/services/data/v66.0/query/01g-%d",`, page+1)
		}
		io.WriteString(w, `"records":[`)
		for i := range rows {
			if i > 0 {
				io.WriteString(w, ",")
			}
			fmt.Fprintf(w, `{"attributes":{"type":"Account"},"N":%d,"Name":"%s"}`, page*rows+i, filler)
		}
		io.WriteString(w, "]}")
	})
}

var readModes = map[string]salesforce.QueryOptions{
	"kept": {}, "reused": {ReuseRecords: true}, "ahead": {ReadAhead: true}, "ahead reused": {ReadAhead: true, ReuseRecords: true},
}

func TestAllWaysOfReadingReadTheSame(t *testing.T) {
	o := pagedOrg(t, 4, 700, nil)
	c := o.client(t)
	for name, opts := range readModes {
		n := int64(0)
		var kept []sobject.Record
		for r, err := range c.QueryWith(t.Context(), "SELECT N, Name FROM Account", opts) {
			if err != nil {
				t.Fatal(name, err)
			}
			if got, err := r.Int("N"); err != nil || got != n {
				t.Fatalf("%s: record %d is %d, %v", name, n, got, err)
			}
			if n%100 == 0 {
				if opts.ReuseRecords {
					r = r.Clone()
				}
				kept = append(kept, r)
			}
			n++
		}
		if n != 2800 {
			t.Errorf("%s: %d records", name, n)
		}
		for i, r := range kept {
			if got, err := r.Int("N"); err != nil || got != int64(i*100) {
				t.Errorf("%s: kept record %d became %d, %v", name, i*100, got, err)
			}
		}
	}
}

func TestQueryAs(t *testing.T) {
	o := pagedOrg(t, 3, 500, nil)
	type account struct {
		N    int    `salesforce:"N"`
		Name string `salesforce:"Name"`
	}
	for name, opts := range readModes {
		n := 0
		for a, err := range salesforce.QueryAs[account](t.Context(), o.client(t), "SELECT N, Name FROM Account", opts) {
			if err != nil || a.N != n || len(a.Name) != 400 {
				t.Fatal(name, n, a, err)
			}
			n++
		}
		if n != 1500 {
			t.Errorf("%s: %d records", name, n)
		}
	}
	before := len(o.requests())
	for _, err := range salesforce.QueryAs[struct{ N int }](t.Context(), o.client(t), "SELECT N FROM Account", salesforce.QueryOptions{}) {
		if err == nil {
			t.Error("a type without tags was filled")
		}
	}
	if len(o.requests()) != before {
		t.Error("a query was sent for a type that cannot be filled")
	}
}

// The next page is asked for while the one before is being consumed.
func TestReadAheadAsksForTheNextPageEarly(t *testing.T) {
	asked := make(chan int, 10)
	o := pagedOrg(t, 3, 2000, func(page int, _ http.ResponseWriter, _ *http.Request) bool { asked <- page; return false })
	n := 0
	for _, err := range o.client(t).QueryWith(t.Context(), "SELECT N FROM Account", salesforce.QueryOptions{ReadAhead: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 1 {
			for _, want := range []int{0, 1} {
				// Were page 1 asked for only later, this would wait for ever.
				if got := <-asked; got != want {
					t.Fatalf("page %d was asked for, want %d", got, want)
				}
			}
			if len(asked) > 0 {
				t.Error("more than one page is fetched ahead")
			}
		}
	}
	if n != 6000 {
		t.Error(n)
	}
}

// countedBodies notes bodies that were not closed.
type countedBodies struct {
	next http.RoundTripper
	open atomic.Int32
}

func (c *countedBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.next.RoundTrip(r)
	if err == nil {
		c.open.Add(1)
		resp.Body = &countedBody{ReadCloser: resp.Body, open: &c.open}
	}
	return resp, err
}

type countedBody struct {
	io.ReadCloser
	open *atomic.Int32
	once sync.Once
}

func (b *countedBody) Close() error {
	b.once.Do(func() { b.open.Add(-1) })
	return b.ReadCloser.Close()
}

// Whenever the loop ends, by leaving it or by its context, nothing is left: no
// goroutine, no open body.
func TestNothingIsLeftAfterTheLoop(t *testing.T) {
	o := pagedOrg(t, 4, 600, nil)
	bodies := &countedBodies{next: o.Client().Transport}
	c := o.client(t, func(cfg *salesforce.Config) { cfg.HTTPClient = &http.Client{Transport: bodies} })
	for name, opts := range readModes {
		for _, cancelIt := range []bool{false, true} {
			for _, at := range []int{1, 2, 599, 600, 601, 1201, 2399, 2400} {
				ctx, cancel := context.WithCancel(t.Context())
				n, failed := 0, error(nil)
				for _, err := range c.QueryWith(ctx, "SELECT N FROM Account", opts) {
					if err != nil {
						failed = err
						break
					}
					if n++; n == at {
						if cancelIt {
							cancel()
							continue
						}
						break
					}
				}
				cancel()
				if failed != nil && !errors.Is(failed, context.Canceled) {
					t.Errorf("%s, %d: %v", name, at, failed)
				}
				if left := bodies.open.Load(); left != 0 {
					t.Fatalf("%s, left at %d (cancelled: %t): %d bodies are open", name, at, cancelIt, left)
				}
			}
		}
	}
	o.Client().CloseIdleConnections()
	eventually(t, func() bool {
		buf := make([]byte, 1<<20)
		stacks := string(buf[:runtime.Stack(buf, true)])
		return !strings.Contains(stacks, "readahead.") && !strings.Contains(stacks, "(*fetcher)")
	}, "goroutines that read ahead are left behind")
}

// A page that was fetched ahead and failed fails when its turn comes, after all
// rows before it; one that breaks off is read again from where it broke.
func TestReadAheadKeepsErrorsInTheirPlace(t *testing.T) {
	o := pagedOrg(t, 3, 600, func(page int, w http.ResponseWriter, _ *http.Request) bool {
		if page == 1 {
			answer(400, `[{"errorCode":"INVALID_QUERY_LOCATOR","message":"gone"}]`)(w, nil)
		}
		return page == 1
	})
	n := 0
	var failed error
	for _, err := range o.client(t).QueryWith(t.Context(), "SELECT N FROM Account", salesforce.QueryOptions{ReadAhead: true}) {
		if err != nil {
			failed = err
			break
		}
		n++
	}
	if n != 600 || !errors.Is(failed, salesforce.ErrCursorGone) {
		t.Errorf("%d rows, then %v", n, failed)
	}
	var cuts atomic.Int32
	cut := pagedOrg(t, 3, 600, func(page int, w http.ResponseWriter, r *http.Request) bool {
		if page != 1 || cuts.Add(1) > 1 {
			return false
		}
		w.Header().Set("Content-Length", "300000")
		fmt.Fprint(w, `{"totalSize":1800,"done":false,"nextRecordsUrl":"/services/data/v66.0/query/01g-2","records":[{"attributes":{"type":"Account"},"N":600,"Name":"`)
		panic(http.ErrAbortHandler)
	})
	n = 0
	for r, err := range cut.client(t).QueryWith(t.Context(), "SELECT N FROM Account", salesforce.QueryOptions{ReadAhead: true, ReuseRecords: true}) {
		if err != nil {
			t.Fatal(n, err)
		}
		if got, _ := r.Int("N"); got != int64(n) {
			t.Fatalf("row %d is %d", n, got)
		}
		n++
	}
	if n != 1800 || cuts.Load() != 2 {
		t.Error(n, cuts.Load())
	}
}
