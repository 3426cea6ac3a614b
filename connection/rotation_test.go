package connection_test

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

func ringOf(t *testing.T, ids ...uint32) *orglink.KeyRing {
	t.Helper()
	var keys []orglink.Key
	for _, id := range ids {
		keys = append(keys, orglink.Key{ID: id, Bytes: bytes.Repeat([]byte{byte(6 + id)}, 32)}) // key 1 is the world's
	}
	ring, err := orglink.NewKeyRing(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func (w *world) withRing(ids ...uint32) *connection.Manager {
	ring := ringOf(w.t, ids...)
	return w.manager(func(cfg *connection.Config) { cfg.Sealer = ring })
}

// A new key in front, everything sealed again while refreshes go on, the old
// key dropped: no grant is lost.
func TestSealerKeyRotation(t *testing.T) {
	w := newWorld(t, rotating)
	conns := []connection.Connection{w.connect(ada, connection.StartRequest{}), w.connect(bob, connection.StartRequest{Type: "personal"}), w.connect(eve, connection.StartRequest{})}
	both := w.withRing(2, 1)
	var wg sync.WaitGroup
	for range 3 {
		w.expire()
		for _, c := range conns {
			wg.Go(func() {
				if err := w.use(both, c); err != nil {
					t.Error(err)
				}
			})
		}
		for range 5 {
			for _, tenant := range []orglink.TenantID{"acme", "evil"} {
				wg.Go(func() {
					if _, err := both.Rewrap(t.Context(), tenant); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
	}
	out, err := both.Rewrap(t.Context(), "acme")
	if err != nil || out.Sealed != 0 || out.Current != 2 || len(out.Failed) != 0 {
		t.Errorf("afterwards: %+v, %v", out, err)
	}
	alone := w.withRing(2)
	w.expire()
	for _, c := range conns {
		if err := w.use(alone, c); err != nil {
			t.Errorf("without the old key: %v", err)
		}
	}
	out, err = w.m.Rewrap(t.Context(), "acme") // has only the old key
	w.say(out, err)
	if !errors.Is(err, orglink.ErrSealed) || len(out.Failed) != 2 {
		t.Errorf("without the key: %+v, %v", out, err)
	}
}

// interrupted lets somebody else write before the first write of its user.
type interrupted struct {
	connection.TokenStore
	once sync.Once
}

func (s *interrupted) CompareAndSwap(ctx context.Context, g connection.Grant) (int64, error) {
	s.once.Do(func() {
		if now, err := s.Load(ctx, g.Tenant, g.ID); err == nil {
			now.Detail = "written meanwhile"
			_, _ = s.TokenStore.CompareAndSwap(ctx, now)
		}
	})
	return s.TokenStore.CompareAndSwap(ctx, g)
}

func TestRewrapBesideAnotherWriter(t *testing.T) {
	w := newWorld(t)
	c := w.connect(ada, connection.StartRequest{})
	ring := ringOf(t, 2, 1)
	m := w.manager(func(cfg *connection.Config) { cfg.Sealer, cfg.Tokens = ring, &interrupted{TokenStore: w.tokens} })
	if out, err := m.Rewrap(t.Context(), "acme"); err != nil || out.Sealed != 1 {
		t.Errorf("%+v, %v", out, err)
	}
	if g := w.grant(c); g.Detail != "written meanwhile" || !ring.Current(g.Access) || !ring.Current(g.Refresh) {
		t.Errorf("the other's write was lost, or the tokens have the old key: %q", g.Detail)
	}
}

// plainRing cannot tell which key sealed something.
type plainRing struct{ orglink.Sealer }

func TestRewrapOfAnotherSealer(t *testing.T) {
	w := newWorld(t)
	c := w.connect(ada, connection.StartRequest{})
	before := w.grant(c)
	m := w.manager(func(cfg *connection.Config) { cfg.Sealer = plainRing{w.ring} })
	if out, err := m.Rewrap(t.Context(), "acme"); err != nil || out.Sealed != 1 {
		t.Errorf("%+v, %v", out, err)
	}
	if after := w.grant(c); bytes.Equal(after.Access, before.Access) || bytes.Equal(after.Refresh, before.Refresh) {
		t.Error("it was not sealed again")
	}
	if err := w.use(w.m, c); err != nil {
		t.Error(err)
	}
}

// The consumer secret is replaced in Salesforce at some moment; processes know
// both for a while.
func TestClientSecretRotation(t *testing.T) {
	w := newWorld(t, rotating)
	c := w.connect(ada, connection.StartRequest{})
	right := w.config().Apps[0].ClientSecret
	w.m = w.manager(func(cfg *connection.Config) {
		cfg.Apps[0].ClientSecret, cfg.Apps[0].OtherSecret = orglink.NewSecret("the-next-secret"), right
	})
	w.expire()
	if err := w.use(w.m, c); err != nil {
		t.Errorf("a refresh: %v", err)
	}
	if again := w.connect(ada, connection.StartRequest{}); again.ID != c.ID {
		t.Error("an authorisation made another connection")
	}
	neither := w.manager(func(cfg *connection.Config) {
		cfg.Apps[0].ClientSecret, cfg.Apps[0].OtherSecret = orglink.NewSecret("the-next-secret"), orglink.NewSecret("one-more-secret")
	})
	w.expire()
	if err := w.use(neither, c); !errors.Is(err, connection.ErrAppRejected) {
		t.Errorf("with neither: %v", err)
	}
	if h, err := w.m.Check(t.Context(), c.Tenant, c.ID); err != nil || !h.OK() {
		t.Errorf("afterwards: %+v, %v", h, err)
	}
	cfg := w.config()
	cfg.Apps[0].ClientSecret, cfg.Apps[0].OtherSecret = orglink.Secret{}, right
	if _, err := connection.New(cfg); err == nil || !strings.Contains(err.Error(), "OtherSecret") {
		t.Errorf("an OtherSecret alone: %v", err)
	}
}

// Grants belong to a client id. A mistake in the configuration must not look
// like a revoked grant.
func TestAnotherClientIDUnderTheName(t *testing.T) {
	w := newWorld(t, rotating)
	c := w.connect(ada, connection.StartRequest{})
	w.expire()
	mistaken := w.manager(func(cfg *connection.Config) { cfg.Apps[0].ClientID = "3MVG9other" })
	if err := w.use(mistaken, c); !errors.Is(err, connection.ErrAppRejected) {
		t.Errorf("got %v", err)
	}
	if n := w.tokenPosts("refresh_token"); n != 0 {
		t.Errorf("%d refreshes with another app's id", n)
	}
	if err := w.use(w.m, c); err != nil {
		t.Errorf("with the right one: %v", err)
	}
}

// Two apps: the vendor's, and one that a customer created in its own org and
// whose secret changes while the product runs.
func TestAppsOfTenants(t *testing.T) {
	w := newWorld(t, func(cfg *salesforcetest.Config) {
		cfg.Apps = []salesforcetest.App{{ClientID: "vendor", ClientSecret: "vendor-secret"}, {ClientID: "customer", ClientSecret: "customer-secret", RotateRefreshTokens: true}}
	})
	secret := orglink.NewSecret("a-stale-secret")
	w.m = w.manager(func(cfg *connection.Config) {
		cfg.TenantApps = func(_ context.Context, tenant orglink.TenantID) ([]connection.App, error) {
			switch tenant {
			case "acme":
				return []connection.App{{Name: "own", ClientID: "customer", ClientSecret: secret}}, nil
			case "broken":
				return nil, errCrash
			}
			return nil, nil
		}
	})
	clientOf := func(actor orglink.Actor, req connection.StartRequest) string {
		u, err := url.Parse(w.start(actor, req).URL)
		if err != nil {
			t.Fatal(err)
		}
		return u.Query().Get("client_id")
	}
	for _, c := range []struct {
		actor orglink.Actor
		app   string
		want  string
	}{{ada, "", "customer"}, {ada, "own", "customer"}, {ada, "default", "vendor"}, {eve, "", "vendor"}} {
		if got := clientOf(c.actor, connection.StartRequest{App: c.app}); got != c.want {
			t.Errorf("tenant %s, app %q: client %s, want %s", c.actor.Tenant, c.app, got, c.want)
		}
	}
	if _, err := w.m.Start(t.Context(), eve, connection.StartRequest{App: "own"}); !errors.Is(err, connection.ErrNotFound) {
		t.Errorf("another tenant's app: %v", err)
	}
	if _, err := w.m.Start(t.Context(), orglink.Actor{Tenant: "broken", User: "u", Admin: true}, connection.StartRequest{}); !errors.Is(err, connection.ErrStorage) {
		t.Errorf("apps that cannot be read: %v", err)
	}
	if _, err := w.finish(ada, w.browse(w.start(ada, connection.StartRequest{}).URL, true)); !errors.Is(err, connection.ErrAppRejected) {
		t.Errorf("with a stale secret: %v", err)
	}
	secret = orglink.NewSecret("customer-secret")
	c := w.connect(ada, connection.StartRequest{})
	theirs := w.connect(eve, connection.StartRequest{})
	if c.App != "own" || theirs.App != "default" {
		t.Errorf("apps %s, %s", c.App, theirs.App)
	}
	w.expire()
	for _, c := range []connection.Connection{c, theirs} {
		if err := w.use(w.m, c); err != nil {
			t.Error(err)
		}
	}
	// A renewal stays with its app, also when another has become the default.
	vendors := w.connect(ada, connection.StartRequest{App: "default"})
	if vendors.ID != c.ID || vendors.App != "default" {
		t.Errorf("another app: %s, %s", vendors.ID, vendors.App)
	}
	if got := clientOf(ada, connection.StartRequest{Connection: c.ID}); got != "vendor" {
		t.Errorf("a renewal goes to %s", got)
	}
}
