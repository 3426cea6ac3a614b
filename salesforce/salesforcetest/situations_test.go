package salesforcetest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	sft "github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// TestSituations runs every row of the guide's table of situations: what it
// says can be staged can be staged, and looks to a client as it says.
func TestSituations(t *testing.T) {
	text, err := os.ReadFile("../../docs/guides/fake-org.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z]+-[0-9]+)` \\| (.*) \\| .* \\|$").FindAllStringSubmatch(string(text), -1) {
		name := m[1]
		if seen[name] {
			t.Errorf("%s stands in the table twice", name)
		}
		seen[name] = true
		stage := situations[name]
		if stage == nil {
			t.Errorf("%s (%s) has no test", name, m[2])
			continue
		}
		t.Run(name, stage)
	}
	for name := range situations {
		if !seen[name] {
			t.Errorf("%s is not in the table", name)
		}
	}
	if len(seen) < 55 {
		t.Errorf("only %d rows were found", len(seen))
	}
}

var situations = map[string]func(*testing.T){}

func init() { //nolint:gochecknoinits // collects the tables of several files
	for _, part := range []map[string]func(*testing.T){readSituations, bulkSituations, authSituations, writeSituations, syncSituations} {
		for name, f := range part {
			situations[name] = f
		}
	}
}

func (c *caller) on(m sft.Match, a sft.Action) { c.s.Fault(sft.Fault{Match: m, Action: a}) }

// accounts makes accounts named A0, A1 ...
func (c *caller) accounts(n int) []sobject.ID {
	c.t.Helper()
	recs := make([]sobject.Record, n)
	for i := range recs {
		recs[i] = sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue("A"+strconv.Itoa(i))))
	}
	return must(c.s.Org().Insert("Account", recs...))
}

// pages reads a query to its end and returns the number of rows of each page.
func (c *caller) pages(soql string, headers ...string) (sizes []int, total string) {
	c.t.Helper()
	next := "query?q=" + url.QueryEscape(soql)
	for next != "" {
		page := c.send("GET", next, "", headers...).want(200).object()
		sizes = append(sizes, len(page["records"].([]any)))
		total = page["totalSize"].(json.Number).String()
		next, _ = page["nextRecordsUrl"].(string)
	}
	return sizes, total
}

func query(soql string) string { return "query?q=" + url.QueryEscape(soql) }

var readSituations = map[string]func(*testing.T){
	"read-01": func(t *testing.T) {
		c := start(t, sft.Config{VisibilityDelay: time.Minute})
		id := c.create("Account", `{"Name":"late"}`)
		c.s.Org().Advance(30 * time.Second)
		if n := len(c.query("SELECT Id FROM Account")["records"].([]any)); n != 0 {
			t.Errorf("%d rows are visible", n)
		}
		before := c.s.Org().Now()
		c.s.Org().Advance(time.Minute)
		rec := must(c.s.Org().Get(sobject.ID(id), "SystemModstamp"))
		if at, _ := rec.Time("SystemModstamp"); !at.Before(before) {
			t.Errorf("its SystemModstamp is %v, after %v", at, before)
		}
	},
	"read-02": func(t *testing.T) {
		c := start(t, sft.Config{})
		at := sobject.DateTimeValue(c.s.Org().Now().Add(-time.Hour).Truncate(time.Second))
		var recs []sobject.Record
		for i := range 500 {
			recs = append(recs, sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue(strconv.Itoa(i))), sobject.F("SystemModstamp", at)))
		}
		c.s.Org().Load("Account", recs...)
		if sizes, _ := c.pages("SELECT Id, SystemModstamp FROM Account ORDER BY SystemModstamp, Id", "Sforce-Query-Options: batchSize=200"); fmt.Sprint(sizes) != "[200 200 100]" {
			t.Errorf("pages %v", sizes)
		}
		if n := c.query("SELECT COUNT_DISTINCT(SystemModstamp) n FROM Account")["records"].([]any)[0].(map[string]any)["n"]; fmt.Sprint(n) != "1" {
			t.Errorf("%v stamps", n)
		}
	},
	"read-03": func(t *testing.T) {
		c := start(t, sft.Config{})
		c.accounts(300)
		next := regexp.MustCompile(`"nextRecordsUrl":"[^"]*",`)
		c.on(sft.Match{Path: "query"}, sft.Rewrite(func(r *sft.Reply) { r.Body = next.ReplaceAll(r.Body, nil) }))
		page := c.send("GET", query("SELECT Id FROM Account"), "", "Sforce-Query-Options: batchSize=200").want(200).object()
		if _, has := page["nextRecordsUrl"]; has || page["done"] != false {
			t.Errorf("done %v", page["done"])
		}
	},
	"read-04": func(t *testing.T) {
		c := start(t, sft.Config{})
		c.accounts(500)
		rnd := rand.New(rand.NewPCG(1, 1))
		c.on(sft.Match{Path: "query"}, sft.PageSize(func() int { return 1 + rnd.IntN(100) }))
		sizes, total := c.pages("SELECT Id FROM Account")
		sum := 0
		for _, n := range sizes {
			sum += n
		}
		if sum != 500 || total != "500" || len(sizes) < 6 {
			t.Errorf("%d rows of %s in pages %v", sum, total, sizes)
		}
	},
	"read-05": func(t *testing.T) {
		c := start(t, sft.Config{CursorsDieWithSession: true})
		c.accounts(600)
		first := func() string {
			return c.send("GET", query("SELECT Id FROM Account"), "", "Sforce-Query-Options: batchSize=200").want(200).object()["nextRecordsUrl"].(string)
		}
		dead := func(next string) {
			t.Helper()
			c.send("GET", next, "").is(400, `[{"message":"invalid query locator","errorCode":"INVALID_QUERY_LOCATOR"}]`)
		}
		next := first()
		c.on(sft.Match{Path: "query/", Nth: 2}, sft.Do(func(sft.RequestRecord) { c.s.Org().DropCursors() }))
		next = c.send("GET", next, "").want(200).object()["nextRecordsUrl"].(string)
		dead(next)
		next = first()
		c.token = c.s.Ready().AccessToken
		dead(next)
		next = first()
		c.s.Org().Advance(49 * time.Hour)
		c.token = c.s.Ready().AccessToken
		dead(next)
	},
	"read-06": func(t *testing.T) {
		c := start(t, sft.Config{})
		wide := func(r sft.RequestRecord) bool { return !strings.Contains(r.Query.Get("q"), "WHERE") }
		c.on(sft.Match{Path: "query", If: wide}, sft.Refuse(400, "QUERY_TIMEOUT", "Your query request was running for too long."))
		if r := c.send("GET", query("SELECT Id FROM Account"), "").want(400); r.code() != "QUERY_TIMEOUT" {
			t.Error(r.body)
		}
		c.query("SELECT Id FROM Account WHERE CreatedDate = TODAY")
	},
	"read-07": func(t *testing.T) {
		c := start(t, sft.Config{})
		c.send("GET", query("SELECT Id FROM Account WHERE Name = '"+strings.Repeat("x", 17000)+"'"), "").want(414)
		c.send("GET", query("SELECT Id FROM Account WHERE Name = '"+strings.Repeat("x", 15000)+"'"), "", "X-Much: "+strings.Repeat("y", 1500)).want(431)
		c.send("GET", query("SELECT Id FROM Account WHERE Name = '"+strings.Repeat("x", 3900)+"'"), "").want(200)
	},
	"read-08": func(t *testing.T) {
		c := start(t, sft.Config{Seed: sft.Seeds(sft.Empty(), sft.SeedFunc(func(o *sft.Org) error {
			for i := range 2000 {
				if err := o.DefineObject(sft.Object{Name: fmt.Sprintf("Thing%04d__c", i)}); err != nil {
					return err
				}
			}
			return nil
		}))})
		r := c.send("GET", query("SELECT QualifiedApiName FROM EntityDefinition"), "").want(400)
		if r.code() != "EXCEEDED_ID_LIMIT" || !strings.Contains(r.body, "EntityDefinition does not support queryMore(), use LIMIT to restrict the results to a single batch") {
			t.Error(r.body)
		}
		first := c.query("SELECT DurableId, QualifiedApiName FROM EntityDefinition ORDER BY DurableId LIMIT 2000")["records"].([]any)
		last := first[1999].(map[string]any)["DurableId"].(string)
		rest := c.query("SELECT DurableId FROM EntityDefinition WHERE DurableId > '" + last + "' ORDER BY DurableId LIMIT 2000")["records"].([]any)
		if len(rest) < 5 {
			t.Errorf("%d objects beyond the first 2,000", len(rest))
		}
	},
	"read-09": func(t *testing.T) {
		c := start(t, sft.Config{})
		c.s.Org().AddField("Account", sft.Field{Name: "Old__c", Type: sobject.TypeString, Length: 20})
		if !strings.Contains(c.send("GET", "sobjects/Account/describe", "").want(200).body, `"Old__c"`) {
			t.Error("the field is not described")
		}
		c.on(sft.Match{Path: "query", Nth: 1}, sft.Do(func(sft.RequestRecord) { c.s.Org().RemoveField("Account", "Old__c") }))
		if r := c.send("GET", query("SELECT Old__c FROM Account"), "").want(400); r.code() != "INVALID_FIELD" {
			t.Error(r.body)
		}
	},
	"read-10": func(t *testing.T) {
		c := start(t, sft.Config{})
		modified := c.send("GET", "sobjects/Account/describe", "").want(200).header.Get("Last-Modified")
		c.on(sft.Match{Path: "query", Nth: 1}, sft.Do(func(sft.RequestRecord) {
			c.s.Org().Advance(2 * time.Second)
			c.s.Org().AddField("Account", sft.Field{Name: "New__c", Type: sobject.TypeString, Length: 20})
		}))
		c.query("SELECT Id FROM Account")
		if r := c.send("GET", "sobjects/Account/describe", "", "If-Modified-Since: "+modified).want(200); !strings.Contains(r.body, `"New__c"`) {
			t.Error("the new field is not described")
		}
	},
	"read-11": func(t *testing.T) {
		c := start(t, sft.Config{})
		c.accounts(3)
		c.on(sft.Match{Path: "query"}, sft.Rewrite(func(r *sft.Reply) {
			r.Body = bytes.Replace(r.Body, []byte(`"totalSize":3`), []byte(`"totalSize":7`), 1)
		}))
		if page := c.query("SELECT Id FROM Account"); fmt.Sprint(page["totalSize"]) != "7" || len(page["records"].([]any)) != 3 {
			t.Errorf("%v", page)
		}
		c.on(sft.Match{Path: "jobs/query/*/results"}, sft.Rewrite(func(r *sft.Reply) { r.Header.Set("Sforce-NumberOfRecords", "7") }))
		id := c.bulkQuery("SELECT Id FROM Account")
		if r := c.send("GET", "jobs/query/"+id+"/results", "").want(200); r.header.Get("Sforce-NumberOfRecords") != "7" || len(rows(t, r.body)) != 4 {
			t.Errorf("%v", r.header)
		}
	},
	"del-01": func(t *testing.T) {
		c := start(t, sft.Config{})
		id := c.accounts(1)[0]
		c.s.Org().HardDelete(id)
		c.send("GET", "sobjects/Account/"+string(id), "").want(404)
		if n := len(c.send("GET", "queryAll?q="+url.QueryEscape("SELECT Id FROM Account"), "").want(200).object()["records"].([]any)); n != 0 {
			t.Errorf("%d rows in queryAll", n)
		}
	},
	"del-02": func(t *testing.T) {
		c := start(t, sft.Config{})
		c.accounts(300)
		c.on(sft.Match{Path: "query", If: func(r sft.RequestRecord) bool { return r.Query.Get("q") == "" }}, sft.Truncate(500))
		next := c.send("GET", query("SELECT Id FROM Account"), "", "Sforce-Query-Options: batchSize=200").want(200).object()["nextRecordsUrl"].(string)
		if _, err := c.try("GET", next, "", "Accept-Encoding: identity"); err == nil {
			t.Error("the page arrived whole")
		}
	},
	"del-03": func(t *testing.T) {
		c := start(t, sft.Config{Seed: sft.Demo(sft.DemoConfig{Accounts: 50})})
		org := c.s.Org()
		var user, other string
		for _, r := range must(org.Query("SELECT Username FROM User WHERE IsActive = true AND Profile.Name != 'System Administrator' LIMIT 2")) {
			name, _ := r.Text("Username")
			user, other = name, user
		}
		id := must(org.Query("SELECT Id FROM Account WHERE Owner.Username != '" + user + "' LIMIT 1"))[0].ID()
		_ = other
		org.SetPrivate("Account", true)
		org.Share(id, user, true)
		c.token = c.s.Token(user)
		c.send("GET", "sobjects/Account/"+string(id)+"?fields=Id", "").want(200)
		org.Share(id, user, false)
		c.send("GET", "sobjects/Account/"+string(id)+"?fields=Id", "").want(404)
	},
	"del-04": func(t *testing.T) {
		c := start(t, sft.Config{})
		id := c.accounts(1)[0]
		c.s.Org().Delete(id)
		c.send("GET", "sobjects/Account/"+string(id), "").is(404, `[{"message":"entity is deleted","errorCode":"ENTITY_IS_DELETED","fields":[]}]`)
		c.s.Org().Undelete(id)
		c.send("GET", "sobjects/Account/"+string(id), "").want(200)
	},
}

// bulkQuery runs a bulk query and returns its job's id.
func (c *caller) bulkQuery(soql string) string {
	c.t.Helper()
	body, _ := json.Marshal(map[string]string{"operation": "query", "query": soql})
	return c.send("POST", "jobs/query", string(body)).want(200).object()["id"].(string)
}
