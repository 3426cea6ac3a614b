package salesforcetest_test

import (
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// staging says how the fake is brought to answer as in a capture.
type staging struct {
	cfg   salesforcetest.Config
	stage func(c *caller)
	// ask gives the answers that stand beside a bare body; a recording is
	// replayed as a whole.
	ask func(c *caller) reply
	// replay is for a recording with a form of its own.
	replay func(r *replay)
}

// replayed are all captures of the folders below, apart from those that
// describes and records have tests for.
var replayed = map[string]staging{
	"bulk1/cci-upsert-bulk.json":          {},
	"bulk1/snowfakery-bulk-query.json":    {stage: users("Ada")},
	"bulk1/elasticio-bulk-cud.json":       {replay: bulk1Jobs},
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

	"describeGlobal/cumulusci-sobjects.json":         {ask: ask("GET", "sobjects", "")},
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
	"identity/amp-user-info.json":                  {stage: country, ask: ask("GET", "/services/oauth2/userinfo", "")},
	"identity/nango-userinfo.json":                 {},
	"identity/spring-social-userDetails.json":      {stage: country, ask: ask("GET", "/services/oauth2/userinfo", "")},

	"jwt/jwt-bearer-vector.json": {replay: assertion},

	"limits/cci-recordcount.json":        {stage: accounts(3)},
	"limits/nango-batch-limits-v57.json": {},
	"limits/nango-limits.json":           {},

	"query/amp-contacts.json":                        {stage: contacts, ask: soql("SELECT AccountId, Department, AssistantName, Description FROM Contact")},
	"query/amp-opportunity-parent.json":              {stage: opportunities, ask: soql("SELECT Id, Name, AccountId, Amount, StageName FROM Opportunity")},
	"query/cci-extract-standard-objects.json":        {stage: recordType},
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
	"query/vcr-restforce-db-where-relationship.json": {stage: friends, cfg: salesforcetest.Config{PasswordGrant: true, SecurityToken: "TOKEN"}},

	"quickactions/nango-quickactions.json": {},
	"recent/restforce-recent.json":         {stage: viewed, ask: ask("GET", "recent", "")},
	"search/nango-search-empty.json":       {},
	"search/restforce-search-success.json": {stage: accounts(2), ask: ask("GET", "/services/data/v36.0/search?q="+url.QueryEscape("FIND {Account} RETURNING Account(Id)"), "")},
	"search/swiftly-search.json":           {stage: contacts, ask: ask("GET", "search?q="+url.QueryEscape("FIND {Rose} RETURNING Contact(FirstName, LastName, Department), Account(Name, BillingCity, NumberOfEmployees)"), "")},

	"token/restforce-auth-error.json":        {cfg: salesforcetest.Config{PasswordGrant: true}, ask: password("wrong")},
	"token/restforce-refresh-success.json":   {ask: refreshed},
	"token/vcr-restforce-db-token-only.json": {cfg: salesforcetest.Config{PasswordGrant: true, SecurityToken: "TOKEN"}},

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

// notReplayed are folders whose files are no answers of the fake's (it signs no
// canvas requests), or have tests of their own.
var notReplayed = []string{"LICENSES", "avro", "canvas", "cdc", "crud", "describe", "record", "seed", "wsdl"}

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
			switch {
			case staged.replay != nil:
				staged.replay(r)
			case staged.ask != nil:
				got := staged.ask(c)
				if r.there("") {
					r.compare("", got, "", string(readCapture(t, file)))
				}
			default:
				r.all(file)
			}
			for d := range r.list {
				if !slices.ContainsFunc(documented[file], func(known string) bool { return matches(known, d) }) {
					t.Errorf("| %s | `%s` |", file, d)
				}
			}
			for _, known := range documented[file] {
				if !slices.ContainsFunc(slices.Collect(maps.Keys(r.list)), func(d string) bool { return matches(known, d) }) {
					t.Errorf("docs/guides/fake-org.md lists a difference that is not there: %s", known)
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
// in backquotes, where * stands for anything, and why.
func documentedDifferences(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/guides/fake-org.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	_, table, _ := strings.Cut(string(text), "| capture |")
	for _, line := range strings.Split(table, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.Contains(cells[1], "/") {
			continue
		}
		file := strings.TrimSpace(cells[1])
		for i, part := range strings.Split(cells[2], "`") {
			if i%2 == 1 {
				out[file] = append(out[file], part)
			}
		}
		if strings.TrimSpace(cells[3]) == "" {
			t.Errorf("no reason in %s", line)
		}
	}
	return out
}

// matches tells whether a documented difference is this one.
func matches(known, difference string) bool {
	parts := strings.Split(known, "*")
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(difference)
}
