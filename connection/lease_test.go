package connection_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// inBubble runs f on a clock of its own, with a manager whose connections end
// with each request, so that the clock can move. The org stays outside.
func (w *world) inBubble(t *testing.T, f func(m *connection.Manager)) {
	t.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true
	outside := w.t
	defer func() { w.t = outside }()
	synctest.Test(t, func(t *testing.T) {
		w.t = t
		f(w.manager(func(cfg *connection.Config) { cfg.HTTPClient = &http.Client{Transport: transport} }))
	})
}

// killed leaves what a process leaves that was killed while its refresh was
// on the way: an intent and a lease. It returns how long the lease lasts.
func (w *world) killed(c connection.Connection) time.Duration {
	w.t.Helper()
	const ttl = time.Minute // three times the default RefreshTimeout
	lease, err := w.tokens.Acquire(w.t.Context(), c.Tenant, c.Grant, "killed", ttl)
	if err != nil {
		w.t.Fatal(err)
	}
	g := w.grant(c)
	g.Fence, g.Intent = lease.Fence, &connection.Intent{At: time.Now(), Owner: "killed", Attempt: 1}
	if _, err := w.tokens.CompareAndSwap(w.t.Context(), g); err != nil {
		w.t.Fatal(err)
	}
	return ttl
}

// A process that starts again after it was killed waits for its own lease like
// everybody else, then refreshes once. Who cannot wait that long is told why.
func TestWaitForTheLeaseOfTheDead(t *testing.T) {
	w := newWorld(t)
	c := w.connect(ada, connection.StartRequest{})
	w.inBubble(t, func(m *connection.Manager) {
		ttl, start := w.killed(c), time.Now()
		w.expire()
		client, err := m.Client(w.t.Context(), c.Tenant, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Second)
		defer cancel()
		_, err = client.Limits(ctx)
		w.say(err)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "goes on without") {
			t.Errorf("a caller with five seconds: %v", err)
		}
		if _, err := client.Limits(w.t.Context()); err != nil {
			t.Errorf("a caller with time: %v", err)
		}
		if took := time.Since(start); took < ttl || took > ttl+2*time.Second {
			t.Errorf("it took %s, want a little more than the lease's %s", took, ttl)
		}
		if n := w.tokenPosts("refresh_token"); n != 1 {
			t.Errorf("%d refreshes", n)
		}
		if err := m.Close(w.t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A lease that never ends is an error in the end, with its reason.
func TestALeaseThatNeverEnds(t *testing.T) {
	w := newWorld(t)
	c := w.connect(ada, connection.StartRequest{})
	w.inBubble(t, func(m *connection.Manager) {
		if _, err := w.tokens.Acquire(w.t.Context(), c.Tenant, c.Grant, "somebody", 24*time.Hour); err != nil {
			t.Fatal(err)
		}
		w.expire()
		start := time.Now()
		err := w.use(m, c)
		if !errors.Is(err, connection.ErrLeaseHeld) || !strings.Contains(err.Error(), "another worker") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took > 3*time.Minute {
			t.Errorf("it took %s", took)
		}
		if n := w.tokenPosts("refresh_token"); n != 0 {
			t.Errorf("%d refreshes without a lease", n)
		}
	})
}

// overtaken is a token store whose lease is taken over once a refresh of its
// user is on the way.
type overtaken struct {
	connection.TokenStore
	once  sync.Once
	then  func(g connection.Grant)
	taken time.Time // when the last lease was
}

func (s *overtaken) Acquire(ctx context.Context, tenant orglink.TenantID, id connection.GrantID, owner string, ttl time.Duration) (connection.Lease, error) {
	s.taken = time.Now()
	return s.TokenStore.Acquire(ctx, tenant, id, owner, ttl)
}

func (s *overtaken) CompareAndSwap(ctx context.Context, g connection.Grant) (int64, error) {
	version, err := s.TokenStore.CompareAndSwap(ctx, g)
	if err == nil && g.Intent != nil {
		g.Version = version
		s.once.Do(func() { s.then(g) })
	}
	return version, err
}

// A worker that slept past its lease gets a refusal, because its successor has
// rotated the token. It must not end the grant that its successor renews.
func TestAnOvertakenWorkerEndsNothing(t *testing.T) {
	w := newWorld(t, rotating)
	c := w.connect(ada, connection.StartRequest{})
	store := &overtaken{TokenStore: w.tokens, then: func(g connection.Grant) {
		// The successor has written its intent and waits for its answer.
		g.Fence += 1000
		g.Intent = &connection.Intent{At: time.Now(), Owner: "successor", Attempt: 2}
		if _, err := w.tokens.CompareAndSwap(context.WithoutCancel(t.Context()), g); err != nil {
			t.Error(err)
		}
	}}
	slow := w.manager(func(cfg *connection.Config) { cfg.Tokens, cfg.RefreshTimeout = store, 200*time.Millisecond })
	w.expire()
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "/services/oauth2/token", Nth: 1},
		Action: salesforcetest.Answer(400, `{"error":"invalid_grant","error_description":"expired access/refresh token"}`)})
	_ = w.use(slow, c)
	if g := w.grant(c); g.State != connection.Healthy {
		t.Errorf("the overtaken worker left the grant %s (%s)", g.State, g.Detail)
	}
	if now := w.get(c); now.State != connection.Healthy {
		t.Errorf("the connection is %s (%s)", now.State, now.StateDetail)
	}
}

// Nor does it take back its successor's intent when its own request never left.
func TestAnOvertakenWorkerLeavesTheIntent(t *testing.T) {
	w := newWorld(t, rotating)
	c := w.connect(ada, connection.StartRequest{})
	store := &overtaken{TokenStore: w.tokens, then: func(g connection.Grant) {
		g.Fence += 1000
		g.Intent = &connection.Intent{At: time.Now(), Owner: "successor", Attempt: 2}
		if _, err := w.tokens.CompareAndSwap(context.WithoutCancel(t.Context()), g); err != nil {
			t.Error(err)
		}
	}}
	var sent atomic.Int64
	slow := w.manager(func(cfg *connection.Config) {
		cfg.Tokens, cfg.RefreshTimeout = store, 200*time.Millisecond
		inner := cfg.HTTPClient.Transport
		cfg.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/oauth2/token") && sent.Add(1) == 1 {
				return nil, errors.New("dial tcp: no route to host")
			}
			return inner.RoundTrip(r)
		})}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	w.expire()
	client, err := slow.Client(ctx, c.Tenant, c.ID)
	if err == nil {
		_, err = client.Limits(ctx)
	}
	_ = err // what it tells its caller is another test's
	seen := w.grant(c).Intent
	if seen == nil || seen.Owner == "" || seen.Attempt < 2 {
		t.Errorf("the successor's intent became %+v", seen)
	}
	if err := slow.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// A store that hangs between the lease and the request costs another round and
// not a second refresh beside the successor's.
func TestNothingIsSentAfterTheLease(t *testing.T) {
	w := newWorld(t, rotating)
	c := w.connect(ada, connection.StartRequest{})
	w.inBubble(t, func(*connection.Manager) {
		store := &overtaken{TokenStore: w.tokens, then: func(connection.Grant) { time.Sleep(50 * time.Second) }}
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.DisableKeepAlives = true
		sent, age := false, time.Duration(0)
		m := w.manager(func(cfg *connection.Config) {
			cfg.Tokens = store
			cfg.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.URL.Path, "/oauth2/token") {
					sent, age = true, time.Since(store.taken)
				}
				return transport.RoundTrip(r)
			})}
		})
		w.expire()
		if err := w.use(m, c); err != nil {
			t.Error(err)
		}
		if n := w.tokenPosts("refresh_token"); n != 1 {
			t.Errorf("%d refreshes", n)
		}
		if g := w.grant(c); g.Intent != nil || g.Generation != 2 {
			t.Errorf("generation %d, intent %+v", g.Generation, g.Intent)
		}
		// The lease must outlast the request, which may take 20 seconds.
		if !sent || age > 40*time.Second {
			t.Errorf("sent %t when the lease was %s old", sent, age)
		}
	})
}

// A refusal that an overtaken worker has shown on the connection is taken back
// by the refresh that succeeds.
func TestARefreshTakesBackARefusal(t *testing.T) {
	w := newWorld(t)
	c := w.connect(ada, connection.StartRequest{})
	w.expire()
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "/services/oauth2/token", Nth: 1},
		Action: salesforcetest.Do(func(salesforcetest.RequestRecord) {
			now, err := w.store.Connection(context.WithoutCancel(t.Context()), c.Tenant, c.ID)
			if err == nil {
				now.State, now.StateDetail = connection.NeedsReauthorization, "expired access/refresh token"
				_, err = w.store.PutConnection(context.WithoutCancel(t.Context()), now)
			}
			if err != nil {
				t.Error(err)
			}
		})})
	if err := w.use(w.m, c); err != nil {
		t.Fatal(err)
	}
	if now := w.get(c); now.State != connection.Healthy || now.StateDetail != "" {
		t.Errorf("the connection is %s (%s)", now.State, now.StateDetail)
	}
}
