package salesforcetest_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// Whatever a client sends, the answer is Salesforce's status and error array:
// never a panic (which fails the test by itself), a 500 or a Go error text.
func TestHostileRequests(t *testing.T) {
	c := start(t, salesforcetest.Config{DailyRequests: 1 << 20})
	id := c.create("Account", `{"Name":"A"}`)
	job := c.send("POST", "jobs/ingest", `{"object":"Account","operation":"insert"}`).want(200).object()["id"].(string)
	query := c.send("POST", "jobs/query", `{"operation":"query","query":"SELECT Id FROM Account"}`).want(200).object()["id"].(string)
	paths := []string{"", "sobjects", "sobjects/Account", "sobjects/%00", "sobjects/Account/describe", "sobjects/Account/" + id, "sobjects/Account/" + id + "?fields=,,Nope",
		"sobjects/Account/Id/" + id, "sobjects/Account/Id/x", "sobjects/Account/Name/%2F%27%5C", "sobjects/Account/" + id + "/Contacts", "sobjects/Account/updated?start=x&end=y",
		"sobjects/Account/deleted?start=2020-01-01T00:00:00Z&end=2019-01-01T00:00:00Z", "query", "query?q=", "query?q=SELECT", "query?q=" + url.QueryEscape("SELECT Id FROM Account WHERE Name = 'O\\'"),
		"query?q=" + url.QueryEscape("SELECT Id, (SELECT Id FROM Nope) FROM Account"), "query?q=" + url.QueryEscape(strings.Repeat("(", 5000)), "query/x", "query/0r8-", "query/0r8--1", "queryAll?q=%FF%FE",
		"search?q=FIND+%7B%27%5C%25%7D+RETURNING+Nope(Id)", "search?q=FIND+%7B%27%5C%25%7D", "limits", "limits/recordCount?sObjects=,,", "recent?limit=-1", "recent?limit=99999999999999999999",
		"composite", "composite/batch", "composite/sobjects", "composite/sobjects?ids=,,&allOrNone=true", "composite/sobjects/Account", "composite/sobjects/Account?ids=x&fields=Id", "composite/sobjects/Account/Name",
		"composite/sobjects/Account/Nope", "composite/tree/Account", "jobs/query", "jobs/query/" + query, "jobs/query/" + query + "/results?locator=%FF", "jobs/query/" + query + "/results?maxRecords=-5",
		"jobs/query/" + query + "/resultPages?locator=MTA", "jobs/ingest", "jobs/ingest?queryLocator=-7", "jobs/ingest/" + job, "jobs/ingest/" + job + "/batches", "jobs/ingest/x/successfulResults", "jobs/query/" + job,
		"/services/data/v", "/services/data/vx.y/limits", "/services/oauth2/token", "/services/oauth2/authorize", "/services/oauth2/revoke", "/services/oauth2/introspect", "/login",
		"/setup/secur/RemoteAccessAuthorizationPage.apexp", "/id/x/y", "/id/" + id + "/" + id, "/", "/../../etc/passwd", "/services/async/66.0/job"}
	bodies := []string{"", "{", "[]", "null", "1", `"x"`, `{}`, `{"Name":{}}`, `{"Name":[1]}`, `{"Name":null,"OwnerId":"x"}`, `{"records":null}`, `{"records":[1,null,{}]}`, `{"records":[{"attributes":{"type":"Nope"}}]}`,
		`{"records":[{"attributes":{"type":"Account","referenceId":"a"},"Contacts":{"records":[null]}}]}`, `{"records":{"a":1}}`, `{"allOrNone":"yes"}`,
		`{"compositeRequest":[{"method":"GET","url":"%zz","referenceId":"a"},{"method":"","url":"","referenceId":"b"},{"method":"POST","url":"/services/data/v66.0/composite","referenceId":"c","body":{"x":"@{a[99999999999999999999].b}"}}]}`,
		`{"allOrNone":true,"compositeRequest":[{"method":"GET","url":"/services/data/v66.0/limits","referenceId":"a"},{"method":"GET","url":"/services/data/v66.0/sobjects/Account/Id/` + id + `","referenceId":"b"}]}`,
		`{"allOrNone":true,"compositeRequest":[{"method":"GET","url":"/services/data/v66.0/query?q=SELECT","referenceId":"a"}]}`,
		`{"batchRequests":[{"method":"GET","url":"x"}]}`, `{"ids":["x"],"fields":["Nope"]}`, `{"state":"Nope"}`, `{"operation":"query","query":1}`, `{"operation":"query","query":"SELECT Id, (SELECT Id FROM Contacts) FROM Account"}`,
		`{"object":"Account","operation":"insert","columnDelimiter":"X"}`, "\xff\xfe", strings.Repeat("[", 10000), `{"Name":"` + strings.Repeat("x", 10000) + `"}`}
	for _, path := range paths {
		for _, method := range []string{"GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "BREW"} {
			tries := []string{"", "{}", "Name\nx,\"y\n"}
			if method == "POST" || method == "PATCH" && strings.HasPrefix(path, "sobjects/") {
				tries = bodies
			}
			for _, body := range tries {
				r := c.send(method, path, body)
				if r.status >= 500 || strings.Contains(r.body, "json:") || strings.Contains(r.body, "strconv") || strings.Contains(r.body, "invalid character") || strings.Contains(r.body, "soql:") {
					t.Fatalf("%s %s %.80q: %d %.200s", method, path, body, r.status, r.body)
				}
			}
		}
	}
}
