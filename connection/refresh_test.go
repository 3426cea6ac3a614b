package connection_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// jetstreamapp/jetstream PR1664, restforce/restforce#957: two refreshes of one
// rotated token end the grant.
func TestThirtyGoroutinesTwoProcessesOneRefresh(t *testing.T) {
	w := newWorld(t, rotating)
	c := w.connect(ada, connection.StartRequest{})
	other := w.manager()
	for round := 1; round <= 3; round++ {
		w.expire()
		var wg sync.WaitGroup
		errs := make([]error, 30)
		for i := range errs {
			m := []*connection.Manager{w.m, other}[i%2]
			wg.Go(func() { errs[i] = w.use(m, c) })
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		if n := w.tokenPosts("refresh_token"); n != round {
			t.Fatalf("%d refreshes after %d expiries", n, round)
		}
	}
	g := w.grant(c)
	if g.Generation != 4 || g.Intent != nil || g.Fence == 0 {
		t.Errorf("the grant is at generation %d, intent %v, fence %d", g.Generation, g.Intent, g.Fence)
	}
}

func (w *world) grant(c connection.Connection) connection.Grant {
	w.t.Helper()
	g, err := w.tokens.Load(w.t.Context(), c.Tenant, w.get(c).Grant)
	if err != nil {
		w.t.Fatal(err)
	}
	return g
}

// crashing is a token store that fails writes when told to. With dead set the
// process that uses it can do nothing any more, as after kill -9.
type crashing struct {
	connection.TokenStore
	mu     sync.Mutex
	writes int
	fail   func(write int, g connection.Grant) bool
	dead   bool
}

var errCrash = errors.New("disk on fire")

func (s *crashing) CompareAndSwap(ctx context.Context, g connection.Grant) (int64, error) {
	s.mu.Lock()
	s.writes++
	broken := s.fail != nil && s.fail(s.writes, g)
	s.mu.Unlock()
	if broken {
		return 0, errCrash
	}
	return s.TokenStore.CompareAndSwap(ctx, g)
}

func (s *crashing) Release(ctx context.Context, l connection.Lease) error {
	s.mu.Lock()
	dead := s.dead
	s.mu.Unlock()
	if dead {
		return errCrash
	}
	return s.TokenStore.Release(ctx, l)
}

func (s *crashing) set(fail func(write int, g connection.Grant) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes, s.fail = 0, fail
}

// Without a stored intent nothing may be sent (rule A2).
func TestNoIntentNoRefresh(t *testing.T) {
	w := newWorld(t, rotating)
	c := w.connect(ada, connection.StartRequest{})
	store := &crashing{TokenStore: w.tokens}
	store.set(func(int, connection.Grant) bool { return true })
	m := w.manager(func(cfg *connection.Config) { cfg.Tokens = store })
	w.expire()
	if err := w.use(m, c); !errors.Is(err, connection.ErrStorage) || !errors.Is(err, errCrash) {
		t.Errorf("with a broken store: %v", err)
	}
	if n := w.tokenPosts("refresh_token"); n != 0 {
		t.Errorf("%d refreshes were sent without a stored intent", n)
	}
	store.set(nil)
	if err := w.use(m, c); err != nil {
		t.Errorf("after the store came back: %v", err)
	}
}

// airbytehq/airbyte PR80892: the rotated token is stored before anything else;
// while the store is away it is held and nothing is lost.
func TestStoreFailsAfterTheAnswer(t *testing.T) {
	w := newWorld(t, rotating)
	c := w.connect(ada, connection.StartRequest{})
	store := &crashing{TokenStore: w.tokens}
	store.set(func(_ int, g connection.Grant) bool { return g.Intent == nil }) // the answer's write
	m := w.manager(func(cfg *connection.Config) { cfg.Tokens = store })
	w.expire()
	if err := w.use(m, c); !errors.Is(err, connection.ErrStorage) {
		t.Errorf("with a store that fails after the answer: %v", err)
	}
	for _, r := range w.org.Requests() {
		if strings.HasSuffix(r.Path, "/limits") && r.Status == 200 {
			t.Error("an access token was used before its rotated refresh token was stored")
		}
	}
	if g := w.grant(c); g.Intent == nil || g.Generation != 1 {
		t.Errorf("the store holds intent %v at generation %d", g.Intent, g.Generation)
	}
	store.set(nil)
	if err := w.use(m, c); err != nil {
		t.Errorf("after the store came back: %v", err)
	}
	if n := w.tokenPosts("refresh_token"); n != 1 {
		t.Errorf("%d refreshes, want the one whose answer was held", n)
	}
	w.expire()
	if err := w.use(w.m, c); err != nil {
		t.Errorf("the next refresh, by another process: %v", err)
	}
}

// A process that dies between Salesforce's rotation and our commit loses the
// grant; the next one says so, once, and does not try again and again.
func TestKilledBetweenRotationAndCommit(t *testing.T) {
	for _, rotation := range []bool{true, false} {
		t.Run(fmt.Sprintf("rotation %v", rotation), func(t *testing.T) {
			w := newWorld(t, func(cfg *salesforcetest.Config) {
				if rotation {
					rotating(cfg)
				}
			})
			c := w.connect(ada, connection.StartRequest{})
			store := &crashing{TokenStore: w.tokens, dead: true}
			store.set(func(_ int, g connection.Grant) bool { return g.Intent == nil })
			killed := w.manager(func(cfg *connection.Config) {
				cfg.Tokens = store
				cfg.RefreshTimeout = 100 * time.Millisecond // its lease runs out soon
			})
			w.expire()
			_ = w.use(killed, c)
			err := w.use(w.m, c)
			if !rotation {
				if err != nil {
					t.Errorf("without rotation nothing is lost: %v", err)
				}
				return
			}
			if !errors.Is(err, connection.ErrNeedsReauthorization) || !strings.Contains(err.Error(), "never learnt") {
				t.Errorf("got %v", err)
			}
			posts := w.tokenPosts("refresh_token")
			for range 5 {
				if err := w.use(w.m, c); !errors.Is(err, connection.ErrNeedsReauthorization) {
					t.Errorf("later: %v", err)
				}
			}
			if n := w.tokenPosts("refresh_token"); n != posts || posts != 2 {
				t.Errorf("%d refreshes, then %d", posts, n)
			}
			if now := w.get(c); now.State != connection.NeedsReauthorization {
				t.Errorf("state %s", now.State)
			}
			if got := w.kinds(); !slices.Equal(got, []string{connection.EventAuthorized, connection.EventState}) {
				t.Errorf("events %v", got)
			}
			if healed := w.connect(ada, connection.StartRequest{Connection: c.ID}); healed.ID != c.ID || w.use(w.m, c) != nil {
				t.Error("authorising again does not heal it")
			}
		})
	}
}

// The request may or may not have arrived: the intent stays, and the old token
// is tried again only after a pause.
func TestAnswerLost(t *testing.T) {
	for name, action := range map[string]salesforcetest.Action{
		"before": salesforcetest.DropBefore(), "after": salesforcetest.DropAfter(), "cut": salesforcetest.Truncate(20),
		"maintenance": salesforcetest.Answer(503, "<html>maintenance</html>"),
		"html 200":    salesforcetest.Answer(200, "<html>hello</html>"),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c := w.connect(ada, connection.StartRequest{})
			w.expire()
			w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "/services/oauth2/token", Nth: 1}, Action: action})
			for range 3 {
				if err := w.use(w.m, c); !errors.Is(err, connection.ErrUnreachable) {
					t.Errorf("got %v", err)
				}
			}
			if n := w.tokenPosts("refresh_token"); n != 1 {
				t.Errorf("%d requests, want one and then a pause", n)
			}
			if g := w.grant(c); g.Intent == nil || g.Intent.Attempt != 1 || g.State != connection.Healthy || g.RetryAt.IsZero() {
				t.Errorf("grant: intent %+v, state %s", g.Intent, g.State)
			}
			// A person who checks does not wait.
			if h, err := w.m.Check(t.Context(), c.Tenant, c.ID); err != nil || !h.OK() {
				t.Errorf("Check: %+v, %v", h, err)
			}
		})
	}
}

func TestUnreachableOrg(t *testing.T) {
	w := newWorld(t, rotating)
	c := w.connect(ada, connection.StartRequest{})
	away := false
	m := w.manager(func(cfg *connection.Config) {
		inner := cfg.HTTPClient.Transport
		cfg.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if away {
				return nil, errors.New("dial tcp: no route to host")
			}
			return inner.RoundTrip(r)
		})}
	})
	w.expire()
	client, err := m.Client(t.Context(), c.Tenant, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "/services/data", Nth: 1}, Action: salesforcetest.Together(
		salesforcetest.ExpireSession(), salesforcetest.Do(func(salesforcetest.RequestRecord) { away = true }))})
	_, err = client.Limits(t.Context())
	if !errors.Is(err, connection.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
	// Certainly not sent: no intent is left.
	if g := w.grant(c); g.Intent != nil {
		t.Errorf("an intent was left: %+v", g.Intent)
	}
	away = false
	if h, err := m.Check(t.Context(), c.Tenant, c.ID); err != nil || !h.OK() {
		t.Errorf("Check afterwards: %+v, %v", h, err)
	}
	if _, err := m.Start(t.Context(), ada, connection.StartRequest{}); err != nil {
		t.Error(err)
	}
	auth := w.start(ada, connection.StartRequest{})
	query := w.browse(auth.URL, true)
	away = true
	if _, err := m.Finish(t.Context(), ada, query); !errors.Is(err, connection.ErrUnreachable) {
		t.Errorf("Finish: %v", err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Rule A3, by what Salesforce says. airbytehq/airbyte PR82784: 1,600 rejected
// refreshes in 38 minutes.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		body  string
		state connection.State
		want  error
	}{
		{`{"error":"invalid_grant","error_description":"expired access/refresh token"}`, connection.NeedsReauthorization, connection.ErrNeedsReauthorization},
		{`{"error":"invalid_grant","error_description":"inactive user"}`, connection.UserInactive, connection.ErrUserInactive},
		{`{"error":"inactive_user"}`, connection.UserInactive, connection.ErrUserInactive},
		{`{"error":"inactive_org","error_description":"inactive organization"}`, connection.OrgGone, connection.ErrOrgGone},
		{`{"error":"invalid_grant","error_description":"ip restricted"}`, connection.IPRestricted, connection.ErrIPRestricted},
		{`{"error":"invalid_grant","error_description":"IP restricted or invalid login hours"}`, connection.IPRestricted, connection.ErrIPRestricted},
		{`{"error":"rate_limit_exceeded","error_description":"login rate exceeded"}`, connection.LoginRate, connection.ErrLoginRate},
		{`{"error":"OAUTH_APP_BLOCKED","error_description":"this app is blocked by admin"}`, connection.AppBlocked, connection.ErrAppBlocked},
		{`{"error":"invalid_client_id","error_description":"client identifier invalid"}`, connection.AppRejected, connection.ErrAppRejected},
		{`{"error":"invalid_client","error_description":"invalid client credentials"}`, connection.AppRejected, connection.ErrAppRejected},
		{`{"error":"invalid_grant","error_description":"authentication failure"}`, connection.Suspended, connection.ErrSuspended},
		{`{"error":"invalid_grant"}`, connection.Suspended, connection.ErrSuspended},
		{`{"error":"something_new","error_description":"who knows"}`, connection.Suspended, connection.ErrSuspended},
	} {
		t.Run(c.body, func(t *testing.T) {
			w := newWorld(t, rotating)
			conn := w.connect(ada, connection.StartRequest{})
			w.expire()
			heal := w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "/services/oauth2/token"}, Action: salesforcetest.Answer(400, c.body)})
			for range 4 {
				if err := w.use(w.m, conn); !errors.Is(err, c.want) {
					t.Errorf("got %v", err)
				}
			}
			if n := w.tokenPosts("refresh_token"); n != 1 {
				t.Errorf("%d refreshes, want 1", n)
			}
			now := w.get(conn)
			if now.State != c.state || now.StateDetail == "" {
				t.Errorf("state %s (%s)", now.State, now.StateDetail)
			}
			if got := w.kinds(); !slices.Equal(got, []string{connection.EventAuthorized, connection.EventState}) {
				t.Errorf("events %v", got)
			}
			if g := w.grant(conn); len(g.Refresh) == 0 {
				t.Error("the grant was thrown away")
			}
			heal()
			h, err := w.m.Check(t.Context(), conn.Tenant, conn.ID)
			if err != nil {
				t.Fatal(err)
			}
			if final := c.state == connection.NeedsReauthorization; h.OK() == final {
				t.Errorf("Check after the cause has gone: %+v", h)
			}
		})
	}
}

// segmentio/action-destinations PR2300, sfdx-core PR1342.
func TestAlreadyBeingProcessed(t *testing.T) {
	w := newWorld(t, rotating)
	c := w.connect(ada, connection.StartRequest{})
	w.expire()
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "/services/oauth2/token", Nth: 1},
		Action: salesforcetest.Answer(400, `{"error":"invalid_request","error_description":"token request is already being processed"}`)})
	if err := w.use(w.m, c); err != nil {
		t.Errorf("got %v", err)
	}
	if n := w.tokenPosts("refresh_token"); n != 2 {
		t.Errorf("%d refreshes, want 2", n)
	}
}

// The caller gives up; the refresh goes on and its token is not lost.
func TestCallerGivesUp(t *testing.T) {
	w := newWorld(t, rotating)
	c := w.connect(ada, connection.StartRequest{})
	client, err := w.m.Client(t.Context(), c.Tenant, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.expire()
	ctx, cancel := context.WithCancel(t.Context())
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "/services/oauth2/token", Nth: 1},
		Action: salesforcetest.Together(salesforcetest.Do(func(salesforcetest.RequestRecord) { cancel() }), salesforcetest.Delay(50*time.Millisecond))})
	if _, err := client.Limits(ctx); err == nil {
		t.Error("a cancelled call succeeded")
	}
	if err := w.m.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if g := w.grant(c); g.Generation != 2 || g.Intent != nil {
		t.Errorf("the refresh was cut short: generation %d, intent %v", g.Generation, g.Intent)
	}
	w.m = w.manager()
	if err := w.use(w.m, c); err != nil {
		t.Error(err)
	}
}

// Rule A7, also for what a token response says; rule A5.
func TestHostileTokenAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want error
	}{
		"another host":    {`{"access_token":"00D!x","instance_url":"https://acme.my.salesforce.com.evil.example","token_type":"Bearer"}`, connection.ErrSuspended},
		"force.com":       {`{"access_token":"00D!x","instance_url":"https://acme.force.com","token_type":"Bearer"}`, connection.ErrSuspended},
		"wrong signature": {`{"access_token":"00D!x","instance_url":"https://acme.my.salesforce.com","id":"https://login.salesforce.com/id/00Dx0000000BV7zEAG/005x00000012Q9PAAU","issued_at":"1","signature":"AAAA","token_type":"Bearer"}`, connection.ErrSuspended},
		"header split":    {`{"access_token":"00D!x\r\nX: y","instance_url":"https://acme.my.salesforce.com","token_type":"Bearer"}`, connection.ErrSuspended},
	} {
		w := newWorld(t)
		conn := w.connect(ada, connection.StartRequest{})
		w.expire()
		remove := w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "/services/oauth2/token"}, Action: salesforcetest.Answer(200, c.body)})
		if err := w.use(w.m, conn); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		query := w.browse(w.start(ada, connection.StartRequest{}).URL, true)
		if _, err := w.finish(ada, query); err == nil {
			t.Errorf("%s: Finish took it", name)
		}
		remove()
	}
}

func TestOrgChanged(t *testing.T) {
	w := newWorld(t, func(cfg *salesforcetest.Config) {
		cfg.Apps = []salesforcetest.App{{ClientID: "public", SecretOptional: true}}
	})
	c := w.connect(ada, connection.StartRequest{})
	w.expire()
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "/services/oauth2/token", Nth: 1}, Action: salesforcetest.Answer(200,
		`{"access_token":"00Dbk!new","instance_url":"`+w.org.URL+`","id":"https://login.salesforce.com/id/00Dbk0000000002EAA/005x00000012Q9PAAU","issued_at":"1","token_type":"Bearer"}`)})
	for range 2 {
		if err := w.use(w.m, c); !errors.Is(err, connection.ErrOrgChanged) {
			t.Errorf("got %v", err)
		}
	}
	for _, r := range w.org.Requests() {
		if strings.Contains(r.Header.Get("Authorization"), "00Dbk!new") {
			t.Error("the other org's token was used")
		}
	}
	if now := w.get(c); now.State != connection.OrgChanged {
		t.Errorf("state %s", now.State)
	}
}

func TestRetryingHTTPClientIsRefused(t *testing.T) {
	w := newWorld(t)
	cfg := w.config()
	cfg.HTTPClient = retryablehttp.NewClient().StandardClient()
	if _, err := connection.New(cfg); err == nil || !strings.Contains(err.Error(), "retries") {
		t.Errorf("a retrying client: %v", err)
	}
}

// Rows moved between tenants, grants or environments do not decrypt.
func TestMovedRowsDoNotOpen(t *testing.T) {
	w := newWorld(t)
	mine := w.connect(ada, connection.StartRequest{})
	theirs := w.connect(eve, connection.StartRequest{})
	before := len(w.org.Requests())
	stolen, victim := w.grant(mine), w.grant(theirs)
	moved := victim
	moved.Access, moved.Refresh = stolen.Access, stolen.Refresh
	if _, err := w.tokens.CompareAndSwap(t.Context(), moved); err != nil {
		t.Fatal(err)
	}
	fresh := w.manager()
	if err := w.use(fresh, theirs); !errors.Is(err, orglink.ErrSealed) {
		t.Errorf("another tenant's tokens: %v", err)
	}
	// The fields of one grant do not stand for each other either.
	swapped := w.grant(mine)
	swapped.Access = swapped.Refresh
	if _, err := w.tokens.CompareAndSwap(t.Context(), swapped); err != nil {
		t.Fatal(err)
	}
	if err := w.use(fresh, mine); !errors.Is(err, orglink.ErrSealed) {
		t.Errorf("a refresh token as access token: %v", err)
	}
	swapped = w.grant(mine)
	swapped.Access = stolen.Access
	if _, err := w.tokens.CompareAndSwap(t.Context(), swapped); err != nil {
		t.Fatal(err)
	}
	staging := w.manager(func(cfg *connection.Config) { cfg.Environment = "staging" })
	if err := w.use(staging, mine); !errors.Is(err, orglink.ErrSealed) {
		t.Errorf("a copied database: %v", err)
	}
	if n := len(w.org.Requests()); n != before {
		t.Errorf("%d requests were sent with moved tokens", n-before)
	}
	if err := w.use(fresh, mine); err != nil {
		t.Errorf("put back where it belongs: %v", err)
	}
}

// What an admin took from the app's scopes is seen with the next refresh.
func TestReducedScopesAreShown(t *testing.T) {
	w := newWorld(t)
	c := w.connect(ada, connection.StartRequest{})
	m := w.manager(w.rewriting(func(_ url.Values, answer map[string]any) { answer["scope"] = "id refresh_token" }))
	w.expire()
	if err := w.use(m, c); err != nil {
		t.Fatal(err)
	}
	if got := w.get(c).Scopes; !slices.Equal(got, []string{"id", "refresh_token"}) {
		t.Errorf("scopes %v", got)
	}
}
