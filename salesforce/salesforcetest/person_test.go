package salesforcetest_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

func TestAuthorizeAsAPerson(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	var got url.Values
	product := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.URL.Query()
		w.WriteHeader(http.StatusTeapot)
	}))
	defer product.Close()
	link := func(change func(url.Values)) *http.Request {
		params := c.authorizeParams()
		params.Set("redirect_uri", product.URL+"/back")
		if change != nil {
			change(params)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.s.URL+"/services/oauth2/authorize?"+params.Encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	resp, err := c.s.Authorize(link(nil), salesforcetest.Person{})
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusTeapot || got.Get("state") != "a b&c" {
		t.Errorf("%d %v", resp.StatusCode, got)
	}
	c.tokenRequest(url.Values{"grant_type": {"authorization_code"}, "code": {got.Get("code")}, "redirect_uri": {product.URL + "/back"}, "code_verifier": {verifier}}).want(200)
	resp, err = c.s.Authorize(link(nil), salesforcetest.Person{Deny: true})
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got.Get("error") != "access_denied" {
		t.Errorf("a person who denies: %v", got)
	}
	if _, err := c.s.Authorize(link(nil), salesforcetest.Person{Password: "wrong"}); err == nil || !strings.Contains(err.Error(), "check your username and password") {
		t.Errorf("a wrong password: %v", err)
	}
	if _, err := c.s.Authorize(link(func(p url.Values) { p.Set("client_id", "nobody") }), salesforcetest.Person{}); err == nil || !strings.Contains(err.Error(), "client identifier invalid") {
		t.Errorf("an unknown app: %v", err)
	}
}
