package salesforcetest_test

import (
	"encoding/csv"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

func rows(t *testing.T, text string) [][]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return all
}

func TestBulkQuery(t *testing.T) {
	c := start(t, salesforcetest.Config{BulkDelay: time.Minute})
	org := c.s.Org()
	for _, name := range []string{"A \"quoted\"", "B\nnewline", "C, comma"} {
		org.Create("Account", salesforcetest.Fields{"Name": name, "AnnualRevenue": 12})
	}
	job := c.send("POST", "jobs/query", `{"operation":"query","query":"SELECT Id, Name, AnnualRevenue, Phone, IsDeleted, CreatedDate, Owner.Username FROM Account ORDER BY Name"}`).want(200)
	id := job.object()["id"].(string)
	if !strings.HasPrefix(job.body, `{"id":"`+id+`","operation":"query","object":"Account","createdById":"005`) || !strings.Contains(job.body, `"apiVersion":66.0,`) {
		t.Errorf("%s", job.body)
	}
	state := func() string {
		t.Helper()
		return c.send("GET", "jobs/query/"+id, "").want(200).object()["state"].(string)
	}
	if s := state(); s != "UploadComplete" {
		t.Errorf("state %s", s)
	}
	c.send("GET", "jobs/query/"+id+"/results", "").want(400)
	c.send("DELETE", "jobs/query/"+id, "").is(400, `[{"message":"Error encountered when deleting the job because the job is not terminated","errorCode":"API_ERROR"}]`)
	org.Create("Account", salesforcetest.Fields{"Name": "too late"}) // the job reads what was there at its creation
	org.Advance(30 * time.Second)
	if s := state(); s != "InProgress" {
		t.Errorf("state %s", s)
	}
	org.Advance(30 * time.Second)
	info := c.send("GET", "jobs/query/"+id, "").want(200).object()
	if info["state"] != "JobComplete" || info["jobType"] != "V2Query" || info["numberRecordsProcessed"].(interface{ String() string }).String() != "3" {
		t.Errorf("%v", info)
	}
	page := c.send("GET", "jobs/query/"+id+"/results?maxRecords=2", "").want(200)
	locator := page.header.Get("Sforce-Locator")
	if page.header.Get("Sforce-NumberOfRecords") != "2" || locator == "null" || page.header.Get("Content-Type") != "text/csv" {
		t.Errorf("%v", page.header)
	}
	if !strings.HasPrefix(page.body, `"Id","Name","AnnualRevenue","Phone","IsDeleted","CreatedDate","Owner.Username"`+"\n") || !strings.Contains(page.body, `,"12.0","","false","20`) {
		t.Errorf("%s", page.body)
	}
	got := rows(t, page.body)
	if got[1][1] != "A \"quoted\"" || got[2][1] != "B\nnewline" || !strings.HasSuffix(got[1][5], "Z") {
		t.Errorf("%q", got)
	}
	last := c.send("GET", "jobs/query/"+id+"/results?locator="+url.QueryEscape(locator), "").want(200)
	if last.header.Get("Sforce-Locator") != "null" || len(rows(t, last.body)) != 2 {
		t.Errorf("%v %s", last.header, last.body)
	}
	c.send("GET", "/services/data/v65.0/jobs/query/"+id+"/results", "").want(409)
	c.send("PATCH", "jobs/query/"+id, `{"state":"Aborted"}`).is(400, `[{"message":"Aborting already Completed Job not allowed","errorCode":"INVALIDJOBSTATE"}]`)
	pages := c.send("GET", "jobs/query/"+id+"/resultPages", "").want(200).object()
	if pages["done"] != true || len(pages["resultPages"].([]any)) != 1 {
		t.Errorf("%v", pages)
	}
	if list := c.send("GET", "jobs/query", "").want(200).object(); len(list["records"].([]any)) != 1 {
		t.Errorf("%v", list)
	}
	c.send("DELETE", "jobs/query/"+id, "").want(204)
	c.send("GET", "jobs/query/"+id, "").is(404, `[{"message":"The requested resource does not exist","errorCode":"NOT_FOUND"}]`)
}

func TestBulkQueryRefusals(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	for query, want := range map[string]string{
		"SELECT Nope FROM Account":           "INVALID_FIELD",
		"SELECT Id FROM Nope":                "INVALID_TYPE",
		"SELECT Id FORM Account":             "MALFORMED_QUERY",
		"SELECT COUNT(Id) FROM Account":      "",
		"SELECT BillingAddress FROM Account": "",
	} {
		r := c.send("POST", "jobs/query", `{"operation":"query","query":"`+query+`"}`).want(400)
		if want != "" && r.code() != want {
			t.Errorf("%s: %s", query, r.body)
		}
	}
	c.send("POST", "jobs/query", `{"operation":"read","query":"SELECT Id FROM Account"}`).want(400)
}

func TestBulkQueryOtherFormats(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	c.s.Org().Create("Account", salesforcetest.Fields{"Name": "a,b;c"})
	id := c.send("POST", "jobs/query", `{"operation":"query","query":"SELECT Name FROM Account","columnDelimiter":"SEMICOLON","lineEnding":"CRLF"}`).want(200).object()["id"].(string)
	if r := c.send("GET", "jobs/query/"+id+"/results", "").want(200); r.body != "\"Name\"\r\n\"a,b;c\"\r\n" {
		t.Errorf("%q", r.body)
	}
	c.s.Org().DefineObject(salesforcetest.Object{Name: "None__c"})
	id = c.send("POST", "jobs/query", `{"operation":"query","query":"SELECT Id, Name FROM None__c"}`).want(200).object()["id"].(string)
	if r := c.send("GET", "jobs/query/"+id+"/results", "").want(200); r.body != "\"Id\",\"Name\"\n" || r.header.Get("Sforce-Locator") != "null" {
		t.Errorf("%q %v", r.body, r.header)
	}
}

// ingest runs one job to its end and returns its id.
func (c *caller) ingest(create, data string) string {
	c.t.Helper()
	id := c.send("POST", "jobs/ingest", create).want(200).object()["id"].(string)
	c.send("PUT", "jobs/ingest/"+id+"/batches", data, "Content-Type: text/csv").is(201, "")
	c.send("PATCH", "jobs/ingest/"+id, `{"state":"UploadComplete"}`).want(200)
	return id
}

func (c *caller) result(id, part string) [][]string {
	c.t.Helper()
	return rows(c.t, c.send("GET", "jobs/ingest/"+id+"/"+part, "").want(200).body)
}

func TestBulkIngest(t *testing.T) {
	c := withProducts(t)
	org := c.s.Org()
	account := must(org.Create("Account", salesforcetest.Fields{"Name": "Acme"}))
	org.AddField("Account", salesforcetest.Field{Name: "Ext__c", Type: sobject.TypeString, Length: 20, ExternalID: true, Unique: true})
	org.Update(account, salesforcetest.Fields{"Ext__c": "acme"})
	org.Create("Gadget__c", salesforcetest.Fields{"Code__c": "old", "Name": "Old", "Price__c": 9, "Batch__c": "keep"})
	id := c.ingest(`{"object":"Gadget__c","operation":"upsert","externalIdFieldName":"Code__c"}`,
		"Code__c,Name,Price__c,Batch__c,Account__r.Ext__c\nold,New name,#N/A,,acme\nnew,\"Two\nlines\",1.25,b,\nbad,x,lots,,\nlost,x,1,,nobody\n")
	info := c.send("GET", "jobs/ingest/"+id, "").want(200)
	got := info.object()
	if got["state"] != "JobComplete" || !strings.Contains(info.body, `"numberRecordsProcessed":4,"numberRecordsFailed":2,"retries":0`) || got["jobType"] != "V2Ingest" {
		t.Errorf("%s", info.body)
	}
	good := c.result(id, "successfulResults/")
	if len(good) != 3 || good[0][0] != "sf__Id" || good[0][1] != "sf__Created" || good[0][2] != "Code__c" || good[1][1] != "false" || good[2][1] != "true" {
		t.Errorf("%q", good)
	}
	bad := c.result(id, "failedResults")
	if len(bad) != 3 || bad[0][1] != "sf__Error" || !strings.HasSuffix(bad[1][1], "--") || bad[1][2] != "bad" {
		t.Errorf("%q", bad)
	}
	if none := c.result(id, "unprocessedRecords"); len(none) != 1 {
		t.Errorf("%q", none)
	}
	recs := must(org.Query("SELECT Code__c, Name, Price__c, Batch__c, Account__c FROM Gadget__c ORDER BY Code__c"))
	if len(recs) != 2 {
		t.Fatalf("%d gadgets", len(recs))
	}
	old := recs[1]
	if price, _ := old.Value("Price__c"); !price.IsNull() {
		t.Error("#N/A did not clear the price")
	}
	if batch, _ := old.Text("Batch__c"); batch != "keep" {
		t.Error("an empty cell changed a field")
	}
	if ref, _ := old.Ref("Account__c"); ref != account {
		t.Errorf("the account is %q", ref)
	}
	if name, _ := recs[0].Text("Name"); name != "Two\nlines" {
		t.Errorf("name %q", name)
	}
	ids := "Id\n" + string(must(org.Query("SELECT Id FROM Gadget__c ORDER BY Id"))[0].ID()) + "\nnonsense\n"
	del := c.ingest(`{"object":"Gadget__c","operation":"delete"}`, ids)
	if bad := c.result(del, "failedResults"); len(bad) != 2 {
		t.Errorf("%q", bad)
	}
	if n := must(org.Count("SELECT COUNT() FROM Gadget__c")); n != 1 {
		t.Errorf("%d gadgets left", n)
	}
}

func TestBulkIngestFailures(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	for data, want := range map[string]string{
		"Name,Nope\nx,y\n":     "InvalidBatch : Field name not found : Nope",
		"Name\r\nx\r\n":        "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
		"\ufeffName\nx\n":      "InvalidBatch : Field name not found : \ufeffName",
		"Name\n\"unfinished\n": "InvalidBatch : The CSV data could not be parsed",
	} {
		id := c.ingest(`{"object":"Account","operation":"insert"}`, data)
		got := c.send("GET", "jobs/ingest/"+id, "").want(200).object()
		if got["state"] != "Failed" || got["errorMessage"] != want {
			t.Errorf("%q: %v", data, got)
		}
		if r := c.send("GET", "jobs/ingest/"+id+"/unprocessedrecords", "").want(200); r.body != data {
			t.Errorf("unprocessed %q", r.body)
		}
	}
	if n := must(c.s.Org().Count("SELECT COUNT() FROM Account")); n != 0 {
		t.Errorf("%d accounts", n)
	}
	job := c.send("POST", "jobs/ingest", `{"object":"Account","operation":"insert","lineEnding":"LF","columnDelimiter":"COMMA"}`).want(200).object()
	id := job["id"].(string)
	if job["contentUrl"] != "services/data/v66.0/jobs/ingest/"+id+"/batches" || job["state"] != "Open" {
		t.Errorf("%v", job)
	}
	c.send("PUT", "jobs/ingest/"+id+"/batches", "Name\nx\n", "Content-Type: text/csv").want(201)
	c.send("PUT", "jobs/ingest/"+id+"/batches", "Name\nx\n", "Content-Type: text/csv").want(400)
	c.send("DELETE", "jobs/ingest/"+id, "").want(400)
	c.send("PATCH", "jobs/ingest/"+id, `{"state":"Aborted"}`).want(200)
	c.send("PATCH", "jobs/ingest/"+id, `{"state":"UploadComplete"}`).want(400)
	c.send("DELETE", "jobs/ingest/"+id, "").want(204)
	c.send("POST", "jobs/ingest", `{"object":"Nope","operation":"insert"}`).want(400)
	c.send("POST", "jobs/ingest", `{"object":"Account","operation":"upsert","externalIdFieldName":"Phone"}`).want(400)
	c.send("POST", "jobs/ingest", `{"object":"Account","operation":"merge"}`).want(400)
}
