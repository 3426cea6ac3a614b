package conformance

import (
	"context"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/connection/connectiontest"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

func TestConnectionSQLStores(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		fresh := func(t *testing.T) *connection.SQLStore {
			d := open(t)
			s, err := connection.NewSQLStore(d.DB, d.Config)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Check(t.Context()); err == nil {
				t.Fatal("Check is content with an empty database")
			}
			for range 2 { // the second finds nothing to do
				if err := s.Migrate(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			return s
		}
		// Apart, because some checks share a name, and SQLite's file names
		// must not hold the # that go test would add.
		t.Run("store", func(t *testing.T) {
			connectiontest.TestStore(t, func(t *testing.T) connection.Store { return fresh(t) })
		})
		t.Run("tokens", func(t *testing.T) {
			connectiontest.TestTokenStore(t, func(t *testing.T) connection.TokenStore { return fresh(t).Tokens() })
		})
	})
}

// Two processes on one database, rotation on: one refresh for each expiry,
// however many ask (rule A1).
func TestConnectionRefreshAcrossProcesses(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		org := salesforcetest.NewServer(t, salesforcetest.Config{Apps: []salesforcetest.App{
			{ClientID: "key", ClientSecret: "secret", RotateRefreshTokens: true, RequirePKCE: true, PreAuthorized: true}}})
		d := open(t)
		key := make([]byte, 32)
		ring, err := orglink.NewKeyRing(orglink.Key{ID: 1, Bytes: key})
		if err != nil {
			t.Fatal(err)
		}
		var managers []*connection.Manager
		for range 2 {
			s, err := connection.NewSQLStore(d.DB, d.Config)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			m, err := connection.New(connection.Config{
				Apps:  []connection.App{{ClientID: "key", ClientSecret: orglink.NewSecret("secret")}},
				Store: s, Tokens: s.Tokens(), Sealer: ring, Environment: "test", RedirectURL: "http://127.0.0.1:9/callback",
				LoginHost: org.URL, TrustedHosts: []string{strings.TrimPrefix(org.URL, "http://")},
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = m.Close(context.Background()) })
			managers = append(managers, m)
		}
		actor := orglink.Actor{Tenant: "acme", User: "ada", Admin: true}
		auth, err := managers[0].Start(t.Context(), actor, connection.StartRequest{})
		if err != nil {
			t.Fatal(err)
		}
		query := signIn(t, org, auth.URL)
		c, err := managers[1].Finish(t.Context(), actor, query)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := managers[0].Finish(t.Context(), actor, query); !errors.Is(err, connection.ErrStateUsed) {
			t.Errorf("the callback again, at the other process: %v", err)
		}
		const expiries = 5
		for range expiries {
			org.Org().Advance(3 * time.Hour)
			var wg sync.WaitGroup
			errs := make([]error, 30)
			for i := range errs {
				wg.Go(func() {
					client, err := managers[i%2].Client(t.Context(), c.Tenant, c.ID)
					if err == nil {
						_, err = client.Limits(t.Context())
					}
					errs[i] = err
				})
			}
			wg.Wait()
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
		}
		refreshes := 0
		for _, r := range org.Requests() {
			if r.Path == "/services/oauth2/token" && strings.Contains(string(r.Body), "grant_type=refresh_token") {
				refreshes++
			}
		}
		if refreshes != expiries {
			t.Errorf("%d refreshes for %d expiries", refreshes, expiries)
		}
		if out, err := managers[0].Forget(t.Context(), "acme"); err != nil || out.Connections != 1 || out.Grants != 1 {
			t.Errorf("Forget: %+v, %v", out, err)
		}
	})
}

// signIn plays a person at the login page and returns the callback's query.
func signIn(t *testing.T, org *salesforcetest.Server, address string) url.Values {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/callback" {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	ready := org.Ready()
	resp, err := browser.PostForm(org.URL+"/login", url.Values{"username": {ready.Username}, "pw": {ready.Password}, "startURL": {strings.TrimPrefix(address, org.URL)}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	u, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || u.Query().Get("code") == "" {
		t.Fatalf("the browser ended at %v with status %d", u, resp.StatusCode)
	}
	return u.Query()
}
