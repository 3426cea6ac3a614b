package salesforcetest

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
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
	// SecurityToken must stand behind the password in the username-password
	// flow and in SOAP login, as it must for clients outside of an org's
	// trusted addresses; default "", the clients' addresses are trusted.
	SecurityToken string
	// APIVersion is the newest version served; default "66.0". Versions from
	// 31.0 on are served.
	APIVersion string
	// Sandbox is the name of a sandbox, such as uat: Organization.IsSandbox is
	// true, usernames end with .uat, identity URLs name
	// https://test.salesforce.com. Default "": a production org.
	Sandbox string
	// UsernameSuffix ends the usernames that the seed makes; default "", or the
	// name of the sandbox behind a dot.
	UsernameSuffix string
	// Domains puts the org behind Salesforce's host names instead of a loopback
	// port; it needs MyDomain, such as acme, and excludes Addr and Listener.
	Domains  *Domains
	MyDomain string
	// LoginURL is the host in identity URLs; default
	// https://login.salesforce.com, or https://test.salesforce.com for a
	// sandbox, as real orgs have it.
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
	// SOAPLogin switches the login call of the SOAP API on, which new orgs
	// have off. Versions 65.0 and later do not have it at all (SOAP API guide,
	// "login()").
	SOAPLogin bool
	// RememberApprovals skips the consent page when the user has a live
	// approval of the app for the same scopes, as Salesforce does; prompt=consent
	// shows it still. Default: the page is always shown.
	RememberApprovals bool
	// LoginsPerHour is how often a user may log in within an hour before
	// "login rate exceeded"; default 3,600 (SOAP API guide, "login()").
	LoginsPerHour int
	// AssertionLifetime is how far ahead the exp of a JWT bearer assertion may
	// lie, besides three minutes for clocks that differ; default 3 minutes; -1:
	// any time.
	AssertionLifetime time.Duration
	// DailyRequests is the limit of API calls in 24 hours; default 15,000, as
	// in a Developer Edition. More are refused with REQUEST_LIMIT_EXCEEDED.
	DailyRequests int
	// ConcurrentRequests is how many requests may have been running for 20
	// seconds or longer, on Go's clock, before further ones are refused;
	// default 25, as in production and sandboxes.
	ConcurrentRequests int
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
	// StateCodes switches state and country picklists on: addresses have a
	// state code and a country code.
	StateCodes bool
	// MultiCurrency gives records a CurrencyIsoCode.
	MultiCurrency bool
	// ArchiveActivities archives events and closed tasks of more than a year
	// ago, as every org does: only queryAll finds them.
	ArchiveActivities bool
	// HiddenWrites is the error code of writes to records that the user does not
	// see; default INVALID_CROSS_REFERENCE_KEY. NOT_FOUND and
	// INSUFFICIENT_ACCESS_OR_READONLY are seen too.
	HiddenWrites string
	// PersonAccounts lets accounts be persons, with a contact of their own: those
	// created with a LastName, or with a record type for persons, of which
	// PersonAccount is there.
	PersonAccounts bool
	// KeepRequests is how many requests Requests remembers; default 10,000.
	KeepRequests int
}

// The default app and password, which Ready tells.
const (
	defaultClientID     = "3MVG9orglink.fake.consumer.key_0000000000000000000000000001"
	defaultClientSecret = "A1B2C3D4E5F60718293A4B5C6D7E8F90A1B2C3D4E5F60718293A4B5C6D7E8F90"
	defaultPassword     = "orglink-Passw0rd"
	oldestVersion       = 31
)

var (
	versionForm = regexp.MustCompile(`^[1-9][0-9]\.0$`)
	hostLabel   = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,60}[A-Za-z0-9])?$`)
)

// DefaultApp is the app of a Config without Apps, to be changed and put there.
func DefaultApp() App {
	return App{ClientID: defaultClientID, ClientSecret: defaultClientSecret, Name: "Orglink"}
}

// withDefaults checks a config and fills it.
func (c Config) withDefaults() (Config, error) {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("salesforcetest: Config."+format, args...))
	}
	if c.Domains != nil && (c.Addr != "" || c.Listener != nil) {
		bad("Domains excludes Addr and Listener")
	}
	if (c.Domains != nil) != (c.MyDomain != "") {
		bad("Domains and MyDomain belong together")
	}
	if c.MyDomain != "" && !hostLabel.MatchString(c.MyDomain) {
		bad("MyDomain: %q is not a name of letters, digits and hyphens such as acme", c.MyDomain)
	}
	if c.Addr != "" && c.Listener != nil {
		bad("Addr and Listener exclude each other")
	}
	setDefault(&c.Addr, "127.0.0.1:0")
	setDefault(&c.Password, defaultPassword)
	setDefault(&c.APIVersion, "66.0")
	if c.Sandbox != "" {
		setDefault(&c.LoginURL, "https://"+testHostName)
		setDefault(&c.UsernameSuffix, "."+strings.ToLower(c.Sandbox))
	}
	setDefault(&c.LoginURL, "https://"+loginHostName)
	setDefault(&c.LoginsPerHour, 3600)
	setDefault(&c.AssertionLifetime, 3*time.Minute)
	setDefault(&c.SessionTimeout, 2*time.Hour)
	setDefault(&c.ApprovalLimit, 5)
	setDefault(&c.DailyRequests, 15000)
	setDefault(&c.ConcurrentRequests, 25)
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
	if c.Sandbox != "" && !hostLabel.MatchString(c.Sandbox) {
		bad("Sandbox: %q is not a name of letters and digits", c.Sandbox)
	}
	if _, known := engine.HiddenWrites[c.HiddenWrites]; !known {
		bad("HiddenWrites: %q is no code of such a refusal", c.HiddenWrites)
	}
	if c.DailyRequests < 0 || c.KeepRequests < 0 {
		bad("DailyRequests and KeepRequests must not be negative")
	}
	if c.Apps == nil {
		c.Apps = []App{DefaultApp()}
	}
	apps := make([]App, len(c.Apps))
	seen := map[string]bool{}
	for i, a := range c.Apps {
		if a.ClientID != "" && seen[a.ClientID] {
			bad("Apps[%d].ClientID: %q is taken", i, a.ClientID)
		}
		seen[a.ClientID] = true
		ready, problems := a.withDefaults()
		for _, err := range problems {
			bad("Apps[%d].%w", i, err)
		}
		apps[i] = ready
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
