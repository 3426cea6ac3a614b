package salesforce_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

func TestCapturedSearches(t *testing.T) {
	found, err := replay(t, capture(t, "search/swiftly-search.json")[0]).Search(t.Context(), "FIND {a}")
	if err != nil || len(found) != 6 || found[0].Object() != "Contact" || textOf(t, found[1], "Department") != "Procurement" {
		t.Error(len(found), err)
	}
	if v, ok := found[0].Value("Department"); !ok || !v.IsNull() {
		t.Error("null was not told from absent")
	}
	accounts := 0
	for _, r := range found {
		if r.Object() == "Account" {
			accounts++
		}
	}
	if v, _ := found[4].Value("NumberOfEmployees"); v.Raw() != "1000" || accounts < 2 {
		t.Error(v.Raw(), accounts)
	}
	empty := capture(t, "search/nango-search-empty.json")[0]
	c := replay(t, empty)
	if found, err := c.Search(t.Context(), "FIND {Acme}"); err != nil || len(found) != 0 || c.Usage() != (salesforce.Usage{Used: 21, Max: 15000}) {
		t.Error(found, err, c.Usage())
	}
	// Before version 37 the answer was an array.
	old, err := replay(t, capture(t, "search/restforce-search-success.json")[0]).Search(t.Context(), "FIND {bar}")
	if err != nil || len(old) != 2 || textOf(t, old[1], "Id") != "bar" || old[0].Object() != "Whizbang" {
		t.Error(old, err)
	}
	recent, err := replay(t, capture(t, "recent/restforce-recent.json")[0]).Recent(t.Context(), 0)
	if err != nil || len(recent) != 2 || textOf(t, recent[0], "Name") != "whatever" {
		t.Error(recent, err)
	}
}

func TestCapturedRecords(t *testing.T) {
	answer := capture(t, "record/nango-get-record-account.json")[0]
	rec, err := replay(t, answer).GetBy(t.Context(), "Account", "Key__c", "1")
	if err != nil || rec.ID() != "001dM00003jU9GxQAK" || rec.Object() != "Account" || answer.header.Get("Etag") == "" {
		t.Error(rec.ID(), err)
	}
	if at, err := rec.Time("LastModifiedDate"); err != nil || at.UTC().Format(http.TimeFormat) != answer.header.Get("Last-Modified") {
		t.Error(at, err, answer.header.Get("Last-Modified"))
	}
	rec, err = replay(t, capture(t, "record/netcoreforce-contact.json")[0]).Parent(t.Context(), "Case", "500000000000001AAA", "Contact")
	if err != nil || rec.ID() != "003i000004cs62sAAA" || rec.Len() < 50 {
		t.Error(rec.Len(), err)
	}
	// What the older recordings masked is no id any more; the record is one
	// all the same.
	rec, err = replay(t, capture(t, "record/cci-organization.json")[0]).Parent(t.Context(), "User", "005000000000001AAA", "Org")
	if err != nil || rec.Object() != "Organization" {
		t.Error(rec, err)
	}
	items, err := replay(t, capture(t, "record/spring-social-account.json")[0]).RecentOf(t.Context(), "Account")
	if err != nil || len(items) != 0 {
		t.Error(items, err)
	}
}

func TestCapturedToolingQueries(t *testing.T) {
	seen := map[string]int{}
	for _, answer := range capture(t, "tooling/cci-apex-test-run.json") {
		if !strings.Contains(answer.body, `"totalSize"`) {
			continue
		}
		for rec, err := range replay(t, answer).ToolingQuery(t.Context(), "SELECT ...") {
			if err != nil {
				t.Fatal(err)
			}
			if seen[rec.Object()]++; rec.Object() == "InstalledSubscriberPackage" && rec.Len() == 0 {
				t.Error("an empty record")
			}
		}
	}
	if seen["ApexClass"] != 6 || seen["InstalledSubscriberPackage"] != 1 || seen["SubscriberPackageVersion"] != 1 || seen["ApexOrgWideCoverage"] != 2 {
		t.Error(seen)
	}
}

func TestCapturedGlobalDescribes(t *testing.T) {
	for name, want := range map[string]salesforce.ObjectSummary{
		"cumulusci-sobjects.json": {},
		"spring-social-v37-sobjects.json": {Name: "Account", Label: "Account", LabelPlural: "Accounts", KeyPrefix: "001", Createable: true, Updateable: true,
			Deletable: true, Queryable: true, Replicateable: true, Retrieveable: true, Searchable: true, Triggerable: true},
	} {
		objects, err := replay(t, capture(t, "describeGlobal/"+name)[0]).DescribeGlobal(t.Context())
		if err != nil || len(objects) == 0 {
			t.Fatal(name, err)
		}
		if want.Name != "" && objects[0] != want {
			t.Errorf("%s: %+v", name, objects[0])
		}
		for _, o := range objects {
			if o.Name == "" || o.Label == "" || len(o.KeyPrefix) != 0 && len(o.KeyPrefix) != 3 {
				t.Errorf("%s: %+v", name, o)
			}
		}
	}
}

// A recorded describe is kept and revalidated by the date that came with it.
func TestCapturedDescribeIsRevalidated(t *testing.T) {
	body := capture(t, "describe/Task.nango-v60.json")[0].body
	const modified = "Wed, 06 May 2026 09:49:20 GMT"
	asked, conditional := 0, 0
	c := offline(t, func(r *http.Request) (*http.Response, error) {
		asked++
		resp := reply(r, 200, body)
		if r.Header.Get("If-Modified-Since") == modified {
			conditional++
			resp = reply(r, 304, "")
		}
		resp.Header.Set("Last-Modified", modified)
		resp.Header.Set("Date", "Wed, 06 May 2026 11:30:36 GMT")
		return resp, nil
	})
	var first *sobject.Describe
	for range 3 {
		d, err := c.Describe(t.Context(), "Task")
		if err != nil || d.Name != "Task" || d.KeyPrefix != "00T" {
			t.Fatal(err)
		}
		if f, ok := d.Field("WhoId"); !ok || f.Type != sobject.TypeReference || len(f.ReferenceTo) < 2 {
			t.Error("WhoId is not what was recorded")
		}
		if first != nil && len(first.Fields) != len(d.Fields) {
			t.Error(len(first.Fields), len(d.Fields))
		}
		first = d
	}
	if asked != 3 || conditional != 2 {
		t.Error(asked, conditional)
	}
}

func TestCapturedUserInfo(t *testing.T) {
	u, err := replay(t, capture(t, "identity/nango-userinfo.json")[0]).UserInfo(t.Context())
	if err != nil || u.UserID != "005dM00000awSFJQA2" || u.GivenName != "Nango" || u.FamilyName != "API" || !u.EmailVerified || u.IntegrationUser ||
		!strings.HasSuffix(u.Picture, "/profilephoto/005/F") || !strings.Contains(u.URLs["rest"], "/services/data/v{version}/") || len(u.Address) != 0 ||
		u.UTCOffset != -8*time.Hour || u.Updated.Year() < 2025 {
		t.Errorf("%+v, %v", u, err)
	}
	// The others were edited until their ids were none, which is an error and
	// not a user without an id.
	for _, name := range []string{"amp-user-info.json", "spring-social-userDetails.json"} {
		if u, err := replay(t, capture(t, "identity/"+name)[0]).UserInfo(t.Context()); err == nil {
			t.Errorf("%s: %+v", name, u)
		}
	}
}

func TestCapturedOddVersions(t *testing.T) {
	c := replay(t, capture(t, "versions/restforce-services-data.json")[0])
	all, err := c.Versions(t.Context())
	if err != nil || len(all) != 2 || all[1].Label != "Spring '86" {
		t.Error(all, err)
	}
	s, err := c.CheckVersion(t.Context())
	if err != nil || s.Served || s.Oldest != "20.0" || s.Newest != "100" || !s.Aging {
		t.Errorf("%+v, %v", s, err)
	}
	whole := capture(t, "versions/netcoreforce-versions.json")[0]
	if s, err := replay(t, whole).CheckVersion(t.Context()); err != nil || s.Oldest != "31.0" {
		t.Errorf("%+v, %v", s, err)
	}
	// The list of a version's resources is no list of versions.
	if all, err := replay(t, capture(t, "versions/spring-social-services.json")[0]).Versions(t.Context()); err == nil {
		t.Error(all)
	}
	if _, err := replay(t, captured{status: 404, body: `[{"errorCode":"NOT_FOUND","message":"m"}]`}).Versions(t.Context()); !errors.Is(err, salesforce.ErrNotFound) {
		t.Error(err)
	}
}
