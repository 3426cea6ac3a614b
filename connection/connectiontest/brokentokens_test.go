package connectiontest_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/connection/connectiontest"
)

func TestSuiteCatchesBrokenTokenStores(t *testing.T) {
	good := func() *connection.MemoryTokenStore { return connection.NewMemoryTokenStore() }
	for _, broken := range []struct {
		name, check string
		open        func() connection.TokenStore
	}{
		{"lost compare-and-swap", "a write on an old version changes nothing", func() connection.TokenStore { return lostTokenCAS{good()} }},
		{"check before write without a lock", "of simultaneous writes one wins", func() connection.TokenStore { return racyTokenCAS{good()} }},
		{"ignored fence", "a write with a lower fence is refused", func() connection.TokenStore { return noFence{good()} }},
		{"missing tenant filter", "tenants do not see each other", func() connection.TokenStore { return noTokenTenant{good()} }},
		{"case-folded key", "identifiers are compared byte for byte", func() connection.TokenStore { return foldedTokens{good()} }},
		{"aliased slice", "no memory is shared with callers", func() connection.TokenStore { return &aliasedTokens{MemoryTokenStore: good()} }},
		{"ignored context", "a cancelled context does nothing", func() connection.TokenStore { return deafTokens{good()} }},
		{"truncated time", "a grant is read back as it was written", func() connection.TokenStore { return tokenSeconds{good()} }},
		{"bytes kept as text", "a grant is read back as it was written", func() connection.TokenStore { return textual{good()} }},
		{"stale read", "a grant is read back as it was written", func() connection.TokenStore { return &replica{MemoryTokenStore: good()} }},
		{"lease for everybody", "a lease excludes others until it is released", func() connection.TokenStore { return openLease{good()} }},
		{"fence that starts again", "a lease excludes others until it is released", func() connection.TokenStore { return sameFence{good()} }},
		{"release without a look", "a lease is not ended by others", func() connection.TokenStore { return &anyRelease{MemoryTokenStore: good()} }},
		{"lease for ever", "a lease runs out", func() connection.TokenStore { return forever{good()} }},
		{"non-atomic claim", "of simultaneous acquires one wins", func() connection.TokenStore { return &racyLease{MemoryTokenStore: good()} }},
		{"one lease for all", "leases of other grants are independent", func() connection.TokenStore { return oneLease{good()} }},
		{"forget across tenants", "delete and forget remove what they name", func() connection.TokenStore { return forgetAll{good()} }},
	} {
		if broken.name == "lease for ever" && testing.Short() {
			continue // waits ten seconds
		}
		checks := connectiontest.TokenStoreChecks()
		checks = slices.DeleteFunc(checks, func(c connectiontest.Check[connection.TokenStore]) bool { return c.Name != broken.check })
		if got := caught(t, checks, broken.open); len(got) == 0 {
			t.Errorf("%s: %q did not notice", broken.name, broken.check)
		}
	}
}

type lostTokenCAS struct{ *connection.MemoryTokenStore }

func (s lostTokenCAS) CompareAndSwap(ctx context.Context, g connection.Grant) (int64, error) {
	if now, err := s.Load(ctx, g.Tenant, g.ID); err == nil {
		g.Version = now.Version
		g.Fence = max(g.Fence, now.Fence)
	}
	return s.MemoryTokenStore.CompareAndSwap(ctx, g)
}

type racyTokenCAS struct{ *connection.MemoryTokenStore }

func (s racyTokenCAS) CompareAndSwap(ctx context.Context, g connection.Grant) (int64, error) {
	now, _ := s.Load(ctx, g.Tenant, g.ID)
	if now.Version != g.Version {
		return 0, connection.ErrConflict
	}
	time.Sleep(5 * time.Millisecond)
	return lostTokenCAS(s).CompareAndSwap(ctx, g)
}

type noFence struct{ *connection.MemoryTokenStore }

func (s noFence) CompareAndSwap(ctx context.Context, g connection.Grant) (int64, error) {
	version, err := s.MemoryTokenStore.CompareAndSwap(ctx, g)
	if errors.Is(err, connection.ErrFenced) {
		return g.Version + 1, nil
	}
	return version, err
}

type noTokenTenant struct{ *connection.MemoryTokenStore }

func (s noTokenTenant) Load(ctx context.Context, tenant orglink.TenantID, id connection.GrantID) (connection.Grant, error) {
	if g, err := s.MemoryTokenStore.Load(ctx, "t2", id); err == nil {
		return g, nil
	}
	return s.MemoryTokenStore.Load(ctx, tenant, id)
}

type foldedTokens struct{ *connection.MemoryTokenStore }

func (s foldedTokens) Acquire(ctx context.Context, tenant orglink.TenantID, id connection.GrantID, owner string, ttl time.Duration) (connection.Lease, error) {
	return s.MemoryTokenStore.Acquire(ctx, tenant, connection.GrantID(strings.ToLower(string(id))), owner, ttl)
}

type aliasedTokens struct {
	*connection.MemoryTokenStore
	last connection.Grant
}

func (s *aliasedTokens) CompareAndSwap(ctx context.Context, g connection.Grant) (int64, error) {
	version, err := s.MemoryTokenStore.CompareAndSwap(ctx, g)
	s.last = g
	s.last.Version = version
	return version, err
}

func (s *aliasedTokens) Load(context.Context, orglink.TenantID, connection.GrantID) (connection.Grant, error) {
	return s.last, nil
}

type deafTokens struct{ *connection.MemoryTokenStore }

func (s deafTokens) Release(ctx context.Context, l connection.Lease) error {
	return s.MemoryTokenStore.Release(context.WithoutCancel(ctx), l)
}

type tokenSeconds struct{ *connection.MemoryTokenStore }

func (s tokenSeconds) CompareAndSwap(ctx context.Context, g connection.Grant) (int64, error) {
	g.RetryAt = g.RetryAt.Truncate(time.Millisecond)
	return s.MemoryTokenStore.CompareAndSwap(ctx, g)
}

type textual struct{ *connection.MemoryTokenStore }

func (s textual) CompareAndSwap(ctx context.Context, g connection.Grant) (int64, error) {
	g.Access = bytes.ToValidUTF8(g.Access, []byte("?"))
	return s.MemoryTokenStore.CompareAndSwap(ctx, g)
}

type replica struct {
	*connection.MemoryTokenStore
	first map[connection.GrantID]connection.Grant
}

func (s *replica) Load(ctx context.Context, tenant orglink.TenantID, id connection.GrantID) (connection.Grant, error) {
	if g, ok := s.first[id]; ok {
		return g, nil
	}
	return s.MemoryTokenStore.Load(ctx, tenant, id)
}

func (s *replica) CompareAndSwap(ctx context.Context, g connection.Grant) (int64, error) {
	version, err := s.MemoryTokenStore.CompareAndSwap(ctx, g)
	if s.first == nil {
		s.first = map[connection.GrantID]connection.Grant{}
	}
	if _, seen := s.first[g.ID]; !seen {
		g.Version = version
		s.first[g.ID] = g
	}
	return version, err
}

type openLease struct{ *connection.MemoryTokenStore }

func (s openLease) Acquire(ctx context.Context, tenant orglink.TenantID, id connection.GrantID, owner string, ttl time.Duration) (connection.Lease, error) {
	l, err := s.MemoryTokenStore.Acquire(ctx, tenant, id, owner, ttl)
	if errors.Is(err, connection.ErrLeaseHeld) {
		return connection.Lease{Tenant: tenant, Grant: id, Owner: owner, Fence: 1}, nil
	}
	return l, err
}

type sameFence struct{ *connection.MemoryTokenStore }

func (s sameFence) Acquire(ctx context.Context, tenant orglink.TenantID, id connection.GrantID, owner string, ttl time.Duration) (connection.Lease, error) {
	l, err := s.MemoryTokenStore.Acquire(ctx, tenant, id, owner, ttl)
	l.Fence = 1
	return l, err
}

type anyRelease struct {
	*connection.MemoryTokenStore
	held connection.Lease
}

func (s *anyRelease) Acquire(ctx context.Context, tenant orglink.TenantID, id connection.GrantID, owner string, ttl time.Duration) (connection.Lease, error) {
	l, err := s.MemoryTokenStore.Acquire(ctx, tenant, id, owner, ttl)
	if err == nil {
		s.held = l
	}
	return l, err
}

func (s *anyRelease) Release(ctx context.Context, _ connection.Lease) error {
	return s.MemoryTokenStore.Release(ctx, s.held)
}

type forever struct{ *connection.MemoryTokenStore }

func (s forever) Acquire(ctx context.Context, tenant orglink.TenantID, id connection.GrantID, owner string, _ time.Duration) (connection.Lease, error) {
	return s.MemoryTokenStore.Acquire(ctx, tenant, id, owner, time.Hour)
}

type racyLease struct {
	*connection.MemoryTokenStore
}

func (s *racyLease) Acquire(ctx context.Context, tenant orglink.TenantID, id connection.GrantID, owner string, ttl time.Duration) (connection.Lease, error) {
	if _, err := s.MemoryTokenStore.Acquire(ctx, tenant, id+"other", owner, 0); err == nil {
		time.Sleep(5 * time.Millisecond)
		return connection.Lease{Tenant: tenant, Grant: id, Owner: owner, Fence: 1}, nil
	}
	return connection.Lease{}, connection.ErrLeaseHeld
}

type oneLease struct{ *connection.MemoryTokenStore }

func (s oneLease) Acquire(ctx context.Context, _ orglink.TenantID, _ connection.GrantID, owner string, ttl time.Duration) (connection.Lease, error) {
	return s.MemoryTokenStore.Acquire(ctx, "t", "g", owner, ttl)
}

type forgetAll struct{ *connection.MemoryTokenStore }

func (s forgetAll) Forget(ctx context.Context, _ orglink.TenantID) error {
	return errors.Join(s.MemoryTokenStore.Forget(ctx, "t1"), s.MemoryTokenStore.Forget(ctx, "t2"))
}
