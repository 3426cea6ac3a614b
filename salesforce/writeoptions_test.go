package salesforce_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// keyed starts a fake org whose accounts have two external ids, one of them
// unique.
func keyed(t *testing.T) (*salesforcetest.Server, *salesforce.Client) {
	t.Helper()
	org, c := fake(t, salesforcetest.Config{})
	_ = org.Org().AddField("Account", salesforcetest.Field{Name: "Key__c", Type: sobject.TypeString, Length: 80, ExternalID: true, Unique: true})
	_ = org.Org().AddField("Account", salesforcetest.Field{Name: "Loose__c", Type: sobject.TypeString, Length: 80, ExternalID: true})
	return org, c
}

func TestUpdateOnlyUpsert(t *testing.T) {
	org, c := keyed(t)
	ctx := t.Context()
	only := salesforce.SaveOptions{UpdateOnly: true}
	if out, err := c.UpsertWith(ctx, "Key__c", "typo", account(text("Name", "x")), only); !errors.Is(err, salesforce.ErrNotFound) || out.Success {
		t.Error(out, err)
	}
	if n := count(t, c, "Account"); n != 0 {
		t.Errorf("%d accounts", n)
	}
	made, err := c.Upsert(ctx, "Key__c", "1", account(text("Name", "x")))
	if err != nil || !made.Created {
		t.Fatal(made, err)
	}
	out, err := c.UpsertWith(ctx, "Key__c", "1", account(text("Phone", "1")), only)
	if err != nil || !out.Success || out.Created || out.ID != made.ID {
		t.Error(out, err)
	}
	if _, err := org.Org().Get(made.ID, "Phone"); err != nil {
		t.Error(err)
	}
}

func TestConditionalUpdates(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	ctx := t.Context()
	made, err := c.Create(ctx, account(text("Name", "A")))
	if err != nil {
		t.Fatal(err)
	}
	rec, seen, err := c.GetRevision(ctx, "Account", made.ID, "Id", "Name")
	if err != nil || rec.ID() != made.ID || seen.ETag == "" || seen.LastModified.IsZero() {
		t.Fatal(rec, seen, err)
	}
	org.Org().Advance(3 * time.Second)
	phone := account(text("Phone", "1"))
	if err := c.UpdateWith(ctx, made.ID, phone, salesforce.SaveOptions{IfMatch: seen.ETag, IfUnmodifiedSince: seen.LastModified}); err != nil {
		t.Fatal(err)
	}
	for name, opts := range map[string]salesforce.SaveOptions{"etag": {IfMatch: seen.ETag}, "time": {IfUnmodifiedSince: seen.LastModified}} {
		err := c.UpdateWith(ctx, made.ID, account(text("Phone", "lost update")), opts)
		if !errors.Is(err, salesforce.ErrPrecondition) || !errors.Is(err, salesforce.ErrConflict) || salesforce.IsRetryable(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if rec, err = org.Org().Get(made.ID, "Phone"); err != nil {
		t.Fatal(err)
	}
	if v, _ := rec.Text("Phone"); v != "1" {
		t.Error(v)
	}
	who, err := c.Create(ctx, contact(text("LastName", "C")))
	if err != nil {
		t.Fatal(err)
	}
	if _, seen, err := c.GetRevision(ctx, "Contact", who.ID); err != nil || seen.ETag != "" || seen.LastModified.IsZero() {
		t.Error(seen, err)
	}
	// A condition where the API has none is an error, not an unconditional write.
	if _, err := c.CreateWith(ctx, account(text("Name", "B")), salesforce.SaveOptions{IfMatch: "x"}); err == nil {
		t.Error("create")
	}
	if _, err := c.UpsertWith(ctx, "Key__c", "1", account(), salesforce.SaveOptions{IfUnmodifiedSince: time.Now()}); err == nil {
		t.Error("upsert")
	}
	if err := c.UpdateWith(ctx, made.ID, account(), salesforce.SaveOptions{UpdateOnly: true}); err == nil {
		t.Error("update")
	}
}

func TestGetAll(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	ctx := t.Context()
	var recs []sobject.Record
	for i := range 2100 {
		recs = append(recs, account(text("Name", fmt.Sprint(i))))
	}
	out, err := c.CreateAll(ctx, recs, salesforce.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ids := []sobject.ID{"001ak0000000000AAA"}
	for _, o := range out {
		ids = append(ids, sobject.ID(o.ID.Short()))
	}
	if err := c.Delete(ctx, "Account", ids[2]); err != nil {
		t.Fatal(err)
	}
	ids = append(ids, ids[1])
	before := org.APICalls()
	got, err := c.GetAll(ctx, "Account", ids, "Name")
	if err != nil || len(got) != len(ids) || org.APICalls()-before != 2 {
		t.Fatal(len(got), org.APICalls()-before, err)
	}
	for i, rec := range got {
		gone := i == 0 || i == 2
		if name, _ := rec.Text("Name"); rec.IsZero() != gone || !gone && name != fmt.Sprint((i-1)%2100) {
			t.Errorf("%d: %v %q", i, rec.ID(), name)
		}
	}
	if _, err := c.GetAll(ctx, "Account", ids[1:2], "Nope"); !errors.Is(err, salesforce.ErrInvalidField) {
		t.Error(err)
	}
	if none, err := c.GetAll(ctx, "Account", nil, "Name"); len(none) != 0 || err != nil {
		t.Error(none, err)
	}
	// An answer about other records is none.
	for _, body := range []string{`[]`, `[{"attributes":{"type":"Account"},"Id":"001000000000002AAA"}]`, `[{"attributes":{"type":"Account"}}]`, `[null,null]`, `{}`} {
		if got, err := newOrg(t, answer(200, body)).client(t).GetAll(ctx, "Account", []sobject.ID{"001000000000001AAA"}, "Name"); err == nil {
			t.Errorf("%s: %v", body, got)
		}
	}
}

// Salesforce takes ten changes of object in a request, whatever its size.
func TestCollectionsOfManyObjects(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	var recs []sobject.Record
	for i := range 50 {
		recs = append(recs, account(text("Name", fmt.Sprint(i))), contact(text("LastName", fmt.Sprint(i))))
	}
	before := org.APICalls()
	out, err := c.CreateAll(t.Context(), recs, salesforce.WriteOptions{})
	if err != nil || org.APICalls()-before != 10 {
		t.Fatal(org.APICalls()-before, err)
	}
	for i, o := range out {
		if !o.Created || o.ID.Prefix() != []string{"001", "003"}[i%2] {
			t.Fatalf("%d: %+v", i, o)
		}
	}
}

func TestFatesOfMergedAndDeletedRecords(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	ctx := t.Context()
	var ids []sobject.ID
	for i := range 6 {
		out, err := c.Create(ctx, contact(text("LastName", fmt.Sprint(i))))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, out.ID)
	}
	o := org.Org()
	_ = o.Merge(ids[1], ids[0]) // 0 -> 1 -> 2
	_ = o.Merge(ids[2], ids[1])
	_ = o.Merge(ids[4], ids[3]) // 3 -> 4, which is deleted
	_ = o.Delete(ids[4])
	_ = o.HardDelete(ids[5])
	err := c.Update(ctx, ids[0], contact(text("Phone", "1")))
	if !errors.Is(err, salesforce.ErrDeleted) {
		t.Fatal(err)
	}
	live, err := c.Survivor(ctx, "Contact", ids[0])
	if err != nil || live != ids[2] {
		t.Error(live, err)
	}
	if err := c.Update(ctx, live, contact(text("Phone", "1"))); err != nil {
		t.Error(err)
	}
	fates, err := c.Fates(ctx, "Contact", append(ids, "003ak0000000000AAA")...)
	if err != nil || len(fates) != 7 {
		t.Fatal(fates, err)
	}
	var merged *salesforce.MergedError
	if err := fates[ids[0]].Err(); !errors.As(err, &merged) || merged.Survivor != ids[2] || merged.ID != ids[0] || !errors.Is(err, salesforce.ErrMerged) || !errors.Is(err, salesforce.ErrDeleted) {
		t.Error(err)
	}
	if fates[ids[1]].Survivor != ids[2] || fates[ids[2]].Err() != nil || fates[ids[2]].Survivor != "" {
		t.Errorf("%+v", fates)
	}
	for _, i := range []int{3, 4} {
		if err := fates[ids[i]].Err(); !errors.Is(err, salesforce.ErrDeleted) || errors.Is(err, salesforce.ErrMerged) {
			t.Errorf("%d: %v", i, err)
		}
		if _, err := c.Survivor(ctx, "Contact", ids[i]); !errors.Is(err, salesforce.ErrDeleted) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if f := fates[ids[3]]; f.Survivor != ids[4] || !f.SurvivorGone {
		t.Errorf("%+v", f)
	}
	for _, id := range []sobject.ID{ids[5], "003ak0000000000AAA"} {
		if err := fates[id].Err(); !errors.Is(err, salesforce.ErrNotFound) || errors.Is(err, salesforce.ErrDeleted) {
			t.Error(err)
		}
	}
	// Objects that cannot be merged have no MasterRecordId.
	task, err := c.Create(ctx, sobject.NewRecord("Task", text("Subject", "x")))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Delete(ctx, "Task", task.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Survivor(ctx, "Task", task.ID); !errors.Is(err, salesforce.ErrDeleted) {
		t.Error(err)
	}
	if _, err := c.Fates(ctx, "Contact WHERE Id != null", ids[0]); err == nil {
		t.Error("SOQL in the name of an object")
	}
}

func TestDuplicateRuleOptions(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	ctx := t.Context()
	_ = org.Org().AddDuplicateRule("Contact", salesforcetest.DuplicateRule{Message: "Use one of these records?", Fields: []string{"LastName"}})
	_ = org.Org().AddDuplicateRule("Account", salesforcetest.DuplicateRule{Fields: []string{"Name"}, Block: true})
	doe := contact(text("LastName", "Doe"), text("Email", "doe@example.com"))
	first, err := c.Create(ctx, doe)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.CreateWith(ctx, doe, salesforce.SaveOptions{DuplicateDetails: true})
	var refused *salesforce.Error
	if !errors.Is(err, salesforce.ErrDuplicate) || !errors.As(err, &refused) || len(refused.Duplicates()) != 1 {
		t.Fatal(err)
	}
	d := refused.Duplicates()[0]
	if d.Rule != "Standard_Contact_Duplicate_Rule" || d.Object != "Contact" || !d.AllowSave || d.Message != "Use one of these records?" || len(d.Matches) != 1 {
		t.Fatalf("%+v", d)
	}
	m := d.Matches[0]
	if mail, err := m.Record.Text("Email"); m.Record.ID() != first.ID || mail != "doe@example.com" || err != nil || m.Confidence != 100 || m.Engine == "" || m.Rule == "" {
		t.Errorf("%+v", m)
	}
	if ids := refused.Details[0].Matches; len(ids) != 1 || ids[0] != first.ID {
		t.Error(ids)
	}
	if out, err := c.CreateWith(ctx, doe, salesforce.SaveOptions{AllowDuplicates: true}); err != nil || !out.Created {
		t.Error(out, err)
	}
	// The same choice in a collection, a composite, a graph and a tree.
	allow := salesforce.WriteOptions{AllowDuplicates: true}
	for _, opts := range []salesforce.WriteOptions{{}, allow} {
		rows, err := c.CreateAll(ctx, []sobject.Record{doe}, opts)
		if err != nil {
			t.Fatal(err)
		}
		b := salesforce.Composite{Options: opts}
		step := b.Create(doe)
		result, err := c.Composite(ctx, &b)
		if err != nil {
			t.Fatal(err)
		}
		var g salesforce.Graph
		node := g.Create(doe)
		graphs, err := c.Graphs(ctx, []*salesforce.Graph{&g}, opts)
		if err != nil {
			t.Fatal(err)
		}
		tree, _ := c.CreateTree(ctx, "Contact", []salesforce.TreeNode{{Record: doe}}, opts)
		for name, o := range map[string]salesforce.Outcome{"collection": rows[0], "composite": result.Of(step).Outcome(), "graph": graphs[0].Of(node).Outcome(), "tree": tree[0]} {
			if o.Success != opts.AllowDuplicates || !o.Success && !errors.Is(o.Err(), salesforce.ErrDuplicate) {
				t.Errorf("%s, allowed %t: %+v", name, opts.AllowDuplicates, o)
			}
		}
		if e := result.Of(step).Err(); !opts.AllowDuplicates && (!errors.As(e, &refused) || len(refused.Duplicates()) != 1) {
			t.Error(e)
		}
	}
	acme := account(text("Name", "Acme"))
	if _, err := c.Create(ctx, acme); err != nil {
		t.Fatal(err)
	}
	_, err = c.CreateWith(ctx, acme, salesforce.SaveOptions{AllowDuplicates: true})
	if !errors.As(err, &refused) || len(refused.Duplicates()) != 1 || refused.Duplicates()[0].AllowSave {
		t.Error("a rule that blocks was overruled", err)
	}
}

func TestWriteHeaders(t *testing.T) {
	o := newOrg(t, answer(201, `{"id":"001000000000001AAA","success":true,"errors":[]}`))
	c, ctx := o.client(t), t.Context()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	var want []string
	for _, tc := range []struct {
		opts salesforce.SaveOptions
		want string
	}{
		{salesforce.SaveOptions{}, "FALSE"},
		{salesforce.SaveOptions{AutoAssign: true}, "TRUE"},
		{salesforce.SaveOptions{AssignmentRule: "01Q000000000001AAA"}, "01Q000000000001AAA"},
		{salesforce.SaveOptions{AllowDuplicates: true, DuplicateDetails: true, DuplicatesAsUser: true}, "FALSE allowSave=true; includeRecordDetails=true; runAsCurrentUser=true"},
	} {
		want = append(want, tc.want)
		if _, err := c.CreateWith(ctx, account(), tc.opts); err != nil {
			t.Error(err)
		}
	}
	for i, r := range o.requests() {
		if got := strings.TrimSpace(r.header.Get("Sforce-Auto-Assign") + " " + r.header.Get("Sforce-Duplicate-Rule-Header")); got != want[i] {
			t.Errorf("got %q, want %q", got, want[i])
		}
	}
	if err := c.UpdateWith(ctx, "001000000000001AAA", account(), salesforce.SaveOptions{IfUnmodifiedSince: at, IfMatch: `"x"`}); err != nil {
		t.Error(err)
	}
	// polytomic composite/graph sent local time.
	if h := o.requests()[4].header; h.Get("If-Unmodified-Since") != "Fri, 02 Jan 2026 02:04:05 GMT" || h.Get("If-Match") != `"x"` {
		t.Error(h)
	}
	if _, err := c.UpsertWith(ctx, "Key__c", "1", account(), salesforce.SaveOptions{UpdateOnly: true}); err != nil || !strings.HasSuffix(o.requests()[5].uri, "/Key__c/1?updateOnly=true") {
		t.Error(err)
	}
}
