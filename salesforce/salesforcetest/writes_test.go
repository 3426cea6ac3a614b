package salesforcetest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Composite graphs (REST guide, "Composite Graph").
func TestGraphs(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	before := c.s.APICalls()
	r := c.send("POST", "composite/graph", `{"graphs":[
		{"graphId":"good","compositeRequest":[
			{"method":"POST","url":"/services/data/v66.0/sobjects/Account","referenceId":"acc","body":{"Name":"Good"}},
			{"method":"POST","url":"/services/data/v66.0/sobjects/Contact","referenceId":"con","body":{"LastName":"C","AccountId":"@{acc.id}"}},
			{"method":"PATCH","url":"/services/data/v66.0/sobjects/Account/@{acc.id}","referenceId":"upd","body":{"Phone":"1"}}]},
		{"graphId":"bad","compositeRequest":[
			{"method":"POST","url":"/services/data/v66.0/sobjects/Account","referenceId":"acc","body":{"Name":"Bad"}},
			{"method":"POST","url":"/services/data/v66.0/sobjects/Contact","referenceId":"con","body":{"AccountId":"@{acc.id}"}}]}]}`).want(200)
	if n := c.s.APICalls() - before; n != 1 {
		t.Errorf("%d calls", n)
	}
	graphs := r.object()["graphs"].([]any)
	good, bad := graphs[0].(map[string]any), graphs[1].(map[string]any)
	if good["isSuccessful"] != true || good["graphId"] != "good" || bad["isSuccessful"] != false {
		t.Fatalf("%s", r.body)
	}
	steps := bad["graphResponse"].(map[string]any)["compositeResponse"].([]any)
	if !strings.Contains(fmt.Sprint(steps[0]), "PROCESSING_HALTED") || !strings.Contains(fmt.Sprint(steps[1]), "REQUIRED_FIELD_MISSING") {
		t.Errorf("%v", steps)
	}
	if n := must(c.s.Org().Count("SELECT COUNT() FROM Account")); n != 1 {
		t.Errorf("%d accounts", n)
	}
	if n := must(c.s.Org().Count("SELECT COUNT() FROM Contact WHERE Account.Phone = '1'")); n != 1 {
		t.Errorf("%d contacts", n)
	}
}

func TestGraphLimits(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	node := func(ref, body string) string {
		return `{"method":"POST","url":"/services/data/v66.0/sobjects/Account","referenceId":"` + ref + `","body":` + body + `}`
	}
	graph := func(id string, nodes ...string) string {
		return `{"graphId":"` + id + `","compositeRequest":[` + strings.Join(nodes, ",") + `]}`
	}
	var many, deep, graphs []string
	for i := range 501 {
		many = append(many, node(fmt.Sprint("n", i), `{"Name":"x"}`))
	}
	for i := range 16 {
		deep = append(deep, node(fmt.Sprint("n", i), fmt.Sprintf(`{"Name":"x","Site":"@{n%d.id}"}`, i-1)))
	}
	for i := range 76 {
		graphs = append(graphs, graph(fmt.Sprint("g", i), node("a", `{"Name":"x"}`)))
	}
	for name, body := range map[string]string{
		"nodes": graph("g", many...), "depth": graph("g", deep...), "graphs": strings.Join(graphs, ","), "none": "",
		"query": graph("g", `{"method":"GET","url":"/services/data/v66.0/query?q=SELECT+Id+FROM+Account","referenceId":"q"}`),
		"id":    graph("a.b", node("a", `{"Name":"x"}`)), "twice": graph("g", node("a", `{"Name":"x"}`)) + "," + graph("g", node("a", `{"Name":"x"}`)),
	} {
		if r := c.send("POST", "composite/graph", `{"graphs":[`+body+`]}`); r.status != 400 || r.code() == "" {
			t.Errorf("%s: %d %.200s", name, r.status, r.body)
		}
	}
	// More than 14 failed graphs halt the rest.
	var failing []string
	for i := range 17 {
		failing = append(failing, graph(fmt.Sprint("g", i), node("a", `{}`)))
	}
	r := c.send("POST", "composite/graph", `{"graphs":[`+strings.Join(failing, ",")+`]}`).want(200)
	if strings.Count(r.body, "REQUIRED_FIELD_MISSING") != 15 || strings.Count(r.body, "PROCESSING_HALTED") != 2 {
		t.Errorf("%s", r.body)
	}
}

// allOrNone of a composite request overrides that of its collections; a row
// that was undone still looks like a success (REST guide, "allOrNone
// Parameters in Composite and Collections Requests").
func TestAllOrNoneAroundCollections(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	send := func(outer, inner bool) string {
		return c.send("POST", "composite", fmt.Sprintf(`{"allOrNone":%t,"compositeRequest":[
			{"method":"POST","url":"/services/data/v66.0/sobjects/Account","referenceId":"a","body":{"Name":"A"}},
			{"method":"POST","url":"/services/data/v66.0/composite/sobjects","referenceId":"rows","body":{"allOrNone":%t,"records":[
				{"attributes":{"type":"Account"},"Name":"B"},{"attributes":{"type":"Account"}}]}}]}`, outer, inner)).want(200).body
	}
	count := func() int { return must(c.s.Org().Count("SELECT COUNT() FROM Account")) }
	if body := send(true, false); count() != 0 || !strings.Contains(body, `"success":true`) || !strings.Contains(body, "PROCESSING_HALTED") {
		t.Errorf("%d accounts, %s", count(), body)
	}
	if body := send(true, true); count() != 0 || !strings.Contains(body, "ALL_OR_NONE_OPERATION_ROLLED_BACK") {
		t.Errorf("%d accounts, %s", count(), body)
	}
	if send(false, true); count() != 1 {
		t.Errorf("%d accounts", count())
	}
	if send(false, false); count() != 3 {
		t.Errorf("%d accounts", count())
	}
}

func TestDescribesInsideAllOrNone(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	r := c.send("POST", "composite", `{"allOrNone":true,"compositeRequest":[
		{"method":"GET","url":"/services/data/v66.0/sobjects/Account/describe","referenceId":"d"},
		{"method":"POST","url":"/services/data/v66.0/sobjects/Account","referenceId":"a","body":{"Name":"@{d.name}"}},
		{"method":"GET","url":"/services/data/v66.0/limits","referenceId":"l"}]}`).want(200)
	if n := must(c.s.Org().Count("SELECT COUNT() FROM Account WHERE Name = 'Account'")); n != 1 || !strings.Contains(r.body, `"DailyApiRequests"`) {
		t.Errorf("%d accounts, %.300s", n, r.body)
	}
}

func TestDuplicateRules(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	_ = c.s.Org().AddDuplicateRule("Contact", salesforcetest.DuplicateRule{Message: "Use one of these records?", Fields: []string{"LastName", "Email"}})
	first := c.create("Contact", `{"LastName":"Doe","Email":"doe@example.com"}`)
	other := c.create("Contact", `{"LastName":"Roe","Email":"doe@example.com"}`)
	c.create("Contact", `{"LastName":"Doe"}`) // an empty field matches nothing
	want := `[{"duplicateResult":{"allowSave":true,"duplicateRule":"Standard_Contact_Duplicate_Rule","duplicateRuleEntityType":"Contact","errorMessage":"Use one of these records?",` +
		`"matchResults":[{"entityType":"Contact","errors":[],"matchEngine":"ExactMatchEngine","matchRecords":[{"additionalInformation":[],"fieldDiffs":[],"matchConfidence":100.0,` +
		`"record":{"attributes":{"type":"Contact","url":"/services/data/v66.0/sobjects/Contact/` + first + `"},"Id":"` + first + `"}}],"rule":"Standard_Contact_Match_Rule_v1_0","size":1,"success":true}]},` +
		`"message":"Use one of these records?","errorCode":"DUPLICATES_DETECTED","fields":[]}]`
	c.send("POST", "sobjects/Contact", `{"LastName":"DOE","Email":"Doe@example.com"}`).is(400, want)
	c.send("PATCH", "sobjects/Contact/"+other, `{"LastName":"Doe"}`).is(400, want)
	c.send("PATCH", "sobjects/Contact/"+other, `{"Phone":"1"}`).want(204)
	full := c.send("POST", "sobjects/Contact", `{"LastName":"Doe","Email":"doe@example.com"}`, "Sforce-Duplicate-Rule-Header: includeRecordDetails=true")
	if full.status != 400 || !strings.Contains(full.body, `"Email":"doe@example.com"`) {
		t.Errorf("%s", full.body)
	}
	rows := `{"records":[{"attributes":{"type":"Contact"},"LastName":"Doe","Email":"doe@example.com"}]}`
	c.send("POST", "composite/sobjects", rows).is(200, `[{"success":false,"errors":[{"statusCode":"DUPLICATES_DETECTED","message":"Use one of these records?","fields":[]}]}]`)
	if r := c.send("POST", "composite/sobjects", rows, "Sforce-Duplicate-Rule-Header: allowSave=true").want(200); !strings.Contains(r.body, `"success":true`) {
		t.Errorf("%s", r.body)
	}
	_ = c.s.Org().AddDuplicateRule("Account", salesforcetest.DuplicateRule{Fields: []string{"Name"}, Block: true})
	c.create("Account", `{"Name":"Acme"}`)
	blocked := c.send("POST", "sobjects/Account", `{"Name":"Acme"}`, "Sforce-Duplicate-Rule-Header: allowSave=true")
	if blocked.status != 400 || !strings.Contains(blocked.body, `"allowSave":false`) || !strings.Contains(blocked.body, "You're creating a duplicate record") {
		t.Errorf("%s", blocked.body)
	}
}

func TestConvertedLeads(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	lead := c.create("Lead", `{"LastName":"Doe","Company":"Acme","Email":"doe@example.com"}`)
	made := must(c.s.Org().ConvertLead(sobject.ID(lead), "Deal"))
	got := c.send("GET", "sobjects/Lead/"+lead+"?fields=IsConverted,Status,ConvertedAccountId,ConvertedContactId,ConvertedOpportunityId", "").want(200).object()
	if got["IsConverted"] != true || got["ConvertedAccountId"] != string(made.Account) || got["ConvertedContactId"] != string(made.Contact) ||
		got["ConvertedOpportunityId"] != string(made.Opportunity) || got["Status"] != "Closed - Converted" {
		t.Errorf("%v", got)
	}
	c.send("PATCH", "sobjects/Lead/"+lead, `{"Phone":"1"}`).want(204) // an administrator may
	_ = c.s.Org().SetPermissions(c.s.Ready().Username, salesforcetest.Permissions{System: map[string]bool{"AllowViewEditConvertedLeads": false}})
	c.send("PATCH", "sobjects/Lead/"+lead, `{"Phone":"2"}`).is(400, `[{"message":"cannot reference converted lead","errorCode":"CANNOT_UPDATE_CONVERTED_LEAD","fields":[]}]`)
}

// Conditional requests (REST guide, "Conditional Request Headers").
func TestConditionalWrites(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	id := c.create("Account", `{"Name":"A"}`)
	path := "sobjects/Account/" + id
	read := c.send("GET", path, "").want(200)
	tag, at := read.header.Get("ETag"), read.header.Get("Last-Modified")
	if !strings.HasSuffix(tag, `--gzip"`) || at == "" {
		t.Fatal(tag, at)
	}
	c.send("GET", path, "", "If-None-Match: "+tag).is(304, "")
	c.s.Org().Advance(2 * time.Second)
	c.send("PATCH", path, `{"Name":"B"}`, "If-Match: "+tag).want(204)
	c.send("PATCH", path, `{"Name":"C"}`, "If-Match: "+tag).is(412, "")
	c.send("PATCH", path, `{"Name":"C"}`, "If-Unmodified-Since: "+at).is(412, "")
	c.send("PATCH", path, `{"Name":"C"}`, "If-Unmodified-Since: yesterday").want(400)
	now := c.send("GET", path, "", "If-None-Match: "+tag).want(200)
	c.send("PATCH", path, `{"Name":"D"}`, "If-None-Match: "+now.header.Get("ETag")).is(412, "")
	c.send("PATCH", path, `{"Name":"E"}`, "If-Unmodified-Since: "+now.header.Get("Last-Modified")).want(204)
	contact := c.create("Contact", `{"LastName":"C"}`)
	if r := c.send("GET", "sobjects/Contact/"+contact, "").want(200); r.header.Get("ETag") != "" || r.header.Get("Last-Modified") == "" {
		t.Error("only accounts have entity tags", r.header)
	}
}

// Sforce-Auto-Assign is TRUE when it is absent (REST guide, "Assignment Rule
// Header").
func TestAssignmentRules(t *testing.T) {
	c := start(t, salesforcetest.Config{Seed: salesforcetest.Demo(salesforcetest.DemoConfig{Accounts: 50})})
	others := must(c.s.Org().Query("SELECT Id, Username FROM User WHERE IsActive = true AND UserType = 'Standard' AND Id != '" + c.s.Ready().UserID + "' LIMIT 1"))
	username, _ := others[0].Text("Username")
	_ = c.s.Org().SetAssignmentRule("Lead", username)
	owner := func(id string) string {
		return c.send("GET", "sobjects/Lead/"+id+"?fields=OwnerId", "").want(200).object()["OwnerId"].(string)
	}
	const lead = `{"LastName":"L","Company":"C"}`
	if got := owner(c.send("POST", "sobjects/Lead", lead).id()); got != string(others[0].ID()) {
		t.Errorf("no header: %s", got)
	}
	id := c.send("POST", "sobjects/Lead", lead, "Sforce-Auto-Assign: FALSE").id()
	if got := owner(id); got != c.s.Ready().UserID {
		t.Errorf("FALSE: %s", got)
	}
	c.send("PATCH", "sobjects/Lead/"+id, `{"Phone":"1"}`, "Sforce-Auto-Assign: FALSE").want(204)
	if got := owner(id); got != c.s.Ready().UserID {
		t.Errorf("update, FALSE: %s", got)
	}
	c.send("PATCH", "sobjects/Lead/"+id, `{"Phone":"2"}`).want(204)
	if got := owner(id); got != string(others[0].ID()) {
		t.Errorf("update: %s", got)
	}
	_ = c.s.Org().SetAssignmentRule("Lead", "")
	if got := owner(c.send("POST", "sobjects/Lead", lead).id()); got != c.s.Ready().UserID {
		t.Errorf("no rule: %s", got)
	}
}
