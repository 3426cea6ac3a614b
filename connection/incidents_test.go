package connection_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// What went wrong with tokens in other integrations, each by where it is told;
// docs/incidents.md has the rows, and package salesforce what a client alone
// can get wrong.
func TestIncidentsTokens(t *testing.T) {
	t.Run("airbytehq/airbyte PR75283", func(t *testing.T) { // a long job kept the token it began with
		w := newWorld(t, rotating)
		c := w.connect(ada, connection.StartRequest{})
		client, err := w.m.Client(t.Context(), c.Tenant, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			w.expire()
			if _, err := client.Limits(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("airbytehq/airbyte PR82784", func(t *testing.T) { // 1,600 rejected refreshes in 38 minutes
		w := newWorld(t, rotating)
		c := w.connect(ada, connection.StartRequest{})
		if err := w.org.Org().RevokeGrants(w.org.Ready().Username); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 5 { // as many processes, each of them new
			m := w.manager()
			for range 20 {
				wg.Go(func() {
					if err := w.use(m, c); !errors.Is(err, connection.ErrNeedsReauthorization) {
						t.Errorf("got %v", err)
					}
				})
			}
		}
		wg.Wait()
		w.keep()
		if n := w.tokenPosts("refresh_token"); n != 1 {
			t.Errorf("%d refreshes of a revoked grant", n)
		}
		if kinds := w.kinds(); !slices.Equal(kinds, []string{connection.EventAuthorized, connection.EventState}) {
			t.Errorf("events %v", kinds)
		}
	})
	t.Run("airbytehq/airbyte PR80892", func(t *testing.T) { // the rotated token was not stored
		w := newWorld(t, rotating)
		c := w.connect(ada, connection.StartRequest{})
		for range 4 { // each process knows only what the store has
			w.expire()
			if err := w.use(w.manager(), c); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("restforce/restforce#957", func(t *testing.T) { // a rotated token was used again, which revokes all
		w := newWorld(t, rotating)
		c := w.connect(ada, connection.StartRequest{})
		w.expire()
		var wg sync.WaitGroup
		for range 8 {
			m := w.manager()
			wg.Go(func() {
				if err := w.use(m, c); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		sent := map[string]bool{}
		for _, r := range w.org.Requests() {
			if form, _ := url.ParseQuery(string(r.Body)); form.Get("grant_type") == "refresh_token" {
				if sent[form.Get("refresh_token")] {
					t.Error("a refresh token was sent twice")
				}
				sent[form.Get("refresh_token")] = true
			}
		}
		if len(sent) != 1 {
			t.Errorf("%d refreshes", len(sent))
		}
	})
	t.Run("Redpanda token mutex", func(t *testing.T) { // refreshes in a row instead of at once
		w := newWorld(t, rotating)
		c := w.connect(ada, connection.StartRequest{})
		first, err := w.m.TokenSource(c.Tenant, c.ID).Token()
		if err != nil {
			t.Fatal(err)
		}
		w.expire()
		for range 5 { // one after the other, with the same rejected token
			if _, err := w.manager().TokenSource(c.Tenant, c.ID).Rejected(t.Context(), first); err != nil {
				t.Error(err)
			}
		}
		if n := w.tokenPosts("refresh_token"); n != 1 {
			t.Errorf("%d refreshes", n)
		}
	})
	t.Run("simple-salesforce/simple-salesforce#594", func(t *testing.T) { // an endless loop of refreshes
		w := newWorld(t, rotating)
		c := w.connect(ada, connection.StartRequest{})
		w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "limits"}, Action: salesforcetest.Refuse(401, "INVALID_SESSION_ID", "Session expired or invalid")})
		if err := w.use(w.m, c); err == nil {
			t.Error("it succeeded")
		}
		if n := w.tokenPosts("refresh_token"); n != 1 {
			t.Errorf("%d refreshes for one request", n)
		}
	})
	t.Run("forcedotcom/SalesforcePy#56", func(t *testing.T) { // a logout ended the session of other workers
		w := newWorld(t, rotating)
		c := w.connect(ada, connection.StartRequest{})
		leaving := w.manager()
		if err := errors.Join(w.use(leaving, c), w.use(w.m, c), leaving.Close(t.Context())); err != nil {
			t.Fatal(err)
		}
		if err := w.use(w.m, c); err != nil {
			t.Error(err)
		}
		if n := w.tokenPosts("refresh_token"); n != 0 {
			t.Errorf("%d refreshes", n)
		}
	})
	for _, incident := range []string{
		"airbytehq/airbyte PR66135", "SalesforceLabs/OrgCheck#621", // the org blocks the app
	} {
		t.Run(incident, func(t *testing.T) {
			w := newWorld(t, rotating)
			c := w.connect(ada, connection.StartRequest{})
			if err := w.org.Org().BlockApp(w.org.Ready().ClientID, true); err != nil {
				t.Fatal(err)
			}
			err := w.use(w.m, c)
			if !errors.Is(err, connection.ErrAppBlocked) || !strings.Contains(connection.Explain(err), "Connected Apps OAuth Usage") {
				t.Errorf("got %v: %s", err, connection.Explain(err))
			}
			if err := w.org.Org().BlockApp(w.org.Ready().ClientID, false); err != nil {
				t.Fatal(err)
			}
			if h, err := w.m.Check(t.Context(), c.Tenant, c.ID); err != nil || !h.OK() {
				t.Errorf("unblocked: %+v, %v", h, err)
			}
		})
	}
	t.Run("forcedotcom/SalesforceMobileSDK-iOS#3541", func(t *testing.T) { // the instance moved
		w := newWorld(t)
		c := w.connect(ada, connection.StartRequest{})
		elsewhere := strings.Replace(w.org.URL, "127.0.0.1", "localhost", 1)
		m := w.manager(w.rewriting(func(_ url.Values, answer map[string]any) { answer["instance_url"] = elsewhere }), func(cfg *connection.Config) {
			cfg.TrustedHosts = append(cfg.TrustedHosts, strings.TrimPrefix(elsewhere, "http://"))
		})
		w.expire()
		if err := w.use(m, c); err != nil {
			t.Fatal(err)
		}
		if now := w.get(c); now.InstanceURL != elsewhere {
			t.Errorf("the instance is %s", now.InstanceURL)
		}
		// A process that does not trust the new address sends nothing there.
		before := len(w.org.Requests())
		if err := w.use(w.manager(), c); !errors.Is(err, connection.ErrUntrustedHost) || len(w.org.Requests()) != before {
			t.Errorf("without trust: %v, %d requests", err, len(w.org.Requests())-before)
		}
	})
	t.Run("airbytehq/airbyte#71024", func(t *testing.T) { // tokens were parsed
		w := newWorld(t, func(cfg *salesforcetest.Config) {
			rotating(cfg)
			cfg.Apps[0].JWTAccessTokens = true
		})
		c := w.connect(ada, connection.StartRequest{})
		for range 2 {
			if err := w.use(w.m, c); err != nil {
				t.Fatal(err)
			}
			w.expire()
		}
	})
	t.Run("singer-io/tap-salesforce#93", func(t *testing.T) { // secrets in logs
		w := newWorld(t, rotating)
		c := w.connect(ada, connection.StartRequest{})
		// Every kind of failure, one that repeats what it was sent included;
		// the end of the test greps what was said.
		w.m = w.manager(func(cfg *connection.Config) { cfg.SlowRetry = 1 })
		for _, echo := range []string{"form", "plain"} {
			w.expire()
			var once sync.Once
			var body string
			w.org.OnRequest(func(r salesforcetest.RequestRecord) {
				if r.Path == "/services/oauth2/token" {
					once.Do(func() { body = string(r.Body) })
				}
			})
			remove := w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "/services/oauth2/token"}, Action: salesforcetest.Answer(400,
				`{"error":"invalid_grant","error_description":"the-app-secret was sent, `+echo+`"}`)})
			err := w.use(w.m, c)
			w.say(err, body == "")
			if err == nil {
				t.Error("it succeeded")
			}
			remove()
			if _, err := w.m.Check(context.WithoutCancel(t.Context()), c.Tenant, c.ID); err != nil {
				t.Error(err)
			}
		}
	})
}
