package salesforcetest_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// What the table of captures stages and asks for.

func ask(method, path, body string) func(*caller) reply {
	return func(c *caller) reply { return c.send(method, path, body) }
}

func soql(text string, headers ...string) func(*caller) reply {
	return func(c *caller) reply {
		return c.send("GET", "query?q="+url.QueryEscape(text), "", headers...).want(200)
	}
}

func accounts(n int) func(*caller) {
	return func(c *caller) {
		recs := make([]sobject.Record, n)
		for i := range recs {
			recs[i] = sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue(fmt.Sprint("Account ", i))))
		}
		c.s.Org().Insert("Account", recs...)
	}
}

func users(first string) func(*caller) {
	return func(c *caller) {
		profile := must(c.s.Org().Query("SELECT Id FROM Profile LIMIT 1"))[0].ID()
		c.s.Org().System().Create("User", salesforcetest.Fields{"FirstName": first, "LastName": "Doe", "Username": first + "@example.com",
			"Email": first + "@example.com", "Alias": first, "CommunityNickname": first, "ProfileId": profile, "TimeZoneSidKey": "America/Los_Angeles", "LocaleSidKey": "en_US",
			"EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US", "IsActive": true})
	}
}

func contacts(c *caller) {
	o := c.s.Org()
	acme := must(o.Create("Account", salesforcetest.Fields{"Name": "Rose Works", "NumberOfEmployees": 7, "BillingCity": "Bern"}))
	o.Create("Contact", salesforcetest.Fields{"FirstName": "Ufuk", "LastName": "U", "MailingCity": "Istanbul"})
	o.Create("Contact", salesforcetest.Fields{"FirstName": "Rose", "LastName": "Gonzalez", "AccountId": acme, "Department": "Finance",
		"Email": "rose@example.com", "AssistantName": "Jean", "Phone": "1"})
}

func opportunities(c *caller) {
	o := c.s.Org()
	acme := must(o.Create("Account", salesforcetest.Fields{"Name": "Acme"}))
	o.Create("Opportunity", salesforcetest.Fields{"Name": "Deal", "StageName": "Prospecting", "CloseDate": sobject.Date{Year: 2030, Month: 1, Day: 2}, "Amount": 5, "AccountId": acme})
}

func leads(c *caller) {
	c.s.Org().Create("Lead", salesforcetest.Fields{"LastName": "Doe", "FirstName": "Jo", "Company": "X", "Email": "jo@example.com", "Title": "T", "Salutation": "Mr.",
		"Website": "https://x.example", "Industry": "Banking", "Phone": "1", "LeadSource": "Web", "AnnualRevenue": 300})
}

func cases(c *caller) {
	o := c.s.Org()
	contacts(c)
	who := must(o.Query("SELECT Id, AccountId FROM Contact WHERE LastName = 'Gonzalez'"))[0]
	account, _ := who.Ref("AccountId")
	o.Create("Case", salesforcetest.Fields{"Subject": "S", "Status": "New", "Origin": "Web", "AccountId": account, "ContactId": who.ID()})
}

func country(c *caller) {
	c.s.Org().System().Update(sobject.ID(c.s.Ready().UserID), salesforcetest.Fields{"Country": "US"})
}

func recordType(c *caller) {
	c.s.Org().AddRecordType("Account", salesforcetest.RecordType{DeveloperName: "Household"})
	accounts(6)(c)
}

func viewed(c *caller) {
	for _, name := range []string{"a", "b"} {
		c.send("GET", "sobjects/Account/"+c.create("Account", `{"Name":"`+name+`"}`), "").want(200)
	}
}

func sameKeyTwice(c *caller) {
	c.s.Org().AddField("Account", salesforcetest.Field{Name: "Loose__c", Type: sobject.TypeString, Length: 20, ExternalID: true})
	for range 2 {
		c.s.Org().Create("Account", salesforcetest.Fields{"Name": "A", "Loose__c": "x"})
	}
}

func opportunityKey(c *caller) {
	c.s.Org().AddField("Opportunity", salesforcetest.Field{Name: "external_id__c", Type: sobject.TypeString, Length: 40, ExternalID: true, Unique: true})
}

func dateObject(c *caller) {
	c.s.Org().DefineObject(salesforcetest.Object{Name: "DateTestObject__c", Fields: []salesforcetest.Field{
		{Name: "id__c", Type: sobject.TypeString, Length: 20}, {Name: "date__c", Type: sobject.TypeDate},
		{Name: "datetime__c", Type: sobject.TypeDateTime}, {Name: "time__c", Type: sobject.TypeTime},
	}})
	c.create("DateTestObject__c", `{"id__c":"1","date__c":"2025-12-16","datetime__c":"2025-12-16T13:05:30Z","time__c":"13:05:30.000Z"}`)
}

// whizbangs are the objects of an older client's tests.
func whizbangs(c *caller) {
	c.s.Org().DefineObject(salesforcetest.Object{Name: "Whizbang__c", Fields: []salesforcetest.Field{
		{Name: "Checkbox_Label", Type: sobject.TypeBoolean}, {Name: "Text_Label", Type: sobject.TypeString, Length: 20},
		{Name: "Date_Label", Type: sobject.TypeDate}, {Name: "DateTime_Label", Type: sobject.TypeDateTime},
		{Name: "Picklist_Multiselect_Label", Type: sobject.TypeMultiPicklist, Picklist: []string{"four", "six"}},
		{Name: "ParentWhizbang__c", Type: sobject.TypeReference, ReferenceTo: []string{"Whizbang__c"}, Relationship: "ParentWhizbang__r", ChildRelationship: "Whizbangs__r"},
	}})
	o := c.s.Org()
	parent := must(o.Create("Whizbang__c", salesforcetest.Fields{"Name": "first", "Text_Label": "Hello"}))
	second := must(o.Create("Whizbang__c", salesforcetest.Fields{"Name": "second", "Text_Label": "Hi", "ParentWhizbang__c": parent, "Picklist_Multiselect_Label": "four;six",
		"Date_Label": sobject.Date{Year: 2010, Month: 1, Day: 1}, "DateTime_Label": o.Now()}))
	for i := range 250 {
		o.Create("Whizbang__c", salesforcetest.Fields{"Name": fmt.Sprint("child ", i), "Text_Label": "x", "ParentWhizbang__c": second})
	}
}

func friends(c *caller) {
	c.s.Org().DefineObject(salesforcetest.Object{Name: "CustomObject__c", Fields: []salesforcetest.Field{
		{Name: "SynchronizationId__c", Type: sobject.TypeString, Length: 40}, {Name: "Example_Field__c", Type: sobject.TypeString, Length: 40},
		{Name: "Friend__c", Type: sobject.TypeReference, ReferenceTo: []string{"Contact"}, Relationship: "Friend__r", ChildRelationship: "CustomObjects__r"},
	}})
}

func failOnce(c *caller) {
	c.s.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "composite"}, Action: salesforcetest.Answer(500, "", "Content-Type: application/json;charset=UTF-8")})
}

func deleted(c *caller) reply {
	c.send("DELETE", "sobjects/Account/"+c.create("Account", `{"Name":"A"}`), "").want(204)
	now := c.s.Org().Now()
	window := url.Values{"start": {now.Add(-3600e9).Format("2006-01-02T15:04:05Z07:00")}, "end": {now.Add(120e9).Format("2006-01-02T15:04:05Z07:00")}}
	return c.send("GET", "sobjects/Account/deleted/?"+window.Encode(), "").want(200)
}

func password(word string) func(*caller) reply {
	return func(c *caller) reply {
		return c.tokenRequest(url.Values{"grant_type": {"password"}, "username": {c.s.Ready().Username}, "password": {word}}).want(400)
	}
}

func refreshed(c *caller) reply {
	first := c.tokenRequest(url.Values{"grant_type": {"authorization_code"}, "code": {c.code(nil)}, "redirect_uri": {callback}, "code_verifier": {verifier}}).want(200)
	return c.tokenRequest(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.object()["refresh_token"].(string)}}).want(200)
}

// ingestJob loads two rows, one of them bad, and returns the answer of a step.
func ingestJob(step string) func(*caller) reply {
	return func(c *caller) reply {
		open := c.send("POST", "/services/data/v60.0/jobs/ingest", `{"object":"Opportunity","operation":"upsert","externalIdFieldName":"external_id__c"}`).want(200)
		job := "/services/data/v60.0/jobs/ingest/" + open.object()["id"].(string)
		c.send("PUT", job+"/batches", "Name,StageName,external_id__c,CloseDate\nNoemi,GENERATED,1,2003-04-987654321987654321\nNoemi,GENERATED,2,2003-04-01\n", "Content-Type: text/csv").want(201)
		closed := c.send("PATCH", job, `{"state":"UploadComplete"}`).want(200)
		switch step {
		case "open":
			return open
		case "upload complete":
			return closed
		case "in progress":
			c.s.Org().Advance(1 << 39)
			return c.send("GET", job, "").want(200)
		case "":
			return c.send("GET", job, "").want(200)
		}
		return c.send("GET", job+"/"+step, "").want(200)
	}
}

// bulk1Job stages three jobs of the first Bulk API as another client's capture
// has them, whose form is its own: by host and path.
func bulk1Jobs(r *replay) {
	var capture map[string]struct {
		Responses map[string]map[string]struct{ Response string }
	}
	if err := json.Unmarshal(readCapture(r.c.t, "bulk1/elasticio-bulk-cud.json"), &capture); err != nil {
		r.c.t.Fatal(err)
	}
	gone := r.c.create("Case", `{"Subject":"a"}`)
	kept := r.c.create("Case", `{"Subject":"b"}`)
	r.c.send("DELETE", "sobjects/Case/"+gone, "").want(204)
	for name, job := range map[string][2]string{
		"bulkInsertCase": {"insert", "Type,Reason,SuppliedName\nQuestion,R1,SN1\nQuestion,R2,SN2\nQuestion,R3,SN3"},
		"bulkUpdateCase": {"update", "id,SuppliedName\n" + gone + ",SN2"},
		"bulkDeleteCase": {"delete", "id\n" + kept},
	} {
		recorded := map[string]string{}
		for path, answer := range capture[name].Responses["https://test.salesforce.com"] {
			_, after, _ := strings.Cut(path, "/services/async/46.0/")
			kind := strings.Count(after, "/")
			recorded[[]string{"job", "", "new batch", "batch", "result"}[kind]] = answer.Response
		}
		async := func(method, path, kind, body string) reply {
			return r.c.send(method, "/services/async/46.0/job"+path, body, "X-SFDC-Session: "+r.c.token, "Content-Type: "+kind)
		}
		made := async("POST", "", "application/xml", `<jobInfo xmlns="http://www.force.com/2009/06/asyncapi/dataload"><operation>`+job[0]+`</operation><object>Case</object><contentType>CSV</contentType></jobInfo>`).want(201)
		r.compare(name, made, "application/xml", recorded["job"])
		id := structure(made.body).(map[string]any)["jobInfo"].(map[string]any)["id"].(string)
		batch := async("POST", "/"+id+"/batch", "text/csv", job[1]).want(201)
		r.compare(name, batch, "application/xml", recorded["new batch"])
		at := "/" + id + "/batch/" + structure(batch.body).(map[string]any)["batchInfo"].(map[string]any)["id"].(string)
		r.compare(name, async("GET", at, "", "").want(200), "application/xml", recorded["batch"])
		r.compare(name, async("GET", at+"/result", "", "").want(200), "text/csv", recorded["result"])
	}
}

// onyxQuery reads by Bulk 2.0 what the capture has columns of, apart from the
// recorded org's own.
func onyxQuery(c *caller) reply {
	header, _, _ := strings.Cut(string(readCapture(c.t, "bulk2/onyx-account-query-result.csv")), "\n")
	var fields []string
	for _, f := range strings.Split(strings.TrimSpace(header), ",") {
		f = strings.Trim(f, `"`)
		if c.send("GET", "query?q="+url.QueryEscape("SELECT "+f+" FROM Account LIMIT 1"), "").status == 200 {
			fields = append(fields, f)
		}
	}
	job := c.send("POST", "jobs/query", `{"operation":"query","query":"SELECT `+strings.Join(fields, ",")+` FROM Account"}`).want(200).object()["id"].(string)
	return c.send("GET", "jobs/query/"+job+"/results", "").want(200)
}

func soapEnvelope(session, body string) string {
	return `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com"><soapenv:Header><SessionHeader><sessionId>` +
		session + `</sessionId></SessionHeader></soapenv:Header><soapenv:Body>` + body + `</soapenv:Body></soapenv:Envelope>`
}

func soapLogin(c *caller) reply {
	r := c.s.Ready()
	return c.send("POST", "/services/Soap/u/60.0", soapEnvelope("", "<login><username>"+r.Username+"</username><password>"+r.Password+"</password></login>"), "Content-Type: text/xml", "SOAPAction: login")
}

// soapCall calls an operation of the partner (u) or Metadata (m) API.
func soapCall(api, operation, session string) func(*caller) reply {
	return func(c *caller) reply {
		if session == "" {
			session = c.token
		}
		return c.send("POST", "/services/Soap/"+api+"/60.0", soapEnvelope(session, "<"+operation+"/>"), "Content-Type: text/xml", "SOAPAction: x")
	}
}

func soapMerge(c *caller) reply {
	var ids []string
	for range 3 {
		ids = append(ids, c.create("Account", `{"Name":"A"}`))
	}
	return c.send("POST", "/services/Soap/u/60.0", soapEnvelope(c.token, `<merge><request><masterRecord><type xmlns="urn:sobject.partner.soap.sforce.com">Account</type><Id xmlns="urn:sobject.partner.soap.sforce.com">`+
		ids[0]+`</Id></masterRecord><recordToMergeIds>`+ids[1]+`</recordToMergeIds><recordToMergeIds>`+ids[2]+`</recordToMergeIds></request></merge>`), "Content-Type: text/xml", "SOAPAction: x").want(200)
}

// assertion logs in with a JWT that was made and verified with other tools.
func assertion(r *replay) {
	var vector struct {
		Key    string `json:"public_key_spki_pem"`
		Body   string `json:"token_request_body"`
		Claims struct {
			Iss, Sub string
			Exp      int64
		}
	}
	if err := json.Unmarshal(readCapture(r.c.t, "jwt/jwt-bearer-vector.json"), &vector); err != nil {
		r.c.t.Fatal(err)
	}
	now := time.Unix(vector.Claims.Exp, 0).Add(-2 * time.Minute)
	c := start(r.c.t, salesforcetest.Config{
		Clock: func() time.Time { return now },
		Apps:  []salesforcetest.App{{ClientID: vector.Claims.Iss, Certificate: vector.Key, PreAuthorized: true}},
	})
	c.s.Org().System().Update(sobject.ID(c.s.Ready().UserID), salesforcetest.Fields{"Username": vector.Claims.Sub})
	got := c.send("POST", "/services/oauth2/token", vector.Body, "Content-Type: application/x-www-form-urlencoded").want(200).object()
	if id, _ := got["id"].(string); !strings.HasSuffix(id, "/"+c.s.Ready().UserID) || got["refresh_token"] != nil {
		r.note("the answer is %v", got)
	}
	c.s.Org().Advance(time.Hour)
	c.send("POST", "/services/oauth2/token", vector.Body, "Content-Type: application/x-www-form-urlencoded").want(400)
}
