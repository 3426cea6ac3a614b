package bulk_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/bulk"
)

// manyPages serves pages of rows "p.i", listed five at a time.
func manyPages(t *testing.T, pages, rows int, page func(n, attempt int, w http.ResponseWriter)) (*csvServer, *salesforce.Client) {
	t.Helper()
	s, c := serve(t, pages*rows, func(locator string, attempt int, w http.ResponseWriter) {
		n := 0
		fmt.Sscanf(locator, "L%d", &n)
		page(n, attempt, w)
	})
	s.list = func(locator string) string {
		first := 0
		fmt.Sscanf(locator, "L%d", &first)
		var urls []string
		for n := first; n < min(first+5, pages); n++ {
			urls = append(urls, fmt.Sprintf(`{"resultUrl":"/services/data/v66.0/jobs/query/%s/results?locator=L%d"}`, jobID, n))
		}
		if first+5 >= pages {
			return fmt.Sprintf(`{"resultPages":[%s],"done":true}`, strings.Join(urls, ","))
		}
		// Salesforce's reference spells the key in two ways.
		key := []string{"nextRecordsUrl", "nextRecordUrl"}[first/5%2]
		return fmt.Sprintf(`{"resultPages":[%s],%q:"/services/data/v66.0/jobs/query/%s/resultPages?locator=L%d","done":false}`, strings.Join(urls, ","), key, jobID, first+5)
	}
	return s, c
}

func pageText(n, rows int) string {
	var b strings.Builder
	b.WriteString("\"Name\"\n")
	for i := range rows {
		fmt.Fprintf(&b, "\"%d.%d %s\"\n", n, i, strings.Repeat("x", 50))
	}
	return b.String()
}

func nextLocator(n, pages int) string {
	if n == pages-1 {
		return "null"
	}
	return fmt.Sprintf("L%d", n+1)
}

func openWith(t *testing.T, c *salesforce.Client, cfg bulk.QueryConfig) *bulk.QueryJob {
	t.Helper()
	q, err := bulk.OpenQueryWith(c, jobID, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestPagesInParallel(t *testing.T) {
	const pages, rows = 13, 400
	for _, anyOrder := range []bool{false, true} {
		t.Run(fmt.Sprint("any order ", anyOrder), func(t *testing.T) {
			var mu sync.Mutex
			now, most := 0, 0
			under := func(by int) {
				mu.Lock()
				defer mu.Unlock()
				now += by
				most = max(most, now)
			}
			var arrived atomic.Int64
			_, c := manyPages(t, pages, rows, func(n, attempt int, w http.ResponseWriter) {
				under(1)
				defer under(-1)
				arrived.Add(1)
				for arrived.Load() < 3 { // all three readers are under way at once
					time.Sleep(time.Millisecond)
				}
				text := pageText(n, rows)
				if n%4 == 1 && attempt == 1 { // breaks off in the middle
					w.Header().Set("Content-Length", fmt.Sprint(len(text)))
					answer(w, rows, nextLocator(n, pages), text[:len(text)/2])
					panic(http.ErrAbortHandler)
				}
				answer(w, rows, nextLocator(n, pages), text)
			})
			var done []bulk.PageInfo
			q := openWith(t, c, bulk.QueryConfig{Readers: 3, Buffer: 1 << 20, AnyOrder: anyOrder, PageDone: func(p bulk.PageInfo) { done = append(done, p) }})
			seen, order, inOrder := map[string]bool{}, "", true
			next := 0
			for r, err := range q.Records(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				v, _ := r.Text("Name")
				name, _, _ := strings.Cut(v, " ")
				if seen[name] {
					t.Fatal("twice:", name)
				}
				seen[name] = true
				order = fmt.Sprintf("%d.%d", next/rows, next%rows)
				inOrder = inOrder && order == name
				next++
			}
			if len(seen) != pages*rows || !anyOrder && !inOrder {
				t.Error(len(seen), inOrder)
			}
			if len(done) != pages || most != 3 {
				t.Errorf("%d pages done, %d at once", len(done), most)
			}
			if !anyOrder && (done[3].Locator != "L3" || done[3].Next != "L4" || done[3].Records != rows || done[3].Bytes != int64(len(pageText(3, rows)))) {
				t.Errorf("%+v", done[3])
			}
		})
	}
}

// The bytes decoded ahead stay within the budget while the first page is slow.
func TestParallelPagesKeepToTheirBudget(t *testing.T) {
	const pages, rows = 10, 20_000
	release := make(chan struct{})
	var sent atomic.Int64
	_, c := manyPages(t, pages, rows, func(n, _ int, w http.ResponseWriter) {
		if n == 0 {
			<-release
		}
		w.Header().Set("Sforce-NumberOfRecords", fmt.Sprint(rows))
		w.Header().Set("Sforce-Locator", nextLocator(n, pages))
		fmt.Fprint(w, "\"Name\"\n")
		for i := range rows {
			m, err := fmt.Fprintf(w, "\"%d.%d %s\"\n", n, i, strings.Repeat("x", 200))
			sent.Add(int64(m))
			if err != nil {
				return
			}
		}
	})
	q := openWith(t, c, bulk.QueryConfig{Readers: 5, Buffer: 1 << 20})
	got := 0
	go func() {
		var last int64 = -1
		for sent.Load() != last || last == 0 { // until nothing moves any more
			last = sent.Load()
			time.Sleep(50 * time.Millisecond)
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		// 17 MB of the other pages wait at the server and in sockets.
		if m.HeapAlloc > 16<<20 {
			t.Errorf("%d MB of heap with a budget of 1 MB", m.HeapAlloc>>20)
		}
		close(release)
	}()
	for _, err := range q.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got++
	}
	if got != pages*rows {
		t.Error(got)
	}
}

func TestPagesThatAreNotAll(t *testing.T) {
	const pages, rows = 7, 10
	good := func(n, _ int, w http.ResponseWriter) { answer(w, rows, nextLocator(n, pages), pageText(n, rows)) }
	list := func(text string) func(string) string { return func(string) string { return text } }
	entry := func(n int) string {
		return fmt.Sprintf(`{"resultUrl":"/services/data/v66.0/jobs/query/%s/results?locator=L%d"}`, jobID, n)
	}
	for name, tc := range map[string]struct {
		list func(string) string
		page func(n, attempt int, w http.ResponseWriter)
	}{
		"a page is not listed":   {list(fmt.Sprintf(`{"resultPages":[%s,%s],"done":true}`, entry(0), entry(1))), good},
		"a page is listed twice": {list(fmt.Sprintf(`{"resultPages":[%s,%s],"done":true}`, entry(1), entry(1))), good},
		"no next list":           {list(fmt.Sprintf(`{"resultPages":[%s],"done":false}`, entry(0))), good},
		"the same list again":    {list(`{"resultPages":[],"nextRecordsUrl":"/x/resultPages?locator=L0","done":false}`), good},
		"the list is cut":        {list(`{"resultPages":[`), good},
		"a page is short": {nil, func(n, _ int, w http.ResponseWriter) {
			answer(w, rows, nextLocator(n, pages), pageText(n, rows-n/6))
		}},
		"a page is refused": {nil, func(n, a int, w http.ResponseWriter) {
			if n == 6 {
				w.WriteHeader(400)
				fmt.Fprint(w, `[{"errorCode":"INVALID_QUERY_LOCATOR","message":"invalid query locator"}]`)
				return
			}
			good(n, a, w)
		}},
	} {
		for _, anyOrder := range []bool{false, true} {
			t.Run(fmt.Sprint(name, anyOrder), func(t *testing.T) {
				s, c := manyPages(t, pages, rows, tc.page)
				if tc.list != nil {
					s.list = tc.list
				}
				var last error
				for _, err := range openWith(t, c, bulk.QueryConfig{Readers: 3, AnyOrder: anyOrder}).Records(t.Context()) {
					if last != nil {
						t.Error("something after the error")
					}
					last = err
				}
				if last == nil {
					t.Error("an incomplete result passed")
				}
			})
		}
	}
}

func TestOrgsThatListNoPages(t *testing.T) {
	const pages, rows = 3, 10
	for name, change := range map[string]func(*csvServer){
		"version 57":       func(s *csvServer) { s.info = strings.Replace(s.info, "66.0", "57.0", 1) },
		"no such resource": func(s *csvServer) { s.list = nil },
	} {
		t.Run(name, func(t *testing.T) {
			s, c := manyPages(t, pages, rows, func(n, _ int, w http.ResponseWriter) {
				answer(w, rows, nextLocator(n, pages), pageText(n, rows))
			})
			change(s)
			got, err := column(t, openWith(t, c, bulk.QueryConfig{Readers: 4}), "Name")
			if err != nil || len(got) != pages*rows {
				t.Fatal(len(got), err)
			}
			for _, line := range s.requests() {
				if name == "version 57" && (strings.Contains(line, "resultPages") || strings.Contains(line, "/results") && !strings.Contains(line, "v57.0/")) {
					t.Error(line)
				}
			}
		})
	}
}

// A job belongs to the API version that it was made in.
func TestResultsOfAnotherVersion(t *testing.T) {
	const conflict = `[{"errorCode":"API_ERROR","message":"other version"}]`
	knows := true
	o := &org{handle: func(line string, r *http.Request) (int, http.Header, string) {
		switch {
		case !strings.Contains(line, "/results"):
			if knows {
				return 200, nil, strings.Replace(job("JobComplete", 3), "66.0", "60.0", 1)
			}
			return 200, nil, job("JobComplete", 3)
		case strings.Contains(r.URL.Path, "/v60.0/"):
			h, body := page(3, "null")
			return 200, h, body
		default:
			return 409, nil, conflict
		}
	}}
	c := o.client(t)
	if p, err := bulk.OpenQuery(c, jobID).Page(t.Context(), "", 0); err != nil || p.Count != 3 || len(o.seen) != 3 {
		t.Error(err, o.seen)
	}
	o.seen = nil
	if p, err := openWith(t, c, bulk.QueryConfig{APIVersion: "60.0"}).Page(t.Context(), "", 0); err != nil || p.Count != 3 || len(o.seen) != 1 {
		t.Error(err, o.seen)
	}
	knows = false
	_, err := bulk.OpenQuery(c, jobID).Page(t.Context(), "", 0)
	if !errors.Is(err, salesforce.ErrConflict) || !strings.Contains(err.Error(), "only in the API version that it was made in") {
		t.Error(err)
	}
}

func TestStopInTheMiddleOfParallelPages(t *testing.T) {
	const pages, rows = 12, 5000
	for _, stop := range []string{"break", "cancel"} {
		var open atomic.Int64
		_, c := manyPages(t, pages, rows, func(n, _ int, w http.ResponseWriter) {
			open.Add(1)
			defer open.Add(-1)
			answer(w, rows, nextLocator(n, pages), pageText(n, rows))
		})
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		var last error
		for _, err := range openWith(t, c, bulk.QueryConfig{Readers: 4, Buffer: 300_000}).Records(ctx) {
			last = err
			if n++; n == 7000 {
				if stop == "break" {
					break
				}
				cancel()
			}
		}
		if stop == "cancel" && !errors.Is(last, context.Canceled) {
			t.Error(last)
		}
		cancel()
		for begun := time.Now(); open.Load() > 0; time.Sleep(time.Millisecond) { // the server sees that nobody reads
			if time.Since(begun) > time.Minute {
				t.Fatalf("%s: %d answers are still being read", stop, open.Load())
			}
		}
	}
}
