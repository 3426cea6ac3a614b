package salesforce

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// ErrUntrustedHost is wrapped by errors about an address that tokens must not
// go to.
var ErrUntrustedHost = errors.New("not a host of Salesforce")

// Hosts that only Salesforce serves. Hosts under force.com are missing on
// purpose: customers control their content.
var (
	orgSuffixes = []string{".my.salesforce.com", ".my.salesforce.mil", ".my.sfcrmproducts.cn"}
	loginHosts  = []string{"login.salesforce.com", "test.salesforce.com"}
	// uiSuffixes are what people copy from their browser.
	uiSuffixes = []string{".lightning.force.com", ".my.salesforce-setup.com"}
)

// CheckURL reports whether a token may be sent to an address: https on the
// default port of *.my.salesforce.com (or its .mil and Chinese forms) or of a
// login host, or one of the hosts trusted besides ("host" or "host:port"),
// where http is allowed on loopback only. The error wraps ErrUntrustedHost.
func CheckURL(raw string, trustedHosts ...string) (*url.URL, error) {
	t, err := newTrust(trustedHosts)
	if err != nil {
		return nil, fmt.Errorf("salesforce: %w", err)
	}
	return t.check(raw)
}

// trust decides where tokens may go.
type trust struct{ extra map[string]bool }

func newTrust(hosts []string) (trust, error) {
	t := trust{make(map[string]bool, len(hosts))}
	var errs []error
	for _, h := range hosts {
		if h == "" || strings.ContainsAny(h, "/@*? ") {
			errs = append(errs, fmt.Errorf("TrustedHosts: %q is not a host or host:port", h))
			continue
		}
		t.extra[strings.ToLower(h)] = true
	}
	return t, errors.Join(errs...)
}

func (t trust) check(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("salesforce: %q is not an address such as https://example.my.salesforce.com: %w", clip(raw, 100), ErrUntrustedHost)
	}
	return u, t.allow(u)
}

func (t trust) allow(u *url.URL) error {
	host := strings.ToLower(u.Hostname())
	refuse := func(why string) error {
		return fmt.Errorf("salesforce: %s://%s: %s: %w", u.Scheme, clip(u.Host, 100), why, ErrUntrustedHost)
	}
	if u.User != nil {
		return refuse("the address holds a user name")
	}
	if t.extra[strings.ToLower(u.Host)] || t.extra[host] {
		if u.Scheme == "https" || u.Scheme == "http" && loopback(host) {
			return nil
		}
		return refuse("a trusted host needs https, or http on loopback")
	}
	if u.Scheme != "https" || u.Port() != "" && u.Port() != "443" {
		return refuse("tokens need https on its default port")
	}
	for _, h := range loginHosts {
		if host == h {
			return nil
		}
	}
	for _, s := range orgSuffixes {
		if strings.HasSuffix(host, s) && len(host) > len(s) {
			return nil
		}
	}
	for _, ui := range uiSuffixes {
		if name, ok := strings.CutSuffix(host, ui); ok {
			return refuse("that is where people work; the API is at https://" + clip(name, 80) + ".my.salesforce.com")
		}
	}
	return refuse("add it to TrustedHosts if tokens may go there")
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// clip keeps hostile input out of messages.
func clip(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "") + "..."
	}
	return s
}
