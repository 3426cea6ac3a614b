package connection_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

func runAs(cfg *salesforcetest.Config) {
	cfg.Apps = []salesforcetest.App{{ClientID: "3MVG9server", ClientSecret: "the-server-secret", RunAs: "admin@orglink.example"}}
}

func TestConnectByClientCredentials(t *testing.T) {
	w := newWorld(t, runAs)
	req := connection.ConnectRequest{Flow: connection.ClientCredentials, Vouched: true}
	c, err := w.m.Connect(t.Context(), ada, req)
	w.say(c, err)
	if err != nil {
		t.Fatal(err)
	}
	if c.Flow != connection.ClientCredentials || c.User.Username != "admin@orglink.example" || c.State != connection.Healthy || c.Type != "team" {
		t.Errorf("connected %+v", c)
	}
	for range 2 {
		w.expire()
		if err := w.use(w.m, c); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.tokenPosts("client_credentials"); n != 3 {
		t.Errorf("%d token requests, want one for each session", n)
	}
	if n := w.approvals(); n != 0 {
		t.Errorf("%d approvals", n)
	}
	// Renewing needs no vouch: nothing becomes possible that was not.
	again, err := w.m.Connect(t.Context(), ada, connection.ConnectRequest{Flow: connection.ClientCredentials, Connection: c.ID})
	if err != nil || again.ID != c.ID || again.Grant == c.Grant {
		t.Errorf("again: %+v, %v", again, err)
	}
	if err := w.m.Disconnect(t.Context(), c.Tenant, c.ID); err != nil {
		t.Fatal(err)
	}
	if grants, err := w.tokens.Grants(t.Context(), "acme"); err != nil || len(grants) != 0 {
		t.Errorf("%d grants are left, %v", len(grants), err)
	}
}

// Such flows prove only that the org trusts the app. Another tenant's admin
// who names the org must not get in.
func TestConnectNeedsProof(t *testing.T) {
	w := newWorld(t, runAs)
	req := connection.ConnectRequest{Flow: connection.ClientCredentials}
	for name, try := range map[string]struct {
		actor  orglink.Actor
		change func(*connection.ConnectRequest)
		want   error
	}{
		"without a vouch":        {eve, nil, connection.ErrForeignOrg},
		"not an admin":           {bob, func(r *connection.ConnectRequest) { r.Vouched, r.Type = true, "personal" }, connection.ErrNotAllowed},
		"no flow":                {ada, func(r *connection.ConnectRequest) { r.Flow = connection.WebServer }, connection.ErrAuthorization},
		"a username too many":    {ada, func(r *connection.ConnectRequest) { r.Username = "ceo@acme.example" }, connection.ErrAuthorization},
		"no username":            {ada, func(r *connection.ConnectRequest) { r.Flow = connection.JWTBearer }, connection.ErrAuthorization},
		"look-alike host":        {ada, func(r *connection.ConnectRequest) { r.LoginHost = "acme.my.salesforce.com.evil.example" }, connection.ErrUntrustedHost},
		"another tenant's":       {eve, func(r *connection.ConnectRequest) { r.Connection, r.Vouched = "somebody's", true }, connection.ErrNotFound},
		"no key for assertions":  {ada, func(r *connection.ConnectRequest) { r.Flow, r.Username, r.Vouched = connection.JWTBearer, "a@b", true }, connection.ErrUnreachable},
		"a personal one, no org": {ada, func(r *connection.ConnectRequest) { r.Type, r.Owner, r.Vouched = "personal", "bob", true }, connection.ErrForeignOrg},
	} {
		r := req
		if try.change != nil {
			try.change(&r)
		}
		_, err := w.m.Connect(t.Context(), try.actor, r)
		w.say(err)
		if !errors.Is(err, try.want) {
			t.Errorf("%s: %v, want %v", name, err, try.want)
		}
	}
	for _, tenant := range []orglink.TenantID{"acme", "evil"} {
		if list, err := w.m.List(t.Context(), tenant); err != nil || len(list) != 0 {
			t.Errorf("%d connections came of it, %v", len(list), err)
		}
	}
	// An app that belongs to the tenant is proof.
	own := w.manager(func(cfg *connection.Config) { cfg.Apps[0].Tenant = "acme" })
	if _, err := own.Connect(t.Context(), ada, req); err != nil {
		t.Errorf("with an app of its own: %v", err)
	}
	if _, err := own.Connect(t.Context(), eve, req); !errors.Is(err, connection.ErrNotFound) {
		t.Errorf("another tenant with that app: %v", err)
	}
}

// When an admin changes the user that the app runs as, work stops: what the new
// user sees would be taken for all there is.
func TestRunAsAnother(t *testing.T) {
	w := newWorld(t, runAs)
	other := ""
	w.m = w.manager(w.rewriting(func(_ url.Values, answer map[string]any) {
		if other != "" {
			answer["id"] = other
			mac := hmac.New(sha256.New, []byte("the-server-secret"))
			fmt.Fprint(mac, other, answer["issued_at"])
			answer["signature"] = base64.StdEncoding.EncodeToString(mac.Sum(nil))
		}
	}))
	c, err := w.m.Connect(t.Context(), ada, connection.ConnectRequest{Flow: connection.ClientCredentials, Vouched: true})
	if err != nil {
		t.Fatal(err)
	}
	w.expire()
	other = "https://login.salesforce.com/id/" + string(c.Org.ID) + "/005x00000012Q9PAAU"
	if err := w.use(w.m, c); !errors.Is(err, connection.ErrSuspended) || !strings.Contains(err.Error(), "005x00000012Q9PAAU") {
		t.Errorf("got %v", err)
	}
	if g := w.grant(c); g.Generation != 1 {
		t.Error("the other user's token was stored")
	}
}

// serverKey is an app's key pair: what signs, and what the org is given.
var serverKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// jwtWorld is an org with an app for assertions; change is made to that app.
func jwtWorld(t *testing.T, change func(*salesforcetest.App)) *world {
	w := newWorld(t, func(cfg *salesforcetest.Config) {
		app := salesforcetest.App{ClientID: "3MVG9jwt", ClientSecret: "the-jwt-secret", PreAuthorized: true,
			Certificate: pemOf("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&serverKey().PublicKey))}
		if change != nil {
			change(&app)
		}
		cfg.Apps = []salesforcetest.App{app}
	})
	pkcs8, err := x509.MarshalPKCS8PrivateKey(serverKey())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(serverKey())), pemOf("PRIVATE KEY", pkcs8)} {
		key, err := connection.ParseSigningKey([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		w.signing = key
	}
	w.m = w.manager()
	return w
}

func TestConnectByJWTBearer(t *testing.T) {
	w := jwtWorld(t, nil)
	req := connection.ConnectRequest{Flow: connection.JWTBearer, Username: w.org.Ready().Username, Vouched: true}
	c, err := w.m.Connect(t.Context(), ada, req)
	w.say(c, err)
	if err != nil {
		t.Fatal(err)
	}
	if c.Flow != connection.JWTBearer || c.User.Username != req.Username || !slices.Contains(c.Scopes, "api") {
		t.Errorf("connected %+v", c)
	}
	other := w.manager()
	for range 3 {
		if err := w.org.Org().ExpireSessions(""); err != nil { // its clock cannot move: assertions bear times
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				if err := w.use([]*connection.Manager{w.m, other}[i%2], c); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	if n := w.tokenPosts("urn"); n != 4 {
		t.Errorf("%d assertions, want one for each session", n)
	}
	// A rep's connection, made by an admin, in the org that is connected.
	mine, err := w.m.Connect(t.Context(), ada, connection.ConnectRequest{Flow: connection.JWTBearer, Username: req.Username, Vouched: true, Type: "personal", Owner: "bob"})
	if err != nil || mine.Owner != "bob" || mine.Type != "personal" {
		t.Errorf("personal: %+v, %v", mine, err)
	}
	if n := w.approvals(); n != 0 {
		t.Errorf("%d approvals", n)
	}
	if counts, err := w.m.Approvals(t.Context(), "acme"); err != nil || len(counts) != 0 {
		t.Errorf("approvals counted: %+v, %v", counts, err)
	}
}

func TestJWTRefusals(t *testing.T) {
	for what, c := range map[string]struct {
		app    func(*salesforcetest.App)
		config func(*connection.App)
		user   string
		want   error
	}{
		"not approved":        {func(a *salesforcetest.App) { a.PreAuthorized = false }, nil, "", connection.ErrAppBlocked},
		"nobody's name":       {nil, nil, "nobody@nowhere.example", connection.ErrAppBlocked},
		"no certificate":      {func(a *salesforcetest.App) { a.Certificate = "" }, nil, "", connection.ErrAppRejected},
		"another client id":   {nil, func(a *connection.App) { a.ClientID = "3MVG9other" }, "", connection.ErrAppRejected},
		"the wrong audience":  {nil, func(a *connection.App) { a.Audience = connection.SandboxLogin }, "", connection.ErrAppRejected},
		"blocked by an admin": {func(a *salesforcetest.App) { a.Blocked = true }, nil, "", connection.ErrAppBlocked},
	} {
		w := jwtWorld(t, c.app)
		if c.config != nil {
			w.m = w.manager(func(cfg *connection.Config) { c.config(&cfg.Apps[0]) })
		}
		user := c.user
		if user == "" {
			user = w.org.Ready().Username
		}
		_, err := w.m.Connect(t.Context(), ada, connection.ConnectRequest{Flow: connection.JWTBearer, Username: user, Vouched: true})
		w.say(err)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
	}
}

func TestSigningKeys(t *testing.T) {
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(curve)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"nothing": "", "not PEM": "secret text", "not a key": pemOf("PRIVATE KEY", []byte("secret text")), "not RSA": pemOf("PRIVATE KEY", der)} {
		if _, err := connection.ParseSigningKey([]byte(text)); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", what, err)
		}
	}
	w := newWorld(t)
	cfg := w.config()
	cfg.Apps[0].SigningKey = connection.NewSigningKey(curve)
	if _, err := connection.New(cfg); err == nil || !strings.Contains(err.Error(), "RSA") {
		t.Errorf("an elliptic key: %v", err)
	}
	key := connection.NewSigningKey(serverKey())
	text := fmt.Sprintf("%v %+v %#v %s %x %+v", key, key, key, key, key, connection.App{SigningKey: key})
	for _, secret := range []string{serverKey().D.String(), serverKey().D.Text(16), serverKey().Primes[0].String()} {
		if strings.Contains(text, secret[:20]) {
			t.Errorf("the key was printed: %s", text)
		}
	}
}
