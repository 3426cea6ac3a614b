package salesforce_test

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

func statuses(org *salesforcetest.Server, suffix string) (out []int) {
	for _, r := range org.Requests() {
		if strings.HasSuffix(r.Path, suffix) {
			out = append(out, r.Status)
		}
	}
	return out
}

func TestDescribesAreRevalidated(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	describe := func() *sobject.Describe {
		t.Helper()
		d, err := c.Describe(t.Context(), "Account")
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	describe() // the schema changed in this very second: no validator to rely on
	org.Org().Advance(time.Minute)
	describe()
	d := describe()
	if got := fmt.Sprint(statuses(org, "/Account/describe")); got != "[200 200 304]" {
		t.Fatal(got)
	}
	if _, ok := d.Field("Name"); !ok || len(d.Fields) < 20 {
		t.Error(len(d.Fields))
	}
	if err := org.Org().AddField("Account", salesforcetest.Field{Name: "Tier__c", Type: sobject.TypeString, Length: 10}); err != nil {
		t.Fatal(err)
	}
	if _, ok := describe().Field("Tier__c"); !ok {
		t.Error("a new field went unseen")
	}
	for range 3 {
		org.Org().Advance(time.Minute)
		if _, err := c.DescribeGlobal(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := fmt.Sprint(statuses(org, "/sobjects")); got != "[200 304 304]" {
		t.Error(got)
	}
	if org.APICalls() != int(c.Calls()) {
		t.Error(org.APICalls(), c.Calls())
	}
}

func TestDescribeManyIsRevalidated(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	org.Org().Advance(time.Minute)
	names := []string{"Account", "Contact", "Nope__c"}
	for range 2 {
		got, err := c.DescribeMany(t.Context(), names)
		if err != nil || len(got) != 2 || got["Account"].Name != "Account" || len(got["Contact"].Fields) < 20 {
			t.Fatal(len(got), err)
		}
	}
	if d, err := c.Describe(t.Context(), "contact"); err != nil || d.Name != "Contact" {
		t.Error(err)
	}
	if got := fmt.Sprint(statuses(org, "/contact/describe")); got != "[304]" {
		t.Error("what DescribeMany fetched was fetched again: ", got)
	}
}

// Whoever changes a describe changes no other's.
func TestDescribesAreTheCallersOwn(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	org.Org().Advance(time.Minute)
	first, err := c.Describe(t.Context(), "Lead")
	if err != nil {
		t.Fatal(err)
	}
	for i := range first.Fields {
		f := &first.Fields[i]
		f.Name = "changed"
		for j := range f.PicklistValues {
			f.PicklistValues[j].Value = "changed"
		}
		for j := range f.ReferenceTo {
			f.ReferenceTo[j] = "changed"
		}
	}
	first.ChildRelationships = append(first.ChildRelationships[:0], sobject.ChildRelationship{})
	second, err := c.Describe(t.Context(), "Lead")
	if err != nil || strings.Contains(fmt.Sprintf("%+v", *second), "changed") || len(second.ChildRelationships) == 1 {
		t.Error("a caller's change came back", err)
	}
	if aliased(reflect.ValueOf(first), reflect.ValueOf(second)) {
		t.Error("two describes share memory")
	}
	objects, err := c.DescribeGlobal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	objects[0].Name = "changed"
	if again, err := c.DescribeGlobal(t.Context()); err != nil || again[0].Name == "changed" {
		t.Error("a caller's change came back", err)
	}
}

// aliased reports whether two values lead to the same slice, map or pointer.
func aliased(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Pointer:
		return !a.IsNil() && !b.IsNil() && (a.Pointer() == b.Pointer() || aliased(a.Elem(), b.Elem()))
	case reflect.Slice:
		if a.Len() > 0 && b.Len() > 0 && a.Pointer() == b.Pointer() {
			return true
		}
		for i := range min(a.Len(), b.Len()) {
			if aliased(a.Index(i), b.Index(i)) {
				return true
			}
		}
	case reflect.Map:
		return !a.IsNil() && a.Pointer() == b.Pointer()
	case reflect.Struct:
		for i := range a.NumField() {
			if aliased(a.Field(i), b.Field(i)) {
				return true
			}
		}
	}
	return false
}

// Two users of one org see different fields; a shared cache must not mix them.
func TestSharedCacheKeepsUsersApart(t *testing.T) {
	org, _ := fake(t, salesforcetest.Config{})
	cache, err := salesforce.NewDescribeCache(salesforce.DescribeCacheConfig{})
	if err != nil {
		t.Fatal(err)
	}
	client := func(token string) *salesforce.Client {
		c, err := salesforce.New(salesforce.Config{Tokens: salesforce.StaticToken(org.URL, token), HTTPClient: org.Client(),
			TrustedHosts: []string{strings.TrimPrefix(org.URL, "http://")}, Describes: cache})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	addRep(t, org)
	if err := org.Org().HideField("Rep", "Account", "Phone"); err != nil {
		t.Fatal(err)
	}
	org.Org().Advance(time.Minute)
	sees := func(c *salesforce.Client) bool {
		t.Helper()
		d, err := c.Describe(t.Context(), "Account")
		if err != nil {
			t.Fatal(err)
		}
		_, ok := d.Field("Phone")
		return ok
	}
	a, b := client(org.Ready().AccessToken), client(org.Token("rep@example.com"))
	for range 2 {
		if !sees(a) || sees(b) {
			t.Fatal("the users' views are mixed")
		}
	}
	// Another client of the same user shares the entry.
	if !sees(client(org.Ready().AccessToken)) {
		t.Fatal("a field is missing")
	}
	if got := fmt.Sprint(statuses(org, "/Account/describe")); got != "[200 200 304 304 304]" {
		t.Error(got)
	}
	// One that asks for another language does not.
	german, err := salesforce.New(salesforce.Config{Tokens: salesforce.StaticToken(org.URL, org.Ready().AccessToken), HTTPClient: org.Client(),
		TrustedHosts: []string{strings.TrimPrefix(org.URL, "http://")}, Describes: cache, Header: http.Header{"Accept-Language": {"de"}}})
	if err != nil {
		t.Fatal(err)
	}
	sees(german)
	if got := statuses(org, "/Account/describe"); got[len(got)-1] != 200 {
		t.Error("one language's answer served another", got)
	}
	ready := org.Ready()
	org.Org().Advance(time.Minute)
	cache.Forget(ready.OrgID + "/" + ready.UserID)
	sees(a)
	if got := statuses(org, "/Account/describe"); got[len(got)-1] != 200 {
		t.Error("a forgotten entry was used", got)
	}
}

// addRep adds the user rep@example.com with a profile of their own, Rep.
func addRep(t *testing.T, org *salesforcetest.Server) {
	t.Helper()
	licences, err := org.Org().Query("SELECT Id FROM UserLicense LIMIT 1")
	if err != nil || len(licences) == 0 {
		t.Fatal(licences, err)
	}
	profile, err := org.Org().System().Create("Profile", salesforcetest.Fields{"Name": "Rep", "UserLicenseId": string(licences[0].ID())})
	if err == nil {
		err = org.Org().SetPermissions("Rep", salesforcetest.Permissions{System: map[string]bool{"ApiEnabled": true, "ViewSetup": false},
			Objects: map[string]salesforcetest.ObjectPermissions{"Account": {Read: true}},
			Fields:  map[string]salesforcetest.FieldPermissions{"Account.Name": {Read: true}, "Account.Phone": {Read: true}}})
	}
	if err == nil {
		_, err = org.Org().System().Create("User", salesforcetest.Fields{"Username": "rep@example.com", "Email": "rep@example.com", "LastName": "Rep",
			"CommunityNickname": "rep", "Alias": "rep", "ProfileId": profile, "TimeZoneSidKey": "GMT", "LocaleSidKey": "en_US", "EmailEncodingKey": "UTF-8",
			"LanguageLocaleKey": "en_US", "IsActive": true})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestDescribeCacheBounds(t *testing.T) {
	if _, err := salesforce.NewDescribeCache(salesforce.DescribeCacheConfig{Entries: -1}); err == nil {
		t.Error("a negative size was taken")
	}
	synctest.Test(t, describeCacheBounds)
}

func describeCacheBounds(t *testing.T) {
	asked := map[string]int{}
	cache, err := salesforce.NewDescribeCache(salesforce.DescribeCacheConfig{Entries: 2, Refetch: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	c := offline(t, func(r *http.Request) (*http.Response, error) {
		name := strings.Split(r.URL.Path, "/")[5]
		if r.Header.Get("If-Modified-Since") == "Tue, 02 Jan 2024 03:04:05 GMT" {
			return reply(r, 304, ""), nil
		}
		asked[name]++
		resp := reply(r, 200, `{"name":"`+name+`"}`)
		resp.Header.Set("Last-Modified", "Tue, 02 Jan 2024 03:04:05 GMT")
		resp.Header.Set("Date", "Wed, 03 Jan 2024 00:00:00 GMT")
		return resp, nil
	}, func(cfg *salesforce.Config) { cfg.Describes, cfg.DescribeScope = cache, "org/user" })
	ask := func(name string) {
		t.Helper()
		if d, err := c.Describe(t.Context(), name); err != nil || d.Name != name {
			t.Fatal(d, err)
		}
	}
	for _, name := range []string{"A", "B", "A", "C", "A", "B"} {
		ask(name)
	}
	if fmt.Sprint(asked) != "map[A:1 B:2 C:1]" {
		t.Error("the entry unused for longest should have gone: ", asked)
	}
	before := asked["B"]
	time.Sleep(59 * time.Minute)
	if ask("B"); asked["B"] != before {
		t.Error("an entry was fetched anew before its time: ", asked)
	}
	time.Sleep(2 * time.Minute)
	if ask("B"); asked["B"] != before+1 {
		t.Error("an old entry was not fetched anew: ", asked)
	}
	// Headers of a call may change its answer: it goes past the cache.
	if _, err := c.Describe(salesforce.WithHeader(t.Context(), http.Header{"Accept-Language": {"de"}}), "B"); err != nil || asked["B"] != before+2 {
		t.Error(err, asked)
	}
}

func TestNotModifiedUnasked(t *testing.T) {
	o := newOrg(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) })
	if d, err := o.client(t).Describe(t.Context(), "Account"); !errors.Is(err, salesforce.ErrIncomplete) {
		t.Error(d, err)
	}
	if d, err := o.client(t).DescribeGlobal(t.Context()); !errors.Is(err, salesforce.ErrIncomplete) {
		t.Error(d, err)
	}
}

func TestDescribesFromManyGoroutines(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	org.Org().Advance(time.Minute)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 5 {
				d, err := c.Describe(t.Context(), []string{"Account", "Contact"}[i%2])
				if err != nil {
					t.Error(err)
					return
				}
				d.Fields[0].Name = "mine"
			}
		})
	}
	wg.Wait()
}
