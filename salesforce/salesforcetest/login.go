package salesforcetest

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

const (
	loginCookie     = "sid"
	wrongPassword   = "Please check your username and password. If you still can't log in, contact your Salesforce administrator."
	frontdoorPath   = "/secur/frontdoor.jsp"
	verificationURI = "/setup/connect"
)

// startURL is where the login page leads: back here, with the number of the
// login that it asks for, so that prompt=login is satisfied by that login and
// by no older one.
func (c *call) startURL(p url.Values) string {
	i := c.s.id
	nonce := randomToken(12)
	i.mu.Lock()
	sweep(i.asked, func(l browserLogin) bool { return !i.now().Before(l.expires) })
	i.asked[nonce] = browserLogin{seq: i.seq, expires: i.now().Add(browserTime)}
	i.mu.Unlock()
	p.Set("asked", nonce)
	return c.path + "?" + p.Encode()
}

func (c *call) loginPage(startURL, username, problem string) answer {
	return c.page(http.StatusOK, "login", page{Title: "Log in", StartURL: startURL, Username: username, Error: problem})
}

// login answers the login page's form. Like Salesforce it answers 200 with
// the page again when the password is wrong, and says no more about others.
func (c *call) login() answer {
	p := c.formValues()
	name, start := p.Get("username"), localURL(p.Get("startURL"))
	if name == "" {
		name = p.Get("un")
	}
	u, err := c.s.userByName(name)
	locked, _ := c.s.id.orgState()
	if err != nil || locked || !u.active || c.s.frozen(u) || p.Get("pw") != c.s.cfg.Password || !c.s.id.countLogin(u.id, c.s.cfg.LoginsPerHour) {
		c.pageLogin(u, "Invalid Password")
		return c.loginPage(start, name, wrongPassword)
	}
	c.pageLogin(u, loginOK)
	if c.loginHost() != "" {
		return c.passOn(u, start)
	}
	return c.signIn(u, start)
}

// signIn remembers the person in the browser and sends it on.
func (c *call) signIn(u user, next string) answer {
	cookie := randomToken(40)
	i := c.s.id
	i.mu.Lock()
	i.seq++
	sweep(i.browsers, func(l browserLogin) bool { return !i.now().Before(l.expires) })
	i.browsers[cookie] = browserLogin{user: u.id, seq: i.seq, expires: i.now().Add(browserTime)}
	i.mu.Unlock()
	set := http.Cookie{Name: loginCookie, Value: cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(c.s.URL, "https:")}
	return empty(http.StatusFound).with("Location", next).with("Set-Cookie", set.String())
}

// localURL is an address on this host, never somebody else's.
func localURL(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(text, "/") || strings.HasPrefix(text, "//") || strings.ContainsAny(text, "\\\r\n\t") {
		return "/"
	}
	return text
}

// browserUser is who is signed in in the browser that asks. With anew only a
// login counts that came after the page that asked for it.
func (c *call) browserUser(asked string, anew bool) (user, bool) {
	cookie, err := (&http.Request{Header: c.header}).Cookie(loginCookie)
	if err != nil {
		return user{}, false
	}
	i := c.s.id
	i.mu.Lock()
	l, ok := i.browsers[cookie.Value]
	ok = ok && i.now().Before(l.expires)
	if since, known := i.asked[asked]; anew && (!known || l.seq <= since.seq) {
		ok = false
	}
	i.mu.Unlock()
	if !ok {
		return user{}, false
	}
	u, err := c.s.userByID(l.user)
	return u, err == nil && u.active && !c.s.frozen(u)
}

// home is the page of an org that shows no data.
func (c *call) home() answer {
	who, ok := c.browserUser("", false)
	if !ok {
		return c.loginPage("/", "", "")
	}
	return c.page(http.StatusOK, "home", page{Title: "Home", Who: who.username})
}

// logout forgets the person in the browser.
func (c *call) logout() answer {
	if cookie, err := (&http.Request{Header: c.header}).Cookie(loginCookie); err == nil {
		c.s.id.mu.Lock()
		delete(c.s.id.browsers, cookie.Value)
		c.s.id.mu.Unlock()
	}
	gone := http.Cookie{Name: loginCookie, Path: "/", MaxAge: -1, HttpOnly: true}
	return empty(http.StatusFound).with("Location", localURL(c.query.Get("retURL"))).with("Set-Cookie", gone.String())
}

// frontdoor opens a browser session from an access token with the scope web.
func (c *call) frontdoor() answer {
	p := c.formValues()
	next := localURL(p.Get("retURL"))
	ses, ok := c.s.id.find(p.Get("sid"))
	if !ok || !ses.allows("web", "full") {
		return c.loginPage(next, "", "")
	}
	u, err := c.s.userByID(ses.user)
	if err != nil || !u.active || c.s.frozen(u) {
		return c.loginPage(next, "", "")
	}
	return c.signIn(u, next)
}

// singleAccess answers the address that hands a session over to a browser.
func (c *call) singleAccess() answer {
	token, ok := bearer(c.header.Get("Authorization"))
	if !ok {
		token = c.formValues().Get("access_token")
	}
	ses, ok := c.s.id.find(token)
	if !ok || !ses.allows("web", "full") {
		return oauthFailure("invalid_grant", "expired access/refresh token")
	}
	q := url.Values{"sid": {token}}
	if target := c.formValues().Get("redirect_uri"); target != "" {
		q.Set("retURL", localURL(target))
	}
	return jsonAnswer(http.StatusOK, map[string]string{"frontdoor_uri": c.s.URL + frontdoorPath + "?" + q.Encode()})
}

// loginHostKey is the key of the generic login host in a request's context.
type loginHostKey struct{}

// loginHost is the login host that was asked, such as
// https://login.salesforce.com, or "" when it was the org itself.
func (c *call) loginHost() string {
	host, _ := c.ctx.Value(loginHostKey{}).(string)
	return host
}

// orgName is the name of the organization, for its pages.
func (s *Server) orgName() string {
	res, err := s.org.QueryText(system(), "SELECT Name FROM Organization", engine.QueryOptions{})
	if err != nil || res.Len() == 0 {
		return ""
	}
	name, _ := res.Record(0).Text("Name")
	return name
}
