package salesforce_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

func text(name, value string) sobject.Field { return sobject.F(name, sobject.TextValue(value)) }

func contact(fields ...sobject.Field) sobject.Record { return sobject.NewRecord("Contact", fields...) }

func count(t *testing.T, c *salesforce.Client, soql string) int64 {
	t.Helper()
	n, err := c.Count(t.Context(), "SELECT COUNT() FROM "+soql)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestCompositeWithReferences(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	before := org.APICalls()
	var b salesforce.Composite
	acc := b.Create(account(text("Name", "Acme"), sobject.F("NumberOfEmployees", sobject.IntValue(7))))
	con := b.Create(contact(text("LastName", "Hopper")), salesforce.Link{Field: "AccountId", To: acc.ID()})
	read := b.GetOf("Account", acc.ID(), "Id", "Name")
	task := b.Create(sobject.NewRecord("Task"), salesforce.Link{Field: "Subject", To: read.Field("Name")}, salesforce.Link{Field: "WhatId", To: read.ID()})
	query := b.Query("SELECT Id, LastName FROM Contact WHERE AccountId = '"+acc.ID().String()+"'", acc.ID())
	again := b.UpdateOf(query.Field("records[0].Id"), contact(sobject.F("Phone", sobject.TextValue("1"))))
	rows := b.CreateAll([]sobject.Record{account(text("Name", "Row")), account()}, false)
	gone := b.DeleteOf("Task", task.ID())
	up := b.Upsert("Name", "Globex", account(text("Phone", "2")))
	result, err := c.Composite(t.Context(), &b)
	if err != nil {
		t.Fatal(err)
	}
	if n := org.APICalls() - before; n != 1 {
		t.Errorf("%d calls", n)
	}
	made := result.Of(acc).Outcome()
	if !made.Success || !made.Created || made.ID.Prefix() != "001" {
		t.Errorf("%+v", made)
	}
	if o := result.Of(con).Outcome(); !o.Created {
		t.Errorf("%+v", o)
	}
	if rec, err := result.Of(read).Record(); err != nil || rec.ID() != made.ID {
		t.Error(rec, err)
	}
	if recs, err := result.Of(query).Records(); err != nil || len(recs) != 1 {
		t.Error(recs, err)
	}
	if o := result.Of(again).Outcome(); !o.Success || o.Created || result.Of(again).Status != 204 {
		t.Errorf("%+v", o)
	}
	out, err := result.Of(rows).Outcomes()
	if err != nil || len(out) != 2 || !out[0].Created || !errors.Is(out[1].Err(), salesforce.ErrRequired) {
		t.Error(out, err)
	}
	if !result.Of(gone).Outcome().Success {
		t.Error(result.Of(gone).Err())
	}
	// Name is no external id: that step failed, and the row; nothing else.
	if err := result.Of(up).Err(); !errors.Is(err, salesforce.ErrNotFound) || result.Of(up).Halted() {
		t.Error(err)
	}
	if err := result.Err(); !errors.Is(err, salesforce.ErrRequired) || !errors.Is(err, salesforce.ErrNotFound) || errors.Is(err, salesforce.ErrRolledBack) {
		t.Error(err)
	}
	if count(t, c, "Contact WHERE Account.Name = 'Acme' AND Phone = '1'") != 1 || count(t, c, "Task") != 0 || count(t, c, "Account") != 2 {
		t.Error("the org holds something else")
	}
}

// A step that waited for a failed one is told apart from the cause, and so are
// those that were undone with it.
func TestCompositeCauses(t *testing.T) {
	_, c := fake(t, salesforcetest.Config{})
	build := func(all bool) (*salesforce.Composite, [3]salesforce.Ref) {
		b := &salesforce.Composite{Options: salesforce.WriteOptions{AllOrNone: all}}
		ok := b.Create(account(text("Name", "Fine")))
		bad := b.Create(account(text("Phone", "1")))
		return b, [3]salesforce.Ref{ok, bad, b.Create(contact(text("LastName", "C")), salesforce.Link{Field: "AccountId", To: bad.ID()})}
	}
	for _, all := range []bool{false, true} {
		b, refs := build(all)
		result, err := c.Composite(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		fine, bad, waiting := result.Of(refs[0]), result.Of(refs[1]), result.Of(refs[2])
		if fine.Outcome().Success == all || fine.Halted() != all || bad.Halted() || !waiting.Halted() {
			t.Errorf("all or none %t: %v, %v, %v", all, fine.Err(), bad.Err(), waiting.Err())
		}
		if err := result.Err(); !errors.Is(err, salesforce.ErrRequired) || errors.Is(err, salesforce.ErrRolledBack) || strings.Contains(err.Error(), "PROCESSING_HALTED") {
			t.Error(err)
		}
		for _, r := range result.Steps[1:] {
			if o := r.Outcome(); o.Success || !o.Sent || len(o.Errors) == 0 || o.Err() == nil {
				t.Errorf("%+v", o)
			}
		}
		if n := count(t, c, "Account"); n != map[bool]int64{false: 1, true: 1}[all] {
			t.Errorf("all or none %t: %d accounts", all, n)
		}
	}
}

// An undone collection answers success with ids that never were: ghost ids.
func TestCompositeGhosts(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	// Only a request made by hand asks for an inner allOrNone of false.
	b := salesforce.Composite{Options: salesforce.WriteOptions{AllOrNone: true}}
	first := b.Create(account(text("Name", "A")))
	rows := b.CreateAll([]sobject.Record{account(text("Name", "B")), account()}, false)
	result, err := c.Composite(t.Context(), &b)
	if err != nil {
		t.Fatal(err)
	}
	out, err := result.Of(rows).Outcomes()
	if err != nil || out[0].Success || out[1].Success || !errors.Is(out[0].Err(), salesforce.ErrRolledBack) || !errors.Is(out[1].Err(), salesforce.ErrRequired) ||
		result.Of(first).Outcome().Success {
		t.Errorf("%+v, %v", out, err)
	}
	// The same answer, recorded: the org says success, the request was undone.
	fake := newOrg(t, answer(200, `{"compositeResponse":[
		{"body":[{"errorCode":"PROCESSING_HALTED","message":"The transaction was rolled back since another operation in the same transaction failed."}],"httpHeaders":{},"httpStatusCode":400,"referenceId":"r0"},
		{"body":[{"id":"001000000000001AAA","success":true,"errors":[]},{"success":false,"errors":[{"statusCode":"REQUIRED_FIELD_MISSING","message":"m","fields":["Name"]}]}],"httpHeaders":{},"httpStatusCode":200,"referenceId":"r1"}]}`))
	if result, err = fake.client(t).Composite(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	if out, err = result.Of(rows).Outcomes(); err != nil || out[0].Success || out[0].ID != "" || !errors.Is(out[0].Err(), salesforce.ErrRolledBack) {
		t.Errorf("%+v, %v", out, err)
	}
	if n, _ := org.Org().Count("SELECT COUNT() FROM Account"); n != 0 {
		t.Error(n)
	}
}

// What cannot be right is not sent.
func TestCompositeRefusals(t *testing.T) {
	o := newOrg(t, answer(200, `{}`))
	c, ctx := o.client(t), t.Context()
	var other salesforce.Composite
	foreign := other.Create(account(text("Name", "x")))
	for name, build := range map[string]func(b *salesforce.Composite){
		"empty":    func(*salesforce.Composite) {},
		"too many": func(b *salesforce.Composite) { repeat(26, func() { b.Delete("Account", "001000000000001AAA") }) },
		"heavy":    func(b *salesforce.Composite) { repeat(6, func() { b.Query("SELECT Id FROM Account") }) },
		"rows":     func(b *salesforce.Composite) { b.CreateAll(named(strings.Fields(strings.Repeat("x ", 201))...), false) },
		"no rows":  func(b *salesforce.Composite) { b.UpdateAll(nil, false) },
		"foreign": func(b *salesforce.Composite) {
			b.Create(contact(), salesforce.Link{Field: "AccountId", To: foreign.ID()})
		},
		"zero":      func(b *salesforce.Composite) { b.DeleteOf("Account", salesforce.Expr{}) },
		"no answer": func(b *salesforce.Composite) { b.DeleteOf("Account", b.Delete("Account", "001000000000001AAA").ID()) },
		"path": func(b *salesforce.Composite) {
			b.DeleteOf("Account", b.Create(account(text("Name", "x"))).Field(`i"}`))
		},
		"data":     func(b *salesforce.Composite) { b.Create(account(text("Name", "Hello @{r0.id}"))) },
		"row data": func(b *salesforce.Composite) { b.CreateAll([]sobject.Record{account(text("Name", "@{r0.id}"))}, false) },
		"key data": func(b *salesforce.Composite) { b.Upsert("Ext__c", "@{r0.id}", account()) },
		"soql":     func(b *salesforce.Composite) { b.Query("SELECT Id FROM Account WHERE Name = '@{r0.id}'") },
		"id":       func(b *salesforce.Composite) { b.Update("x", account()) },
		"no key":   func(b *salesforce.Composite) { b.Upsert("Ext__c", "", account()) },
		"header": func(b *salesforce.Composite) {
			b.Request("GET", "limits", nil, http.Header{"authorization": {"Bearer x"}})
		},
	} {
		var b salesforce.Composite
		build(&b)
		if _, err := c.Composite(ctx, &b); err == nil || !strings.Contains(err.Error(), "nothing was sent") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(o.requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func repeat(n int, f func()) {
	for range n {
		f()
	}
}

// Only an answer to every step is a result.
func TestCompositeAnswersThatSayLess(t *testing.T) {
	for _, body := range []string{
		`{}`, `[]`, ``, `{"compositeResponse":[]}`,
		`{"compositeResponse":[{"body":null,"httpHeaders":{},"httpStatusCode":204,"referenceId":"r0"}]}`,
		`{"compositeResponse":[{"body":null,"httpStatusCode":204,"referenceId":"r0"},{"body":null,"httpStatusCode":204,"referenceId":"r0"}]}`,
		`{"compositeResponse":[{"body":null,"httpStatusCode":204,"referenceId":"r0"},{"body":null,"httpStatusCode":204,"referenceId":"R1"}]}`,
		`{"compositeResponse":[{"body":null,"httpStatusCode":204,"referenceId":"r0"},{"body":null,"referenceId":"r1"}]}`,
		`{"compositeResponse":[{"body":null,"httpStatusCode":204,"referenceId":"r0"},{"body":null,"httpStatusCode":204,"ref`,
	} {
		var b salesforce.Composite
		b.Delete("Account", "001000000000001AAA")
		b.Create(account(text("Name", "x")))
		if result, err := newOrg(t, answer(200, body)).client(t).Composite(t.Context(), &b); err == nil {
			t.Errorf("%q: %+v", body, result)
		}
	}
	// A create without a save result is not a success either.
	var b salesforce.Composite
	made := b.Create(account(text("Name", "x")))
	rows := b.CreateAll(named("x", "y"), false)
	result, err := newOrg(t, answer(200, `{"compositeResponse":[{"body":{},"httpStatusCode":201,"referenceId":"r0"},
		{"body":[{"id":"001000000000001AAA","success":true,"errors":[]}],"httpStatusCode":200,"referenceId":"r1"}]}`)).client(t).Composite(t.Context(), &b)
	if err != nil {
		t.Fatal(err)
	}
	if o := result.Of(made).Outcome(); o.Success || result.Of(made).Err() == nil || result.Err() == nil {
		t.Errorf("%+v", o)
	}
	if out, err := result.Of(rows).Outcomes(); err == nil {
		t.Errorf("%+v", out)
	}
}

func TestCompositeOnTheWire(t *testing.T) {
	o := newOrg(t, answer(200, `{"compositeResponse":[{"body":{"id":"001000000000001AAA","success":true,"errors":[]},"httpStatusCode":201,"referenceId":"r0"},
		{"body":{"totalSize":3000,"done":false,"nextRecordsUrl":"/x","records":[{"attributes":{"type":"Account"},"Id":"001000000000001AAA"}]},"httpStatusCode":200,"referenceId":"r1"},
		{"body":{"DailyApiRequests":{"Max":5}},"httpHeaders":{"ETag":"x"},"httpStatusCode":200,"referenceId":"r2"}]}`))
	b := salesforce.Composite{KeepOrder: true, Options: salesforce.WriteOptions{AllowDuplicates: true, DuplicateDetails: true, AssignmentRule: "01Q000000000001"}}
	made := b.Create(account(text("Name", "é")))
	page := b.Query("SELECT Id FROM Account WHERE Id != '"+made.ID().String()+"' AND Name = 'a+b'", made.ID())
	limits := b.Request("GET", "/limits", nil, http.Header{"If-None-Match": {"x"}})
	result, err := o.client(t, func(cfg *salesforce.Config) { cfg.APIVersion = "60.0" }).Composite(t.Context(), &b)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"allOrNone":false,"collateSubrequests":false,"compositeRequest":[` +
		`{"method":"POST","url":"/services/data/v60.0/sobjects/Account","referenceId":"r0","body":{"Name":"é"},"httpHeaders":{"Sforce-Auto-Assign":"01Q000000000001","Sforce-Duplicate-Rule-Header":"allowSave=true; includeRecordDetails=true"}},` +
		`{"method":"GET","url":"/services/data/v60.0/query?q=SELECT+Id+FROM+Account+WHERE+Id+%21%3D+%27@{r0.id}%27+AND+Name+%3D+%27a%2Bb%27","referenceId":"r1"},` +
		`{"method":"GET","url":"/services/data/v60.0/limits","referenceId":"r2","httpHeaders":{"If-None-Match":"x"}}]}`
	if got := o.requests()[0]; got.body != want || got.uri != "/services/data/v60.0/composite" {
		t.Errorf("got  %s %s\nwant %s", got.uri, got.body, want)
	}
	if recs, err := result.Of(page).Records(); !errors.Is(err, salesforce.ErrIncomplete) {
		t.Error("one page of two passes for the whole", recs, err)
	}
	var l map[string]struct{ Max int }
	if err := result.Of(limits).Decode(&l); err != nil || l["DailyApiRequests"].Max != 5 || result.Of(limits).Header.Get("ETag") != "x" {
		t.Error(l, err)
	}
}

func TestGraphs(t *testing.T) {
	_, c := fake(t, salesforcetest.Config{})
	var good, bad salesforce.Graph
	acc := good.Create(account(text("Name", "Good")))
	con := good.Create(contact(text("LastName", "C")), salesforce.Link{Field: "AccountId", To: acc.ID()})
	good.UpdateOf(acc.ID(), account(text("Phone", "1")))
	bad.ID = "bad"
	undone := bad.Create(account(text("Name", "Bad")))
	cause := bad.Create(contact(), salesforce.Link{Field: "AccountId", To: undone.ID()})
	results, err := c.Graphs(t.Context(), []*salesforce.Graph{&good, &bad}, salesforce.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !results[0].Success || results[0].ID != "g0" || results[0].Err() != nil || !results[0].Of(con).Outcome().Created {
		t.Errorf("%+v", results[0])
	}
	if results[1].Success || results[1].ID != "bad" || !results[1].Of(undone).Halted() || results[1].Of(cause).Halted() ||
		!errors.Is(results[1].Err(), salesforce.ErrRequired) || errors.Is(results[1].Err(), salesforce.ErrRolledBack) {
		t.Errorf("%+v, %v", results[1], results[1].Err())
	}
	if count(t, c, "Account WHERE Phone = '1'") != 1 || count(t, c, "Account") != 1 {
		t.Error("the org holds something else")
	}
}

// The limits of graphs are held before anything is sent.
func TestGraphLimits(t *testing.T) {
	o := newOrg(t, answer(200, `{}`))
	c := o.client(t)
	chain := func(n int) *salesforce.Graph {
		var g salesforce.Graph
		last := g.Create(account(text("Name", "x")))
		for range n - 1 {
			last = g.Create(account(text("Name", "x")), salesforce.Link{Field: "ParentId", To: last.ID()})
		}
		return &g
	}
	wide := func(n int) *salesforce.Graph {
		var g salesforce.Graph
		repeat(n, func() { g.Create(account(text("Name", "x"))) })
		return &g
	}
	kinds := func(n int) *salesforce.Graph {
		var g salesforce.Graph
		for i := range n {
			g.Create(sobject.NewRecord(fmt.Sprintf("Object%d__c", i), text("Name", "x")))
		}
		return &g
	}
	many := func(n int) (out []*salesforce.Graph) {
		repeat(n, func() { out = append(out, wide(1)) })
		return out
	}
	for name, tc := range map[string]struct {
		graphs []*salesforce.Graph
		ok     bool
	}{
		"none": {nil, false}, "empty": {[]*salesforce.Graph{{}}, false},
		"depth 15": {[]*salesforce.Graph{chain(15)}, true}, "depth 16": {[]*salesforce.Graph{chain(16)}, false},
		"500 steps": {[]*salesforce.Graph{wide(250), wide(250)}, true}, "501 steps": {[]*salesforce.Graph{wide(250), wide(251)}, false},
		"75 graphs": {many(75), true}, "76 graphs": {many(76), false},
		"15 kinds": {[]*salesforce.Graph{kinds(15)}, true}, "16 kinds": {[]*salesforce.Graph{kinds(16)}, false},
		"bad id": {[]*salesforce.Graph{{ID: "a.b", Steps: wide(1).Steps}}, false},
	} {
		before := len(o.requests())
		_, err := c.Graphs(t.Context(), tc.graphs, salesforce.WriteOptions{})
		if sent := len(o.requests()) > before; sent != tc.ok || err == nil { // the server's answer is none
			t.Errorf("%s: sent %t, %v", name, sent, err)
		}
	}
}

func TestBatch(t *testing.T) {
	_, c := fake(t, salesforcetest.Config{})
	ctx := t.Context()
	made, err := c.Create(ctx, account(text("Name", "A")))
	if err != nil {
		t.Fatal(err)
	}
	for _, halt := range []bool{false, true} {
		b := salesforce.Batch{HaltOnError: halt}
		update := b.Update(made.ID, account(text("Name", fmt.Sprint("B", halt))))
		get := b.Get("Account", made.ID, "Id", "Name")
		bad := b.Create(contact())
		last := b.Create(contact(text("LastName", "@{not.a.reference}")))
		query := b.Query("SELECT Id FROM Account")
		results, err := c.Batch(ctx, &b)
		if err != nil || len(results) != 5 {
			t.Fatal(results, err)
		}
		if o := results[update].Outcome(); !o.Success || o.ID != made.ID {
			t.Errorf("%+v", o)
		}
		if rec, err := results[get].Record(); err != nil || rec.ID() != made.ID {
			t.Error(rec, err)
		}
		if !errors.Is(results[bad].Err(), salesforce.ErrRequired) || results[bad].Halted() {
			t.Error(results[bad].Err())
		}
		if results[last].Outcome().Success == halt || results[last].Halted() != halt || results[query].Halted() != halt || errors.Is(results[last].Err(), salesforce.ErrPrecondition) {
			t.Error(halt, results[last].Err(), results[query].Err())
		}
	}
	if n := count(t, c, "Contact"); n != 1 {
		t.Errorf("%d contacts", n)
	}
	var b salesforce.Batch
	repeat(26, func() { b.Delete("Account", made.ID) })
	if _, err := c.Batch(ctx, &b); err == nil || count(t, c, "Account") != 1 {
		t.Error(err)
	}
	if _, err := c.Batch(ctx, &salesforce.Batch{}); err == nil {
		t.Error("an empty batch")
	}
	var short salesforce.Batch
	short.Delete("Account", made.ID)
	short.Delete("Account", made.ID)
	if _, err := newOrg(t, answer(200, `{"hasErrors":false,"results":[{"statusCode":204,"result":null}]}`)).client(t).Batch(ctx, &short); !errors.Is(err, salesforce.ErrIncomplete) {
		t.Error(err)
	}
}

func TestTree(t *testing.T) {
	_, c := fake(t, salesforcetest.Config{})
	leaf := func(name string) salesforce.TreeNode {
		return salesforce.TreeNode{Record: contact(text("LastName", name))}
	}
	roots := []salesforce.TreeNode{
		{Record: account(text("Name", "A")), Children: []salesforce.TreeChildren{{Relationship: "Contacts", Nodes: []salesforce.TreeNode{leaf("a1"), leaf("a2")}}}},
		{Record: account(text("Name", "B")), Children: []salesforce.TreeChildren{{Relationship: "Contacts", Nodes: []salesforce.TreeNode{leaf("b1")}}}},
	}
	out, err := c.CreateTree(t.Context(), "Account", roots, salesforce.WriteOptions{})
	if err != nil || len(out) != 5 {
		t.Fatal(out, err)
	}
	for i, prefix := range []string{"001", "003", "003", "001", "003"} {
		if !out[i].Created || out[i].ID.Prefix() != prefix {
			t.Errorf("%d: %+v", i, out[i])
		}
	}
	if count(t, c, "Contact WHERE Account.Name = 'A'") != 2 || count(t, c, "Contact WHERE Account.Name = 'B'") != 1 {
		t.Error("children at other parents")
	}
	roots[0].Children[0].Nodes[1] = salesforce.TreeNode{Record: contact(text("FirstName", "nameless"))}
	out, err = c.CreateTree(t.Context(), "Account", roots, salesforce.WriteOptions{})
	var refused *salesforce.Error
	if !errors.As(err, &refused) || refused.Details[0].Reference != "r2" || !errors.Is(err, salesforce.ErrRequired) {
		t.Fatal(err)
	}
	for i, o := range out {
		if o.Success || errors.Is(o.Err(), salesforce.ErrRequired) != (i == 2) || errors.Is(o.Err(), salesforce.ErrRolledBack) == (i == 2) {
			t.Errorf("%d: %+v", i, o)
		}
	}
	if n := count(t, c, "Account"); n != 2 {
		t.Errorf("%d accounts", n)
	}
}

func TestTreeLimitsAndShortAnswers(t *testing.T) {
	o := newOrg(t, answer(201, `{"hasErrors":false,"results":[{"referenceId":"r0","id":"001000000000001AAA"}]}`))
	c, ctx := o.client(t), t.Context()
	node := salesforce.TreeNode{Record: account(text("Name", "x"))}
	deep := node
	for range 5 {
		deep = salesforce.TreeNode{Record: node.Record, Children: []salesforce.TreeChildren{{Relationship: "ChildAccounts", Nodes: []salesforce.TreeNode{deep}}}}
	}
	var many, types []salesforce.TreeNode
	repeat(201, func() { many = append(many, node) })
	for i := range 6 {
		types = append(types, salesforce.TreeNode{Record: node.Record, Children: []salesforce.TreeChildren{{Relationship: "R", Nodes: []salesforce.TreeNode{{Record: sobject.NewRecord(fmt.Sprint("O", i))}}}}})
	}
	for name, roots := range map[string][]salesforce.TreeNode{"none": nil, "many": many, "deep": {deep}, "types": types, "mixed": {node, {Record: contact()}},
		"unnamed": {{Record: node.Record, Children: []salesforce.TreeChildren{{Nodes: []salesforce.TreeNode{node}}}}}} {
		if out, err := c.CreateTree(ctx, "Account", roots, salesforce.WriteOptions{}); err == nil || len(out) > 0 && out[0].Sent {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(o.requests()) != 0 {
		t.Error("sent")
	}
	// One result for two records is no success of either.
	out, err := c.CreateTree(ctx, "Account", []salesforce.TreeNode{node, node}, salesforce.WriteOptions{AllowDuplicates: true})
	if !errors.Is(err, salesforce.ErrIncomplete) || out[0].Success || !out[0].Sent {
		t.Error(out, err)
	}
	var body struct{ Records []map[string]any }
	if r := o.requests()[0]; json.Unmarshal([]byte(r.body), &body) != nil || len(body.Records) != 2 || r.header.Get("Sforce-Auto-Assign") != "FALSE" ||
		r.header.Get("Sforce-Duplicate-Rule-Header") != "allowSave=true" {
		t.Errorf("%+v", r)
	}
}
