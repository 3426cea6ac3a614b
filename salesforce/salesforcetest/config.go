package salesforcetest

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Config configures a Server. The zero Config is an empty org with one
// administrator, on a free loopback port.
type Config struct {
	// Addr is where to listen; default 127.0.0.1:0, a free loopback port.
	Addr string
	// Listener is listened on instead of Addr, for instance a MemoryListener
	// inside testing/synctest. The server closes it.
	Listener net.Listener
	// Seed fills the org; default Empty().
	Seed Seed
	// Clock is the org's clock; default time.Now. Org.Advance moves it on.
	Clock func() time.Time
	// OrgID is the org's 15- or 18-character id; default 00Dak0000000001. Give
	// the second org of a test its own.
	OrgID string
	// Apps are the OAuth clients; default one app that takes any loopback
	// redirect URL (Ready tells its id and secret).
	Apps []App
	// Password is the password of every user; default "orglink-Passw0rd".
	Password string
	// APIVersion is the newest version served; default "66.0". Versions from
	// 31.0 on are served.
	APIVersion string
	// LoginURL is the host in identity URLs; default
	// https://login.salesforce.com, as real orgs have it.
	LoginURL string
	// SessionTimeout is how long an access token lives without being used;
	// default 2 hours. A use in the second half prolongs it.
	SessionTimeout time.Duration
	// ApprovalLimit is how many live refresh tokens a user and an app may
	// have; one more silently ends the oldest. Default 5; -1: no limit.
	ApprovalLimit int
	// EvictLeastUsed ends the refresh token that was not used for longest
	// instead of the oldest.
	EvictLeastUsed bool
	// PasswordGrant switches the OAuth username-password flow on; new orgs
	// have it off.
	PasswordGrant bool
	// DailyRequests is the limit of API calls in 24 hours; default 15,000, as
	// in a Developer Edition. More are refused with REQUEST_LIMIT_EXCEEDED.
	DailyRequests int
	// CursorLifetime is how long a query locator lives; default 2 days.
	CursorLifetime time.Duration
	// CursorsDieWithSession makes a query locator good for the access token
	// that got it alone, as some orgs do, and not for a refreshed one.
	CursorsDieWithSession bool
	// BulkDelay is how long a bulk job takes, on the org's clock, from
	// UploadComplete to JobComplete; default 0.
	BulkDelay time.Duration
	// VisibilityDelay is how long after its SystemModstamp a change becomes
	// visible to readers, as if it came from a long transaction; default 0.
	VisibilityDelay time.Duration
	// KeepRequests is how many requests Requests remembers; default 10,000.
	KeepRequests int
}

// App is an OAuth client of the org: a connected app or an external client
// app.
type App struct {
	// ClientID is the consumer key; required.
	ClientID string
	// ClientSecret is the consumer secret.
	ClientSecret string
	// Name is shown on the consent page; default "Test App".
	Name string
	// RedirectURIs are the callback URLs, compared exactly. None: every
	// loopback URL is accepted.
	RedirectURIs []string
	// Scopes are the scopes that may be granted; default api, id, web and
	// refresh_token.
	Scopes []string
	// RotateRefreshTokens makes each refresh return a new refresh token and
	// end the old one; using an old one again ends the whole grant.
	RotateRefreshTokens bool
	// RequirePKCE refuses authorizations without code_challenge, as external
	// client apps do by default.
	RequirePKCE bool
	// SecretOptional accepts token requests without a secret; a wrong one is
	// still refused.
	SecretOptional bool
	// PreAuthorized skips the consent page, as an app whose users are
	// pre-authorized by an admin does.
	PreAuthorized bool
	// RunAs is the username behind client credentials; "" refuses that flow.
	RunAs string
	// SessionTimeout overrides Config.SessionTimeout.
	SessionTimeout time.Duration
}

// The default app and password, which Ready tells.
const (
	defaultClientID     = "3MVG9orglink.fake.consumer.key_0000000000000000000000000001"
	defaultClientSecret = "A1B2C3D4E5F60718293A4B5C6D7E8F90A1B2C3D4E5F60718293A4B5C6D7E8F90"
	defaultPassword     = "orglink-Passw0rd"
	oldestVersion       = 31
)

var versionForm = regexp.MustCompile(`^[1-9][0-9]\.0$`)

// withDefaults checks a config and fills it.
func (c Config) withDefaults() (Config, error) {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("salesforcetest: Config."+format, args...))
	}
	if c.Addr != "" && c.Listener != nil {
		bad("Addr and Listener exclude each other")
	}
	setDefault(&c.Addr, "127.0.0.1:0")
	setDefault(&c.Password, defaultPassword)
	setDefault(&c.APIVersion, "66.0")
	setDefault(&c.LoginURL, "https://login.salesforce.com")
	setDefault(&c.SessionTimeout, 2*time.Hour)
	setDefault(&c.ApprovalLimit, 5)
	setDefault(&c.DailyRequests, 15000)
	setDefault(&c.CursorLifetime, 48*time.Hour)
	setDefault(&c.KeepRequests, 10000)
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Seed == nil {
		c.Seed = Empty()
	}
	if !versionForm.MatchString(c.APIVersion) || c.APIVersion < "31.0" {
		bad("APIVersion: %q is not a version such as 66.0", c.APIVersion)
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"SessionTimeout", c.SessionTimeout}, {"BulkDelay", c.BulkDelay}, {"VisibilityDelay", c.VisibilityDelay}, {"CursorLifetime", c.CursorLifetime}} {
		if d.value < 0 {
			bad("%s: %v is negative", d.name, d.value)
		}
	}
	if c.DailyRequests < 0 || c.KeepRequests < 0 {
		bad("DailyRequests and KeepRequests must not be negative")
	}
	if c.Apps == nil {
		c.Apps = []App{{ClientID: defaultClientID, ClientSecret: defaultClientSecret, Name: "Orglink"}}
	}
	apps := make([]App, len(c.Apps))
	seen := map[string]bool{}
	for i, a := range c.Apps {
		if a.ClientID == "" || seen[a.ClientID] {
			bad("Apps[%d].ClientID: %q is empty or taken", i, a.ClientID)
		}
		seen[a.ClientID] = true
		setDefault(&a.Name, "Test App")
		setDefault(&a.SessionTimeout, c.SessionTimeout)
		if a.Scopes == nil {
			a.Scopes = []string{"api", "id", "web", "refresh_token"}
		}
		apps[i] = a
	}
	c.Apps = apps
	return c, errors.Join(errs...)
}

func setDefault[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// acceptsRedirect tells whether a redirect URL is one of the app's.
func (a *App) acceptsRedirect(uri string) bool {
	if len(a.RedirectURIs) > 0 {
		for _, have := range a.RedirectURIs {
			if have == uri {
				return true
			}
		}
		return false
	}
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// canonicalScope treats offline_access as refresh_token, which it equals.
func canonicalScope(s string) string {
	if s == "offline_access" {
		return "refresh_token"
	}
	return s
}

// grantable returns the scopes to grant for a request, in the order asked, or
// the first that the app does not have. Asking for none asks for all.
func (a *App) grantable(requested string) (scopes []string, missing string) {
	have := map[string]bool{}
	for _, s := range a.Scopes {
		have[canonicalScope(s)] = true
	}
	for _, s := range strings.Fields(requested) {
		s = canonicalScope(s)
		if !have[s] {
			return nil, s
		}
		scopes = append(scopes, s)
	}
	if len(scopes) == 0 {
		for _, s := range a.Scopes {
			scopes = append(scopes, canonicalScope(s))
		}
	}
	return scopes, ""
}
