package salesforce_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Incidents of other integrations that concern writes of single records and
// collections; docs/incidents.md lists them.

// TestIncidentsWrites runs them; the functions below tell each one.
func TestIncidentsWrites(t *testing.T) {
	for _, incident := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"jsforce/jsforce#512", assignmentRules},
		{"forcedotcom/SalesforceMobileSDK-iOS#3288", lostAnswerOfACreate},
		{"restforce/restforce#243", ambiguousKey},
		{"tprouvot/Salesforce-Inspector-reloaded#1334", staleKey},
		{"SFDO-Community/declarative-lookup-rollup-summaries#375", raceForAKey},
		{"one key twice in an upsert", sameKeyTwice},
		{"jsforce/jsforce#1055", duplicatesWithTheirMatches},
		{"forcedotcom/SFDX-Data-Move-Utility#95", polymorphicLookup},
		{"SalesforceCommerceCloud/b2c-crm-sync#276", nullIsNotAbsent},
		{"segmentio/action-destinations PR934", oneBadRow},
		{"rudderlabs/rudder-transformer PR1052", convertedLead},
		{"JacksonRiver/springboard_modules PR1416", mergedRecord},
		{"SFDO-Community/declarative-lookup-rollup-summaries#450", locks},
		{"simpleforce/simpleforce#36", errorsOfEveryWrite},
		{"ForceCLI/force retry after login", bodyAfterANewLogin},
	} {
		t.Run(incident.name, incident.run)
	}
}

// naive sends one request as a few lines of net/http would: what a scenario
// must be too much for, so that its test is known to bite. It returns the
// status, 0 when there was no answer.
func naive(t *testing.T, org *salesforcetest.Server, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, org.URL+"/services/data/v66.0/"+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+org.Ready().AccessToken)
	req.Header.Set("Content-Type", "application/json")
	resp, err := org.Client().Do(req)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text)
}

// jsforce/jsforce#512, jsforce/jsforce#119,
// tprouvot/Salesforce-Inspector-reloaded#168: the API runs assignment rules by
// itself, and a sync silently hands its leads to somebody else.
func assignmentRules(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{Seed: salesforcetest.Demo(salesforcetest.DemoConfig{Accounts: 5})})
	ctx, me := t.Context(), sobject.ID(org.Ready().UserID)
	users, err := org.Org().Query("SELECT Username FROM User WHERE IsActive = true AND UserType = 'Standard' AND Id != '" + string(me) + "' LIMIT 1")
	if err != nil {
		t.Fatal(err)
	}
	username, _ := users[0].Text("Username")
	_ = org.Org().SetAssignmentRule("Lead", username)
	owner := func(id sobject.ID) sobject.ID {
		rec, err := org.Org().Get(id, "OwnerId")
		if err != nil {
			t.Fatal(err)
		}
		got, _ := rec.Ref("OwnerId")
		return got
	}
	lead := sobject.NewRecord("Lead", text("LastName", "L"), text("Company", "C"))
	out, err := c.Create(ctx, lead)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Update(ctx, out.ID, sobject.NewRecord("Lead", text("Phone", "1"))); err != nil {
		t.Fatal(err)
	}
	rows, err := c.CreateAll(ctx, []sobject.Record{lead}, salesforce.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var b salesforce.Composite
	step := b.Create(lead)
	result, err := c.Composite(ctx, &b)
	if err != nil {
		t.Fatal(err)
	}
	var g salesforce.Graph
	node := g.Create(lead)
	graphs, err := c.Graphs(ctx, []*salesforce.Graph{&g}, salesforce.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := c.CreateTree(ctx, "Lead", []salesforce.TreeNode{{Record: lead}}, salesforce.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]sobject.ID{"create and update": out.ID, "collection": rows[0].ID, "composite": result.Of(step).Outcome().ID,
		"graph": graphs[0].Of(node).Outcome().ID, "tree": tree[0].ID} {
		if got := owner(id); got != me {
			t.Errorf("%s: the owner is %s", name, got)
		}
	}
	asked, err := c.CreateWith(ctx, lead, salesforce.SaveOptions{AutoAssign: true})
	if err != nil || owner(asked.ID) == me {
		t.Error("the rule did not run when asked", err)
	}
	_, body := naive(t, org, "POST", "sobjects/Lead", `{"LastName":"L","Company":"C"}`)
	var made struct{ ID sobject.ID }
	if err := json.Unmarshal([]byte(body), &made); err != nil || owner(made.ID) == me {
		t.Error("the naive create kept its owner: the scenario proves nothing", err)
	}
}

// forcedotcom/SalesforceMobileSDK-iOS#3288, segment-boneyard/segment-docs
// PR3459, and pram's doRequest, which repeats POST, PATCH and PUT on any 5xx: a
// retry after a lost answer creates twice.
func lostAnswerOfACreate(t *testing.T) {
	rec := account(text("Name", "once"))
	for name, create := range map[string]func(c *salesforce.Client) ([]salesforce.Outcome, error){
		"create": func(c *salesforce.Client) ([]salesforce.Outcome, error) {
			o, err := c.Create(t.Context(), rec)
			return []salesforce.Outcome{o}, err
		},
		"collection": func(c *salesforce.Client) ([]salesforce.Outcome, error) {
			return c.CreateAll(t.Context(), []sobject.Record{rec}, salesforce.WriteOptions{})
		},
		"composite": func(c *salesforce.Client) ([]salesforce.Outcome, error) {
			var b salesforce.Composite
			b.Create(rec)
			_, err := c.Composite(t.Context(), &b)
			return nil, err
		},
		"graph": func(c *salesforce.Client) ([]salesforce.Outcome, error) {
			var g salesforce.Graph
			g.Create(rec)
			_, err := c.Graphs(t.Context(), []*salesforce.Graph{&g}, salesforce.WriteOptions{})
			return nil, err
		},
		"batch": func(c *salesforce.Client) ([]salesforce.Outcome, error) {
			var b salesforce.Batch
			b.Create(rec)
			_, err := c.Batch(t.Context(), &b)
			return nil, err
		},
		"tree": func(c *salesforce.Client) ([]salesforce.Outcome, error) {
			return c.CreateTree(t.Context(), "Account", []salesforce.TreeNode{{Record: rec}}, salesforce.WriteOptions{})
		},
	} {
		for fault, action := range map[string]salesforcetest.Action{"dropped": salesforcetest.DropAfter(), "cut": salesforcetest.Truncate(5)} {
			org, c := fake(t, salesforcetest.Config{})
			org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "POST", Nth: 1}, Action: action})
			out, err := create(c)
			if err == nil {
				t.Errorf("%s, %s: no error", name, fault)
			}
			for _, o := range out {
				if o.Success || !o.Sent {
					t.Errorf("%s, %s: %+v", name, fault, o)
				}
			}
			if n := count(t, c, "Account"); n != 1 {
				t.Errorf("%s, %s: %d accounts", name, fault, n)
			}
		}
	}
	// The naive loop: until it works.
	org, c := fake(t, salesforcetest.Config{})
	org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "POST", Nth: 1}, Action: salesforcetest.DropAfter()})
	for status := 0; status == 0; {
		status, _ = naive(t, org, "POST", "sobjects/Account", `{"Name":"once"}`)
	}
	if n := count(t, c, "Account"); n != 2 {
		t.Errorf("%d accounts by the naive loop: the scenario proves nothing", n)
	}
	// Nor is a create repeated on a 5xx.
	for _, status := range []int{500, 502, 503, 504} {
		o := newOrg(t, answer(status, "<html><title>Down</title></html>"))
		if _, err := o.client(t).Create(t.Context(), rec); !errors.Is(err, salesforce.ErrUnavailable) || len(o.requests()) != 1 {
			t.Error(status, len(o.requests()), err)
		}
	}
}

// restforce/restforce#243, forcedotcom/SFDX-Data-Move-Utility#781, and
// k-capehart/go-salesforce requests.go, which takes 300 for a success: an
// external id of several records.
func ambiguousKey(t *testing.T) {
	org, c := keyed(t)
	ctx := t.Context()
	var ids []sobject.ID
	for range 2 {
		id, err := org.Org().Create("Account", salesforcetest.Fields{"Name": "A", "Loose__c": "1"})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	_, err := c.Upsert(ctx, "Loose__c", "1", account(text("Phone", "1")))
	var refused *salesforce.Error
	if !errors.Is(err, salesforce.ErrAmbiguousExternalID) || !errors.As(err, &refused) || len(refused.CandidateIDs()) != 2 || refused.CandidateIDs()[1] != ids[1] {
		t.Error(err)
	}
	out, err := c.UpsertAll(ctx, "Account", "Loose__c", []sobject.Record{account(text("Loose__c", "1")), account(text("Loose__c", "2"), text("Name", "B"))}, salesforce.WriteOptions{})
	if err != nil || !errors.Is(out[0].Err(), salesforce.ErrAmbiguousExternalID) || len(out[0].Errors[0].Matches) != 2 || out[0].Errors[0].Matches[0] != ids[0] || !out[1].Created {
		t.Error(out, err)
	}
	if status, _ := naive(t, org, "PATCH", "sobjects/Account/Loose__c/1", `{"Phone":"1"}`); status >= 400 {
		t.Error("the naive check would have noticed: the scenario proves nothing", status)
	}
	if n := count(t, c, "Account WHERE Phone = '1'"); n != 0 {
		t.Error(n)
	}
}

// tprouvot/Salesforce-Inspector-reloaded#1334: an upsert by a mistyped or stale
// key creates a second record.
func staleKey(t *testing.T) {
	_, c := keyed(t)
	if _, err := c.UpsertWith(t.Context(), "Key__c", "typo", account(text("Name", "x")), salesforce.SaveOptions{UpdateOnly: true}); !errors.Is(err, salesforce.ErrNotFound) {
		t.Error(err)
	}
	if n := count(t, c, "Account"); n != 0 {
		t.Error(n)
	}
}

// funraise/Funraise-Salesforce PR40, SFDO-Community/DLRS#375: DUPLICATE_VALUE
// when two upserts create one key at once.
func raceForAKey(t *testing.T) {
	org, c := keyed(t)
	lost := `[{"message":"duplicate value found: Key__c duplicates value on record with id: 001ak0000000001","errorCode":"DUPLICATE_VALUE","fields":["Key__c"]}]`
	org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "PATCH", Nth: 1}, Action: salesforcetest.Answer(400, lost)})
	if out, err := c.Upsert(t.Context(), "Key__c", "1", account(text("Name", "x"))); err != nil || !out.Success {
		t.Error(out, err)
	}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if out, err := c.Upsert(t.Context(), "Key__c", "raced", account(text("Name", "x"))); err != nil || !out.Success {
				t.Error(out, err)
			}
		})
	}
	wg.Wait()
	if n := count(t, c, "Account WHERE Key__c = 'raced'"); n != 1 {
		t.Error(n)
	}
	// Another unique field is no race: its owner is named, and it is sent once.
	taken := strings.ReplaceAll(lost, "Key__c", "Other__c")
	o := newOrg(t, answer(400, taken))
	_, err := o.client(t).Upsert(t.Context(), "Key__c", "1", account())
	var refused *salesforce.Error
	if !errors.Is(err, salesforce.ErrDuplicate) || !errors.As(err, &refused) || len(o.requests()) != 1 ||
		len(refused.Details[0].Matches) != 1 || refused.Details[0].Matches[0].Short() != "001ak0000000001" {
		t.Error(len(o.requests()), err)
	}
	// In a collection the loser alone is sent again, once.
	row := func(field string) string {
		return `{"success":false,"created":false,"errors":[{"statusCode":"DUPLICATE_VALUE","message":"duplicate value found: ` + field + ` duplicates value on record with id: 001ak0000000001","fields":[]}]}`
	}
	const good = `{"id":"001000000000001AAA","success":true,"created":false,"errors":[]}`
	n := 0
	o = newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		if n++; n == 1 {
			answer(200, "["+good+","+row("Key__c")+","+row("Other__c")+"]")(w, r)
			return
		}
		answer(200, "["+good+"]")(w, r)
	})
	recs := []sobject.Record{account(text("Key__c", "a")), account(text("Key__c", "b")), account(text("Key__c", "c"))}
	out, err := o.client(t).UpsertAll(t.Context(), "Account", "Key__c", recs, salesforce.WriteOptions{})
	if err != nil || n != 2 || !out[0].Success || !out[1].Success || out[2].Success || !strings.Contains(o.requests()[1].body, `"records":[{"attributes":{"type":"Account"},"Key__c":"b"}]`) {
		t.Error(n, out, err)
	}
	// The second answer is lost: the row is unknown, not refused.
	n = 0
	o.Server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n++; n == 1 {
			answer(200, "["+good+","+row("Key__c")+","+good+"]")(w, r)
			return
		}
		answer(500, "")(w, r)
	})
	out, err = o.client(t).UpsertAll(t.Context(), "Account", "Key__c", recs, salesforce.WriteOptions{})
	if err == nil || !out[0].Success || out[1].Success || len(out[1].Errors) > 0 || !out[1].Sent || !out[2].Success {
		t.Error(out, err)
	}
	// All or none: nothing was written, so nothing is sent again.
	n = 1
	o = newOrg(t, func(w http.ResponseWriter, r *http.Request) { n++; answer(200, "["+row("Key__c")+"]")(w, r) })
	if out, err = o.client(t).UpsertAll(t.Context(), "Account", "Key__c", recs[:1], salesforce.WriteOptions{AllOrNone: true}); err != nil || n != 2 || out[0].Success {
		t.Error(n, out, err)
	}
}

// Catalogue write-05: the same key twice in one upsert is refused row by row.
func sameKeyTwice(t *testing.T) {
	_, c := keyed(t)
	rec := account(text("Key__c", "1"), text("Name", "x"))
	out, err := c.UpsertAll(t.Context(), "Account", "Key__c", []sobject.Record{rec, rec}, salesforce.WriteOptions{})
	if err != nil || !out[0].Success || out[1].Success || !errors.Is(out[1].Err(), salesforce.ErrDuplicate) || errors.Is(out[1].Err(), salesforce.ErrAmbiguousExternalID) {
		t.Error(out, err)
	}
}

// jsforce/jsforce#1055, simple-salesforce#337, omniphx/forrest#176: duplicate
// rules refuse, and the matches are lost on the way.
func duplicatesWithTheirMatches(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	_ = org.Org().AddDuplicateRule("Contact", salesforcetest.DuplicateRule{Fields: []string{"LastName"}})
	first, err := c.Create(t.Context(), contact(text("LastName", "Doe")))
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Create(t.Context(), contact(text("LastName", "Doe")))
	var refused *salesforce.Error
	if !errors.As(err, &refused) || refused.Code != "DUPLICATES_DETECTED" || len(refused.Details[0].Matches) != 1 || refused.Details[0].Matches[0] != first.ID {
		t.Error(err)
	}
}
