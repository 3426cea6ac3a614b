package salesforcetest

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

const (
	maxBody   = 50 << 20
	maxUpload = 150 << 20
	maxURI    = 16384
)

// serve takes one HTTP request through the stages: record, fault, work, hook,
// wire.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	path := cleanPath(r.URL.EscapedPath())
	if path == "/_fake/ready" {
		ready := s.Ready()
		ready.Fake = true
		s.write(w, r, jsonAnswer(http.StatusOK, ready), -1)
		return
	}
	body, refused := readBody(r, path)
	rec := s.journal.open(s.describeRequest(r, path, body))
	now := s.journal.amend(rec, func(*RequestRecord) {})
	for _, f := range s.hooks(false) {
		f(now)
	}
	s.jobs.settle(s)
	act, _ := s.faults.strike(now)
	s.before(r, now, act)
	var a answer
	switch {
	case act.answer != nil:
		a = *act.answer
	case refused != nil:
		a = *refused
	default:
		a = s.work(r, path, body, rec)
	}
	done := s.journal.amend(rec, func(r *RequestRecord) { r.Status = a.status })
	for _, f := range s.hooks(true) {
		f(done)
	}
	if act.dropAfter {
		panic(http.ErrAbortHandler) // net/http cuts the connection without a word
	}
	s.write(w, r, a, act.truncate)
}

// before does the part of a fault that comes before the work.
func (s *Server) before(r *http.Request, rec RequestRecord, act Action) {
	for _, f := range act.do {
		f(rec)
	}
	if act.expire {
		if token, ok := bearer(r.Header.Get("Authorization")); ok {
			s.id.expire(token)
		}
	}
	if act.delay > 0 {
		t := time.NewTimer(act.delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}
	if act.dropBefore {
		panic(http.ErrAbortHandler)
	}
}

// work answers a request; a bug in the fake becomes Salesforce's own answer to
// bugs and fails the test.
func (s *Server) work(r *http.Request, path string, body []byte, rec *RequestRecord) (a answer) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(p)
		}
		if s.t != nil {
			s.t.Errorf("salesforcetest: a bug in the fake org: %s %s: %v\n%s", r.Method, path, p, debug.Stack())
		}
		a = failure(http.StatusInternalServerError, "UNKNOWN_EXCEPTION",
			"An unexpected error occurred. Please include this ErrorId if you contact support: 1-1 (1)")
	}()
	c := &call{
		s: s, method: r.Method, path: path, query: r.URL.Query(), header: r.Header, body: body,
		ctx: r.Context(), unsupported: func() { s.journal.amend(rec, func(r *RequestRecord) { r.Unsupported = true }) },
		counted: func() { s.journal.amend(rec, func(r *RequestRecord) { r.Counted = true }) },
	}
	return c.root()
}

// cleanPath folds doubled slashes and drops a trailing one; some clients
// depend on Salesforce doing so.
func cleanPath(p string) string {
	for strings.Contains(p, "//") {
		p = strings.ReplaceAll(p, "//", "/")
	}
	if len(p) > 1 {
		p = strings.TrimSuffix(p, "/")
	}
	return p
}

// readBody reads and decompresses a request's body.
func readBody(r *http.Request, path string) ([]byte, *answer) {
	if len(r.RequestURI) > maxURI {
		a := answer{status: http.StatusRequestURITooLong, contentType: typeHTML, body: []byte("<html><body>URI Too Long</body></html>")}
		return nil, &a
	}
	limit := int64(maxBody)
	if strings.HasSuffix(path, "/batches") {
		limit = maxUpload
	}
	plain := bufio.NewReader(r.Body)
	if _, err := plain.Peek(1); errors.Is(err, io.EOF) {
		return nil, nil // some clients say how they encode even when there is nothing to encode
	}
	var src io.Reader = plain
	var err error
	switch strings.ToLower(r.Header.Get("Content-Encoding")) {
	case "gzip":
		src, err = gzip.NewReader(plain)
	case "deflate":
		// RFC 9110 means zlib; some clients send raw deflate.
		raw, _ := io.ReadAll(io.LimitReader(plain, limit+1))
		if src, err = zlib.NewReader(bytes.NewReader(raw)); err != nil {
			src, err = flate.NewReader(bytes.NewReader(raw)), nil
		}
	}
	var body []byte
	if err == nil {
		body, err = io.ReadAll(io.LimitReader(src, limit+1))
	}
	if err != nil {
		a := failure(http.StatusBadRequest, "UNKNOWN_EXCEPTION", "The request body could not be decoded.")
		return nil, &a
	}
	if int64(len(body)) > limit {
		a := failure(http.StatusRequestEntityTooLarge, "EXCEEDED_MAX_SIZE_REQUEST", "The request exceeds the maximum allowed size.")
		return nil, &a
	}
	return body, nil
}

// write sends an answer; truncate >= 0 sends only that many bytes of the body
// and cuts the connection.
func (s *Server) write(w http.ResponseWriter, r *http.Request, a answer, truncate int) {
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	now := time.Now()
	if s.org != nil {
		now = s.org.Now()
	}
	h.Set("Date", now.UTC().Format(http.TimeFormat))
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-cache,must-revalidate,max-age=0,no-store,private")
	}
	body := a.body
	if len(body) > 0 {
		if a.contentType != "" && h.Get("Content-Type") == "" {
			h.Set("Content-Type", a.contentType)
		}
		if r.Header.Get("X-PrettyPrint") == "1" && a.contentType == typeJSON {
			var b bytes.Buffer
			if json.Indent(&b, body, "", "  ") == nil {
				body = b.Bytes()
			}
		}
		h.Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			body = s.zip(body)
			h.Set("Content-Encoding", "gzip")
		}
	}
	if a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(a.status)
	if truncate >= 0 && truncate < len(body) {
		_, _ = w.Write(body[:truncate])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body) // a client that left is no concern of ours
}

// zip compresses a body. Compressors are large, so they are used again.
func (s *Server) zip(body []byte) []byte {
	var b bytes.Buffer
	z, ok := s.zips.Get().(*gzip.Writer)
	if ok {
		z.Reset(&b)
	} else {
		z, _ = gzip.NewWriterLevel(&b, gzip.BestSpeed)
	}
	_, _ = z.Write(body)
	_ = z.Close()
	s.zips.Put(z)
	return b.Bytes()
}
