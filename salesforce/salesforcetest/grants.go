package salesforcetest

import (
	"maps"
	"slices"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// grant is one approval: a user lets an app act for them. It is alive as long
// as its refresh token is.
type grant struct {
	user     sobject.ID
	app      string // client id
	scopes   []string
	created  time.Time
	lastUsed time.Time
	uses     int
	refresh  string
	code     string   // the authorization code, "" of a device
	ender    string   // the DeleteToken of OauthToken, which ends it at the revocation endpoint
	retired  []string // rotated refresh tokens
	seq      int
}

// approve starts a grant and ends the one that is too many.
func (i *identity) approve(a approval, app *App, limit int, leastUsed bool) *grant {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.seq++
	now := i.now()
	g := &grant{user: a.user, app: app.ClientID, scopes: a.scopes, created: now, lastUsed: now, seq: i.seq, refresh: newRefreshToken(), code: a.code, ender: newRefreshToken()}
	i.grants[g.refresh] = g
	for _, old := range i.tooMany(a.user, app.ClientID, limit, leastUsed) {
		i.end(old)
	}
	return g
}

// tooMany lists the approvals of a user and an app beyond a limit, those that
// go first at the start. Callers hold mu.
func (i *identity) tooMany(user sobject.ID, app string, limit int, leastUsed bool) []*grant {
	live := i.liveGrants(user, app)
	if limit < 0 || len(live) <= limit {
		return nil
	}
	slices.SortFunc(live, func(a, b *grant) int {
		if leastUsed && !a.lastUsed.Equal(b.lastUsed) {
			return a.lastUsed.Compare(b.lastUsed)
		}
		return a.seq - b.seq
	})
	return live[:len(live)-limit]
}

func newRefreshToken() string { return "5Aep861" + randomToken(80) }

// over tells whether the app's policy has ended a grant. Callers hold mu.
func (i *identity) over(g *grant) bool {
	app := i.apps[g.app]
	if app == nil {
		return false
	}
	now := i.now()
	return app.RefreshLifetime != 0 && now.Sub(g.created) >= app.RefreshLifetime ||
		app.RefreshIdle != 0 && now.Sub(g.lastUsed) >= app.RefreshIdle
}

// liveGrants lists the grants of a user, or of all with "", and of an app, or
// of all with "". Callers hold mu.
func (i *identity) liveGrants(user sobject.ID, app string) []*grant {
	var live []*grant
	for _, g := range i.grants {
		switch {
		case user != "" && g.user != user || app != "" && g.app != app:
		case i.over(g):
			i.endToken(g)
		default:
			live = append(live, g)
		}
	}
	return live
}

// approved tells whether a user has a live approval of an app that covers some
// scopes.
func (i *identity) approved(user sobject.ID, app string, scopes []string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, g := range i.liveGrants(user, app) {
		if len(without(scopes, g.scopes...)) == 0 {
			return true
		}
	}
	return false
}

// endToken ends a grant's refresh tokens and leaves its sessions. Callers hold
// mu.
func (i *identity) endToken(g *grant) {
	delete(i.grants, g.refresh)
	for _, t := range g.retired {
		delete(i.retired, t)
	}
}

// end revokes a grant: its refresh token and its sessions. Callers hold mu.
func (i *identity) end(g *grant) {
	i.endToken(g)
	maps.DeleteFunc(i.sessions, func(_ string, s *session) bool { return s.grant == g })
}

// useRefresh finds the grant of a refresh token for an app. Of what it returns
// callers read only what never changes: user, app and scopes.
// Using a token that was rotated away ends the grant. With
// rotation the grant gets its next token, which is returned.
func (i *identity) useRefresh(token string, app *App) (g *grant, rotated string, ok bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if old, was := i.retired[token]; was && old.app == app.ClientID {
		i.end(old)
		return nil, "", false
	}
	g, ok = i.grants[token]
	if !ok || g.app != app.ClientID {
		return nil, "", false
	}
	if i.over(g) {
		i.endToken(g)
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
	if !ok || i.over(g) {
		return nil
	}
	out := *g
	return &out
}

// endedBy returns the grant with a DeleteToken, or nil. Callers hold mu.
func (i *identity) endedBy(token string) *grant {
	for _, g := range i.grants {
		if token != "" && g.ender == token {
			return g
		}
	}
	return nil
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
