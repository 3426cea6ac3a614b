package connection_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// rewriting changes the JSON of token responses on their way.
func (w *world) rewriting(change func(form url.Values, answer map[string]any)) func(*connection.Config) {
	inner := w.org.Client().Transport
	return func(cfg *connection.Config) {
		cfg.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(r.URL.Path, "/oauth2/token") {
				return inner.RoundTrip(r)
			}
			sent, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			r.Body = io.NopCloser(bytes.NewReader(sent))
			resp, err := inner.RoundTrip(r)
			if err != nil || resp.StatusCode != http.StatusOK {
				return resp, err
			}
			defer resp.Body.Close()
			var answer map[string]any
			if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
				return nil, err
			}
			form, _ := url.ParseQuery(string(sent))
			change(form, answer)
			body, _ := json.Marshal(answer)
			resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			resp.Header.Del("Content-Length")
			return resp, nil
		})}
	}
}

func (w *world) approvals() int {
	w.t.Helper()
	n, err := w.org.Org().Grants(w.org.Ready().Username)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// An org may answer with a refresh token that it gave before. Whatever ends
// with one of two grants of it, the other must live.
func TestOneTokenOfTwoGrants(t *testing.T) {
	w := newWorld(t)
	var first any
	foreign := false
	w.m = w.manager(w.rewriting(func(form url.Values, answer map[string]any) {
		if form.Get("grant_type") != "authorization_code" {
			return
		}
		if first == nil {
			first = answer["refresh_token"]
		}
		answer["refresh_token"] = first
		if foreign {
			answer["scope"] = "id"
		}
	}))
	team := w.connect(ada, connection.StartRequest{})
	mine := w.connect(bob, connection.StartRequest{Type: "personal"})
	lives := func(when string) {
		t.Helper()
		w.expire()
		if err := w.use(w.m, team); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	if err := w.m.Disconnect(t.Context(), mine.Tenant, mine.ID); err != nil {
		t.Fatal(err)
	}
	lives("after the other connection was disconnected")
	foreign = true
	if _, err := w.finish(ada, w.browse(w.start(ada, connection.StartRequest{}).URL, true)); !errors.Is(err, connection.ErrScopes) {
		t.Fatalf("an authorisation without scopes: %v", err)
	}
	lives("after an authorisation that was not kept")
	foreign = false
	w.connect(ada, connection.StartRequest{})
	lives("after it was authorised again")
	if err := w.m.Disconnect(t.Context(), team.Tenant, team.ID); err != nil {
		t.Fatal(err)
	}
	form, err := http.PostForm(w.org.URL+"/services/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.(string)},
		"client_id": {w.org.Ready().ClientID}, "client_secret": {w.org.Ready().ClientSecret}})
	if err != nil {
		t.Fatal(err)
	}
	form.Body.Close()
	if form.StatusCode != http.StatusBadRequest {
		t.Errorf("the last disconnect left the token alive: status %d", form.StatusCode)
	}
}

// Tokens that came with an answer that must not be trusted are revoked too.
func TestUntrustedAnswersLeaveNoApproval(t *testing.T) {
	for name, change := range map[string]func(map[string]any){
		"signature":       func(a map[string]any) { a["signature"] = "AAAA" },
		"instance":        func(a map[string]any) { a["instance_url"] = "https://acme.my.salesforce.com.evil.example" },
		"no instance":     func(a map[string]any) { delete(a, "instance_url") },
		"scopes":          func(a map[string]any) { a["scope"] = "id" },
		"somebody else's": func(a map[string]any) { a["id"] = "https://login.salesforce.com/id/x/y" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.m = w.manager(w.rewriting(func(_ url.Values, answer map[string]any) { change(answer) }))
			if _, err := w.finish(ada, w.browse(w.start(ada, connection.StartRequest{}).URL, true)); err == nil {
				t.Fatal("it was taken")
			}
			if n := w.approvals(); n != 0 {
				t.Errorf("%d approvals are left", n)
			}
		})
	}
}

// dyingStore is a Store of a process that dies before it stores a connection.
type dyingStore struct{ connection.Store }

func (dyingStore) PutConnection(context.Context, connection.Connection) (int64, error) {
	return 0, errCrash
}

// dyingTokens removes nothing any more either.
type dyingTokens struct{ connection.TokenStore }

func (dyingTokens) Delete(context.Context, orglink.TenantID, connection.GrantID) error {
	return errCrash
}

// The grant of an authorisation whose process died is found by a later one.
func TestLeftoverGrantsAreRevoked(t *testing.T) {
	w := newWorld(t)
	w.connect(ada, connection.StartRequest{})
	alive := w.m
	w.m = w.manager(func(cfg *connection.Config) {
		cfg.Store, cfg.Tokens = dyingStore{w.store}, dyingTokens{w.tokens}
	})
	if _, err := w.finish(ada, w.browse(w.start(ada, connection.StartRequest{}).URL, true)); !errors.Is(err, errCrash) {
		t.Fatalf("the dying process: %v", err)
	}
	w.m = alive
	if n := w.approvals(); n != 2 {
		t.Fatalf("%d approvals, want the living and the leftover one", n)
	}
	w.connect(ada, connection.StartRequest{})
	if n := w.approvals(); n != 2 {
		t.Errorf("%d approvals: a fresh grant may still get its connection", n)
	}
	grants, err := w.tokens.Grants(t.Context(), "acme")
	if err != nil || len(grants) != 2 {
		t.Fatalf("%d grants, %v", len(grants), err)
	}
	for _, g := range grants {
		g.Issued = g.Issued.Add(-2 * time.Hour)
		if _, err := w.tokens.CompareAndSwap(t.Context(), g); err != nil {
			t.Fatal(err)
		}
	}
	c := w.connect(ada, connection.StartRequest{})
	if n := w.approvals(); n != 1 {
		t.Errorf("%d approvals, want 1", n)
	}
	if err := w.use(w.m, c); err != nil {
		t.Error(err)
	}
}

// shy lets people renew what they own and nothing else; its places are shared.
type shy struct{ connection.Personal }

func (shy) Name() string { return "shy" }

func (shy) Slot(connection.Connection) string { return "one for all" }

func (shy) Admit(context.Context, connection.Connection, []connection.Connection) error { return nil }

// A place that is taken is renewed only by who may renew it, also when nobody
// named the connection at the start.
func TestTakenPlacesAskTheType(t *testing.T) {
	w := newWorld(t)
	w.m = w.manager(func(cfg *connection.Config) { cfg.Types = []connection.Type{shy{}} })
	hers := w.connect(ada, connection.StartRequest{Type: "shy"})
	if _, err := w.finish(bob, w.browse(w.start(bob, connection.StartRequest{Type: "shy"}).URL, true)); !errors.Is(err, connection.ErrNotAllowed) {
		t.Errorf("somebody else took the place: %v", err)
	}
	if now := w.get(hers); now.Grant != hers.Grant {
		t.Error("the grant was replaced")
	}
	if again := w.connect(ada, connection.StartRequest{Type: "shy"}); again.ID != hers.ID {
		t.Errorf("the owner got %s, had %s", again.ID, hers.ID)
	}
}

// A client works in the org that it was made for. When the connection moves,
// a step that has begun does not end in the other org.
func TestClientsDoNotMoveWithTheirConnection(t *testing.T) {
	w := newWorld(t)
	c := w.connect(ada, connection.StartRequest{})
	other := newWorld(t, func(cfg *salesforcetest.Config) { cfg.OrgID = "00Dbk0000000002" })
	w.m = w.manager(func(cfg *connection.Config) {
		cfg.TrustedHosts = append(cfg.TrustedHosts, strings.TrimPrefix(other.org.URL, "http://"))
		cfg.Staleness = time.Hour
		cfg.BeforeMove = func(context.Context, connection.Connection, connection.Connection) error { return nil }
	})
	bystander := w.manager(func(cfg *connection.Config) {
		cfg.TrustedHosts = append(cfg.TrustedHosts, strings.TrimPrefix(other.org.URL, "http://"))
		cfg.Staleness = -1
	})
	before, err := w.m.Client(t.Context(), c.Tenant, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := bystander.Client(t.Context(), c.Tenant, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	moved, err := w.finish(ada, other.browse(w.start(ada, connection.StartRequest{Connection: c.ID, AllowOtherOrg: true, LoginHost: other.org.URL}).URL, true))
	if err != nil || moved.ID != c.ID || moved.Org.ID == c.Org.ID {
		t.Fatalf("moved to %+v, %v", moved.Org, err)
	}
	asked := len(other.org.Requests())
	if _, err := before.Limits(t.Context()); !errors.Is(err, connection.ErrOrgChanged) {
		t.Errorf("the old client of this process: %v", err)
	}
	if _, err := elsewhere.Limits(t.Context()); !errors.Is(err, connection.ErrOrgChanged) {
		t.Errorf("the old client of another process: %v", err)
	}
	if n := len(other.org.Requests()); n != asked {
		t.Errorf("old clients sent %d requests to the new org", n-asked)
	}
	if err := w.use(w.m, c); err != nil {
		t.Errorf("a new client: %v", err)
	}
}
