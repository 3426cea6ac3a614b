package connection_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// desk is a kind of connection that a host might invent: one for each group,
// in a sandbox, made and renewed by any member of the group while the host's
// switch is on, and with a scope of its own.
type desk struct{ off *bool }

func (desk) Name() string { return "desk" }

func (d desk) MayStart(_ context.Context, actor orglink.Actor, renew *connection.Connection) error {
	if *d.off || actor.Group == "" || renew != nil && renew.Group != actor.Group {
		return connection.ErrNotAllowed
	}
	return nil
}

func (desk) Slot(c connection.Connection) string { return string(c.Group) }

func (desk) Admit(_ context.Context, c connection.Connection, others []connection.Connection) error {
	if !c.Org.Sandbox || len(others) > 1 {
		return connection.ErrForeignOrg
	}
	return nil
}

func (desk) Scopes() []string { return []string{"api", "chatter_api"} }

func TestTypeWrittenOutside(t *testing.T) {
	scopes := []string{"api", "chatter_api", "refresh_token"}
	sandbox := func(cfg *salesforcetest.Config) {
		cfg.Sandbox = "uat"
		cfg.Apps = []salesforcetest.App{{ClientID: "desks", ClientSecret: "desk-secret", RotateRefreshTokens: true, Scopes: scopes}}
	}
	off := false
	newDesk := func(change ...func(*salesforcetest.Config)) *world {
		w := newWorld(t, append([]func(*salesforcetest.Config){sandbox}, change...)...)
		w.m = w.manager(func(cfg *connection.Config) { cfg.Types = []connection.Type{desk{&off}} })
		return w
	}
	w := newDesk()
	carl := orglink.Actor{Tenant: "acme", User: "carl", Group: "support"}
	dora := orglink.Actor{Tenant: "acme", User: "dora", Group: "support"}
	req := connection.StartRequest{Type: "desk"}

	// By the routes, as a browser.
	who := carl
	h, err := w.m.Handler(connection.HandlerConfig{Actor: func(*http.Request) (orglink.Actor, error) { return who, nil }})
	if err != nil {
		t.Fatal(err)
	}
	start := httptest.NewRecorder()
	h.ServeHTTP(start, form("/start", url.Values{"type": {"desk"}}))
	u, err := url.Parse(start.Header().Get("Location"))
	if err != nil || u.Query().Get("scope") != "api chatter_api refresh_token" {
		t.Fatalf("started at %v, %v", u, err)
	}
	back := httptest.NewRequest("GET", "/callback?"+w.browse(u.String(), true).Encode(), nil)
	for _, c := range start.Result().Cookies() {
		back.AddCookie(c)
	}
	finish := httptest.NewRecorder()
	h.ServeHTTP(finish, back)
	list, err := w.m.List(t.Context(), "acme")
	if finish.Code != http.StatusOK || err != nil || len(list) != 1 || list[0].Type != "desk" || list[0].Group != "support" || !slices.Contains(list[0].Scopes, "chatter_api") {
		t.Fatalf("status %d, connections %+v, %v", finish.Code, list, err)
	}
	c := list[0]

	// Used, refreshed, kept, checked.
	w.expire()
	if err := w.use(w.m, c); err != nil {
		t.Error(err)
	}
	w.age(c, 8*day)
	w.keep()
	if h, err := w.m.Check(t.Context(), c.Tenant, c.ID); err != nil || !h.OK() || w.grant(c).Generation != 3 {
		t.Errorf("%+v, %v, generation %d", h, err, w.grant(c).Generation)
	}

	// Renewed by a colleague, refused to others, and asked again at the end.
	if again := w.connect(dora, req); again.ID != c.ID || again.Owner != "carl" {
		t.Errorf("a colleague got %s of %s", again.ID, again.Owner)
	}
	if _, err := w.m.Start(t.Context(), ada, connection.StartRequest{Connection: c.ID}); !errors.Is(err, connection.ErrNotAllowed) {
		t.Errorf("another group: %v", err)
	}
	query := w.browse(w.start(dora, req).URL, true)
	off = true
	if _, err := w.finish(dora, query); !errors.Is(err, connection.ErrNotAllowed) {
		t.Errorf("switched off meanwhile: %v", err)
	}
	off = false
	if other := w.connect(ada, req); other.ID == c.ID {
		t.Error("another group got the same one")
	}
	if _, err := w.finish(orglink.Actor{Tenant: "acme", User: "x", Group: "third"}, w.browse(w.start(orglink.Actor{Tenant: "acme", User: "x", Group: "third"}, req).URL, true)); !errors.Is(err, connection.ErrForeignOrg) {
		t.Errorf("not admitted: %v", err)
	}
	if err := w.m.Disconnect(t.Context(), c.Tenant, c.ID); err != nil {
		t.Error(err)
	}

	// What it insists on.
	poor := newDesk()
	poor.m = poor.manager(func(cfg *connection.Config) { cfg.Types = []connection.Type{desk{&off}} }, poor.rewriting(func(_ url.Values, answer map[string]any) { answer["scope"] = "api refresh_token" }))
	if _, err := poor.finish(carl, poor.browse(poor.start(carl, req).URL, true)); !errors.Is(err, connection.ErrScopes) {
		t.Errorf("without its scope: %v", err)
	}
	production := newDesk(func(cfg *salesforcetest.Config) { cfg.Sandbox = "" })
	if _, err := production.finish(carl, production.browse(production.start(carl, req).URL, true)); !errors.Is(err, connection.ErrForeignOrg) {
		t.Errorf("a production org: %v", err)
	}
	if n := production.approvals(); n != 0 {
		t.Errorf("%d approvals are left where it was refused", n)
	}
}
