package conformance

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

const openidCallback = "https://app.example/callback"

var (
	form   = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)
	hidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// approve plays a person who signs in and allows; it returns the code.
func approve(t *testing.T, client *http.Client, address string, ready salesforcetest.Ready) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Transport: client.Transport, Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), openidCallback) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	resp, err := browser.Get(address)
	for _, fields := range []url.Values{{"username": {ready.Username}, "pw": {ready.Password}}, {"save": {"1"}}} {
		if err != nil {
			t.Fatal(err)
		}
		page, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		m := form.FindSubmatch(page)
		if m == nil {
			t.Fatalf("no form in %s", page)
		}
		for _, h := range hidden.FindAllSubmatch(page, -1) {
			fields.Set(html.UnescapeString(string(h[1])), html.UnescapeString(string(h[2])))
		}
		action, err2 := resp.Request.URL.Parse(html.UnescapeString(string(m[1])))
		if err2 != nil {
			t.Fatal(err2)
		}
		resp, err = browser.PostForm(action.String(), fields)
	}
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	u, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || u.Query().Get("code") == "" {
		t.Fatalf("the browser ended at %v with status %d", u, resp.StatusCode)
	}
	return u.Query().Get("code")
}

// go-oidc discovers each host, verifies the ID token with its key set and reads
// userinfo: it would refuse a wrong issuer, audience, signature, time or hash.
func TestOutsideOpenIDConnect(t *testing.T) {
	domains := salesforcetest.NewDomains(t)
	app := salesforcetest.App{ClientID: "3MVG9.outside.openid", ClientSecret: "s", External: true, RedirectURIs: []string{openidCallback},
		Scopes: []string{"openid", "profile", "email", "api", "refresh_token"}, IDTokenStandardClaims: true}
	production := salesforcetest.NewServer(t, salesforcetest.Config{Domains: domains, MyDomain: "acme", Apps: []salesforcetest.App{app}})
	sandbox := salesforcetest.NewServer(t, salesforcetest.Config{Domains: domains, MyDomain: "acme", Sandbox: "uat", OrgID: "00Dak0000000002", Apps: []salesforcetest.App{app}})
	for issuer, org := range map[string]*salesforcetest.Server{
		"https://login.salesforce.com": production, "https://acme.my.salesforce.com": production,
		"https://test.salesforce.com": sandbox, "https://acme--uat.sandbox.my.salesforce.com": sandbox,
	} {
		t.Run(issuer, func(t *testing.T) {
			ctx := oidc.ClientContext(t.Context(), domains.Client())
			provider, err := oidc.NewProvider(ctx, issuer)
			if err != nil {
				t.Fatal(err)
			}
			config := oauth2.Config{ClientID: app.ClientID, ClientSecret: app.ClientSecret, Endpoint: provider.Endpoint(), RedirectURL: openidCallback, Scopes: []string{"openid", "api"}}
			config.Endpoint.AuthStyle = oauth2.AuthStyleInParams
			verifier := oauth2.GenerateVerifier()
			ready := org.Ready()
			code := approve(t, domains.Client(), config.AuthCodeURL("state", oidc.Nonce("a nonce"), oauth2.S256ChallengeOption(verifier)), ready)
			token, err := config.Exchange(ctx, code, oauth2.VerifierOption(verifier))
			if err != nil {
				t.Fatal(err)
			}
			raw, _ := token.Extra("id_token").(string)
			id, err := provider.Verifier(&oidc.Config{ClientID: app.ClientID}).Verify(ctx, raw)
			if err != nil {
				t.Fatal(err)
			}
			if err := id.VerifyAccessToken(token.AccessToken); err != nil {
				t.Error(err)
			}
			if id.Nonce != "a nonce" || !strings.HasSuffix(id.Subject, "/id/"+ready.OrgID+"/"+ready.UserID) {
				t.Errorf("%+v", id)
			}
			var claims struct {
				Username string `json:"preferred_username"`
			}
			if err := id.Claims(&claims); err != nil || claims.Username != ready.Username {
				t.Errorf("%v %+v", err, claims)
			}
			info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
			if err != nil || info.Subject != id.Subject {
				t.Errorf("%v %+v", err, info)
			}
			// A key that is new is fetched.
			org.Org().RotateSigningKey()
			code = approve(t, domains.Client(), config.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier)), ready)
			if token, err = config.Exchange(ctx, code, oauth2.VerifierOption(verifier)); err != nil {
				t.Fatal(err)
			}
			raw, _ = token.Extra("id_token").(string)
			if _, err := provider.Verifier(&oidc.Config{ClientID: app.ClientID}).Verify(ctx, raw); err != nil {
				t.Error(err)
			}
		})
	}
}

// golang-jwt signs an assertion, and verifies a JWT access token.
func TestOutsideJWT(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	org := salesforcetest.NewServer(t, salesforcetest.Config{Apps: []salesforcetest.App{{ClientID: "robot", PreAuthorized: true, JWTAccessTokens: true,
		Certificate: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))}}})
	exchange := func(method jwt.SigningMethod, key any) map[string]string {
		assertion, err := jwt.NewWithClaims(method, jwt.MapClaims{"iss": "robot", "sub": salesforcetest.AdminUsername, "aud": "https://login.salesforce.com",
			"exp": time.Now().Add(3 * time.Minute).Unix()}).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, org.URL+"/services/oauth2/token",
			strings.NewReader(url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := org.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var got map[string]string
		if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := exchange(jwt.SigningMethodRS512, key); got["error_description"] != "invalid assertion" {
		t.Errorf("%v", got)
	}
	if got := exchange(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType); got["error_description"] != "invalid assertion" {
		t.Errorf("%v", got)
	}
	got := exchange(jwt.SigningMethodRS256, key)
	keys := oidc.NewRemoteKeySet(oidc.ClientContext(t.Context(), org.Client()), org.URL+"/id/keys")
	if _, err := keys.VerifySignature(t.Context(), got["access_token"]); err != nil {
		t.Errorf("%v: %v", err, got)
	}
	claims := jwt.RegisteredClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(got["access_token"], &claims); err != nil || claims.Issuer != org.URL || claims.ExpiresAt == nil {
		t.Errorf("%v %+v", err, claims)
	}
}
