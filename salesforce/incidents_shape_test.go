package salesforce_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// Query size and shape.
func TestIncidentsQueryShape(t *testing.T) {
	t.Run("airbytehq/airbyte#14024", func(t *testing.T) { longQueries(t, http.StatusRequestURITooLong) })
	t.Run("airbytehq/airbyte#20703", func(t *testing.T) { longQueries(t, http.StatusRequestHeaderFieldsTooLarge) })
	t.Run("salto-io/salto PR2016", func(t *testing.T) {
		// 1,700 characters that take nine bytes each in an address.
		q := "SELECT Id FROM Account WHERE Name != '" + strings.Repeat("東", 1700) + "'"
		rows, err := orglinkReader(t)(narrow(t, orgWith(t, 3), 414), q)
		if err != nil || len(rows) != 3 {
			t.Error(len(rows), err)
		}
	})
	t.Run("segmentio/action-destinations escapeQuotes", backslashes)
	t.Run("django-salesforce/django-salesforce#164", func(t *testing.T) {
		q := "SELECT Id FROM A WHERE Name = '" + strings.Repeat("x", soql.MaxLength) + "'"
		o := newOrg(t, answer(200, "{}"))
		if _, err := drain(o.client(t), q); !errors.Is(err, salesforce.ErrTooLarge) || len(o.requests()) != 0 {
			t.Errorf("%d requests, %.100v", len(o.requests()), err)
		}
	})
	t.Run("Talent-Catalog/talentcatalog#1729", func(t *testing.T) {
		org := orgWith(t, 2300)
		recs, err := org.Org().Query("SELECT Id FROM Account")
		if err != nil {
			t.Fatal(err)
		}
		ids := make([]sobject.ID, len(recs))
		for i, rec := range recs {
			ids[i] = rec.ID()
		}
		got, err := narrow(t, org, 414).client(t).GetAll(t.Context(), "Account", ids, "Name")
		if err != nil || len(got) != len(ids) || got[2299].ID() != ids[2299] {
			t.Error(len(got), err)
		}
	})
	for incident, tc := range map[string]struct {
		body string
		is   error
	}{
		"restforce/restforce#468":       {`[{"errorCode":"QUERY_TOO_COMPLICATED","message":"Query is either selecting too many fields or the filter conditions are too complicated."}]`, salesforce.ErrTooLarge},
		"singer-io/tap-salesforce PR98": {`[{"errorCode":"OPERATION_TOO_LARGE","message":"exceeded 100000 distinct who/what's"}]`, salesforce.ErrTooLarge},
		"airbytehq/airbyte#13088":       {`[{"errorCode":"INVALIDENTITY","message":"CaseStatus is not supported to use in the Bulk API"}]`, salesforce.ErrInvalidType},
		"Estuary objects with filters":  {`[{"errorCode":"MALFORMED_QUERY","message":"Implementation restriction: ContentDocumentLink requires a filter by a single Id on ContentDocumentId or LinkedEntityId"}]`, salesforce.ErrMalformedQuery},
		"amp-labs/connectors PR2106":    {`[{"errorCode":"INVALID_QUERY_LOCATOR","message":"invalid query locator"}]`, salesforce.ErrCursorGone},
	} {
		t.Run(incident, func(t *testing.T) {
			_, err := drain(fixed(t, 400, tc.body).client(t), "SELECT Id FROM X")
			var failed *salesforce.Error
			if !errors.As(err, &failed) || !errors.Is(err, tc.is) || salesforce.IsRetryable(err) || failed.Code == "" || !strings.Contains(tc.body, failed.Message) {
				t.Error(err)
			}
		})
	}
	// The refusal comes with the second page: what was read before is no result.
	bites(t, "SalesforceLabs/OrgCheck#173", naiveReader, func(t *testing.T, read reader) error {
		rows, err := read(secondPage(t, 500, `[{"errorCode":"EXCEEDED_ID_LIMIT","message":"EntityDefinition does not support queryMore(), use LIMIT to restrict the results to a single batch"}]`), "SELECT DurableId FROM EntityDefinition")
		return allOrError(rows, err, 3, salesforce.ErrTooLarge)
	})
	bites(t, "simple-salesforce/simple-salesforce#95", naiveReader, func(t *testing.T, read reader) error {
		org := orgWith(t, 4100)
		org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "query", Nth: 2}, Action: salesforcetest.Do(func(salesforcetest.RequestRecord) { org.Org().DropCursors() })})
		rows, err := read(siteOf(org), "SELECT Id FROM Account")
		return allOrError(rows, err, 4100, salesforce.ErrCursorGone)
	})
	t.Run("airbytehq/airbyte PR84302", cursorOfAnotherSession)
	t.Run("forcedotcom/cli#2968", func(t *testing.T) {
		o := newOrg(t, answer(200, `{}`))
		c := o.client(t)
		for path, want := range map[string]string{
			"jobs/query/750000000000001AAA":             "/services/data/v66.0/jobs/query/750000000000001AAA",
			"/services/data/v59.0/query/0r8-2000":       "/services/data/v59.0/query/0r8-2000",
			"services/data/v66.0/jobs/ingest/x/batches": "/services/data/v66.0/jobs/ingest/x/batches",
			o.URL + "/services/apexrest/x?y=1":          "/services/apexrest/x?y=1",
		} {
			if err := c.DoJSON(t.Context(), salesforce.Request{Path: path}, nil); err != nil {
				t.Fatal(err)
			}
			reqs := o.requests()
			if got := reqs[len(reqs)-1].uri; got != want {
				t.Errorf("%s was sent to %s, want %s", path, got, want)
			}
		}
	})
	t.Run("RudderStack SOQL switch", func(t *testing.T) {
		org := salesforcetest.NewServer(t, salesforcetest.Config{})
		if _, err := org.Org().Create("Account", salesforcetest.Fields{"Name": "x", "AccountNumber": "5", "NumberOfEmployees": 5}); err != nil {
			t.Fatal(err)
		}
		account, err := siteOf(org).client(t).Describe(t.Context(), "Account")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"AccountNumber", "NumberOfEmployees"} {
			f, _ := account.Field(name)
			value, err := soql.Typed(f.Type, sobject.TextValue("5"))
			if err != nil {
				t.Fatal(err)
			}
			q := soql.Select("Id").From("Account").Where(soql.Compare(name, soql.OpEq, value))
			if n, err := drain(siteOf(org).client(t), q.String()); n != 1 || err != nil {
				t.Errorf("%s: %d, %v", q, n, err)
			}
		}
		if _, err := drain(siteOf(org).client(t), "SELECT Id FROM Account WHERE AccountNumber = 5"); !errors.Is(err, salesforce.ErrInvalidField) {
			t.Error(err)
		}
	})
	t.Run("PipedreamHQ/pipedream PR14862", oddExternalIDs)
}

// narrow is a site that takes addresses and headers of 16,384 bytes, as the
// edge of Salesforce does, in front of an org.
func narrow(t *testing.T, org *salesforcetest.Server, status int) site {
	behind, err := url.Parse(org.URL)
	if err != nil {
		t.Fatal(err)
	}
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		size := len(r.RequestURI)
		for name, values := range r.Header {
			size += len(name) + len(strings.Join(values, "")) + 4
		}
		if size > 16_384 {
			w.WriteHeader(status)
			return
		}
		r.URL.Scheme, r.URL.Host, r.RequestURI = behind.Scheme, behind.Host, ""
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		for name, values := range resp.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
	})
	return site{o.URL, org.Ready().AccessToken}
}

func longQueries(t *testing.T, status int) {
	org := orgWith(t, 2100)
	q := "SELECT Id FROM Account WHERE Name NOT IN ('" + strings.Repeat("Some Company Name','", 1500) + "')"
	rows, err := orglinkReader(t)(narrow(t, org, status), q)
	if err != nil || len(rows) != 2100 {
		t.Error(len(rows), err)
	}
	// Where it cannot be avoided it has a meaning.
	c := narrow(t, org, status).client(t)
	if err := c.DoJSON(t.Context(), salesforce.Request{Path: "query?q=" + url.QueryEscape(q)}, nil); !errors.Is(err, salesforce.ErrTooLarge) || salesforce.IsRetryable(err) {
		t.Errorf("%.200v", err)
	}
}

// secondPage is a site whose first page is fine.
func secondPage(t *testing.T, status int, body string) site {
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/services/data/v66.0/query" {
			answer(200, `{"totalSize":3,"done":false,"nextRecordsUrl":"/services/data/v66.0/query/01g-2","records":[{"attributes":{"type":"A"},"Id":"1"},{"attributes":{"type":"A"},"Id":"2"}]}`)(w, r)
			return
		}
		answer(status, body)(w, r)
	})
	return site{o.URL, "T1"}
}

// A cursor may die with the session it was opened in: the rest is read in the
// new session, or missed aloud.
func cursorOfAnotherSession(t *testing.T) {
	for _, dies := range []bool{false, true} {
		org := orgWith(t, 4100)
		src := &tokens{now: token(org.URL, org.Ready().AccessToken), onRefresh: func(salesforce.Token) (salesforce.Token, error) {
			if dies {
				org.Org().DropCursors()
			}
			return token(org.URL, org.Token(salesforcetest.AdminUsername)), nil
		}}
		org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "query", Nth: 2}, Action: salesforcetest.ExpireSession()})
		n, err := drain(siteOf(org).client(t, func(cfg *salesforce.Config) { cfg.Tokens = src }), "SELECT Id FROM Account")
		if dies && (n >= 4100 || !errors.Is(err, salesforce.ErrCursorGone)) || !dies && (n != 4100 || err != nil) {
			t.Errorf("cursor gone %v: %d rows, %v", dies, n, err)
		}
		if src.refreshed.Load() != 1 {
			t.Errorf("%d refreshes", src.refreshed.Load())
		}
	}
}

// An external id is one segment of the path, whatever is in it.
func oddExternalIDs(t *testing.T) {
	org := salesforcetest.NewServer(t, salesforcetest.Config{})
	if err := org.Org().AddField("Account", salesforcetest.Field{Name: "Key__c", Type: "string", Length: 80, ExternalID: true, Unique: true}); err != nil {
		t.Fatal(err)
	}
	keys := []string{"a", "a?b", "a#b", "a/b", "a%2Fb", "a b", "a+b", "a&b=c", "ä", "a;b", "a:b", "a\\b", "..", "a%"}
	c := siteOf(org).client(t)
	for _, key := range keys {
		rec := sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue(key)))
		if _, err := c.Upsert(t.Context(), "Key__c", key, rec); err != nil {
			t.Errorf("%q: %v", key, err)
		}
	}
	stored := map[string]string{}
	for rec, err := range c.Query(t.Context(), "SELECT Name, Key__c FROM Account") {
		if err != nil {
			t.Fatal(err)
		}
		name, _ := rec.Text("Name")
		stored[name], _ = rec.Text("Key__c")
	}
	for _, key := range keys {
		if stored[key] != key {
			t.Errorf("%q was stored as %q", key, stored[key])
		}
	}
	// Glued into the path, the key after a question mark is lost in silence.
	req, err := http.NewRequest(http.MethodPatch, org.URL+"/services/data/v66.0/sobjects/Account/Key__c/naive?2", strings.NewReader(`{"Name":"naive?2"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Authorization": {"Bearer " + org.Ready().AccessToken}, "Content-Type": {"application/json"}}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if n, _ := org.Org().Count("SELECT COUNT() FROM Account WHERE Key__c = 'naive?2'"); resp.StatusCode >= 300 || n != 0 {
		t.Error("the naive path does not bite", resp.StatusCode, n)
	}
}

// A backslash in a value is a backslash. Left alone it escapes what follows:
// the value is another one, or the statement is.
func backslashes(t *testing.T) {
	org := salesforcetest.NewServer(t, salesforcetest.Config{})
	for _, name := range []string{`C:\new\files`, `back\`, `it's \'`, "Acme"} {
		if _, err := org.Org().Create("Account", salesforcetest.Fields{"Name": name}); err != nil {
			t.Fatal(err)
		}
		find := func(q string, read reader) error {
			rows, err := read(siteOf(org), q)
			if err == nil && (len(rows) != 1 || rows[0]["Name"] != name) {
				return fmt.Errorf("%s found %v", q, rows)
			}
			return err
		}
		const text = "SELECT Name FROM Account WHERE Name = "
		bound, err := soql.Bind(text+"?", name)
		if err != nil {
			t.Fatal(err)
		}
		if err := find(bound.String(), orglinkReader(t)); err != nil {
			t.Error(err)
		}
		if name != "Acme" && find(text+"'"+strings.ReplaceAll(name, "'", `\'`)+"'", naiveReader) == nil {
			t.Errorf("%s: naive quoting comes through", name)
		}
	}
}
