package salesforcetest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

const loginCookie = "sid"

// formValues returns the parameters of the query and of a form body.
func (c *call) formValues() url.Values {
	v := url.Values{}
	for name, values := range c.query {
		v[name] = values
	}
	if strings.HasPrefix(c.header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		if form, err := url.ParseQuery(string(c.body)); err == nil {
			for name, values := range form {
				v[name] = values
			}
		}
	}
	return v
}

// authorize is the start of the web-server flow: it shows the login page, then
// the consent page.
func (c *call) authorize() answer {
	p := c.formValues()
	app := c.s.app(p.Get("client_id"))
	if app == nil {
		return oauthPage("invalid_client_id", "client identifier invalid")
	}
	redirect := p.Get("redirect_uri")
	switch {
	case redirect == "":
		return oauthPage("redirect_uri_missing", "redirect_uri not provided")
	case !app.acceptsRedirect(redirect):
		return oauthPage("redirect_uri_mismatch", "redirect_uri must match configuration")
	}
	state := p.Get("state")
	if p.Get("response_type") != "code" {
		return redirectError(redirect, state, "unsupported_response_type", "response type not supported")
	}
	challenge := p.Get("code_challenge")
	if app.RequirePKCE && challenge == "" {
		return redirectError(redirect, state, "invalid_request", "missing required code challenge")
	}
	if m := p.Get("code_challenge_method"); m != "" && m != "S256" {
		return redirectError(redirect, state, "invalid_request", "invalid code challenge method")
	}
	who, signedIn := c.browserUser()
	if !signedIn || slices.Contains(strings.Fields(p.Get("prompt")), "login") && !c.query.Has("fresh") {
		if p.Get("immediate") == "true" {
			return redirectError(redirect, state, "immediate_unsuccessful", "")
		}
		return c.loginPage(c.startURL(p), p.Get("login_hint"), "")
	}
	scopes, missing := app.grantable(p.Get("scope"))
	if missing != "" {
		return oauthPage("OAUTH_APPROVAL_ERROR_GENERIC", "An unexpected error has occurred during authentication. Please try again.")
	}
	a := approval{app: app, user: who.id, redirect: redirect, state: state, scopes: scopes, challenge: challenge}
	if app.PreAuthorized {
		return c.grantCode(a)
	}
	return c.consentPage(a, who)
}

// startURL is where the login page leads: back here, and past prompt=login.
func (c *call) startURL(p url.Values) string {
	p.Set("fresh", "1")
	return "/services/oauth2/authorize?" + p.Encode()
}

func (c *call) loginPage(startURL, username, problem string) answer {
	return pageAnswer(http.StatusOK, "login", page{Title: "Log in", StartURL: startURL, Username: username, Error: problem})
}

// login answers the login page's form. Like Salesforce it answers 200 with
// the page again when the password is wrong.
func (c *call) login() answer {
	p := c.formValues()
	name, start := p.Get("username"), p.Get("startURL")
	if name == "" {
		name = p.Get("un")
	}
	u, err := c.s.userByName(name)
	if err != nil || !u.active || p.Get("pw") != c.s.cfg.Password {
		return c.loginPage(start, name, "Please check your username and password. If you still can't log in, contact your Salesforce administrator.")
	}
	cookie := randomToken(40)
	c.s.id.mu.Lock()
	c.s.id.browsers[cookie] = u.id
	c.s.id.mu.Unlock()
	if !strings.HasPrefix(start, "/services/oauth2/authorize?") {
		start = "/services/oauth2/authorize" // never an open redirect
	}
	set := http.Cookie{Name: loginCookie, Value: cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
	return empty(http.StatusFound).with("Location", start).with("Set-Cookie", set.String())
}

// browserUser is who is signed in in the browser that asks.
func (c *call) browserUser() (user, bool) {
	cookie, err := (&http.Request{Header: c.header}).Cookie(loginCookie)
	if err != nil {
		return user{}, false
	}
	c.s.id.mu.Lock()
	id, ok := c.s.id.browsers[cookie.Value]
	c.s.id.mu.Unlock()
	if !ok {
		return user{}, false
	}
	u, err := c.s.userByID(id)
	return u, err == nil && u.active
}

func (c *call) consentPage(a approval, who user) answer {
	key := randomToken(32)
	c.s.id.mu.Lock()
	c.s.id.approvals[key] = &a
	c.s.id.mu.Unlock()
	p := page{Title: "Allow access?", App: a.app.Name, Who: who.username, Approval: key}
	for _, s := range a.scopes {
		p.Scopes = append(p.Scopes, scopeText(s))
	}
	return pageAnswer(http.StatusOK, "consent", p)
}

// consent answers the consent page's form.
func (c *call) consent() answer {
	p := c.formValues()
	who, ok := c.browserUser()
	c.s.id.mu.Lock()
	a := c.s.id.approvals[p.Get("approval")]
	if a != nil && ok && a.user == who.id {
		delete(c.s.id.approvals, p.Get("approval"))
	} else {
		a = nil
	}
	c.s.id.mu.Unlock()
	if a == nil {
		return oauthPage("OAUTH_APPROVAL_ERROR_GENERIC", "An unexpected error has occurred during authentication. Please try again.")
	}
	if !p.Has("save") {
		return redirectError(a.redirect, a.state, "access_denied", "end-user denied authorization")
	}
	return c.grantCode(*a)
}

// grantCode makes the authorization code and sends the browser back.
func (c *call) grantCode(a approval) answer {
	value := "aPrx" + randomToken(60) + "=="
	c.s.id.mu.Lock()
	c.s.id.codes[value] = &code{
		app: a.app, user: a.user, redirect: a.redirect, scopes: a.scopes, challenge: a.challenge,
		expires: c.s.org.Now().Add(15 * time.Minute),
	}
	c.s.id.mu.Unlock()
	return redirectTo(a.redirect, a.state, "code", value)
}

// redirectTo sends the browser to a callback with parameters.
func redirectTo(redirect, state string, pairs ...string) answer {
	var q strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		q.WriteString("&" + pairs[i] + "=" + url.QueryEscape(pairs[i+1]))
	}
	if state != "" {
		q.WriteString("&state=" + url.QueryEscape(state))
	}
	sep := "?"
	if strings.Contains(redirect, "?") {
		sep = "&"
	}
	return empty(http.StatusFound).with("Location", redirect+sep+strings.TrimPrefix(q.String(), "&"))
}

func redirectError(redirect, state, code, description string) answer {
	if description == "" {
		return redirectTo(redirect, state, "error", code)
	}
	return redirectTo(redirect, state, "error", code, "error_description", description)
}

// oauthPage shows an error that must not be sent to a redirect URL.
func oauthPage(code, description string) answer {
	return pageAnswer(http.StatusBadRequest, "error", page{
		Title: "OAuth error",
		Error: "error=" + code + "&error_description=" + url.PathEscape(description) + " (" + code + " : " + description + ")",
	})
}

// app finds an OAuth client.
func (s *Server) app(clientID string) *App {
	for i := range s.cfg.Apps {
		if s.cfg.Apps[i].ClientID == clientID {
			return &s.cfg.Apps[i]
		}
	}
	return nil
}

// identityPath is the path of a user's identity URL.
func (s *Server) identityPath(user sobject.ID) string {
	return "/id/" + string(s.org.ID()) + "/" + string(user)
}
