package conformance

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/simpleforce/simpleforce"
)

// simpleforce, at acf4ac67ef68. What it does by itself:
//   - Create, Get, Update, Upsert and Describe answer nil for every failure;
//     the reason is only logged.
//   - Delete(id) deletes the record's own Id, whatever id it was given.
//   - DescribeGlobal asks the login host, not the instance, and decodes an
//     error as if it were a describe, which fails without the reason.
//   - A page's nextRecordsUrl is followed only if the caller passes it to Query.
//   - Keys and ids are not escaped in a URL.
//   - It logs the whole body of a failed login.

// newSimpleforce has a session; TestSimpleforceLogin gets one itself.
func newSimpleforce(t *testing.T, o outsideOrg) *simpleforce.Client {
	t.Helper()
	silent(t)
	c := simpleforce.NewClient(o.URL+"/", simpleforce.DefaultClientID, "54.0")
	c.SetSidLoc(o.Ready.AccessToken, o.URL)
	return c
}

func TestSimpleforceLogin(t *testing.T) {
	silent(t)
	o := newOutsideOrg(t, func(c *salesforcetest.Config) { c.SOAPLogin, c.SecurityToken = true, "TOKEN" })
	c := simpleforce.NewClient(o.URL+"/", simpleforce.DefaultClientID, simpleforce.DefaultAPIVersion)
	if err := c.LoginPassword(o.Ready.Username, o.Ready.Password, "TOKEN"); err != nil {
		t.Fatal(err)
	}
	if c.GetLoc() != o.URL || !strings.HasPrefix(c.GetSid(), o.Ready.OrgID[:15]+"!") {
		t.Errorf("logged in at %s", c.GetLoc())
	}
	me, err := c.Query("SELECT Username FROM User WHERE Id = '" + o.Ready.UserID + "'")
	if err != nil || len(me.Records) != 1 || me.Records[0].StringField("Username") != o.Ready.Username {
		t.Errorf("%v %v", me, err)
	}
	for _, words := range [][2]string{{"wrong", "TOKEN"}, {o.Ready.Password, ""}, {o.Ready.Password, "WRONG"}} {
		var e simpleforce.SalesforceError
		if err := c.LoginPassword(o.Ready.Username, words[0], words[1]); !errors.As(err, &e) || e.HttpCode != 500 || e.ErrorCode != "INVALID_LOGIN" && e.ErrorCode != "sf:INVALID_LOGIN" {
			t.Errorf("a wrong password or token: %+v", err)
		}
	}
	// New orgs have no SOAP login.
	closed := newOutsideOrg(t)
	if err := simpleforce.NewClient(closed.URL, "x", "54.0").LoginPassword(closed.Ready.Username, closed.Ready.Password, ""); err == nil {
		t.Error("an org without SOAP login let somebody in")
	}
}

func TestSimpleforceRecords(t *testing.T) {
	o := newOutsideOrg(t)
	c := newSimpleforce(t, o)
	acme := c.SObject("Account").Set("Name", "Acme").Set("ERP__c", "E-1").Create()
	if acme == nil || len(acme.ID()) != 18 {
		t.Fatal("Create failed", acme)
	}
	if got := o.field("SELECT Name FROM Account WHERE Id = '"+acme.ID()+"'", "Name"); got != "Acme" {
		t.Errorf("the org has %q", got)
	}
	got := c.SObject("Account").Get(acme.ID())
	if got == nil || got.StringField("Name") != "Acme" || got.StringField("ERP__c") != "E-1" || got.Type() != "Account" || got.AttributesField().URL == "" {
		t.Fatalf("Get: %v", got)
	}
	change := c.SObject("Account").Set("Id", acme.ID()).Set("Site", "Bern").Set("CreatedDate", "2001-01-01T00:00:00Z") // it leaves audit fields out
	if change.Update() == nil {
		t.Error("Update failed")
	}
	up := c.SObject("Account").Set("ExternalIDField", "ERP__c").Set("ERP__c", "E-1").Set("Name", "Acme AG").Upsert()
	if up == nil || up.ID() != acme.ID() {
		t.Errorf("Upsert of the same record: %v", up)
	}
	o.count(1, "SELECT Id FROM Account WHERE Name = 'Acme AG' AND Site = 'Bern'")
	if other := c.SObject("Account").Set("ExternalIDField", "ERP__c").Set("ERP__c", "E-2").Set("Name", "Other").Upsert(); other == nil || other.ID() == acme.ID() {
		t.Errorf("Upsert of a new record: %v", other)
	}
	o.count(2, "SELECT Id FROM Account")

	contact := c.SObject("Contact").Set("LastName", "Ada").Set("AccountId", acme.ID()).Create()
	found, err := c.Query("SELECT Id, LastName, AccountId, Account.Name, (SELECT Id FROM Cases) FROM Contact")
	if err != nil || found.TotalSize != 1 || !found.Done {
		t.Fatal(found, err)
	}
	if parent := found.Records[0].SObjectField("Account", "Account"); parent == nil || parent.ID() != acme.ID() || parent.StringField("Name") != "Acme AG" {
		t.Errorf("the parent is %v", parent)
	}
	if full := found.Records[0].SObjectField("Account", "AccountId").Get(); full == nil || full.StringField("Site") != "Bern" {
		t.Errorf("the parent, read by itself, is %v", full)
	}
	if err := contact.Delete(); err != nil {
		t.Error(err)
	}
	o.count(0, "SELECT Id FROM Contact")
}

func TestSimpleforceQueryPages(t *testing.T) {
	o := newOutsideOrg(t)
	o.load(4100)
	c := newSimpleforce(t, o)
	names := map[string]bool{}
	page, err := c.Query("SELECT Id, Name FROM Account")
	for err == nil {
		if page.TotalSize != 4100 {
			t.Errorf("totalSize is %d", page.TotalSize)
		}
		for _, r := range page.Records {
			names[r.StringField("Name")] = true
		}
		if page.Done {
			break
		}
		page, err = c.Query(page.NextRecordsURL)
	}
	if err != nil || len(names) != 4100 || !names["Account 04100"] {
		t.Errorf("%d names: %v", len(names), err)
	}
}

func TestSimpleforceDescribes(t *testing.T) {
	o := newOutsideOrg(t)
	c := newSimpleforce(t, o)
	all, err := c.DescribeGlobal()
	if err != nil {
		t.Fatal(err)
	}
	prefixes := map[string]any{}
	for _, entry := range (*all)["sobjects"].([]any) {
		e := entry.(map[string]any)
		prefixes[e["name"].(string)] = e["keyPrefix"]
	}
	if prefixes["Account"] != "001" || prefixes["Lead"] != "00Q" || (*all)["maxBatchSize"] != 200.0 {
		t.Errorf("%v", prefixes)
	}
	account := c.SObject("Account").Describe()
	if account == nil {
		t.Fatal("Describe failed")
	}
	fields := map[string]map[string]any{}
	for _, entry := range (*account)["fields"].([]any) {
		f := entry.(map[string]any)
		fields[f["name"].(string)] = f
	}
	if f := fields["ERP__c"]; f == nil || f["externalId"] != true || f["unique"] != true || f["length"] != 40.0 || f["custom"] != true {
		t.Errorf("ERP__c is described as %v", f)
	}
	if f := fields["Name"]; f["nillable"] != false || f["length"] != 255.0 || f["nameField"] != true {
		t.Errorf("Name is described as %v", f)
	}
	if nothing := c.SObject("Nope__c").Describe(); nothing != nil {
		t.Errorf("an unknown object is described as %v", nothing)
	}
}

func TestSimpleforceDownloads(t *testing.T) {
	o := newOutsideOrg(t)
	c := newSimpleforce(t, o)
	acme := must(o.Org().Create("Account", salesforcetest.Fields{"Name": "Acme"}))
	text := "bytes of\x00a file"
	id := must(o.Org().Create("Attachment", salesforcetest.Fields{"Name": "a.bin", "ParentId": acme,
		"Body": sobject.TextValue(base64.StdEncoding.EncodeToString([]byte(text)))}))
	file := filepath.Join(t.TempDir(), "a.bin")
	if err := c.DownloadAttachment(string(id), file); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(file); string(got) != text {
		t.Errorf("downloaded %q", got)
	}
}

func TestSimpleforceErrors(t *testing.T) {
	o := newOutsideOrg(t)
	c := newSimpleforce(t, o)
	_, malformed := c.Query("SELECT FROM Account")
	_, unknown := c.Query("SELECT Id FROM Nope__c")
	_, rest := c.ApexREST("GET", "services/apexrest/nothing", nil)
	c.SetSidLoc("dead", o.URL)
	_, dead := c.Query("SELECT Id FROM Account")
	for _, tt := range []struct {
		err        error
		status     int
		code, text string
	}{
		{malformed, 400, "MALFORMED_QUERY", "unexpected token"},
		{unknown, 400, "INVALID_TYPE", "sObject type 'Nope__c' is not supported"},
		{rest, 404, "NOT_FOUND", ""},
		{dead, 401, "INVALID_SESSION_ID", "Session expired or invalid"},
	} {
		var e simpleforce.SalesforceError
		if !errors.As(tt.err, &e) || e.HttpCode != tt.status || e.ErrorCode != tt.code || !strings.Contains(e.ErrorMessage, tt.text) {
			t.Errorf("%v, want %d %s %s", tt.err, tt.status, tt.code, tt.text)
		}
	}
	o.count(0, "SELECT Id FROM Account")
	if made := newSimpleforce(t, o).SObject("Account").Set("Site", "no name").Create(); made != nil {
		t.Errorf("a record without a name: %v", made)
	}
	o.count(0, "SELECT Id FROM Account")
}
