package salesforcetest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// goTexts are words of Go's own errors, which no answer may have.
var goTexts = []string{"json:", "strconv", "invalid character", "soql:", "xml:", "crypto/", "net/url", "salesforcetest", "illegal base64"}

func complain(t *testing.T, what string, status int, body string) {
	t.Helper()
	for _, word := range goTexts {
		if strings.Contains(body, word) {
			t.Errorf("%.200s: a Go error text: %.300s", what, body)
		}
	}
	if status >= 500 && !strings.Contains(body, "soapenv:Fault") {
		t.Errorf("%.200s: %d %.300s", what, status, body)
	}
}

// Whatever is sent to the identity services, the answer is theirs: an OAuth
// error, a page, a word, a SOAP fault.
func TestHostileIdentityRequests(t *testing.T) {
	domains := salesforcetest.NewDomains(t)
	apps := []salesforcetest.App{{ClientID: "app", ClientSecret: "s", RunAs: salesforcetest.AdminUsername, DeviceFlow: true, Certificate: publicPEM(t, appKey().Public()), Scopes: openidScopes, JWTAccessTokens: true}}
	plain := start(t, salesforcetest.Config{SOAPLogin: true, PasswordGrant: true, Apps: apps})
	org := salesforcetest.NewServer(t, salesforcetest.Config{Domains: domains, MyDomain: "acme", SOAPLogin: true, PasswordGrant: true, Apps: apps})
	w := &world{t: t, d: domains, acme: org}
	values := []string{"", "x", "\x00\xff", "' OR Username LIKE '%", "<script>", strings.Repeat("A", 20000), "[]", "{}", "00Dak0000000001!x", "5Aep861" + strings.Repeat("x", 80), "a.b.c",
		b64([]byte(`{"alg":"RS256"}`)) + "." + b64([]byte(`{"iss":["app"],"sub":{},"exp":1e400}`)) + ".x", b64([]byte(`{"alg":7}`)) + "." + b64([]byte("[]")) + ".", "%zz", "null", "../../etc/passwd", "https://evil.example/\r\nX: y"}
	fields := []string{"grant_type", "client_id", "client_secret", "code", "redirect_uri", "code_verifier", "refresh_token", "assertion", "username", "password", "token", "scope", "state",
		"response_type", "prompt", "login_hint", "display", "startURL", "un", "pw", "user_code", "approval", "save", "sid", "retURL", "format", "client_assertion", "client_assertion_type", "asked", "nonce", "code_challenge"}
	bases := []url.Values{{}, {"grant_type": {"authorization_code"}, "client_id": {"app"}, "client_secret": {"s"}}, {"grant_type": {"refresh_token"}, "client_id": {"app"}, "client_secret": {"s"}},
		{"grant_type": {grantJWT}}, {"grant_type": {"device"}, "client_id": {"app"}}, {"response_type": {"device_code"}, "client_id": {"app"}}, {"grant_type": {"password"}, "client_id": {"app"}, "client_secret": {"s"}},
		{"grant_type": {"client_credentials"}, "client_id": {"app"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}},
		{"response_type": {"code"}, "client_id": {"app"}, "redirect_uri": {callback}}}
	paths := []string{"/services/oauth2/token", "/services/oauth2/authorize", "/services/oauth2/revoke", "/services/oauth2/introspect", "/services/oauth2/userinfo", "/services/oauth2/singleaccess",
		"/login", "/", "/setup/connect", "/setup/secur/RemoteAccessAuthorizationPage.apexp", "/secur/frontdoor.jsp", "/secur/logout.jsp", "/id/keys", "/id/x/y", "/.well-known/openid-configuration", "/services/auth/idp/oidc/logout"}
	send := func(c *http.Client, host, method, path string, form url.Values) {
		t.Helper()
		body, query := "", ""
		if method == "POST" {
			body = form.Encode()
		} else {
			query = "?" + form.Encode()
		}
		req, err := http.NewRequest(method, host+path+query, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := c.Do(req)
		if err != nil {
			t.Fatalf("%s %s%s %.300s: %v", method, host, path, form.Encode(), err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
		complain(t, method+" "+host+path+" "+form.Encode(), resp.StatusCode, string(text))
	}
	stay := func(c *http.Client) *http.Client {
		out := *c
		out.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		return &out
	}
	local, world := stay(plain.http), stay(w.d.Client())
	for _, path := range paths {
		for n, base := range bases {
			for f, field := range fields {
				for v, value := range values {
					// Every field meets every value once; the bases take turns.
					if (f+v)%len(bases) != n {
						continue
					}
					form := url.Values{}
					for name, vv := range base {
						form[name] = vv
					}
					form.Set(field, value)
					method := "POST"
					if v%3 == 0 && len(value) < 1000 {
						method = "GET"
					}
					send(local, plain.s.URL, method, path, form)
					if v%4 == 0 {
						send(world, "https://login.salesforce.com", method, path, form)
					}
				}
			}
		}
	}
	envelope := func(body string) string { return `<e:Envelope xmlns:e="x"><e:Body>` + body + `</e:Body></e:Envelope>` }
	for _, body := range []string{"", "<", "<a/>", envelope(""), envelope("<login/>"), envelope("<login><username>x</username><password>\x00</password></login>"), envelope("<getUserInfo/>"), envelope("<logout/>"),
		envelope(strings.Repeat("<a>", 20000)), envelope("<login><username>" + strings.Repeat("&lt;", 5000) + "</username></login>"), "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "\xff\xfe"} {
		for _, path := range []string{"/services/Soap/u/64.0", "/services/Soap/c/64.0", "/services/Soap/u/", "/services/Soap/c/x/y", "/services/Soap/m/64.0", "/services/Soap/u/64.0/00Dak0000000001"} {
			r := plain.send("POST", path, body, "Content-Type: text/xml")
			complain(t, path+" "+body, r.status, r.body)
			r = w.at("login.salesforce.com").send("POST", path, body, "Content-Type: text/xml")
			complain(t, path+" "+body, r.status, r.body)
		}
	}
}

// FuzzTokenEndpoint: any form gets a token or an OAuth error, never anything
// else.
func FuzzTokenEndpoint(f *testing.F) {
	for _, seed := range []string{"", "grant_type=authorization_code&client_id=app&client_secret=s&code=aPrx", "grant_type=refresh_token&client_id=app&client_secret=s&refresh_token=5Aep861",
		"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhcHAifQ.x", "response_type=device_code&client_id=app", "grant_type=device&client_id=app&code=x",
		"grant_type=client_credentials&client_id=app&client_secret=s", "grant_type=password&username=%00&password=%ff&client_id=app&client_secret=s"} {
		f.Add(seed)
	}
	s := salesforcetest.NewServer(f, salesforcetest.Config{PasswordGrant: true, Listener: salesforcetest.NewMemoryListener(),
		Apps: []salesforcetest.App{{ClientID: "app", ClientSecret: "s", DeviceFlow: true, RunAs: salesforcetest.AdminUsername}}})
	f.Fuzz(func(t *testing.T, form string) {
		resp, err := s.Client().Post(s.URL+"/services/oauth2/token", "application/x-www-form-urlencoded", strings.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		if !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
			return // format=xml
		}
		var got struct {
			Error  string `json:"error"`
			Access string `json:"access_token"`
			Device string `json:"device_code"`
		}
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%d %s", resp.StatusCode, text)
		}
		if (resp.StatusCode == 200) == (got.Error != "") || resp.StatusCode != 200 && resp.StatusCode != 400 || got.Error == "" && got.Access == "" && got.Device == "" {
			t.Fatalf("%q: %d %s", form, resp.StatusCode, text)
		}
	})
}
