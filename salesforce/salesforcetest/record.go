package salesforcetest

import (
	"net/http"
	"net/url"
	"slices"
	"sync"
)

// RequestRecord is one HTTP request that the server received.
type RequestRecord struct {
	// Seq numbers requests from 1 in the order they arrived.
	Seq    int
	Method string
	// Path is the path as it was sent, still escaped.
	Path  string
	Query url.Values
	// Header is a copy.
	Header http.Header
	// Body is the request's body after decompression, cut at 64 KiB. The
	// newest 1,000 requests have it.
	Body []byte
	// User is the username behind the access token, or "".
	User string
	// Object is the object that the path, the SOQL text or the bulk job names,
	// or "".
	Object string
	// Status is what was answered; 0 while the request is being handled and
	// when the connection was cut.
	Status int
	// Counted tells that the request counted against the daily API limit.
	Counted bool
	// Unsupported tells that the fake has no such resource.
	Unsupported bool
}

const (
	keptBody   = 64 << 10
	keptBodies = 1000
)

// journal keeps the newest requests.
type journal struct {
	mu          sync.Mutex
	seq         int
	keep        int
	records     []*RequestRecord
	unsupported []*RequestRecord
}

// open enters a request. The record belongs to the journal from now on;
// change it through amend.
func (j *journal) open(r RequestRecord) *RequestRecord {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seq++
	r.Seq = j.seq
	if len(j.records) >= j.keep {
		// Drop a quarter at once, so that a long-lived server does not move
		// its whole journal with every request.
		j.records = slices.Delete(j.records, 0, j.keep/4+1)
	}
	j.records = append(j.records, &r)
	if n := len(j.records) - keptBodies - 1; n >= 0 {
		j.records[n].Body = nil
	}
	return &r
}

// amend changes a record and returns a copy of it.
func (j *journal) amend(r *RequestRecord, change func(*RequestRecord)) RequestRecord {
	j.mu.Lock()
	defer j.mu.Unlock()
	was := r.Unsupported
	change(r)
	if r.Unsupported && !was && len(j.unsupported) < j.keep {
		j.unsupported = append(j.unsupported, r)
	}
	return *r
}

func (j *journal) list(unsupported bool) []RequestRecord {
	j.mu.Lock()
	defer j.mu.Unlock()
	from := j.records
	if unsupported {
		from = j.unsupported
	}
	out := make([]RequestRecord, len(from))
	for i, r := range from {
		out[i] = *r
	}
	return out
}

// Requests returns the requests received so far, oldest first; at most
// Config.KeepRequests of them, the newest. Requests to /_fake/ready are not
// among them.
func (s *Server) Requests() []RequestRecord { return s.journal.list(false) }

// Unsupported returns the requests for resources that the fake does not have.
// It answered them as Salesforce answers an unknown resource. A test that
// expects the fake to be enough asserts that this is empty.
func (s *Server) Unsupported() []RequestRecord { return s.journal.list(true) }

// OnRequest registers a function that is called for every request before it
// is handled, on the goroutine that handles it. Several are called in the
// order of registration.
func (s *Server) OnRequest(f func(RequestRecord)) {
	s.hookMu.Lock()
	defer s.hookMu.Unlock()
	s.onRequest = append(s.onRequest, f)
}

// OnAnswered registers a function that is called for every request when its
// work is done and before the answer leaves; Status is set.
func (s *Server) OnAnswered(f func(RequestRecord)) {
	s.hookMu.Lock()
	defer s.hookMu.Unlock()
	s.onAnswered = append(s.onAnswered, f)
}

func (s *Server) hooks(answered bool) []func(RequestRecord) {
	s.hookMu.Lock()
	defer s.hookMu.Unlock()
	if answered {
		return slices.Clone(s.onAnswered)
	}
	return slices.Clone(s.onRequest)
}
