package salesforce

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"time"
)

// DefaultAPIVersion is the version of the REST API that a Client speaks when
// its Config names none.
const DefaultAPIVersion = "66.0"

// Config configures a Client. Only Tokens is required.
type Config struct {
	// Tokens signs every request. Required.
	Tokens TokenSource
	// HTTPClient sends the requests; its transport, timeout and proxy are
	// kept, its redirect policy is replaced. Defaults to a client of its own
	// with http.DefaultTransport and no timeout, because contexts bound calls.
	HTTPClient *http.Client
	// APIVersion is a version such as "66.0". Defaults to DefaultAPIVersion.
	APIVersion string
	// ClientName tells the org who calls (Sforce-Call-Options: client=), and
	// appears in its event logs. Letters, digits and ._/- only. Defaults to
	// "orglink".
	ClientName string
	// UserAgent defaults to "orglink".
	UserAgent string
	// LeaveRecent keeps what the client reads and writes out of the user's list
	// of recent items (Sforce-Mru: updateMru=false), as Salesforce recommends
	// for integration users (REST API guide, "MRU Header"). Defaults to false,
	// Salesforce's own choice.
	LeaveRecent bool
	// Header is sent with every request. It wins over the client's own headers;
	// Authorization is ignored. Defaults to none.
	Header http.Header
	// CompressFrom is the size in bytes from which JSON and Body of a request
	// are sent gzipped. Defaults to 0, never.
	CompressFrom int
	// QuotaFloor is the used share of the org's daily API requests, such as
	// 0.8, from which background calls are refused with a *QuotaError.
	// Interactive calls pass, and every five minutes one background call, to
	// learn whether the figure fell. Defaults to 0, no floor.
	QuotaFloor float64
	// Describes is a cache of describes that clients share. Defaults to one
	// of the client's own.
	Describes *DescribeCache
	// DescribeScope names whose view this client has of the org, in Describes:
	// the ids of org and user, since each user is shown other fields. Defaults
	// to what the org answers when it is asked once who the user is.
	DescribeScope string
	// TrustedHosts are hosts ("host" or "host:port") that tokens may go to
	// besides the hosts of Salesforce, for tests and gateways. Loopback ones
	// may be reached by http.
	TrustedHosts []string
	// Observer is called after every attempt of every call, also concurrently.
	// It must not block. Defaults to none.
	Observer func(Call)
	// MaxRetries is how often a request that may be repeated is repeated.
	// Defaults to 4; negative means never.
	MaxRetries int
	// RetryWaitMin and RetryWaitMax bound the wait before a retry, which
	// doubles from one to the other with jitter. A longer Retry-After is
	// obeyed up to RetryAfterMax. Default to 500 ms, 30 s and 2 minutes.
	RetryWaitMin, RetryWaitMax, RetryAfterMax time.Duration
}

// Client talks to one org as one user. It is safe for concurrent use and needs
// no closing.
type Client struct {
	cfg     Config
	base    string // "/services/data/v66.0"
	trust   trust
	http    *http.Client
	session session
	budget  retryBudget
	calls   atomic.Int64
	quota   quota
	view    describeView
}

var (
	versionForm = regexp.MustCompile(`^[1-9][0-9]{1,2}\.0$`)
	nameForm    = regexp.MustCompile(`^[A-Za-z0-9._/-]{1,100}$`)
)

// New returns a client. It makes no request; all problems of the
// configuration are reported together.
func New(cfg Config) (*Client, error) {
	setDefaults(&cfg)
	var errs []error
	if cfg.Tokens == nil {
		errs = append(errs, errors.New("Tokens is missing: give a TokenSource such as StaticToken or a connection's"))
	}
	if !versionForm.MatchString(cfg.APIVersion) {
		errs = append(errs, fmt.Errorf("APIVersion %q is not of the form 66.0", cfg.APIVersion))
	}
	if !nameForm.MatchString(cfg.ClientName) {
		errs = append(errs, fmt.Errorf("ClientName %q: use 1 to 100 letters, digits, dots, slashes, dashes or underscores", cfg.ClientName))
	}
	if strings.ContainsAny(cfg.UserAgent, "\r\n") {
		errs = append(errs, errors.New("UserAgent holds a line break"))
	}
	if cfg.RetryWaitMin < 0 || cfg.RetryWaitMax < cfg.RetryWaitMin || cfg.RetryAfterMax < 0 {
		errs = append(errs, errors.New("RetryWaitMin, RetryWaitMax and RetryAfterMax must be positive and in order"))
	}
	if cfg.QuotaFloor < 0 || cfg.QuotaFloor > 1 {
		errs = append(errs, fmt.Errorf("QuotaFloor %v is not a share between 0 and 1", cfg.QuotaFloor))
	}
	if cfg.CompressFrom < 0 {
		errs = append(errs, errors.New("CompressFrom is negative"))
	}
	trust, err := newTrust(cfg.TrustedHosts)
	errs = append(errs, err)
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("salesforce: configuration: %w", err)
	}
	c := &Client{cfg: cfg, base: "/services/data/v" + cfg.APIVersion, trust: trust}
	c.session.source = cfg.Tokens
	c.view.own = newDescribeCache(DescribeCacheConfig{})
	if len(cfg.Header) > 0 {
		c.view.headers = fmt.Sprint(cfg.Header) // in the order of the names
	}
	c.http = c.newHTTPClient(cfg.HTTPClient)
	return c, nil
}

func setDefaults(cfg *Config) {
	if cfg.APIVersion == "" {
		cfg.APIVersion = DefaultAPIVersion
	}
	if cfg.ClientName == "" {
		cfg.ClientName = "orglink"
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = "orglink"
	}
	if cfg.MaxRetries == 0 {
		cfg.MaxRetries = 4
	}
	if cfg.RetryWaitMin == 0 {
		cfg.RetryWaitMin = 500 * time.Millisecond
	}
	if cfg.RetryWaitMax == 0 {
		cfg.RetryWaitMax = max(30*time.Second, cfg.RetryWaitMin)
	}
	if cfg.RetryAfterMax == 0 {
		cfg.RetryAfterMax = 2 * time.Minute
	}
}

// APIVersion returns the version of the REST API that the client speaks.
func (c *Client) APIVersion() string { return c.cfg.APIVersion }
