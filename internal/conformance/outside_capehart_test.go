package conformance

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	v2 "github.com/k-capehart/go-salesforce/v2"
	v3 "github.com/k-capehart/go-salesforce/v3"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// go-salesforce (k-capehart), versions 2 and 3. What it does by itself:
//   - Query collects every page in memory and decodes all but the first page a
//     second time; a Bulk export does not know a column that only later pages
//     have.
//   - Composite methods name version 63 (62 in v2) in their sub-requests,
//     whatever version the client was set to.
//   - It takes any status from 200 to 300 for a success: an upsert that matches
//     several records (300) is decoded as a result, which fails.
//   - A failed composite sub-request has an error array without "success",
//     which it reads as a result that failed, with the code lost in "errors".
//   - waitForResults returns when the first of several jobs is done.
//   - InsertBulk takes the columns of the first record only, in random order.
//   - With compression it says Content-Encoding: gzip of requests without a body
//     too, and does not unpack errors.
//   - A JWT's exp is sent as text; Salesforce takes it.

// capehartMethods is what both versions have with the same types.
type capehartMethods interface {
	Query(query string, into any) error
	UpdateOne(object string, record any) error
	DeleteOne(object string, record any) error
	QueryBulkExport(query, file string) error
	InsertBulk(object string, records any, batch int, wait bool) ([]string, error)
	InsertBulkFile(object, file string, batch int, wait bool) ([]string, error)
	UpdateBulk(object string, records any, batch int, wait bool) ([]string, error)
	UpsertBulk(object, field string, records any, batch int, wait bool) ([]string, error)
	DeleteBulk(object string, records any, batch int, wait bool) ([]string, error)
	GetAccessToken() string
	GetInstanceUrl() string
}

type capehartClient struct{ capehartMethods }

// capehart logs in with one of the versions.
type capehart func(capehartCreds) (capehartMethods, error)

type capehartCreds struct{ Domain, Username, Password, SecurityToken, ConsumerKey, ConsumerSecret, ConsumerRSAPem, AccessToken string }

type capehartResult struct {
	ID      string `json:"id"`
	Success bool   `json:"success"`
	Errors  []struct{ Message, StatusCode, ErrorCode string }
}

type capehartResults struct {
	Results             []capehartResult
	HasSalesforceErrors bool
}

type capehartJob struct {
	State                            string
	SuccessfulRecords, FailedRecords []map[string]string
}

type rows = []map[string]any

func TestGoSalesforce(t *testing.T) {
	versions := map[string]capehart{
		"v2": func(c capehartCreds) (capehartMethods, error) { return v2.Init(v2Creds(c)) },
		"v3": func(c capehartCreds) (capehartMethods, error) { return v3.Init(v3Creds(c)) },
		"v3 gzip": func(c capehartCreds) (capehartMethods, error) {
			return v3.Init(v3Creds(c), v3.WithCompressionHeaders(true))
		},
	}
	for name, version := range versions {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // the client waits half a second for each bulk job
			t.Run("query", func(t *testing.T) { version.query(t) })
			t.Run("one record", func(t *testing.T) { version.single(t) })
			t.Run("collections", func(t *testing.T) { version.collections(t) })
			t.Run("composite", func(t *testing.T) { version.composite(t) })
			t.Run("bulk ingest", func(t *testing.T) { version.ingest(t) })
			t.Run("bulk query", func(t *testing.T) { version.export(t) })
			if strings.HasSuffix(name, "gzip") {
				return // it does not unpack an error, and so misses an expired session
			}
			t.Run("login", func(t *testing.T) { version.login(t) })
			t.Run("errors", func(t *testing.T) { version.errors(t) })
		})
	}
}

func v2Creds(c capehartCreds) v2.Creds {
	return v2.Creds{Domain: c.Domain, Username: c.Username, Password: c.Password, SecurityToken: c.SecurityToken,
		ConsumerKey: c.ConsumerKey, ConsumerSecret: c.ConsumerSecret, ConsumerRSAPem: c.ConsumerRSAPem, AccessToken: c.AccessToken}
}

func v3Creds(c capehartCreds) v3.Creds { return v3.Creds(v2Creds(c)) }

// connect logs in by client credentials.
func (v capehart) connect(t *testing.T, o outsideOrg) capehartClient {
	t.Helper()
	sf, err := v(capehartCreds{Domain: o.URL, ConsumerKey: o.Ready.ClientID, ConsumerSecret: o.Ready.ClientSecret})
	if err != nil {
		t.Fatal(err)
	}
	return capehartClient{sf}
}

func (v capehart) login(t *testing.T) {
	private, public := rsaKey(t)
	o := newOutsideOrg(t, func(c *salesforcetest.Config) {
		c.PasswordGrant, c.SecurityToken = true, "SECURITYTOKEN"
		c.Apps[0].Certificate, c.Apps[0].PreAuthorized = public, true
	})
	bearer := capehartCreds{Domain: o.URL, Username: o.Ready.Username, ConsumerKey: o.Ready.ClientID, ConsumerRSAPem: private}
	stranger, _ := rsaKey(t)
	app := capehartCreds{Domain: o.URL, ConsumerKey: o.Ready.ClientID, ConsumerSecret: o.Ready.ClientSecret}
	with := func(change func(*capehartCreds)) capehartCreds {
		c := app
		change(&c)
		return c
	}
	password := func(word string) capehartCreds {
		return with(func(c *capehartCreds) {
			c.Username, c.Password, c.SecurityToken = o.Ready.Username, word, "SECURITYTOKEN"
		})
	}
	for what, creds := range map[string]capehartCreds{
		"client credentials": app,
		"username-password":  password(o.Ready.Password),
		"JWT":                bearer,
		"access token":       {Domain: o.URL, AccessToken: o.Token(o.Ready.Username)},
	} {
		sf, err := v(creds)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if sf.GetInstanceUrl() != o.URL || !strings.HasPrefix(sf.GetAccessToken(), o.Ready.OrgID[:15]+"!") {
			t.Errorf("%s: logged in at %s", what, sf.GetInstanceUrl())
		}
		var users []struct{ ID, Username string }
		if err := sf.Query("SELECT Id, Username FROM User WHERE Id = '"+o.Ready.UserID+"'", &users); err != nil || len(users) != 1 || users[0].Username != o.Ready.Username {
			t.Errorf("%s: %v %v", what, users, err)
		}
	}
	for what, creds := range map[string]capehartCreds{
		"a wrong secret":        with(func(c *capehartCreds) { c.ConsumerSecret = "wrong" }),
		"a wrong password":      password("wrong"),
		"a dead access token":   {Domain: o.URL, AccessToken: o.Ready.OrgID[:15] + "!dead"},
		"a stranger's JWT":      {Domain: o.URL, Username: o.Ready.Username, ConsumerKey: o.Ready.ClientID, ConsumerRSAPem: stranger},
		"a JWT for nobody":      {Domain: o.URL, Username: "nobody@example.com", ConsumerKey: o.Ready.ClientID, ConsumerRSAPem: private},
		"an unknown client key": with(func(c *capehartCreds) { c.ConsumerKey = "3MVG9nobody" }),
	} {
		if _, err := v(creds); err == nil {
			t.Errorf("%s was accepted", what)
		}
	}
	// An expired session is answered 401 INVALID_SESSION_ID, on which the
	// client logs in again and repeats the request.
	for _, creds := range []capehartCreds{app, bearer, password(o.Ready.Password)} {
		sf, err := v(creds)
		if err != nil {
			t.Fatal(err)
		}
		before := sf.GetAccessToken()
		_ = o.Org().ExpireSessions("")
		var found rows
		if err := sf.Query("SELECT Id FROM User LIMIT 1", &found); err != nil || len(found) != 1 {
			t.Errorf("after the session expired: %v %v", found, err)
		}
		if sf.GetAccessToken() == before {
			t.Error("the expired token is still in use")
		}
	}
}

func (v capehart) query(t *testing.T) {
	o := newOutsideOrg(t)
	o.load(4500)
	sf := v.connect(t, o)
	type account struct {
		ID                string `mapstructure:"Id" json:"Id"`
		Name              string
		NumberOfEmployees int
	}
	var got []account
	if err := sf.Query("SELECT Id, Name, NumberOfEmployees FROM Account ORDER BY Name", &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 4500 { // three pages: 2,000, 2,000 and 500
		t.Fatalf("%d accounts, want 4500", len(got))
	}
	for i, a := range got {
		if a.Name != fmt.Sprintf("Account %05d", i+1) || a.NumberOfEmployees != i+1 || len(a.ID) != 18 {
			t.Fatalf("row %d is %+v", i, a)
		}
	}
	pages := 0
	for _, r := range o.Requests() {
		if strings.Contains(r.Path, "/query/") && strings.HasSuffix(r.Path, "000") {
			pages++
		}
	}
	if pages != 2 {
		t.Errorf("%d next pages were asked for, want 2", pages)
	}
	contact, _ := o.Org().Create("Contact", salesforcetest.Fields{"LastName": "O'Hara", "AccountId": got[6].ID})
	var contacts []struct {
		ID       string `mapstructure:"Id" json:"Id"`
		LastName string
		Account  struct{ Name string }
	}
	if err := sf.Query(`SELECT Id, LastName, Account.Name FROM Contact WHERE LastName = 'O\'Hara'`, &contacts); err != nil || len(contacts) != 1 ||
		contacts[0].ID != string(contact) || contacts[0].Account.Name != "Account 00007" {
		t.Errorf("%+v %v", contacts, err)
	}
}

func (v capehart) single(t *testing.T) {
	o := newOutsideOrg(t)
	sf := v.connect(t, o)
	made, err := sf.results("InsertOne", "Account", map[string]any{"Name": "Acme", "ERP__c": "E-1"})
	if err != nil || !made.Results[0].Success {
		t.Fatal(made, err)
	}
	id := made.Results[0].ID
	if got := o.field("SELECT Name FROM Account WHERE Id = '"+id+"'", "Name"); got != "Acme" {
		t.Errorf("the org has %q", got)
	}
	if err := sf.UpdateOne("Account", map[string]any{"Id": id, "Name": "Acme AG", "Phone": nil}); err != nil {
		t.Error(err)
	}
	again, err := sf.results("UpsertOne", "Account", "ERP__c", map[string]any{"ERP__c": "E-1", "Site": "Bern"})
	if err != nil || again.Results[0].ID != id || !again.Results[0].Success {
		t.Error(again, err)
	}
	o.count(1, "SELECT Id FROM Account WHERE Name = 'Acme AG' AND Site = 'Bern' AND ERP__c = 'E-1'")
	other, err := sf.results("UpsertOne", "Account", "ERP__c", map[string]any{"ERP__c": "E-2", "Name": "Other"})
	if err != nil || other.Results[0].ID == id {
		t.Error(other, err)
	}
	o.count(2, "SELECT Id FROM Account")
	if err := sf.DeleteOne("Account", map[string]any{"Id": id}); err != nil {
		t.Error(err)
	}
	o.count(0, "SELECT Id FROM Account WHERE Id = '"+id+"'")
	if recs, _ := o.Org().QueryAll("SELECT IsDeleted FROM Account WHERE Id = '" + id + "'"); len(recs) != 1 {
		t.Error("the deleted record is not in the recycle bin")
	}
}

func (v capehart) collections(t *testing.T) {
	o := newOutsideOrg(t)
	sf := v.connect(t, o)
	var in rows
	for i := range 250 {
		in = append(in, map[string]any{"Name": fmt.Sprint("Row ", i), "NumberOfEmployees": i})
	}
	in[7]["NumberOfEmployees"] = -1 // the validation rule refuses it
	got, err := sf.results("InsertCollection", "Account", in, 200)
	if err != nil || len(got.Results) != 250 || !got.HasSalesforceErrors {
		t.Fatal(len(got.Results), err)
	}
	o.count(249, "SELECT Id FROM Account")
	for i, r := range got.Results {
		if r.Success == (i == 7) {
			t.Errorf("row %d: %+v", i, r)
		}
	}
	if e := got.Results[7].Errors; len(e) != 1 || e[0].StatusCode != "FIELD_CUSTOM_VALIDATION_EXCEPTION" || e[0].Message != "Employees cannot be negative." {
		t.Errorf("%+v", e)
	}
	ids := rows{{"Id": got.Results[0].ID, "Name": "Changed"}, {"Id": got.Results[1].ID, "Name": "Changed"}}
	if r, err := sf.results("UpdateCollection", "Account", ids, 200); err != nil || r.HasSalesforceErrors {
		t.Error(r, err)
	}
	o.count(2, "SELECT Id FROM Account WHERE Name = 'Changed'")
	up, err := sf.results("UpsertCollection", "Account", "ERP__c", rows{{"ERP__c": "A", "Name": "New"}, {"ERP__c": "B", "Name": "New"}}, 200)
	if err != nil || up.HasSalesforceErrors || len(up.Results) != 2 {
		t.Error(up, err)
	}
	again, err := sf.results("UpsertCollection", "Account", "ERP__c", rows{{"ERP__c": "B", "Name": "Newer"}}, 200)
	if err != nil || again.Results[0].ID != up.Results[1].ID {
		t.Error(again, err)
	}
	o.count(1, "SELECT Id FROM Account WHERE Name = 'Newer' AND ERP__c = 'B'")
	if r, err := sf.results("DeleteCollection", "Account", rows{{"Id": up.Results[0].ID}, {"Id": up.Results[1].ID}}, 200); err != nil || r.HasSalesforceErrors {
		t.Error(r, err)
	}
	o.count(0, "SELECT Id FROM Account WHERE ERP__c != null")
}

func (v capehart) composite(t *testing.T) {
	o := newOutsideOrg(t)
	sf := v.connect(t, o)
	var in rows
	for i := range 5 {
		in = append(in, map[string]any{"Name": fmt.Sprint("Row ", i), "NumberOfEmployees": i})
	}
	made, err := sf.results("InsertComposite", "Account", in, 2, true) // three sub-requests of two
	if err != nil || made.HasSalesforceErrors || len(made.Results) != 5 {
		t.Fatal(made, err)
	}
	o.count(5, "SELECT Id FROM Account")
	// One bad row takes all of them back, those of other sub-requests too.
	bad := rows{{"Name": "x"}, {"Name": "y"}, {"Name": "z", "NumberOfEmployees": -1}}
	refused, err := sf.results("InsertComposite", "Account", bad, 2, true)
	if err == nil && !refused.HasSalesforceErrors {
		t.Errorf("%+v", refused)
	}
	o.count(5, "SELECT Id FROM Account")
	part, err := sf.results("InsertComposite", "Account", bad, 2, false)
	if err != nil || !part.HasSalesforceErrors || len(part.Results) != 3 {
		t.Error(part, err)
	}
	o.count(7, "SELECT Id FROM Account")
	change := rows{{"Id": made.Results[0].ID, "Site": "Bern"}, {"Id": made.Results[4].ID, "Site": "Bern"}}
	if r, err := sf.results("UpdateComposite", "Account", change, 1, true); err != nil || r.HasSalesforceErrors {
		t.Error(r, err)
	}
	o.count(2, "SELECT Id FROM Account WHERE Site = 'Bern'")
	if r, err := sf.results("UpsertComposite", "Account", "ERP__c", rows{{"ERP__c": "A", "Name": "Up"}}, 200, false); err != nil || r.HasSalesforceErrors {
		t.Error(r, err)
	}
	o.count(1, "SELECT Id FROM Account WHERE ERP__c = 'A'")
	gone := rows{{"Id": made.Results[0].ID}, {"Id": made.Results[1].ID}, {"Id": made.Results[2].ID}}
	if r, err := sf.results("DeleteComposite", "Account", gone, 2, true); err != nil || r.HasSalesforceErrors {
		t.Error(r, err)
	}
	o.count(5, "SELECT Id FROM Account")
}

func (v capehart) ingest(t *testing.T) {
	o := newOutsideOrg(t)
	sf := v.connect(t, o)
	jobs, err := sf.InsertBulk("Account", rows{{"Name": `Quote " and, comma`, "ERP__c": "1", "NumberOfEmployees": 1},
		{"Name": "Lines\nof text", "ERP__c": "2", "NumberOfEmployees": 2}, {"Name": "Refused", "ERP__c": "3", "NumberOfEmployees": -1}}, 1000, true)
	if err != nil || len(jobs) != 1 {
		t.Fatal(jobs, err)
	}
	job, err := sf.job(jobs[0])
	ok, failed := job.SuccessfulRecords, job.FailedRecords
	if err != nil || job.State != "JobComplete" || len(ok) != 2 || len(failed) != 1 {
		t.Fatal(job, err)
	}
	if e := failed[0]["sf__Error"]; e != "FIELD_CUSTOM_VALIDATION_EXCEPTION:Employees cannot be negative.:NumberOfEmployees --" {
		t.Errorf("sf__Error is %q", e)
	}
	if ok[0]["sf__Created"] != "true" || len(ok[0]["sf__Id"]) != 18 {
		t.Errorf("%v", ok[0])
	}
	if got := o.field("SELECT Name FROM Account WHERE ERP__c = '2'", "Name"); got != "Lines\nof text" && got != "Lines of text" {
		t.Errorf("the org has %q", got)
	}
	o.count(1, `SELECT Id FROM Account WHERE Name = 'Quote " and, comma'`)
	one := o.field("SELECT Id FROM Account WHERE ERP__c = '1'", "Id")
	if _, err := sf.UpdateBulk("Account", rows{{"Id": one, "Site": "Bern"}}, 1000, true); err != nil {
		t.Error(err)
	}
	if _, err := sf.UpsertBulk("Account", "ERP__c", rows{{"ERP__c": "1", "Name": "First"}, {"ERP__c": "4", "Name": "Fourth"}}, 1000, true); err != nil {
		t.Error(err)
	}
	o.count(1, "SELECT Id FROM Account WHERE Id = '"+one+"' AND Site = 'Bern' AND Name = 'First'")
	o.count(3, "SELECT Id FROM Account")
	if _, err := sf.DeleteBulk("Account", rows{{"Id": one}}, 1000, true); err != nil {
		t.Error(err)
	}
	o.count(2, "SELECT Id FROM Account")
	file := filepath.Join(t.TempDir(), "in.csv")
	if err := os.WriteFile(file, []byte("Name,ERP__c\nFrom a file,F1\nFrom a file,F2\nFrom a file,F3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if jobs, err := sf.InsertBulkFile("Account", file, 3, true); err != nil || len(jobs) != 1 {
		t.Error(jobs, err)
	}
	o.count(3, "SELECT Id FROM Account WHERE Name = 'From a file'")
	// A job whose data cannot be used as a whole fails.
	if _, err := sf.InsertBulk("Account", rows{{"Nonsense": "x"}}, 1000, true); err == nil || !strings.Contains(err.Error(), "InvalidBatch") {
		t.Errorf("a job with an unknown column: %v", err)
	}
}

func (v capehart) export(t *testing.T) {
	o := newOutsideOrg(t)
	o.load(3000)
	_, _ = o.Org().Create("Account", salesforcetest.Fields{"Name": "Odd \"name\", with\nlines"})
	sf := v.connect(t, o)
	file := filepath.Join(t.TempDir(), "out.csv")
	if err := sf.QueryBulkExport("SELECT Id, Name, NumberOfEmployees FROM Account", file); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil || len(lines) != 3002 || !slices.Equal(lines[0], []string{"Id", "Name", "NumberOfEmployees"}) {
		t.Fatal(len(lines), lines[0], err)
	}
	names := map[string]string{}
	for _, line := range lines[1:] {
		names[line[1]] = line[2]
	}
	if len(names) != 3001 || names["Account 02999"] != "2999" || names["Odd \"name\", with\nlines"] != "" {
		t.Errorf("%d names, %q", len(names), names["Account 02999"])
	}
	type account struct{ Id, Name string }
	n := 0
	err = sf.pages("SELECT Id, Name FROM Account", func(decode func(any) error) error {
		var page []account
		err := decode(&page)
		n += len(page)
		return err
	})
	if err != nil || n != 3001 {
		t.Errorf("%d rows by the iterator: %v", n, err)
	}
}

func (v capehart) errors(t *testing.T) {
	o := newOutsideOrg(t)
	_ = o.Org().AddField("Account", salesforcetest.Field{Name: "Loose__c", Length: 20, Type: "string", ExternalID: true})
	sf := v.connect(t, o)
	id, _ := o.Org().Create("Account", salesforcetest.Fields{"Name": "A", "ERP__c": "1", "Loose__c": "x"})
	_, _ = o.Org().Create("Account", salesforcetest.Fields{"Name": "B", "Loose__c": "x"})
	_ = o.Org().Delete(must(o.Org().Create("Account", salesforcetest.Fields{"Name": "Gone"})))
	gone := string(must(o.Org().QueryAll("SELECT Id FROM Account WHERE IsDeleted = TRUE"))[0].ID())
	one := func(what string, args ...any) error {
		_, err := sf.results(what, args...)
		return err
	}
	var into rows
	for _, tt := range []struct {
		what string
		err  error
		want string
	}{
		{"a query that cannot be read", sf.Query("SELECT FROM Account", &into), "MALFORMED_QUERY"},
		{"an unknown field", sf.Query("SELECT Nope FROM Account", &into), "No such column 'Nope' on entity 'Account'"},
		{"an unknown object", sf.Query("SELECT Id FROM Nope__c", &into), "sObject type 'Nope__c' is not supported"},
		{"a record without a name", one("InsertOne", "Account", map[string]any{"Site": "x"}), `"errorCode":"REQUIRED_FIELD_MISSING","fields":["Name"]`},
		{"a field that is not there", one("InsertOne", "Account", map[string]any{"Name": "x", "Nope__c": 1}), "No such column 'Nope__c' on sobject of type Account"},
		{"a key that is taken", one("InsertOne", "Account", map[string]any{"Name": "x", "ERP__c": "1"}), "duplicates value on record with id: " + string(id)[:15]},
		{"a rule", one("InsertOne", "Account", map[string]any{"Name": "x", "NumberOfEmployees": -5}), "FIELD_CUSTOM_VALIDATION_EXCEPTION"},
		{"a deleted record", sf.UpdateOne("Account", map[string]any{"Id": gone, "Name": "x"}), "ENTITY_IS_DELETED"},
		{"an id of nothing", sf.DeleteOne("Account", map[string]any{"Id": "001000000000001AAA"}), "INVALID_CROSS_REFERENCE_KEY"},
		{"a Bulk query of nothing", sf.QueryBulkExport("SELECT Id FROM Nope__c", filepath.Join(t.TempDir(), "x")), "Nope__c"},
	} {
		if tt.err == nil || !strings.Contains(tt.err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.what, tt.err, tt.want)
		}
	}
	// Two records share a key: status 300 with their URLs, which the client
	// takes for a result.
	if err := one("UpsertOne", "Account", "Loose__c", map[string]any{"Loose__c": "x", "Name": "C"}); err == nil {
		t.Error("an upsert that matches two records succeeded")
	}
	o.count(0, "SELECT Id FROM Account WHERE Name = 'C'")
	o.SetAPIUsage(15000, 15000)
	if err := sf.Query("SELECT Id FROM Account", &into); err == nil || !strings.Contains(err.Error(), "TotalRequests Limit exceeded.") {
		t.Errorf("over the limit: %v", err)
	}
}

func must[T any](v T, _ error) T { return v } // Org's errors end the test by themselves

// call calls a method by its name: the two packages have the same methods with
// results of their own types.
func (c capehartClient) call(method string, args ...any) (any, error) {
	in := make([]reflect.Value, len(args))
	for i, a := range args {
		in[i] = reflect.ValueOf(a)
	}
	out := reflect.ValueOf(c.capehartMethods).MethodByName(method).Call(in)
	err, _ := out[1].Interface().(error)
	return out[0].Interface(), err
}

// results calls a method that writes records.
func (c capehartClient) results(method string, args ...any) (capehartResults, error) {
	from, err := c.call(method, args...)
	if err != nil {
		return capehartResults{}, err
	}
	var out capehartResults
	if err := remarshal(from, &out); err != nil || out.Results != nil {
		return out, err
	}
	out.Results = make([]capehartResult, 1)
	return out, remarshal(from, &out.Results[0])
}

func (c capehartClient) job(id string) (job capehartJob, err error) {
	from, err := c.call("GetJobResults", id)
	if err != nil {
		return job, err
	}
	return job, remarshal(from, &job)
}

// pages calls each with every page of a Bulk query.
func (c capehartClient) pages(query string, each func(decode func(any) error) error) error {
	from, err := c.call("QueryBulkIterator", query)
	if err != nil {
		return err
	}
	it := from.(interface {
		Next() bool
		Error() error
		Decode(any) error
	})
	for it.Next() {
		if err := each(it.Decode); err != nil {
			return err
		}
	}
	return it.Error()
}

func remarshal(from, to any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}
