package salesforcetest

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"runtime/debug"
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
		s.write(w, r, jsonAnswer(http.StatusOK, ready), action())
		return
	}
	body, refused := readBody(r, path)
	defer s.running.enter()()
	rec := s.journal.open(s.describeRequest(r, path, body))
	now := s.journal.amend(rec, func(*RequestRecord) {})
	for _, f := range s.hooks(false) {
		f(now)
	}
	s.settle()
	act, _ := s.faults.strike(now)
	s.before(r, path, now, act)
	release := s.org.LockRows(act.lock...)
	defer release() // also when the connection is cut
	var a answer
	switch {
	case act.answer != nil:
		a = *act.answer
	case refused != nil:
		a = *refused
	default:
		a = s.work(r, path, body, rec, act)
	}
	release()
	a = a.rewritten(act.rewrite)
	done := s.journal.amend(rec, func(r *RequestRecord) { r.Status = a.status })
	for _, f := range s.hooks(true) {
		f(done)
	}
	wait(r, act.delayAfter)
	if act.dropAfter {
		panic(http.ErrAbortHandler) // net/http cuts the connection without a word
	}
	s.write(w, r, a, act)
}

// settle does the bulk work that is due.
func (s *Server) settle() {
	s.jobs.settle(s)
	s.bulk1.settle(s)
}

// before does the part of a fault that comes before the work.
func (s *Server) before(r *http.Request, path string, rec RequestRecord, act Action) {
	for _, f := range act.do {
		f(rec)
	}
	if act.expire {
		if token, ok := sentToken(r); ok {
			s.id.expire(token)
		}
	}
	for _, name := range act.exhaust {
		s.exhaust(name)
	}
	if len(act.job) > 0 {
		s.jobs.plan(path, act.job)
	}
	wait(r, act.delay)
	if act.dropBefore {
		panic(http.ErrAbortHandler)
	}
}

// wait waits on Go's clock; the request ends with its client.
func wait(r *http.Request, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	}
}

// work answers a request; a bug in the fake becomes Salesforce's own answer to
// bugs and fails the test.
func (s *Server) work(r *http.Request, path string, body []byte, rec *RequestRecord, act Action) (a answer) {
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
		s: s, method: r.Method, path: path, query: r.URL.Query(), header: r.Header, body: body, act: act,
		ctx: r.Context(), unsupported: func() { s.journal.amend(rec, func(r *RequestRecord) { r.Unsupported = true }) },
		counted: func() { s.journal.amend(rec, func(r *RequestRecord) { r.Counted = true }) },
	}
	a = c.root()
	if c.wantsXML() {
		a = c.inXML(a)
	}
	return a
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

// headerSize is the length of the address and the headers together.
func headerSize(r *http.Request) int {
	n := len(r.RequestURI)
	for name, values := range r.Header {
		for _, v := range values {
			n += len(name) + len(v) + 4
		}
	}
	return n
}

// readBody reads and decompresses a request's body.
func readBody(r *http.Request, path string) ([]byte, *answer) {
	if len(r.RequestURI) > maxURI {
		a := answer{status: http.StatusRequestURITooLong, contentType: typeHTML, body: []byte("<html><body>URI Too Long</body></html>")}
		return nil, &a
	}
	if headerSize(r) > maxURI {
		a := answer{status: http.StatusRequestHeaderFieldsTooLarge, contentType: typeHTML, body: []byte("<html><body>Request Header Fields Too Large</body></html>")}
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
