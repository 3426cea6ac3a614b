package salesforcetest_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

func (c *caller) params(pairs ...string) url.Values {
	p := c.authorizeParams()
	for i := 0; i < len(pairs); i += 2 {
		p.Set(pairs[i], pairs[i+1])
	}
	return p
}

func isLogin(p seenPage) bool   { return strings.Contains(p.body, `id="password"`) }
func isConsent(p seenPage) bool { return strings.Contains(p.body, `id="oaapprove"`) }

func TestPrompts(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	b := c.browser()
	if p := b.login(b.open(c.params())); !isConsent(p) {
		t.Fatalf("%s", p.body)
	}
	if p := b.open(c.params()); !isConsent(p) {
		t.Errorf("a browser that is signed in was sent to %s", p.body)
	}
	again := b.open(c.params("prompt", "login"))
	if !isLogin(again) {
		t.Fatalf("prompt=login showed %s", again.body)
	}
	if p := b.open(c.params("prompt", "login", "asked", "made up", "fresh", "1")); !isLogin(p) {
		t.Error("prompt=login can be talked out of")
	}
	if p := b.login(again); !isConsent(p) {
		t.Errorf("after prompt=login and a login: %s", p.body)
	}
	account := b.open(c.params("prompt", "select_account"))
	if !strings.Contains(account.body, "Choose an account") || !strings.Contains(account.body, salesforcetest.AdminUsername) {
		t.Fatalf("%s", account.body)
	}
	link := func(id string) string {
		m := regexp.MustCompile(`id="` + id + `" href="([^"]*)"`).FindStringSubmatch(account.body)
		if m == nil {
			t.Fatalf("no link %s in %s", id, account.body)
		}
		return c.s.URL + unescape([]byte(m[1]))
	}
	if p := b.read(b.http.Get(link("thisaccount"))); !isConsent(p) {
		t.Errorf("%s", p.body)
	}
	if p := b.read(b.http.Get(link("otheraccount"))); !isLogin(p) {
		t.Errorf("%s", p.body)
	}
}

func TestLoginHintAndDisplay(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	p := c.browser().open(c.params("login_hint", `ada"<@example.com`, "display", "popup"))
	if !strings.Contains(p.body, `value="ada&#34;&lt;@example.com"`) || !strings.Contains(p.body, `<body class="popup">`) {
		t.Errorf("%s", p.body)
	}
	b := c.browser()
	if p := b.login(b.open(c.params("display", "touch"))); !isConsent(p) || !strings.Contains(p.body, `<body class="touch">`) {
		t.Errorf("%s", p.body)
	}
	if p := c.browser().open(c.params("display", `"><script>`)); strings.Contains(p.body, "<script>") || !strings.Contains(p.body, "<body>") {
		t.Errorf("%s", p.body)
	}
}

func TestImmediate(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	b := c.browser()
	if got := b.open(c.params("immediate", "true")).callback.Get("error"); got != "immediate_unsuccessful" {
		t.Errorf("nobody signed in: %q", got)
	}
	consent := b.login(b.open(c.params()))
	if got := b.open(c.params("immediate", "true")).callback.Get("error"); got != "immediate_unsuccessful" {
		t.Errorf("not approved: %q", got)
	}
	c.redeem(b.submit(consent, url.Values{"save": {"1"}}).callback.Get("code")).want(200)
	end := b.open(c.params("immediate", "true"))
	if end.callback.Get("code") == "" || end.callback.Get("state") != "a b&c" {
		t.Errorf("approved: %v", end.callback)
	}
}

func TestApprovalsAreRemembered(t *testing.T) {
	c := start(t, salesforcetest.Config{RememberApprovals: true})
	b := c.browser()
	first := b.submit(b.login(b.open(c.params("scope", "api refresh_token"))), url.Values{"save": {"1"}})
	c.redeem(first.callback.Get("code")).want(200)
	if end := b.open(c.params("scope", "refresh_token")); end.callback.Get("code") == "" {
		t.Errorf("asked again for what was approved: %s", end.body)
	}
	if p := b.open(c.params("scope", "api web refresh_token")); !isConsent(p) {
		t.Errorf("a new scope was not asked for: %v", p.callback)
	}
	if p := b.open(c.params("scope", "api refresh_token", "prompt", "consent")); !isConsent(p) {
		t.Errorf("prompt=consent did not ask: %v", p.callback)
	}
	c.s.Org().RevokeGrants("")
	if p := b.open(c.params("scope", "api refresh_token")); !isConsent(p) {
		t.Errorf("a revoked approval counts: %v", p.callback)
	}
}

func TestConsentBelongsToWhoSeesIt(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	b := c.browser()
	consent := b.login(b.open(c.params()))
	if p := c.browser().submit(consent, url.Values{"save": {"1"}}); p.callback != nil {
		t.Errorf("a browser that is not signed in approved: %v", p.callback)
	}
	if p := b.submit(consent, url.Values{"save": {"1"}}); p.callback.Get("code") == "" {
		t.Fatalf("%s", p.body)
	}
	if p := b.submit(consent, url.Values{"save": {"1"}}); p.callback != nil || !strings.Contains(p.body, "OAUTH_APPROVAL_ERROR_GENERIC") {
		t.Errorf("a consent page was answered twice: %v", p.callback)
	}
	late := b.open(c.params())
	c.s.Org().Advance(13 * time.Hour)
	if p := b.submit(late, url.Values{"save": {"1"}}); p.callback != nil {
		t.Errorf("an old consent page was answered: %v", p.callback)
	}
	if p := b.open(c.params()); !isLogin(p) {
		t.Errorf("a browser stayed signed in for 13 hours: %s", p.body)
	}
}

func TestPagesAreNotFramedAndRunNothing(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	r := c.send("GET", "/services/oauth2/authorize?"+c.params().Encode(), "", "Authorization: ").want(200)
	if r.header.Get("X-Frame-Options") != "DENY" || !strings.Contains(r.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") || !strings.Contains(r.header.Get("Cache-Control"), "no-store") {
		t.Errorf("%v", r.header)
	}
	for _, part := range []string{`lang="en"`, `<label for="username">`, `<label for="password">`, "<main>", "<title>Log in"} {
		if !strings.Contains(r.body, part) {
			t.Errorf("no %s in the page", part)
		}
	}
	b := c.browser()
	if p := b.submit(b.open(c.params()), url.Values{"username": {"<b>"}, "pw": {"x"}}); !strings.Contains(p.body, `role="alert"`) ||
		!strings.Contains(p.body, `aria-describedby="error"`) || strings.Contains(p.body, "<b>") {
		t.Errorf("%s", p.body)
	}
}

func TestNoOpenRedirect(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	ready := c.s.Ready()
	stay := &http.Client{Transport: c.http.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, target := range []string{"https://evil.example/", "//evil.example/", `/\evil.example/`, "/\t/evil.example/", "javascript:alert(1)", "evil", "", "/a\r\nSet-Cookie: x=y"} {
		for _, at := range []func() (*http.Response, error){
			func() (*http.Response, error) {
				return stay.PostForm(c.s.URL+"/login", url.Values{"username": {ready.Username}, "pw": {ready.Password}, "startURL": {target}})
			},
			func() (*http.Response, error) {
				return stay.Get(c.s.URL + "/secur/frontdoor.jsp?" + url.Values{"sid": {ready.AccessToken}, "retURL": {target}}.Encode())
			},
			func() (*http.Response, error) {
				return stay.Get(c.s.URL + "/secur/logout.jsp?" + url.Values{"retURL": {target}}.Encode())
			},
		} {
			resp, err := at()
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if got := resp.Header.Get("Location"); resp.StatusCode != 302 || got != "/" {
				t.Errorf("%q: %d to %q", target, resp.StatusCode, got)
			}
		}
	}
}

func TestFrontdoor(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	access, _ := c.connect()
	c.token = access
	door := c.send("POST", "/services/oauth2/singleaccess", "").want(200).object()["frontdoor_uri"].(string)
	b := c.browser()
	home := b.read(b.http.Get(door))
	if !strings.Contains(home.body, salesforcetest.AdminUsername) || !strings.Contains(home.body, "Log Out") {
		t.Errorf("%s", home.body)
	}
	if p := b.open(c.params()); !isConsent(p) {
		t.Errorf("the front door did not sign in: %s", p.body)
	}
	b.read(b.http.Get(c.s.URL + "/secur/logout.jsp"))
	if p := b.open(c.params()); !isLogin(p) {
		t.Errorf("still signed in after the logout: %s", p.body)
	}
	if p := b.read(b.http.Get(c.s.URL + "/secur/frontdoor.jsp?sid=wrong")); !isLogin(p) {
		t.Errorf("%s", p.body)
	}
	// A token without the scope web opens no browser session.
	c.token = c.redeem(c.code(func(p url.Values) { p.Set("scope", "api") })).want(200).object()["access_token"].(string)
	c.send("POST", "/services/oauth2/singleaccess", "").want(400)
	if p := b.read(b.http.Get(c.s.URL + "/secur/frontdoor.jsp?sid=" + url.QueryEscape(c.token))); !isLogin(p) {
		t.Errorf("%s", p.body)
	}
}

func TestTokenFormats(t *testing.T) {
	c := start(t, salesforcetest.Config{Apps: []salesforcetest.App{{ClientID: "app", ClientSecret: "s", RunAs: salesforcetest.AdminUsername}}})
	form := url.Values{"grant_type": {"client_credentials"}, "format": {"xml"}}
	r := c.tokenRequest(form).want(200)
	if got := soapElements(t, r.body); got["token_type"] != "Bearer" || !strings.HasPrefix(got["access_token"], "00D") || !strings.HasPrefix(r.header.Get("Content-Type"), "application/xml") {
		t.Errorf("%s", r.body)
	}
	form.Set("format", "urlencoded")
	r = c.tokenRequest(form).want(200)
	if got, err := url.ParseQuery(r.body); err != nil || got.Get("instance_url") != c.s.URL {
		t.Errorf("%v %s", err, r.body)
	}
	form.Set("client_secret", "wrong")
	if got, _ := url.ParseQuery(c.tokenRequest(form).want(400).body); got.Get("error_description") != "invalid client credentials" {
		t.Errorf("%v", got)
	}
	c.send("GET", "/services/oauth2/token?grant_type=client_credentials", "").is(400, `{"error":"invalid_request","error_description":"must use HTTP POST"}`)
	c.tokenRequest(url.Values{}).is(400, `{"error":"unsupported_grant_type","error_description":"grant type not supported"}`)
}

func TestIntrospection(t *testing.T) {
	all := salesforcetest.App{ClientID: "auditor", ClientSecret: "s", IntrospectAll: true}
	c := start(t, salesforcetest.Config{Apps: []salesforcetest.App{{ClientID: "app", ClientSecret: "s", RefreshLifetime: time.Hour}, {ClientID: "other", ClientSecret: "s"}, all}})
	access, refresh := c.connect()
	ask := func(client, token string) map[string]any {
		return c.send("POST", "/services/oauth2/introspect", url.Values{"token": {token}, "client_id": {client}, "client_secret": {"s"}}.Encode(),
			"Content-Type: application/x-www-form-urlencoded").want(200).object()
	}
	for _, token := range []string{access, refresh} {
		for client, sees := range map[string]bool{"app": true, "other": false, "auditor": true} {
			if got := ask(client, token); got["active"] != sees || sees && (got["client_id"] != "app" || got["exp"] == nil) {
				t.Errorf("%s: %v", client, got)
			}
		}
	}
	if got := ask("app", ""); got["active"] != false {
		t.Errorf("%v", got)
	}
	// Looking does not prolong a session.
	c.s.Org().Advance(119 * time.Minute)
	ask("app", access)
	c.s.Org().Advance(2 * time.Minute)
	if got := ask("app", access); got["active"] != false {
		t.Errorf("%v", got)
	}
	c.send("POST", "/services/oauth2/introspect", "token=x&client_id=app&client_secret=wrong", "Content-Type: application/x-www-form-urlencoded").
		is(400, `{"error":"invalid_client","error_description":"invalid client credentials"}`)
}
