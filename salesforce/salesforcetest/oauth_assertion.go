package salesforcetest

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// clockSkew is how far the clocks of an app may be off.
const clockSkew = 3 * time.Minute

// assertion is the JWT bearer flow (help page "OAuth 2.0 JWT Bearer Flow for
// Server-to-Server Integration"): the app signs for a user who has approved it,
// or whom an admin has. There is no refresh token.
func (c *call) assertion(p url.Values) answer {
	j, err := parseJWT(p.Get("assertion"))
	if err != nil {
		return oauthFailure("invalid_grant", "invalid assertion")
	}
	app := c.s.app(j.str("iss"))
	if app == nil {
		return oauthFailure("invalid_client_id", "client identifier invalid")
	}
	if !j.verify(app.key) {
		return oauthFailure("invalid_grant", "invalid assertion")
	}
	if problem := c.checkTimes(j); problem != "" {
		return oauthFailure("invalid_grant", problem)
	}
	if !slices.ContainsFunc(j.audiences(), c.s.isAudience) {
		return oauthFailure("invalid_grant", "audience is invalid")
	}
	name := j.str("sub")
	if name == "" {
		name = j.str("prn") // the name of the claim in old drafts
	}
	u, err := c.s.userByName(name)
	if err != nil {
		return oauthFailure("invalid_grant", "user hasn't approved this consumer")
	}
	scopes, _ := app.grantable("")
	if !app.PreAuthorized && u.active {
		if scopes = c.s.id.approvedScopes(u, app.ClientID); scopes == nil {
			return oauthFailure("invalid_grant", "user hasn't approved this consumer")
		}
	}
	if refused := c.admit(app, u, stepToken); refused != nil {
		return refused.answer()
	}
	out := c.issue(app, nil, u, without(scopes, "refresh_token"))
	out.Signature, out.IssuedAt = "", ""
	return out.answer()
}

// checkTimes looks at exp, which must be there, near and not over, and at nbf.
func (c *call) checkTimes(j signedJWT) string {
	now, limit := c.s.org.Now(), c.s.cfg.AssertionLifetime
	exp, ok := j.seconds("exp")
	switch until := time.Unix(exp, 0); {
	case !ok:
		return "invalid assertion"
	case !now.Before(until.Add(clockSkew)):
		return "expired authorization code"
	case limit >= 0 && until.Sub(now) > limit+clockSkew:
		return "invalid assertion"
	}
	if nbf, ok := j.seconds("nbf"); ok && time.Unix(nbf, 0).After(now.Add(clockSkew)) {
		return "invalid assertion"
	}
	return ""
}

// isAudience tells whether an assertion is meant for this org: its login host,
// or the org itself.
func (s *Server) isAudience(aud string) bool {
	aud = strings.TrimSuffix(strings.TrimSuffix(aud, "/services/oauth2/token"), "/")
	return strings.EqualFold(aud, s.cfg.LoginURL) || strings.EqualFold(aud, s.URL)
}

// approvedScopes is what a user has approved an app for, or nil.
func (i *identity) approvedScopes(u user, app string) []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	var out []string
	for _, g := range i.liveGrants(u.id, app) {
		out = append(out, without(g.scopes, out...)...)
	}
	slices.Sort(out)
	return out
}

// clientAssertion authenticates an app by a JWT that it signed instead of its
// secret (private_key_jwt of OpenID Connect).
func (c *call) clientAssertion(text string) (*App, *answer) {
	bad := func(code, description string) (*App, *answer) {
		a := oauthFailure(code, description)
		return nil, &a
	}
	j, err := parseJWT(text)
	if err != nil {
		return bad("invalid_client", "invalid client credentials")
	}
	app := c.s.app(j.str("iss"))
	switch {
	case app == nil:
		return bad("invalid_client_id", "client identifier invalid")
	case !j.verify(app.key), j.str("sub") != app.ClientID, c.checkTimes(j) != "", !slices.ContainsFunc(j.audiences(), c.s.isAudience):
		return bad("invalid_client", "invalid client credentials")
	}
	return app, nil
}
