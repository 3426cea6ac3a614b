package salesforcetest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// The fake's answers are compared with recorded ones: same keys, same types,
// same statuses, and the same text where the request can be made the same.
// Deliberate differences stand in the tests, next to their reasons.

// capture reads a recorded answer: the bare body, or the nth exchange's.
func capture(t *testing.T, name string, exchange int) (status int, body string) {
	t.Helper()
	dir := os.Getenv("ORGLINK_CAPTURES")
	if dir == "" {
		t.Skip("ORGLINK_CAPTURES does not name the folder of captured answers")
	}
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Exchanges []struct {
			Response struct {
				Status int
				Body   json.RawMessage
			}
		}
	}
	if json.Unmarshal(raw, &file) != nil || file.Exchanges == nil {
		return 0, string(raw)
	}
	r := file.Exchanges[exchange].Response
	var text string
	if json.Unmarshal(r.Body, &text) == nil {
		return r.Status, text
	}
	return r.Status, string(r.Body)
}

func parse(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	return v
}

// differ lists where two answers differ in keys and types. Null fits every
// type; of lists the first elements are compared.
func differ(path string, got, want any) []string {
	if got == nil || want == nil {
		return nil
	}
	switch want := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s is %T, not an object", path, got)}
		}
		var out []string
		for _, key := range slices.Sorted(maps.Keys(want)) {
			if key == "_fixture_note" {
				continue
			}
			if _, has := g[key]; !has {
				out = append(out, path+"."+key+" is missing")
				continue
			}
			out = append(out, differ(path+"."+key, g[key], want[key])...)
		}
		for _, key := range slices.Sorted(maps.Keys(g)) {
			if _, has := want[key]; !has {
				out = append(out, path+"."+key+" is too much")
			}
		}
		return out
	case []any:
		g, ok := got.([]any)
		if !ok {
			return []string{fmt.Sprintf("%s is %T, not a list", path, got)}
		}
		if len(g) == 0 || len(want) == 0 {
			return nil
		}
		return differ(path+"[0]", g[0], want[0])
	default:
		if fmt.Sprintf("%T", got) != fmt.Sprintf("%T", want) {
			return []string{fmt.Sprintf("%s is %T, not %T", path, got, want)}
		}
		return nil
	}
}

// same compares an answer with a capture, leaving out paths by suffix.
func same(t *testing.T, what, got, want string, except ...string) {
	t.Helper()
	for _, d := range differ("", parse(t, got), parse(t, want)) {
		path, _, _ := strings.Cut(d, " ")
		if !slices.Contains(except, path) {
			t.Errorf("%s: %s", what, d)
		}
	}
}

// compact removes the blanks of a pretty-printed capture.
func compact(t *testing.T, text string) string {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	quoted, escaped := false, false
	for _, r := range string(raw) {
		if !quoted && strings.ContainsRune(" \n\t\r", r) {
			continue
		}
		b.WriteRune(r)
		switch {
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
		case r == '"':
			quoted = !quoted
		}
	}
	return b.String()
}

// keys lists the keys of an object in their order.
func keys(t *testing.T, text string) []string {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	var out []string
	for d.More() {
		key, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, key.(string))
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestCapturedErrors(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	get := func(path string) string { return c.send("GET", path, "").body }
	find := func(soql string) string { return get("query?q=" + url.QueryEscape(soql)) }
	id := c.create("Account", `{"Name":"A"}`)
	c.send("DELETE", "sobjects/Account/"+id, "").want(204)
	for _, tt := range []struct {
		file     string
		exchange int
		got      string
	}{
		{"errors/amp-entity-is-deleted.json", 0, get("sobjects/Account/" + id)},
		{"errors/amp-unknown-field.json", 0, c.send("POST", "sobjects/Account", `{"Name":"x","AccountNumer":"1"}`).body},
		{"errors/restforce-find-error.json", 0, get("sobjects/Account/23foo")},
		{"errors/restforce-search-error.json", 0, get("search?q=foo")},
		{"errors/snowfakery-bad-query.json", 1, find("SELECT Xyzzy FROM Xyzzy ")},
	} {
		_, want := capture(t, tt.file, tt.exchange)
		if tt.got != compact(t, want) {
			t.Errorf("%s\n got %s\nwant %s", tt.file, tt.got, compact(t, want))
		}
	}
	_, want := capture(t, "errors/restforce-expired-session.json", 0)
	c.token = "dead"
	if r := c.send("GET", "limits", ""); r.status != 401 || r.body != want {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestCapturedCompositeErrors(t *testing.T) {
	_, want := capture(t, "errors/cci-count-composite-errors.json", 0)
	c := start(t, salesforcetest.Config{})
	for range 17 {
		c.s.Org().Create("Account", salesforcetest.Fields{"Name": "A"})
	}
	got := c.send("POST", "composite", `{"compositeRequest": [{"referenceId": "refAccount", "method": "GET", "url": "/services/data/v66.0/query/?q=select count() from Account"}, {"referenceId": "refXYZZY", "method": "GET", "url": "/services/data/v66.0/query/?q=select count() from XYZZY"}]}`).want(200)
	if got.body != compact(t, want) {
		t.Errorf("got %s\nwant %s", got.body, compact(t, want))
	}
}

func TestCapturedDescribes(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	_, want := capture(t, "describe/Account.nango-v57.json", 0)
	got := c.send("GET", "sobjects/Account/describe", "").want(200).body
	// The captured org's own fields differ from ours; keys and types of one
	// field stand for all.
	same(t, "describe", got, want, ".urls.uiDetailTemplate", ".urls.uiEditTemplate", ".urls.uiNewRecord")
	_, want = capture(t, "describeGlobal/cumulusci-sobjects.json", 0)
	same(t, "describe global", c.send("GET", "sobjects", "").want(200).body, want)
}

func TestCapturedToken(t *testing.T) {
	_, want := capture(t, "token/vcr-restforce-db-token-only.json", 0)
	c := start(t, salesforcetest.Config{PasswordGrant: true, SecurityToken: "securitytoken"})
	ready := c.s.Ready()
	r := c.tokenRequest(url.Values{"grant_type": {"password"}, "username": {ready.Username}, "password": {ready.Password + "securitytoken"}}).want(200)
	same(t, "token", r.body, want)
}

func TestCapturedIdentity(t *testing.T) {
	_, want := capture(t, "identity/nango-userinfo.json", 0)
	c := start(t, salesforcetest.Config{})
	same(t, "userinfo", c.send("GET", "/services/oauth2/userinfo", "").want(200).body, want)
}

func TestCapturedRecords(t *testing.T) {
	c := withProducts(t)
	status, want := capture(t, "crud/nango-create.json", 0)
	r := c.send("POST", "sobjects/Account/", `{"Name":"Test Account from Nango"}`).want(status)
	same(t, "create", r.body, want)
	id := r.id()
	status, want = capture(t, "crud/nango-upsert-created.json", 0)
	same(t, "upsert", c.send("PATCH", "sobjects/Gadget__c/Code__c/x", `{"Name":"x"}`).want(status).body, want)
	_, want = capture(t, "query/nango-query-limit5.json", 0)
	same(t, "query", c.send("GET", "query?q=SELECT+Id,Name+FROM+Account+LIMIT+5", "").want(200).body, want)
	_, want = capture(t, "record/nango-get-record-account.json", 0)
	got := parse(t, c.send("GET", "sobjects/Account/"+id, "").want(200).body).(map[string]any)
	recorded := parse(t, want).(map[string]any)
	for name, value := range recorded {
		// The recorded org has fields of its own, and state codes.
		if mine, has := got[name]; has {
			for _, d := range differ("."+name, mine, value) {
				if !strings.Contains(d, "Code is missing") {
					t.Error(d)
				}
			}
		}
	}
	status, _ = capture(t, "crud/nango-delete.json", 0)
	c.send("DELETE", "sobjects/Account/"+id, "").want(status)
	_, want = capture(t, "search/nango-search-empty.json", 0)
	same(t, "search", c.send("GET", "search?q=FIND+%7BAcme%7D", "").want(200).body, want)
	_, want = capture(t, "recent/restforce-recent.json", 0)
	c.create("Account", `{"Name":"again"}`)
	same(t, "recent", c.send("GET", "recent", "").want(200).body, want)
	_, want = capture(t, "versions/netcoreforce-versions.json", 0)
	same(t, "versions", c.send("GET", "/services/data", "").want(200).body, want)
}

func TestCapturedLimits(t *testing.T) {
	_, text := capture(t, "limits/nango-limits.json", 0)
	want := parse(t, text).(map[string]any)
	c := start(t, salesforcetest.Config{})
	for name, got := range parse(t, c.send("GET", "limits", "").want(200).body).(map[string]any) {
		// The fake tells fewer limits, and no others.
		if want[name] == nil {
			t.Errorf("no real org has the limit %s", name)
		}
		for _, d := range differ("."+name, got, want[name]) {
			t.Error(d)
		}
	}
}

func TestCapturedCollections(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	_, want := capture(t, "collections/amp-create-allornone-rollback.json", 0)
	got := c.send("POST", "composite/sobjects", `{"allOrNone":true,"records":[{"attributes":{"type":"Contact"},"FirstName":"x"},{"attributes":{"type":"Contact"},"LastName":"z"}]}`).want(200)
	if got.body != compact(t, want) {
		t.Errorf("got %s\nwant %s", got.body, compact(t, want))
	}
	_, want = capture(t, "collections/amp-update-missing-ids.json", 0)
	got = c.send("PATCH", "composite/sobjects", `{"records":[{"attributes":{"type":"Contact"},"LastName":"z"},{"attributes":{"type":"Contact"},"LastName":"y"}]}`).want(200)
	if got.body != compact(t, want) {
		t.Errorf("got %s\nwant %s", got.body, compact(t, want))
	}
	_, want = capture(t, "collections/nango-collections-upsert-error.json", 0)
	got = c.send("PATCH", "composite/sobjects/Account/Id", `{"records":[{"Id":"001000000000000000","Name":"TestAccountUpsert12345"}],"allOrNone":false}`).want(200)
	if got.body != compact(t, want) {
		t.Errorf("got %s\nwant %s", got.body, compact(t, want))
	}
	_, want = capture(t, "errors/cci-upsert-duplicate-external-id.json", 2)
	got = c.send("PATCH", "composite/sobjects/Account/Id", `{"allOrNone": false, "records": [{"Name": "Sitwell-Bluth", "AccountNumber": "420", "Id": null, "attributes": {"type": "Account"}}]}`).want(200)
	same(t, "upsert without an id", got.body, want)
	_, want = capture(t, "errors/cci-upsert-duplicate-external-id.json", 6)
	if got := c.send("GET", "limits/recordCount?sObjects=Opportunity", ""); got.body != compact(t, want) {
		t.Errorf("record count of nothing: %s, want %s", got.body, want)
	}
	_, want = capture(t, "collections/amp-create-success.json", 0)
	same(t, "create", c.send("POST", "composite/sobjects", `{"records":[{"attributes":{"type":"Contact"},"LastName":"z"}]}`).want(200).body, want)
}

func TestCapturedBulkJobs(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	c.s.Org().AddField("Opportunity", salesforcetest.Field{Name: "external_id__c", Type: sobject.TypeString, Length: 40, ExternalID: true, Unique: true})
	inOrder := func(what, got, file string) {
		t.Helper()
		_, want := capture(t, file, 0)
		same(t, what, got, want)
		if g, w := keys(t, got), keys(t, want); !slices.Equal(g, w) {
			t.Errorf("%s: keys %v, want %v", what, g, w)
		}
	}
	open := c.send("POST", "jobs/ingest", `{"object":"Opportunity","operation":"upsert","externalIdFieldName":"external_id__c"}`).want(200)
	inOrder("open", open.body, "bulk2/amp-job-open-ingest.json")
	id := open.object()["id"].(string)
	_, failed := capture(t, "bulk2/amp-failedResults.csv", 0)
	lines := strings.SplitN(failed, "\n", 2)
	data := strings.TrimPrefix(lines[0], `"sf__Id","sf__Error",`) + "\n" + `"Noemi Miller","GENERATED","external-id-3","2003-04-987654321987654321"` + "\n"
	c.send("PUT", "jobs/ingest/"+id+"/batches", data, "Content-Type: text/csv").want(201)
	inOrder("upload complete", c.send("PATCH", "jobs/ingest/"+id, `{"state":"UploadComplete"}`).want(200).body, "bulk2/amp-job-upload-complete.json")
	inOrder("complete", c.send("GET", "jobs/ingest/"+id, "").want(200).body, "bulk2/amp-job-info-success.json")
	got := c.send("GET", "jobs/ingest/"+id+"/failedResults/", "").want(200).body
	if strings.TrimSpace(got) != strings.TrimSpace(failed) {
		t.Errorf("failed results\n got %s\nwant %s", got, failed)
	}
}

func TestCapturedMerge(t *testing.T) {
	_, want := capture(t, "soap/soapforce-merge_response.xml", 0)
	for _, element := range []string{"mergeResponse", "result", "<id>", "<mergedRecordIds>", "<success>true</success>", `xmlns="urn:partner.soap.sforce.com"`} {
		if !strings.Contains(want, element) {
			t.Errorf("the capture has no %s", element) // TestSoapMerge asserts them of the fake
		}
	}
}
