package connection_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

const callback = "http://127.0.0.1:9/callback"

var (
	ada = orglink.Actor{Tenant: "acme", User: "ada", Group: "sales", Admin: true}
	bob = orglink.Actor{Tenant: "acme", User: "bob", Group: "sales"}
	eve = orglink.Actor{Tenant: "evil", User: "ada", Group: "sales", Admin: true} // same user id, other tenant
)

// world is a fake org and a host product beside it.
type world struct {
	t       *testing.T
	org     *salesforcetest.Server
	store   *connection.MemoryStore
	states  *watchedStore // store, as managers use it
	tokens  *connection.MemoryTokenStore
	ring    *orglink.KeyRing
	signing connection.SigningKey // of the app, where it has one
	m       *connection.Manager

	mu     sync.Mutex
	events []orglink.Event
	said   bytes.Buffer // everything that was logged, returned or emitted
}

func rotating(cfg *salesforcetest.Config) {
	cfg.Apps = []salesforcetest.App{{ClientID: "3MVG9key", ClientSecret: "the-app-secret", Name: "Product", RotateRefreshTokens: true, RequirePKCE: true}}
}

func newWorld(t *testing.T, change ...func(*salesforcetest.Config)) *world {
	t.Helper()
	var cfg salesforcetest.Config
	for _, f := range change {
		f(&cfg)
	}
	ring, err := orglink.NewKeyRing(orglink.Key{ID: 1, Bytes: bytes.Repeat([]byte{7}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, org: salesforcetest.NewServer(t, cfg), store: connection.NewMemoryStore(), tokens: connection.NewMemoryTokenStore(), ring: ring}
	w.states = &watchedStore{Store: w.store}
	w.m = w.manager()
	t.Cleanup(func() {
		if err := w.m.Close(context.Background()); err != nil {
			t.Error(err)
		}
		w.noSecrets()
	})
	return w
}

func (w *world) Emit(_ context.Context, e orglink.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, e)
	return nil
}

func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said.Write(p)
}

// manager is one more process of the host, on the same stores.
func (w *world) manager(change ...func(*connection.Config)) *connection.Manager {
	w.t.Helper()
	cfg := w.config()
	for _, f := range change {
		f(&cfg)
	}
	m, err := connection.New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

func (w *world) config() connection.Config {
	ready := w.org.Ready()
	return connection.Config{
		Apps:  []connection.App{{ClientID: ready.ClientID, ClientSecret: orglink.NewSecret(ready.ClientSecret), SigningKey: w.signing}},
		Store: w.states, Tokens: w.tokens, Sealer: w.ring, Environment: "test", RedirectURL: callback,
		LoginHost: w.org.URL, HTTPClient: w.org.Client(), TrustedHosts: []string{strings.TrimPrefix(w.org.URL, "http://")},
		Events: w, Logger: slog.New(slog.NewTextHandler(w, nil)),
	}
}

var (
	formAction  = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)
	hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// browse plays a person who signs in to Salesforce and allows or denies.
// It returns the callback's query.
func (w *world) browse(address string, allow bool) url.Values {
	w.t.Helper()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Transport: w.org.Client().Transport, Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), callback) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	ready := w.org.Ready()
	resp, err := browser.Get(address)
	button := "save"
	if !allow {
		button = "cancel"
	}
	for _, fields := range []url.Values{{"username": {ready.Username}, "pw": {ready.Password}}, {button: {"1"}}} {
		if err != nil {
			w.t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		m := formAction.FindSubmatch(body)
		if m == nil {
			w.t.Fatalf("no form in %s", body)
		}
		for _, h := range hiddenField.FindAllSubmatch(body, -1) {
			fields.Set(html.UnescapeString(string(h[1])), html.UnescapeString(string(h[2])))
		}
		resp, err = browser.PostForm(w.org.URL+html.UnescapeString(string(m[1])), fields)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	resp.Body.Close()
	u, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || !strings.HasPrefix(u.String(), callback) {
		w.t.Fatalf("the browser ended at %q with status %d", u, resp.StatusCode)
	}
	return u.Query()
}

func (w *world) start(actor orglink.Actor, req connection.StartRequest) connection.Authorization {
	w.t.Helper()
	auth, err := w.m.Start(w.t.Context(), actor, req)
	if err != nil {
		w.t.Fatal(err)
	}
	return auth
}

// connect runs a whole authorisation.
func (w *world) connect(actor orglink.Actor, req connection.StartRequest) connection.Connection {
	w.t.Helper()
	c, err := w.finish(actor, w.browse(w.start(actor, req).URL, true))
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) finish(actor orglink.Actor, query url.Values) (connection.Connection, error) {
	c, err := w.m.Finish(w.t.Context(), actor, query)
	w.say(c, err)
	return c, err
}

// say remembers what a host might log.
func (w *world) say(values ...any) {
	for _, v := range values {
		text, _ := json.Marshal(v)
		fmt.Fprintf(w, "%v %+v %#v %s\n", v, v, v, text)
		if err, ok := v.(error); ok {
			fmt.Fprintln(w, err.Error(), connection.Explain(err))
		}
	}
}

// noSecrets greps everything that was said, and what the stores hold, for what
// must not be: tokens, the app's secret, codes, verifiers, states.
func (w *world) noSecrets() {
	w.t.Helper()
	w.say(w.m, w.config())
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		fmt.Fprintf(&w.said, "%+v\n", e)
	}
	w.said.Write(w.stored())
	text := w.said.String()
	secrets := map[string]bool{w.org.Ready().ClientSecret: true}
	for _, r := range w.org.Requests() {
		if a := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "); a != "" {
			secrets[a] = true
		}
		if state := r.Query.Get("state"); state != "" {
			secrets[state] = true
		}
		form, _ := url.ParseQuery(string(r.Body))
		for _, name := range []string{"refresh_token", "token", "code", "code_verifier", "client_secret", "assertion"} {
			if v := form.Get(name); v != "" {
				secrets[v] = true
			}
		}
	}
	delete(secrets, "") // of an app without a secret
	travelled(secrets)
	for s := range secrets {
		if strings.Contains(text, s) || strings.Contains(text, url.QueryEscape(s)) {
			at := max(strings.Index(text, s), 0)
			w.t.Errorf("a secret was printed: ...%s...", text[max(0, at-80):min(len(text), at+len(s)+20)])
		}
	}
}

// stored is all bytes that the stores hold, and the texts inside them.
func (w *world) stored() []byte {
	var out []byte
	for _, tenant := range []orglink.TenantID{ada.Tenant, eve.Tenant} {
		grants, err := w.tokens.Grants(context.Background(), tenant)
		if err != nil {
			w.t.Error(err)
		}
		conns, err := w.store.Connections(context.Background(), tenant)
		if err != nil {
			w.t.Error(err)
		}
		for _, g := range grants {
			out = fmt.Appendf(append(append(out, g.Access...), g.Refresh...), "%+v", g)
		}
		out = fmt.Appendf(out, "%+v", conns)
	}
	for _, state := range w.states.seen() {
		out = fmt.Appendf(append(out, state.Verifier...), "%+v", state)
	}
	return out
}

// watchedStore remembers the states that were stored.
type watchedStore struct {
	connection.Store
	mu     sync.Mutex
	states []connection.AuthState
}

func (s *watchedStore) PutState(ctx context.Context, state connection.AuthState) error {
	s.mu.Lock()
	s.states = append(s.states, state)
	s.mu.Unlock()
	return s.Store.PutState(ctx, state)
}

func (s *watchedStore) seen() []connection.AuthState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.states
}

// tokenPosts counts what reached the token endpoint, by grant type.
func (w *world) tokenPosts(grantType string) int {
	n := 0
	for _, r := range w.org.Requests() {
		if r.Path == "/services/oauth2/token" && strings.Contains(string(r.Body), "grant_type="+grantType) {
			n++
		}
	}
	return n
}

// use makes one call with a connection's client.
func (w *world) use(m *connection.Manager, c connection.Connection) error {
	client, err := m.Client(w.t.Context(), c.Tenant, c.ID)
	if err == nil {
		_, err = client.Limits(w.t.Context())
	}
	w.say(err)
	return err
}

func (w *world) get(c connection.Connection) connection.Connection {
	w.t.Helper()
	now, err := w.m.Get(w.t.Context(), c.Tenant, c.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return now
}

// expire ends every access token.
func (w *world) expire() { w.org.Org().Advance(3 * time.Hour) }

func (w *world) kinds() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, e := range w.events {
		out = append(out, e.Kind)
	}
	return out
}
