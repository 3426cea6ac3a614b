package salesforcetest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

const grantJWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// appKey is the key of the test's app; making one takes a while.
var appKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func publicPEM(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func certificatePEM(t *testing.T) string {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "app"}, NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, appKey().Public(), appKey())
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func b64(v any) string {
	raw, ok := v.([]byte)
	if !ok {
		raw, _ = json.Marshal(v)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func signed(t *testing.T, key *rsa.PrivateKey, alg string, claims map[string]any) string {
	t.Helper()
	text := b64(map[string]string{"alg": alg}) + "." + b64(claims)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + b64(sig)
}

func (c *caller) assert(assertion string) reply {
	c.t.Helper()
	return c.send("POST", "/services/oauth2/token", url.Values{"grant_type": {grantJWT}, "assertion": {assertion}}.Encode(),
		"Content-Type: application/x-www-form-urlencoded", "Authorization: ")
}

// assertionClaims are right for the org; change replaces some.
func (c *caller) assertionClaims(change map[string]any) map[string]any {
	claims := map[string]any{"iss": c.s.Ready().ClientID, "sub": salesforcetest.AdminUsername, "aud": "https://login.salesforce.com",
		"exp": c.s.Org().Now().Add(3 * time.Minute).Unix()}
	maps.Copy(claims, change)
	return claims
}

func TestJWTBearer(t *testing.T) {
	for name, certificate := range map[string]string{"certificate": certificatePEM(t), "public key": publicPEM(t, appKey().Public())} {
		t.Run(name, func(t *testing.T) {
			c := start(t, salesforcetest.Config{Apps: []salesforcetest.App{{ClientID: "robot", ClientSecret: "s", Certificate: certificate, PreAuthorized: true}}})
			got := c.assert(signed(t, appKey(), "RS256", c.assertionClaims(nil))).want(200).object()
			for _, key := range []string{"refresh_token", "signature", "issued_at", "expires_in"} {
				if _, has := got[key]; has {
					t.Errorf("the answer has %s", key)
				}
			}
			if got["scope"] != "api id web" || got["token_type"] != "Bearer" || got["instance_url"] != c.s.URL {
				t.Errorf("%v", got)
			}
			c.token = got["access_token"].(string)
			c.send("GET", "recent", "").want(200)
		})
	}
}

func TestJWTBearerRefusals(t *testing.T) {
	c := start(t, salesforcetest.Config{Apps: []salesforcetest.App{
		{ClientID: "robot", ClientSecret: "s", Certificate: publicPEM(t, appKey().Public()), PreAuthorized: true},
		{ClientID: "asks", ClientSecret: "s", Certificate: publicPEM(t, appKey().Public())},
		{ClientID: "few", ClientSecret: "s", Certificate: publicPEM(t, appKey().Public()), PreAuthorized: true, PermittedTo: []string{"Nobody"}},
		{ClientID: "keyless", ClientSecret: "s", PreAuthorized: true},
	}})
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := c.s.Org().Now()
	sign := func(change map[string]any) string { return signed(t, appKey(), "RS256", c.assertionClaims(change)) }
	const invalid = `{"error":"invalid_grant","error_description":"invalid assertion"}`
	for name, tt := range map[string]struct{ assertion, want string }{
		"nothing":           {"", invalid},
		"no JWT":            {"a.b", invalid},
		"no JSON":           {"!.!.!", invalid},
		"null":              {b64([]byte("null")) + "." + b64([]byte("null")) + ".x", invalid},
		"other key":         {signed(t, other, "RS256", c.assertionClaims(nil)), invalid},
		"alg none":          {b64(map[string]string{"alg": "none"}) + "." + b64(c.assertionClaims(nil)) + ".", invalid},
		"alg HS256":         {signed(t, appKey(), "HS256", c.assertionClaims(nil)), invalid},
		"app without a key": {sign(map[string]any{"iss": "keyless"}), invalid},
		"no exp":            {sign(map[string]any{"exp": nil}), invalid},
		"far exp":           {sign(map[string]any{"exp": now.Add(time.Hour).Unix()}), invalid},
		"not yet":           {sign(map[string]any{"nbf": now.Add(time.Hour).Unix()}), invalid},
		"expired":           {sign(map[string]any{"exp": now.Add(-time.Hour).Unix()}), `{"error":"invalid_grant","error_description":"expired authorization code"}`},
		"audience":          {sign(map[string]any{"aud": "https://test.salesforce.com"}), `{"error":"invalid_grant","error_description":"audience is invalid"}`},
		"issuer":            {sign(map[string]any{"iss": "nobody"}), `{"error":"invalid_client_id","error_description":"client identifier invalid"}`},
		"user":              {sign(map[string]any{"sub": "nobody@example.com"}), `{"error":"invalid_grant","error_description":"user hasn't approved this consumer"}`},
		"not approved":      {sign(map[string]any{"iss": "asks"}), `{"error":"invalid_grant","error_description":"user hasn't approved this consumer"}`},
		"not permitted":     {sign(map[string]any{"iss": "few"}), `{"error":"invalid_app_access","error_description":"user is not admin approved to access this app"}`},
	} {
		t.Run(name, func(t *testing.T) { c.assert(tt.assertion).is(400, tt.want) })
	}
	for name, change := range map[string]map[string]any{
		"exp as text": {"exp": jsonText(now.Add(2 * time.Minute).Unix())}, "aud in a list": {"aud": []string{"x", c.s.URL}}, "old user claim": {"sub": nil, "prn": salesforcetest.AdminUsername},
		"token address": {"aud": c.s.URL + "/services/oauth2/token"},
	} {
		t.Run(name, func(t *testing.T) { c.assert(sign(change)).want(200) })
	}
	// Once the user has approved the app in a browser, it may sign for them.
	c.redeemAs("asks", c.code(func(p url.Values) { p.Set("client_id", "asks") })).want(200)
	c.assert(sign(map[string]any{"iss": "asks"})).want(200)
	c.s.Org().DeactivateUser(salesforcetest.AdminUsername)
	c.assert(sign(nil)).is(400, `{"error":"invalid_grant","error_description":"inactive user"}`)
}

func jsonText(n int64) string { b, _ := json.Marshal(n); return string(b) }

func (c *caller) redeemAs(client, code string) reply {
	c.t.Helper()
	return c.tokenRequest(url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier},
		"client_id": {client}, "client_secret": {"s"}})
}

// A recorded assertion, made by other software, is accepted.
func TestCapturedAssertion(t *testing.T) {
	dir := os.Getenv("ORGLINK_CAPTURES")
	if dir == "" {
		t.Skip("ORGLINK_CAPTURES does not name the folder of captured answers")
	}
	raw, err := os.ReadFile(filepath.Join(dir, "jwt", "jwt-bearer-vector.json"))
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Key       string `json:"public_key_spki_pem"`
		Body      string `json:"token_request_body"`
		Assertion string
		Claims    struct{ Iss, Sub string }
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	c := start(t, salesforcetest.Config{AssertionLifetime: -1, Apps: []salesforcetest.App{{ClientID: v.Claims.Iss, ClientSecret: "s", Certificate: v.Key, PreAuthorized: true}}})
	users := must(c.s.Org().Query("SELECT Id FROM User LIMIT 1"))
	c.s.Org().System().Update(users[0].ID(), salesforcetest.Fields{"Username": v.Claims.Sub})
	c.send("POST", "/services/oauth2/token", v.Body, "Content-Type: application/x-www-form-urlencoded").want(200)
	c.assert(v.Assertion[:len(v.Assertion)-2] + "AA").want(400)
}

func TestClientAssertion(t *testing.T) {
	c := start(t, salesforcetest.Config{Apps: []salesforcetest.App{{ClientID: "robot", ClientSecret: "s", Certificate: publicPEM(t, appKey().Public()), RunAs: salesforcetest.AdminUsername}}})
	ask := func(change map[string]any) reply {
		claims := map[string]any{"iss": "robot", "sub": "robot", "aud": c.s.URL + "/services/oauth2/token", "exp": c.s.Org().Now().Add(time.Minute).Unix()}
		maps.Copy(claims, change)
		return c.send("POST", "/services/oauth2/token", url.Values{"grant_type": {"client_credentials"},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {signed(t, appKey(), "RS256", claims)}}.Encode(),
			"Content-Type: application/x-www-form-urlencoded")
	}
	ask(nil).want(200)
	ask(map[string]any{"sub": "somebody"}).is(400, `{"error":"invalid_client","error_description":"invalid client credentials"}`)
	ask(map[string]any{"iss": "nobody"}).is(400, `{"error":"invalid_client_id","error_description":"client identifier invalid"}`)
}

func TestBadCertificates(t *testing.T) {
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"no PEM": "nonsense", "other block": "-----BEGIN CAT-----\nAAAA\n-----END CAT-----\n", "elliptic curve": publicPEM(t, curve.Public()),
		"cut": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	} {
		_, err := salesforcetest.Start(salesforcetest.Config{Apps: []salesforcetest.App{{ClientID: "a", Certificate: text}}})
		if err == nil || !strings.Contains(err.Error(), "Apps[0].Certificate") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
