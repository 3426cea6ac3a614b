package salesforcetest_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

type waiting struct {
	DeviceCode      string `json:"device_code"`
	UserCode        string `json:"user_code"`
	VerificationURI string `json:"verification_uri"`
	Interval        int
}

func (c *caller) device() waiting {
	c.t.Helper()
	var w waiting
	c.send("POST", "/services/oauth2/token", "response_type=device_code&client_id=tv&scope=api+refresh_token", "Content-Type: application/x-www-form-urlencoded").want(200).decode(&w)
	return w
}

func (c *caller) poll(code string) reply {
	c.t.Helper()
	c.s.Org().Advance(6 * time.Second)
	return c.send("POST", "/services/oauth2/token", "grant_type=device&client_id=tv&code="+url.QueryEscape(code), "Content-Type: application/x-www-form-urlencoded")
}

const pending = `{"error":"authorization_pending","error_description":"waiting for the user to authorize"}`

func startTV(t *testing.T) *caller {
	t.Helper()
	return start(t, salesforcetest.Config{Apps: []salesforcetest.App{{ClientID: "tv", ClientSecret: "s", DeviceFlow: true}, {ClientID: "desk", ClientSecret: "s"}}})
}

func TestDeviceFlow(t *testing.T) {
	c := startTV(t)
	w := c.device()
	if w.VerificationURI != c.s.URL+"/setup/connect" || w.Interval != 5 || len(w.UserCode) != 8 {
		t.Fatalf("%+v", w)
	}
	c.poll(w.DeviceCode).is(400, pending)
	c.s.Org().Advance(time.Second)
	c.send("POST", "/services/oauth2/token", "grant_type=device&client_id=tv&code="+url.QueryEscape(w.DeviceCode), "Content-Type: application/x-www-form-urlencoded").
		is(400, `{"error":"slow_down","error_description":"polling too frequently"}`)

	b := c.browser()
	form := b.read(b.http.Get(w.VerificationURI))
	wrong := b.submit(form, url.Values{"user_code": {"WRONGXYZ"}})
	if wrong.status != 200 || !strings.Contains(wrong.body, "The code isn&#39;t valid") {
		t.Fatalf("%d %s", wrong.status, wrong.body)
	}
	login := b.submit(form, url.Values{"user_code": {strings.ToLower(w.UserCode)}})
	consent := b.login(login)
	if !strings.Contains(consent.body, "oaapprove") {
		t.Fatalf("no consent: %s", consent.body)
	}
	c.poll(w.DeviceCode).is(400, pending)
	done := b.submit(consent, url.Values{"save": {"Allow"}})
	if done.status != 200 || !strings.Contains(done.body, "connected") {
		t.Fatalf("%d %s", done.status, done.body)
	}
	got := c.poll(w.DeviceCode).want(200).object()
	c.token = got["access_token"].(string)
	c.send("GET", "recent", "").want(200)
	c.tokenRequest(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got["refresh_token"].(string)}}).want(200)
	c.poll(w.DeviceCode).is(400, `{"error":"invalid_grant","error_description":"invalid device code"}`)
	if again := b.submit(form, url.Values{"user_code": {w.UserCode}}); !strings.Contains(again.body, "isn&#39;t valid") {
		t.Errorf("a code was taken twice: %s", again.body)
	}
}

func TestDeviceRefusals(t *testing.T) {
	c := startTV(t)
	form := "Content-Type: application/x-www-form-urlencoded"
	for body, want := range map[string]string{
		"response_type=device_code&client_id=nobody":            `{"error":"invalid_client_id","error_description":"client identifier invalid"}`,
		"response_type=device_code&client_id=desk":              `{"error":"invalid_request","error_description":"device flow not enabled"}`,
		"response_type=device_code&client_id=tv&scope=wave_api": `{"error":"invalid_scope","error_description":"the requested scope is invalid, unknown, or malformed"}`,
		"grant_type=device&client_id=tv":                        `{"error":"invalid_grant","error_description":"invalid device code"}`,
		"grant_type=device&client_id=tv&client_secret=wrong":    `{"error":"invalid_client","error_description":"invalid client credentials"}`,
	} {
		c.send("POST", "/services/oauth2/token", body, form).is(400, want)
	}
	denied := c.device()
	b := c.browser()
	consent := b.login(b.read(b.http.Get(denied.VerificationURI + "?user_code=" + denied.UserCode)))
	if end := b.submit(consent, url.Values{"cancel": {"Deny"}}); !strings.Contains(end.body, "Access denied") {
		t.Errorf("%s", end.body)
	}
	c.poll(denied.DeviceCode).is(400, `{"error":"access_denied","error_description":"end-user denied authorization"}`)
	late := c.device()
	c.s.Org().Advance(11 * time.Minute)
	c.poll(late.DeviceCode).is(400, `{"error":"invalid_grant","error_description":"expired device code"}`)
	c.s.Org().BlockApp("tv", true)
	w := c.device()
	b = c.browser()
	if page := b.login(b.read(b.http.Get(w.VerificationURI + "?user_code=" + w.UserCode))); !strings.Contains(page.body, "OAUTH_APP_BLOCKED") {
		t.Errorf("%s", page.body)
	}
}
