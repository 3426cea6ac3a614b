package embed_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/embed"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

func orgClient(t *testing.T, cfg salesforcetest.Config) (*salesforcetest.Server, *salesforce.Client) {
	t.Helper()
	org := salesforcetest.NewServer(t, cfg)
	c, err := salesforce.New(salesforce.Config{
		Tokens: salesforce.StaticToken(org.URL, org.Ready().AccessToken), HTTPClient: org.Client(),
		TrustedHosts: []string{strings.TrimPrefix(org.URL, "http://")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return org, c
}

func TestInstalledPackage(t *testing.T) {
	org, c := orgClient(t, salesforcetest.Config{})
	latest, err := embed.ParsePackageVersion("04tx00000012Q9P", "1.6")
	if err != nil {
		t.Fatal(err)
	}
	product := embed.Package{Namespace: "acme", Latest: latest}
	if got, err := product.Installed(t.Context(), c); err != nil || got != (embed.Installation{}) {
		t.Errorf("in an empty org: %+v, %v", got, err)
	}
	install := func(namespace, version string) {
		t.Helper()
		if _, err := org.Org().InstallPackage(salesforcetest.Package{Namespace: namespace, Version: version}); err != nil {
			t.Fatal(err)
		}
	}
	install("acme2", "9.9")
	install("acme", "1.5")
	got, err := product.Installed(t.Context(), c)
	if err != nil || !got.Installed || !got.Outdated || got.Version.String() != "1.5.0.1" || got.Version.ID.Prefix() != "04t" {
		t.Errorf("%+v, %v", got, err)
	}
	install("acme", "1.6")
	if got, err = product.Installed(t.Context(), c); err != nil || got.Outdated || !got.Installed {
		t.Errorf("after the update: %+v, %v", got, err)
	}
	for _, bad := range []string{"", "a'b", "_a", "1a", "a__b", strings.Repeat("a", 16)} {
		if _, err := (embed.Package{Namespace: bad}).Installed(t.Context(), c); err == nil {
			t.Errorf("%q is taken for a namespace", bad)
		}
	}
}

// A user without View Setup cannot query packages but sees what they brought.
func TestInstalledPackageWithoutTheTool(t *testing.T) {
	org, c := orgClient(t, salesforcetest.Config{})
	product := embed.Package{Namespace: "acme", Latest: embed.PackageVersion{Major: 2}}
	org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "tooling/query"},
		Action: salesforcetest.Refuse(400, "INVALID_TYPE", "sObject type 'InstalledSubscriberPackage' is not supported.")})
	if got, err := product.Installed(t.Context(), c); err != nil || got.Installed {
		t.Errorf("an org without it: %+v, %v", got, err)
	}
	if err := org.Org().DefineObject(salesforcetest.Object{Name: "acme__Visit__c", Label: "Visit"}); err != nil {
		t.Fatal(err)
	}
	if got, err := product.Installed(t.Context(), c); err != nil || got != (embed.Installation{Installed: true}) {
		t.Errorf("an org with it: %+v, %v", got, err)
	}
	org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "sobjects"}, Action: salesforcetest.Refuse(503, "SERVER_UNAVAILABLE", "busy")})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if got, err := product.Installed(ctx, c); err == nil {
		t.Errorf("a call that failed is told as %+v", got)
	}
}

func TestPackageVersions(t *testing.T) {
	order := []embed.PackageVersion{{Major: 1, Minor: 5}, {Major: 1, Minor: 5, Build: 2}, {Major: 1, Minor: 5, Patch: 1}, {Major: 1, Minor: 10, Beta: true, Build: 7}, {Major: 1, Minor: 10, Build: 1}, {Major: 2}}
	for i := range order {
		for j := range order {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := order[i].Compare(order[j]); got != want {
				t.Errorf("%s against %s: %d", order[i], order[j], got)
			}
		}
	}
	for number, want := range map[string]string{"1.5": "1.5", "1.5.0": "1.5", "1.5.2": "1.5.2", "1.5.0.3": "1.5.0.3", "1": "", "1.x": "", "1.-1": "", "1.2.3.4.5": "", "": ""} {
		v, err := embed.ParsePackageVersion("", number)
		if (err == nil) != (want != "") || err == nil && v.String() != want {
			t.Errorf("%q: %s, %v", number, v, err)
		}
	}
}

func TestGuides(t *testing.T) {
	product := embed.Package{Namespace: "acme", Latest: embed.PackageVersion{ID: sobject.MustID("04tx00000012Q9P"), Major: 1, Minor: 6}, Key: true}
	for where, host := range map[string]string{embed.Production: "https://login.salesforce.com/", embed.Sandbox: "https://test.salesforce.com/", "acme.lightning.force.com": "https://acme.my.salesforce.com/"} {
		g, err := product.InstallGuide(where)
		if err != nil || !strings.HasPrefix(g.URL, host) || !strings.HasSuffix(g.URL, "04tx00000012Q9PAAU") {
			t.Errorf("%s: %+v, %v", where, g, err)
		}
		text := strings.Join(g.Steps, "\n")
		admins, others := strings.Index(text, "Admins Only"), strings.Index(text, "admit the others")
		if admins < 0 || others < admins || !strings.Contains(text, "installation key") {
			t.Errorf("the guide does not begin with admins:\n%s", text)
		}
		if g, err = product.UpgradeGuide(where); err != nil || !strings.Contains(strings.Join(g.Steps, "\n"), "1.6") {
			t.Errorf("%s: %+v, %v", where, g, err)
		}
	}
	if _, err := product.InstallGuide("https://evil.example"); err == nil {
		t.Error("a guide leads to evil.example")
	}
	if _, err := (embed.Package{Namespace: "acme"}).InstallGuide(embed.Production); err == nil {
		t.Error("a guide without a version")
	}
}
