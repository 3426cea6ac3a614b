package connection_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// five connects one Salesforce user five times: as a team, and as four reps.
func five(w *world) []connection.Connection {
	w.t.Helper()
	out := []connection.Connection{w.connect(ada, connection.StartRequest{})}
	for i := range 4 {
		out = append(out, w.connect(rep(i), connection.StartRequest{Type: "personal"}))
	}
	return out
}

func rep(i int) orglink.Actor {
	return orglink.Actor{Tenant: "acme", User: orglink.UserID(fmt.Sprint("rep-", i)), Group: "sales"}
}

// jsforce/jsforce#488, PipedreamHQ/pipedream#4222, #21174: Salesforce keeps
// five approvals of a user and app.
func TestTheSixthApprovalIsRefusedBeforehand(t *testing.T) {
	w := newWorld(t, rotating)
	all := five(w)
	counts, err := w.m.Approvals(t.Context(), "acme")
	if err != nil || len(counts) != 1 || counts[0].Count() != connection.ApprovalLimit || counts[0].User.Username != w.org.Ready().Username || counts[0].Connections[0].ID != all[0].ID {
		t.Fatalf("approvals %+v, %v", counts, err)
	}
	hint := strings.ToUpper(w.org.Ready().Username)
	before := len(w.org.Requests())
	_, err = w.m.Start(t.Context(), rep(9), connection.StartRequest{Type: "personal", LoginHint: hint})
	w.say(err)
	if !errors.Is(err, connection.ErrApprovals) || !strings.Contains(err.Error(), string(all[0].ID)) || !strings.Contains(connection.Explain(err), "Disconnect one") {
		t.Errorf("a sixth one: %v", err)
	}
	// Renewing another than the oldest would end the oldest.
	if _, err = w.m.Start(t.Context(), rep(2), connection.StartRequest{Connection: all[3].ID}); !errors.Is(err, connection.ErrApprovals) {
		t.Errorf("renewing the fourth: %v", err)
	}
	if _, err = w.m.Start(t.Context(), rep(2), connection.StartRequest{Type: "personal", LoginHint: hint}); !errors.Is(err, connection.ErrApprovals) {
		t.Errorf("renewing the fourth by its place: %v", err)
	}
	if n := len(w.org.Requests()); n != before {
		t.Errorf("%d requests were sent", n-before)
	}
	// Renewing the oldest ends nothing but the oldest.
	renewed := w.connect(ada, connection.StartRequest{Connection: all[0].ID})
	for _, c := range all {
		w.expire()
		if err := w.use(w.m, c); err != nil {
			t.Errorf("%s: %v", c.Type, err)
		}
	}
	if renewed.ID != all[0].ID || slices.Contains(w.kinds(), connection.EventEvicted) {
		t.Errorf("renewed %s, events %v", renewed.ID, w.kinds())
	}
	// Disconnecting one makes room.
	if err := w.m.Disconnect(t.Context(), "acme", all[2].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.m.Start(t.Context(), rep(9), connection.StartRequest{Type: "personal", LoginHint: hint}); err != nil {
		t.Error(err)
	}
}

// Nobody told whom to expect, so the sixth one comes. What Salesforce ended for
// it is found out and named, whether the app may introspect or not.
func TestAnEvictedGrantIsNamed(t *testing.T) {
	for name, introspects := range map[string]bool{"introspected": true, "refreshed": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, rotating)
			all := five(w)
			if !introspects {
				w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "/services/oauth2/introspect"}, Action: salesforcetest.Answer(http.StatusNotFound, "")})
			}
			refreshes := w.tokenPosts("refresh_token")
			sixth := w.connect(rep(9), connection.StartRequest{Type: "personal"})
			if n := w.tokenPosts("refresh_token") - refreshes; introspects && n != 1 {
				t.Errorf("%d refreshes to find out, want one as the proof", n)
			}
			victim := w.get(all[0])
			w.say(victim)
			if victim.State != connection.NeedsReauthorization || !strings.Contains(victim.StateDetail, string(sixth.ID)) {
				t.Errorf("the evicted connection is %s (%s)", victim.State, victim.StateDetail)
			}
			if err := w.use(w.m, victim); !errors.Is(err, connection.ErrNeedsReauthorization) {
				t.Errorf("its client: %v", err)
			}
			w.mu.Lock()
			evicted := slices.IndexFunc(w.events, func(e orglink.Event) bool {
				return e.Kind == connection.EventEvicted && e.Connection == victim.ID && e.Subject == string(sixth.ID)
			})
			w.mu.Unlock()
			if evicted < 0 {
				t.Errorf("events %v", w.kinds())
			}
			for _, c := range append(all[1:], sixth) {
				w.expire()
				if err := w.use(w.m, c); err != nil {
					t.Errorf("another one: %v", err)
				}
			}
			counts, err := w.m.Approvals(t.Context(), "acme")
			if err != nil || len(counts) != 1 || counts[0].Count() != connection.ApprovalLimit {
				t.Errorf("approvals %+v, %v", counts, err)
			}
		})
	}
}

// An org that answers introspection in its own way costs a refresh and no
// grant.
func TestIntrospectionIsNoProof(t *testing.T) {
	w := newWorld(t, rotating)
	team := w.connect(ada, connection.StartRequest{})
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "/services/oauth2/introspect"}, Action: salesforcetest.Answer(http.StatusOK, `{"active":false}`)})
	w.connect(bob, connection.StartRequest{Type: "personal"})
	if now := w.get(team); now.State != connection.Healthy {
		t.Errorf("it was given up: %s (%s)", now.State, now.StateDetail)
	}
	w.expire()
	if err := w.use(w.m, team); err != nil {
		t.Error(err)
	}
}

// A foreign approval, such as another installation's, evicts one of ours while
// nobody looks. The next authorisation of that user notices.
func TestAForeignEvictionIsNoticed(t *testing.T) {
	w := newWorld(t)
	team := w.connect(ada, connection.StartRequest{})
	foreign := w.manager(func(cfg *connection.Config) {
		cfg.Store, cfg.Tokens = connection.NewMemoryStore(), connection.NewMemoryTokenStore()
		cfg.Types = []connection.Type{connection.Personal{AnyOrg: true}}
	})
	ours := w.m
	w.m = foreign
	for i := range 5 {
		w.connect(rep(i), connection.StartRequest{Type: "personal"})
	}
	w.m = ours
	if now := w.get(team); now.State != connection.Healthy {
		t.Fatalf("known too early: %s", now.State)
	}
	mine := w.connect(bob, connection.StartRequest{Type: "personal"})
	if now := w.get(team); now.State != connection.NeedsReauthorization {
		t.Errorf("the evicted connection is %s", now.State)
	}
	if err := w.use(w.m, mine); err != nil {
		t.Error(err)
	}
}

// What the org lists of its user's approvals tells of those that nobody here
// knows, where the user may read it.
func TestOrgApprovals(t *testing.T) {
	w := newWorld(t)
	c := w.connect(ada, connection.StartRequest{})
	w.connect(bob, connection.StartRequest{Type: "personal"})
	known := w.manager(func(cfg *connection.Config) { cfg.Apps[0].Label = salesforcetest.DefaultApp().Name })
	if got, err := known.OrgApprovals(t.Context(), c.Tenant, c.ID); err != nil || !got.Readable || got.Known != 2 || got.OfApp != 2 || got.Foreign != 0 {
		t.Errorf("as the org lists them: %+v, %v", got, err)
	}
	row := func(app string, used string, n int) string {
		return fmt.Sprintf(`{"attributes":{"type":"OauthToken","url":"/services/data/v66.0/sobjects/OauthToken/000000000000000AAA"},"AppName":%q,"LastUsedDate":%s,"UseCount":%d}`, app, used, n)
	}
	remove := w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "query", Object: "OauthToken"}, Action: salesforcetest.Answer(200,
		`{"totalSize":4,"done":true,"records":[`+row("Product", `"2026-05-06T07:08:09.000+0000"`, 3)+","+row("Product", "null", 0)+","+row("Product", "null", 1)+","+row("Dataloader", "null", 7)+`]}`)})
	labelled := w.manager(func(cfg *connection.Config) { cfg.Apps[0].Label = "Product" })
	got, err := labelled.OrgApprovals(t.Context(), c.Tenant, c.ID)
	w.say(got, err)
	if err != nil || !got.Readable || got.Known != 2 || got.OfApp != 3 || got.Foreign != 1 || len(got.Approvals) != 4 || got.Approvals[0].Uses != 3 || got.Approvals[0].LastUsed.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err = w.m.OrgApprovals(t.Context(), c.Tenant, c.ID); err != nil || got.OfApp != -1 || got.Foreign != -1 || got.Known != 2 {
		t.Errorf("without a label: %+v, %v", got, err)
	}
	if _, err = w.m.OrgApprovals(t.Context(), "evil", c.ID); !errors.Is(err, connection.ErrNotFound) {
		t.Errorf("another tenant: %v", err)
	}
	remove()
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "query", Object: "OauthToken"}, Action: salesforcetest.Refuse(400, "INVALID_TYPE", "sObject type 'OauthToken' is not supported.")})
	if got, err = labelled.OrgApprovals(t.Context(), c.Tenant, c.ID); err != nil || got.Readable || got.Known != 2 {
		t.Errorf("not readable: %+v, %v", got, err)
	}
}
