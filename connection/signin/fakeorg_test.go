package signin_test

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection/signin"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

var (
	formAction  = regexp.MustCompile(`<form[^>]* action="([^"]+)"`)
	hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)
)

// A person signs in on the pages of an org; its real discovery document, keys
// and tokens are what is verified.
func TestSignInAtAnOrg(t *testing.T) {
	org := salesforcetest.NewServer(t, salesforcetest.Config{Apps: []salesforcetest.App{{ClientID: "3MVG9signin", ClientSecret: "the-app-secret", Name: "Product", External: true,
		Scopes: []string{"openid", "api", "refresh_token"}, IDTokenStandardClaims: true, RedirectURIs: []string{"http://127.0.0.1:9/callback"}}}})
	ready := org.Ready()
	acme := acmeConnected()
	acme.conns["acme"][0].Org.ID = sobject.ID(ready.OrgID)
	acme.pairs["acme/"+ready.OrgID+"/"+ready.UserID] = "admin"
	s, err := signin.New(signin.Config{
		ClientID: ready.ClientID, ClientSecret: orglink.NewSecret(ready.ClientSecret), RedirectURL: "http://127.0.0.1:9/callback",
		Connections: acme, Pairs: acme, Sealer: ring(t), Environment: "test",
		LoginHost: org.URL, TrustedHosts: []string{strings.TrimPrefix(org.URL, "http://")}, HTTPClient: org.Client(),
	})
	if err != nil {
		t.Fatal(err)
	}
	to, err := s.Start(signin.StartRequest{Tenant: "acme", ReturnTo: "/home"})
	if err != nil {
		t.Fatal(err)
	}
	query := browse(t, org, to.URL)
	got, err := s.Finish(t.Context(), nobody, query, []*http.Cookie{to.Cookie})
	if err != nil {
		t.Fatal(err)
	}
	if got.User != "admin" || string(got.Identity.User) != ready.UserID || string(got.Identity.Org) != ready.OrgID || got.Identity.Username != ready.Username || got.ReturnTo != "/home" {
		t.Errorf("%+v", got)
	}
	// The code is spent: the same callback signs nobody in again.
	if again, err := s.Finish(t.Context(), nobody, query, []*http.Cookie{to.Cookie}); err == nil {
		t.Errorf("the callback works twice: %+v", again)
	}
	if n, err := org.Org().Grants(ready.Username); err != nil || n != 0 {
		t.Errorf("signing in took %d of the user's approvals (%v)", n, err)
	}
}

// browse signs in and allows, as a person does.
func browse(t *testing.T, org *salesforcetest.Server, address string) url.Values {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar, Transport: org.Client().Transport, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), "http://127.0.0.1:9/") {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	resp, err := browser.Get(address)
	for _, fields := range []url.Values{{"username": {org.Ready().Username}, "pw": {org.Ready().Password}}, {"save": {"1"}}} {
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		m := formAction.FindSubmatch(body)
		if m == nil {
			t.Fatalf("no form in %s", body)
		}
		for _, h := range hiddenField.FindAllSubmatch(body, -1) {
			fields.Set(html.UnescapeString(string(h[1])), html.UnescapeString(string(h[2])))
		}
		resp, err = browser.PostForm(org.URL+html.UnescapeString(string(m[1])), fields)
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	u, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || u.Query().Get("code") == "" {
		t.Fatalf("the browser ended at %v with %s", u, resp.Status)
	}
	return u.Query()
}
