package embed

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/orglink/orglink/salesforce"
)

// ErrNotSalesforce is wrapped when an address is not a page of an org.
var ErrNotSalesforce = errors.New("not an address of a Salesforce org")

// ErrUnknownPage is wrapped when an address is in an org but not a page of the
// kinds that Parse knows.
var ErrUnknownPage = errors.New("not a kind of page that can be linked to")

// hostPairs are the endings of an org's API host and of its Lightning host.
var hostPairs = [][2]string{
	{".my.salesforce.com", ".lightning.force.com"},
	{".my.salesforce.mil", ".lightning.crmforce.mil"},
	{".my.sfcrmproducts.cn", ".lightning.sfcrmapps.cn"},
	{".my-salesforce.com", ".my-lightning.com"},
}

// Site is an org's address, from which links to its pages are made. The zero
// Site makes no useful links.
type Site struct {
	scheme         string
	api, lightning string // hosts
}

// SiteOf returns the site of an org from its instance URL, its My Domain or
// its Lightning address; a host without a scheme will do. Hosts that are no
// org's are refused, but for trustedHosts ("host" or "host:port"), which serve
// both API and pages, as a fake org in a test does.
func SiteOf(address string, trustedHosts ...string) (Site, error) {
	address = strings.TrimSpace(address)
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return Site{}, fmt.Errorf("embed: %q: %w", clip(address), ErrNotSalesforce)
	}
	host := strings.ToLower(u.Host)
	for _, t := range trustedHosts {
		if t = strings.ToLower(t); t != host && t != strings.ToLower(u.Hostname()) {
			continue
		}
		if _, err := salesforce.CheckURL(u.Scheme+"://"+host, trustedHosts...); err == nil {
			return Site{u.Scheme, host, host}, nil
		}
	}
	if u.Scheme == "https" && u.Port() == "443" {
		host = strings.TrimSuffix(host, ":443")
	}
	if u.Scheme == "https" && hostName(host) {
		for _, pair := range hostPairs {
			for _, suffix := range pair {
				if name, ok := strings.CutSuffix(host, suffix); ok && name != "" {
					return Site{"https", name + pair[0], name + pair[1]}, nil
				}
			}
		}
	}
	return Site{}, fmt.Errorf("embed: %q is no My Domain such as acme.my.salesforce.com: %w", clip(address), ErrNotSalesforce)
}

// hostName accepts plain host names with no empty label.
func hostName(host string) bool {
	for i := range len(host) {
		c := host[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return false
		}
	}
	return !strings.HasPrefix(host, ".") && !strings.HasSuffix(host, ".") && !strings.Contains(host, "..")
}

// MyDomain returns the address of the org's API and Classic pages.
func (s Site) MyDomain() string { return s.scheme + "://" + s.api }

// Lightning returns the address of the org's Lightning pages.
func (s Site) Lightning() string { return s.scheme + "://" + s.lightning }

// Sandbox reports whether the host name is one of a sandbox. Names from before
// enhanced domains are recognised by their double dash.
func (s Site) Sandbox() bool {
	label, _, _ := strings.Cut(s.api, ".")
	return strings.Contains(s.api, ".sandbox.my.") || strings.Contains(label, "--")
}

// clip keeps hostile input out of messages.
func clip(s string) string {
	if len(s) > 100 {
		return strings.ToValidUTF8(s[:100], "") + "..."
	}
	return s
}
