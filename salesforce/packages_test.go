package salesforce_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

func TestInstalledPackagesInTheFakeOrg(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	const soql = "SELECT Id, SubscriberPackageId, SubscriberPackage.NamespacePrefix, SubscriberPackage.Name, SubscriberPackageVersion.Id, SubscriberPackageVersion.MajorVersion, " +
		"SubscriberPackageVersion.MinorVersion, SubscriberPackageVersion.PatchVersion, SubscriberPackageVersion.BuildNumber, SubscriberPackageVersion.IsBeta, MinPackageVersionId FROM InstalledSubscriberPackage"
	list := func(c *salesforce.Client, where string) (out []string, err error) {
		for rec, err := range c.ToolingQuery(t.Context(), soql+where) {
			if err != nil {
				return nil, err
			}
			var parts []string
			for _, path := range []string{"SubscriberPackage.NamespacePrefix", "SubscriberPackage.Name", "SubscriberPackageVersion.MajorVersion", "SubscriberPackageVersion.MinorVersion",
				"SubscriberPackageVersion.PatchVersion", "SubscriberPackageVersion.BuildNumber", "SubscriberPackageVersion.IsBeta"} {
				v, ok := rec.Path(path)
				if !ok {
					t.Errorf("%s is missing", path)
				}
				parts = append(parts, v.Raw())
			}
			if rec.ID().Prefix() != "0A3" || !strings.HasPrefix(textOf(t, rec, "SubscriberPackageVersion.Id"), "04t") || !strings.HasPrefix(textOf(t, rec, "SubscriberPackageId"), "033") {
				t.Error(rec)
			}
			out = append(out, strings.Join(parts, " "))
		}
		return out, nil
	}
	if got, err := list(c, ""); err != nil || got != nil {
		t.Error(got, err)
	}
	first, err := org.Org().InstallPackage(salesforcetest.Package{Namespace: "acme", Name: "Acme for Salesforce", Version: "1.5"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := org.Org().InstallPackage(salesforcetest.Package{Namespace: "other", Version: "2.0.3.7", Beta: true}); err != nil {
		t.Fatal(err)
	}
	second, err := org.Org().InstallPackage(salesforcetest.Package{Namespace: "acme", Version: "1.6"})
	if err != nil || second == first {
		t.Fatal(second, err)
	}
	got, err := list(c, " ORDER BY SubscriberPackage.NamespacePrefix")
	if err != nil || fmt.Sprint(got) != "[acme Acme for Salesforce 1 6 0 1 false other other 2 0 3 7 true]" {
		t.Error(got, err)
	}
	if got, err := list(c, " WHERE SubscriberPackageVersionId = '"+string(second)+"' AND MinPackageVersionId = '"+string(first)+"'"); err != nil || len(got) != 1 {
		t.Error(got, err)
	}
	for _, err := range c.ToolingQuery(t.Context(), "SELECT Nope FROM InstalledSubscriberPackage") {
		if !errors.Is(err, salesforce.ErrInvalidField) {
			t.Error(err)
		}
	}
	addRep(t, org) // without View Setup
	rep, err := salesforce.New(salesforce.Config{Tokens: salesforce.StaticToken(org.URL, org.Token("rep@example.com")), HTTPClient: org.Client(),
		TrustedHosts: []string{strings.TrimPrefix(org.URL, "http://")}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := list(rep, ""); !errors.Is(err, salesforce.ErrForbidden) {
		t.Error(got, err)
	}
	if len(org.Unsupported()) != 0 {
		t.Error(org.Unsupported())
	}
}
