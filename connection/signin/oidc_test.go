package signin_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/connection/signin"
	"github.com/orglink/orglink/salesforce/sobject"
)

var nobody = orglink.Actor{}

func TestSignIn(t *testing.T) {
	f := newFixture(t)
	query, cookies := f.start(signin.StartRequest{ReturnTo: "/companies?q=1"})
	got, err := f.s.Finish(t.Context(), nobody, query, cookies)
	if err != nil {
		t.Fatal(err)
	}
	if got.Tenant != "acme" || got.User != "rep" || got.Connection != "c1" || got.ReturnTo != "/companies?q=1" || got.Linked {
		t.Errorf("%+v", got)
	}
	if id := got.Identity; id.Org != orgID || id.User != userID || id.Username != "rep@acme.example" || id.AuthTime.Unix() != 1700000000 || id.Issuer != f.idp.URL {
		t.Errorf("%+v", id)
	}
	if f.idp.exchange.Get("code_verifier") == "" || f.idp.exchange.Get("client_secret") != "the-app-secret" {
		t.Errorf("the exchange sent %v", f.idp.exchange)
	}
	// The cookie is the only copy; the browser loses it with the callback.
	if c := f.s.Clear(query.Get("state")); c.Name != cookies[0].Name || c.MaxAge >= 0 {
		t.Errorf("Clear returns %v for %v", c, cookies[0])
	}
	if out := fmt.Sprintf("%v %+v %#v", f.s, f.s, f.s); strings.Contains(out, "secret") {
		t.Errorf("the service prints %s", out)
	}
}

func TestStartAsksForNoMoreThanNeeded(t *testing.T) {
	f := newFixture(t)
	to, err := f.s.Start(signin.StartRequest{Tenant: "acme", LoginHint: "rep@acme.example", Prompt: "login"})
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(to.URL)
	q := u.Query()
	if q.Get("scope") != "openid" || q.Get("code_challenge") == "" || q.Get("nonce") == "" || len(q.Get("state")) < 20 || q.Get("login_hint") != "rep@acme.example" || q.Get("prompt") != "login" {
		t.Errorf("asks for %v", q)
	}
	c := to.Cookie
	if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("cookie %+v", c)
	}
	for _, secret := range []string{q.Get("nonce"), q.Get("state"), "acme"} {
		if strings.Contains(c.Value, secret) {
			t.Errorf("the cookie shows %s", secret)
		}
	}
}

func TestStartRefuses(t *testing.T) {
	f := newFixture(t)
	for name, c := range map[string]struct {
		req  signin.StartRequest
		want error
	}{
		"open redirect":             {signin.StartRequest{Tenant: "acme", ReturnTo: "https://evil.example"}, signin.ErrReturnTo},
		"scheme-relative":           {signin.StartRequest{Tenant: "acme", ReturnTo: "//evil.example"}, signin.ErrReturnTo},
		"backslash":                 {signin.StartRequest{Tenant: "acme", ReturnTo: `/\evil.example`}, signin.ErrReturnTo},
		"a tab that browsers drop":  {signin.StartRequest{Tenant: "acme", ReturnTo: "/\t/evil.example"}, signin.ErrReturnTo},
		"a page without end":        {signin.StartRequest{Tenant: "acme", ReturnTo: "/" + strings.Repeat("x", 5000)}, signin.ErrReturnTo},
		"javascript":                {signin.StartRequest{Tenant: "acme", ReturnTo: "javascript:alert(1)"}, signin.ErrReturnTo},
		"look-alike login host":     {signin.StartRequest{Tenant: "acme", LoginHost: "login.salesforce.com.evil.example"}, connection.ErrUntrustedHost},
		"a site that others fill":   {signin.StartRequest{Tenant: "acme", LoginHost: "https://acme.my.site.com"}, connection.ErrUntrustedHost},
		"an actor without a tenant": {signin.StartRequest{Actor: orglink.Actor{User: "rep"}}, connection.ErrNotAllowed},
		"no tenant":                 {signin.StartRequest{}, nil},
	} {
		if to, err := f.s.Start(c.req); err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, %v", name, to.URL, err)
		}
	}
}

// Each ID token is signed or claimed in a way that must not sign anybody in.
func TestIDTokenRefused(t *testing.T) {
	f := newFixture(t)
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set := func(key string, value any) func(h, c map[string]any) string {
		return func(_, c map[string]any) string { c[key] = value; return "" }
	}
	for name, sign := range map[string]func(h, c map[string]any) string{
		"none":              func(_, _ map[string]any) string { return "=" },
		"alg none":          func(h, c map[string]any) string { h["alg"] = "none"; return encode(h, c) + "." },
		"alg HS256":         f.idp.hs256,
		"another key":       func(h, c map[string]any) string { return f.idp.rs256(stranger, h, c) },
		"an unknown key id": func(h, c map[string]any) string { h["kid"] = "999"; return f.idp.rs256(stranger, h, c) },
		"cut signature":     func(h, c map[string]any) string { s := f.idp.rs256(f.idp.key, h, c); return s[:len(s)-8] },
		"altered claims": func(h, c map[string]any) string {
			s := f.idp.rs256(f.idp.key, h, c)
			c["sub"] = "x"
			return encode(h, c) + s[strings.LastIndex(s, "."):]
		},
		"wrong issuer":         set("iss", "https://evil.example"),
		"another org's issuer": set("iss", "https://evil.my.salesforce.com"),
		"issuer with a path":   set("iss", f.idp.URL+"/"),
		"wrong audience":       set("aud", "3MVG9other"),
		"expired":              set("exp", time.Now().Add(-time.Minute).Unix()),
		"replayed":             set("nonce", "of another sign-in"),
		"no nonce":             set("nonce", ""),
		"another access token": set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"),
		"no user":              set("sub", "rep@acme.example"),
		"a subject elsewhere":  set("sub", "https://login.salesforce.com/id/"+orgID+"/001x00000012Q9PAAU"),
		"two users":            set("user_id", "005x00000012Q9QAAU"),
		"two orgs":             set("organization_id", otherOrg),
		"claims of no sense":   set("email_verified", map[string]any{"a": 1}),
		"not a token":          func(_, _ map[string]any) string { return "a.b.c" },
	} {
		f.idp.sign = sign
		query, cookies := f.start(signin.StartRequest{})
		got, err := f.s.Finish(t.Context(), nobody, query, cookies)
		if !errors.Is(err, signin.ErrIDToken) || got != (signin.Result{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if err != nil && (strings.Contains(err.Error(), "the-app-secret") || strings.Contains(err.Error(), "00Dx!access")) {
			t.Errorf("%s: a secret in %v", name, err)
		}
	}
}

// The browser brings another sign-in's state, nothing, or what somebody made.
func TestCallbackRefused(t *testing.T) {
	f := newFixture(t)
	query, cookies := f.start(signin.StartRequest{})
	other, otherCookies := f.start(signin.StartRequest{})
	renamed := *otherCookies[0]
	renamed.Name = cookies[0].Name
	damaged := *cookies[0]
	damaged.Value = damaged.Value[:30] + "AAAA" + damaged.Value[34:]
	with := func(q url.Values, key, value string) url.Values {
		out := url.Values{}
		for k, v := range q {
			out[k] = v
		}
		out.Set(key, value)
		return out
	}
	for name, c := range map[string]struct {
		query   url.Values
		cookies []*http.Cookie
		want    error
	}{
		"forged login: no cookie":   {query, nil, signin.ErrTicket},
		"another tab's cookie":      {query, otherCookies, signin.ErrTicket},
		"another ticket, renamed":   {query, []*http.Cookie{&renamed}, signin.ErrTicket},
		"a damaged ticket":          {query, []*http.Cookie{&damaged}, signin.ErrTicket},
		"no state":                  {with(query, "state", ""), cookies, signin.ErrTicket},
		"a state without end":       {with(query, "state", strings.Repeat("s", 1<<20)), cookies, signin.ErrTicket},
		"denied":                    {with(other, "error", "access_denied"), otherCookies, connection.ErrDenied},
		"refused":                   {with(other, "error", "invalid_scope\r\nX: y"), otherCookies, connection.ErrAuthorization},
		"no code":                   {with(other, "code", ""), otherCookies, connection.ErrAuthorization},
		"a code without end":        {with(other, "code", strings.Repeat("c", 1<<20)), otherCookies, connection.ErrAuthorization},
		"a code used up or swapped": {with(other, "code", "bad"), otherCookies, connection.ErrAuthorization},
	} {
		got, err := f.s.Finish(t.Context(), nobody, c.query, c.cookies)
		if !errors.Is(err, c.want) || got != (signin.Result{}) {
			t.Errorf("%s: %+v, %v, want %v", name, got, err, c.want)
		}
		if err != nil && (len(err.Error()) > 300 || strings.ContainsAny(err.Error(), "\r\n")) {
			t.Errorf("%s: the error repeats what came: %.200q", name, err)
		}
	}
	elsewhere := newFixture(t, func(cfg *signin.Config) { cfg.Environment = "staging" })
	if _, err := elsewhere.s.Finish(t.Context(), nobody, query, cookies); !errors.Is(err, signin.ErrTicket) {
		t.Errorf("a ticket of another environment: %v", err)
	}
}

func TestTicketExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// No request is made, so no server is needed.
		f := &fixture{t: t, host: acmeConnected(), idp: &idp{Server: &httptest.Server{URL: "http://127.0.0.1:9"}}}
		s, err := signin.New(signin.Config{ClientID: "x", RedirectURL: back, Connections: f.host, Pairs: f.host, Sealer: ring(t), Environment: "test"})
		if err != nil {
			t.Fatal(err)
		}
		f.s = s
		query, cookies := f.start(signin.StartRequest{})
		time.Sleep(10*time.Minute + time.Second)
		if _, err := s.Finish(t.Context(), nobody, query, cookies); !errors.Is(err, signin.ErrTicket) {
			t.Errorf("after ten minutes: %v", err)
		}
	})
}

func TestWhoIsFound(t *testing.T) {
	two := connection.Connection{Tenant: "two", ID: "c2", Type: "team", Org: connection.Org{ID: orgID}, State: connection.Healthy}
	for name, c := range map[string]struct {
		tenant orglink.TenantID
		change func(*host)
		want   error
	}{
		"paired":                {"acme", nil, nil},
		"the login page of all": {"", nil, nil},
		"not paired":            {"acme", func(h *host) { clear(h.pairs) }, signin.ErrNotPaired},
		"paired in another org only": {"acme", func(h *host) {
			h.pairs = map[string]orglink.UserID{"acme/" + otherOrg + "/" + userID: "rep"}
		}, signin.ErrNotPaired},
		"the org is another tenant's":   {"two", nil, connection.ErrForeignOrg},
		"disconnected":                  {"acme", func(h *host) { h.conns["acme"][0].State = connection.Disconnected }, connection.ErrForeignOrg},
		"connected by one person only":  {"acme", func(h *host) { h.conns["acme"][0].Type = "personal" }, connection.ErrForeignOrg},
		"a store that forgot to filter": {"acme", func(h *host) { h.conns["acme"][0].Tenant = "two" }, connection.ErrForeignOrg},
		"two tenants, paired in one":    {"", func(h *host) { h.conns["two"] = []connection.Connection{two} }, nil},
		"two tenants, paired in both": {"", func(h *host) {
			h.conns["two"] = []connection.Connection{two}
			h.pairs["two/"+orgID+"/"+userID] = "r2"
		}, signin.ErrChooseTenant},
		"a broken store": {"acme", func(h *host) { h.broken = http.ErrServerClosed }, http.ErrServerClosed},
	} {
		f := newFixture(t, func(cfg *signin.Config) {
			cfg.Tenants = func(_ context.Context, org sobject.ID) ([]orglink.TenantID, error) {
				return []orglink.TenantID{"acme", "two"}, nil
			}
		})
		if c.change != nil {
			c.change(f.host)
		}
		to, err := f.s.Start(signin.StartRequest{Tenant: c.tenant})
		if err != nil {
			t.Fatal(err)
		}
		u, _ := url.Parse(to.URL)
		f.idp.nonce = u.Query().Get("nonce")
		got, err := f.s.Finish(t.Context(), nobody, url.Values{"state": {u.Query().Get("state")}, "code": {"good"}}, []*http.Cookie{to.Cookie})
		if !errors.Is(err, c.want) || c.want == nil && (got.User != "rep" || got.Tenant != "acme") {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		var choose *signin.ChooseTenantError
		if c.want == signin.ErrChooseTenant && (!errors.As(err, &choose) || len(choose.Tenants) != 2) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && signin.Explain(err) == "" {
			t.Errorf("%s has no sentence", name)
		}
		if len(f.host.paired) > 0 {
			t.Errorf("%s: a sign-in made a pair", name)
		}
	}
}

// A signed-in user links the Salesforce user that he proves to be; nobody else
// can finish it for him.
func TestLink(t *testing.T) {
	f := newFixture(t)
	clear(f.host.pairs)
	dora := orglink.Actor{Tenant: "acme", User: "dora"}
	query, cookies := f.start(signin.StartRequest{Actor: dora, ReturnTo: "/me"})
	for name, present := range map[string]orglink.Actor{"nobody": nobody, "another user": {Tenant: "acme", User: "rep"}, "another tenant's": {Tenant: "two", User: "dora"}} {
		if _, err := f.s.Finish(t.Context(), present, query, cookies); !errors.Is(err, connection.ErrOtherActor) {
			t.Errorf("%s: %v", name, err)
		}
	}
	got, err := f.s.Finish(t.Context(), dora, query, cookies)
	if err != nil || !got.Linked || got.User != "dora" || got.ReturnTo != "/me" || len(f.host.paired) != 1 || f.host.paired[0] != "acme c1 "+userID+" dora by dora" {
		t.Fatalf("%+v, %v, %v", got, err, f.host.paired)
	}
	f.host.pairs["acme/"+orgID+"/"+userID] = "dora"
	query, cookies = f.start(signin.StartRequest{Actor: dora})
	if got, err = f.s.Finish(t.Context(), dora, query, cookies); err != nil || got.Linked || len(f.host.paired) != 1 {
		t.Errorf("linked already: %+v, %v", got, err)
	}
	f.host.pairs["acme/"+orgID+"/"+userID] = "rep"
	query, cookies = f.start(signin.StartRequest{Actor: dora})
	if _, err = f.s.Finish(t.Context(), dora, query, cookies); !errors.Is(err, signin.ErrPairedOther) {
		t.Errorf("somebody else's Salesforce user: %v", err)
	}
	f.host.pairs = map[string]orglink.UserID{"acme/" + orgID + "/005000000000099AAA": "dora"}
	query, cookies = f.start(signin.StartRequest{Actor: dora})
	if _, err = f.s.Finish(t.Context(), dora, query, cookies); !errors.Is(err, signin.ErrLinkedOther) || signin.Explain(err) == signin.Explain(signin.ErrPairedOther) {
		t.Errorf("who has another Salesforce user: %v", err)
	}
	clear(f.host.pairs)
	f.host.faster = "rep"
	query, cookies = f.start(signin.StartRequest{Actor: dora})
	if _, err = f.s.Finish(t.Context(), dora, query, cookies); !errors.Is(err, signin.ErrPairedOther) {
		t.Errorf("somebody was faster: %v", err)
	}
	f.host.conns["acme"][0].Org.ID = otherOrg
	query, cookies = f.start(signin.StartRequest{Actor: dora})
	if _, err = f.s.Finish(t.Context(), dora, query, cookies); !errors.Is(err, connection.ErrForeignOrg) {
		t.Errorf("an org that is not connected: %v", err)
	}
}

func TestSalesforceIsDown(t *testing.T) {
	f := newFixture(t)
	query, cookies := f.start(signin.StartRequest{})
	f.idp.Close()
	_, err := f.s.Finish(t.Context(), nobody, query, cookies)
	if !errors.Is(err, connection.ErrUnreachable) || strings.Contains(err.Error(), "good") {
		t.Errorf("%v", err)
	}
}

func TestConfigNamesAllProblems(t *testing.T) {
	_, err := signin.New(signin.Config{RedirectURL: "http://product.example/cb", LoginHost: "evil.example", Lifetime: 2 * time.Hour})
	for _, want := range []string{"ClientID", "Connections", "Pairs", "Sealer", "Environment", "RedirectURL", "LoginHost", "Lifetime"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not named in %v", want, err)
		}
	}
}

// Keys that cannot be fetched are no forged token; those that are known are not
// fetched again.
func TestKeysAreAway(t *testing.T) {
	f := newFixture(t)
	finish := func() error {
		query, cookies := f.start(signin.StartRequest{})
		_, err := f.s.Finish(t.Context(), nobody, query, cookies)
		return err
	}
	for name, away := range map[string]http.HandlerFunc{
		"a dead line":   func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"an error page": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
	} {
		f.idp.keys(away)
		if err := finish(); !errors.Is(err, connection.ErrUnreachable) || errors.Is(err, signin.ErrIDToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f.idp.keys(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<secret page>") })
	if err := finish(); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a page instead of keys: %v", err)
	}
	f.idp.keys(nil)
	if err := finish(); err != nil {
		t.Fatal(err)
	}
	f.idp.keys(func(http.ResponseWriter, *http.Request) { t.Error("keys that are known were fetched again") })
	if err := finish(); err != nil {
		t.Error(err)
	}
}
