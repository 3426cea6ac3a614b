package salesforcetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Server is one fake org, listening. Its methods are safe for concurrent use.
type Server struct {
	// URL is where the org is, without a trailing slash: the instance URL and
	// the login host in one.
	URL string

	t       testing.TB // nil outside tests
	cfg     Config
	clock   *clock
	org     *engine.Org
	id      *identity
	signer  *signer
	devices *devices
	tokens  tokenRows
	logins  loginRows
	usage   *usage
	quotas  quotas
	running running
	routes  []route

	cursors *cursors
	jobs    *jobs
	bulk1   *bulk1
	viewed  viewed
	tooling tooling
	journal journal
	faults  faults

	hookMu     sync.Mutex
	onRequest  []func(RequestRecord)
	onAnswered []func(RequestRecord)

	zips     sync.Pool // of *gzip.Writer
	admin    sobject.ID
	listener net.Listener
	http     *http.Server
	client   *http.Client
	served   chan struct{}
	closing  sync.Once
}

// NewServer starts an org for a test and closes it when the test ends. A
// config that is wrong fails the test. With a nil t it panics on a wrong
// config, as httptest.NewServer does; a program uses Start.
func NewServer(t testing.TB, cfg Config) *Server {
	if t != nil {
		t.Helper()
	}
	s, err := Start(cfg)
	if err != nil {
		if t == nil {
			panic(err)
		}
		t.Fatal(err)
	}
	if t != nil {
		s.t = t
		t.Cleanup(s.Close)
	}
	return s
}

// Start starts an org outside of a test. The caller closes it.
func Start(cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, clock: &clock{base: cfg.Clock}, served: make(chan struct{})}
	s.journal.keep = max(cfg.KeepRequests, 1)
	orgID := sobject.ID("")
	if cfg.OrgID != "" {
		if orgID, err = sobject.ParseID(cfg.OrgID); err != nil {
			return nil, fmt.Errorf("salesforcetest: Config.OrgID: %w", err)
		}
	}
	s.org, err = engine.New(engine.Config{OrgID: orgID, Now: s.clock.now, VisibilityDelay: cfg.VisibilityDelay, HiddenWrites: cfg.HiddenWrites})
	if err != nil {
		return nil, fmt.Errorf("salesforcetest: %w", err)
	}
	s.id = newIdentity(s.org.Now, cfg.Apps)
	s.signer, s.devices = &signer{}, newDevices()
	s.routes = routes()
	s.usage = &usage{limit: cfg.DailyRequests}
	s.cursors = newCursors(cfg.CursorLifetime)
	s.jobs = newJobs(cfg.BulkDelay)
	s.bulk1 = newBulk1(cfg.BulkDelay)
	if err := cfg.Seed.Load(&Org{s: s, as: system()}); err != nil {
		return nil, fmt.Errorf("salesforcetest: the seed: %w", err)
	}
	s.org.OnRead("OauthToken", s.showTokens)
	s.org.OnRead("LoginHistory", s.showLogins)
	if s.admin, err = s.findAdmin(); err != nil {
		return nil, err
	}
	if err := s.settleKind(); err != nil {
		return nil, err
	}
	if cfg.Domains != nil {
		s.signer, s.devices, s.client = cfg.Domains.signer, cfg.Domains.devices, cfg.Domains.client
		if err := cfg.Domains.join(s); err != nil {
			return nil, err
		}
		return s, nil
	}
	if err := s.listen(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Server) listen() error {
	s.listener = s.cfg.Listener
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	if s.listener == nil {
		l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", s.cfg.Addr)
		if err != nil {
			return fmt.Errorf("salesforcetest: listen on %s: %w", s.cfg.Addr, err)
		}
		s.listener = l
	}
	if d, ok := s.listener.(interface {
		DialContext(context.Context, string, string) (net.Conn, error)
	}); ok {
		transport.DialContext = d.DialContext
	}
	s.URL = "http://" + s.listener.Addr().String()
	s.client = &http.Client{Transport: transport}
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.serve),
		ReadHeaderTimeout: time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, remoteKey{}, c.RemoteAddr())
		},
	}
	go func() {
		defer close(s.served)
		_ = s.http.Serve(s.listener) // ends with http.ErrServerClosed at Close
	}()
	return nil
}

// Close stops listening and cuts open connections. The data stays readable
// through Org. Closing twice is allowed.
func (s *Server) Close() {
	s.closing.Do(func() {
		if s.cfg.Domains != nil {
			s.cfg.Domains.leave(s)
			return
		}
		_ = s.http.Close()
		<-s.served
		s.client.CloseIdleConnections()
	})
}

// Client returns an HTTP client that reaches the server, also when it listens
// in memory. It follows redirects and keeps no cookies.
func (s *Server) Client() *http.Client { return s.client }

// Ready is what a program needs to use the org; it is the JSON line that the
// fakeorg program prints.
type Ready struct {
	URL          string `json:"url"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	Username     string `json:"username"`
	Password     string `json:"password"`
	AccessToken  string `json:"access_token"`
	OrgID        string `json:"org_id"`
	UserID       string `json:"user_id"`
	APIVersion   string `json:"api_version"`
	// Fake is true in the answer of GET /_fake/ready, which no real org has.
	Fake bool `json:"fake,omitempty"`
}

// Ready returns how to use the org: its first app, its administrator, and a
// fresh access token of theirs.
func (s *Server) Ready() Ready {
	r := Ready{
		URL: s.URL, Password: s.cfg.Password, OrgID: string(s.org.ID()), UserID: string(s.admin),
		APIVersion: s.cfg.APIVersion, AccessToken: s.sessionFor(s.admin).token,
	}
	if u, err := s.userByID(s.admin); err == nil {
		r.Username = u.username
	}
	if a := s.id.firstApp(); a != nil {
		r.ClientID, r.ClientSecret = a.ClientID, a.ClientSecret
	}
	return r
}

// Token returns a fresh access token of a user, with every scope. A username
// that does not exist or is inactive fails the test; without a test the answer
// is "".
func (s *Server) Token(username string) string {
	if s.t != nil {
		s.t.Helper()
	}
	u, err := s.userByName(username)
	if err == nil && !u.active {
		err = fmt.Errorf("the user %s is inactive", username)
	}
	if err != nil {
		if s.t != nil {
			s.t.Fatalf("salesforcetest: Token: %v", err)
		}
		return ""
	}
	return s.sessionFor(u.id).token
}

// sessionFor opens a session that belongs to no app.
func (s *Server) sessionFor(user sobject.ID) session {
	return s.id.open(session{token: s.opaqueToken(), user: user, scopes: []string{"full", "api", "id", "web"}, timeout: s.cfg.SessionTimeout, issued: s.org.Now()})
}

// APICalls returns how many requests have counted against the daily limit
// since the server started.
func (s *Server) APICalls() int { return s.usage.total() }

// clock is a settable view of the base clock.
type clock struct {
	mu     sync.Mutex
	base   func() time.Time
	offset time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.base().Add(c.offset)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

var errNoAdmin = errors.New("salesforcetest: the seed made no active user with View Setup; an org needs an administrator")
