package salesforcetest

import (
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Fault makes matching requests go wrong. Faults are looked at in the order
// they were added; the first that fires decides.
type Fault struct {
	Match  Match
	Action Action
}

// Match chooses requests. Its zero fields match everything.
type Match struct {
	// Method is the HTTP method.
	Method string
	// Path is a prefix of the path, or a glob as of path.Match when it holds
	// one of *?[. A path without the version part, such as "query" or
	// "sobjects/Account", is looked for after /services/data/vNN.N/.
	Path string
	// Object is the object that the path, the SOQL text or the bulk job names,
	// in any case.
	Object string
	// User is the username behind the access token.
	User string
	// Nth fires on the nth matching request only, counted from 1. 0: from the
	// first on.
	Nth int
	// If chooses among the requests that match otherwise; nil: all. It is
	// called once for each, and must not send requests to the same server.
	If func(RequestRecord) bool
	// Times is how many requests the fault strikes, from Nth on. 0: one when
	// Nth is set, else every matching request.
	Times int
}

// Action is what a Fault does. Build one with the functions below and combine
// several with Together.
type Action struct {
	delay      time.Duration
	delayAfter time.Duration
	answer     *answer
	stream     func(io.Writer) error // with answer
	dropBefore bool
	dropAfter  bool
	truncate   int // -1: no
	stall      int // -1: no
	trickle    int
	expire     bool
	rewrite    []func(*Reply)
	lock       []sobject.ID
	exhaust    []string
	page       func() int
	job        []func(*jobPlan)
	do         []func(RequestRecord)
}

func action() Action { return Action{truncate: -1, stall: -1} }

// Answer replaces the work: the request is answered with the status and the
// body and nothing is done. A body that starts with { or [ is sent as JSON, one
// that starts with < as HTML, any other as plain text. Headers are given as
// "Name: value".
func Answer(status int, body string, headers ...string) Action {
	a := answer{status: status, contentType: typeText, body: []byte(body), header: http.Header{}}
	switch {
	case body == "":
		a.contentType = ""
	case body[0] == '{' || body[0] == '[':
		a.contentType = typeJSON
	case body[0] == '<':
		a.contentType = typeHTML
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ":")
		a.header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	out := action()
	out.answer = &a
	return out
}

// Refuse replaces the work by an error array of one element, such as
// Refuse(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.").
func Refuse(status int, code, message string) Action {
	return Answer(status, string(encode([]problem{{Message: message, Code: code}})))
}

// Delay waits before the work, on Go's clock, or until the client gives up.
func Delay(d time.Duration) Action {
	a := action()
	a.delay = d
	return a
}

// DropBefore cuts the connection before any work is done. Go's own HTTP client
// repeats a GET by itself when that happens on a connection it had used before.
func DropBefore() Action {
	a := action()
	a.dropBefore = true
	return a
}

// DropAfter does the work and cuts the connection instead of answering: the
// client cannot know whether its write happened.
func DropAfter() Action {
	a := action()
	a.dropAfter = true
	return a
}

// Truncate does the work, sends n bytes of the answer's body and cuts the
// connection.
func Truncate(n int) Action {
	a := action()
	a.truncate = max(n, 0)
	return a
}

// ExpireSession ends the session of the request's access token first, so that
// the request is answered with INVALID_SESSION_ID.
func ExpireSession() Action {
	a := action()
	a.expire = true
	return a
}

// Do calls a function before the work, for instance to change data behind the
// client's back. It must not send requests to the same server and wait for
// faults of its own.
func Do(f func(RequestRecord)) Action {
	a := action()
	a.do = append(a.do, f)
	return a
}

// Together combines actions; of two answers, truncations, stalls or page sizes the
// last counts.
func Together(actions ...Action) Action {
	out := action()
	for _, a := range actions {
		out.delay += a.delay
		out.delayAfter += a.delayAfter
		out.dropBefore = out.dropBefore || a.dropBefore
		out.dropAfter = out.dropAfter || a.dropAfter
		out.expire = out.expire || a.expire
		out.do = append(out.do, a.do...)
		out.rewrite = append(out.rewrite, a.rewrite...)
		out.lock = append(out.lock, a.lock...)
		out.exhaust = append(out.exhaust, a.exhaust...)
		out.job = append(out.job, a.job...)
		if a.answer != nil {
			out.answer, out.stream = a.answer, a.stream
		}
		if a.truncate >= 0 {
			out.truncate = a.truncate
		}
		if a.stall >= 0 {
			out.stall = a.stall
		}
		if a.trickle > 0 {
			out.trickle = a.trickle
		}
		if a.page != nil {
			out.page = a.page
		}
	}
	return out
}

// armed is a fault that was added, with its count.
type armed struct {
	Fault
	seen    int
	removed bool
}

type faults struct {
	mu   sync.Mutex
	list []*armed
}

// Fault adds a fault and returns a function that removes it.
//
// In a server made with a testing.TB a malformed glob, or a limit that no org
// has, ends the test.
func (s *Server) Fault(f Fault) (remove func()) {
	if s.t != nil {
		s.t.Helper()
		if err := f.check(); err != nil {
			s.t.Fatal(err)
		}
	}
	a := &armed{Fault: f}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = append(s.faults.list, a)
	return func() {
		s.faults.mu.Lock()
		defer s.faults.mu.Unlock()
		a.removed = true
	}
}

// check finds what can never work.
func (f Fault) check() error {
	if _, err := path.Match(f.Match.Path, ""); err != nil {
		return fmt.Errorf("salesforcetest: Fault: the path %q is no glob: %w", f.Match.Path, err)
	}
	for _, name := range f.Action.exhaust {
		if _, ok := edition[name]; !ok && name != limitRequests {
			return fmt.Errorf("salesforcetest: Fault: Exhaust: there is no limit %q", name)
		}
	}
	return nil
}

// strike returns the action of the first fault that fires on a request. Every
// fault that matches counts the request, also when another fires.
func (f *faults) strike(r RequestRecord) (Action, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found *armed
	for _, a := range f.list {
		if a.removed || !a.Match.matches(r) {
			continue
		}
		a.seen++
		if found == nil && a.fires() {
			found = a
		}
	}
	if found == nil {
		return action(), false
	}
	return found.Action, true
}

// fires tells whether the request counted last is among those to strike.
func (a *armed) fires() bool {
	first, times := max(a.Match.Nth, 1), a.Match.Times
	if times == 0 && a.Match.Nth > 0 {
		times = 1
	}
	return a.seen >= first && (times == 0 || a.seen < first+times)
}

func (m Match) matches(r RequestRecord) bool {
	return (m.Method == "" || strings.EqualFold(m.Method, r.Method)) &&
		(m.Object == "" || strings.EqualFold(m.Object, r.Object)) &&
		(m.User == "" || strings.EqualFold(m.User, r.User)) &&
		m.matchesPath(cleanPath(r.Path)) && (m.If == nil || m.If(r))
}

func (m Match) matchesPath(p string) bool {
	if m.Path == "" {
		return true
	}
	if !strings.HasPrefix(m.Path, "/") {
		_, rest, ok := cutVersion(p)
		if !ok {
			return false
		}
		p = rest
	}
	if strings.ContainsAny(m.Path, "*?[") {
		ok, _ := path.Match(m.Path, p)
		return ok
	}
	return strings.HasPrefix(p, m.Path)
}

// cutVersion splits /services/data/v66.0/query into 66.0 and query.
func cutVersion(p string) (version, rest string, ok bool) {
	_, after, found := strings.Cut(p, "services/data/v")
	if !found {
		return "", "", false
	}
	version, rest, _ = strings.Cut(after, "/")
	return version, strings.Trim(rest, "/"), true
}
