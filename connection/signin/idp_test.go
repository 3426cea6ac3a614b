package signin_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/connection/signin"
	"github.com/orglink/orglink/salesforce/sobject"
)

const (
	orgID    = "00Dx0000000BV7zEAG"
	userID   = "005x00000012Q9PAAU"
	otherOrg = "00Dx0000000BV80EAG"
	back     = "https://product.example/sso/callback"
)

// idp is an OpenID provider that signs whatever a test tells it to. The fake
// org signs only the truth.
type idp struct {
	*httptest.Server
	key *rsa.PrivateKey

	mu sync.Mutex
	// sign changes the header and claims of the next ID token, or returns it.
	sign     func(header, claims map[string]any) string
	nonce    string
	exchange url.Values
	away     http.HandlerFunc
}

func newIDP(t *testing.T) *idp {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &idp{key: key}
	mux := http.NewServeMux()
	write := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		write(w, map[string]any{"issuer": p.URL, "jwks_uri": p.URL + "/id/keys", "authorization_endpoint": p.URL + "/services/oauth2/authorize",
			"token_endpoint": p.URL + "/services/oauth2/token", "id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"}})
	})
	mux.HandleFunc("GET /id/keys", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		away := p.away
		p.mu.Unlock()
		if away != nil {
			away(w, r)
			return
		}
		write(w, map[string]any{"keys": []any{map[string]any{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "216",
			"n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes())}}})
	})
	mux.HandleFunc("POST /services/oauth2/token", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		p.mu.Lock()
		p.exchange = r.PostForm
		p.mu.Unlock()
		if r.PostForm.Get("code") != "good" {
			w.WriteHeader(http.StatusBadRequest)
			write(w, map[string]any{"error": "invalid_grant", "error_description": "expired authorization code " + r.PostForm.Get("code")})
			return
		}
		out := map[string]any{"access_token": "00Dx!access", "instance_url": p.URL, "token_type": "Bearer", "id": p.URL + "/id/" + orgID + "/" + userID, "scope": "openid"}
		if token := p.token(); token != "" {
			out["id_token"] = token
		}
		write(w, out)
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

// keys answers requests for keys; nil gives the right ones.
func (p *idp) keys(away http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = away
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (p *idp) token() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	hash := sha256.Sum256([]byte("00Dx!access"))
	header := map[string]any{"alg": "RS256", "typ": "JWT", "kid": "216"}
	claims := map[string]any{"iss": p.URL, "sub": "https://login.salesforce.com/id/" + orgID + "/" + userID, "aud": "3MVG9signin",
		"exp": time.Now().Add(2 * time.Minute).Unix(), "iat": time.Now().Unix(), "nonce": p.nonce, "at_hash": b64(hash[:16]),
		"preferred_username": "rep@acme.example", "name": "Rep", "email": "ceo@acme.example", "email_verified": true, "auth_time": int64(1700000000)}
	if p.sign != nil {
		if done := p.sign(header, claims); done != "" {
			return strings.TrimPrefix(done, "=")
		}
	}
	return p.rs256(p.key, header, claims)
}

func encode(header, claims map[string]any) string {
	h, _ := json.Marshal(header)
	c, _ := json.Marshal(claims)
	return b64(h) + "." + b64(c)
}

func (p *idp) rs256(key *rsa.PrivateKey, header, claims map[string]any) string {
	text := encode(header, claims)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return text + "." + b64(sig)
}

// hs256 signs with the public key as if it were a shared secret.
func (p *idp) hs256(header, claims map[string]any) string {
	header["alg"] = "HS256"
	text := encode(header, claims)
	mac := hmac.New(sha256.New, p.key.N.Bytes())
	mac.Write([]byte(text))
	return text + "." + b64(mac.Sum(nil))
}

// host is a product's side: what it has connected and paired.
type host struct {
	conns  map[orglink.TenantID][]connection.Connection
	pairs  map[string]orglink.UserID // tenant/org/user
	paired []string
	faster orglink.UserID // who is paired while somebody else is about to be
	broken error
}

func (h *host) List(_ context.Context, tenant orglink.TenantID) ([]connection.Connection, error) {
	return h.conns[tenant], h.broken
}

func (h *host) PairedUser(_ context.Context, tenant orglink.TenantID, org, id sobject.ID) (orglink.UserID, error) {
	return h.pairs[fmt.Sprint(tenant, "/", org, "/", id)], h.broken
}

func (h *host) SalesforceUser(_ context.Context, tenant orglink.TenantID, org sobject.ID, user orglink.UserID) (sobject.ID, error) {
	for key, u := range h.pairs {
		if id, ok := strings.CutPrefix(key, fmt.Sprint(tenant, "/", org, "/")); ok && u == user {
			return sobject.ID(id), h.broken
		}
	}
	return "", h.broken
}

func (h *host) Pair(_ context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, id sobject.ID, user orglink.UserID, by orglink.Actor) error {
	if h.faster != "" {
		h.pairs["acme/"+orgID+"/"+string(id)] = h.faster
		return errors.New("taken")
	}
	h.paired = append(h.paired, fmt.Sprint(tenant, " ", conn, " ", id, " ", user, " by ", by.User))
	return h.broken
}

func acmeConnected() *host {
	return &host{
		conns: map[orglink.TenantID][]connection.Connection{"acme": {{Tenant: "acme", ID: "c1", Type: "team", Org: connection.Org{ID: orgID}, State: connection.Healthy}}},
		pairs: map[string]orglink.UserID{"acme/" + orgID + "/" + userID: "rep"},
	}
}

type fixture struct {
	t    *testing.T
	idp  *idp
	host *host
	s    *signin.Service
}

func newFixture(t *testing.T, change ...func(*signin.Config)) *fixture {
	t.Helper()
	f := &fixture{t: t, idp: newIDP(t), host: acmeConnected()}
	cfg := f.config()
	for _, c := range change {
		c(&cfg)
	}
	var err error
	if f.s, err = signin.New(cfg); err != nil {
		t.Fatal(err)
	}
	return f
}

func ring(t *testing.T) orglink.Sealer {
	t.Helper()
	r, err := orglink.NewKeyRing(orglink.Key{ID: 1, Bytes: bytes.Repeat([]byte{9}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (f *fixture) config() signin.Config {
	return signin.Config{ClientID: "3MVG9signin", ClientSecret: orglink.NewSecret("the-app-secret"), RedirectURL: back, Connections: f.host, Pairs: f.host,
		Sealer: ring(f.t), Environment: "test", LoginHost: f.idp.URL, TrustedHosts: []string{strings.TrimPrefix(f.idp.URL, "http://")}, HTTPClient: f.idp.Client()}
}

// start begins a sign-in and returns what the browser has to bring back.
func (f *fixture) start(req signin.StartRequest) (url.Values, []*http.Cookie) {
	f.t.Helper()
	if req.Tenant == "" && req.Actor.Tenant == "" {
		req.Tenant = "acme"
	}
	to, err := f.s.Start(req)
	if err != nil {
		f.t.Fatal(err)
	}
	u, err := url.Parse(to.URL)
	if err != nil {
		f.t.Fatal(err)
	}
	f.idp.mu.Lock()
	f.idp.nonce = u.Query().Get("nonce")
	f.idp.mu.Unlock()
	return url.Values{"state": {u.Query().Get("state")}, "code": {"good"}}, []*http.Cookie{to.Cookie}
}
