package salesforcetest_test

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// staging says how the fake is brought to answer as in a capture.
type staging struct {
	cfg   salesforcetest.Config
	stage func(c *caller)
	// ask gives the answers that stand beside a bare body; a recording is
	// replayed as a whole.
	ask func(c *caller) reply
}

// replayed are all captures of the folders below, apart from those that
// describes and records have tests for.
var replayed = map[string]staging{
	"bulk1/cci-upsert-bulk.json":          {},
	"bulk1/snowfakery-bulk-query.json":    {stage: users("Ada")},
	"bulk1/elasticio-bulk-cud.json":       {ask: bulk1Job}, // TODO
	"bulk2/amp-failedResults.csv":         {stage: opportunityKey, ask: ingestJob("failedResults")},
	"bulk2/amp-job-info-in-progress.json": {stage: opportunityKey, ask: ingestJob("in progress"), cfg: salesforcetest.Config{BulkDelay: 1 << 40}},
	"bulk2/amp-job-info-success.json":     {stage: opportunityKey, ask: ingestJob("")},
	"bulk2/amp-job-open-ingest.json":      {stage: opportunityKey, ask: ingestJob("open")},
	"bulk2/amp-job-upload-complete.json":  {stage: opportunityKey, ask: ingestJob("upload complete")},
	"bulk2/onyx-account-query-result.csv": {stage: accounts(1), ask: onyxQuery},

	"collections/amp-create-allornone-rollback.json":  {ask: ask("POST", "composite/sobjects", `{"allOrNone":true,"records":[{"attributes":{"type":"Contact"}},{"attributes":{"type":"Contact"},"LastName":"z"}]}`)},
	"collections/amp-create-success.json":             {ask: ask("POST", "composite/sobjects", `{"records":[{"attributes":{"type":"Contact"},"LastName":"y"},{"attributes":{"type":"Contact"},"LastName":"z"}]}`)},
	"collections/amp-update-missing-ids.json":         {ask: ask("PATCH", "composite/sobjects", `{"records":[{"attributes":{"type":"Contact"},"LastName":"y"},{"attributes":{"type":"Contact"},"LastName":"z"}]}`)},
	"collections/cci-updates.json":                    {stage: accounts(6)},
	"collections/cci-upsert-rest.json":                {},
	"collections/nango-collections-create.json":       {},
	"collections/nango-collections-upsert-error.json": {},
	"composite/cci-composite-headers.json":            {},
	"composite/cci-composite-parallel.json":           {},
	"composite/nango-graph.json":                      {},

	"describeGlobal/cumulusci-sobjects.json":         {},
	"describeGlobal/spring-social-v37-sobjects.json": {ask: ask("GET", "/services/data/v37.0/sobjects", "")},

	"errors/amp-entity-is-deleted.json": {ask: func(c *caller) reply {
		id := c.create("Account", `{"Name":"A"}`)
		c.send("DELETE", "sobjects/Account/"+id, "").want(204)
		return c.send("DELETE", "sobjects/Account/"+id, "").want(404)
	}},
	"errors/amp-unknown-field.json":                {ask: ask("POST", "sobjects/Account", `{"Name":"x","AccountNumer":"1"}`)},
	"errors/amp-unknown-object.json":               {ask: ask("GET", "query?q="+url.QueryEscape("SELECT AccountNumber,Name,BillingCity,IsDeleted FROM Accout"), "")},
	"errors/cci-500-network-error.json":            {stage: failOnce},
	"errors/cci-count-composite-errors.json":       {stage: accounts(17)},
	"errors/cci-upsert-duplicate-external-id.json": {},
	"errors/restforce-delete-error.json":           {ask: ask("DELETE", "sobjects/Account/rid", "")},
	"errors/restforce-expired-session.json": {ask: func(c *caller) reply {
		c.token = "dead"
		return c.send("GET", "limits", "").want(401)
	}},
	"errors/restforce-find-error.json":             {ask: ask("GET", "sobjects/Account/23foo", "")},
	"errors/restforce-query-error.json":            {ask: ask("GET", "query?q=SELECT+Nope+FROM+Account", "")},
	"errors/restforce-search-error.json":           {ask: ask("GET", "search?q=foo", "")},
	"errors/restforce-upsert-multiple-300.json":    {stage: sameKeyTwice, ask: ask("PATCH", "sobjects/Account/Loose__c/x", `{"Name":"C"}`)},
	"errors/snowfakery-bad-query.json":             {},
	"getUpdatedDeleted/restforce-get-deleted.json": {ask: deleted},
	"identity/amp-user-info.json":                  {ask: ask("GET", "/services/oauth2/userinfo", "")},
	"identity/nango-userinfo.json":                 {},
	"identity/spring-social-userDetails.json":      {ask: ask("GET", "/services/oauth2/userinfo", "")},

	"limits/cci-recordcount.json":        {stage: accounts(3)},
	"limits/nango-batch-limits-v57.json": {},
	"limits/nango-limits.json":           {},

	"query/amp-contacts.json":                        {stage: contacts, ask: soql("SELECT AccountId, Department, AssistantName, Description FROM Contact")},
	"query/amp-opportunity-parent.json":              {stage: opportunities, ask: soql("SELECT Id, Name, AccountId, Amount, StageName, Account.Id, Account.Name FROM Opportunity")},
	"query/cci-extract-standard-objects.json":        {stage: accounts(6)},
	"query/cci-select-similarity.json":               {stage: accounts(10)},
	"query/cci-select-standard.json":                 {stage: accounts(10)},
	"query/cci-snowfakery-query.json":                {},
	"query/nango-mock-leads.json":                    {stage: leads, ask: soql("SELECT Id, FirstName, LastName, Company, Email, Title, Salutation, Website, Industry, LastModifiedDate, OwnerId, Owner.Name, Phone FROM Lead")},
	"query/nango-query-contacts.json":                {stage: contacts},
	"query/nango-query-empty.json":                   {stage: cases},
	"query/nango-query-limit5.json":                  {stage: accounts(6)},
	"query/nango-query-locator-page1.json":           {stage: accounts(2086)},
	"query/nango-query-opportunities.json":           {stage: opportunities},
	"query/nango-queryall-limit5.json":               {stage: accounts(6)},
	"query/netcoreforce-batch4-last.json":            {stage: contacts, ask: soql("SELECT Id FROM Contact")},
	"query/netcoreforce-cases.json":                  {stage: cases, ask: soql("SELECT Id, CaseNumber, SystemModstamp, Account.Name, Account.SystemModstamp, Contact.Name, Contact.SystemModstamp FROM Case")},
	"query/netcoreforce-count.json":                  {stage: cases, ask: soql("SELECT COUNT() FROM Case")},
	"query/nifi-query.json":                          {stage: dateObject, ask: soql("SELECT id__c, date__c, datetime__c, time__c FROM DateTestObject__c")},
	"query/restforce-aggregate.json":                 {stage: leads, ask: soql("SELECT OwnerId CampaignId, SUM(AnnualRevenue) FROM Lead GROUP BY OwnerId")},
	"query/restforce-paginated-first.json":           {stage: whizbangs, ask: soql("SELECT Text_Label FROM Whizbang__c", "Sforce-Query-Options: batchSize=200")},
	"query/restforce-paginated-last.json":            {stage: whizbangs, ask: soql("SELECT Text_Label FROM Whizbang__c LIMIT 1")},
	"query/restforce-query-subquery.json":            {stage: whizbangs, ask: soql("SELECT Checkbox_Label, Text_Label, Date_Label, DateTime_Label, Picklist_Multiselect_Label, ParentWhizbang__r.Name, ParentWhizbang__r.Text_Label, (SELECT Name FROM Whizbangs__r) FROM Whizbang__c WHERE Name = 'second'")},
	"query/snowfakery-dataset-in-order.json":         {},
	"query/snowfakery-profile.json":                  {},
	"query/snowfakery-where.json":                    {stage: users("Ada")},
	"query/spring-social-child2parent.json":          {stage: contacts, ask: soql("SELECT Contact.FirstName, Contact.Account.Name FROM Contact")},
	"query/spring-social-count.json":                 {ask: soql("SELECT COUNT() FROM Contact")},
	"query/spring-social-groupby.json":               {stage: leads, ask: soql("SELECT LeadSource, COUNT(Name) FROM Lead GROUP BY LeadSource")},
	"query/spring-social-where.json":                 {stage: contacts, ask: soql("SELECT Id FROM Contact WHERE Name LIKE 'U%' AND MailingCity = 'Istanbul'")},
	"query/vcr-restforce-db-where-relationship.json": {stage: friends, cfg: salesforcetest.Config{PasswordGrant: true}},

	"quickactions/nango-quickactions.json": {},
	"recent/restforce-recent.json":         {stage: viewed, ask: ask("GET", "recent", "")},
	"search/nango-search-empty.json":       {},
	"search/restforce-search-success.json": {stage: accounts(2), ask: ask("GET", "/services/data/v36.0/search?q="+url.QueryEscape("FIND {Account} RETURNING Account(Id)"), "")},
	"search/swiftly-search.json":           {stage: contacts, ask: ask("GET", "search?q="+url.QueryEscape("FIND {Rose} RETURNING Contact(FirstName, LastName, Department), Account(Name, BillingCity, NumberOfEmployees)"), "")},

	"token/restforce-auth-error.json":        {cfg: salesforcetest.Config{PasswordGrant: true}, ask: password("wrong")},
	"token/restforce-refresh-success.json":   {ask: refreshed},
	"token/vcr-restforce-db-token-only.json": {cfg: salesforcetest.Config{PasswordGrant: true}},

	"soap/soapforce-login_response.xml":            {cfg: salesforcetest.Config{SOAPLogin: true}, ask: soapLogin},
	"soap/metaforce-login-success.xml":             {cfg: salesforcetest.Config{SOAPLogin: true}, ask: soapLogin},
	"soap/soapforce-merge_response.xml":            {ask: soapMerge},
	"soap/metaforce-invalid-session.xml":           {ask: soapCall("u", "merge", "dead")},
	"soap/soapforce-get_user_info_response.xml":    {ask: soapCall("u", "getUserInfo", "")},
	"soap/soapforce-org_id_response.xml":           {ask: soapCall("u", "query", "")},
	"soap/soapforce-create_response.xml":           {ask: soapCall("u", "create", "")},
	"soap/soapforce-create_response_failure.xml":   {ask: soapCall("u", "create", "")},
	"soap/soapforce-delete_response.xml":           {ask: soapCall("u", "delete", "")},
	"soap/soapforce-query_all_response.xml":        {ask: soapCall("u", "queryAll", "")},
	"soap/soapforce-query_more_response.xml":       {ask: soapCall("u", "queryMore", "")},
	"soap/soapforce-retrieve_response.xml":         {ask: soapCall("u", "retrieve", "")},
	"soap/soapforce-search_response.xml":           {ask: soapCall("u", "search", "")},
	"soap/soapforce-update_response_failure.xml":   {ask: soapCall("u", "update", "")},
	"soap/soapforce-upsert_response.xml":           {ask: soapCall("u", "upsert", "")},
	"soap/amp-mdapi-delete-fields-response.xml":    {ask: soapCall("m", "deleteMetadata", "")},
	"soap/amp-mdapi-upsert-fields-response.xml":    {ask: soapCall("m", "upsertMetadata", "")},
	"soap/metaforce-check-deploy-status-error.xml": {ask: soapCall("m", "checkDeployStatus", "")},
	"soap/metaforce-describe-metadata.xml":         {ask: soapCall("m", "describeMetadata", "")},
	"soap/metaforce-list-metadata.xml":             {ask: soapCall("m", "listMetadata", "")},

	"tooling/cci-apex-test-run.json":        {},
	"versions/netcoreforce-versions.json":   {ask: ask("GET", "/services/data", "")},
	"versions/restforce-services-data.json": {ask: ask("GET", "/services/data", "")},
	"versions/spring-social-services.json":  {ask: ask("GET", "/services/data/v37.0", "")},
}

// notReplayed are folders whose files are no answers of the fake's, or have
// tests of their own.
var notReplayed = []string{"LICENSES", "avro", "canvas", "cdc", "crud", "describe", "jwt", "record", "seed", "wsdl"}

// TestCapturesReplayed sends the requests behind the captures to the fake. Its
// answers have the recorded ones' keys, types, statuses and content types, but
// for what docs/guides/fake-org.md lists.
func TestCapturesReplayed(t *testing.T) {
	dir := os.Getenv("ORGLINK_CAPTURES")
	if dir == "" {
		t.Skip("ORGLINK_CAPTURES does not name the folder of captured answers")
	}
	documented := documentedDifferences(t)
	seen := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Dir(path) == dir {
			return err
		}
		file, _ := filepath.Rel(dir, path)
		file = filepath.ToSlash(file)
		folder, _, _ := strings.Cut(file, "/")
		if slices.Contains(notReplayed, folder) {
			return nil
		}
		staged, ok := replayed[file]
		if !ok {
			t.Errorf("%s is in no table of this test", file)
			return nil
		}
		seen[file] = true
		t.Run(file, func(t *testing.T) {
			c := start(t, staged.cfg)
			if staged.stage != nil {
				staged.stage(c)
			}
			r := &replay{c: c, ids: map[string]string{}, list: map[string]bool{}}
			if staged.ask != nil {
				got := staged.ask(c)
				if r.there("") {
					r.compare("", got, "", string(readCapture(t, file)))
				}
			} else {
				r.all(file)
			}
			for d := range r.list {
				if !documented[file][d] {
					t.Errorf("| %s | `%s` |", file, d)
				}
			}
			for d := range documented[file] {
				if !r.list[d] {
					t.Errorf("docs/guides/fake-org.md lists a difference that is not there: %s", d)
				}
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for file := range replayed {
		if !seen[file] {
			t.Errorf("there is no capture %s", file)
		}
	}
	for file := range documented {
		if !seen[file] {
			t.Errorf("docs/guides/fake-org.md lists differences from %s, which is not replayed", file)
		}
	}
}

// documentedDifferences reads the table in the guide: a capture, what differs
// in backquotes, and why.
func documentedDifferences(t *testing.T) map[string]map[string]bool {
	t.Helper()
	text, err := os.ReadFile("../../docs/guides/fake-org.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]bool{}
	_, table, _ := strings.Cut(string(text), "| capture |")
	for _, line := range strings.Split(table, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.Contains(cells[1], "/") {
			continue
		}
		file := strings.TrimSpace(cells[1])
		if out[file] == nil {
			out[file] = map[string]bool{}
		}
		for i, part := range strings.Split(cells[2], "`") {
			if i%2 == 1 {
				out[file][part] = true
			}
		}
		if strings.TrimSpace(cells[3]) == "" {
			t.Errorf("no reason in %s", line)
		}
	}
	return out
}

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
			"Email": first + "@example.com", "Alias": first, "ProfileId": profile, "TimeZoneSidKey": "America/Los_Angeles", "LocaleSidKey": "en_US",
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
	c.s.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "composite"}, Action: salesforcetest.Answer(500, "")})
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

// bulk1Job is the answer to a job of the first Bulk API. The capture is of
// another form, so that the job's info stands for it.
func bulk1Job(c *caller) reply {
	return c.send("POST", "/services/async/46.0/job", `<jobInfo xmlns="http://www.force.com/2009/06/asyncapi/dataload"><operation>insert</operation><object>Case</object><contentType>CSV</contentType></jobInfo>`,
		"X-SFDC-Session: "+c.token, "Content-Type: application/xml").want(201)
}

// onyxQuery reads by Bulk 2.0 what the capture has columns of, apart from the
// recorded org's own.
func onyxQuery(c *caller) reply {
	header, _, _ := strings.Cut(string(readCapture(c.t, "bulk2/onyx-account-query-result.csv")), "\n")
	var fields []string
	for _, f := range strings.Split(strings.TrimSpace(header), ",") {
		if f = strings.Trim(f, `"`); !strings.HasSuffix(f, "__c") {
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
