package salesforcetest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// end walks an authorization to where it ends: the callback's error, or the
// text of a page.
func (c *caller) end(change func(url.Values)) string {
	c.t.Helper()
	p := c.authorizeParams()
	if change != nil {
		change(p)
	}
	b := c.browser()
	at := b.open(p)
	if strings.Contains(at.body, `id="password"`) {
		at = b.login(at)
	}
	if at.callback != nil {
		return at.callback.Get("error") + " " + at.callback.Get("error_description")
	}
	if strings.Contains(at.body, "oaapprove") {
		return "consent"
	}
	return at.body
}

const expiredSession = `[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]`

func TestBlockedApp(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	ready := c.s.Ready()
	access, refresh := c.connect()
	code := c.code(nil)
	c.s.Org().BlockApp(ready.ClientID, true)
	const blocked = `{"error":"OAUTH_APP_BLOCKED","error_description":"this app is blocked by admin"}`
	c.refresh(refresh).is(400, blocked)
	c.redeem(code).is(400, blocked)
	c.token = access
	c.send("GET", "recent", "").is(401, expiredSession)
	if got := c.end(nil); got != "OAUTH_APP_BLOCKED this app is blocked by admin" {
		t.Errorf("%s", got)
	}
	c.s.Org().BlockApp(ready.ClientID, false)
	c.refresh(refresh).want(200)
}

func TestAdminApprovedUsers(t *testing.T) {
	app := salesforcetest.App{ClientID: "app", ClientSecret: "s", PreAuthorized: true, RunAs: salesforcetest.AdminUsername}
	c := start(t, salesforcetest.Config{Apps: []salesforcetest.App{app}})
	for who, in := range map[string]bool{"System Administrator": true, salesforcetest.AdminUsername: true, "Standard User": false} {
		app.PermittedTo = []string{who}
		c.s.Org().SetApp(app)
		credentials := c.tokenRequest(url.Values{"grant_type": {"client_credentials"}})
		if in {
			credentials.want(200)
			if got := c.end(nil); got != " " {
				t.Errorf("%s: %q", who, got)
			}
			continue
		}
		credentials.is(400, `{"error":"invalid_app_access","error_description":"user is not admin approved to access this app"}`)
		if got := c.end(nil); got != "OAUTH_APP_ACCESS_DENIED user is not admin approved to access this app" {
			t.Errorf("%s: %q", who, got)
		}
	}
	// By permission set.
	org := c.s.Org().System()
	set := must(org.Create("PermissionSet", salesforcetest.Fields{"Name": "AppUsers", "Label": "App users"}))
	app.PermittedTo = []string{"AppUsers"}
	org.SetApp(app)
	c.tokenRequest(url.Values{"grant_type": {"client_credentials"}}).want(400)
	users := must(org.Query("SELECT Id FROM User WHERE Username = '" + salesforcetest.AdminUsername + "'"))
	must(org.Create("PermissionSetAssignment", salesforcetest.Fields{"AssigneeId": users[0].ID(), "PermissionSetId": set}))
	c.tokenRequest(url.Values{"grant_type": {"client_credentials"}}).want(200)
}

func TestAppsThatAreNotInstalled(t *testing.T) {
	app := salesforcetest.App{ClientID: "app", ClientSecret: "s"}
	c := start(t, salesforcetest.Config{Apps: []salesforcetest.App{app}})
	_, refresh := c.connect()
	app.NotInstalled = true
	c.s.Org().SetApp(app)
	if got := c.end(nil); got != "consent" {
		t.Errorf("an administrator, who may approve uninstalled apps, got %q", got)
	}
	c.s.Org().SetPermissions(salesforcetest.AdminUsername, salesforcetest.Permissions{System: map[string]bool{"ApproveUninstalledConnectedApps": false}})
	if got := c.end(nil); !strings.Contains(got, "OAUTH_APPROVAL_ERROR_GENERIC : An unexpected error has occurred during authentication. Please try again.") {
		t.Errorf("%s", got)
	}
	c.refresh(refresh).want(200) // approvals that exist go on
	app.External, app.PKCEOptional = true, true
	c.s.Org().SetApp(app)
	if got := c.end(nil); got != "OAUTH_EC_APP_NOT_FOUND External client app is not installed in this org" {
		t.Errorf("%s", got)
	}
	c.refresh(refresh).is(400, `{"error":"OAUTH_EC_APP_NOT_FOUND","error_description":"External client app is not installed in this org"}`)
}

func TestExternalClientAppNeedsPKCE(t *testing.T) {
	c := start(t, salesforcetest.Config{Apps: []salesforcetest.App{
		{ClientID: "eca", ClientSecret: "s", External: true}, {ClientID: "loose", ClientSecret: "s", External: true, PKCEOptional: true}}})
	drop := func(client string) func(url.Values) {
		return func(p url.Values) {
			p.Set("client_id", client)
			p.Del("code_challenge")
			p.Del("code_challenge_method")
		}
	}
	if got := c.end(drop("eca")); got != "invalid_request missing required code challenge" {
		t.Errorf("%s", got)
	}
	if got := c.end(drop("loose")); got != "consent" {
		t.Errorf("%s", got)
	}
}

func TestSecretPolicies(t *testing.T) {
	c := start(t, salesforcetest.Config{Apps: []salesforcetest.App{{ClientID: "app", ClientSecret: "s", SecretOptional: true, RefreshNeedsSecret: true}}})
	const wrong = `{"error":"invalid_client","error_description":"invalid client credentials"}`
	code := url.Values{"grant_type": {"authorization_code"}, "code": {c.code(nil)}, "redirect_uri": {callback}, "code_verifier": {verifier}, "client_secret": {"wrong"}}
	c.tokenRequest(code).is(400, wrong)
	code.Set("client_secret", "")
	got := c.tokenRequest(code).want(200).object()
	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got["refresh_token"].(string)}, "client_secret": {""}}
	c.tokenRequest(refresh).is(400, wrong)
	c.s.Org().SetApp(salesforcetest.App{ClientID: "app", ClientSecret: "s", SecretOptional: true})
	c.tokenRequest(refresh).want(200)
	refresh.Set("client_secret", "wrong")
	c.tokenRequest(refresh).is(400, wrong)
}

func TestRefreshTokenPolicies(t *testing.T) {
	app := salesforcetest.App{ClientID: "app", ClientSecret: "s", RefreshIdle: 24 * time.Hour}
	c := start(t, salesforcetest.Config{Apps: []salesforcetest.App{app}})
	org := c.s.Org()
	_, idle := c.connect()
	for range 3 {
		org.Advance(20 * time.Hour)
		c.refresh(idle).want(200)
	}
	org.Advance(24 * time.Hour)
	c.refresh(idle).is(400, deadGrant)
	app.RefreshIdle, app.RefreshLifetime = 0, 48*time.Hour
	org.SetApp(app)
	_, short := c.connect()
	org.Advance(47 * time.Hour)
	c.refresh(short).want(200)
	org.Advance(time.Hour)
	c.refresh(short).is(400, deadGrant)
	app.RefreshLifetime = -1
	org.SetApp(app)
	access, none := c.connect()
	c.refresh(none).is(400, deadGrant)
	c.token = access
	c.send("GET", "recent", "").want(200) // the session goes on
}

func TestIPRestrictions(t *testing.T) {
	app := salesforcetest.App{ClientID: "app", ClientSecret: "s", RunAs: salesforcetest.AdminUsername}
	c := start(t, salesforcetest.Config{Apps: []salesforcetest.App{app}})
	org := c.s.Org()
	access, refresh := c.connect()
	const restricted = `{"error":"invalid_grant","error_description":"ip restricted"}`
	for _, who := range []string{salesforcetest.AdminUsername, "System Administrator"} {
		org.RestrictIP(who, "10.0.0.0/8", "192.168.1.1-192.168.1.9")
		c.refresh(refresh).is(400, restricted)
		c.tokenRequest(url.Values{"grant_type": {"client_credentials"}}).is(400, restricted)
		if got := c.end(nil); got != "invalid_grant ip restricted" {
			t.Errorf("%s", got)
		}
		org.RestrictIP(who, "10.0.0.0/8", "127.0.0.0/8", "::1")
		c.refresh(refresh).want(200)
		org.RestrictIP(who)
	}
	org.RestrictIP(salesforcetest.AdminUsername, "10.0.0.0/8")
	app.IPRelaxation = salesforcetest.IPEnforceRelaxRefresh
	org.SetApp(app)
	c.refresh(refresh).want(200)
	c.tokenRequest(url.Values{"grant_type": {"client_credentials"}}).is(400, restricted)
	app.IPRelaxation = salesforcetest.IPBypass
	org.SetApp(app)
	c.tokenRequest(url.Values{"grant_type": {"client_credentials"}}).want(200)
	c.token = access
	c.send("GET", "recent", "").want(200)
}

func TestLockedOrgAndDisabledAPI(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	_, refresh := c.connect()
	org := c.s.Org()
	org.LockOrg(true)
	c.refresh(refresh).is(400, `{"error":"inactive_org","error_description":"inactive organization"}`)
	if got := c.send("GET", "recent", "").want(403).code(); got != "ORG_LOCKED" {
		t.Errorf("%s", got)
	}
	org.LockOrg(false)
	c.refresh(refresh).want(200)
	org.DisableAPI(true)
	c.send("GET", "recent", "").is(403, `[{"message":"The REST API is not enabled for this Organization.","errorCode":"API_DISABLED_FOR_ORG"}]`)
	org.DisableAPI(false)
	org.SetPermissions(salesforcetest.AdminUsername, salesforcetest.Permissions{System: map[string]bool{"ApiEnabled": false}})
	c.send("GET", "recent", "").is(403, `[{"message":"API is currently disabled for this user","errorCode":"API_CURRENTLY_DISABLED"}]`)
	c.send("GET", "/services/oauth2/userinfo", "").want(200) // identity is no API call
}

func TestFrozenUser(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	access, refresh := c.connect()
	c.s.Org().FreezeUser(salesforcetest.AdminUsername, true)
	c.refresh(refresh).is(400, `{"error":"invalid_grant","error_description":"inactive user"}`)
	c.token = access
	c.send("GET", "recent", "").is(401, expiredSession)
	if got := c.end(nil); !strings.Contains(got, "Please check your username and password") {
		t.Errorf("%s", got)
	}
	c.s.Org().FreezeUser(salesforcetest.AdminUsername, false)
	c.refresh(refresh).want(200)
}

func TestLoginRate(t *testing.T) {
	c := start(t, salesforcetest.Config{LoginsPerHour: 5})
	_, refresh := c.connect() // the page and the code
	for range 3 {
		c.refresh(refresh).want(200)
	}
	c.refresh(refresh).is(400, `{"error":"rate_limit_exceeded","error_description":"login rate exceeded"}`)
	c.s.Org().Advance(time.Hour)
	c.refresh(refresh).want(200)
}

func TestLeastUsedApprovalIsEvicted(t *testing.T) {
	c := start(t, salesforcetest.Config{EvictLeastUsed: true, ApprovalLimit: 2})
	_, first := c.connect()
	c.s.Org().Advance(time.Minute)
	_, second := c.connect()
	c.s.Org().Advance(time.Minute)
	c.refresh(first).want(200)
	// The consent page tells what is about to end.
	b := c.browser()
	if page := b.login(b.open(c.authorizeParams())); !strings.Contains(page.body, `id="ending"`) {
		t.Errorf("%s", page.body)
	}
	c.connect()
	c.refresh(first).want(200)
	c.refresh(second).is(400, deadGrant)
}

func TestTokensAreListed(t *testing.T) {
	c := start(t, salesforcetest.Config{SessionTimeout: time.Hour, Apps: []salesforcetest.App{{ClientID: "app", ClientSecret: "s", RefreshLifetime: 48 * time.Hour}}})
	access, refresh := c.connect()
	c.s.Org().Advance(30 * time.Minute)
	c.refresh(refresh).want(200)
	// Ready makes tokens too, of no app.
	ofApp := func() []salesforcetest.Token {
		return slices.DeleteFunc(c.s.Tokens(), func(tok salesforcetest.Token) bool { return tok.ClientID == "" })
	}
	tokens := ofApp()
	if len(tokens) != 3 {
		t.Fatalf("%d tokens: %+v", len(tokens), tokens)
	}
	for _, tok := range tokens {
		if tok.Username != salesforcetest.AdminUsername || tok.ClientID != "app" || len(tok.Scopes) == 0 {
			t.Errorf("%+v", tok)
		}
		switch tok.Token {
		case access:
			if tok.Refresh || tok.Expires.Sub(tok.Created) != time.Hour {
				t.Errorf("%+v", tok)
			}
		case refresh:
			if !tok.Refresh || tok.Uses != 1 || tok.LastUsed.Sub(tok.Created) < 30*time.Minute || tok.Expires.Sub(tok.Created) != 48*time.Hour {
				t.Errorf("%+v", tok)
			}
		}
	}
	c.s.Org().Advance(45 * time.Minute)
	if n := len(ofApp()); n != 2 {
		t.Errorf("%d tokens after one expired", n)
	}
}

// Two programs refresh with one rotating token at the same time: one wins, the
// other ends the family; whatever happens, nothing is left half done.
func TestConcurrentRotation(t *testing.T) {
	c := start(t, salesforcetest.Config{Apps: []salesforcetest.App{{ClientID: "app", ClientSecret: "s", RotateRefreshTokens: true}}})
	_, refresh := c.connect()
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "client_id": {"app"}, "client_secret": {"s"}}
	var wg sync.WaitGroup
	var mu sync.Mutex
	status := map[int]int{}
	for range 8 {
		wg.Go(func() {
			resp, err := c.http.PostForm(c.s.URL+"/services/oauth2/token", form)
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			status[resp.StatusCode]++
		})
	}
	wg.Wait()
	if status[200] != 1 || status[400] != 7 {
		t.Errorf("%v", status)
	}
	if n := must(c.s.Org().Grants(salesforcetest.AdminUsername)); n != 0 {
		t.Errorf("%d grants left", n)
	}
}

func TestIdentityUnderConcurrentUse(t *testing.T) {
	c := start(t, salesforcetest.Config{DailyRequests: 1 << 20, Apps: []salesforcetest.App{{ClientID: "app", ClientSecret: "s", RunAs: salesforcetest.AdminUsername, Scopes: openidScopes}}})
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for range 10 {
				resp, err := c.http.PostForm(c.s.URL+"/services/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"app"}, "client_secret": {"s"}})
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
				switch n % 4 {
				case 0:
					c.s.Tokens()
				case 1:
					c.s.Org().SetApp(salesforcetest.App{ClientID: "app", ClientSecret: "s", RunAs: salesforcetest.AdminUsername, Scopes: openidScopes, Blocked: n%2 == 0})
				case 2:
					c.s.Org().RestrictIP(salesforcetest.AdminUsername, fmt.Sprintf("10.0.0.%d", n))
					c.s.Org().RestrictIP(salesforcetest.AdminUsername)
				default:
					c.s.Org().ExpireSessions("")
				}
			}
		})
	}
	wg.Wait()
	if _, err := http.Get(c.s.URL + "/id/keys"); err != nil {
		t.Error(err)
	}
}
