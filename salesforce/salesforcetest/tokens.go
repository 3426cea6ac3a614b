package salesforcetest

import (
	"slices"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Token is a token that is alive.
type Token struct {
	// Refresh tells a refresh token from an access token.
	Refresh  bool
	Token    string
	Username string
	// ClientID is the app's, or "" for a token of Server.Token or SOAP login.
	ClientID string
	Scopes   []string
	// Created, LastUsed and Expires are of the org's clock; Expires is zero
	// for a refresh token without a fixed end.
	Created, LastUsed, Expires time.Time
	// Uses is how often a refresh token was exchanged.
	Uses int
}

// Tokens lists the tokens that are alive, oldest first. Looking does not use
// them.
func (s *Server) Tokens() []Token {
	var out []Token
	var users []sobject.ID
	i := s.id
	i.mu.Lock()
	for _, ses := range i.sessions {
		if i.now().Before(ses.expires) {
			out = append(out, Token{Token: ses.token, ClientID: ses.app, Scopes: slices.Clone(ses.scopes), Created: ses.issued, LastUsed: ses.used, Expires: ses.expires})
			users = append(users, ses.user)
		}
	}
	for _, g := range i.liveGrants("", "") {
		t := Token{Refresh: true, Token: g.refresh, ClientID: g.app, Scopes: slices.Clone(g.scopes), Created: g.created, LastUsed: g.lastUsed, Uses: g.uses}
		if a := i.apps[g.app]; a != nil && a.RefreshLifetime > 0 {
			t.Expires = g.created.Add(a.RefreshLifetime)
		}
		out = append(out, t)
		users = append(users, g.user)
	}
	i.mu.Unlock()
	names := map[sobject.ID]string{}
	for n, id := range users {
		if _, known := names[id]; !known {
			u, _ := s.userByID(id) // a user who is gone has no name
			names[id] = u.username
		}
		out[n].Username = names[id]
	}
	slices.SortStableFunc(out, func(a, b Token) int { return a.Created.Compare(b.Created) })
	return out
}
