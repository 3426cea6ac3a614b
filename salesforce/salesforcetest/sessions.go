package salesforcetest

import (
	"crypto/rand"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// session is what an access token stands for.
type session struct {
	token   string
	user    sobject.ID
	app     *App   // nil: made by Server.Token
	grant   *grant // nil: none
	scopes  []string
	timeout time.Duration
	issued  time.Time
	expires time.Time
}

// grant is one approval: a user lets an app act for them. It is alive as long
// as its refresh token is.
type grant struct {
	user     sobject.ID
	app      *App
	scopes   []string
	created  time.Time
	lastUsed time.Time
	uses     int
	refresh  string
	retired  []string // rotated refresh tokens
	seq      int
}

// code is an authorization code.
type code struct {
	app       *App
	user      sobject.ID
	redirect  string
	scopes    []string
	challenge string
	expires   time.Time
	used      bool
}

// approval is a consent page that was shown and not answered yet.
type approval struct {
	app       *App
	user      sobject.ID
	redirect  string
	state     string
	scopes    []string
	challenge string
}

// identity keeps who signed in and which tokens are alive.
type identity struct {
	mu        sync.Mutex
	now       func() time.Time
	seq       int
	sessions  map[string]*session
	grants    map[string]*grant
	retired   map[string]*grant
	codes     map[string]*code
	approvals map[string]*approval
	browsers  map[string]sobject.ID // login cookies
}

func newIdentity(now func() time.Time) *identity {
	return &identity{
		now:       now,
		sessions:  map[string]*session{},
		grants:    map[string]*grant{},
		retired:   map[string]*grant{},
		codes:     map[string]*code{},
		approvals: map[string]*approval{},
		browsers:  map[string]sobject.ID{},
	}
}

// manySessions is when expired sessions are swept out.
const manySessions = 10000

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

// open starts a session. The token begins with the org's 15-character id.
func (i *identity) open(org sobject.ID, user sobject.ID, app *App, g *grant, scopes []string, timeout time.Duration) *session {
	i.mu.Lock()
	defer i.mu.Unlock()
	now := i.now()
	if len(i.sessions) >= manySessions {
		for token, old := range i.sessions {
			if !now.Before(old.expires) {
				delete(i.sessions, token)
			}
		}
	}
	s := &session{
		token: org.Short() + "!AR8AQ" + randomToken(88) + "._", user: user, app: app, grant: g,
		scopes: scopes, timeout: timeout, issued: now, expires: now.Add(timeout),
	}
	i.sessions[s.token] = s
	return s
}

// find returns the live session of a token and prolongs it when it was used in
// the second half of its life.
func (i *identity) find(token string) (*session, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	s, ok := i.sessions[token]
	if !ok {
		return nil, false
	}
	now := i.now()
	if !now.Before(s.expires) {
		delete(i.sessions, token)
		return nil, false
	}
	if s.expires.Sub(now) < s.timeout/2 {
		s.expires = now.Add(s.timeout)
	}
	return s, true
}

// peek returns a session without using it.
func (i *identity) peek(token string) (*session, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	s, ok := i.sessions[token]
	return s, ok && i.now().Before(s.expires)
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

// approve starts a grant and ends the one that is too many.
func (i *identity) approve(user sobject.ID, app *App, scopes []string, limit int, leastUsed bool) *grant {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.seq++
	now := i.now()
	g := &grant{user: user, app: app, scopes: scopes, created: now, lastUsed: now, seq: i.seq, refresh: newRefreshToken()}
	i.grants[g.refresh] = g
	if live := i.liveGrants(user, app); limit > 0 && len(live) > limit {
		slices.SortFunc(live, func(a, b *grant) int {
			if leastUsed && !a.lastUsed.Equal(b.lastUsed) {
				return a.lastUsed.Compare(b.lastUsed)
			}
			return a.seq - b.seq
		})
		for _, old := range live[:len(live)-limit] {
			i.end(old)
		}
	}
	return g
}

func newRefreshToken() string { return "5Aep861" + randomToken(80) }

func (i *identity) liveGrants(user sobject.ID, app *App) []*grant {
	var live []*grant
	for _, g := range i.grants {
		if g.user == user && (app == nil || g.app == app) {
			live = append(live, g)
		}
	}
	return live
}

// end revokes a grant: its refresh token and its sessions. Callers hold mu.
func (i *identity) end(g *grant) {
	delete(i.grants, g.refresh)
	for _, t := range g.retired {
		delete(i.retired, t)
	}
	for token, s := range i.sessions {
		if s.grant == g {
			delete(i.sessions, token)
		}
	}
}

// useRefresh finds the grant of a refresh token for an app. Using a token that
// was rotated away ends the grant (fact sheet 2.4). With rotation the grant
// gets its next token, which is returned.
func (i *identity) useRefresh(token string, app *App) (g *grant, rotated string, ok bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if old, was := i.retired[token]; was {
		i.end(old)
		return nil, "", false
	}
	g, ok = i.grants[token]
	if !ok || g.app != app {
		return nil, "", false
	}
	g.uses++
	g.lastUsed = i.now()
	if app.RotateRefreshTokens {
		delete(i.grants, token)
		g.retired = append(g.retired, token)
		i.retired[token] = g
		g.refresh = newRefreshToken()
		i.grants[g.refresh] = g
		return g, g.refresh, true
	}
	return g, "", true
}

// grantOf returns a copy of the live grant of a refresh token, or nil.
func (i *identity) grantOf(refresh string) *grant {
	i.mu.Lock()
	defer i.mu.Unlock()
	g, ok := i.grants[refresh]
	if !ok {
		return nil
	}
	out := *g
	return &out
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
	return false
}

// revokeGrants ends every grant of a user, or all with "".
func (i *identity) revokeGrants(user sobject.ID) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, g := range i.grants {
		if user == "" || g.user == user {
			i.end(g)
		}
	}
}

// bearer reads the token of an Authorization header.
func bearer(header string) (token string, ok bool) {
	scheme, token, found := strings.Cut(header, " ")
	if !found || !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "OAuth") {
		return "", false
	}
	return strings.TrimSpace(token), true
}
