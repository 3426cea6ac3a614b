package salesforce_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

func create(t *testing.T, org *salesforcetest.Server, object string, fields salesforcetest.Fields) sobject.ID {
	t.Helper()
	id, err := org.Org().Create(object, fields)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func textOf(t *testing.T, rec sobject.Record, field string) string {
	t.Helper()
	s, err := rec.Text(field)
	if err != nil {
		t.Error(err)
	}
	return s
}

func TestGetBy(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	if err := org.Org().AddField("Account", salesforcetest.Field{Name: "Key__c", Type: sobject.TypeString, Length: 40, ExternalID: true}); err != nil {
		t.Fatal(err)
	}
	odd := "a b%c?d#e&f+g=ü'"
	id := create(t, org, "Account", salesforcetest.Fields{"Name": "Acme", "Key__c": odd})
	create(t, org, "Account", salesforcetest.Fields{"Name": "One", "Key__c": "twice"})
	create(t, org, "Account", salesforcetest.Fields{"Name": "Two", "Key__c": "twice"})
	rec, err := c.GetBy(t.Context(), "Account", "Key__c", odd, "Id", "Name")
	if err != nil || rec.ID() != id || textOf(t, rec, "Name") != "Acme" || rec.Object() != "Account" {
		t.Error(rec, err)
	}
	if rec, err := c.GetBy(t.Context(), "Account", "Key__c", odd); err != nil || textOf(t, rec, "Key__c") != odd {
		t.Error(rec, err)
	}
	_, err = c.GetBy(t.Context(), "Account", "Key__c", "twice")
	var refused *salesforce.Error
	if !errors.Is(err, salesforce.ErrAmbiguousExternalID) || !errors.As(err, &refused) || len(refused.CandidateIDs()) != 2 {
		t.Error(err)
	}
	if _, err = c.GetBy(t.Context(), "Account", "Key__c", "none"); !errors.Is(err, salesforce.ErrNotFound) {
		t.Error(err)
	}
	if _, err = c.GetBy(t.Context(), "Account", "Key__c", odd, "Nope__c"); !errors.Is(err, salesforce.ErrInvalidField) {
		t.Error(err)
	}
	before := len(org.Requests())
	if _, err = c.GetBy(t.Context(), "Account", "Key__c", ""); err == nil || len(org.Requests()) != before {
		t.Error(err)
	}
	if n := len(org.Unsupported()); n != 0 {
		t.Error(n)
	}
}

func TestRelationships(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	parent := create(t, org, "Account", salesforcetest.Fields{"Name": "Parent"})
	id := create(t, org, "Account", salesforcetest.Fields{"Name": "Acme", "ParentId": string(parent)})
	contact := create(t, org, "Contact", salesforcetest.Fields{"LastName": "Hopper", "AccountId": string(id)})
	rec, err := c.Parent(t.Context(), "Contact", contact, "Account", "Id", "Name")
	if err != nil || rec.Object() != "Account" || textOf(t, rec, "Name") != "Acme" {
		t.Error(rec, err)
	}
	if rec, err := c.Parent(t.Context(), "Contact", contact, "Account.Parent"); err != nil || rec.ID() != parent {
		t.Error(rec, err)
	}
	if _, err := c.Parent(t.Context(), "Contact", contact, "ReportsTo"); !errors.Is(err, salesforce.ErrNotFound) {
		t.Error(err)
	}
	for _, bad := range []string{"", "Account.", "."} {
		if _, err := c.Parent(t.Context(), "Contact", contact, bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	var recs []sobject.Record
	for i := range 2100 {
		recs = append(recs, sobject.NewRecord("Contact", sobject.F("LastName", sobject.TextValue(fmt.Sprint("C", i))), sobject.F("AccountId", sobject.IDValue(parent))))
	}
	if _, err := org.Org().Load("Contact", recs...); err != nil {
		t.Fatal(err)
	}
	seen := map[sobject.ID]bool{}
	for rec, err := range c.Children(t.Context(), "Account", parent, "Contacts", "Id", "LastName") {
		if err != nil {
			t.Fatal(err)
		}
		seen[rec.ID()] = true
	}
	if len(seen) != 2100 {
		t.Errorf("%d children", len(seen))
	}
	for rec, err := range c.Children(t.Context(), "Account", parent, "Opportunities") {
		t.Error(rec, err)
	}
	n := 0
	for _, err := range c.Children(t.Context(), "Account", parent, "Nopes") {
		if n++; !errors.Is(err, salesforce.ErrNotFound) {
			t.Error(err)
		}
	}
	for range c.Children(t.Context(), "Account", parent, "Contacts", "Id") { // leaving early is allowed
		n++
		break
	}
	if n != 2 || len(org.Unsupported()) != 0 {
		t.Error(n, org.Unsupported())
	}
}

// Pages of children and of tooling queries end with what the org counted, or
// with an error.
func TestOtherPagesIncomplete(t *testing.T) {
	const one = `{"attributes":{"type":"ApexClass"},"Id":"01p000000000001AAA"}`
	for name, pages := range map[string][]string{
		"short":          {`{"totalSize":2,"done":true,"records":[` + one + `]}`},
		"no done":        {`{"totalSize":1,"records":[` + one + `]}`},
		"no next":        {`{"totalSize":2,"done":false,"records":[` + one + `]}`},
		"endless":        {`{"totalSize":1,"done":false,"nextRecordsUrl":"/services/data/v66.0/tooling/query/x-1","records":[` + one + `]}`},
		"more":           {`{"totalSize":1,"done":true,"records":[` + one + `,` + one + `]}`},
		"children":       {`{"totalSize":1,"done":true,"records":[{"attributes":{"type":"ApexClass"},"Id":"01p000000000001AAA","Kids":{"totalSize":5,"done":false,"nextRecordsUrl":"/x-1","records":[` + one + `]}}]}`, `{"totalSize":5,"done":true,"records":[` + one + `]}`},
		"second is lost": {`{"totalSize":2,"done":false,"nextRecordsUrl":"/services/data/v66.0/tooling/query/x-1","records":[` + one + `]}`, `{"totalSize":2,"done":true,"records":[]}`},
	} {
		n := 0
		o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
			n++
			answer(200, pages[min(n, len(pages))-1])(w, r)
		})
		var last error
		for _, err := range o.client(t).ToolingQuery(t.Context(), "SELECT Id FROM ApexClass") {
			if last != nil {
				t.Errorf("%s: something after the error", name)
			}
			last = err
		}
		if !errors.Is(last, salesforce.ErrIncomplete) || n > len(pages) {
			t.Errorf("%s: %v after %d requests", name, last, n)
		}
	}
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		body := `{"totalSize":2,"done":true,"records":[` + one + `]}`
		if strings.Contains(r.URL.RawQuery, "q=") {
			body = `{"totalSize":2,"done":false,"nextRecordsUrl":"/services/data/v60.0/tooling/query/x-1","records":[` + one + `]}`
		}
		answer(200, body)(w, r)
	})
	n := 0
	for rec, err := range o.client(t).ToolingQuery(t.Context(), "SELECT Id FROM ApexClass WHERE Name = 'a+b'") {
		if err != nil || rec.Object() != "ApexClass" {
			t.Error(rec, err)
		}
		n++
	}
	got := o.requests()
	if n != 2 || got[0].uri != "/services/data/v66.0/tooling/query?q=SELECT+Id+FROM+ApexClass+WHERE+Name+%3D+%27a%2Bb%27" || got[1].uri != "/services/data/v60.0/tooling/query/x-1" {
		t.Error(n, got)
	}
}

func TestToolingChildrenAreFetchedToTheEnd(t *testing.T) {
	const kid = `{"attributes":{"type":"Kid"},"Id":"01p00000000000%dAAA"}`
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		body := `{"totalSize":2,"done":true,"records":[` + fmt.Sprintf(kid, 2) + `]}`
		if strings.Contains(r.URL.RawQuery, "q=") {
			body = `{"totalSize":1,"done":true,"records":[{"attributes":{"type":"Parent"},"Kids":{"totalSize":2,"done":false,"nextRecordsUrl":"/services/data/v66.0/tooling/query/x-1","records":[` +
				fmt.Sprintf(kid, 1) + `]}}]}`
		}
		answer(200, body)(w, r)
	})
	for rec, err := range o.client(t).ToolingQuery(t.Context(), "SELECT (SELECT Id FROM Kids) FROM Parent") {
		v, _ := rec.Value("Kids")
		kids, ok := v.Children()
		if err != nil || !ok || !kids.Done || len(kids.Records) != 2 {
			t.Errorf("%+v, %v", kids, err)
		}
	}
}

func TestRecentTabsAndCountsInTheFakeOrg(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	a := create(t, org, "Account", salesforcetest.Fields{"Name": "Acme"})
	b := create(t, org, "Contact", salesforcetest.Fields{"LastName": "Hopper"})
	for _, id := range []sobject.ID{a, b} {
		object := map[string]string{"001": "Account", "003": "Contact"}[id.Prefix()]
		if _, err := c.Get(t.Context(), object, id, "Id"); err != nil {
			t.Fatal(err)
		}
	}
	all, err := c.Recent(t.Context(), 0)
	if err != nil || len(all) != 2 || all[0].ID() != b || textOf(t, all[1], "Name") != "Acme" {
		t.Error(all, err)
	}
	if one, err := c.Recent(t.Context(), 1); err != nil || len(one) != 1 || one[0].ID() != b {
		t.Error(one, err)
	}
	if of, err := c.RecentOf(t.Context(), "Account"); err != nil || len(of) != 1 || of[0].ID() != a {
		t.Error(of, err)
	}
	// A call that should leave no trace says so.
	quiet := siteOf(org).client(t, func(cfg *salesforce.Config) { cfg.LeaveRecent = true })
	if _, err := quiet.Get(t.Context(), "Account", a, "Id"); err != nil {
		t.Fatal(err)
	}
	if one, err := c.Recent(t.Context(), 1); err != nil || one[0].ID() != b {
		t.Error(one, err)
	}
	tabs, err := c.Tabs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, tab := range tabs {
		if tab.Object == "Account" {
			found = tab.Name == "standard-Account" && tab.Label == "Accounts" && tab.URL == org.URL+"/001/o" && !tab.Custom && len(tab.Icons) > 0 && tab.Colors[0].Theme != ""
		}
	}
	if !found {
		t.Errorf("%+v", tabs)
	}
	counts, err := c.RecordCounts(t.Context(), "Account", "Contact", "Lead", "Nope__c")
	if err != nil || counts["Account"] != 1 || counts["Contact"] != 1 || len(counts) != 2 {
		t.Error(counts, err)
	}
	if all, err := c.RecordCounts(t.Context()); err != nil || all["Account"] != 1 || all["User"] == 0 {
		t.Error(all, err)
	}
	if _, err := c.RecordCounts(t.Context(), ""); err == nil {
		t.Error("an object without a name was taken")
	}
	if len(org.Unsupported()) != 0 {
		t.Error(org.Unsupported())
	}
}

func TestUserInfoInTheFakeOrg(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	u, err := c.UserInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ready := org.Ready()
	if string(u.UserID) != ready.UserID || u.Username != ready.Username || !u.Active || !u.EmailVerified || u.InstanceURL != org.URL ||
		u.URLs["custom_domain"] != org.URL || u.Updated.IsZero() || u.UTCOffset%time.Minute != 0 {
		t.Errorf("%+v", u)
	}
	if c.Calls() != 0 {
		t.Error("identity was counted")
	}
}

func TestLimitsOfApps(t *testing.T) {
	o := newOrg(t, answer(200, `{"DailyBulkApiBatches":{"Max":15000,"Remaining":14999,"Workbench":{"Max":100,"Remaining":7}},"PermissionSets":{"Max":1500,"Remaining":1499,"CreateCustom":{"Max":1000,"Remaining":999}},"Odd":7,"DataStorageMB":{"Max":5,"Remaining":4}}`))
	l, err := o.client(t).Limits(t.Context())
	if err != nil || len(l) != 3 || l["DailyBulkApiBatches"].Apps["Workbench"].Remaining != 7 || l["PermissionSets"].Apps["CreateCustom"].Max != 1000 ||
		l["DataStorageMB"].Apps != nil || l["DataStorageMB"].Remaining != 4 {
		t.Errorf("%+v, %v", l, err)
	}
}

// Fields, and tooling queries, that are too long for an address travel inside a
// composite request; the caller notices nothing.
func TestLongReadsGoByComposite(t *testing.T) {
	org, admin := fake(t, salesforcetest.Config{})
	id := create(t, org, "Account", salesforcetest.Fields{"Name": "Acme"})
	c := narrow(t, org, 431).client(t)
	fields := []string{"Name"}
	for range 1500 { // some org has as many
		fields = append(fields, "BillingStreet")
	}
	rec, err := c.Get(t.Context(), "Account", id, fields...)
	if err != nil || rec.Object() != "Account" || textOf(t, rec, "Name") != "Acme" {
		t.Error(rec, err)
	}
	_, err = c.Get(t.Context(), "Account", "001000000000001AAA", fields...)
	var refused *salesforce.Error
	if !errors.Is(err, salesforce.ErrNotFound) || !errors.As(err, &refused) || refused.StatusCode != 404 || refused.Object != "Account" {
		t.Error(err)
	}
	if _, err := c.Get(t.Context(), "Account", id, append(fields, "Nope")...); !errors.Is(err, salesforce.ErrInvalidField) {
		t.Error(err)
	}
	if used, before := admin.Calls(), org.APICalls(); used != 0 || before == 0 {
		t.Error(used, before)
	}

	var sent []seen
	o := newOrg(t, answer(200, `{"compositeResponse":[{"body":{"totalSize":1,"done":true,"records":[{"attributes":{"type":"ApexClass"},"Id":"01p000000000001AAA"}]},
		"httpHeaders":{},"httpStatusCode":200,"referenceId":"long"}]}`))
	long := "SELECT Id FROM ApexClass WHERE Name = '" + strings.Repeat("x", 13_000) + "'"
	n := 0
	for rec, err := range o.client(t).ToolingQuery(t.Context(), long) {
		if n++; err != nil || rec.Object() != "ApexClass" {
			t.Error(rec, err)
		}
	}
	if sent = o.requests(); n != 1 || len(sent) != 1 || sent[0].method != "POST" || !strings.HasSuffix(sent[0].uri, "/tooling/composite") ||
		!strings.Contains(sent[0].body, "/services/data/v66.0/tooling/query?q=SELECT") {
		t.Errorf("%d, %+v", n, sent)
	}
}
