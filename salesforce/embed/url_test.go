package embed_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/embed"
	"github.com/orglink/orglink/salesforce/sobject"
)

func site(t *testing.T, address string) embed.Site {
	t.Helper()
	s, err := embed.SiteOf(address)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSiteMapsHosts(t *testing.T) {
	for _, c := range []struct {
		in, api, lightning string
		sandbox            bool
	}{
		{"https://acme.my.salesforce.com", "https://acme.my.salesforce.com", "https://acme.lightning.force.com", false},
		{" ACME.my.salesforce.com ", "https://acme.my.salesforce.com", "https://acme.lightning.force.com", false},
		{"https://acme--uat.sandbox.lightning.force.com/lightning/page/home", "https://acme--uat.sandbox.my.salesforce.com", "https://acme--uat.sandbox.lightning.force.com", true},
		{"https://acme--old.my.salesforce.com", "https://acme--old.my.salesforce.com", "https://acme--old.lightning.force.com", true},
		{"acme-dev-ed.develop.lightning.force.com", "https://acme-dev-ed.develop.my.salesforce.com", "https://acme-dev-ed.develop.lightning.force.com", false},
		{"https://base.lightning.crmforce.mil", "https://base.my.salesforce.mil", "https://base.lightning.crmforce.mil", false},
		{"https://acme.my.sfcrmproducts.cn:443", "https://acme.my.sfcrmproducts.cn", "https://acme.lightning.sfcrmapps.cn", false},
	} {
		s := site(t, c.in)
		if s.MyDomain() != c.api || s.Lightning() != c.lightning || s.Sandbox() != c.sandbox {
			t.Errorf("%q: %s, %s, sandbox %v", c.in, s.MyDomain(), s.Lightning(), s.Sandbox())
		}
	}
}

func TestSiteRefusesLookAlikes(t *testing.T) {
	for _, in := range []string{
		"", "https://", "acme", "https://salesforce.com", "https://my.salesforce.com", "https://.my.salesforce.com",
		"https://evilmy.salesforce.com", "https://acme.my.salesforce.com.evil.example", "https://acme.my.salesforce.com@evil.example",
		"https://evil.example/acme.my.salesforce.com", "https://evil.example#.my.salesforce.com", "https://acme.my.salesforce.com:8443",
		"http://acme.my.salesforce.com", "https://acme.my.site.com", "https://acme.force.com", "javascript:alert(1)//acme.my.salesforce.com",
		"https://a..my.salesforce.com", "https://acme.my.salesforce.com.", "https://äcme.my.salesforce.com", "https://acme_x%2e.my.salesforce.com",
		"https://evil.example\\.my.salesforce.com", "https://127.0.0.1:8080",
	} {
		if s, err := embed.SiteOf(in); !errors.Is(err, embed.ErrNotSalesforce) {
			t.Errorf("%q is taken for %s (%v)", in, s.MyDomain(), err)
		}
	}
	if s, err := embed.SiteOf("http://127.0.0.1:8080/x", "127.0.0.1:8080"); err != nil || s.Lightning() != "http://127.0.0.1:8080" {
		t.Errorf("a trusted host: %v, %v", s, err)
	}
}

func TestParseWhatAdminsPaste(t *testing.T) {
	const id = "001x00000012Q9PAAU"
	for _, c := range []struct {
		in   string
		kind embed.Kind
		url  string
	}{
		{"https://acme.lightning.force.com/lightning/r/Account/" + id + "/view", embed.RecordPage, "https://acme.lightning.force.com/lightning/r/Account/" + id + "/view"},
		{"https://acme.my.salesforce.com/lightning/r/Account/" + id[:15] + "/view?0.source=alohaHeader", embed.RecordPage, "https://acme.lightning.force.com/lightning/r/Account/" + id + "/view"},
		{"acme.lightning.force.com/lightning/r/" + id + "/view", embed.RecordPage, "https://acme.my.salesforce.com/" + id},
		{"https://acme.my.salesforce.com/" + id[:15], embed.RecordPage, "https://acme.my.salesforce.com/" + id},
		{"https://acme.my.salesforce.com/" + id + "/e?retURL=%2F", embed.RecordPage, "https://acme.my.salesforce.com/" + id},
		{"https://acme.lightning.force.com/one/one.app#/sObject/" + id + "/view", embed.RecordPage, "https://acme.my.salesforce.com/" + id},
		{"https://acme.lightning.force.com/one/one.app#/n/acme__Portal", embed.TabPage, "https://acme.lightning.force.com/lightning/n/acme__Portal"},
		{"https://acme--uat.sandbox.lightning.force.com/lightning/n/acme__Portal?c__x=1#frag", embed.TabPage, "https://acme--uat.sandbox.lightning.force.com/lightning/n/acme__Portal"},
		{"https://acme.lightning.force.com/lightning/o/Lead/list?filterName=AllOpenLeads&sid=00Dx!secret", embed.ListPage, "https://acme.lightning.force.com/lightning/o/Lead/list?filterName=AllOpenLeads"},
		{"https://acme.lightning.force.com/lightning/o/Project__c/home", embed.ObjectPage, "https://acme.lightning.force.com/lightning/o/Project__c/home"},
		{"https://acme.my.salesforce.com/servlet/servlet.Integration?lid=01rx00000012Q9P&ic=1", embed.WebTabPage, "https://acme.my.salesforce.com/servlet/servlet.Integration?lid=01rx00000012Q9PAAU&ic=1"},
		{"https://acme.lightning.force.com/lightning/app/standard__LightningSales", embed.AppPage, "https://acme.lightning.force.com/lightning/app/standard__LightningSales"},
	} {
		link, err := embed.Parse(c.in)
		if err != nil || link.Kind != c.kind || link.URL() != c.url {
			t.Errorf("%s: %s %s, %v", c.in, link.Kind, link.URL(), err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for in, want := range map[string]error{
		"https://evil.example/lightning/n/Portal":                                        embed.ErrNotSalesforce,
		"https://acme.lightning.force.com@evil.example/lightning/n/Portal":               embed.ErrNotSalesforce,
		"javascript://acme.lightning.force.com/lightning/n/Portal":                       embed.ErrNotSalesforce,
		"https://acme.lightning.force.com/lightning/n/" + url.PathEscape(`"><script>`):   embed.ErrUnknownPage,
		"https://acme.lightning.force.com/lightning/n/":                                  embed.ErrUnknownPage,
		"https://acme.lightning.force.com/lightning/o/Lead/list?filterName=a%26b":        embed.ErrUnknownPage,
		"https://acme.lightning.force.com/lightning/r/Account/123/view":                  embed.ErrUnknownPage,
		"https://acme.lightning.force.com/lightning/page/home":                           embed.ErrUnknownPage,
		"https://acme.lightning.force.com/secur/frontdoor.jsp?sid=x":                     embed.ErrUnknownPage,
		"https://acme.lightning.force.com/lightning":                                     embed.ErrUnknownPage,
		"https://acme.my.salesforce.com/servlet/servlet.Integration?lid=001x00000012Q9P": embed.ErrUnknownPage,
		"https://acme.my.salesforce.com/servlet/servlet.Integration":                     embed.ErrUnknownPage,
		"https://acme.my.salesforce.com/" + strings.Repeat("x", 20_000):                  embed.ErrNotSalesforce,
		"": embed.ErrNotSalesforce,
	} {
		if link, err := embed.Parse(in); !errors.Is(err, want) {
			t.Errorf("%.80q: %v %v", in, link, err)
		}
	}
}

func TestParseTabBelongsToTheOrg(t *testing.T) {
	acme := site(t, "https://acme.my.salesforce.com")
	if _, err := embed.ParseTab("https://acme.lightning.force.com/lightning/n/Portal", acme); err != nil {
		t.Error(err)
	}
	if _, err := embed.ParseTab("https://other.lightning.force.com/lightning/n/Portal", acme); err == nil || !strings.Contains(err.Error(), "connected org is") {
		t.Errorf("a tab of another org: %v", err)
	}
	if _, err := embed.ParseTab("https://acme.lightning.force.com/lightning/o/Lead/home", acme); !errors.Is(err, embed.ErrUnknownPage) {
		t.Errorf("not a tab: %v", err)
	}
}

func TestBuild(t *testing.T) {
	s, id := site(t, "acme.my.salesforce.com"), sobject.MustID("001x00000012Q9P")
	for got, want := range map[string]string{
		s.EditRecord("Account", id):   "https://acme.lightning.force.com/lightning/r/Account/001x00000012Q9PAAU/edit",
		s.List("Lead", ""):            "https://acme.lightning.force.com/lightning/o/Lead/list",
		s.Setup("ConnectedAppsUsage"): "https://acme.lightning.force.com/lightning/setup/ConnectedAppsUsage/home",
		s.Record("../../secur", id):   "https://acme.lightning.force.com/lightning/r/..%2F..%2Fsecur/001x00000012Q9PAAU/view",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	u, err := url.Parse(s.NewRecord("Contact", embed.Default{"LastName", "O'Neil, Jr & Co=1"}, embed.Default{"Phone", "+49 30"}))
	if err != nil {
		t.Fatal(err)
	}
	// Decoded once by the page, then split, then each value decoded.
	values := map[string]string{}
	for _, part := range strings.Split(u.Query().Get("defaultFieldValues"), ",") {
		name, value, _ := strings.Cut(part, "=")
		value, err := url.PathUnescape(value)
		if err != nil {
			t.Fatal(err)
		}
		values[name] = value
	}
	if values["LastName"] != "O'Neil, Jr & Co=1" || values["Phone"] != "+49 30" {
		t.Errorf("defaults %v in %s", values, u)
	}
}

func TestInstallLinks(t *testing.T) {
	version := sobject.MustID("04tx00000012Q9P")
	got, err := embed.InstallURL(version)
	if err != nil || got != "https://login.salesforce.com/packaging/installPackage.apexp?p0=04tx00000012Q9PAAU" {
		t.Errorf("%s, %v", got, err)
	}
	if got, err = embed.SandboxInstallURL(version); err != nil || !strings.HasPrefix(got, "https://test.salesforce.com/") {
		t.Errorf("%s, %v", got, err)
	}
	if got, err = site(t, "acme.my.salesforce.com").Install(version); err != nil || !strings.HasPrefix(got, "https://acme.my.salesforce.com/packaging/") {
		t.Errorf("%s, %v", got, err)
	}
	for _, bad := range []sobject.ID{"", "033x00000012Q9P", "04t&x=1"} {
		if got, err := embed.InstallURL(bad); err == nil {
			t.Errorf("%q makes %s", bad, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("https://acme.lightning.force.com/lightning/r/Account/001x00000012Q9PAAU/view")
	f.Add("acme.my.salesforce.com/servlet/servlet.Integration?lid=01rx00000012Q9P")
	f.Add("https://acme.lightning.force.com/one/one.app#/sObject/001x00000012Q9P/view")
	f.Add("https://acme.my.salesforce.com@evil.example/001x00000012Q9P")
	f.Fuzz(func(t *testing.T, pasted string) {
		link, err := embed.Parse(pasted)
		if err != nil {
			return
		}
		// What is accepted leads to the org, and reads back as the same page.
		u, err := url.Parse(link.URL())
		if err != nil || u.Scheme != "https" || !strings.HasSuffix(u.Host, ".force.com") && !strings.Contains(u.Host, "my") && !strings.Contains(u.Host, "lightning") {
			t.Fatalf("%q became %q", pasted, link.URL())
		}
		again, err := embed.Parse(link.URL())
		if err != nil || again != link {
			t.Fatalf("%q: %+v, then %+v (%v)", pasted, link, again, err)
		}
	})
}

func ExampleSite() {
	s, err := embed.SiteOf("https://acme.my.salesforce.com")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Record("Account", sobject.MustID("001x00000012Q9P")))
	fmt.Println(s.Tab("acme__Portal"))
	// Output:
	// https://acme.lightning.force.com/lightning/r/Account/001x00000012Q9PAAU/view
	// https://acme.lightning.force.com/lightning/n/acme__Portal
}
