package salesforce_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// said is what one recorded page of a query says.
type said struct {
	exchange, total int
	object          string // of the first record
	field, text     string // of the first record; "null" for null
	cut             bool   // the recorder kept fewer records than the org had counted
}

var recordedQueries = map[string][]said{
	"amp-contacts.json":                        {{0, 20, "Contact", "Department", "Finance", false}},
	"amp-opportunity-parent.json":              {{0, 2, "Opportunity", "Amount", "50000.00", false}},
	"cci-extract-standard-objects.json":        {{2, 6, "Account", "AccountNumber", "null", false}, {3, 1, "RecordType", "DeveloperName", "PytestAccountRecordType", false}, {5, 0, "", "", "", false}, {7, 0, "", "", "", false}},
	"cci-select-similarity.json":               {{1, 10, "Account", "Phone", "12345632", false}},
	"cci-select-standard.json":                 {{1, 10, "Account", "Name", "Tom Cruise", false}, {3, 5, "Account", "Id", "0019H00000H1RMDQA3", false}},
	"cci-snowfakery-query.json":                {{2, 1, "User", "FirstName", "Automated", false}},
	"nango-mock-leads.json":                    {{0, 31, "Lead", "Company", "Mock Company Example", true}},
	"nango-query-contacts.json":                {{0, 213, "Contact", "Email", "rose@edge.com", true}},
	"nango-query-empty.json":                   {{0, 26, "Case", "CaseNumber", "00001001", false}, {1, 0, "", "", "", false}, {2, 0, "", "", "", false}},
	"nango-query-limit5.json":                  {{0, 5, "Account", "Name", "Edge Communications", false}},
	"nango-query-locator-page1.json":           {{0, 2086, "Account", "Industry", "Apparel", true}, {1, 2086, "Account", "AccountNumber", "null", true}},
	"nango-query-opportunities.json":           {{0, 31, "Opportunity", "StageName", "Qualification", false}},
	"nango-queryall-limit5.json":               {{0, 5, "Account", "Name", "Edge Communications", false}},
	"netcoreforce-batch4-last.json":            {{0, 800, "Contact", "Id", "003XXXXXXXXXXXXXXX", true}},
	"netcoreforce-cases.json":                  {{0, 26, "Case", "SystemModstamp", "2013-04-04T20:52:22.000+0000", false}},
	"netcoreforce-count.json":                  {{0, 26, "", "", "", true}},
	"nifi-query.json":                          {{0, 1, "DateTestObject__c", "time__c", "13:05:30.000Z", false}},
	"restforce-aggregate.json":                 {{0, 3, "AggregateResult", "CampaignId", "701E0000000JuFHIA0", false}},
	"restforce-paginated-first.json":           {{0, 2, "Whizbang", "Text_Label", "First Page", true}},
	"restforce-paginated-last.json":            {{0, 2, "Whizbang", "Text_Label", "Last Page", true}},
	"restforce-query-subquery.json":            {{0, 1, "Whizbang", "DateTime_Label", "2011-07-07T00:37:00.000+0000", false}},
	"snowfakery-dataset-in-order.json":         {{1, 7, "User", "LastName", "Process", false}, {2, 7, "User", "LastName", "Process", false}},
	"snowfakery-profile.json":                  {{0, 1, "Profile", "Id", "00e0R000000yGOcQAM", false}},
	"snowfakery-where.json":                    {{1, 1, "User", "FirstName", "Automated", false}},
	"spring-social-child2parent.json":          {{0, 22, "Contact", "Account", "null", false}},
	"spring-social-count.json":                 {{0, 22, "", "", "", true}},
	"spring-social-groupby.json":               {{0, 4, "AggregateResult", "expr0", "7", false}},
	"spring-social-where.json":                 {{0, 2, "Contact", "Id", "003A000000vF6QSIA0", false}},
	"vcr-restforce-db-where-relationship.json": {{4, 1, "Contact", "Email", "somebody@example.com", false}, {6, 0, "", "", "", false}, {7, 1, "CustomObject__c", "SynchronizationId__c", "null", false}},
}

// Every recorded page is read through a client: its records are all there, and
// what the recorder left out is noticed.
func TestCapturedQueries(t *testing.T) {
	pages := 0
	for name, want := range recordedQueries {
		answers := capture(t, "query/"+name)
		for _, s := range want {
			pages++
			answer := answers[s.exchange]
			if strings.Contains(answer.body, "nextRecordsUrl") { // whose target was not recorded
				answer.body = strings.Replace(strings.Replace(answer.body, "nextRecordsUrl", "x", 1), "false", "true", 1)
			}
			var first sobject.Record
			rows := 0
			var err error
			for rec, readErr := range replay(t, answer).Query(t.Context(), "SELECT ...") {
				if readErr != nil {
					err = readErr
					break
				}
				if rows++; rows == 1 {
					first = rec
				}
			}
			switch {
			case s.cut && (!errors.Is(err, salesforce.ErrIncomplete) || rows >= s.total):
				t.Errorf("%s: %d of %d rows passed for the whole: %v", name, rows, s.total, err)
			case !s.cut && (err != nil || rows != s.total):
				t.Errorf("%s: %d rows of %d, %v", name, rows, s.total, err)
			}
			if s.field == "" {
				continue
			}
			v, ok := first.Value(s.field)
			if text := v.Raw(); first.Object() != s.object || !ok || v.IsNull() != (s.text == "null") || !v.IsNull() && text != s.text {
				t.Errorf("%s: %s.%s is %q", name, first.Object(), s.field, text)
			}
		}
	}
	if found := len(captureNames(t, "query")); found != len(recordedQueries) {
		t.Errorf("%d recordings of queries, %d in the table", found, len(recordedQueries))
	}
	if pages < 35 {
		t.Error(pages)
	}
	// A count has no rows.
	for name, want := range map[string]int64{"netcoreforce-count.json": 26, "spring-social-count.json": 22} {
		if n, err := replay(t, capture(t, "query/"+name)[0]).Count(t.Context(), "SELECT COUNT() FROM Case"); err != nil || n != want {
			t.Error(name, n, err)
		}
	}
}

// captureNames lists the recordings of a folder.
func captureNames(t *testing.T, folder string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(os.Getenv("ORGLINK_CAPTURES"), folder, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(folder, err)
	}
	for _, f := range files {
		names = append(names, filepath.Base(f))
	}
	return names
}

// recordedDescribe is what a recorded describe says.
type recordedDescribe struct {
	object, prefix      string
	fields, children    int
	field               string
	typ                 sobject.FieldType
	polymorphic, needed bool
}

func TestCapturedDescribes(t *testing.T) {
	for name, want := range map[string]recordedDescribe{
		"Account.cumulusci.json":                 {"Account", "001", 68, 102, "Name", sobject.TypeString, false, true},
		"Account.nango-v57.json":                 {"Account", "001", 70, 135, "BillingAddress", sobject.TypeAddress, false, false},
		"Contact.cumulusci.json":                 {"Contact", "003", 59, 95, "LastName", sobject.TypeString, false, true},
		"CustomObject__c.restforce-db-2015.json": {"CustomObject__c", "a00", 13, 15, "OwnerId", sobject.TypeReference, true, false},
		"Custom__c.cumulusci.json":               {"Custom__c", "aB5", 3, 0, "Id", sobject.TypeID, false, false},
		"DateTestObject__c.nifi.json":            {"DateTestObject__c", "a01", 4, 0, "time__c", "time", false, false},
		"Document.elasticio.json":                {"Document", "015", 24, 3, "FolderId", sobject.TypeReference, true, true},
		"Lead.cumulusci.json":                    {"Lead", "00Q", 54, 57, "Company", sobject.TypeString, false, true},
		"Opportunity.cumulusci.json":             {"Opportunity", "006", 40, 49, "CloseDate", sobject.TypeDate, false, true},
		"OpportunityContactRole.cumulusci.json":  {"OpportunityContactRole", "00K", 11, 2, "ContactId", sobject.TypeReference, false, true},
		"Task.nango-v60.json":                    {"Task", "00T", 39, 25, "WhoId", sobject.TypeReference, true, false},
		"User.force-net-toolkit.json":            {"User", "005", 103, 312, "Username", sobject.TypeString, false, true},
		"Whizbang__c.restforce-2011.json":        {"Whizbang", "a01", 30, 12, "OwnerId", sobject.TypeReference, true, false},
	} {
		d, err := replay(t, capture(t, "describe/"+name)[0]).Describe(t.Context(), want.object)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		f, ok := d.Field(strings.ToLower(want.field))
		if d.Name != want.object || d.KeyPrefix != want.prefix || len(d.Fields) != want.fields || len(d.ChildRelationships) != want.children {
			t.Errorf("%s: %s %s, %d fields, %d child relationships", name, d.Name, d.KeyPrefix, len(d.Fields), len(d.ChildRelationships))
		}
		if needed := f.Createable && !f.Nillable && !f.DefaultedOnCreate; !ok || f.Type != want.typ || len(f.ReferenceTo) > 1 != want.polymorphic || needed != want.needed {
			t.Errorf("%s: %+v", name, f)
		}
	}
	// Several objects in one call; the recorder's reference ids give way to ours.
	for name, want := range map[string]string{"cci-minimal-schema.json": "Account", "composite-Account.amp-sampled.json": "Account", "composite-Organization.amp-sampled.json": "Organization"} {
		answer := capture(t, "describe/"+name)[0]
		var body struct {
			Responses []map[string]json.RawMessage `json:"compositeResponse"`
		}
		if err := json.Unmarshal([]byte(answer.body), &body); err != nil || len(body.Responses) == 0 {
			t.Fatal(name, err)
		}
		body.Responses[0]["referenceId"] = json.RawMessage(`"d0"`)
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := replay(t, captured{status: 200, body: string(text)}).DescribeMany(t.Context(), []string{want})
		if err != nil || got[want] == nil || got[want].Name != want ||
			(len(got[want].Fields) == 0) != (name == "cci-minimal-schema.json") { // whose recorder left the fields out
			t.Errorf("%s: %v", name, err)
		}
	}
	if found := len(captureNames(t, "describe")); found != 16 {
		t.Errorf("%d recordings of describes, 16 in the tables", found)
	}
}

func TestCapturedSmallAnswers(t *testing.T) {
	ctx := t.Context()
	if out, err := replay(t, captured{status: 201, body: capture(t, "crud/amp-create-ok.json")[0].body}).Create(ctx, account()); err != nil || out.ID != "001ak00000OQTieAAH" || !out.Created {
		t.Error(out, err)
	}
	counts := capture(t, "query/cci-extract-standard-objects.json")
	if n, err := replay(t, counts[1]).RecordCounts(ctx, "Account"); err != nil || n["Account"] != 1 {
		t.Error(n, err)
	}
	if n, err := replay(t, counts[4]).RecordCounts(ctx, "Contact"); err != nil || len(n) != 0 { // an empty object is left out
		t.Error(n, err)
	}
	// An aggregate in the place of the resource, as another tool counts.
	for rec, err := range replay(t, capture(t, "limits/cci-recordcount.json")[0]).Query(ctx, "SELECT COUNT(Id) FROM Account") {
		if n, intErr := rec.Int("expr0"); err != nil || intErr != nil || n != 10 {
			t.Error(n, err, intErr)
		}
	}
	life := capture(t, "record/snowfakery-soql.json")
	if n, err := replay(t, life[1]).Count(ctx, "SELECT COUNT() FROM Account"); err != nil || n != 57 {
		t.Error(n, err)
	}
	// The recorder masked an id; an outcome without one is a success all the
	// same, for the org said so.
	if out, err := replay(t, life[0]).Create(ctx, account()); err != nil || !out.Success || out.ID != "" {
		t.Error(out, err)
	}
	rec, err := replay(t, capture(t, "record/swiftly-account.json")[0]).Get(ctx, "Account", "0011Y00003HVMu4QAH")
	if err != nil {
		t.Fatal(err)
	}
	at, err := rec.Address("BillingAddress")
	if err != nil || at.City == nil || *at.City != "Anchorage" || at.Latitude == nil || at.Latitude.String() != "61.217061" || textOf(t, rec, "Type") != "Customer - Channel" {
		t.Errorf("%+v, %v", at, err)
	}
	var actions []struct {
		ID    string            `json:"actionEnumOrId"`
		Label string            `json:"label"`
		URLs  map[string]string `json:"urls"`
	}
	c := replay(t, capture(t, "quickactions/nango-quickactions.json")[0])
	if err := c.DoJSON(ctx, salesforce.Request{Path: "quickActions"}, &actions); err != nil || actions[0].Label != "Log a Call" || actions[0].URLs["defaultValues"] == "" || c.Usage().Used != 42 {
		t.Error(actions, err, c.Usage())
	}
	// The token endpoint's refusal is an object, a SOAP fault is XML.
	e := failWith(t, 400, capture(t, "token/restforce-auth-error.json")[0].body)
	if e.Code != "invalid_grant" || e.Message != "authentication failure - Invalid Password" {
		t.Errorf("%+v", e)
	}
	e = failWith(t, 500, capture(t, "soap/metaforce-invalid-session.xml")[0].body)
	if e.Code != "INVALID_SESSION_ID" || !strings.Contains(e.Message, "Illegal Session") || !errors.Is(e, salesforce.ErrSessionExpired) {
		t.Errorf("%+v", e)
	}
	var token struct {
		Access   string `json:"access_token"`
		Instance string `json:"instance_url"`
	}
	if err := json.Unmarshal([]byte(capture(t, "token/restforce-refresh-success.json")[0].body), &token); err != nil || token.Access != "refreshed_access_token" {
		t.Error(token, err)
	}
	// The hosts of instances were taken down years ago; tokens do not go there.
	if _, err := salesforce.CheckURL(token.Instance); !errors.Is(err, salesforce.ErrUntrustedHost) {
		t.Error(err)
	}
	if u, err := url.Parse(token.Instance); err != nil || u.Host != "na1.salesforce.com" {
		t.Error(u, err)
	}
}
