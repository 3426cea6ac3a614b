package connection_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

func TestConnect(t *testing.T) {
	w := newWorld(t, rotating)
	auth := w.start(ada, connection.StartRequest{LoginHint: "admin@orglink.example", Prompt: "login"})
	u, err := url.Parse(auth.URL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("code_challenge") == "" || q.Get("code_challenge_method") != "S256" || q.Get("prompt") != "login" || q.Get("login_hint") == "" || !strings.Contains(q.Get("scope"), "refresh_token") {
		t.Errorf("the authorization URL lacks something: %v", q)
	}
	c := w.connect(ada, connection.StartRequest{})
	ready := w.org.Ready()
	if string(c.Org.ID) != ready.OrgID || string(c.User.ID) != ready.UserID || c.User.Username != ready.Username || c.Org.Name == "" || c.User.DisplayName == "" {
		t.Errorf("connected as %+v of %+v", c.User, c.Org)
	}
	if c.State != connection.Healthy || c.Type != "team" || c.Owner != "ada" || c.InstanceURL != w.org.URL || !slices.Contains(c.Scopes, "api") {
		t.Errorf("connection %+v", c)
	}
	if err := w.use(w.m, c); err != nil {
		t.Error(err)
	}
	a, _ := w.m.Client(t.Context(), c.Tenant, c.ID)
	if b, err := w.m.Client(t.Context(), c.Tenant, c.ID); err != nil || a != b {
		t.Errorf("a second Client is another one: %v", err)
	}
	if _, err := w.m.Client(t.Context(), "evil", c.ID); !errors.Is(err, connection.ErrNotFound) {
		t.Errorf("another tenant's client: %v", err)
	}
	if got := w.kinds(); !slices.Equal(got, []string{connection.EventAuthorized}) {
		t.Errorf("events %v", got)
	}
	list, err := w.m.List(t.Context(), "acme")
	if err != nil || len(list) != 1 {
		t.Errorf("List: %d, %v", len(list), err)
	}
	if n := w.tokenPosts("authorization_code"); n != 1 {
		t.Errorf("%d token requests, want 1", n)
	}
}

func TestStateIsBoundAndUsedOnce(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name   string
		actor  orglink.Actor
		change func(url.Values)
		want   error
	}{
		{"another tenant", eve, nil, connection.ErrOtherTenant},
		{"another user", bob, nil, connection.ErrOtherActor},
		{"tampered state", ada, func(q url.Values) { q.Set("state", q.Get("state")+"x") }, connection.ErrStateUnknown},
		{"no state", ada, func(q url.Values) { q.Del("state") }, connection.ErrStateUnknown},
		{"oversized state", ada, func(q url.Values) { q.Set("state", strings.Repeat("x", 1<<20)) }, connection.ErrStateUnknown},
		{"no code", ada, func(q url.Values) { q.Del("code") }, connection.ErrAuthorization},
		{"somebody else's code", ada, func(q url.Values) { q.Set("code", "aPrxWrong==") }, connection.ErrAuthorization},
	} {
		query := w.browse(w.start(ada, connection.StartRequest{}).URL, true)
		if c.change != nil {
			c.change(query)
		}
		_, err := w.finish(c.actor, query)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if text := connection.Explain(err); len(text) < 30 || strings.Contains(text, "connection:") {
			t.Errorf("%s: explained as %q", c.name, text)
		}
		// Whatever happened to it, a state that was seen is used up.
		if c.change == nil {
			if _, err := w.finish(ada, query); !errors.Is(err, connection.ErrStateUsed) {
				t.Errorf("%s, then by the right actor: %v", c.name, err)
			}
		}
	}
	if list, err := w.m.List(t.Context(), "acme"); err != nil || len(list) != 0 {
		t.Errorf("%d connections came of it, %v", len(list), err)
	}
	query := w.browse(w.start(ada, connection.StartRequest{}).URL, true)
	if _, err := w.finish(ada, query); err != nil {
		t.Fatal(err)
	}
	if _, err := w.finish(ada, query); !errors.Is(err, connection.ErrStateUsed) {
		t.Errorf("the callback opened twice: %v", err)
	}
}

func TestDenied(t *testing.T) {
	w := newWorld(t)
	_, err := w.finish(ada, w.browse(w.start(ada, connection.StartRequest{}).URL, false))
	if !errors.Is(err, connection.ErrDenied) || !strings.Contains(connection.Explain(err), "Allow") {
		t.Errorf("%v: %s", err, connection.Explain(err))
	}
	for code, want := range map[string]error{"OAUTH_APP_BLOCKED": connection.ErrAppBlocked, "server_error": connection.ErrAuthorization} {
		state := stateOf(t, w.start(ada, connection.StartRequest{}).URL)
		if _, err := w.finish(ada, url.Values{"state": {state}, "error": {code}, "error_description": {"<script>"}}); !errors.Is(err, want) {
			t.Errorf("%s: %v", code, err)
		}
	}
}

func stateOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("state")
}

func TestStartRefuses(t *testing.T) {
	w := newWorld(t)
	c := w.connect(ada, connection.StartRequest{})
	for name, try := range map[string]struct {
		actor orglink.Actor
		req   connection.StartRequest
		want  error
	}{
		"team by a user":             {bob, connection.StartRequest{}, connection.ErrNotAllowed},
		"nobody":                     {orglink.Actor{Tenant: "acme"}, connection.StartRequest{}, connection.ErrNotAllowed},
		"unknown type":               {ada, connection.StartRequest{Type: "family"}, connection.ErrNotFound},
		"unknown app":                {ada, connection.StartRequest{App: "other"}, connection.ErrNotFound},
		"another tenant's":           {eve, connection.StartRequest{Connection: c.ID}, connection.ErrNotFound},
		"look-alike host":            {ada, connection.StartRequest{LoginHost: "https://login.salesforce.com.evil.example"}, connection.ErrUntrustedHost},
		"host with a user":           {ada, connection.StartRequest{LoginHost: "https://login.salesforce.com@evil.example"}, connection.ErrUntrustedHost},
		"plain http":                 {ada, connection.StartRequest{LoginHost: "http://acme.my.salesforce.com"}, connection.ErrUntrustedHost},
		"a site of the org":          {ada, connection.StartRequest{LoginHost: "acme.my.site.com"}, connection.ErrUntrustedHost},
		"force.com":                  {ada, connection.StartRequest{LoginHost: "https://acme.force.com"}, connection.ErrUntrustedHost},
		"a team's by a user, renew":  {bob, connection.StartRequest{Connection: c.ID}, connection.ErrNotAllowed},
		"a change of type on renew":  {ada, connection.StartRequest{Connection: c.ID, Type: "personal"}, connection.ErrNotAllowed},
		"bare word":                  {ada, connection.StartRequest{LoginHost: "acme"}, connection.ErrUntrustedHost},
		"a host with another's port": {ada, connection.StartRequest{LoginHost: "127.0.0.1:1"}, connection.ErrUntrustedHost},
	} {
		if _, err := w.m.Start(t.Context(), try.actor, try.req); !errors.Is(err, try.want) {
			t.Errorf("%s: %v, want %v", name, err, try.want)
		}
	}
	for typed, want := range map[string]string{
		"production": "https://login.salesforce.com/", " Sandbox ": "https://test.salesforce.com/",
		"ACME.my.salesforce.com": "https://acme.my.salesforce.com/",
		"https://acme--uat.sandbox.lightning.force.com/lightning/page/home": "https://acme--uat.sandbox.my.salesforce.com/",
		"acme.my.salesforce-setup.com/lightning/setup":                      "https://acme.my.salesforce.com/",
		"base.lightning.crmforce.mil":                                       "https://base.my.salesforce.mil/",
		strings.TrimPrefix(w.org.URL, "http://"):                            w.org.URL + "/",
	} {
		auth, err := w.m.Start(t.Context(), ada, connection.StartRequest{LoginHost: typed})
		if err != nil || !strings.HasPrefix(auth.URL, want+"services/oauth2/authorize?") {
			t.Errorf("%q leads to %.60s, %v", typed, auth.URL, err)
		}
	}
}

func TestReauthorise(t *testing.T) {
	w := newWorld(t, rotating)
	first := w.connect(ada, connection.StartRequest{})
	again := w.connect(ada, connection.StartRequest{})
	third := w.connect(ada, connection.StartRequest{Connection: first.ID})
	if again.ID != first.ID || third.ID != first.ID || again.Grant == first.Grant || third.Grant == again.Grant {
		t.Errorf("ids %s %s %s, grants %s %s %s", first.ID, again.ID, third.ID, first.Grant, again.Grant, third.Grant)
	}
	grants, err := w.tokens.Grants(t.Context(), "acme")
	if err != nil || len(grants) != 1 || grants[0].ID != third.Grant {
		t.Errorf("%d grants are kept, %v", len(grants), err)
	}
	revoked := 0
	for _, r := range w.org.Requests() {
		if r.Path == "/services/oauth2/revoke" && r.Status == 200 {
			revoked++
		}
	}
	if revoked != 2 || len(third.Retired) != 0 {
		t.Errorf("%d old tokens were revoked, want 2; still listed: %v", revoked, third.Retired)
	}
	if err := w.use(w.m, third); err != nil {
		t.Error(err)
	}
	if got := w.kinds(); !slices.Equal(got, []string{connection.EventAuthorized, connection.EventReauthorized, connection.EventReauthorized}) {
		t.Errorf("events %v", got)
	}
}

func TestOtherOrg(t *testing.T) {
	w := newWorld(t)
	first := w.connect(ada, connection.StartRequest{})
	other := newWorld(t, func(cfg *salesforcetest.Config) { cfg.OrgID = "00Dbk0000000002" })
	w.m = w.manager(func(cfg *connection.Config) {
		cfg.TrustedHosts = append(cfg.TrustedHosts, strings.TrimPrefix(other.org.URL, "http://"))
	})
	try := func(req connection.StartRequest) (connection.Connection, error) {
		req.LoginHost = other.org.URL
		return w.finish(ada, other.browse(w.start(ada, req).URL, true))
	}
	if _, err := try(connection.StartRequest{Connection: first.ID}); !errors.Is(err, connection.ErrOtherOrg) {
		t.Fatalf("signing in to another org: %v", err)
	}
	// What was refused must not stay behind as one of the user's approvals.
	if reqs := other.org.Requests(); reqs[len(reqs)-1].Path != "/services/oauth2/revoke" {
		t.Errorf("the refused tokens were not revoked; the last request was %s", reqs[len(reqs)-1].Path)
	}
	if now := w.get(first); now.Org.ID != first.Org.ID || now.Grant != first.Grant {
		t.Errorf("the connection changed: %+v", now)
	}
	second, err := try(connection.StartRequest{})
	if err != nil || second.ID == first.ID {
		t.Fatalf("a second org: %v", err)
	}
	if _, err := try(connection.StartRequest{Connection: first.ID, AllowOtherOrg: true}); !errors.Is(err, connection.ErrOtherOrg) {
		t.Errorf("moving onto an org that is connected already: %v", err)
	}
	if err := w.m.Disconnect(t.Context(), "acme", second.ID); err != nil {
		t.Fatal(err)
	}
}

func TestPersonal(t *testing.T) {
	w := newWorld(t)
	personal := connection.StartRequest{Type: "personal"}
	if _, err := w.finish(bob, w.browse(w.start(bob, personal).URL, true)); !errors.Is(err, connection.ErrForeignOrg) {
		t.Fatalf("a personal connection before any team connection: %v", err)
	}
	team := w.connect(ada, connection.StartRequest{})
	mine := w.connect(bob, personal)
	if mine.ID == team.ID || mine.Owner != "bob" || mine.Type != "personal" {
		t.Errorf("personal %+v", mine)
	}
	if again := w.connect(bob, personal); again.ID != mine.ID {
		t.Errorf("the second one is another: %s, %s", mine.ID, again.ID)
	}
	if hers := w.connect(ada, personal); hers.ID == mine.ID {
		t.Error("two users share a personal connection")
	}
	if _, err := w.m.Start(t.Context(), ada, connection.StartRequest{Connection: mine.ID}); !errors.Is(err, connection.ErrNotAllowed) {
		t.Errorf("renewing somebody else's personal connection: %v", err)
	}
}

func TestSecretSettings(t *testing.T) {
	w := newWorld(t)
	cfg := w.config()
	cfg.Sealer = nil
	if _, err := connection.New(cfg); err == nil || !strings.Contains(err.Error(), "InsecureNoSealer") {
		t.Errorf("without a key: %v", err)
	}
	cfg.InsecureNoSealer = true
	if _, err := connection.New(cfg); err != nil {
		t.Errorf("without a key, on purpose: %v", err)
	}
	_, err := connection.New(connection.Config{Apps: []connection.App{{}}, LoginHost: "evil.example"})
	for _, part := range []string{"ClientID", "RedirectURL", "Store", "Tokens", "Sealer", "Environment", "LoginHost"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the problems of an empty configuration do not name %s: %v", part, err)
		}
	}
}

// Two admins who finish at once renew one connection; neither makes a second.
func TestTwoFinishAtOnce(t *testing.T) {
	w := newWorld(t)
	other := w.manager()
	first := w.browse(w.start(ada, connection.StartRequest{}).URL, true)
	second := w.browse(w.start(ada, connection.StartRequest{}).URL, true)
	results := make(chan error, 2)
	for m, query := range map[*connection.Manager]url.Values{w.m: first, other: second} {
		go func() {
			_, err := m.Finish(t.Context(), ada, query)
			results <- err
		}()
	}
	for range 2 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	list, err := w.m.List(t.Context(), "acme")
	if err != nil || len(list) != 1 {
		t.Fatalf("%d connections, %v", len(list), err)
	}
	if grants, err := w.tokens.Grants(t.Context(), "acme"); err != nil || len(grants) != 1 {
		t.Errorf("%d grants, %v", len(grants), err)
	}
	if err := w.use(w.m, list[0]); err != nil {
		t.Error(err)
	}
}
