package salesforcetest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

const (
	authorizePath = "/services/oauth2/authorize"
	// browserTime is how long a person stays logged in in a browser, and may
	// think about a page.
	browserTime = 12 * time.Hour
	codeTime    = 15 * time.Minute
)

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
		return c.oauthPage("invalid_client_id", "client identifier invalid")
	}
	redirect := p.Get("redirect_uri")
	switch {
	case redirect == "":
		return c.oauthPage("redirect_uri_missing", "redirect_uri not provided")
	case !app.acceptsRedirect(redirect):
		return c.oauthPage("redirect_uri_mismatch", "redirect_uri must match configuration")
	}
	state := p.Get("state")
	if p.Get("response_type") != "code" {
		return redirectError(redirect, state, "unsupported_response_type", "response type not supported")
	}
	challenge := p.Get("code_challenge")
	if app.needsPKCE() && challenge == "" {
		return redirectError(redirect, state, "invalid_request", "missing required code challenge")
	}
	if m := p.Get("code_challenge_method"); m != "" && m != "S256" {
		return redirectError(redirect, state, "invalid_request", "invalid code challenge method")
	}
	prompts := strings.Fields(p.Get("prompt"))
	silent := p.Get("immediate") == "true" || slices.Contains(prompts, "none")
	who, signedIn := c.browserUser(p.Get("asked"), slices.Contains(prompts, "login"))
	if !signedIn {
		if silent {
			return redirectError(redirect, state, "immediate_unsuccessful", "")
		}
		return c.loginPage(c.startURL(p), p.Get("login_hint"), "")
	}
	if slices.Contains(prompts, "select_account") && p.Get("asked") == "" {
		return c.page(http.StatusOK, "account", page{Title: "Choose an account", Who: who.username, StartURL: c.startURL(p)})
	}
	if refused := c.admit(app, who, stepApprove); refused != nil {
		if refused.Error == "OAUTH_APPROVAL_ERROR_GENERIC" {
			return c.oauthPage(refused.Error, refused.Description)
		}
		return redirectError(redirect, state, refused.Error, refused.Description)
	}
	scopes, missing := app.grantable(p.Get("scope"))
	if missing != "" {
		return c.oauthPage("OAUTH_APPROVAL_ERROR_GENERIC", approvalErrorText)
	}
	a := approval{app: app.ClientID, user: who.id, redirect: redirect, state: state, scopes: scopes, challenge: challenge, nonce: p.Get("nonce")}
	known := (silent || c.s.cfg.RememberApprovals) && !slices.Contains(prompts, "consent") && c.s.id.approved(who.id, app.ClientID, scopes)
	switch {
	case app.PreAuthorized || known:
		return c.grantCode(a)
	case silent:
		return redirectError(redirect, state, "immediate_unsuccessful", "")
	}
	return c.consentPage(app, a, who, authorizePath+"?"+p.Encode())
}

// consentPage asks the person. It tells which approvals end by one more (help
// page "Request Access for a Connected App").
func (c *call) consentPage(app *App, a approval, who user, start string) answer {
	key := randomToken(32)
	p := page{Title: "Allow access?", App: app.Name, Who: who.username, Approval: key, StartURL: start}
	i := c.s.id
	i.mu.Lock()
	a.expires = i.now().Add(browserTime)
	sweep(i.approvals, func(a *approval) bool { return !i.now().Before(a.expires) })
	i.approvals[key] = &a
	if limit := c.s.cfg.ApprovalLimit; limit > 0 && slices.Contains(a.scopes, "refresh_token") {
		for _, g := range i.tooMany(who.id, a.app, limit-1, c.s.cfg.EvictLeastUsed) {
			p.Ending = append(p.Ending, g.created.UTC().Format("January 2, 2006, 15:04 UTC"))
		}
	}
	i.mu.Unlock()
	seen := map[string]bool{}
	for _, s := range a.scopes {
		if text := scopeText(s); !seen[text] {
			seen[text] = true
			p.Scopes = append(p.Scopes, text)
		}
	}
	return c.page(http.StatusOK, "consent", p)
}

// consent answers the consent page's form.
func (c *call) consent() answer {
	p := c.formValues()
	who, ok := c.browserUser("", false)
	i := c.s.id
	i.mu.Lock()
	a := i.approvals[p.Get("approval")]
	if a != nil && ok && a.user == who.id && i.now().Before(a.expires) {
		delete(i.approvals, p.Get("approval"))
	} else {
		a = nil
	}
	i.mu.Unlock()
	if a == nil {
		return c.oauthPage("OAUTH_APPROVAL_ERROR_GENERIC", approvalErrorText)
	}
	if a.device != "" {
		return c.deviceDecision(*a, p.Has("save"))
	}
	if !p.Has("save") {
		return redirectError(a.redirect, a.state, "access_denied", "end-user denied authorization")
	}
	return c.grantCode(*a)
}

// grantCode makes the authorization code and sends the browser back.
func (c *call) grantCode(a approval) answer {
	value := "aPrx" + randomToken(60) + "=="
	i := c.s.id
	i.mu.Lock()
	// A used code is remembered for a while, to say that it is used.
	sweep(i.codes, func(old *code) bool { return i.now().Sub(old.expires) > codeTime })
	i.codes[value] = &code{
		app: a.app, user: a.user, redirect: a.redirect, scopes: a.scopes, challenge: a.challenge, nonce: a.nonce,
		expires: i.now().Add(codeTime),
	}
	i.mu.Unlock()
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

// app finds an OAuth client, or nil. Apps of other orgs of the same Domains are
// not installed in this one, which has no policies for them either.
func (s *Server) app(clientID string) *App {
	if a := s.id.appByID(clientID); a != nil || s.cfg.Domains == nil {
		return a
	}
	a := s.cfg.Domains.app(clientID)
	if a == nil {
		return nil
	}
	stranger := *a
	stranger.NotInstalled, stranger.Blocked, stranger.RunAs = true, false, ""
	stranger.PreAuthorized, stranger.PermittedTo, stranger.IPRelaxation = false, nil, IPEnforce
	return &stranger
}

// identityPath is the path of a user's identity URL.
func (s *Server) identityPath(user sobject.ID) string {
	return "/id/" + string(s.org.ID()) + "/" + string(user)
}
