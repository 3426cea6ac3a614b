package usersync_test

import (
	"context"
	"strings"
	"testing"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/usersync"
)

// A plan is applied in a world that has moved on: nobody gets a second
// account, and nobody an account who may not have one any more.
func TestOldPlans(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(w *world, id sobject.ID)
		users     int // in the directory in the end
		paired    orglink.UserID
		failed    string
	}{
		"nothing happened": {func(*world, sobject.ID) {}, 1, "user-1", ""},
		"an account appeared": {func(w *world, _ sobject.ID) {
			w.directory.Add(tenant, usersync.HostUser{ID: "signed-up", Email: "Somebody@example.com"})
		}, 1, "signed-up", ""},
		"two accounts appeared": {func(w *world, _ sobject.ID) {
			w.directory.Add(tenant, usersync.HostUser{ID: "a", Email: "somebody@example.com"}, usersync.HostUser{ID: "b", Username: "somebody@org.example"})
		}, 2, "", "several users match"},
		"an account appeared and was paired": {func(w *world, _ sobject.ID) {
			w.directory.Add(tenant, usersync.HostUser{ID: "a", Email: "somebody@example.com"})
			err := w.pairs.Put(w.t.Context(), usersync.Pair{Tenant: tenant, Org: sobject.ID(w.org.Ready().OrgID), Salesforce: "005000000000999AAA", User: "a"})
			if err != nil {
				w.t.Fatal(err)
			}
		}, 1, "", "is paired with Salesforce user 005000000000999AAA"},
		"the user left": {func(w *world, _ sobject.ID) {
			if err := w.org.Org().DeactivateUser("somebody@org.example"); err != nil {
				w.t.Fatal(err)
			}
		}, 0, "", "inactive in Salesforce"},
		"paired by hand at the same time": {func(w *world, id sobject.ID) {
			w.directory.Add(tenant, usersync.HostUser{ID: "h"})
			w.cfg.HostRule = func(ctx context.Context, _ orglink.TenantID, _ []usersync.SalesforceUser) (map[sobject.ID][]usersync.HostUser, error) {
				return nil, w.pairs.Put(ctx, usersync.Pair{Tenant: tenant, Org: sobject.ID(w.org.Ready().OrgID), Salesforce: id, User: "h"})
			}
		}, 1, "h", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, usersync.Manual())
			id := w.user("somebody")
			w.cfg.Strategy = usersync.OnDemand(id)
			_, p := w.plan()
			w.want(p, id, usersync.ActionCreate, "")
			c.meanwhile(w, id)
			s := w.service()
			res, err := s.Apply(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			if c.failed == "" && len(res.Failed) > 0 || c.failed != "" && (len(res.Failed) != 1 || res.Failed[0].User != id || !strings.Contains(res.Failed[0].Err.Error(), c.failed) || !strings.Contains(res.Failed[0].Err.Error(), "plan again")) {
				t.Errorf("failed: %+v, want %q", res.Failed, c.failed)
			}
			users, err := w.directory.List(t.Context(), tenant, "", 10)
			if err != nil || len(users) != c.users {
				t.Errorf("%d users, %v; want %d: %+v", len(users), err, c.users, users)
			}
			owners, err := s.ResolveOwners(t.Context(), tenant, conn, []sobject.ID{id})
			if err != nil || owners[id] != c.paired {
				t.Errorf("paired with %q, %v; want %q", owners[id], err, c.paired)
			}
		})
	}
}

// movable is a connection whose org can change.
type movable struct{ c *salesforce.Client }

func (m *movable) Client(context.Context, orglink.TenantID, orglink.ConnectionID) (*salesforce.Client, error) {
	return m.c, nil
}

// Users of another org are other users, though their ids may be the same.
func TestAConnectionThatMovesHasOtherUsers(t *testing.T) {
	w := newWorld(t, usersync.Manual())
	where := &movable{w.client}
	w.cfg.Clients = where
	s, id := w.service(), w.user("somebody")
	w.directory.Add(tenant, usersync.HostUser{ID: "h"})
	if err := s.Pair(t.Context(), tenant, conn, id, "h", orglink.Actor{Tenant: tenant, User: "boss"}); err != nil {
		t.Fatal(err)
	}
	_, p := w.plan()
	other := newWorld(t, usersync.Manual(), "00Dbk0000000002")
	where.c = other.client
	if got, err := s.ResolveOwners(t.Context(), tenant, conn, []sobject.ID{id}); err != nil || len(got) != 0 {
		t.Errorf("owners in the other org are %v, %v", got, err)
	}
	if _, err := s.Apply(t.Context(), p); err == nil || !strings.Contains(err.Error(), "plan again") {
		t.Errorf("a plan of the former org: %v", err)
	}
	where.c = w.client
	if got, err := s.ResolveOwners(t.Context(), tenant, conn, []sobject.ID{id}); err != nil || got[id] != "h" {
		t.Errorf("owners are %v, %v", got, err)
	}
}
