package connection

import (
	"net/url"
	"strings"

	"github.com/orglink/orglink/salesforce"
)

// Where people sign in when they do not name their My Domain.
const (
	ProductionLogin = "https://login.salesforce.com"
	SandboxLogin    = "https://test.salesforce.com"
)

// lightning maps the hosts that people copy from their browser to the ones
// that log in.
var lightning = [][2]string{
	{".lightning.force.com", ".my.salesforce.com"},
	{".lightning.crmforce.mil", ".my.salesforce.mil"},
	{".lightning.sfcrmapps.cn", ".my.sfcrmproducts.cn"},
	{".my.salesforce-setup.com", ".my.salesforce.com"},
}

// hostRules decide where a token may go.
type hostRules struct{ trusted []string }

// origin returns scheme and host of a URL that tokens may go to.
func (r hostRules) origin(raw string) (string, bool) {
	u, err := salesforce.CheckURL(raw, r.trusted...)
	if err != nil {
		return "", false
	}
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	}
	return u.Scheme + "://" + host, true
}

// ParseLoginHost turns what a person typed or pasted into the address of a
// login host without a path: "production", "sandbox", a My Domain, or any page
// of the org. Hosts that are not Salesforce's are refused (ErrUntrustedHost),
// except trusted ones ("host" or "host:port").
func ParseLoginHost(typed string, trustedHosts ...string) (string, error) {
	return hostRules{trusted: trustedHosts}.login(typed, "")
}

// login turns what a person typed or pasted into a login origin: nothing or
// "production", "sandbox", a host, or any page of the org.
func (r hostRules) login(typed, fallback string) (string, error) {
	s := strings.TrimSpace(typed)
	switch strings.ToLower(s) {
	case "":
		s = fallback
	case "production":
		s = ProductionLogin
	case "sandbox":
		s = SandboxLogin
	}
	if !strings.Contains(s, "://") {
		host, _, _ := strings.Cut(s, "/")
		if _, ok := r.origin("http://" + host); ok { // a trusted loopback host
			s = "http://" + s
		} else {
			s = "https://" + s
		}
	}
	u, err := url.Parse(s)
	if err != nil || u.User != nil {
		return "", failDetail("login host", clip(typed), ErrUntrustedHost, "not an address")
	}
	host := strings.ToLower(u.Host)
	for _, pair := range lightning {
		if sub, ok := strings.CutSuffix(host, pair[0]); ok {
			host = sub + pair[1]
		}
	}
	origin, ok := r.origin(u.Scheme + "://" + host)
	if !ok {
		return "", fail("login host", clip(typed), ErrUntrustedHost, nil)
	}
	return origin, nil
}

// clip keeps hostile input short and on one line.
func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if len(s) > 120 {
		s = strings.ToValidUTF8(s[:120], "") + "..."
	}
	return s
}
