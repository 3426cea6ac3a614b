package salesforcetest_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

var openidScopes = []string{"openid", "api", "id", "web", "refresh_token"}

// claimsOf verifies a JWT with the org's key set and returns its claims.
func (c *caller) claimsOf(token string) map[string]any {
	c.t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		c.t.Fatalf("%q is no JWT", token)
	}
	decode := func(i int) []byte {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			c.t.Fatal(err)
		}
		return raw
	}
	var header struct{ Alg, Kid string }
	var set struct {
		Keys []struct{ Kty, N, E, Alg, Use, Kid string }
	}
	if err := json.Unmarshal(decode(0), &header); err != nil || header.Alg != "RS256" {
		c.t.Fatalf("%v %+v", err, header)
	}
	c.send("GET", "/id/keys", "", "Authorization: ").want(200).decode(&set)
	for _, k := range set.Keys {
		if k.Kid != header.Kid || k.Kty != "RSA" || k.Use != "sig" {
			continue
		}
		n, _ := base64.RawURLEncoding.DecodeString(k.N)
		e, _ := base64.RawURLEncoding.DecodeString(k.E)
		key := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
		sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
		if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], decode(2)); err != nil {
			c.t.Fatal(err)
		}
		var claims map[string]any
		reply{t: c.t, body: string(decode(1))}.decode(&claims)
		return claims
	}
	c.t.Fatalf("no key %q in the set", header.Kid)
	return nil
}

func TestOpenIDConnect(t *testing.T) {
	c := start(t, salesforcetest.Config{Apps: []salesforcetest.App{{ClientID: "app", ClientSecret: "s", Scopes: openidScopes}}})
	conf := c.send("GET", "/.well-known/openid-configuration", "", "Authorization: ").want(200).object()
	if conf["issuer"] != c.s.URL || conf["jwks_uri"] != c.s.URL+"/id/keys" || conf["token_endpoint"] != c.s.URL+"/services/oauth2/token" ||
		conf["authorization_endpoint"] != c.s.URL+"/services/oauth2/authorize" || conf["userinfo_endpoint"] != c.s.URL+"/services/oauth2/userinfo" {
		t.Errorf("%v", conf)
	}
	login := func(change func(url.Values)) map[string]any {
		return c.redeem(c.code(change)).want(200).object()
	}
	got := login(func(p url.Values) { p.Set("nonce", "n-0S6_WzA2Mj") })
	claims := c.claimsOf(got["id_token"].(string))
	exp, _ := claims["exp"].(json.Number).Int64()
	iat, _ := claims["iat"].(json.Number).Int64()
	if claims["iss"] != c.s.URL || claims["aud"] != "app" || claims["sub"] != got["id"] || claims["nonce"] != "n-0S6_WzA2Mj" || exp-iat != 120 {
		t.Errorf("%v", claims)
	}
	sum := sha256.Sum256([]byte(got["access_token"].(string)))
	if claims["at_hash"] != base64.RawURLEncoding.EncodeToString(sum[:16]) {
		t.Errorf("at_hash %v", claims["at_hash"])
	}
	if _, has := claims["email"]; has {
		t.Errorf("standard claims without being asked for: %v", claims)
	}
	// A new key signs; tokens of the old one still verify.
	c.s.Org().RotateSigningKey()
	next := login(nil)["id_token"].(string)
	if _, has := c.claimsOf(next)["nonce"]; has {
		t.Error("a nonce that nobody sent")
	}
	c.claimsOf(got["id_token"].(string))
	if strings.Split(next, ".")[0] == strings.Split(got["id_token"].(string), ".")[0] {
		t.Error("the key was not changed")
	}
	if r := c.refresh(got["refresh_token"].(string)).want(200).object(); r["id_token"] != nil {
		t.Error("a refresh answered an ID token")
	}
	if plain := login(func(p url.Values) { p.Set("scope", "api id") }); plain["id_token"] != nil {
		t.Error("an ID token without the scope openid")
	}
	c.s.Org().SetApp(salesforcetest.App{ClientID: "app", ClientSecret: "s", Scopes: openidScopes, IDTokenStandardClaims: true,
		IDTokenAudience: []string{"https://api.example"}, IDTokenLifetime: time.Hour})
	claims = c.claimsOf(login(nil)["id_token"].(string))
	if aud, _ := claims["aud"].([]any); !slices.Contains(aud, any("https://api.example")) || !slices.Contains(aud, any("app")) || claims["preferred_username"] != salesforcetest.AdminUsername {
		t.Errorf("%v", claims)
	}
}

func TestJWTAccessTokens(t *testing.T) {
	c := start(t, salesforcetest.Config{Apps: []salesforcetest.App{{ClientID: "app", ClientSecret: "s", JWTAccessTokens: true, SessionTimeout: 10 * time.Minute}}})
	got := c.redeem(c.code(nil)).want(200).object()
	if got["token_format"] != "jwt" {
		t.Errorf("%v", got)
	}
	c.token = got["access_token"].(string)
	claims := c.claimsOf(c.token)
	if claims["client_id"] != "app" || claims["scp"] != "api id web refresh_token" || claims["iss"] != c.s.URL {
		t.Errorf("%v", claims)
	}
	c.s.Org().Advance(9 * time.Minute)
	c.send("GET", "recent", "").want(200) // does not prolong
	c.s.Org().Advance(2 * time.Minute)
	c.send("GET", "recent", "").want(401)
	if again := c.refresh(got["refresh_token"].(string)).want(200).object(); again["access_token"] == c.token {
		t.Error("the same token again")
	}
}
