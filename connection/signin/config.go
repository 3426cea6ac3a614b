package signin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Connections tells which orgs a tenant has connected. *connection.Manager
// satisfies it.
type Connections interface {
	List(ctx context.Context, tenant orglink.TenantID) ([]connection.Connection, error)
}

// Pairs knows which host user is which Salesforce user. *usersync.Service
// satisfies it.
type Pairs interface {
	// PairedUser returns the host user that is paired with a Salesforce user,
	// or "". It must never make a pair.
	PairedUser(ctx context.Context, tenant orglink.TenantID, org, id sobject.ID) (orglink.UserID, error)
	// SalesforceUser returns the Salesforce user of an org that a host user is
	// paired with, or "".
	SalesforceUser(ctx context.Context, tenant orglink.TenantID, org sobject.ID, user orglink.UserID) (sobject.ID, error)
	// Pair pairs the two because by, who is signed in, asked for it.
	Pair(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, id sobject.ID, user orglink.UserID, by orglink.Actor) error
}

// Config configures a Service. ClientID, RedirectURL, Connections, Pairs,
// Sealer and Environment are required.
type Config struct {
	// ClientID and ClientSecret are those of an OAuth client of the host in
	// Salesforce with the scope openid. It may be the one of the connections.
	ClientID     string
	ClientSecret orglink.Secret
	// RedirectURL is the address of the callback route, as it is registered
	// with the client. Cookies are marked Secure unless it is http on loopback.
	RedirectURL string
	Connections Connections
	Pairs       Pairs
	// Tenants returns the tenants that have connected an org, for a login page
	// that serves all of them. Without it every StartRequest names a tenant.
	Tenants func(ctx context.Context, org sobject.ID) ([]orglink.TenantID, error)
	// Sealer encrypts what the browser keeps while it is at Salesforce.
	Sealer orglink.Sealer
	// Environment names the installation, as in connection.Config.
	Environment string
	// LoginHost is where people sign in when a StartRequest names no place.
	// Defaults to connection.ProductionLogin.
	LoginHost string
	// Lifetime is how long a sign-in may take, at most an hour. Defaults to
	// 10 minutes.
	Lifetime time.Duration
	// HTTPClient talks to Salesforce; its redirect policy is replaced.
	// Defaults to a client with http.DefaultTransport.
	HTTPClient *http.Client
	// TrustedHosts are hosts besides Salesforce's, as in connection.Config.
	TrustedHosts []string
}

// Service signs host users in with Salesforce by OpenID Connect. It keeps
// nothing but Salesforce's public keys, and is safe for concurrent use.
type Service struct {
	cfg    Config
	http   *http.Client
	secure bool // cookies

	mu        sync.Mutex
	verifiers map[string]*oidc.IDTokenVerifier // by issuer
}

// answerTime bounds what a sign-in waits for Salesforce in all.
const answerTime = 30 * time.Second

// New returns a Service. It does no I/O and reports all problems of the
// configuration together.
func New(cfg Config) (*Service, error) {
	if cfg.LoginHost == "" {
		cfg.LoginHost = connection.ProductionLogin
	}
	if cfg.Lifetime == 0 {
		cfg.Lifetime = 10 * time.Minute
	}
	cfg.TrustedHosts = slices.Clone(cfg.TrustedHosts)
	var problems []error
	missing := func(absent bool, name, what string) {
		if absent {
			problems = append(problems, fmt.Errorf("%s is missing: %s", name, what))
		}
	}
	missing(cfg.ClientID == "", "ClientID", "the consumer key of the OAuth client")
	missing(cfg.Connections == nil, "Connections", "usually the *connection.Manager")
	missing(cfg.Pairs == nil, "Pairs", "usually the *usersync.Service")
	missing(cfg.Sealer == nil, "Sealer", "see orglink.NewKeyRing")
	missing(cfg.Environment == "", "Environment", `such as "production"`)
	if cfg.Lifetime < 0 || cfg.Lifetime > time.Hour {
		problems = append(problems, fmt.Errorf("Lifetime is %s; it is at most an hour", cfg.Lifetime))
	}
	back, err := url.Parse(cfg.RedirectURL)
	switch {
	case err != nil || back.Host == "":
		problems = append(problems, errors.New("RedirectURL is missing or no address: it is where Salesforce sends the browser back"))
	case back.Scheme != "https" && !(back.Scheme == "http" && loopback(back.Hostname())):
		problems = append(problems, errors.New("RedirectURL must begin with https, except on loopback"))
	}
	if cfg.LoginHost, err = connection.ParseLoginHost(cfg.LoginHost, cfg.TrustedHosts...); err != nil {
		problems = append(problems, fmt.Errorf("LoginHost: %w", err))
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("signin: config: %w", errors.Join(problems...))
	}
	client := http.Client{}
	if cfg.HTTPClient != nil {
		client = *cfg.HTTPClient
	}
	if client.Timeout == 0 {
		client.Timeout = answerTime // keys are fetched for all who wait, so by nobody's context
	}
	client.Transport = &guard{next: client.Transport, trusted: cfg.TrustedHosts}
	// A redirect would carry the code and the secret elsewhere.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Service{cfg: cfg, http: &client, secure: back.Scheme == "https", verifiers: map[string]*oidc.IDTokenVerifier{}}, nil
}

// Format implements fmt.Formatter, so that a Service that is printed by
// mistake shows none of its secrets.
func (s *Service) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "signin.Service") }

// oauth is the OAuth configuration at one login host. The auth style is fixed:
// without it x/oauth2 would send a failed token request a second time.
func (s *Service) oauth(host string) *oauth2.Config {
	return &oauth2.Config{
		ClientID:     s.cfg.ClientID,
		ClientSecret: s.cfg.ClientSecret.Reveal(),
		RedirectURL:  s.cfg.RedirectURL,
		// No refresh token: a sign-in must not take one of the five approvals
		// that Salesforce keeps for a user and an app.
		Scopes: []string{oidc.ScopeOpenID},
		Endpoint: oauth2.Endpoint{
			AuthURL:   host + "/services/oauth2/authorize",
			TokenURL:  host + "/services/oauth2/token",
			AuthStyle: oauth2.AuthStyleInParams,
		},
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
