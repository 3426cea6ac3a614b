package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// Rows on a page: of a query, and of a Bulk result when the client does not say.
const (
	pageRows = 2000
	bulkRows = 50_000
	latency  = 50 * time.Millisecond
	jobID    = "750ak0000000001AAA"
)

// addresses are where a server listens: one for each way of answering.
type addresses struct {
	Plain, Gzip, Slow string
}

// server answers queries and Bulk jobs with bytes that were made before the
// measurement.
type server struct {
	rows    int
	json    []byte // pageRows records, comma separated
	ends    []int  // where each record of json ends
	csv     []byte // pageRows rows
	csvEnds []int

	mu   sync.Mutex
	zips map[string][]byte // compressed pages, made at their first request
}

func newServer(rows int) *server {
	s := &server{rows: rows, zips: map[string][]byte{}}
	for i := range min(rows, pageRows) {
		if i > 0 {
			s.json = append(s.json, ',')
		}
		s.json = append(s.json, account(i)...)
		s.ends = append(s.ends, len(s.json))
		s.csv = append(s.csv, accountCSV(i)...)
		s.csvEnds = append(s.csvEnds, len(s.csv))
	}
	return s
}

// serve is the server's process: it prints its addresses and answers until
// stdin ends.
func serve(rows int) error {
	s := newServer(rows)
	var out []any
	for _, how := range []answering{{}, {gzip: true}, {wait: latency}} {
		var lc net.ListenConfig
		l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		out = append(out, "http://"+l.Addr().String())
		web := &http.Server{Handler: s.handler(how), ReadHeaderTimeout: 10 * time.Second}
		go func() {
			if err := web.Serve(l); err != nil {
				fmt.Fprintln(os.Stderr, "bench: server:", err)
				os.Exit(1)
			}
		}()
	}
	fmt.Fprintln(os.Stdout, out...)
	_, err := os.Stdin.Read(make([]byte, 1))
	if err != nil && err.Error() == "EOF" {
		return nil
	}
	return err
}

// answering is how one listener answers.
type answering struct {
	gzip bool
	wait time.Duration
}

var (
	queryPath = regexp.MustCompile(`^(/services/data/v[0-9.]+)/query/?(?:0r8xx5R2yF2gs3VASQ-([0-9]+))?$`)
	jobPath   = regexp.MustCompile(`^/services/data/v[0-9.]+/jobs/query(/[0-9A-Za-z]+)?(/results)?/?$`)
)

func (s *server) handler(how answering) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(how.wait)
		w.Header().Set("Sforce-Limit-Info", "api-usage=1/100000")
		var err error
		if m := queryPath.FindStringSubmatch(r.URL.Path); m != nil {
			err = s.query(w, how, m[1], m[2])
		} else if m := jobPath.FindStringSubmatch(r.URL.Path); m != nil && m[2] == "" {
			w.Header().Set("Content-Type", "application/json")
			_, err = fmt.Fprintf(w, `{"id":%q,"operation":"query","object":"Account","state":"JobComplete","numberRecordsProcessed":%d,"apiVersion":66.0}`, jobID, s.rows)
		} else if m != nil {
			err = s.results(w, how, r)
		} else {
			err = fmt.Errorf("nothing at %s", r.URL.Path)
		}
		if err != nil {
			http.Error(w, fmt.Sprintf(`[{"message":%q,"errorCode":"NOT_FOUND"}]`, err.Error()), http.StatusNotFound)
		}
	})
}

// query answers with the page that begins at the offset in the locator.
func (s *server) query(w http.ResponseWriter, how answering, base, offset string) error {
	from, err := s.offset(offset)
	if err != nil {
		return err
	}
	n := min(s.rows-from, pageRows)
	head := fmt.Appendf(nil, `{"totalSize":%d,"done":%t,`, s.rows, from+n == s.rows)
	if from+n < s.rows {
		head = fmt.Appendf(head, `"nextRecordsUrl":"%s/query/0r8xx5R2yF2gs3VASQ-%d",`, base, from+n)
	}
	head = append(head, `"records":[`...)
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	return s.answer(w, how, "query "+base+offset, head, s.json[:s.ends[n-1]], []byte("]}"))
}

// results answers with a page of a Bulk job.
func (s *server) results(w http.ResponseWriter, how answering, r *http.Request) error {
	q := r.URL.Query()
	from, err := s.offset(q.Get("locator"))
	if err != nil {
		return err
	}
	n := bulkRows
	if m, err := strconv.Atoi(q.Get("maxRecords")); err == nil {
		n = m
	}
	n = min(s.rows-from, n)
	next := "null"
	if from+n < s.rows {
		next = strconv.Itoa(from + n)
	}
	w.Header().Set("Content-Type", "text/csv")
	w.Header().Set("Sforce-Locator", next)
	w.Header().Set("Sforce-NumberOfRecords", strconv.Itoa(n))
	parts := [][]byte{csvHeader()}
	for left := n; left > 0; left -= pageRows {
		parts = append(parts, s.csv[:s.csvEnds[min(left, pageRows)-1]])
	}
	return s.answer(w, how, fmt.Sprint("bulk ", n), parts...)
}

func (s *server) offset(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err == nil && (n < 0 || n >= s.rows) {
		err = errors.New("the locator is beyond the end")
	}
	return n, err
}

func (s *server) answer(w http.ResponseWriter, how answering, key string, parts ...[]byte) error {
	if how.gzip {
		var err error
		if parts[0], err = s.zip(key, parts); err != nil {
			return err
		}
		parts = parts[:1]
		w.Header().Set("Content-Encoding", "gzip")
	}
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	w.Header().Set("Content-Length", strconv.Itoa(size))
	for _, p := range parts {
		if _, err := w.Write(p); err != nil {
			return nil //nolint:nilerr // the client left early, as it may
		}
	}
	return nil
}

func (s *server) zip(key string, parts [][]byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if z := s.zips[key]; z != nil {
		return z, nil
	}
	var out bytes.Buffer
	zw := gzip.NewWriter(&out)
	for _, p := range parts {
		if _, err := zw.Write(p); err != nil {
			return nil, err
		}
	}
	err := zw.Close()
	s.zips[key] = out.Bytes()
	return s.zips[key], err
}
