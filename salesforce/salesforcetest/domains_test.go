package salesforcetest_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// world is a production org, its sandbox and a second production org.
type world struct {
	t              *testing.T
	d              *salesforcetest.Domains
	acme, uat, zed *salesforcetest.Server
}

var shared = salesforcetest.App{ClientID: "vendor", ClientSecret: "s", RunAs: salesforcetest.AdminUsername, DeviceFlow: true, Scopes: openidScopes}

func startWorld(t *testing.T) *world {
	t.Helper()
	d := salesforcetest.NewDomains(t)
	apps := []salesforcetest.App{shared}
	return &world{
		t, d,
		salesforcetest.NewServer(t, salesforcetest.Config{Domains: d, MyDomain: "acme", Apps: apps, SOAPLogin: true, PasswordGrant: true}),
		salesforcetest.NewServer(t, salesforcetest.Config{Domains: d, MyDomain: "Acme", Sandbox: "UAT", OrgID: "00Dak0000000002", Apps: apps}),
		salesforcetest.NewServer(t, salesforcetest.Config{Domains: d, MyDomain: "zed", OrgID: "00Dak0000000003", UsernameSuffix: ".zed", Apps: []salesforcetest.App{}}),
	}
}

// at sends requests to any host of the world.
func (w *world) at(host string) *caller {
	return &caller{t: w.t, s: &salesforcetest.Server{URL: "https://" + host}, http: w.d.Client()}
}

func (w *world) post(host, path string, form url.Values) reply {
	w.t.Helper()
	return w.at(host).send("POST", path, form.Encode(), "Content-Type: application/x-www-form-urlencoded")
}

// authorize plays a person who starts at a host, and returns what the app
// redeems there.
func (w *world) authorize(host, username string, change func(url.Values)) reply {
	w.t.Helper()
	params := url.Values{"response_type": {"code"}, "client_id": {"vendor"}, "redirect_uri": {callback}, "code_challenge": {challenge}}
	if change != nil {
		change(params)
	}
	end := w.signIn("https://"+host+"/services/oauth2/authorize?"+params.Encode(), username)
	code := end.Query().Get("code")
	if code == "" {
		w.t.Fatalf("the browser ended at %s", end)
	}
	return w.post(host, "/services/oauth2/token", url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback},
		"code_verifier": {verifier}, "client_id": {"vendor"}, "client_secret": {"s"}})
}

func (w *world) signIn(address, username string) *url.URL {
	w.t.Helper()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Transport: w.d.Client().Transport, Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), callback) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	resp, err := browser.Get(address)
	for _, fields := range []url.Values{{"username": {username}, "pw": {w.acme.Ready().Password}}, {"save": {"1"}}} {
		if err != nil {
			w.t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		m := formAction.FindSubmatch(body)
		if m == nil {
			w.t.Fatalf("no form at %s: %s", resp.Request.URL, body)
		}
		for _, h := range hiddenField.FindAllSubmatch(body, -1) {
			fields.Set(unescape(h[1]), unescape(h[2]))
		}
		resp, err = browser.PostForm(resp.Request.URL.Scheme+"://"+resp.Request.URL.Host+unescape(m[1]), fields)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	resp.Body.Close()
	if at := resp.Header.Get("Location"); at != "" {
		u, err := url.Parse(at)
		if err != nil {
			w.t.Fatal(err)
		}
		return u
	}
	return resp.Request.URL
}

func TestLoginHosts(t *testing.T) {
	w := startWorld(t)
	if w.acme.URL != "https://acme.my.salesforce.com" || w.uat.URL != "https://acme--uat.sandbox.my.salesforce.com" {
		t.Fatalf("%s %s", w.acme.URL, w.uat.URL)
	}
	for name, tt := range map[string]struct {
		host string
		org  *salesforcetest.Server
	}{
		"production":          {"login.salesforce.com", w.acme},
		"sandbox":             {"test.salesforce.com", w.uat},
		"My Domain":           {"acme.my.salesforce.com", w.acme},
		"My Domain, sandbox":  {"acme--uat.sandbox.my.salesforce.com", w.uat},
		"app of another org":  {"login.salesforce.com", w.zed},
		"app of another org2": {"zed.my.salesforce.com", w.zed},
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{t, w.d, w.acme, w.uat, w.zed}
			ready := tt.org.Ready()
			got := w.authorize(tt.host, ready.Username, func(p url.Values) { p.Set("prompt", "login") }).want(200).object()
			id := "https://login.salesforce.com/id/"
			if tt.org == w.uat {
				id = "https://test.salesforce.com/id/"
			}
			if got["instance_url"] != tt.org.URL || got["id"] != id+ready.OrgID+"/"+ready.UserID {
				t.Errorf("%v", got)
			}
			// The issuer is who was asked, and its keys verify.
			if iss := w.at(tt.host).claimsOf(got["id_token"].(string))["iss"]; iss != "https://"+tt.host {
				t.Errorf("issuer %v", iss)
			}
			again := w.post(tt.host, "/services/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got["refresh_token"].(string)},
				"client_id": {"vendor"}, "client_secret": {"s"}}).want(200).object()
			api := w.at(strings.TrimPrefix(tt.org.URL, "https://"))
			api.token = again["access_token"].(string)
			api.send("GET", "recent", "").want(200)
			// The identity URL at the login host leads to the org.
			identity := w.at(strings.TrimPrefix(got["id"].(string), "https://"))
			identity.token = api.token
			direct := api.send("GET", "/id/"+ready.OrgID+"/"+ready.UserID, "").want(200)
			if direct.object()["username"] != ready.Username {
				t.Errorf("%s", direct.body)
			}
			noFollow := *w.d.Client()
			noFollow.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			resp, err := noFollow.Get(got["id"].(string))
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if at := resp.Header.Get("Location"); resp.StatusCode != 302 || at != tt.org.URL+"/id/"+ready.OrgID+"/"+ready.UserID {
				t.Errorf("%d %s", resp.StatusCode, at)
			}
			w.post(tt.host, "/services/oauth2/revoke", url.Values{"token": {again["access_token"].(string)}}).want(200)
			api.send("GET", "recent", "").want(401)
		})
	}
}

func TestLoginHostRefusals(t *testing.T) {
	w := startWorld(t)
	credentials := url.Values{"grant_type": {"client_credentials"}, "client_id": {"vendor"}, "client_secret": {"s"}}
	w.post("login.salesforce.com", "/services/oauth2/token", credentials).is(400, `{"error":"invalid_grant","error_description":"request not supported on this domain"}`)
	w.post("acme.my.salesforce.com", "/services/oauth2/token", credentials).want(200)
	w.post("zed.my.salesforce.com", "/services/oauth2/token", credentials).is(400, `{"error":"invalid_grant","error_description":"no client credentials user enabled"}`)
	w.post("login.salesforce.com", "/services/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"5Aep861x"}, "client_id": {"vendor"}, "client_secret": {"s"}}).is(400, deadGrant)
	if page := w.at("login.salesforce.com").send("GET", "/services/oauth2/authorize?client_id=nobody", ""); !strings.Contains(page.body, "error=invalid_client_id") {
		t.Errorf("%s", page.body)
	}
	password := url.Values{"grant_type": {"password"}, "username": {w.acme.Ready().Username}, "password": {w.acme.Ready().Password}, "client_id": {"vendor"}, "client_secret": {"s"}}
	w.post("login.salesforce.com", "/services/oauth2/token", password).want(200)
	w.post("test.salesforce.com", "/services/oauth2/token", password).is(400, `{"error":"invalid_grant","error_description":"authentication failure"}`)
	soap := soapElements(t, w.at("login.salesforce.com").soapLogin("/services/Soap/u/64.0", w.acme.Ready().Username, w.acme.Ready().Password).want(200).body)
	if !strings.HasPrefix(soap["serverUrl"], "https://acme.my.salesforce.com/services/Soap/u/64.0/") {
		t.Errorf("%v", soap)
	}
	api := w.at("login.salesforce.com")
	api.token = w.acme.Ready().AccessToken
	api.send("GET", "recent", "").want(404)
	var none *net.DNSError
	if _, err := w.d.Client().Get("https://nobody.my.salesforce.com/"); !errors.As(err, &none) || !none.IsNotFound {
		t.Errorf("%v", err)
	}
	w.zed.Close()
	if _, err := w.d.Client().Get(w.zed.URL + "/services/data"); !errors.As(err, &none) {
		t.Logf("a connection that was open may live on: %v", err)
	}
}

func TestDeviceAtALoginHost(t *testing.T) {
	w := startWorld(t)
	var dev waiting
	w.post("login.salesforce.com", "/services/oauth2/token", url.Values{"response_type": {"device_code"}, "client_id": {"vendor"}}).want(200).decode(&dev)
	if dev.VerificationURI != "https://login.salesforce.com/setup/connect" {
		t.Fatalf("%+v", dev)
	}
	w.signIn(dev.VerificationURI+"?user_code="+dev.UserCode, w.zed.Ready().Username)
	got := w.post("login.salesforce.com", "/services/oauth2/token", url.Values{"grant_type": {"device"}, "code": {dev.DeviceCode}, "client_id": {"vendor"}}).want(200).object()
	if got["instance_url"] != w.zed.URL {
		t.Errorf("%v", got)
	}
}

func TestDomainsConfig(t *testing.T) {
	d := salesforcetest.NewDomains(nil)
	defer d.Close()
	if resp, err := d.Client().Get("https://login.salesforce.com/"); err != nil || resp.StatusCode != 503 {
		t.Errorf("%v %v", resp, err)
	}
	salesforcetest.NewServer(t, salesforcetest.Config{Domains: d, MyDomain: "acme"})
	for name, tt := range map[string]struct {
		cfg  salesforcetest.Config
		want string
	}{
		"host taken":       {salesforcetest.Config{Domains: d, MyDomain: "ACME", OrgID: "00Dak0000000009"}, "Config.MyDomain"},
		"org id taken":     {salesforcetest.Config{Domains: d, MyDomain: "b"}, "Config.OrgID"},
		"usernames taken":  {salesforcetest.Config{Domains: d, MyDomain: "b", OrgID: "00Dak0000000009"}, "Config.UsernameSuffix"},
		"no label":         {salesforcetest.Config{Domains: d, MyDomain: "a.b"}, "Config.MyDomain"},
		"no domains":       {salesforcetest.Config{MyDomain: "a"}, "belong together"},
		"address besides":  {salesforcetest.Config{Domains: d, MyDomain: "a", Addr: "127.0.0.1:0"}, "Domains excludes"},
		"bad sandbox name": {salesforcetest.Config{Sandbox: "a b"}, "Config.Sandbox"},
	} {
		if _, err := salesforcetest.Start(tt.cfg); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSandbox(t *testing.T) {
	c := start(t, salesforcetest.Config{Sandbox: "uat"})
	if got := c.s.Ready().Username; got != salesforcetest.AdminUsername+".uat" {
		t.Errorf("%s", got)
	}
	orgs := c.query("SELECT IsSandbox FROM Organization")["records"].([]any)
	if orgs[0].(map[string]any)["IsSandbox"] != true {
		t.Errorf("%v", orgs)
	}
	if got := c.redeem(c.code(nil)).want(200).object(); !strings.HasPrefix(got["id"].(string), "https://test.salesforce.com/id/") {
		t.Errorf("%v", got)
	}
}

// Everything happens in memory, so a bubble's clock stands still meanwhile and
// jumps when everybody sleeps.
func TestDomainsInSynctest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := startWorld(t)
		got := w.authorize("login.salesforce.com", w.acme.Ready().Username, nil).want(200).object()
		api := w.at("acme.my.salesforce.com")
		api.token = got["access_token"].(string)
		api.send("GET", "recent", "").want(200)
		time.Sleep(3 * time.Hour)
		api.send("GET", "recent", "").is(401, expiredSession)
		w.acme.Close()
		w.d.Close()
	})
}
