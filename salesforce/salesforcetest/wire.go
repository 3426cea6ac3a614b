package salesforcetest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// rewritten lets faults change an answer.
func (a answer) rewritten(changes []func(*Reply)) answer {
	if len(changes) == 0 {
		return a
	}
	r := Reply{Status: a.status, Header: http.Header{}, Body: bytes.Clone(a.body)}
	for name, values := range a.header {
		r.Header[name] = append([]string(nil), values...)
	}
	for _, change := range changes {
		change(&r)
	}
	if r.Status < 200 || r.Status > 999 {
		r.Status = http.StatusInternalServerError
	}
	a.status, a.header, a.body = r.Status, r.Header, r.Body
	return a
}

// write sends an answer, as a fault wants it sent.
func (s *Server) write(w http.ResponseWriter, r *http.Request, a answer, act Action) {
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
	if act.stream != nil {
		h.Set("Content-Type", a.contentType)
		w.WriteHeader(a.status)
		if act.stream(w) != nil {
			panic(http.ErrAbortHandler)
		}
		return
	}
	body := s.content(h, r, a)
	if a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(a.status)
	flush := func(part []byte) {
		_, _ = w.Write(part) // a client that left is no concern of ours
		_ = http.NewResponseController(w).Flush()
	}
	switch {
	case act.truncate >= 0 && act.truncate < len(body):
		flush(body[:act.truncate])
		panic(http.ErrAbortHandler)
	case act.stall >= 0 && act.stall < len(body):
		flush(body[:act.stall])
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case act.trickle > 0:
		for len(body) > 0 {
			n := min(act.trickle, len(body))
			flush(body[:n])
			body = body[n:]
		}
	default:
		_, _ = w.Write(body)
	}
}

// content is the body as it goes over the wire, with its headers.
func (s *Server) content(h http.Header, r *http.Request, a answer) []byte {
	body := a.body
	if len(body) == 0 {
		return nil
	}
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
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		body = s.zip(body)
		h.Set("Content-Encoding", "gzip")
	}
	return body
}

// acceptsGzip reads an Accept-Encoding header; a quality of 0 is a refusal.
func acceptsGzip(header string) bool {
	for _, part := range strings.Split(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(params), "q="))
			return q == "" || strings.Trim(q, "0.") != ""
		}
	}
	return false
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
