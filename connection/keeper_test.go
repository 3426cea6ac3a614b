package connection_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/sync/runner"
)

var _ runner.Job = (*connection.Keeper)(nil)

// age lets a connection's grant be last refreshed some time ago.
func (w *world) age(c connection.Connection, d time.Duration) {
	w.t.Helper()
	g := w.grant(c)
	g.Issued = time.Now().Add(-d)
	if _, err := w.tokens.CompareAndSwap(w.t.Context(), g); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) keep() time.Time {
	w.t.Helper()
	next, err := w.m.Keeper("acme").Step(w.t.Context(), 1)
	w.say(err)
	if err != nil {
		w.t.Error(err)
	}
	return next
}

const day = 24 * time.Hour

// Rule A4: a grant that nobody uses is refreshed well inside 30 days.
func TestIdleGrantsAreRefreshed(t *testing.T) {
	w := newWorld(t, rotating)
	idle, fresh := w.connect(ada, connection.StartRequest{}), w.connect(bob, connection.StartRequest{Type: "personal"})
	theirs := w.connect(eve, connection.StartRequest{})
	w.age(idle, 8*day)
	w.age(fresh, 6*day)
	w.age(theirs, 20*day)
	next := w.keep()
	if n := w.tokenPosts("refresh_token"); n != 1 {
		t.Errorf("%d refreshes, want that of the idle grant", n)
	}
	if g := w.grant(idle); g.Generation != 2 || g.Intent != nil || time.Since(g.Issued) > time.Minute {
		t.Errorf("generation %d, issued %s", g.Generation, g.Issued)
	}
	if wait := time.Until(next); wait <= 0 || wait > time.Hour {
		t.Errorf("it looks again in %s", wait)
	}
	w.keep()
	if n := w.tokenPosts("refresh_token"); n != 1 {
		t.Errorf("%d refreshes after a second look", n)
	}
	if err := w.use(w.manager(), idle); err != nil {
		t.Error(err)
	}
	// A year without a single use, looked at every hour by two processes.
	keys := map[string]bool{w.m.Keeper("acme").Key(): true, w.m.Keeper("evil").Key(): true, w.manager().Keeper("acme").Key(): true}
	if len(keys) != 2 {
		t.Errorf("keys %v", keys)
	}
	cfg := w.config()
	cfg.IdleRefresh = 29 * day
	if _, err := connection.New(cfg); err == nil || !strings.Contains(err.Error(), "IdleRefresh") {
		t.Errorf("29 days: %v", err)
	}
}

// A user who was deactivated over the weekend: the keeper tries again, slowly,
// and the host hears when it works again.
func TestKeeperTriesAgain(t *testing.T) {
	w := newWorld(t, rotating)
	c := w.connect(ada, connection.StartRequest{})
	heal := w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "/services/oauth2/token"}, Action: salesforcetest.Answer(400, `{"error":"invalid_grant","error_description":"inactive user"}`)})
	w.expire()
	if err := w.use(w.m, c); !errors.Is(err, connection.ErrUserInactive) {
		t.Fatal(err)
	}
	next := w.keep()
	if n := w.tokenPosts("refresh_token"); n != 1 || time.Until(next) > 15*time.Minute {
		t.Errorf("%d refreshes before the pause is over, next look in %s", n, time.Until(next))
	}
	g := w.grant(c)
	g.RetryAt = time.Now().Add(-time.Second)
	if _, err := w.tokens.CompareAndSwap(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	heal()
	w.keep()
	if now := w.get(c); now.State != connection.Healthy {
		t.Errorf("state %s (%s)", now.State, now.StateDetail)
	}
	if kinds := w.kinds(); len(kinds) != 3 || kinds[2] != connection.EventState {
		t.Errorf("events %v", kinds)
	}
	// What waits for a person is not tried.
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "/services/oauth2/token"}, Action: salesforcetest.Answer(400, `{"error":"invalid_grant","error_description":"expired access/refresh token"}`)})
	w.expire()
	if err := w.use(w.m, c); !errors.Is(err, connection.ErrNeedsReauthorization) {
		t.Fatal(err)
	}
	w.age(c, 20*day)
	posts := w.tokenPosts("refresh_token")
	for range 3 {
		w.keep()
	}
	if n := w.tokenPosts("refresh_token"); n != posts {
		t.Errorf("%d refreshes of a revoked grant", n-posts)
	}
}

// Events that nobody took, tokens that could not be revoked, and grants of dead
// processes are the keeper's too.
func TestKeeperTidiesUp(t *testing.T) {
	w := newWorld(t)
	deaf := errors.New("queue is full")
	got := 0
	w.m = w.manager(func(cfg *connection.Config) {
		cfg.Events = connection.EventFunc(func(context.Context, orglink.Event) error {
			if deaf == nil {
				got++
			}
			return deaf
		})
	})
	c := w.connect(ada, connection.StartRequest{})
	heal := w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "/services/oauth2/revoke"}, Action: salesforcetest.Answer(503, "")})
	if err := w.m.Disconnect(t.Context(), "acme", c.ID); !errors.Is(err, connection.ErrUnreachable) {
		t.Fatal(err)
	}
	heal()
	deaf = nil
	w.keep()
	if now := w.get(c); len(now.Retired) != 0 || len(now.Pending) != 0 || got != 3 || w.approvals() != 0 {
		t.Errorf("retired %v, %d events wait, %d came, %d approvals", now.Retired, len(now.Pending), got, w.approvals())
	}
}

// A batch at a time: a step is bounded however many are due.
func TestKeeperStepsAreBounded(t *testing.T) {
	w := newWorld(t, func(cfg *salesforcetest.Config) { cfg.ApprovalLimit = -1 })
	w.connect(ada, connection.StartRequest{})
	for i := range 24 {
		w.age(w.connect(rep(i), connection.StartRequest{Type: "personal"}), 8*day)
	}
	if next := w.keep(); next.After(time.Now()) || w.tokenPosts("refresh_token") != 20 {
		t.Errorf("%d refreshes, next in %s", w.tokenPosts("refresh_token"), time.Until(next))
	}
	if next := w.keep(); !next.After(time.Now()) || w.tokenPosts("refresh_token") != 24 {
		t.Errorf("%d refreshes, next in %s", w.tokenPosts("refresh_token"), time.Until(next))
	}
}

func TestTokenSource(t *testing.T) {
	w := newWorld(t, rotating)
	c := w.connect(ada, connection.StartRequest{})
	src := w.m.TokenSource(c.Tenant, c.ID)
	first, err := src.Token()
	if err != nil {
		t.Fatal(err)
	}
	if first.Type() != "Bearer" || first.Extra("instance_url") != w.org.URL || time.Until(first.Expiry) > time.Hour || !first.Valid() {
		t.Errorf("token of type %s for %v until %s", first.Type(), first.Extra("instance_url"), first.Expiry)
	}
	// As the http.Client of other code.
	ctx := context.WithValue(t.Context(), oauth2.HTTPClient, w.org.Client())
	resp, err := oauth2.NewClient(ctx, src).Get(w.org.URL + "/services/data/v66.0/limits")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", resp, err)
	}
	resp.Body.Close()
	// Who is told of a rejection passes it on; many at once cost one refresh.
	w.expire()
	tokens := make(chan *oauth2.Token, 10)
	for range cap(tokens) {
		go func() {
			next, err := src.Rejected(t.Context(), first)
			if err != nil {
				t.Error(err)
			}
			tokens <- next
		}()
	}
	for range cap(tokens) {
		if next := <-tokens; next == nil || next.AccessToken == first.AccessToken {
			t.Error("no other token")
		}
	}
	if n := w.tokenPosts("refresh_token"); n != 1 {
		t.Errorf("%d refreshes", n)
	}
	// While the outcome of a refresh is unknown the token is used up, rather
	// than try a refresh token that may be dead (rule A2).
	live := w.grant(c)
	live.Intent, live.Issued = &connection.Intent{At: time.Now(), Owner: "dead", Attempt: 1}, time.Now().Add(-2*time.Hour)
	if _, err := w.tokens.CompareAndSwap(t.Context(), live); err != nil {
		t.Fatal(err)
	}
	if _, err := w.manager().TokenSource(c.Tenant, c.ID).Token(); err != nil {
		t.Error(err)
	}
	w.keep()
	if n := w.tokenPosts("refresh_token"); n != 1 {
		t.Errorf("%d refreshes beside a live token", n)
	}
	live = w.grant(c)
	live.Intent = nil
	if _, err := w.tokens.CompareAndSwap(t.Context(), live); err != nil {
		t.Fatal(err)
	}
	// An old one is refreshed before it is handed out, unless Salesforce is away.
	w.age(c, 2*time.Hour)
	late := w.manager().TokenSource(c.Tenant, c.ID)
	heal := w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "/services/oauth2/token"}, Action: salesforcetest.Answer(503, "")})
	if got, err := late.Token(); err != nil || time.Until(got.Expiry) > time.Minute {
		t.Errorf("while Salesforce is away: %v", err)
	}
	heal()
	if again, err := w.manager().TokenSource(c.Tenant, c.ID).Token(); err != nil || again.AccessToken == "" {
		t.Errorf("after a lost answer: %v", err)
	}
	if h, err := w.m.Check(t.Context(), c.Tenant, c.ID); err != nil || !h.OK() {
		t.Fatal(h, err)
	}
	// Salesforce provably did nothing in the end.
	cleared := w.grant(c)
	cleared.Intent = nil
	if _, err := w.tokens.CompareAndSwap(t.Context(), cleared); err != nil {
		t.Fatal(err)
	}
	w.age(c, 2*time.Hour)
	old := w.grant(c).Generation
	if _, err := w.manager().TokenSource(c.Tenant, c.ID).Token(); err != nil || w.grant(c).Generation != old+1 {
		t.Errorf("generation %d, was %d, %v", w.grant(c).Generation, old, err)
	}
	if _, err := w.m.TokenSource("evil", c.ID).Token(); !errors.Is(err, connection.ErrNotFound) {
		t.Errorf("another tenant: %v", err)
	}
	if err := w.m.Disconnect(t.Context(), c.Tenant, c.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := src.Token(); !errors.Is(err, connection.ErrDisconnected) {
		t.Errorf("disconnected: %v", err)
	}
}
