package salesforcetest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

const (
	callback  = "http://127.0.0.1:9/callback"
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// browser is a person with a browser that stops at the callback.
type browser struct {
	t    *testing.T
	c    *caller
	http *http.Client
}

func (c *caller) browser() *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{c.t, c, &http.Client{Transport: c.http.Transport, Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), callback) {
			return http.ErrUseLastResponse
		}
		return nil
	}}}
}

type seenPage struct {
	status   int
	body     string
	callback url.Values // set when the browser was sent to the callback
}

func (b *browser) read(resp *http.Response, err error) seenPage {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	p := seenPage{status: resp.StatusCode, body: string(body)}
	if loc := resp.Header.Get("Location"); strings.HasPrefix(loc, callback) {
		u, err := url.Parse(loc)
		if err != nil {
			b.t.Fatal(err)
		}
		p.callback = u.Query()
	}
	return p
}

func (b *browser) open(params url.Values) seenPage {
	b.t.Helper()
	return b.read(b.http.Get(b.c.s.URL + "/services/oauth2/authorize?" + params.Encode()))
}

var (
	formAction  = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)
	hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// submit posts the page's form with its hidden fields.
func (b *browser) submit(p seenPage, fields url.Values) seenPage {
	b.t.Helper()
	m := formAction.FindStringSubmatch(p.body)
	if m == nil {
		b.t.Fatalf("no form in %s", p.body)
	}
	for _, h := range hiddenField.FindAllStringSubmatch(p.body, -1) {
		fields.Set(html.UnescapeString(h[1]), html.UnescapeString(h[2]))
	}
	return b.read(b.http.PostForm(b.c.s.URL+html.UnescapeString(m[1]), fields))
}

func (b *browser) login(p seenPage) seenPage {
	b.t.Helper()
	r := b.c.s.Ready()
	return b.submit(p, url.Values{"username": {r.Username}, "pw": {r.Password}})
}

func (c *caller) authorizeParams() url.Values {
	return url.Values{"response_type": {"code"}, "client_id": {c.s.Ready().ClientID}, "redirect_uri": {callback}, "state": {"a b&c"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"}}
}

// code walks through login and consent.
func (c *caller) code(change func(url.Values)) string {
	c.t.Helper()
	params := c.authorizeParams()
	if change != nil {
		change(params)
	}
	b := c.browser()
	end := b.submit(b.login(b.open(params)), url.Values{"save": {"Allow"}})
	if end.callback.Get("code") == "" {
		c.t.Fatalf("no code: %d %v %s", end.status, end.callback, end.body)
	}
	return end.callback.Get("code")
}

func (c *caller) tokenRequest(form url.Values) reply {
	c.t.Helper()
	r := c.s.Ready()
	for name, v := range map[string]string{"client_id": r.ClientID, "client_secret": r.ClientSecret} {
		if !form.Has(name) {
			form.Set(name, v)
		}
	}
	return c.send("POST", "/services/oauth2/token", form.Encode(), "Content-Type: application/x-www-form-urlencoded", "Authorization: ")
}

func (c *caller) redeem(code string) reply {
	c.t.Helper()
	return c.tokenRequest(url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier}})
}

func (c *caller) refresh(token string) reply {
	c.t.Helper()
	return c.tokenRequest(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

func (c *caller) connect() (access, refresh string) {
	c.t.Helper()
	got := c.redeem(c.code(nil)).want(200).object()
	return got["access_token"].(string), got["refresh_token"].(string)
}

const deadGrant = `{"error":"invalid_grant","error_description":"expired access/refresh token"}`

func TestWebServerFlow(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	ready := c.s.Ready()
	b := c.browser()
	login := b.open(c.authorizeParams())
	if login.status != 200 || !strings.Contains(login.body, `type="password"`) {
		t.Fatalf("no login page: %d %s", login.status, login.body)
	}
	wrong := b.submit(login, url.Values{"username": {ready.Username}, "pw": {"wrong"}})
	if wrong.status != 200 || !strings.Contains(wrong.body, "Please check your username and password") {
		t.Fatalf("a wrong password was answered with %d %s", wrong.status, wrong.body)
	}
	consent := b.login(wrong)
	if !strings.Contains(consent.body, "Orglink") || !strings.Contains(consent.body, "Deny") {
		t.Fatalf("no consent page: %s", consent.body)
	}
	back := b.submit(consent, url.Values{"save": {"Allow"}}).callback
	if back.Get("state") != "a b&c" || !strings.HasSuffix(back.Get("code"), "==") {
		t.Fatalf("callback %v", back)
	}
	r := c.redeem(back.Get("code")).want(200)
	var got struct {
		AccessToken          string `json:"access_token"`
		RefreshToken         string `json:"refresh_token"`
		Signature, Scope, ID string
		InstanceURL          string `json:"instance_url"`
		TokenType            string `json:"token_type"`
		IssuedAt             string `json:"issued_at"`
	}
	r.decode(&got)
	if !regexp.MustCompile(`^00D\w{12}![.\w]{90,}$`).MatchString(got.AccessToken) {
		t.Errorf("access token %q", got.AccessToken)
	}
	if !strings.HasPrefix(got.RefreshToken, "5Aep861") || got.TokenType != "Bearer" || got.InstanceURL != c.s.URL {
		t.Errorf("%+v", got)
	}
	if got.ID != "https://login.salesforce.com/id/"+ready.OrgID+"/"+ready.UserID {
		t.Errorf("id %q", got.ID)
	}
	mac := hmac.New(sha256.New, []byte(ready.ClientSecret))
	mac.Write([]byte(got.ID + got.IssuedAt))
	if got.Signature != base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
		t.Error("the signature is not the HMAC of id and issued_at")
	}
	if strings.Contains(r.body, "expires_in") || r.header.Get("Content-Type") != "application/json;charset=UTF-8" {
		t.Errorf("%v %s", r.header, r.body)
	}
	c.token = got.AccessToken
	c.send("GET", "limits", "").want(200)
	c.redeem(back.Get("code")).is(400, `{"error":"invalid_grant","error_description":"expired authorization code"}`)
	second := c.refresh(got.RefreshToken).want(200).object()
	if _, has := second["refresh_token"]; has || second["access_token"] == got.AccessToken {
		t.Errorf("a refresh answered %v", second)
	}
}

func TestAuthorizeRefusals(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	for name, tt := range map[string]struct {
		param, value, want string
		redirected         bool
	}{
		"unknown client":   {"client_id", "nobody", "error=invalid_client_id&amp;error_description=client%20identifier%20invalid", false},
		"foreign redirect": {"redirect_uri", "https://evil.example/callback", "redirect_uri must match configuration", false},
		"response type":    {"response_type", "token", "unsupported_response_type", true},
		"plain PKCE":       {"code_challenge_method", "plain", "invalid_request", true},
	} {
		t.Run(name, func(t *testing.T) {
			p := c.authorizeParams()
			p.Set(tt.param, tt.value)
			got := c.browser().open(p)
			switch {
			case tt.redirected && got.callback.Get("error") != tt.want:
				t.Errorf("callback %v, want %s", got.callback, tt.want)
			case !tt.redirected && (got.status != 400 || !strings.Contains(got.body, tt.want)):
				t.Errorf("page %d %s, want %s", got.status, got.body, tt.want)
			}
		})
	}
	b := c.browser()
	denied := b.submit(b.login(b.open(c.authorizeParams())), url.Values{"cancel": {"Deny"}}).callback
	if denied.Get("error") != "access_denied" || denied.Get("error_description") != "end-user denied authorization" || denied.Get("state") != "a b&c" {
		t.Errorf("denial sent %v", denied)
	}
	p := c.authorizeParams()
	p.Set("scope", "api wave_api")
	b = c.browser()
	if page := b.login(b.open(p)); !strings.Contains(page.body, "OAUTH_APPROVAL_ERROR_GENERIC") {
		t.Errorf("a scope that the app lacks led to %s", page.body)
	}
}

func TestTokenRefusals(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	code := c.code(nil)
	form := func(change ...string) url.Values {
		v := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier}}
		for i := 0; i < len(change); i += 2 {
			v.Set(change[i], change[i+1])
		}
		return v
	}
	for _, tt := range []struct {
		form url.Values
		want string
	}{
		{form("grant_type", "magic"), `{"error":"unsupported_grant_type","error_description":"grant type not supported"}`},
		{form("client_id", "nobody"), `{"error":"invalid_client_id","error_description":"client identifier invalid"}`},
		{form("client_secret", "wrong"), `{"error":"invalid_client","error_description":"invalid client credentials"}`},
		{form("code", "aPrxmade_up=="), `{"error":"invalid_grant","error_description":"invalid authorization code"}`},
		{form("redirect_uri", "http://127.0.0.1:9/other"), `{"error":"redirect_uri_mismatch","error_description":"redirect_uri must match configuration"}`},
		{form("code_verifier", "wrong"), `{"error":"invalid_request","error_description":"invalid code verifier"}`},
		{url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"5Aep861nothing"}}, deadGrant},
		{url.Values{"grant_type": {"client_credentials"}}, `{"error":"invalid_grant","error_description":"no client credentials user enabled"}`},
		{url.Values{"grant_type": {"password"}, "username": {salesforcetest.AdminUsername}, "password": {c.s.Ready().Password}}, `{"error":"invalid_grant","error_description":"authentication failure"}`},
	} {
		c.tokenRequest(tt.form).is(400, tt.want)
	}
	c.s.Org().Advance(16 * time.Minute)
	c.redeem(code).is(400, `{"error":"invalid_grant","error_description":"expired authorization code"}`)
}

func TestNoRefreshTokenWithoutTheScope(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	got := c.redeem(c.code(func(p url.Values) { p.Set("scope", "api id") })).want(200).object()
	if _, has := got["refresh_token"]; has || got["scope"] != "api id" {
		t.Errorf("%v", got)
	}
}

func TestRotationReuseEndsTheFamily(t *testing.T) {
	c := start(t, salesforcetest.Config{Apps: []salesforcetest.App{{ClientID: "key", ClientSecret: "secret", RotateRefreshTokens: true}}})
	_, first := c.connect()
	next := c.refresh(first).want(200).object()
	second := next["refresh_token"].(string)
	if second == first || second == "" {
		t.Fatal("no new refresh token")
	}
	c.token = next["access_token"].(string)
	c.send("GET", "recent", "").want(200)
	c.refresh(first).is(400, deadGrant)  // reused
	c.refresh(second).is(400, deadGrant) // its family is gone
	c.send("GET", "recent", "").is(401, `[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]`)
}

func TestSixthApprovalEndsTheOldest(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	var tokens []string
	for range 6 {
		_, refresh := c.connect()
		tokens = append(tokens, refresh)
	}
	c.refresh(tokens[0]).is(400, deadGrant)
	for _, token := range tokens[1:] {
		c.refresh(token).want(200)
	}
	if n := must(c.s.Org().Grants(salesforcetest.AdminUsername)); n != 5 {
		t.Errorf("%d grants", n)
	}
}

func TestRevokeAndIntrospect(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	access, refresh := c.connect()
	ready := c.s.Ready()
	introspect := func(token string) map[string]any {
		form := url.Values{"token": {token}, "client_id": {ready.ClientID}, "client_secret": {ready.ClientSecret}}
		return c.send("POST", "/services/oauth2/introspect", form.Encode(), "Content-Type: application/x-www-form-urlencoded").want(200).object()
	}
	got := introspect(access)
	exp, _ := got["exp"].(json.Number).Int64()
	iat, _ := got["iat"].(json.Number).Int64()
	if got["active"] != true || got["username"] != ready.Username || exp-iat != 7200 {
		t.Errorf("%v", got)
	}
	c.send("POST", "/services/oauth2/revoke", "token="+url.QueryEscape(refresh), "Content-Type: application/x-www-form-urlencoded").is(200, "")
	if got := introspect(access); got["active"] != false || len(got) != 1 {
		t.Errorf("after the revocation: %v", got)
	}
	c.token = access
	c.send("GET", "recent", "").want(401)
	c.refresh(refresh).is(400, deadGrant)
}

func TestIdentity(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	ready := c.s.Ready()
	path := "/id/" + ready.OrgID + "/" + ready.UserID
	got := c.send("GET", path, "").want(200).object()
	if got["user_id"] != ready.UserID || got["username"] != ready.Username || got["organization_id"] != ready.OrgID {
		t.Errorf("%v", got)
	}
	if info := c.send("GET", "/services/oauth2/userinfo", "").want(200).object(); info["preferred_username"] != ready.Username {
		t.Errorf("%v", info)
	}
	c.s.Org().ExpireSessions("")
	c.send("GET", path, "").is(403, "Bad_OAuth_Token")
}

func TestSessionsEnd(t *testing.T) {
	c := start(t, salesforcetest.Config{SessionTimeout: time.Hour})
	access, refresh := c.connect()
	c.token = access
	expired := `[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]`
	org := c.s.Org()
	org.Advance(50 * time.Minute)
	c.send("GET", "recent", "").want(200) // prolongs
	org.Advance(50 * time.Minute)
	c.send("GET", "recent", "").want(200)
	org.Advance(61 * time.Minute)
	c.send("GET", "recent", "").is(401, expired)
	c.token = c.refresh(refresh).want(200).object()["access_token"].(string)
	other := must(org.Query("SELECT Id, Username FROM User WHERE IsActive = TRUE"))
	if len(other) == 0 {
		t.Fatal("no users")
	}
	c.s.Org().System().DeactivateUser(salesforcetest.AdminUsername)
	c.send("GET", "recent", "").is(401, expired)
	c.refresh(refresh).is(400, `{"error":"invalid_grant","error_description":"inactive user"}`)
	c.token = ""
	c.send("GET", "recent", "").is(401, expired)
}
