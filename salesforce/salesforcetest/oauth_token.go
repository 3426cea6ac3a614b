package salesforcetest

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// tokenResponse has the keys of Salesforce's answer, in its order. There is no
// expires_in.
type tokenResponse struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Signature    string `json:"signature,omitempty"`
	Scope        string `json:"scope,omitempty"`
	InstanceURL  string `json:"instance_url"`
	ID           string `json:"id"`
	TokenType    string `json:"token_type"`
	IssuedAt     string `json:"issued_at"`
}

type oauthProblem struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

func oauthFailure(code, description string) answer {
	return jsonAnswer(http.StatusBadRequest, oauthProblem{code, description}).with("Cache-Control", "no-cache, no-store")
}

// token is the token endpoint.
func (c *call) token() answer {
	p := c.formValues()
	grantType := p.Get("grant_type")
	switch grantType {
	case "authorization_code", "refresh_token", "client_credentials":
	case "password":
		if c.s.cfg.PasswordGrant {
			break
		}
		return oauthFailure("invalid_grant", "authentication failure")
	default:
		return oauthFailure("unsupported_grant_type", "grant type not supported")
	}
	app, refused := c.client(p, grantType)
	if refused != nil {
		return *refused
	}
	switch grantType {
	case "authorization_code":
		return c.redeem(app, p)
	case "refresh_token":
		return c.refresh(app, p)
	case "client_credentials":
		return c.runAs(app)
	default:
		return c.passwordGrant(app, p)
	}
}

// client authenticates the app, by form parameters or HTTP Basic.
func (c *call) client(p url.Values, grantType string) (*App, *answer) {
	id, secret := p.Get("client_id"), p.Get("client_secret")
	if user, pass, ok := (&http.Request{Header: c.header}).BasicAuth(); ok {
		// RFC 6749 has both form-encoded inside of Basic.
		if plain, err := url.QueryUnescape(user); err == nil {
			user = plain
		}
		if plain, err := url.QueryUnescape(pass); err == nil {
			pass = plain
		}
		id, secret = user, pass
	}
	app := c.s.app(id)
	if app == nil {
		a := oauthFailure("invalid_client_id", "client identifier invalid")
		return nil, &a
	}
	optional := app.SecretOptional && secret == "" && grantType != "client_credentials"
	if !optional && subtle.ConstantTimeCompare([]byte(secret), []byte(app.ClientSecret)) != 1 {
		a := oauthFailure("invalid_client", "invalid client credentials")
		return nil, &a
	}
	return app, nil
}

// redeem exchanges an authorization code.
func (c *call) redeem(app *App, p url.Values) answer {
	cd, refused := c.takeCode(app, p)
	if refused != nil {
		return *refused
	}
	u, err := c.s.userByID(cd.user)
	if err != nil || !u.active {
		return oauthFailure("invalid_grant", "inactive user")
	}
	if !slices.Contains(cd.scopes, "refresh_token") {
		return c.issue(app, nil, u, cd.scopes, "")
	}
	g := c.s.id.approve(cd.user, app, cd.scopes, c.s.cfg.ApprovalLimit, c.s.cfg.EvictLeastUsed)
	return c.issue(app, g, u, cd.scopes, g.refresh)
}

// takeCode checks a code and uses it up.
func (c *call) takeCode(app *App, p url.Values) (*code, *answer) {
	fail := func(kind, description string) (*code, *answer) {
		a := oauthFailure(kind, description)
		return nil, &a
	}
	i := c.s.id
	i.mu.Lock()
	defer i.mu.Unlock()
	cd, ok := i.codes[p.Get("code")]
	switch {
	case !ok || cd.app != app:
		return fail("invalid_grant", "invalid authorization code")
	case cd.used || !i.now().Before(cd.expires):
		return fail("invalid_grant", "expired authorization code")
	case p.Get("redirect_uri") != cd.redirect:
		return fail("redirect_uri_mismatch", "redirect_uri must match configuration")
	}
	if cd.challenge != "" {
		verifier := p.Get("code_verifier")
		if verifier == "" {
			return fail("invalid_grant", "code verifier missing")
		}
		sum := sha256.Sum256([]byte(verifier))
		if base64.RawURLEncoding.EncodeToString(sum[:]) != strings.TrimRight(cd.challenge, "=") {
			return fail("invalid_request", "invalid code verifier")
		}
	}
	cd.used = true
	return cd, nil
}

// refresh exchanges a refresh token.
func (c *call) refresh(app *App, p url.Values) answer {
	token := p.Get("refresh_token")
	if g := c.s.id.grantOf(token); g != nil {
		if u, err := c.s.userByID(g.user); err != nil || !u.active {
			return oauthFailure("invalid_grant", "inactive user")
		}
	}
	g, rotated, ok := c.s.id.useRefresh(token, app)
	if !ok {
		return oauthFailure("invalid_grant", "expired access/refresh token")
	}
	u, err := c.s.userByID(g.user)
	if err != nil {
		return oauthFailure("invalid_grant", "inactive user")
	}
	return c.issue(app, g, u, g.scopes, rotated)
}

// runAs is the client credentials flow.
func (c *call) runAs(app *App) answer {
	if app.RunAs == "" {
		return oauthFailure("invalid_grant", "no client credentials user enabled")
	}
	u, err := c.s.userByName(app.RunAs)
	if err != nil || !u.active {
		return oauthFailure("invalid_grant", "inactive user")
	}
	var scopes []string
	for _, s := range app.Scopes {
		switch s = canonicalScope(s); s {
		case "full", "web", "refresh_token":
		default:
			scopes = append(scopes, s)
		}
	}
	return c.issue(app, nil, u, scopes, "")
}

// passwordGrant is the username-password flow.
func (c *call) passwordGrant(app *App, p url.Values) answer {
	u, err := c.s.userByName(p.Get("username"))
	// The security token, if any, stands behind the password.
	if err != nil || !strings.HasPrefix(p.Get("password"), c.s.cfg.Password) {
		return oauthFailure("invalid_grant", "authentication failure")
	}
	if !u.active {
		return oauthFailure("invalid_grant", "inactive user")
	}
	scopes, _ := app.grantable("")
	return c.issue(app, nil, u, slices.DeleteFunc(scopes, func(s string) bool { return s == "refresh_token" }), "")
}

// issue opens a session and answers with its token.
func (c *call) issue(app *App, g *grant, u user, scopes []string, refresh string) answer {
	ses := c.s.id.open(c.s.org.ID(), u.id, app, g, scopes, app.SessionTimeout)
	out := tokenResponse{
		AccessToken: ses.token, RefreshToken: refresh, Scope: strings.Join(scopes, " "),
		InstanceURL: c.s.URL, ID: c.s.cfg.LoginURL + c.s.identityPath(u.id), TokenType: "Bearer",
		IssuedAt: strconv.FormatInt(ses.issued.UnixMilli(), 10),
	}
	if app.ClientSecret != "" {
		out.Signature = signature(app.ClientSecret, out.ID, out.IssuedAt)
	}
	return jsonAnswer(http.StatusOK, out).with("Cache-Control", "no-cache, no-store")
}

// signature proves to the app that the answer came from Salesforce.
func signature(secret, id, issuedAt string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(id + issuedAt))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

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

// introspect tells an app about one of its own tokens.
func (c *call) introspect() answer {
	p := c.formValues()
	app, refused := c.client(p, "introspect")
	if refused != nil {
		return *refused
	}
	token := p.Get("token")
	out := introspection{}
	if ses, ok := c.s.id.peek(token); ok && ses.app == app {
		out = introspection{Active: true, Scope: strings.Join(ses.scopes, " "), TokenType: "access_token",
			Exp: ses.expires.Unix(), Iat: ses.issued.Unix(), Nbf: ses.issued.Unix()}
		if u, err := c.s.userByID(ses.user); err == nil {
			out.Username, out.Sub = u.username, c.s.cfg.LoginURL+c.s.identityPath(u.id)
		}
	} else if g := c.s.id.grantOf(token); g != nil && g.app == app {
		out = introspection{Active: true, Scope: strings.Join(g.scopes, " "), TokenType: "refresh_token",
			Iat: g.created.Unix(), Nbf: g.created.Unix()}
		if u, err := c.s.userByID(g.user); err == nil {
			out.Username, out.Sub = u.username, c.s.cfg.LoginURL+c.s.identityPath(u.id)
		}
	}
	if out.Active {
		out.ClientID = app.ClientID
	}
	return jsonAnswer(http.StatusOK, out)
}
