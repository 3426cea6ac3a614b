package usersync_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/usersync"
)

// Pairs and personal connections are compared, with the real Manager.
func TestReps(t *testing.T) {
	w := newWorld(t, usersync.Manual())
	ring, err := orglink.NewKeyRing(orglink.Key{ID: 1, Bytes: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	store := connection.NewMemoryStore()
	m, err := connection.New(connection.Config{Apps: []connection.App{{ClientID: "key", ClientSecret: orglink.NewSecret("secret")}}, Store: store, Tokens: connection.NewMemoryTokenStore(),
		Sealer: ring, Environment: "test", RedirectURL: "https://product.example/callback"})
	if err != nil {
		t.Fatal(err)
	}
	org := sobject.ID(w.org.Ready().OrgID)
	sf := func(n int) sobject.ID { return sobject.MustID(fmt.Sprintf("005A%011d", n)) }
	for n, user := range map[int]orglink.UserID{1: "fine", 2: "absent", 3: "broken", 4: "wrong", 5: "robbed", 9: "elsewhere"} {
		if err := w.pairs.Put(t.Context(), usersync.Pair{Tenant: tenant, Org: org, Salesforce: sf(n), User: user}); err != nil {
			t.Fatal(err)
		}
	}
	put := func(tenant orglink.TenantID, owner orglink.UserID, kind string, org, login sobject.ID, state connection.State) {
		c := connection.Connection{Tenant: tenant, ID: orglink.ConnectionID("c-" + owner), Type: kind, Owner: owner, Org: connection.Org{ID: org},
			User: connection.SalesforceUser{ID: login}, State: state, Grant: "g"}
		if kind == "team" {
			c.ID = conn
		}
		if _, err := store.PutConnection(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	put(tenant, "", "team", org, sf(0), connection.Healthy)
	put(tenant, "fine", "personal", org, sf(1), connection.Healthy)
	put(tenant, "broken", "personal", org, sf(3), connection.NeedsReauthorization)
	put(tenant, "wrong", "personal", org, sf(7), connection.Healthy)
	put(tenant, "robber", "personal", org, sf(5), connection.QuotaExhausted)
	put(tenant, "stranger", "personal", org, sf(8), connection.Healthy)
	put(tenant, "elsewhere", "personal", "00D000000000999EAA", sf(9), connection.Healthy)
	put("other", "spy", "personal", org, sf(2), connection.Healthy)
	got, err := w.service().Reps(t.Context(), tenant, conn, m)
	if err != nil {
		t.Fatal(err)
	}
	want := usersync.Reps{
		NotConnected: []usersync.Rep{{User: "absent", Paired: sf(2)}, {User: "broken", Paired: sf(3)}, {User: "elsewhere", Paired: sf(9)}, {User: "robbed", Paired: sf(5)}},
		NotPaired:    []usersync.Rep{{User: "stranger", Login: sf(8)}},
		OthersLogin:  []usersync.Rep{{User: "robber", Login: sf(5), LoginOf: "robbed"}, {User: "wrong", Paired: sf(4), Login: sf(7)}},
		InOrder:      1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
