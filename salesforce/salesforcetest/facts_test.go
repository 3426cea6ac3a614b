package salesforcetest_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// TestFacts asks the fake what Salesforce's documents and recorded answers
// tell of REST, line by line: the status, and the body or a part of it. In
// paths and bodies $A is an account, $C its contact, $D a deleted account and
// $V the version's path; in answers * stands for anything.
func TestFacts(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	org := c.s.Org()
	org.AddField("Account", salesforcetest.Field{Name: "Ext__c", Type: sobject.TypeString, Length: 40, ExternalID: true, Unique: true})
	org.AddField("Account", salesforcetest.Field{Name: "Level__c", Type: sobject.TypePicklist, Picklist: []string{"High", "Low"}, Restricted: true})
	org.AddField("Account", salesforcetest.Field{Name: "Day__c", Type: sobject.TypeDate})
	org.AddField("Account", salesforcetest.Field{Name: "Short__c", Type: sobject.TypeString, Length: 5})
	org.AddRule("Account", salesforcetest.Rule{Name: "R", Message: "Pick another name", Field: "Name", Fails: func(r salesforcetest.Row) bool { return r.Text("Name") == "forbidden" }})
	a := c.create("Account", `{"Name":"A","Ext__c":"e1"}`)
	contact := c.create("Contact", `{"LastName":"C","AccountId":"`+a+`"}`)
	gone := c.create("Account", `{"Name":"gone"}`)
	c.send("DELETE", "sobjects/Account/"+gone, "").is(204, "")
	alive := func(n int) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`{"method":"GET","url":"$V/recent","referenceId":"r%d"}`, i))
		}
		return `{"compositeRequest":[` + strings.Join(list, ",") + `]}`
	}
	expand := strings.NewReplacer("$A", a, "$C", contact, "$D", gone, "$V", "/services/data/v66.0", "$Q", "/services/data/v66.0/query?q=SELECT+Id+FROM+Account")
	heavy := strings.ReplaceAll(alive(6), "$V/recent", "$Q")
	const notThere = `[{"message":"The requested resource does not exist","errorCode":"NOT_FOUND"}]`
	for _, tt := range []struct {
		request, body string
		status        int
		want          string
	}{
		// versions and routing
		{"GET /services/data/v30.0/sobjects", "", 404, notThere},
		{"GET /services/data/v99.0/sobjects", "", 404, notThere},
		{"GET nope", "", 404, notThere},
		{"GET sobjects/Nope__c", "", 404, notThere},
		{"GET sobjects/Nope__c/describe", "", 404, notThere},
		{"PUT sobjects/Account/$A", "{}", 405, `[{"message":"HTTP Method 'PUT' not allowed. Allowed are HEAD,GET,*PATCH,DELETE","errorCode":"METHOD_NOT_ALLOWED"}]`},
		{"DELETE limits", "", 405, `[{"message":"HTTP Method 'DELETE' not allowed. Allowed are HEAD,GET","errorCode":"METHOD_NOT_ALLOWED"}]`},
		// reading
		{"GET sobjects/account/$A?fields=name,Ext__c", "", 200, `{"attributes":{"type":"Account","url":"$V/sobjects/Account/$A"},"Name":"A","Ext__c":"e1"}`},
		{"GET sobjects/Account/Ext__c/e1?fields=Name", "", 200, `*"Name":"A"}`},
		{"GET sobjects/Account/Ext__c/none", "", 404, notThere},
		{"GET sobjects/Account/$A?fields=Nope", "", 400, `*"errorCode":"INVALID_FIELD"*`},
		{"GET sobjects/Account/001ak000000zzzzAAA", "", 404, notThere},
		{"GET sobjects/Account/$D", "", 404, `[{"message":"entity is deleted","errorCode":"ENTITY_IS_DELETED","fields":[]}]`},
		{"GET sobjects/Account/23foo", "", 404, `[{"message":"Provided external ID field does not exist or is not accessible: 23foo","errorCode":"NOT_FOUND"}]`},
		{"GET sobjects/Account/$C", "", 400, `[{"message":"Account ID: id value of incorrect type: $C","errorCode":"MALFORMED_ID","fields":["Id"]}]`},
		{"GET sobjects/Contact/$C/Account?fields=Name", "", 200, `*"Name":"A"}`},
		{"GET sobjects/Account/$A/Contacts?fields=LastName", "", 200, `{"totalSize":1,"done":true,"records":[*"LastName":"C"}]}`},
		// creating
		{"POST sobjects/Account", `{"Name":"N"}`, 201, `{"id":"001*","success":true,"errors":[]}`},
		{"POST sobjects/Account/Id", `{"Name":"N"}`, 201, `{"id":"001*","success":true,"errors":[]}`},
		{"POST sobjects/Account", `{"Name":"N","Id":"$A"}`, 400, `[{"message":"The Id field should not be specified in the sobject data.","errorCode":"INVALID_FIELD"}]`},
		{"POST sobjects/Account", `{}`, 400, `[{"message":"Required fields are missing: [Name]","errorCode":"REQUIRED_FIELD_MISSING","fields":["Name"]}]`},
		{"POST sobjects/Contact", `{"LastName":"C","Nope":1}`, 400, `[{"message":"No such column 'Nope' on sobject of type Contact","errorCode":"INVALID_FIELD"}]`},
		{"POST sobjects/Account", `{"Name":"N","MasterRecordId":"$A"}`, 400, `[{"message":"Unable to create/update fields: MasterRecordId. Please check the security settings of this field and verify that it is read/write for your profile or permission set.","errorCode":"INVALID_FIELD_FOR_INSERT_UPDATE","fields":["MasterRecordId"]}]`},
		{"POST sobjects/Account", `{"Name":"N","Short__c":"123456"}`, 400, `*data value too large: 123456 (max length=5)","errorCode":"STRING_TOO_LONG","fields":["Short__c"]}]`},
		{"POST sobjects/Account", `{"Name":"N","Level__c":"Foo"}`, 400, `*bad value for restricted picklist field: Foo","errorCode":"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST","fields":["Level__c"]}]`},
		{"POST sobjects/Account", `{"Name":"N","Ext__c":"e1"}`, 400, `[{"message":"duplicate value found: Ext__c duplicates value on record with id: ${A15}*","errorCode":"DUPLICATE_VALUE","fields":[*]}]`},
		{"POST sobjects/Contact", `{"LastName":"C","Email":"123"}`, 400, `[{"message":"Email: invalid email address: 123","errorCode":"INVALID_EMAIL_ADDRESS","fields":["Email"]}]`},
		{"POST sobjects/Account", `{"Name":"forbidden"}`, 400, `[{"message":"Pick another name","errorCode":"FIELD_CUSTOM_VALIDATION_EXCEPTION","fields":["Name"]}]`},
		{"POST sobjects/Contact", `{"LastName":"C","AccountId":"$C"}`, 400, `*id value of incorrect type: $C*`},
		{"POST sobjects/Contact", `{"LastName":"C","AccountId":"001ak000000zzzzAAA"}`, 400, `*"errorCode":"INVALID_CROSS_REFERENCE_KEY"*`},
		{"POST sobjects/Contact", `{"LastName":"C","Account":{"Ext__c":"none"}}`, 400, `[{"message":"Foreign key external ID: none not found for field Ext__c in entity Account","errorCode":"INVALID_FIELD"*}]`},
		{"POST sobjects/Contact", `{"LastName":"by key","Account":{"Ext__c":"e1"}}`, 201, `*`},
		{"POST sobjects/Nope", `{}`, 404, notThere},
		{"POST sobjects/Account", ``, 400, `[{"message":"The HTTP entity body is required, but this request has no entity body.","errorCode":"JSON_PARSER_ERROR"}]`},
		{"POST sobjects/Account", `{"Name"`, 400, `*"errorCode":"JSON_PARSER_ERROR"}]`},
		{"POST sobjects/Account", `{"Name":}`, 400, `[{"message":"Unexpected character ('}' (code 125))*","errorCode":"JSON_PARSER_ERROR"}]`},
		{"POST sobjects/Account", `{"Name":"N","Day__c":"2020/01/01"}`, 400, `[{"message":"Cannot deserialize instance of date from VALUE_STRING value 2020/01/01 or request may be missing a required field at [line:1, column:*]","errorCode":"JSON_PARSER_ERROR"}]`},
		// changing
		{"PATCH sobjects/Account/$A", `{"Phone":"1"}`, 204, ``},
		{"POST sobjects/Account/$A?_HttpMethod=PATCH", `{"Phone":"2"}`, 204, ``},
		{"PATCH sobjects/Account/$D", `{"Phone":"1"}`, 404, `[{"message":"entity is deleted","errorCode":"ENTITY_IS_DELETED","fields":[]}]`},
		{"PATCH sobjects/Account/$A", `{"Id":"$A"}`, 400, `[{"message":"The Id field should not be specified in the sobject data.","errorCode":"INVALID_FIELD"}]`},
		{"PATCH sobjects/Account/Ext__c/e1", `{"Phone":"3"}`, 200, `{"id":"$A","success":true,"errors":[],"created":false}`},
		{"PATCH /services/data/v45.0/sobjects/Account/Ext__c/e1", `{"Phone":"3"}`, 204, ``},
		{"PATCH sobjects/Account/Ext__c/e2", `{"Name":"E2"}`, 201, `{"id":"001*","success":true,"errors":[],"created":true}`},
		{"PATCH sobjects/Account/Ext__c/e3?updateOnly=true", `{"Name":"E3"}`, 404, `*"errorCode":"NOT_FOUND"*`},
		{"PATCH sobjects/Account/Ext__c/e1", `{"Ext__c":"e1"}`, 400, `[{"message":"The Ext__c field should not be specified in the sobject data.","errorCode":"INVALID_FIELD"}]`},
		{"PATCH sobjects/Account/Namez/x", `{"Name":"E3"}`, 404, `[{"message":"Provided external ID field does not exist or is not accessible: Namez","errorCode":"NOT_FOUND"}]`},
		{"DELETE sobjects/Account/001ak000000zzzzAAA", ``, 404, `*"errorCode":"INVALID_CROSS_REFERENCE_KEY"*`},
		{"DELETE sobjects/Account/$D", ``, 404, `[{"message":"entity is deleted","errorCode":"ENTITY_IS_DELETED","fields":[]}]`},
		// collections
		{"POST composite/sobjects", `{"records":[]}`, 400, `[{"message":"At least 1 record is required","errorCode":"REQUIRED_FIELD_MISSING"}]`},
		{"POST composite/sobjects", `{"records":[{"attributes":{"type":"Account"},"Name":"x"},{"attributes":{"type":"Contact"}}]}`, 200,
			`[{"id":"001*","success":true,"errors":[]},{"success":false,"errors":[{"statusCode":"REQUIRED_FIELD_MISSING","message":"Required fields are missing: [LastName]","fields":["LastName"]}]}]`},
		{"POST composite/sobjects", `{"allOrNone":true,"records":[{"attributes":{"type":"Account"},"Name":"x"},{"attributes":{"type":"Account"}}]}`, 200,
			`[{"success":false,"errors":[{"statusCode":"ALL_OR_NONE_OPERATION_ROLLED_BACK","message":"Record rolled back because not all records were valid and the request was using AllOrNone header","fields":[]}]},{"success":false,*`},
		{"PATCH composite/sobjects", `{"records":[{"attributes":{"type":"Account"},"Name":"x"}]}`, 200, `[{"success":false,"errors":[{"statusCode":"MISSING_ARGUMENT","message":"Id not specified in an update call","fields":[]}]}]`},
		{"PATCH composite/sobjects/Account/Ext__c", `{"records":[{"attributes":{"type":"Account"},"Name":"A","Ext__c":"e1"}]}`, 200, `[{"id":"$A","success":true,"errors":[],"created":false}]`},
		{"GET composite/sobjects/Account?ids=$A,001ak000000zzzzAAA,$D&fields=Name", ``, 200, `[{"attributes":*"Name":"A"},null,null]`},
		{"POST composite/sobjects/Account", `{"ids":["$A"],"fields":["Name"]}`, 200, `[{"attributes":*"Name":"A"}]`},
		{"DELETE composite/sobjects?ids=001ak000000zzzzAAA", ``, 200, `[{"id":"001ak000000zzzzAAA","success":false,"errors":[{"statusCode":"INVALID_CROSS_REFERENCE_KEY","message":"invalid cross reference id","fields":[]}]}]`},
		// composite, batch, tree
		{"POST composite", `{"compositeRequest":[{"method":"POST","url":"$V/sobjects/Contact","referenceId":"bad","body":{"Email":"x"}},{"method":"GET","url":"$V/sobjects/Contact/@{bad.id}","referenceId":"next"}]}`, 200,
			`{"compositeResponse":[{"body":[*"errorCode":"REQUIRED_FIELD_MISSING"*"httpHeaders":{},"httpStatusCode":400,"referenceId":"bad"},{"body":[{"errorCode":"PROCESSING_HALTED","message":"Invalid reference specified. No value for bad.id found in bad."}],"httpHeaders":{},"httpStatusCode":400,"referenceId":"next"}]}`},
		{"POST composite", `{"allOrNone":true,"compositeRequest":[{"method":"POST","url":"$V/sobjects/Account","referenceId":"good","body":{"Name":"x"}},{"method":"POST","url":"$V/sobjects/Account","referenceId":"bad","body":{}}]}`, 200,
			`{"compositeResponse":[{"body":[{"errorCode":"PROCESSING_HALTED","message":"The transaction was rolled back since another operation in the same transaction failed."}],"httpHeaders":{},"httpStatusCode":400,"referenceId":"good"},{"body":[*`},
		{"POST composite", `{"compositeRequest":[{"method":"PATCH","url":"$V/sobjects/Account/$A","referenceId":"a","body":{"Phone":"9"}}]}`, 200, `{"compositeResponse":[{"body":null,"httpHeaders":{},"httpStatusCode":204,"referenceId":"a"}]}`},
		{"POST composite", alive(25), 200, `*`},
		{"POST composite", alive(26), 400, `*`},
		{"POST composite", heavy, 400, `*`},
		{"POST composite", `{"compositeRequest":[{"method":"GET","url":"$V/recent","referenceId":"a","httpHeaders":{"Authorization":"x"}}]}`, 400, `*`},
		{"POST composite", `{"compositeRequest":[{"method":"GET","url":"$V/recent","referenceId":"a-b"}]}`, 400, `*`},
		{"POST composite/batch", `{"haltOnError":true,"batchRequests":[{"method":"PATCH","url":"v66.0/sobjects/account/$A","richInput":{"Phone":"8"}},{"method":"GET","url":"v66.0/nope"},{"method":"GET","url":"v66.0/recent"}]}`, 200,
			`{"hasErrors":true,"results":[{"statusCode":204,"result":null},{"statusCode":404,"result":[*"errorCode":"NOT_FOUND"}]},{"statusCode":412,"result":[*"errorCode":"BATCH_PROCESSING_HALTED"*}]}]}`},
		{"POST composite/tree/Account", `{"records":[{"attributes":{"type":"Account","referenceId":"ref1"},"Name":"T","Contacts":{"records":[{"attributes":{"type":"Contact","referenceId":"ref2"},"LastName":"x"}]}}]}`, 201,
			`{"hasErrors":false,"results":[{"referenceId":"ref1","id":"001*"},{"referenceId":"ref2","id":"003*"}]}`},
		{"POST composite/tree/Account", `{"records":[{"attributes":{"type":"Account","referenceId":"ref1"},"Name":"T","Contacts":{"records":[{"attributes":{"type":"Contact","referenceId":"ref2"},"LastName":"x","Email":"123"}]}}]}`, 400,
			`{"hasErrors":true,"results":[{"referenceId":"ref2","errors":[{"statusCode":"INVALID_EMAIL_ADDRESS","message":"Email: invalid email address: 123","fields":["Email"]}]}]}`},
		// queries and searches
		{"GET query?q=SELECT+COUNT()+FROM+Contact", ``, 200, `{"totalSize":*,"done":true,"records":[]}`},
		{"GET query?q=SELECT+COUNT(Id)+FROM+Contact+WHERE+LastName='C'", ``, 200, `{"totalSize":1,"done":true,"records":[{"attributes":{"type":"AggregateResult"},"expr0":*}]}`},
		{"GET query?q=SELECT+Id+FORM+Account", ``, 400, `[{"message":"*unexpected token: *","errorCode":"MALFORMED_QUERY"}]`},
		{"GET query/01gxx0000000001AAA-2000", ``, 400, `[{"message":"invalid query locator","errorCode":"INVALID_QUERY_LOCATOR"}]`},
		{"GET queryAll?q=SELECT+Id+FROM+Account+WHERE+IsDeleted=true", ``, 200, `*"Id":"$D"}]}`},
		{"GET search?q=Acme", ``, 400, `[{"message":"No search term found. The search term must be enclosed in braces.","errorCode":"MALFORMED_SEARCH"}]`},
		{"GET limits/recordCount?sObjects=Contact,Nope", ``, 200, `{"sObjects":[{"count":*,"name":"Contact"}]}`},
		{"GET limits", ``, 200, `*"DailyApiRequests":{"Max":15000,"Remaining":*`},
		// bulk
		{"POST jobs/ingest", `{"object":"Account","operation":"upsert","externalIdFieldName":"Ext__c"}`, 200,
			`{"id":"750*","operation":"upsert","object":"Account","createdById":"005*","createdDate":"*+0000","systemModstamp":"*","state":"Open","externalIdFieldName":"Ext__c","concurrencyMode":"Parallel","contentType":"CSV","apiVersion":66.0,"contentUrl":"services/data/v66.0/jobs/ingest/750*/batches","lineEnding":"LF","columnDelimiter":"COMMA"}`},
		{"GET jobs/ingest/750ak0000009999AAA", ``, 404, notThere},
		{"POST jobs/query", `{"operation":"query","query":"SELECT Id FROM CaseStatus"}`, 400, `[{"message":"*Entity 'CaseStatus' is not supported*`},
		{"POST jobs/query", `{"operation":"query","query":"SELECT BillingAddress FROM Account"}`, 400, `*Selecting compound data not supported in Bulk Query*`},
		{"POST jobs/query", `{"operation":"query","query":"SELECT Nope FROM Account"}`, 400, `*"errorCode":"INVALID_FIELD"}]`},
	} {
		method, path, _ := strings.Cut(tt.request, " ")
		r := c.send(method, strings.ReplaceAll(expand.Replace(path), "'", "%27"), expand.Replace(expand.Replace(tt.body)))
		want := regexp.QuoteMeta(strings.ReplaceAll(expand.Replace(tt.want), "${A15}", a[:15]))
		want = "(?s)^" + strings.ReplaceAll(want, `\*`, ".*") + "$"
		if r.status != tt.status || !regexp.MustCompile(want).MatchString(r.body) {
			t.Errorf("%s %s\n got %d %s\nwant %d %s", tt.request, tt.body, r.status, r.body, tt.status, tt.want)
		}
		if strings.HasPrefix(path, "/services/data/v") || !strings.HasPrefix(path, "/") {
			if !strings.HasPrefix(r.header.Get("Sforce-Limit-Info"), "api-usage=") {
				t.Errorf("%s: Sforce-Limit-Info %q", tt.request, r.header.Get("Sforce-Limit-Info"))
			}
		}
	}
	made := c.send("POST", "sobjects/Account", `{"Name":"L"}`).want(201)
	if got := made.header.Get("Location"); got != "/services/data/v66.0/sobjects/Account/"+made.id() {
		t.Errorf("Location %s", got)
	}
	c.token = ""
	r := c.send("GET", "recent", "").is(401, `[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]`)
	if r.header.Get("WWW-Authenticate") == "" {
		t.Errorf("%v", r.header)
	}
}
