package salesforcetest

import (
	"crypto/rand"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// session is what an access token stands for. Sessions are never changed
// outside of identity; peek and find return copies.
type session struct {
	token   string
	user    sobject.ID
	app     string // client id; "": made by Server.Token or SOAP login
	grant   *grant // nil: none
	scopes  []string
	timeout time.Duration
	fixed   bool // a use does not prolong it
	issued  time.Time
	used    time.Time
	expires time.Time
}

// allows tells whether the session has one of some scopes.
func (s session) allows(scopes ...string) bool {
	return slices.ContainsFunc(scopes, func(scope string) bool { return slices.Contains(s.scopes, scope) })
}

// code is an authorization code.
type code struct {
	app       string
	user      sobject.ID
	redirect  string
	scopes    []string
	challenge string
	nonce     string
	expires   time.Time
	used      bool
}

// approval is a consent page that was shown and not answered yet.
type approval struct {
	app       string
	user      sobject.ID
	redirect  string
	state     string
	scopes    []string
	challenge string
	nonce     string
	device    string // the user code of a device; then there is no redirect
	code      string // what it became
	expires   time.Time
}

// browserLogin is who signed in in a browser, and when in the order of logins.
type browserLogin struct {
	user    sobject.ID
	seq     int
	expires time.Time
}

// identity keeps who signed in and which tokens are alive.
type identity struct {
	now func() time.Time

	mu        sync.Mutex
	seq       int
	apps      map[string]*App // never changed, only replaced
	appOrder  []string
	sessions  map[string]*session
	grants    map[string]*grant
	retired   map[string]*grant
	codes     map[string]*code
	approvals map[string]*approval
	browsers  map[string]browserLogin // by login cookie
	asked     map[string]browserLogin // by nonce: logins that a page asked for
	logins    map[sobject.ID]*loginRate
	ips       map[sobject.ID][]ipRange
	locked    bool // the org
	noAPI     bool // the org's edition has no API
}

func newIdentity(now func() time.Time, apps []App) *identity {
	i := &identity{
		now:       now,
		apps:      map[string]*App{},
		sessions:  map[string]*session{},
		grants:    map[string]*grant{},
		retired:   map[string]*grant{},
		codes:     map[string]*code{},
		approvals: map[string]*approval{},
		browsers:  map[string]browserLogin{},
		asked:     map[string]browserLogin{},
		logins:    map[sobject.ID]*loginRate{},
		ips:       map[sobject.ID][]ipRange{},
	}
	for _, a := range apps {
		i.setApp(a)
	}
	return i
}

// setApp adds or replaces an app; one that is blocked loses its sessions.
func (i *identity) setApp(a App) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.apps[a.ClientID] == nil {
		i.appOrder = append(i.appOrder, a.ClientID)
	}
	i.apps[a.ClientID] = &a
	if a.Blocked {
		maps.DeleteFunc(i.sessions, func(_ string, s *session) bool { return s.app == a.ClientID })
	}
}

// appByID returns an app, or nil. Nobody changes what it points to.
func (i *identity) appByID(clientID string) *App {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.apps[clientID]
}

// firstApp returns the app that came first, or nil.
func (i *identity) firstApp() *App {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.appOrder) == 0 {
		return nil
	}
	return i.apps[i.appOrder[0]]
}

// manyEntries is when entries that are over are swept out.
const manyEntries = 10000

// sweep drops what is over from a map that has grown large.
func sweep[V any](m map[string]V, over func(V) bool) {
	if len(m) >= manyEntries {
		maps.DeleteFunc(m, func(_ string, v V) bool { return over(v) })
	}
}

const tokenAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._"

// randomToken returns n characters that nobody can guess, so that a fake that
// listens on a shared machine is not an open door to its data.
func randomToken(n int) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails, see its documentation
	for i, b := range raw {
		raw[i] = tokenAlphabet[b&63]
	}
	return string(raw)
}

// open starts a session.
func (i *identity) open(s session) session {
	i.mu.Lock()
	defer i.mu.Unlock()
	sweep(i.sessions, func(s *session) bool { return !i.now().Before(s.expires) })
	s.used, s.expires = s.issued, s.issued.Add(s.timeout)
	i.sessions[s.token] = &s
	return s
}

// find returns the live session of a token and prolongs it when it was used in
// the second half of its life.
func (i *identity) find(token string) (session, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	s, ok := i.sessions[token]
	if !ok {
		return session{}, false
	}
	now := i.now()
	if !now.Before(s.expires) {
		delete(i.sessions, token)
		return session{}, false
	}
	s.used = now
	if !s.fixed && s.expires.Sub(now) < s.timeout/2 {
		s.expires = now.Add(s.timeout)
	}
	return *s, true
}

// peek returns a session without using it.
func (i *identity) peek(token string) (session, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	s, ok := i.sessions[token]
	if !ok || !i.now().Before(s.expires) {
		return session{}, false
	}
	return *s, true
}

func (i *identity) expire(token string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.sessions, token)
}

// expireAll ends every session of a user, or all with "".
func (i *identity) expireAll(user sobject.ID) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for token, s := range i.sessions {
		if user == "" || s.user == user {
			delete(i.sessions, token)
		}
	}
}

// revoke ends what a token stands for: a session, or a grant with its
// sessions.
func (i *identity) revoke(token string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if _, ok := i.sessions[token]; ok {
		delete(i.sessions, token)
		return true
	}
	if g, ok := i.grants[token]; ok {
		i.end(g)
		return true
	}
	if g := i.endedBy(token); g != nil {
		i.end(g)
		return true
	}
	return false
}

// bearer reads the token of an Authorization header.
func bearer(header string) (token string, ok bool) {
	scheme, token, found := strings.Cut(header, " ")
	if !found || !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "OAuth") {
		return "", false
	}
	return strings.TrimSpace(token), true
}
