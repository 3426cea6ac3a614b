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
	IDToken      string `json:"id_token,omitempty"`
	InstanceURL  string `json:"instance_url"`
	ID           string `json:"id"`
	TokenType    string `json:"token_type"`
	IssuedAt     string `json:"issued_at,omitempty"`
	TokenFormat  string `json:"token_format,omitempty"`
}

type oauthProblem struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

func oauthFailure(code, description string) answer {
	return jsonAnswer(http.StatusBadRequest, oauthProblem{code, description}).with("Cache-Control", "no-cache, no-store")
}

func (p oauthProblem) answer() answer { return oauthFailure(p.Error, p.Description) }

// token is the token endpoint.
func (c *call) token() answer {
	p := c.formValues()
	return c.inFormat(c.tokenFor(p), p)
}

func (c *call) tokenFor(p url.Values) answer {
	if c.method != http.MethodPost {
		return oauthFailure("invalid_request", "must use HTTP POST")
	}
	grantType := p.Get("grant_type")
	if grantType == "" && p.Get("response_type") == "device_code" {
		return c.deviceStart(p)
	}
	switch grantType {
	case "authorization_code", "refresh_token", "client_credentials":
	case "password":
		if !c.s.cfg.PasswordGrant {
			return oauthFailure("invalid_grant", "authentication failure")
		}
	case "device":
		return c.devicePoll(p)
	case jwtBearer:
		return c.assertion(p)
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

// client authenticates the app, by form parameters, HTTP Basic or a JWT that
// it signed.
func (c *call) client(p url.Values, grantType string) (*App, *answer) {
	if p.Get("client_assertion_type") == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		return c.clientAssertion(p.Get("client_assertion"))
	}
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
	optional := false
	switch grantType {
	case "authorization_code":
		optional = app.SecretOptional
	case "refresh_token":
		optional = app.SecretOptional && !app.RefreshNeedsSecret
	case "device":
		optional = true
	}
	if optional && secret == "" {
		return app, nil
	}
	if app.ClientSecret == "" || subtle.ConstantTimeCompare([]byte(secret), []byte(app.ClientSecret)) != 1 {
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
	return c.approved(app, approval{user: cd.user, scopes: cd.scopes, nonce: cd.nonce, code: p.Get("code")})
}

// approved answers the tokens of what a person approved.
func (c *call) approved(app *App, a approval) answer {
	u, err := c.s.userByID(a.user)
	if err != nil {
		return oauthFailure("invalid_grant", "inactive user")
	}
	if refused := c.admit(app, u, stepToken); refused != nil {
		return refused.answer()
	}
	var g *grant
	refresh := ""
	if slices.Contains(a.scopes, "refresh_token") {
		g = c.s.id.approve(a, app, c.s.cfg.ApprovalLimit, c.s.cfg.EvictLeastUsed)
		c.s.id.mu.Lock()
		refresh = g.refresh
		c.s.id.mu.Unlock()
	}
	out := c.issue(app, g, u, a.scopes)
	out.RefreshToken = refresh
	if slices.Contains(a.scopes, "openid") {
		out.IDToken = c.idToken(app, u, out.AccessToken, a.nonce)
	}
	return out.answer()
}

// takeCode checks a code and uses it up.
func (c *call) takeCode(app *App, p url.Values) (code, *answer) {
	fail := func(kind, description string) (code, *answer) {
		a := oauthFailure(kind, description)
		return code{}, &a
	}
	i := c.s.id
	i.mu.Lock()
	defer i.mu.Unlock()
	cd, ok := i.codes[p.Get("code")]
	switch {
	case !ok || cd.app != app.ClientID:
		return fail("invalid_grant", "invalid authorization code")
	case cd.used || !i.now().Before(cd.expires):
		return fail("invalid_grant", "expired authorization code")
	case p.Get("redirect_uri") == "":
		return fail("redirect_uri_missing", "redirect_uri not provided")
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
	return *cd, nil
}

// refresh exchanges a refresh token.
func (c *call) refresh(app *App, p url.Values) answer {
	token := p.Get("refresh_token")
	if g := c.s.id.grantOf(token); g != nil && g.app == app.ClientID {
		u, err := c.s.userByID(g.user)
		if err != nil {
			return oauthFailure("invalid_grant", "inactive user")
		}
		if refused := c.admit(app, u, stepRefresh); refused != nil {
			return refused.answer()
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
	out := c.issue(app, g, u, g.scopes)
	out.RefreshToken = rotated
	return out.answer()
}

// runAs is the client credentials flow, which the login hosts do not have.
func (c *call) runAs(app *App) answer {
	if c.loginHost() != "" {
		return oauthFailure("invalid_grant", "request not supported on this domain")
	}
	if app.RunAs == "" {
		return oauthFailure("invalid_grant", "no client credentials user enabled")
	}
	u, err := c.s.userByName(app.RunAs)
	if err != nil {
		return oauthFailure("invalid_grant", "no client credentials user enabled")
	}
	if refused := c.admit(app, u, stepToken); refused != nil {
		return refused.answer()
	}
	scopes, _ := app.grantable("")
	return c.issue(app, nil, u, without(scopes, "full", "web", "refresh_token")).answer()
}

// passwordGrant is the username-password flow. Its answer does not name the
// scopes.
func (c *call) passwordGrant(app *App, p url.Values) answer {
	u, err := c.s.userByName(p.Get("username"))
	if err != nil || !c.s.passwordIs(p.Get("password")) {
		return oauthFailure("invalid_grant", "authentication failure")
	}
	if refused := c.admit(app, u, stepToken); refused != nil {
		return refused.answer()
	}
	scopes, _ := app.grantable("")
	out := c.issue(app, nil, u, without(scopes, "refresh_token"))
	out.Scope = ""
	return out.answer()
}

// passwordIs checks what a program sends as a password: the security token, if
// there is one, stands behind it.
func (s *Server) passwordIs(text string) bool {
	return subtle.ConstantTimeCompare([]byte(text), []byte(s.cfg.Password+s.cfg.SecurityToken)) == 1
}

// issue opens a session and returns the answer with its token.
func (c *call) issue(app *App, g *grant, u user, scopes []string) tokenResponse {
	ses := session{user: u.id, app: app.ClientID, grant: g, scopes: scopes, timeout: app.SessionTimeout, issued: c.s.org.Now()}
	setDefault(&ses.timeout, c.s.cfg.SessionTimeout)
	format := ""
	if app.JWTAccessTokens {
		ses.token, ses.fixed, format = c.jwtAccessToken(app, ses), true, "jwt"
	} else {
		ses.token = c.s.opaqueToken()
	}
	ses = c.s.id.open(ses)
	c.oauthLogin(u, app, loginOK)
	out := tokenResponse{
		AccessToken: ses.token, Scope: strings.Join(scopes, " "), InstanceURL: c.s.URL, ID: c.s.cfg.LoginURL + c.s.identityPath(u.id),
		TokenType: "Bearer", IssuedAt: strconv.FormatInt(ses.issued.UnixMilli(), 10), TokenFormat: format,
	}
	if app.ClientSecret != "" {
		out.Signature = signature(app.ClientSecret, out.ID, out.IssuedAt)
	}
	return out
}

// opaqueToken begins with the org's 15-character id.
func (s *Server) opaqueToken() string { return s.org.ID().Short() + "!AR8AQ" + randomToken(88) + "._" }

func (r tokenResponse) answer() answer {
	return jsonAnswer(http.StatusOK, r).with("Cache-Control", "no-cache, no-store")
}

// signature proves to the app that the answer came from Salesforce.
func signature(secret, id, issuedAt string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(id + issuedAt))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}
