package salesforcetest_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

func TestVersionsNeedNoSession(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	c.token = ""
	r := c.send("GET", "/services/data/", "").want(200)
	list := r.list()
	if first := list[0]; first["label"] != "Summer '14" || first["version"] != "31.0" {
		t.Errorf("first %v", first)
	}
	if last := list[len(list)-1]; last["label"] != "Spring '26" || last["url"] != "/services/data/v66.0" {
		t.Errorf("last %v", last)
	}
	if r.header.Get("Sforce-Limit-Info") != "" || c.s.APICalls() != 0 {
		t.Error("the list of versions was counted")
	}
}

func TestRecordLifecycle(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	r := c.send("POST", "sobjects/account/", `{"Name":"Acme & <Söhne> 🚀","AnnualRevenue":1000,"NumberOfEmployees":7}`)
	id := r.id()
	r.is(201, `{"id":"`+id+`","success":true,"errors":[]}`)
	if loc := r.header.Get("Location"); loc != "/services/data/v66.0/sobjects/Account/"+id {
		t.Errorf("Location %q", loc)
	}
	if !strings.HasPrefix(r.header.Get("Sforce-Limit-Info"), "api-usage=1/15000") {
		t.Errorf("Sforce-Limit-Info %q", r.header.Get("Sforce-Limit-Info"))
	}
	c.send("GET", "sobjects/Account/"+id+"?fields=name,AnnualRevenue,NumberOfEmployees,Phone", "").is(200,
		`{"attributes":{"type":"Account","url":"/services/data/v66.0/sobjects/Account/`+id+`"},"Name":"Acme & <Söhne> 🚀","AnnualRevenue":1000.0,"NumberOfEmployees":7,"Phone":null}`)
	c.send("PATCH", "sobjects/Account/"+id, `{"Phone":"1"}`).is(204, "")
	c.send("POST", "sobjects/Account/"+id+"?_HttpMethod=PATCH", `{"Phone":"2"}`).is(204, "")
	if phone, _ := must(c.s.Org().Get(sobject.MustID(id))).Text("Phone"); phone != "2" {
		t.Errorf("phone %q", phone)
	}
	c.send("DELETE", "/services/data//v66.0//sobjects/Account/"+id+"/", "").is(204, "")
	gone := `[{"message":"entity is deleted","errorCode":"ENTITY_IS_DELETED","fields":[]}]`
	c.send("GET", "sobjects/Account/"+id, "").is(404, gone)
	c.send("PATCH", "sobjects/Account/"+id, `{"Phone":"3"}`).is(404, gone)
	c.send("DELETE", "sobjects/Account/"+id, "").is(404, gone)
}

func TestRefusals(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	id := c.create("Account", `{"Name":"A"}`)
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "nothing/here", "", 404, `[{"message":"The requested resource does not exist","errorCode":"NOT_FOUND"}]`},
		{"GET", "sobjects/Nothing/describe", "", 404, `[{"message":"The requested resource does not exist","errorCode":"NOT_FOUND"}]`},
		{"GET", "/services/data/v99.0/limits", "", 404, `[{"message":"The requested resource does not exist","errorCode":"NOT_FOUND"}]`},
		{"PUT", "sobjects/Account/" + id, "{}", 405, `[{"message":"HTTP Method 'PUT' not allowed. Allowed are HEAD,GET,POST,PATCH,DELETE","errorCode":"METHOD_NOT_ALLOWED"}]`},
		{"POST", "sobjects/Account", "", 400, `[{"message":"The HTTP entity body is required, but this request has no entity body.","errorCode":"JSON_PARSER_ERROR"}]`},
		{"POST", "sobjects/Account", `{"Id":"` + id + `","Name":"x"}`, 400, `[{"message":"The Id field should not be specified in the sobject data.","errorCode":"INVALID_FIELD"}]`},
		{"POST", "sobjects/Account", `{"Phone":"1"}`, 400, `[{"message":"Required fields are missing: [Name]","errorCode":"REQUIRED_FIELD_MISSING","fields":["Name"]}]`},
		{"POST", "sobjects/Account", `{"Name":"x","Colour":"red"}`, 400, `[{"message":"No such column 'Colour' on sobject of type Account","errorCode":"INVALID_FIELD"}]`},
		{"GET", "sobjects/Account/23foo", "", 404, `[{"message":"Provided external ID field does not exist or is not accessible: 23foo","errorCode":"NOT_FOUND"}]`},
		{"GET", "sobjects/Contact/" + id, "", 400, `[{"message":"Contact ID: id value of incorrect type: ` + id + `","errorCode":"MALFORMED_ID","fields":["Id"]}]`},
		{"GET", "query/0r8xx5R2yF2gs3VASQ-2000", "", 400, `[{"message":"invalid query locator","errorCode":"INVALID_QUERY_LOCATOR"}]`},
		{"GET", "query?q=SELECT+Id+FROM+Accout", "", 400, ""},
		{"POST", "composite", "{", 400, ""},
		{"GET", "search?q=Acme", "", 400, `[{"message":"No search term found. The search term must be enclosed in braces.","errorCode":"MALFORMED_SEARCH"}]`},
	} {
		r := c.send(tt.method, tt.path, tt.body).want(tt.status)
		if tt.want != "" && r.body != tt.want {
			t.Errorf("%s %s: %s\nwant %s", tt.method, tt.path, r.body, tt.want)
		}
		if strings.Contains(r.body, "json:") || r.code() == "" {
			t.Errorf("%s %s: %s", tt.method, tt.path, r.body)
		}
	}
	var paths []string
	for _, u := range c.s.Unsupported() {
		paths = append(paths, u.Path)
	}
	if len(paths) != 1 || paths[0] != "/services/data/v66.0/nothing/here" {
		t.Errorf("unsupported: %v", paths)
	}
}

func withProducts(t *testing.T) *caller {
	t.Helper()
	c := start(t, salesforcetest.Config{})
	org := c.s.Org()
	org.DefineObject(salesforcetest.Object{Name: "Gadget__c", Label: "Gadget", Fields: []salesforcetest.Field{
		{Name: "Code__c", Type: sobject.TypeString, Length: 80, ExternalID: true, Unique: true},
		{Name: "Batch__c", Type: sobject.TypeString, Length: 80, ExternalID: true},
		{Name: "Price__c", Type: sobject.TypeCurrency, Precision: 18, Scale: 2},
		{Name: "Account__c", Type: sobject.TypeReference, ReferenceTo: []string{"Account"}, Relationship: "Account__r", ChildRelationship: "Gadgets__r"},
	}})
	return c
}

func TestUpsertByExternalID(t *testing.T) {
	c := withProducts(t)
	id := c.send("PATCH", "sobjects/Gadget__c/Code__c/a%2Fb%20c", `{"Name":"One"}`).want(201).object()["id"].(string)
	c.send("PATCH", "sobjects/Gadget__c/Code__c/a%2Fb%20c", `{"Price__c":1.5}`).is(200, `{"id":"`+id+`","success":true,"errors":[],"created":false}`)
	c.send("PATCH", "/services/data/v45.0/sobjects/Gadget__c/Code__c/a%2Fb%20c", `{"Price__c":2}`).is(204, "")
	if got := c.send("GET", "sobjects/Gadget__c/Code__c/a%2Fb%20c", "").want(200).object(); got["Id"] != id || got["Code__c"] != "a/b c" {
		t.Errorf("%v", got)
	}
	c.send("PATCH", "sobjects/Gadget__c/Code__c/new?updateOnly=true", `{"Price__c":2}`).want(404)
	if code := c.send("PATCH", "sobjects/Gadget__c/Code__c/x", `{"Code__c":"x"}`).want(400).code(); code != "INVALID_FIELD" {
		t.Errorf("code %s", code)
	}
	c.send("PATCH", "sobjects/Gadget__c/Nope__c/x", `{"Name":"x"}`).want(404)
	a, b := c.create("Gadget__c", `{"Batch__c":"7"}`), c.create("Gadget__c", `{"Batch__c":"7"}`)
	var urls []string
	c.send("PATCH", "sobjects/Gadget__c/Batch__c/7", `{"Name":"x"}`).want(300).decode(&urls)
	if len(urls) != 2 || urls[0] != "/services/data/v66.0/sobjects/Gadget__c/"+a || urls[1] != "/services/data/v66.0/sobjects/Gadget__c/"+b {
		t.Errorf("%v", urls)
	}
	c.send("DELETE", "sobjects/Gadget__c/Code__c/a%2Fb%20c", "").want(204)
	c.send("GET", "sobjects/Gadget__c/Code__c/a%2Fb%20c", "").want(404)
}

func TestDescribeIsConditional(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	r := c.send("GET", "sobjects/Account/describe", "").want(200)
	tag, at := r.header.Get("ETag"), r.header.Get("Last-Modified")
	if tag == "" || at == "" {
		t.Fatalf("%v", r.header)
	}
	c.send("GET", "sobjects/Account/describe", "", "If-Modified-Since: "+at).is(304, "")
	c.send("GET", "sobjects/Account/describe", "", "If-None-Match: "+tag).is(304, "")
	c.s.Org().Advance(2 * time.Second)
	c.s.Org().AddField("Account", salesforcetest.Field{Name: "Score__c", Type: sobject.TypeDouble, Precision: 5, Scale: 1})
	r = c.send("GET", "sobjects/Account/describe", "", "If-Modified-Since: "+at).want(200)
	if !strings.Contains(r.body, `"Score__c"`) {
		t.Error("the new field is not described")
	}
	c.s.Org().HideField("System Administrator", "Account", "Score__c")
	if r := c.send("GET", "sobjects/Account/describe", "").want(200); strings.Contains(r.body, `"Score__c"`) {
		t.Error("a hidden field is described")
	}
	if code := c.send("GET", "query?q=SELECT+Score__c+FROM+Account", "").want(400).code(); code != "INVALID_FIELD" {
		t.Errorf("code %s", code)
	}
	all := c.send("GET", "sobjects", "").want(200)
	if !strings.HasPrefix(all.body, `{"encoding":"UTF-8","maxBatchSize":200,"sobjects":[{"activateable":`) {
		t.Errorf("%.200s", all.body)
	}
	if one := c.send("GET", "sobjects/Account", "").want(200).object(); one["objectDescribe"].(map[string]any)["keyPrefix"] != "001" {
		t.Errorf("%v", one)
	}
}

func TestCompression(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(`{"Name":"Packed"}`))
	_ = z.Close()
	req, _ := http.NewRequest("POST", c.s.URL+"/services/data/v66.0/sobjects/Account", &packed)
	req.Header.Set("Authorization", "OAuth "+c.token) // the older scheme works too
	req.Header.Set("Content-Encoding", "gzip")
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 201 || resp.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	if n := must(c.s.Org().Count("SELECT COUNT() FROM Account WHERE Name = 'Packed'")); n != 1 {
		t.Errorf("%d accounts", n)
	}
	// Clients that compress say so of requests without a body too.
	c.send("GET", "sobjects/Account/describe", "", "Content-Encoding: gzip").want(200)
	c.send("POST", "sobjects/Account", "not gzip", "Content-Encoding: gzip").want(400)
}

func TestQueryPaging(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	var recs []sobject.Record
	for range 450 {
		recs = append(recs, sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue("A"))))
	}
	c.s.Org().Insert("Account", recs...)
	first := c.send("GET", "query?q="+url.QueryEscape("SELECT Id, Name FROM Account"), "", "Sforce-Query-Options: batchSize=200").want(200)
	if !strings.HasPrefix(first.body, `{"totalSize":450,"done":false,"nextRecordsUrl":"/services/data/v66.0/query/0r8`) {
		t.Fatalf("%.200s", first.body)
	}
	seen, page := 0, first.object()
	for {
		seen += len(page["records"].([]any))
		next, more := page["nextRecordsUrl"].(string)
		if !more {
			break
		}
		page = c.send("GET", next, "").want(200).object()
	}
	if seen != 450 || page["done"] != true {
		t.Errorf("%d rows, %v", seen, page["done"])
	}
	next := first.object()["nextRecordsUrl"].(string)
	c.s.Org().Advance(47 * time.Hour)
	c.token = c.s.Token(salesforcetest.AdminUsername)
	c.send("GET", next, "").want(200) // a cursor lives two days
	c.s.Org().Advance(2 * time.Hour)
	c.token = c.s.Token(salesforcetest.AdminUsername)
	c.send("GET", next, "").is(400, `[{"message":"invalid query locator","errorCode":"INVALID_QUERY_LOCATOR"}]`)
	c.send("GET", "query?q="+url.QueryEscape("SELECT COUNT() FROM Account"), "").is(200, `{"totalSize":450,"done":true,"records":[]}`)
}

func TestQueryAllSeesDeletedRows(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	id := c.create("Account", `{"Name":"A"}`)
	c.send("DELETE", "sobjects/Account/"+id, "").want(204)
	if got := c.query("SELECT Id FROM Account"); len(got["records"].([]any)) != 0 {
		t.Error("query sees a deleted row")
	}
	r := c.send("GET", "queryAll?q="+url.QueryEscape("SELECT Id, IsDeleted FROM Account"), "").want(200).object()
	if rows := r["records"].([]any); len(rows) != 1 || rows[0].(map[string]any)["IsDeleted"] != true {
		t.Errorf("%v", r)
	}
	day := 24 * time.Hour
	now := c.s.Org().Now()
	window := "?start=" + url.QueryEscape(now.Add(-day).Format(time.RFC3339)) + "&end=" + url.QueryEscape(now.Add(time.Hour).Format(time.RFC3339))
	gone := c.send("GET", "sobjects/Account/deleted/"+window, "").want(200).object()
	if rows := gone["deletedRecords"].([]any); len(rows) != 1 || rows[0].(map[string]any)["id"] != id {
		t.Errorf("%v", gone)
	}
	if got := c.send("GET", "sobjects/Account/updated/"+window, "").want(200).object(); got["latestDateCovered"] == nil || len(got["ids"].([]any)) != 0 {
		t.Errorf("%v", got)
	}
	c.send("GET", "sobjects/Account/deleted/", "").want(400)
}

func TestLimits(t *testing.T) {
	c := start(t, salesforcetest.Config{DailyRequests: 5})
	for range 4 {
		c.send("GET", "recent", "").want(200)
	}
	got := c.send("GET", "limits", "").want(200).object()["DailyApiRequests"].(map[string]any)
	if got["Max"].(interface{ String() string }).String() != "5" || got["Remaining"].(interface{ String() string }).String() != "0" {
		t.Errorf("%v", got)
	}
	c.send("GET", "recent", "").is(403, `[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]`)
	if n := c.s.APICalls(); n != 5 {
		t.Errorf("%d calls", n)
	}
	c.s.Org().Advance(25 * time.Hour)
	c.token = c.s.Token(salesforcetest.AdminUsername)
	c.send("GET", "recent", "").want(200)
}

func TestSmallResources(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	id := c.create("Account", `{"Name":"Acme Rockets"}`)
	attributes := `{"attributes":{"type":"Account","url":"/services/data/v66.0/sobjects/Account/` + id + `"},"Id":"` + id + `"`
	c.send("GET", "limits/recordCount?sObjects=Account,Nothing", "").is(200, `{"sObjects":[{"count":1,"name":"Account"}]}`)
	c.send("GET", "recent?limit=2", "").is(200, `[`+attributes+`,"Name":"Acme Rockets"}]`)
	c.send("GET", "search?q="+url.QueryEscape("FIND {rock} RETURNING Account(Id)"), "").is(200, `{"searchRecords":[`+attributes+`}]}`)
	c.send("GET", "search?q="+url.QueryEscape("FIND {zzz}"), "").is(200, `{"searchRecords":[]}`)
	if got := c.send("GET", "", "").want(200).object(); got["query"] != "/services/data/v66.0/query" {
		t.Errorf("%v", got)
	}
}

func TestAPIDisabledForAUser(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	c.s.Org().SetPermissions(salesforcetest.AdminUsername, salesforcetest.Permissions{System: map[string]bool{"ApiEnabled": false}})
	if r := c.send("GET", "recent", "").want(403); r.code() != "API_CURRENTLY_DISABLED" {
		t.Error(r.body)
	}
}

func TestReadyEndpoint(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	c.token = ""
	got := c.send("GET", "/_fake/ready", "").want(200).object()
	if got["fake"] != true || got["url"] != c.s.URL || got["api_version"] != "66.0" || got["username"] != salesforcetest.AdminUsername {
		t.Errorf("%v", got)
	}
	if len(c.s.Requests()) != 0 {
		t.Error("the ready endpoint was recorded")
	}
}
