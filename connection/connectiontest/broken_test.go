package connectiontest_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/connection/connectiontest"
)

func TestMemoryStores(t *testing.T) {
	connectiontest.TestStore(t, func(*testing.T) connection.Store { return connection.NewMemoryStore() })
	connectiontest.TestTokenStore(t, func(*testing.T) connection.TokenStore { return connection.NewMemoryTokenStore() })
}

func BenchmarkMemoryTokenStore(b *testing.B) {
	connectiontest.BenchmarkTokenStore(b, connection.NewMemoryTokenStore())
}

// caught runs all checks and returns the names of those that failed.
func caught[S any](t *testing.T, checks []connectiontest.Check[S], open func() S) []string {
	t.Helper()
	var names []string
	for _, c := range checks {
		if err := c.Run(t.Context(), open()); err != nil {
			names = append(names, c.Name)
		}
	}
	return names
}

// Each broken store must be caught by the check that is there for it.
func TestSuiteCatchesBrokenStores(t *testing.T) {
	good := func() *connection.MemoryStore { return connection.NewMemoryStore() }
	for _, broken := range []struct {
		name, check string
		open        func() connection.Store
	}{
		{"lost compare-and-swap", "a write on an old version changes nothing", func() connection.Store { return lostCAS{good()} }},
		{"check before write without a lock", "of simultaneous writes one wins", func() connection.Store { return racyCAS{good()} }},
		{"missing tenant filter", "tenants do not see each other", func() connection.Store { return &noTenant{MemoryStore: good()} }},
		{"case-folded key", "identifiers are compared byte for byte", func() connection.Store { return folded{good()} }},
		{"trimmed key", "identifiers are compared byte for byte", func() connection.Store { return trimmed{good()} }},
		{"aliased slice", "no memory is shared with callers", func() connection.Store { return &aliased{MemoryStore: good()} }},
		{"ignored context", "a cancelled context does nothing", func() connection.Store { return deaf{good()} }},
		{"truncated time", "a connection is read back as it was written", func() connection.Store { return seconds{good()} }},
		{"unordered list", "a connection is read back as it was written", func() connection.Store { return reversed{good()} }},
		{"stale read", "a write on an old version changes nothing", func() connection.Store { return &replicaStore{MemoryStore: good()} }},
		{"reusable state", "a state is used once", func() connection.Store { return reusable{good()} }},
		{"state read, then marked", "a state is used once by many at once", func() connection.Store { return &racyState{MemoryStore: good(), seen: map[string]bool{}} }},
		{"deletes what is alive", "states that ran out are deleted, others not", func() connection.Store { return eager{good()} }},
		{"forgets connections only", "forgetting a tenant leaves the others", func() connection.Store { return &halfForget{MemoryStore: good(), gone: map[orglink.TenantID]bool{}} }},
		{"lost compare-and-swap of invitations", "an invitation has one writer and one link", func() connection.Store { return lostInvitation{good()} }},
		{"a link that outlives its successor", "an invitation has one writer and one link", func() connection.Store {
			return &oldLinks{MemoryStore: good(), hashes: map[string]connection.Invitation{}}
		}},
		{"invitations of everybody", "invitations belong to their tenant", func() connection.Store { return everybodysInvitations{good()} }},
		{"aliased candidate", "invitations share no memory with callers", func() connection.Store { return &aliasedInvitation{MemoryStore: good()} }},
		{"truncated time of invitations", "an invitation is read back as it was written", func() connection.Store { return invitationSeconds{good()} }},
	} {
		if got := caught(t, connectiontest.StoreChecks(), broken.open); !slices.Contains(got, broken.check) {
			t.Errorf("%s: %q did not notice; caught by %q", broken.name, broken.check, got)
		}
	}
}

type lostCAS struct{ *connection.MemoryStore }

func (s lostCAS) PutConnection(ctx context.Context, c connection.Connection) (int64, error) {
	if now, err := s.Connection(ctx, c.Tenant, c.ID); err == nil {
		c.Version = now.Version
	}
	return s.MemoryStore.PutConnection(ctx, c)
}

type racyCAS struct{ *connection.MemoryStore }

func (s racyCAS) PutConnection(ctx context.Context, c connection.Connection) (int64, error) {
	now, _ := s.Connection(ctx, c.Tenant, c.ID)
	if now.Version != c.Version {
		return 0, connection.ErrConflict
	}
	time.Sleep(5 * time.Millisecond) // the window that a real store would have
	return lostCAS(s).PutConnection(ctx, c)
}

type noTenant struct {
	*connection.MemoryStore
	mu      sync.Mutex
	tenants []orglink.TenantID
}

func (s *noTenant) PutConnection(ctx context.Context, c connection.Connection) (int64, error) {
	s.mu.Lock()
	s.tenants = append(s.tenants, c.Tenant)
	s.mu.Unlock()
	return s.MemoryStore.PutConnection(ctx, c)
}

func (s *noTenant) Connection(ctx context.Context, tenant orglink.TenantID, id orglink.ConnectionID) (connection.Connection, error) {
	s.mu.Lock()
	tenants := slices.Clone(s.tenants)
	s.mu.Unlock()
	for _, other := range tenants {
		if c, err := s.MemoryStore.Connection(ctx, other, id); err == nil {
			return c, nil
		}
	}
	return s.MemoryStore.Connection(ctx, tenant, id)
}

type folded struct{ *connection.MemoryStore }

func (s folded) PutConnection(ctx context.Context, c connection.Connection) (int64, error) {
	c.Tenant, c.ID = orglink.TenantID(strings.ToLower(string(c.Tenant))), orglink.ConnectionID(strings.ToLower(string(c.ID)))
	return s.MemoryStore.PutConnection(ctx, c)
}

func (s folded) Connection(ctx context.Context, tenant orglink.TenantID, id orglink.ConnectionID) (connection.Connection, error) {
	return s.MemoryStore.Connection(ctx, orglink.TenantID(strings.ToLower(string(tenant))), orglink.ConnectionID(strings.ToLower(string(id))))
}

type trimmed struct{ *connection.MemoryStore }

func (s trimmed) PutState(ctx context.Context, state connection.AuthState) error {
	state.Hash = strings.TrimSpace(state.Hash)
	return s.MemoryStore.PutState(ctx, state)
}

type aliased struct {
	*connection.MemoryStore
	last connection.Connection
}

func (s *aliased) PutConnection(ctx context.Context, c connection.Connection) (int64, error) {
	version, err := s.MemoryStore.PutConnection(ctx, c)
	if err == nil {
		s.last = c
		s.last.Version = version
	}
	return version, err
}

func (s *aliased) Connection(context.Context, orglink.TenantID, orglink.ConnectionID) (connection.Connection, error) {
	return s.last, nil
}

type deaf struct{ *connection.MemoryStore }

func (s deaf) PutConnection(ctx context.Context, c connection.Connection) (int64, error) {
	return s.MemoryStore.PutConnection(context.WithoutCancel(ctx), c)
}

type seconds struct{ *connection.MemoryStore }

func (s seconds) PutConnection(ctx context.Context, c connection.Connection) (int64, error) {
	c.Authorized = c.Authorized.Truncate(time.Second)
	return s.MemoryStore.PutConnection(ctx, c)
}

type reversed struct{ *connection.MemoryStore }

func (s reversed) Connections(ctx context.Context, tenant orglink.TenantID) ([]connection.Connection, error) {
	list, err := s.MemoryStore.Connections(ctx, tenant)
	slices.Reverse(list)
	return list, err
}

// replicaStore reads from a replica that is one write behind.
type replicaStore struct {
	*connection.MemoryStore
	mu     sync.Mutex
	behind map[orglink.ConnectionID]connection.Connection
}

func (s *replicaStore) PutConnection(ctx context.Context, c connection.Connection) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.behind == nil {
		s.behind = map[orglink.ConnectionID]connection.Connection{}
	}
	was, missing := s.MemoryStore.Connection(ctx, c.Tenant, c.ID)
	version, err := s.MemoryStore.PutConnection(ctx, c)
	if err == nil && missing == nil {
		s.behind[c.ID] = was
	}
	return version, err
}

func (s *replicaStore) Connection(ctx context.Context, tenant orglink.TenantID, id orglink.ConnectionID) (connection.Connection, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if was, ok := s.behind[id]; ok {
		return was, nil
	}
	return s.MemoryStore.Connection(ctx, tenant, id)
}

type reusable struct{ *connection.MemoryStore }

func (s reusable) TakeState(ctx context.Context, hash string, now time.Time) (connection.AuthState, error) {
	state, err := s.MemoryStore.TakeState(ctx, hash, now)
	state.Used = time.Time{}
	return state, err
}

type racyState struct {
	*connection.MemoryStore
	mu   sync.Mutex
	seen map[string]bool
}

func (s *racyState) TakeState(ctx context.Context, hash string, now time.Time) (connection.AuthState, error) {
	state, err := s.MemoryStore.TakeState(ctx, hash, now)
	s.mu.Lock()
	used := s.seen[hash]
	s.mu.Unlock()
	time.Sleep(5 * time.Millisecond)
	s.mu.Lock()
	s.seen[hash] = true
	s.mu.Unlock()
	if !used {
		state.Used = time.Time{}
	}
	return state, err
}

type eager struct{ *connection.MemoryStore }

func (s eager) DeleteStates(ctx context.Context, before time.Time) (int, error) {
	return s.MemoryStore.DeleteStates(ctx, before.Add(time.Hour))
}

type halfForget struct {
	*connection.MemoryStore
	gone map[orglink.TenantID]bool
}

func (s *halfForget) Forget(_ context.Context, tenant orglink.TenantID) error {
	s.gone[tenant] = true
	return nil
}

func (s *halfForget) Connection(ctx context.Context, tenant orglink.TenantID, id orglink.ConnectionID) (connection.Connection, error) {
	if s.gone[tenant] {
		return connection.Connection{}, connection.ErrNotFound
	}
	return s.MemoryStore.Connection(ctx, tenant, id)
}
