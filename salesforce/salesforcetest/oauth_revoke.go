package salesforcetest

import (
	"net/http"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// revoke ends a token.
func (c *call) revoke() answer {
	if !c.s.id.revoke(c.formValues().Get("token")) {
		return oauthFailure("invalid_token", "invalid token")
	}
	return empty(http.StatusOK)
}

type introspection struct {
	Active    bool   `json:"active"`
	Scope     string `json:"scope,omitempty"`
	ClientID  string `json:"client_id,omitempty"`
	Username  string `json:"username,omitempty"`
	Sub       string `json:"sub,omitempty"`
	TokenType string `json:"token_type,omitempty"`
	Exp       int64  `json:"exp,omitempty"`
	Iat       int64  `json:"iat,omitempty"`
	Nbf       int64  `json:"nbf,omitempty"`
}

// introspect tells an app about one of its own tokens, or about all tokens
// when its settings allow that.
func (c *call) introspect() answer {
	p := c.formValues()
	app, refused := c.client(p, "introspect")
	if refused != nil {
		return *refused
	}
	token := p.Get("token")
	out := introspection{}
	var who sobject.ID
	if ses, ok := c.s.id.peek(token); ok && (ses.app == app.ClientID || app.IntrospectAll) {
		out = introspection{Active: true, Scope: strings.Join(ses.scopes, " "), ClientID: ses.app, TokenType: "access_token",
			Exp: ses.expires.Unix(), Iat: ses.issued.Unix(), Nbf: ses.issued.Unix()}
		who = ses.user
	} else if g := c.s.id.grantOf(token); g != nil && (g.app == app.ClientID || app.IntrospectAll) {
		out = introspection{Active: true, Scope: strings.Join(g.scopes, " "), ClientID: g.app, TokenType: "refresh_token",
			Iat: g.created.Unix(), Nbf: g.created.Unix()}
		if a := c.s.app(g.app); a != nil && a.RefreshLifetime > 0 {
			out.Exp = g.created.Add(a.RefreshLifetime).Unix()
		}
		who = g.user
	}
	if u, err := c.s.userByID(who); err == nil && out.Active {
		out.Username, out.Sub = u.username, c.s.cfg.LoginURL+c.s.identityPath(u.id)
	}
	return jsonAnswer(http.StatusOK, out).with("Cache-Control", "no-cache, no-store")
}
