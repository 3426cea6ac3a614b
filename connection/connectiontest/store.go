package connectiontest

import (
	"context"
	"errors"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
)

func sampleConnection(tenant orglink.TenantID, id orglink.ConnectionID) connection.Connection {
	return connection.Connection{
		Tenant: tenant, ID: id, Type: "team", App: "default", Flow: connection.ClientCredentials, Owner: "ada", Group: "sales", Grant: "grant", OrgGeneration: 2,
		Retired: []connection.GrantID{"r1", "r2"}, LoginHost: "https://login.salesforce.com",
		InstanceURL: "https://acme.my.salesforce.com",
		Org:         connection.Org{ID: "00Dx0000000BV7zEAG", Name: "Acmé \"€\" 🚀", Edition: "Enterprise Edition", Sandbox: true},
		User:        connection.SalesforceUser{ID: "005x00000012Q9PAAU", Username: "ada@acme.example", DisplayName: "Ada", Email: "a@x"},
		Scopes:      []string{"api", "id"}, State: connection.Healthy, StateDetail: "fine\n", StateSince: at(1), Created: at(2), Authorized: at(3),
		Pending: []orglink.Event{{ID: "e1", Kind: "k", Tenant: tenant, Connection: id, Message: "m", At: at(4)}},
	}
}

func sampleState(tenant orglink.TenantID, hash string) connection.AuthState {
	return connection.AuthState{
		Hash: hash, Tenant: tenant, User: "ada", Group: "sales", Session: "of a browser", Type: "team", App: "default",
		LoginHost: "https://test.salesforce.com", Connection: "c", AllowOtherOrg: true,
		Verifier: []byte{0, 1, 255, '"'}, Created: at(1), Expires: at(2),
	}
}

// StoreChecks are the promises of a connection.Store.
func StoreChecks() []Check[connection.Store] {
	return []Check[connection.Store]{
		{"a connection is read back as it was written", storeRoundTrip},
		{"a write on an old version changes nothing", storeCompareAndSwap},
		{"of simultaneous writes one wins", storeConcurrent},
		{"tenants do not see each other", storeTenants},
		{"identifiers are compared byte for byte", storeBytewise},
		{"no memory is shared with callers", storeAliases},
		{"a cancelled context does nothing", storeContext},
		{"a state is used once", stateOnce},
		{"a state is used once by many at once", stateConcurrent},
		{"states that ran out are deleted, others not", stateDelete},
		{"forgetting a tenant leaves the others", storeForget},
		{"an invitation is read back as it was written", invitationRoundTrip},
		{"an invitation has one writer and one link", invitationCompareAndSwap},
		{"invitations belong to their tenant", invitationTenants},
		{"invitations share no memory with callers", invitationAliases},
	}
}

func storeRoundTrip(ctx context.Context, s connection.Store) error {
	var e expect
	_, err := s.Connection(ctx, "t", "c1")
	e.is(err, connection.ErrNotFound, "Connection before any write")
	none, err := s.Connections(ctx, "t")
	e.noError(err, "Connections before any write")
	e.that(len(none) == 0, "Connections before any write: %d", len(none))
	want := map[orglink.ConnectionID]connection.Connection{}
	for _, id := range []orglink.ConnectionID{"c2", "c1", "c3"} {
		c := sampleConnection("t", id)
		version, err := s.PutConnection(ctx, c)
		if !e.noError(err, "PutConnection") {
			return e.err()
		}
		e.that(version == 1, "PutConnection returned version %d for a new connection, want 1", version)
		c.Version = 1
		want[id] = c
	}
	empty := connection.Connection{Tenant: "t", ID: "c4"}
	_, err = s.PutConnection(ctx, empty)
	e.noError(err, "PutConnection of an empty one")
	empty.Version = 1
	want["c4"] = empty
	for id, w := range want {
		got, err := s.Connection(ctx, "t", id)
		e.noError(err, "Connection")
		e.equal(got, w, "Connection "+string(id))
	}
	list, err := s.Connections(ctx, "t")
	e.noError(err, "Connections")
	var order string
	for _, c := range list {
		order += string(c.ID) + " "
		e.equal(c, want[c.ID], "Connections, element "+string(c.ID))
	}
	e.that(order == "c1 c2 c3 c4 ", "Connections come in the order %q", order)
	return e.err()
}

func storeCompareAndSwap(ctx context.Context, s connection.Store) error {
	var e expect
	c := sampleConnection("t", "c")
	_, err := s.PutConnection(ctx, c)
	e.noError(err, "PutConnection")
	_, err = s.PutConnection(ctx, c)
	e.is(err, connection.ErrConflict, "creating it twice")
	c.Version, c.App = 1, "second"
	version, err := s.PutConnection(ctx, c)
	e.noError(err, "PutConnection of the next version")
	e.that(version == 2, "version %d after the second write, want 2", version)
	for _, stale := range []int64{0, 1, 3} {
		c.Version, c.App = stale, "stale"
		_, err = s.PutConnection(ctx, c)
		e.is(err, connection.ErrConflict, "a write on another version")
	}
	got, err := s.Connection(ctx, "t", "c")
	e.noError(err, "Connection")
	e.that(got.App == "second" && got.Version == 2, "after refused writes it is %q at version %d", got.App, got.Version)
	other := sampleConnection("t", "new")
	other.Version = 1
	_, err = s.PutConnection(ctx, other)
	e.is(err, connection.ErrConflict, "a write on version 1 of nothing")
	_, err = s.Connection(ctx, "t", "new")
	e.is(err, connection.ErrNotFound, "after that write")
	return e.err()
}

func storeConcurrent(ctx context.Context, s connection.Store) error {
	var e expect
	const workers, rounds = 8, 5
	for round := range int64(rounds) {
		won, others := together(workers, func(int) error {
			c := sampleConnection("t", "c")
			c.Version = round
			_, err := s.PutConnection(ctx, c)
			return err
		})
		e.that(won == 1, "round %d: %d of %d simultaneous writes succeeded, want 1", round, won, workers)
		for _, err := range others {
			e.is(err, connection.ErrConflict, "a losing write")
		}
	}
	return e.err()
}

func storeTenants(ctx context.Context, s connection.Store) error {
	var e expect
	for _, tenant := range []orglink.TenantID{"t1", "t2"} {
		c := sampleConnection(tenant, "same")
		c.App = "of " + string(tenant)
		_, err := s.PutConnection(ctx, c)
		e.noError(err, "PutConnection of one id in two tenants")
	}
	_, err := s.PutConnection(ctx, sampleConnection("t2", "only2"))
	e.noError(err, "PutConnection")
	got, err := s.Connection(ctx, "t1", "same")
	e.noError(err, "Connection")
	e.that(got.App == "of t1" && got.Tenant == "t1", "tenant t1 reads the connection %q of tenant %q", got.App, got.Tenant)
	_, err = s.Connection(ctx, "t1", "only2")
	e.is(err, connection.ErrNotFound, "reading another tenant's connection")
	list, err := s.Connections(ctx, "t1")
	e.noError(err, "Connections")
	e.that(len(list) == 1, "tenant t1 lists %d connections, has 1", len(list))
	return e.err()
}

func storeBytewise(ctx context.Context, s connection.Store) error {
	var e expect
	for _, name := range lookAlikes {
		for _, c := range []connection.Connection{sampleConnection(orglink.TenantID(name), "c"), sampleConnection("t", orglink.ConnectionID(name))} {
			_, err := s.PutConnection(ctx, c)
			e.noError(err, "PutConnection of "+name)
		}
		e.noError(s.PutState(ctx, sampleState("t", name)), "PutState of "+name)
	}
	for _, name := range lookAlikes {
		got, err := s.Connection(ctx, "t", orglink.ConnectionID(name))
		e.noError(err, "Connection")
		e.that(string(got.ID) == name, "asked for %q, got %q", name, got.ID)
		list, err := s.Connections(ctx, orglink.TenantID(name))
		e.noError(err, "Connections")
		e.that(len(list) == 1, "tenant %q has %d connections, wrote 1", name, len(list))
	}
	return e.err()
}

func storeAliases(ctx context.Context, s connection.Store) error {
	var e expect
	c, state := sampleConnection("t", "c"), sampleState("t", "h")
	_, err := s.PutConnection(ctx, c)
	e.noError(err, "PutConnection")
	e.noError(s.PutState(ctx, state), "PutState")
	c.Scopes[0], c.Retired[0], c.Pending[0].Message, state.Verifier[1] = "x", "x", "x", 'x'
	read, err := s.Connection(ctx, "t", "c")
	e.noError(err, "Connection")
	if len(read.Scopes) > 0 && len(read.Retired) > 0 && len(read.Pending) > 0 {
		read.Scopes[0], read.Retired[0], read.Pending[0].Message = "y", "y", "y"
	}
	list, err := s.Connections(ctx, "t")
	e.noError(err, "Connections")
	if len(list) == 1 && len(list[0].Scopes) > 0 {
		list[0].Scopes[0] = "z"
	}
	want := sampleConnection("t", "c")
	want.Version = 1
	got, err := s.Connection(ctx, "t", "c")
	e.noError(err, "Connection")
	e.equal(got, want, "after callers changed their slices")
	taken, err := s.TakeState(ctx, "h", at(3))
	e.noError(err, "TakeState")
	e.equal(taken.Verifier, sampleState("t", "h").Verifier, "the verifier after the caller changed his")
	return e.err()
}

func storeContext(ctx context.Context, s connection.Store) error {
	var e expect
	_, err := s.PutConnection(ctx, sampleConnection("t", "c"))
	e.noError(err, "PutConnection")
	e.noError(s.PutState(ctx, sampleState("t", "h")), "PutState")
	gone, cancel := context.WithCancel(ctx)
	cancel()
	calls := map[string]func() error{
		"Connection":    func() error { _, err := s.Connection(gone, "t", "c"); return err },
		"Connections":   func() error { _, err := s.Connections(gone, "t"); return err },
		"PutConnection": func() error { _, err := s.PutConnection(gone, sampleConnection("t", "c2")); return err },
		"PutState":      func() error { return s.PutState(gone, sampleState("t", "h2")) },
		"TakeState":     func() error { _, err := s.TakeState(gone, "h", at(3)); return err },
		"DeleteStates":  func() error { _, err := s.DeleteStates(gone, at(23)); return err },
		"Forget":        func() error { return s.Forget(gone, "t") },
	}
	for name, call := range calls {
		e.is(call(), context.Canceled, name+" with a cancelled context")
	}
	list, err := s.Connections(ctx, "t")
	e.noError(err, "Connections")
	e.that(len(list) == 1, "%d connections after calls that were cancelled, want 1", len(list))
	state, err := s.TakeState(ctx, "h", at(3))
	e.noError(err, "TakeState")
	e.that(state.Used.IsZero(), "a cancelled TakeState used the state up")
	return e.err()
}

func stateOnce(ctx context.Context, s connection.Store) error {
	var e expect
	want := sampleState("t", "h")
	_, err := s.TakeState(ctx, "h", at(1))
	e.is(err, connection.ErrNotFound, "TakeState before any write")
	e.noError(s.PutState(ctx, want), "PutState")
	again := sampleState("t2", "h")
	e.is(s.PutState(ctx, again), connection.ErrConflict, "PutState with the same hash")
	got, err := s.TakeState(ctx, "h", at(5))
	e.noError(err, "TakeState")
	e.equal(got, want, "the first TakeState")
	for _, hour := range []int{6, 7} {
		got, err = s.TakeState(ctx, "h", at(hour))
		e.noError(err, "TakeState again")
		e.that(got.Used.Equal(at(5)), "a later TakeState tells that it was used at %v, want %v", got.Used, at(5))
	}
	return e.err()
}

func stateConcurrent(ctx context.Context, s connection.Store) error {
	var e expect
	e.noError(s.PutState(ctx, sampleState("t", "h")), "PutState")
	used := errors.New("used")
	won, others := together(8, func(i int) error {
		state, err := s.TakeState(ctx, "h", at(5).Add(time.Duration(i)*time.Second))
		if err == nil && !state.Used.IsZero() {
			return used
		}
		return err
	})
	e.that(won == 1, "%d of 8 simultaneous callers were told to be the first, want 1", won)
	for _, err := range others {
		e.is(err, used, "a later caller")
	}
	return e.err()
}

func stateDelete(ctx context.Context, s connection.Store) error {
	var e expect
	for hour, hash := range map[int]string{1: "h1", 2: "h2", 3: "h3"} {
		state := sampleState("t", hash)
		state.Expires = at(hour)
		e.noError(s.PutState(ctx, state), "PutState")
	}
	_, err := s.TakeState(ctx, "h1", at(0))
	e.noError(err, "TakeState")
	n, err := s.DeleteStates(ctx, at(3))
	e.noError(err, "DeleteStates")
	e.that(n == 2, "DeleteStates removed %d, want 2", n)
	_, err = s.TakeState(ctx, "h2", at(5))
	e.is(err, connection.ErrNotFound, "TakeState of a deleted one")
	_, err = s.TakeState(ctx, "h3", at(5))
	e.noError(err, "TakeState of one that expires at the given time")
	return e.err()
}

func storeForget(ctx context.Context, s connection.Store) error {
	var e expect
	for _, tenant := range []orglink.TenantID{"t", "T", "other"} {
		_, err := s.PutConnection(ctx, sampleConnection(tenant, "c"))
		e.noError(err, "PutConnection")
		e.noError(s.PutState(ctx, sampleState(tenant, "h "+string(tenant))), "PutState")
	}
	e.noError(s.Forget(ctx, "t"), "Forget")
	e.noError(s.Forget(ctx, "t"), "Forget of nothing")
	_, err := s.Connection(ctx, "t", "c")
	e.is(err, connection.ErrNotFound, "Connection of a forgotten tenant")
	_, err = s.TakeState(ctx, "h t", at(5))
	e.is(err, connection.ErrNotFound, "TakeState of a forgotten tenant")
	for _, tenant := range []orglink.TenantID{"T", "other"} {
		_, err := s.Connection(ctx, tenant, "c")
		e.noError(err, "Connection of another tenant")
		_, err = s.TakeState(ctx, "h "+string(tenant), at(5))
		e.noError(err, "TakeState of another tenant")
	}
	return e.err()
}
