package salesforcetest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

func TestCollections(t *testing.T) {
	c := withProducts(t)
	r := c.send("POST", "composite/sobjects", `{"allOrNone":false,"records":[{"attributes":{"type":"Account"},"Name":"A"},{"attributes":{"type":"Contact"},"FirstName":"x"},{"attributes":{"type":"Contact"},"LastName":"y"}]}`).want(200).list()
	if r[0]["success"] != true || r[1]["success"] != false || r[2]["success"] != true {
		t.Fatalf("%v", r)
	}
	failed := r[1]["errors"].([]any)[0].(map[string]any)
	if failed["statusCode"] != "REQUIRED_FIELD_MISSING" || failed["message"] != "Required fields are missing: [LastName]" {
		t.Errorf("%v", failed)
	}
	c.send("POST", "composite/sobjects", `{"allOrNone":true,"records":[{"attributes":{"type":"Contact"},"FirstName":"x"},{"attributes":{"type":"Contact"},"LastName":"z"}]}`).is(200,
		`[{"success":false,"errors":[{"statusCode":"REQUIRED_FIELD_MISSING","message":"Required fields are missing: [LastName]","fields":["LastName"]}]},`+
			`{"success":false,"errors":[{"statusCode":"ALL_OR_NONE_OPERATION_ROLLED_BACK","message":"Record rolled back because not all records were valid and the request was using AllOrNone header","fields":[]}]}]`)
	if n := must(c.s.Org().Count("SELECT COUNT() FROM Contact")); n != 1 {
		t.Errorf("%d contacts", n)
	}
	c.send("PATCH", "composite/sobjects", `{"records":[{"attributes":{"type":"Contact"},"LastName":"z"}]}`).is(200,
		`[{"success":false,"errors":[{"statusCode":"MISSING_ARGUMENT","message":"Id not specified in an update call","fields":[]}]}]`)
	up := c.send("PATCH", "composite/sobjects/Gadget__c/Code__c", `{"records":[{"attributes":{"type":"Gadget__c"},"Code__c":"1","Name":"a"},{"attributes":{"type":"Gadget__c"},"Code__c":"2"}]}`).want(200).list()
	if up[0]["created"] != true || up[1]["created"] != true {
		t.Fatalf("%v", up)
	}
	again := c.send("PATCH", "composite/sobjects/Gadget__c/Code__c", `{"records":[{"Code__c":"1","Name":"b","attributes":{"type":"Gadget__c"}}]}`).want(200).list()
	if again[0]["created"] != false || again[0]["id"] != up[0]["id"] {
		t.Errorf("%v", again)
	}
	ids := up[0]["id"].(string) + "," + up[1]["id"].(string)
	got := c.send("GET", "composite/sobjects/Gadget__c?fields=Code__c&ids="+ids+",a0000000000000AAAA", "").want(200).list()
	if len(got) != 3 || got[1]["Code__c"] != "2" || got[2] != nil {
		t.Errorf("%v", got)
	}
	if got := c.send("POST", "composite/sobjects/Gadget__c", `{"ids":["`+up[0]["id"].(string)+`"],"fields":["Name"]}`).want(200).list(); got[0]["Name"] != "b" {
		t.Errorf("%v", got)
	}
	del := c.send("DELETE", "composite/sobjects?ids="+ids+",nonsense&allOrNone=false", "").want(200).list()
	if del[0]["success"] != true || del[2]["success"] != false {
		t.Errorf("%v", del)
	}
	c.send("POST", "composite/sobjects", `{"records":[]}`).is(400, `[{"message":"At least 1 record is required","errorCode":"REQUIRED_FIELD_MISSING"}]`)
	many := strings.Repeat(`{"attributes":{"type":"Account"},"Name":"A"},`, 201)
	c.send("POST", "composite/sobjects", `{"records":[`+many[:len(many)-1]+`]}`).want(400)
}

func TestComposite(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	before := c.s.APICalls()
	r := c.send("POST", "composite", `{"compositeRequest":[
		{"method":"POST","url":"/services/data/v66.0/sobjects/Account","referenceId":"acc","body":{"Name":"Acme"}},
		{"method":"POST","url":"/services/data/v66.0/sobjects/Contact","referenceId":"con","body":{"LastName":"Of @{acc.id}","AccountId":"@{acc.id}"}},
		{"method":"GET","url":"/services/data/v66.0/query?q=SELECT+Id,LastName+FROM+Contact+WHERE+AccountId='@{acc.id}'","referenceId":"q"},
		{"method":"GET","url":"/services/data/v66.0/sobjects/Contact/@{q.records[0].Id}?fields=LastName","referenceId":"get"},
		{"method":"PATCH","url":"/services/data/v66.0/sobjects/Account/@{acc.id}","referenceId":"patch","body":{"Phone":"1"}},
		{"method":"POST","url":"/services/data/v66.0/sobjects/Contact","referenceId":"bad","body":{"FirstName":"x"}},
		{"method":"GET","url":"/services/data/v66.0/sobjects/Contact/@{bad.id}","referenceId":"dependent"}]}`).want(200)
	items := r.object()["compositeResponse"].([]any)
	want := []string{"201", "201", "200", "200", "204", "400", "400"}
	for i, item := range items {
		if got := fmt.Sprint(item.(map[string]any)["httpStatusCode"]); got != want[i] {
			t.Errorf("item %d: %v, want %s", i, item, want[i])
		}
	}
	if body := items[4].(map[string]any)["body"]; body != nil {
		t.Errorf("a 204 has the body %v", body)
	}
	if loc := items[0].(map[string]any)["httpHeaders"].(map[string]any)["Location"]; loc == nil {
		t.Error("no Location")
	}
	if !strings.Contains(r.body, `"PROCESSING_HALTED","message":"Invalid reference specified. No value for bad.id found in bad."`) {
		t.Errorf("%s", r.body)
	}
	if n := c.s.APICalls() - before; n != 1 {
		t.Errorf("%d calls", n)
	}
}

func TestCompositeAllOrNone(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	c.send("POST", "composite", `{"allOrNone":true,"compositeRequest":[
		{"method":"POST","url":"/services/data/v66.0/sobjects/Account","referenceId":"a","body":{"Name":"A"}},
		{"method":"GET","url":"/services/data/v66.0/query?q=SELECT+Name+FROM+Account+WHERE+Id='@{a.id}'","referenceId":"q"},
		{"method":"POST","url":"/services/data/v66.0/sobjects/Account","referenceId":"b","body":{}}]}`).is(200, `{"compositeResponse":[`+
		`{"body":[{"errorCode":"PROCESSING_HALTED","message":"The transaction was rolled back since another operation in the same transaction failed."}],"httpHeaders":{},"httpStatusCode":400,"referenceId":"a"},`+
		`{"body":[{"errorCode":"PROCESSING_HALTED","message":"The transaction was rolled back since another operation in the same transaction failed."}],"httpHeaders":{},"httpStatusCode":400,"referenceId":"q"},`+
		`{"body":[{"message":"Required fields are missing: [Name]","errorCode":"REQUIRED_FIELD_MISSING","fields":["Name"]}],"httpHeaders":{},"httpStatusCode":400,"referenceId":"b"}]}`)
	if n := must(c.s.Org().Count("SELECT COUNT() FROM Account")); n != 0 {
		t.Errorf("%d accounts survived the rollback", n)
	}
	ok := c.send("POST", "composite", `{"allOrNone":true,"compositeRequest":[
		{"method":"POST","url":"/services/data/v66.0/sobjects/Account","referenceId":"a","body":{"Name":"A"}},
		{"method":"GET","url":"/services/data/v66.0/query?q=SELECT+Name+FROM+Account+WHERE+Id='@{a.id}'","referenceId":"q"},
		{"method":"GET","url":"/services/data/v66.0/sobjects/Account/@{a.id}?fields=Name","referenceId":"g"}]}`).want(200)
	if strings.Count(ok.body, `"Name":"A"`) != 2 {
		t.Errorf("%s", ok.body)
	}
}

func TestDescribeInComposite(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	r := c.send("POST", "composite", `{"compositeRequest":[
		{"method":"GET","url":"/services/data/v66.0/sobjects/Account/describe","referenceId":"a"},
		{"method":"GET","url":"/services/data/v66.0/sobjects/Nothing/describe","referenceId":"n"}]}`).want(200)
	items := r.object()["compositeResponse"].([]any)
	first := items[0].(map[string]any)
	if first["body"].(map[string]any)["name"] != "Account" || first["httpHeaders"].(map[string]any)["ETag"] == nil {
		t.Errorf("%.300s", r.body)
	}
	at := first["httpHeaders"].(map[string]any)["Last-Modified"].(string)
	c.send("POST", "composite", `{"compositeRequest":[{"method":"GET","url":"/services/data/v66.0/sobjects/Account/describe","referenceId":"a","httpHeaders":{"If-Modified-Since":"`+at+`"}}]}`).want(200)
	cached := c.send("POST", "composite", `{"compositeRequest":[{"method":"GET","url":"/services/data/v66.0/sobjects/Account/describe","referenceId":"a","httpHeaders":{"If-Modified-Since":"`+at+`"}}]}`).want(200)
	if !strings.Contains(cached.body, `"body":null`) || !strings.Contains(cached.body, `"httpStatusCode":304`) {
		t.Errorf("%.300s", cached.body)
	}
}

func TestBatch(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	id := c.create("Account", `{"Name":"A"}`)
	c.send("POST", "composite/batch", `{"batchRequests":[{"method":"PATCH","url":"v66.0/sobjects/account/`+id+`","richInput":{"Name":"B"}},{"method":"GET","url":"v66.0/sobjects/account/`+id+`?fields=Name"}]}`).is(200,
		`{"hasErrors":false,"results":[{"statusCode":204,"result":null},{"statusCode":200,"result":{"attributes":{"type":"Account","url":"/services/data/v66.0/sobjects/Account/`+id+`"},"Name":"B"}}]}`)
	halted := c.send("POST", "composite/batch", `{"haltOnError":true,"batchRequests":[{"method":"GET","url":"v66.0/nothing"},{"method":"GET","url":"v66.0/limits"}]}`).want(200).object()
	if results := halted["results"].([]any); fmt.Sprint(results[1].(map[string]any)["statusCode"]) != "412" || halted["hasErrors"] != true {
		t.Errorf("%v", halted)
	}
}

func TestTree(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	ok := c.send("POST", "composite/tree/Account", `{"records":[{"attributes":{"type":"Account","referenceId":"ref1"},"Name":"A","Contacts":{"records":[{"attributes":{"type":"Contact","referenceId":"ref2"},"LastName":"C"}]}}]}`).want(201).object()
	results := ok["results"].([]any)
	if ok["hasErrors"] != false || len(results) != 2 || results[1].(map[string]any)["referenceId"] != "ref2" {
		t.Errorf("%v", ok)
	}
	if n := must(c.s.Org().Count("SELECT COUNT() FROM Contact WHERE Account.Name = 'A'")); n != 1 {
		t.Errorf("%d contacts", n)
	}
	c.send("POST", "composite/tree/Account", `{"records":[{"attributes":{"type":"Account","referenceId":"r1"},"Name":"B"},{"attributes":{"type":"Account","referenceId":"r2"}}]}`).is(400,
		`{"hasErrors":true,"results":[{"referenceId":"r2","errors":[{"statusCode":"REQUIRED_FIELD_MISSING","message":"Required fields are missing: [Name]","fields":["Name"]}]}]}`)
	if n := must(c.s.Org().Count("SELECT COUNT() FROM Account")); n != 1 {
		t.Errorf("%d accounts", n)
	}
}

func TestSoapMerge(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	a, b := c.create("Account", `{"Name":"A"}`), c.create("Account", `{"Name":"B"}`)
	contact := c.create("Contact", `{"LastName":"C","AccountId":"`+b+`"}`)
	envelope := func(token, body string) string {
		return `<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:urn="urn:partner.soap.sforce.com"><soapenv:Header><urn:SessionHeader><urn:sessionId>` +
			token + `</urn:sessionId></urn:SessionHeader></soapenv:Header><soapenv:Body>` + body + `</soapenv:Body></soapenv:Envelope>`
	}
	merge := `<urn:merge><urn:request><urn:masterRecord><type>Account</type><Id>` + a + `</Id><Phone>42</Phone></urn:masterRecord><urn:recordToMergeIds>` + b + `</urn:recordToMergeIds></urn:request></urn:merge>`
	post := func(body string) reply {
		return c.send("POST", "/services/Soap/u/66.0", body, "Content-Type: text/xml", "SOAPAction: merge")
	}
	if r := post(envelope("dead", merge)).want(500); !strings.Contains(r.body, "<faultcode>sf:INVALID_SESSION_ID</faultcode>") {
		t.Error(r.body)
	}
	r := post(envelope(c.token, merge)).want(200)
	if !strings.Contains(r.body, "<id>"+a+"</id><mergedRecordIds>"+b+"</mergedRecordIds><success>true</success>") {
		t.Error(r.body)
	}
	got := must(c.s.Org().QueryAll("SELECT Id, IsDeleted, MasterRecordId, Phone FROM Account ORDER BY Id"))
	if phone, _ := got[0].Text("Phone"); phone != "42" {
		t.Errorf("%v", got[0])
	}
	if master, _ := got[1].Text("MasterRecordId"); master != a {
		t.Errorf("MasterRecordId %q", master)
	}
	if moved := c.send("GET", "sobjects/Contact/"+contact+"?fields=AccountId", "").want(200).object(); moved["AccountId"] != a {
		t.Errorf("%v", moved)
	}
	if r := post(envelope(c.token, merge)).want(200); !strings.Contains(r.body, "<success>false</success>") {
		t.Error(r.body)
	}
	if r := post(envelope(c.token, "<urn:login/>")).want(500); !strings.Contains(r.body, "No operation available") || len(c.s.Unsupported()) != 1 {
		t.Error(r.body)
	}
}
