package connection_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
)

func fuzzManager(t testing.TB, client *http.Client) *connection.Manager {
	t.Helper()
	m, err := connection.New(connection.Config{
		Apps:  []connection.App{{ClientID: "3MVG9", ClientSecret: orglink.NewSecret("the-app-secret")}},
		Store: connection.NewMemoryStore(), Tokens: connection.NewMemoryTokenStore(), InsecureNoSealer: true,
		Environment: "test", RedirectURL: "https://product.example/callback", HTTPClient: client,
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Whatever an admin types as the place to sign in, the browser is sent to a
// login host or a My Domain by https, or nowhere.
func FuzzLoginHost(f *testing.F) {
	for _, s := range []string{"", "production", "sandbox", "acme.my.salesforce.com", "https://acme--uat.sandbox.lightning.force.com/lightning/page/home",
		"https://login.salesforce.com@evil.example", "https://evil.example\\@login.salesforce.com", "acme.my.salesforce.com.evil.example",
		"https://acme.my.salesforсe.com", "//evil.example", "javascript:alert(1)", "https://acme.my.salesforce.com:444", "https://[::1].my.salesforce.com", "https://%65vil.my.salesforce.com"} {
		f.Add(s)
	}
	m := fuzzManager(f, nil)
	f.Fuzz(func(t *testing.T, typed string) {
		auth, err := m.Start(t.Context(), ada, connection.StartRequest{LoginHost: typed})
		if err != nil {
			return
		}
		u, err := url.Parse(auth.URL)
		if err != nil || u.Scheme != "https" || u.User != nil || u.Port() != "" || u.Path != "/services/oauth2/authorize" || u.Fragment != "" {
			t.Fatalf("%q leads to %q", typed, auth.URL)
		}
		host := u.Hostname()
		ok := host == "login.salesforce.com" || host == "test.salesforce.com"
		for _, suffix := range []string{".my.salesforce.com", ".my.salesforce.mil", ".my.sfcrmproducts.cn"} {
			ok = ok || strings.HasSuffix(host, suffix)
		}
		if !ok || strings.ContainsAny(host, "/\\@?#%") {
			t.Errorf("%q leads to host %q", typed, host)
		}
	})
}

// Whatever a token endpoint answers, nothing is connected that the org has not
// confirmed, no request goes to another host, and no error repeats a token.
func FuzzTokenAnswer(f *testing.F) {
	for _, s := range []string{
		`{"access_token":"00D!AQ.secret-token","instance_url":"https://acme.my.salesforce.com","id":"https://login.salesforce.com/id/00Dx0000000BV7zEAG/005x00000012Q9PAAU","issued_at":"1","signature":"AAAA","token_type":"Bearer"}`,
		`{"access_token":"x","refresh_token":"y","instance_url":"https://evil.example"}`, `{"error":"invalid_grant","error_description":"the-app-secret"}`,
		`{}`, `null`, `[]`, `"x"`, `<html>`, "access_token=x&instance_url=https://evil.example", `{"access_token":{"a":1}}`, `{"access_token":"a\r\nb"}`,
	} {
		f.Add(s, 200)
		f.Add(s, 400)
	}
	f.Fuzz(func(t *testing.T, body string, status int) {
		if status < 200 || status > 599 {
			return
		}
		m := fuzzManager(t, &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			host := r.URL.Hostname()
			if r.URL.Scheme != "https" || host != "login.salesforce.com" && !strings.HasSuffix(host, ".my.salesforce.com") && !strings.HasSuffix(host, ".my.salesforce.mil") &&
				!strings.HasSuffix(host, ".my.sfcrmproducts.cn") && host != "test.salesforce.com" {
				t.Errorf("a request to %s", r.URL)
			}
			answer := &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
			if !strings.HasSuffix(r.URL.Path, "/oauth2/token") {
				answer.StatusCode, answer.Body = http.StatusForbidden, io.NopCloser(strings.NewReader("Bad_OAuth_Token"))
			}
			return answer, nil
		})})
		auth, err := m.Start(t.Context(), ada, connection.StartRequest{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = m.Finish(t.Context(), ada, url.Values{"state": {stateOf(t, auth.URL)}, "code": {"aPrx-the-code"}})
		if err == nil {
			t.Fatal("it was connected")
		}
		for _, secret := range []string{"the-app-secret", "aPrx-the-code", "secret-token"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error repeats %q: %v", secret, err)
			}
		}
	})
}
