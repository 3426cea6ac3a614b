package salesforcetest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

func TestDemoOrg(t *testing.T) {
	c := start(t, salesforcetest.Config{Seed: salesforcetest.Demo(salesforcetest.DemoConfig{Accounts: 50})})
	if n := must(c.s.Org().Count("SELECT COUNT() FROM Account")); n != 50 {
		t.Errorf("%d accounts", n)
	}
	got := c.query("SELECT Id, Name, Owner.Name, (SELECT Id, LastName FROM Contacts) FROM Account WHERE Id IN (SELECT AccountId FROM Contact)")
	if len(got["records"].([]any)) == 0 {
		t.Error("no account has a contact")
	}
	// Every active user can sign in with the one password.
	users := must(c.s.Org().Query("SELECT Username FROM User WHERE IsActive = TRUE AND Profile.Name = 'Standard User' LIMIT 1"))
	name, _ := users[0].Text("Username")
	b := c.browser()
	page := b.submit(b.open(c.authorizeParams()), url.Values{"username": {name}, "pw": {c.s.Ready().Password}})
	if !strings.Contains(page.body, "Allow access?") {
		t.Errorf("%s", page.body)
	}
}

func TestRulesAndUsers(t *testing.T) {
	c := start(t, salesforcetest.Config{Seed: salesforcetest.Demo(salesforcetest.DemoConfig{Accounts: 3})})
	org := c.s.Org()
	org.AddRule("Account", salesforcetest.Rule{Name: "NoTest", Message: "Nothing called Test, please", Field: "Name",
		Fails: func(r salesforcetest.Row) bool { return strings.Contains(r.Text("Name"), "Test") }})
	c.send("POST", "sobjects/Account", `{"Name":"Test"}`).is(400,
		`[{"message":"Nothing called Test, please","errorCode":"FIELD_CUSTOM_VALIDATION_EXCEPTION","fields":["Name"]}]`)
	users := must(org.Query("SELECT Id, Username FROM User WHERE IsActive = TRUE AND Profile.Name = 'Standard User' LIMIT 1"))
	name, _ := users[0].Text("Username")
	id := must(org.As(name).Create("Account", salesforcetest.Fields{"Name": "Mine"}))
	rec := must(org.Get(id, "OwnerId", "CreatedById"))
	if owner, _ := rec.Ref("OwnerId"); owner != users[0].ID() {
		t.Errorf("owner %s", owner)
	}
	old := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	id = must(org.Load("Account", sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue("Old")), sobject.F("OwnerId", sobject.IDValue(users[0].ID())),
		sobject.F("SystemModstamp", sobject.DateTimeValue(old)))))[0]
	if at, _ := must(org.Get(id, "SystemModstamp")).Time("SystemModstamp"); !at.Equal(old) {
		t.Errorf("SystemModstamp %v", at)
	}
}

func TestPrivateRecordsAppearWhenShared(t *testing.T) {
	c := start(t, salesforcetest.Config{Seed: salesforcetest.Demo(salesforcetest.DemoConfig{Accounts: 3})})
	org := c.s.Org()
	users := must(org.Query("SELECT Username FROM User WHERE IsActive = TRUE AND Profile.Name = 'Standard User' LIMIT 1"))
	name, _ := users[0].Text("Username")
	id := must(org.Create("Account", salesforcetest.Fields{"Name": "Secret"}))
	org.SetPrivate("Account", true)
	c.token = c.s.Token(name)
	find := "SELECT Id FROM Account WHERE Name = 'Secret'"
	if got := c.query(find); len(got["records"].([]any)) != 0 {
		t.Error("a private record is seen")
	}
	c.send("GET", "sobjects/Account/"+string(id), "").want(404)
	org.Share(id, name, true)
	if got := c.query(find); len(got["records"].([]any)) != 1 {
		t.Error("a shared record is not seen")
	}
}

func TestDelayedVisibility(t *testing.T) {
	c := start(t, salesforcetest.Config{VisibilityDelay: time.Minute})
	c.s.Org().Create("Account", salesforcetest.Fields{"Name": "A"})
	if got := c.query("SELECT Id FROM Account"); len(got["records"].([]any)) != 0 {
		t.Error("an uncommitted row is seen")
	}
	c.s.Org().Advance(61 * time.Second)
	if got := c.query("SELECT Id, SystemModstamp FROM Account"); len(got["records"].([]any)) != 1 {
		t.Error("a committed row is not seen")
	}
}

func TestRecycleBin(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	org := c.s.Org()
	id := must(org.Create("Account", salesforcetest.Fields{"Name": "A"}))
	org.Delete(id)
	org.Undelete(id)
	c.send("GET", "sobjects/Account/"+string(id), "").want(200)
	org.HardDelete(id)
	if n := len(must(org.QueryAll("SELECT Id FROM Account"))); n != 0 {
		t.Errorf("%d rows", n)
	}
}

func TestOtherGrants(t *testing.T) {
	c := start(t, salesforcetest.Config{PasswordGrant: true, Apps: []salesforcetest.App{
		{ClientID: "robot", ClientSecret: "s", RunAs: salesforcetest.AdminUsername},
		{ClientID: "trusted", ClientSecret: "s", PreAuthorized: true, RequirePKCE: true, RedirectURIs: []string{callback}},
	}})
	got := c.tokenRequest(url.Values{"grant_type": {"client_credentials"}}).want(200).object()
	if _, has := got["refresh_token"]; has || got["scope"] != "api id" {
		t.Errorf("%v", got)
	}
	c.token = got["access_token"].(string)
	c.send("GET", "recent", "").want(200)
	basic := c.send("POST", "/services/oauth2/token", "grant_type=client_credentials", "Content-Type: application/x-www-form-urlencoded", "Authorization: Basic cm9ib3Q6cw==")
	basic.want(200)
	password := url.Values{"grant_type": {"password"}, "username": {salesforcetest.AdminUsername}, "password": {c.s.Ready().Password}}
	c.tokenRequest(password).want(200)
	password.Set("password", "wrong")
	c.tokenRequest(password).is(400, `{"error":"invalid_grant","error_description":"authentication failure"}`)

	params := c.authorizeParams()
	params.Set("client_id", "trusted")
	b := c.browser()
	if end := b.login(b.open(params)); end.callback.Get("code") == "" {
		t.Errorf("a pre-authorized app asked for consent: %s", end.body)
	}
	params.Del("code_challenge")
	if end := c.browser().open(params); end.callback.Get("error") != "invalid_request" {
		t.Errorf("no PKCE was accepted: %v", end)
	}
}

func TestBulkInOneRequest(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	body := "--B\r\nContent-Type: application/json\r\nContent-Disposition: form-data; name=\"job\"\r\n\r\n{\"object\":\"Account\",\"operation\":\"insert\"}\r\n" +
		"--B\r\nContent-Type: text/csv\r\nContent-Disposition: form-data; name=\"content\"; filename=\"content\"\r\n\r\nName\nAcme\n\r\n--B--\r\n"
	job := c.send("POST", "jobs/ingest", body, "Content-Type: multipart/form-data; boundary=B").want(200).object()
	if job["state"] != "UploadComplete" {
		t.Errorf("%v", job)
	}
	if n := must(c.s.Org().Count("SELECT COUNT() FROM Account WHERE Name = 'Acme'")); n != 1 {
		t.Errorf("%d accounts", n)
	}
}

func TestConditionalUpdate(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	id := c.create("Account", `{"Name":"A"}`)
	at := c.send("GET", "sobjects/Account/"+id, "").want(200).header.Get("Last-Modified")
	if _, err := http.ParseTime(at); err != nil {
		t.Fatal(err)
	}
	c.send("GET", "sobjects/Account/"+id, "", "If-Modified-Since: "+at).is(304, "")
	c.s.Org().Advance(5 * time.Second)
	c.send("PATCH", "sobjects/Account/"+id, `{"Name":"B"}`, "If-Unmodified-Since: "+at).want(204)
	c.send("PATCH", "sobjects/Account/"+id, `{"Name":"C"}`, "If-Unmodified-Since: "+at).is(412, "")
	if name, _ := must(c.s.Org().Get(sobject.MustID(id), "Name")).Text("Name"); name != "B" {
		t.Errorf("name %q", name)
	}
}

func TestFormulaDoesNotMoveSystemModstamp(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	org := c.s.Org()
	id := must(org.Create("Account", salesforcetest.Fields{"Name": "A"}))
	before := must(org.Get(id, "SystemModstamp"))
	rate := "1"
	org.AddField("Account", salesforcetest.Field{Name: "Rate__c", Type: sobject.TypeString, Length: 10, Formula: func(salesforcetest.Row) string { return rate }})
	org.Advance(time.Minute)
	rate = "2"
	rec := must(org.Get(id, "Rate__c", "SystemModstamp"))
	if got, _ := rec.Text("Rate__c"); got != "2" {
		t.Errorf("rate %q", got)
	}
	a, _ := before.Text("SystemModstamp")
	if b, _ := rec.Text("SystemModstamp"); a != b {
		t.Errorf("SystemModstamp moved from %s to %s", a, b)
	}
}
