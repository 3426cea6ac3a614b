package connection

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
)

// Config configures a Manager. Apps (or TenantApps), Store, Tokens,
// Environment, RedirectURL and Sealer are required.
type Config struct {
	// Apps are the host's OAuth clients; the first that a tenant may use is
	// its default.
	Apps []App
	// TenantApps returns the apps that belong to a tenant, such as one that a
	// customer created in its own org, from wherever the host keeps their
	// secrets. They come before Apps. It is called at each authorisation and
	// refresh, so a changed secret counts at once. Defaults to none.
	TenantApps func(ctx context.Context, tenant orglink.TenantID) ([]App, error)
	// Store keeps connections, Tokens their grants.
	Store  Store
	Tokens TokenStore
	// Sealer encrypts tokens before they reach the stores; see
	// orglink.NewKeyRing.
	Sealer orglink.Sealer
	// InsecureNoSealer lets the Manager start without a Sealer and store
	// tokens readable. For experiments only.
	InsecureNoSealer bool
	// Environment names the installation, such as "production" or
	// "staging". Sealed tokens open in the same environment only, so that a
	// copied database cannot use the other's tokens.
	Environment string
	// RedirectURL is where Salesforce sends the browser back: the address of
	// the host's callback route, as it is registered with the apps.
	RedirectURL string
	// InvitationURL is the address of the host's invitation route (see
	// Handler); a link is this with the parameter token. Without it there are
	// no links, only bare authorization URLs.
	InvitationURL string
	// InvitationLifetime is how long an invitation can be accepted. Defaults
	// to 7 days.
	InvitationLifetime time.Duration
	// Mailer sends invitations. Defaults to none: the host hands links over.
	Mailer Mailer
	// EgressIPs are the addresses from which the host calls Salesforce. They
	// are told to admins whose org restricts IP addresses.
	EgressIPs []netip.Prefix
	// LoginHost is where people sign in when they name no place. Defaults to
	// ProductionLogin.
	LoginHost string
	// Types are the kinds of connections. Defaults to Team{} and Personal{}.
	Types []Type
	// Events is told what happens to connections. Defaults to nobody.
	Events Events
	// BeforeMove is called before a connection moves to another org, which
	// StartRequest.AllowOtherOrg asks for, and must deal with what the host
	// keeps by the connection: records, positions, links and pairs of the old
	// org mean nothing in the new one. An error refuses the move. It may be
	// called for a move that then fails, and again. Defaults to refusing all
	// moves with ErrOtherOrg: another org is another connection.
	BeforeMove func(ctx context.Context, from, to Connection) error
	// HTTPClient sends token requests; its redirect policy is replaced. It
	// must not retry by itself: a repeated refresh revokes a rotated token.
	// Defaults to a client with http.DefaultTransport.
	HTTPClient *http.Client
	// TrustedHosts are hosts ("host" or "host:port") that tokens may go to
	// besides Salesforce's own, for tests. Loopback ones may be plain http.
	TrustedHosts []string
	// Client is the template of the clients that Manager.Client returns. Its
	// Tokens are replaced; HTTPClient and TrustedHosts default to those above.
	Client salesforce.Config
	// Observer sees every call of every client, with its connection, which
	// has no ID yet while it is authorised. It is called besides
	// Client.Observer. Defaults to none.
	Observer func(Connection, salesforce.Call)
	// Logger gets warnings about clean-up that will be tried again. Defaults
	// to none.
	Logger *slog.Logger

	// StateLifetime is how long an authorisation may take. Defaults to 30
	// minutes.
	StateLifetime time.Duration
	// RefreshTimeout bounds one token request. Defaults to 20 seconds. The
	// lease on a grant lasts three times as long.
	RefreshTimeout time.Duration
	// Staleness is how long Client and the clients it returns answer from
	// memory before they read connection and token again, and so how long
	// another process's news, such as a disconnect, may take. Defaults to 30
	// seconds; negative means never from memory.
	Staleness time.Duration
	// SlowRetry is how long to wait before a refresh that was refused for a
	// passing reason (inactive user, IP range, login rate) is tried again.
	// Defaults to 15 minutes.
	SlowRetry time.Duration
	// IdleRefresh is after how long without a refresh a Keeper refreshes a
	// grant, so that it never idles for the 30 days after which Salesforce
	// may drop it. Set it below the idle time in the policies of the app
	// where that is shorter. Defaults to 7 days.
	IdleRefresh time.Duration
	// TokenAge is how old a token a TokenSource hands out at most, since its
	// users cannot tell it of a rejection. Orgs end sessions after 15 minutes
	// to 24 hours without use, 2 hours by default. Defaults to 1 hour.
	TokenAge time.Duration
}

func (cfg *Config) setDefaults() {
	cfg.Apps = slices.Clone(cfg.Apps)
	for i := range cfg.Apps {
		cfg.Apps[i].setDefaults(cfg)
	}
	if cfg.Types == nil {
		cfg.Types = []Type{Team{}, Personal{}}
	}
	if cfg.LoginHost == "" {
		cfg.LoginHost = ProductionLogin
	}
	for _, d := range []struct {
		at       *time.Duration
		fallback time.Duration
	}{{&cfg.StateLifetime, 30 * time.Minute}, {&cfg.RefreshTimeout, 20 * time.Second}, {&cfg.Staleness, 30 * time.Second}, {&cfg.SlowRetry, 15 * time.Minute}, {&cfg.IdleRefresh, 7 * 24 * time.Hour}, {&cfg.TokenAge, time.Hour}, {&cfg.InvitationLifetime, 7 * 24 * time.Hour}} {
		if *d.at == 0 {
			*d.at = d.fallback
		}
	}
}

// check reports all problems at once.
func (cfg *Config) check(hosts hostRules) error {
	var errs []error
	need := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	need(len(cfg.Apps) > 0 || cfg.TenantApps != nil, "Apps is empty: give at least one App with its ClientID, or TenantApps")
	need(len(cfg.Apps) > 0 || absolute(cfg.RedirectURL), "RedirectURL, %q, is not an absolute http or https address", cfg.RedirectURL)
	need(cfg.InvitationURL == "" || absolute(cfg.InvitationURL), "InvitationURL, %q, is not an absolute http or https address", cfg.InvitationURL)
	need(cfg.InvitationLifetime > 0, "InvitationLifetime must be positive")
	names := map[string]bool{}
	for _, a := range cfg.Apps {
		if err := a.check(); err != nil {
			errs = append(errs, err)
		}
		need(!names[a.Name], "two apps are named %q", a.Name)
		names[a.Name] = true
	}
	need(cfg.Store != nil, "Store is missing: NewMemoryStore or NewSQLStore make one")
	need(cfg.Tokens != nil, "Tokens is missing: NewMemoryTokenStore or NewSQLTokenStore make one")
	need(cfg.Sealer != nil || cfg.InsecureNoSealer, "Sealer is missing, so tokens would be stored readable: give an orglink.KeyRing, or set InsecureNoSealer for an experiment")
	need(cfg.Sealer == nil || !cfg.InsecureNoSealer, "Sealer and InsecureNoSealer exclude each other")
	need(cfg.Environment != "", "Environment is missing: name the installation, such as \"production\"")
	types := map[string]bool{}
	for _, t := range cfg.Types {
		if t == nil || t.Name() == "" {
			errs = append(errs, errors.New("a Type is nil or has no name"))
			continue
		}
		need(!types[t.Name()], "two types are named %q", t.Name())
		types[t.Name()] = true
	}
	need(cfg.StateLifetime > 0 && cfg.RefreshTimeout > 0 && cfg.SlowRetry > 0 && cfg.TokenAge > 0, "StateLifetime, RefreshTimeout, SlowRetry and TokenAge must be positive")
	need(cfg.IdleRefresh > 0 && cfg.IdleRefresh <= 21*24*time.Hour, "IdleRefresh must be positive and at most 21 days, well inside Salesforce's 30")
	if cfg.HTTPClient != nil {
		_, retries := cfg.HTTPClient.Transport.(*retryablehttp.RoundTripper)
		need(!retries, "HTTPClient retries by itself; a repeated token request revokes rotated tokens, so give a plain client")
	}
	if _, err := salesforce.CheckURL(ProductionLogin, cfg.TrustedHosts...); err != nil {
		errs = append(errs, err)
	} else if _, err := hosts.login(cfg.LoginHost, ProductionLogin); err != nil {
		errs = append(errs, fmt.Errorf("LoginHost: %w", err))
	}
	if len(errs) > 0 {
		return fmt.Errorf("connection: configuration: %w", errors.Join(errs...))
	}
	return nil
}

func absolute(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}
