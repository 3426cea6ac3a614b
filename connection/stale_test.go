package connection_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
)

// countedTokens counts reads, and fails them when told to.
type countedTokens struct {
	connection.TokenStore
	loads atomic.Int64
	away  atomic.Bool
}

func (s *countedTokens) Load(ctx context.Context, tenant orglink.TenantID, id connection.GrantID) (connection.Grant, error) {
	s.loads.Add(1)
	if s.away.Load() {
		return connection.Grant{}, errCrash
	}
	return s.TokenStore.Load(ctx, tenant, id)
}

// A process that was idle while another one refreshed, and whose token and the
// other's have both expired, must not fail with the other's dead token.
func TestAnIdleProcessReadsTheStoreAgain(t *testing.T) {
	w := newWorld(t, rotating)
	c := w.connect(ada, connection.StartRequest{})
	idle := w.manager(func(cfg *connection.Config) { cfg.Staleness = time.Millisecond })
	client, err := idle.Client(t.Context(), c.Tenant, c.ID)
	if err == nil {
		_, err = client.Limits(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the other one refreshes twice
		w.expire()
		if err := w.use(w.m, c); err != nil {
			t.Fatal(err)
		}
	}
	w.expire()
	time.Sleep(2 * time.Millisecond)
	if _, err := client.Limits(t.Context()); err != nil {
		t.Errorf("the client that was idle: %v", err)
	}
	if n := w.tokenPosts("refresh_token"); n != 3 {
		t.Errorf("%d refreshes for 3 expiries", n)
	}
	// It hears of the end, too.
	if err := w.m.Disconnect(t.Context(), c.Tenant, c.ID); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Millisecond)
	if _, err := client.Limits(t.Context()); !errors.Is(err, connection.ErrDisconnected) {
		t.Errorf("after another process disconnected: %v", err)
	}
}

// Within Staleness nothing is read, and a store that is away later stops no
// work that has a token.
func TestStoreReadsWithinStaleness(t *testing.T) {
	w := newWorld(t)
	c := w.connect(ada, connection.StartRequest{})
	tokens := &countedTokens{TokenStore: w.tokens}
	m := w.manager(func(cfg *connection.Config) { cfg.Tokens = tokens })
	for range 50 {
		if err := w.use(m, c); err != nil {
			t.Fatal(err)
		}
	}
	if n := tokens.loads.Load(); n != 1 {
		t.Errorf("%d reads for 50 uses", n)
	}
	tokens.away.Store(true)
	always := w.manager(func(cfg *connection.Config) { cfg.Tokens, cfg.Staleness = tokens, time.Millisecond })
	if err := w.use(always, c); !errors.Is(err, connection.ErrStorage) {
		t.Errorf("without a token and without a store: %v", err)
	}
	tokens.away.Store(false)
	if err := w.use(always, c); err != nil {
		t.Fatal(err)
	}
	tokens.away.Store(true)
	time.Sleep(2 * time.Millisecond)
	if err := w.use(always, c); err != nil {
		t.Errorf("with a token and without a store: %v", err)
	}
}

// slowTokens holds back what the first Load has read until it is told to go on.
type slowTokens struct {
	connection.TokenStore
	first        atomic.Bool
	read, resume chan struct{}
}

func (s *slowTokens) Load(ctx context.Context, tenant orglink.TenantID, id connection.GrantID) (connection.Grant, error) {
	g, err := s.TokenStore.Load(ctx, tenant, id)
	if s.first.CompareAndSwap(false, true) {
		close(s.read)
		<-s.resume
	}
	return g, err
}

// Who was slow to read the store must not bring back a token that another
// caller has refreshed meanwhile: after the next expiry all callers would be
// given that refreshed, dead token.
func TestASlowReaderBringsBackNoOldToken(t *testing.T) {
	w := newWorld(t, rotating)
	c := w.connect(ada, connection.StartRequest{})
	tokens := &slowTokens{TokenStore: w.tokens, read: make(chan struct{}), resume: make(chan struct{})}
	m := w.manager(func(cfg *connection.Config) { cfg.Tokens = tokens })
	w.expire()
	slow := make(chan error)
	go func() { slow <- w.use(m, c) }()
	<-tokens.read
	if err := w.use(m, c); err != nil { // refreshes
		t.Fatal(err)
	}
	close(tokens.resume)
	if err := <-slow; err != nil {
		t.Fatal(err)
	}
	if token, err := m.TokenSource(c.Tenant, c.ID).Token(); err != nil || w.org.Requests()[len(w.org.Requests())-1].Header.Get("Authorization") != "Bearer "+token.AccessToken {
		t.Errorf("the token in memory is not the one that works: %v", err)
	}
	w.expire()
	if err := w.use(m, c); err != nil {
		t.Errorf("after the next expiry: %v", err)
	}
	if n := w.tokenPosts("refresh_token"); n != 2 {
		t.Errorf("%d refreshes for 2 expiries", n)
	}
}
