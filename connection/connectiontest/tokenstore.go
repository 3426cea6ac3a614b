package connectiontest

import (
	"bytes"
	"context"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
)

func sampleGrant(tenant orglink.TenantID, id connection.GrantID) connection.Grant {
	return connection.Grant{
		Tenant: tenant, ID: id, Connection: "c", App: "default", ClientID: "3MVG9", Flow: connection.JWTBearer, Org: "00Dx0000000BV7zEAG", User: "005x00000012Q9PAAU",
		Access: bytes.Repeat([]byte{0, 1, 254, 255, '\'', '"', '\\'}, 2000), Refresh: []byte{0},
		Generation: 7, Issued: at(1), Intent: &connection.Intent{At: at(2), Owner: "w1", Attempt: 3}, Fence: 5,
		State: connection.LoginRate, Detail: "said 🚀", RetryAt: at(3),
	}
}

// TokenStoreChecks are the promises of a connection.TokenStore.
func TokenStoreChecks() []Check[connection.TokenStore] {
	return []Check[connection.TokenStore]{
		{"a grant is read back as it was written", grantRoundTrip},
		{"a write on an old version changes nothing", grantCompareAndSwap},
		{"of simultaneous writes one wins", grantConcurrent},
		{"a write with a lower fence is refused", grantFence},
		{"tenants do not see each other", grantTenants},
		{"identifiers are compared byte for byte", grantBytewise},
		{"no memory is shared with callers", grantAliases},
		{"a cancelled context does nothing", grantContext},
		{"a lease excludes others until it is released", leaseExclusive},
		{"a lease is not ended by others", leaseOthers},
		{"a lease runs out", leaseExpiry},
		{"of simultaneous acquires one wins", leaseConcurrent},
		{"leases of other grants are independent", leaseIndependent},
		{"delete and forget remove what they name", grantDelete},
	}
}

func grantRoundTrip(ctx context.Context, s connection.TokenStore) error {
	var e expect
	_, err := s.Load(ctx, "t", "g1")
	e.is(err, connection.ErrNotFound, "Load before any write")
	want := map[connection.GrantID]connection.Grant{}
	for _, id := range []connection.GrantID{"g2", "g1"} {
		g := sampleGrant("t", id)
		version, err := s.CompareAndSwap(ctx, g)
		if !e.noError(err, "CompareAndSwap") {
			return e.err()
		}
		e.that(version == 1, "CompareAndSwap returned version %d for a new grant, want 1", version)
		g.Version = 1
		want[id] = g
	}
	next := want["g1"]
	next.Intent, next.Refresh, next.RetryAt = nil, []byte("rotated"), time.Time{}
	version, err := s.CompareAndSwap(ctx, next)
	e.noError(err, "CompareAndSwap of the next version")
	e.that(version == 2, "version %d after the second write, want 2", version)
	next.Version = 2
	want["g1"] = next
	for id, w := range want {
		got, err := s.Load(ctx, "t", id)
		e.noError(err, "Load")
		e.equal(got, w, "Load "+string(id))
	}
	list, err := s.Grants(ctx, "t")
	e.noError(err, "Grants")
	e.that(len(list) == 2 && list[0].ID == "g1" && list[1].ID == "g2", "Grants gives %d grants, want g1 and g2 in this order", len(list))
	return e.err()
}

func grantCompareAndSwap(ctx context.Context, s connection.TokenStore) error {
	var e expect
	g := sampleGrant("t", "g")
	_, err := s.CompareAndSwap(ctx, g)
	e.noError(err, "CompareAndSwap")
	_, err = s.CompareAndSwap(ctx, g)
	e.is(err, connection.ErrConflict, "creating it twice")
	g.Version, g.Detail = 1, "second"
	_, err = s.CompareAndSwap(ctx, g)
	e.noError(err, "CompareAndSwap of the next version")
	for _, stale := range []int64{0, 1, 3} {
		g.Version, g.Detail, g.Fence = stale, "stale", 99
		_, err = s.CompareAndSwap(ctx, g)
		e.is(err, connection.ErrConflict, "a write on another version")
	}
	got, err := s.Load(ctx, "t", "g")
	e.noError(err, "Load")
	e.that(got.Detail == "second" && got.Version == 2 && got.Fence == 5, "after refused writes it is %q at version %d, fence %d", got.Detail, got.Version, got.Fence)
	other := sampleGrant("t", "new")
	other.Version = 1
	_, err = s.CompareAndSwap(ctx, other)
	e.is(err, connection.ErrConflict, "a write on version 1 of nothing")
	return e.err()
}

func grantConcurrent(ctx context.Context, s connection.TokenStore) error {
	var e expect
	const workers = 8
	for round := range int64(5) {
		won, others := together(workers, func(int) error {
			g := sampleGrant("t", "g")
			g.Version = round
			_, err := s.CompareAndSwap(ctx, g)
			return err
		})
		e.that(won == 1, "round %d: %d of %d simultaneous writes succeeded, want 1", round, won, workers)
		for _, err := range others {
			e.is(err, connection.ErrConflict, "a losing write")
		}
	}
	return e.err()
}

func grantFence(ctx context.Context, s connection.TokenStore) error {
	var e expect
	g := sampleGrant("t", "g")
	version, err := s.CompareAndSwap(ctx, g)
	e.noError(err, "CompareAndSwap")
	g.Version, g.Fence, g.Detail = version, 4, "stale worker"
	_, err = s.CompareAndSwap(ctx, g)
	e.is(err, connection.ErrFenced, "a write with a lower fence")
	got, err := s.Load(ctx, "t", "g")
	e.noError(err, "Load")
	e.that(got.Fence == 5 && got.Detail != "stale worker" && got.Version == version, "after a fenced write: fence %d, version %d, %q", got.Fence, got.Version, got.Detail)
	for _, fence := range []uint64{5, 6} {
		g.Version, g.Fence = version, fence
		version, err = s.CompareAndSwap(ctx, g)
		e.noError(err, "a write with the same or a higher fence")
	}
	return e.err()
}

func grantTenants(ctx context.Context, s connection.TokenStore) error {
	var e expect
	for _, tenant := range []orglink.TenantID{"t1", "t2"} {
		g := sampleGrant(tenant, "same")
		g.Detail = "of " + string(tenant)
		_, err := s.CompareAndSwap(ctx, g)
		e.noError(err, "CompareAndSwap of one id in two tenants")
	}
	_, err := s.CompareAndSwap(ctx, sampleGrant("t2", "only2"))
	e.noError(err, "CompareAndSwap")
	got, err := s.Load(ctx, "t1", "same")
	e.noError(err, "Load")
	e.that(got.Detail == "of t1" && got.Tenant == "t1", "tenant t1 reads the grant %q of tenant %q", got.Detail, got.Tenant)
	_, err = s.Load(ctx, "t1", "only2")
	e.is(err, connection.ErrNotFound, "reading another tenant's grant")
	list, err := s.Grants(ctx, "t1")
	e.noError(err, "Grants")
	e.that(len(list) == 1, "tenant t1 lists %d grants, has 1", len(list))
	return e.err()
}

func grantBytewise(ctx context.Context, s connection.TokenStore) error {
	var e expect
	for _, name := range lookAlikes {
		for _, g := range []connection.Grant{sampleGrant(orglink.TenantID(name), "g"), sampleGrant("t", connection.GrantID(name))} {
			_, err := s.CompareAndSwap(ctx, g)
			e.noError(err, "CompareAndSwap of "+name)
		}
		_, err := s.Acquire(ctx, "t", connection.GrantID(name), "w", time.Minute)
		e.noError(err, "Acquire of "+name)
	}
	for _, name := range lookAlikes {
		got, err := s.Load(ctx, "t", connection.GrantID(name))
		e.noError(err, "Load")
		e.that(string(got.ID) == name, "asked for %q, got %q", name, got.ID)
		list, err := s.Grants(ctx, orglink.TenantID(name))
		e.noError(err, "Grants")
		e.that(len(list) == 1, "tenant %q has %d grants, wrote 1", name, len(list))
	}
	return e.err()
}

func grantAliases(ctx context.Context, s connection.TokenStore) error {
	var e expect
	g := sampleGrant("t", "g")
	_, err := s.CompareAndSwap(ctx, g)
	e.noError(err, "CompareAndSwap")
	g.Access[0], g.Refresh[0], g.Intent.Owner = 'x', 'x', "x"
	read, err := s.Load(ctx, "t", "g")
	e.noError(err, "Load")
	if len(read.Access) > 0 && len(read.Refresh) > 0 && read.Intent != nil {
		read.Access[0], read.Refresh[0], read.Intent.Owner = 'y', 'y', "y"
	}
	list, err := s.Grants(ctx, "t")
	e.noError(err, "Grants")
	if len(list) == 1 && len(list[0].Access) > 0 {
		list[0].Access[0] = 'z'
	}
	want := sampleGrant("t", "g")
	want.Version = 1
	got, err := s.Load(ctx, "t", "g")
	e.noError(err, "Load")
	e.equal(got, want, "after callers changed their slices")
	return e.err()
}

func grantContext(ctx context.Context, s connection.TokenStore) error {
	var e expect
	_, err := s.CompareAndSwap(ctx, sampleGrant("t", "g"))
	e.noError(err, "CompareAndSwap")
	lease, err := s.Acquire(ctx, "t", "g", "w1", time.Minute)
	e.noError(err, "Acquire")
	gone, cancel := context.WithCancel(ctx)
	cancel()
	calls := map[string]func() error{
		"Load":           func() error { _, err := s.Load(gone, "t", "g"); return err },
		"Grants":         func() error { _, err := s.Grants(gone, "t"); return err },
		"CompareAndSwap": func() error { _, err := s.CompareAndSwap(gone, sampleGrant("t", "g2")); return err },
		"Acquire":        func() error { _, err := s.Acquire(gone, "t", "g3", "w", time.Minute); return err },
		"Release":        func() error { return s.Release(gone, lease) },
		"Delete":         func() error { return s.Delete(gone, "t", "g") },
		"Forget":         func() error { return s.Forget(gone, "t") },
	}
	for name, call := range calls {
		e.is(call(), context.Canceled, name+" with a cancelled context")
	}
	list, err := s.Grants(ctx, "t")
	e.noError(err, "Grants")
	e.that(len(list) == 1, "%d grants after calls that were cancelled, want 1", len(list))
	_, err = s.Acquire(ctx, "t", "g", "w2", time.Minute)
	e.is(err, connection.ErrLeaseHeld, "Acquire after a cancelled Release")
	_, err = s.Acquire(ctx, "t", "g3", "w2", time.Minute)
	e.noError(err, "Acquire after a cancelled Acquire")
	return e.err()
}

func leaseExclusive(ctx context.Context, s connection.TokenStore) error {
	var e expect
	var last uint64
	for range 3 {
		l, err := s.Acquire(ctx, "t", "g", "w1", time.Minute)
		if !e.noError(err, "Acquire") {
			break
		}
		e.that(l.Tenant == "t" && l.Grant == "g" && l.Owner == "w1" && !l.Until.IsZero(), "the lease is %+v", l)
		e.that(l.Fence > last, "fence %d after fence %d; it must rise with every lease", l.Fence, last)
		last = l.Fence
		for _, owner := range []string{"w2", "w1"} {
			_, err = s.Acquire(ctx, "t", "g", owner, time.Minute)
			e.is(err, connection.ErrLeaseHeld, "Acquire of a held lease")
		}
		e.noError(s.Release(ctx, l), "Release")
		e.noError(s.Release(ctx, l), "Release again")
	}
	return e.err()
}

func leaseOthers(ctx context.Context, s connection.TokenStore) error {
	var e expect
	old, err := s.Acquire(ctx, "t", "g", "w1", time.Minute)
	e.noError(err, "Acquire")
	e.noError(s.Release(ctx, old), "Release")
	l, err := s.Acquire(ctx, "t", "g", "w2", time.Minute)
	e.noError(err, "Acquire")
	thief, elder := l, l
	thief.Owner, elder.Fence = "w1", old.Fence
	for _, wrong := range []connection.Lease{old, thief, elder} {
		e.noError(s.Release(ctx, wrong), "Release of a lease that is not held")
		_, err = s.Acquire(ctx, "t", "g", "w3", time.Minute)
		e.is(err, connection.ErrLeaseHeld, "Acquire after somebody else's Release")
	}
	return e.err()
}

func leaseExpiry(ctx context.Context, s connection.TokenStore) error {
	var e expect
	old, err := s.Acquire(ctx, "t", "g", "dead", 300*time.Millisecond)
	e.noError(err, "Acquire")
	_, err = s.Acquire(ctx, "t", "g", "early", time.Minute)
	e.is(err, connection.ErrLeaseHeld, "Acquire before the lease ran out")
	// The store's clock decides, so this waits for it.
	deadline := time.Now().Add(10 * time.Second)
	for {
		l, err := s.Acquire(ctx, "t", "g", "next", time.Minute)
		if err == nil {
			e.that(l.Fence > old.Fence, "fence %d after fence %d", l.Fence, old.Fence)
			break
		}
		e.is(err, connection.ErrLeaseHeld, "Acquire")
		if time.Now().After(deadline) || len(e.errs) > 0 {
			e.that(false, "a lease of 300 ms has not run out after 10 s")
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	e.noError(s.Release(ctx, old), "Release of a lease that ran out")
	_, err = s.Acquire(ctx, "t", "g", "third", time.Minute)
	e.is(err, connection.ErrLeaseHeld, "Acquire after the former holder's late Release")
	return e.err()
}

func leaseConcurrent(ctx context.Context, s connection.TokenStore) error {
	var e expect
	won, others := together(8, func(int) error {
		_, err := s.Acquire(ctx, "t", "g", "w", time.Minute)
		return err
	})
	e.that(won == 1, "%d of 8 simultaneous acquires succeeded, want 1", won)
	for _, err := range others {
		e.is(err, connection.ErrLeaseHeld, "a losing acquire")
	}
	return e.err()
}

func leaseIndependent(ctx context.Context, s connection.TokenStore) error {
	var e expect
	for _, tenant := range []orglink.TenantID{"t1", "t2"} {
		for _, id := range []connection.GrantID{"a", "b"} {
			_, err := s.Acquire(ctx, tenant, id, "w", time.Minute)
			e.noError(err, "Acquire of "+string(tenant)+" "+string(id))
		}
	}
	return e.err()
}

func grantDelete(ctx context.Context, s connection.TokenStore) error {
	var e expect
	for _, tenant := range []orglink.TenantID{"t1", "t2"} {
		for _, id := range []connection.GrantID{"a", "b", "c"} {
			_, err := s.CompareAndSwap(ctx, sampleGrant(tenant, id))
			e.noError(err, "CompareAndSwap")
		}
	}
	e.noError(s.Delete(ctx, "t1", "a"), "Delete")
	e.noError(s.Delete(ctx, "t1", "a"), "Delete of nothing")
	list, err := s.Grants(ctx, "t1")
	e.noError(err, "Grants")
	e.that(len(list) == 2, "%d grants after Delete, want 2", len(list))
	e.noError(s.Forget(ctx, "t1"), "Forget")
	list, err = s.Grants(ctx, "t1")
	e.noError(err, "Grants")
	e.that(len(list) == 0, "%d grants after Forget, want none", len(list))
	list, err = s.Grants(ctx, "t2")
	e.noError(err, "Grants")
	e.that(len(list) == 3, "another tenant has %d grants after Forget, want 3", len(list))
	return e.err()
}
