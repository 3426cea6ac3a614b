package salesforcetest_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// OauthToken shows the approvals that are alive: all to who may customize
// applications, to others their own.
func TestOauthTokenRows(t *testing.T) {
	c := start(t, salesforcetest.Config{Seed: salesforcetest.Demo(salesforcetest.DemoConfig{Accounts: 5})})
	if n := fmt.Sprint(c.query("SELECT COUNT() FROM OauthToken")["totalSize"]); n != "0" {
		t.Fatalf("%v tokens before anybody approved", n)
	}
	_, refresh := c.connect()
	c.connect()
	row := c.first("SELECT Id, AppName, UserId, User.Username, LastUsedDate, UseCount FROM OauthToken LIMIT 1")
	if row["Id"] != nil || row["AppName"] != "Orglink" || row["LastUsedDate"] != nil || fmt.Sprint(row["UseCount"]) != "0" || row["User"].(map[string]any)["Username"] != salesforcetest.AdminUsername {
		t.Errorf("%v", row)
	}
	if url := row["attributes"].(map[string]any)["url"]; url != "/services/data/v66.0/sobjects/OauthToken/000000000000000AAA" {
		t.Error(url)
	}
	c.s.Org().Advance(time.Hour)
	c.refresh(refresh).want(200)
	row = c.first("SELECT DeleteToken, LastUsedDate, UseCount FROM OauthToken WHERE UseCount > 0")
	if fmt.Sprint(row["UseCount"]) != "1" || row["LastUsedDate"] == nil {
		t.Errorf("%v", row)
	}
	if n := must(c.s.Org().Count("SELECT COUNT() FROM User WHERE Id IN (SELECT UserId FROM OauthToken)")); n != 1 {
		t.Errorf("Go sees tokens of %d users", n)
	}
	c.send("POST", "sobjects/OauthToken", `{"AppName":"x"}`).want(400)
	c.send("GET", "query?q=SELECT+AppName+FROM+OauthToken+LIMIT+10+OFFSET+2500", "").want(200)
	c.send("GET", "query?q=SELECT+Id+FROM+Account+LIMIT+10+OFFSET+2500", "").want(400)

	if n := fmt.Sprint(c.standardUser().query("SELECT COUNT() FROM OauthToken")["totalSize"]); n != "0" {
		t.Errorf("another user sees %v tokens", n)
	}
	// The DeleteToken revokes.
	c.send("GET", "/services/oauth2/revoke?token="+url.QueryEscape(row["DeleteToken"].(string)), "", "Authorization: ").want(200)
	c.refresh(refresh).want(400)
	if n := fmt.Sprint(c.query("SELECT COUNT() FROM OauthToken")["totalSize"]); n != "1" {
		t.Errorf("%v tokens after one was revoked", n)
	}
}

// LoginHistory shows who came in, how, and who was refused.
func TestLoginHistoryRows(t *testing.T) {
	c := start(t, salesforcetest.Config{PasswordGrant: true, SOAPLogin: true, Seed: salesforcetest.Demo(salesforcetest.DemoConfig{Accounts: 5})})
	ready := c.s.Ready()
	_, refresh := c.connect()
	c.refresh(refresh).want(200)
	c.soapLogin("/services/Soap/u/64.0", ready.Username, "wrong")
	c.s.Org().RestrictIP(ready.Username, "10.0.0.0/8")
	c.refresh(refresh).want(400)
	c.s.Org().RestrictIP(ready.Username)
	var got []string
	for _, r := range c.query("SELECT LoginType, LoginSubType, Status, Application, SourceIp, UserId FROM LoginHistory ORDER BY LoginTime, Id")["records"].([]any) {
		m := r.(map[string]any)
		got = append(got, fmt.Sprint(m["LoginType"], "|", m["LoginSubType"], "|", m["Status"], "|", m["Application"]))
		if m["UserId"] != ready.UserID || m["SourceIp"] != "127.0.0.1" {
			t.Errorf("%v", m)
		}
	}
	want := []string{
		"Application|UsernamePasswordUiLogin|Success|Browser",
		"Remote Access 2.0|OauthWebServer|Success|Orglink",
		"Remote Access 2.0|OauthRefreshToken|Success|Orglink",
		"Other Apex API|SoapApiLogin|Invalid Password|N/A",
		"Remote Access 2.0|OauthRefreshToken|Restricted IP|Orglink",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	c.send("GET", "query?q=SELECT+Id+FROM+LoginHistory+WHERE+Status='Success'", "").want(400) // not filterable
	rep := c.standardUser()
	if n := fmt.Sprint(rep.query("SELECT COUNT() FROM LoginHistory")["totalSize"]); n != "0" {
		t.Errorf("another user sees %v logins", n)
	}
}

// standardUser is a caller who is no administrator.
func (c *caller) standardUser() *caller {
	c.t.Helper()
	name := c.first("SELECT Username FROM User WHERE Profile.Name = 'Standard User' AND IsActive = true LIMIT 1")["Username"].(string)
	return &caller{t: c.t, s: c.s, token: c.s.Token(name), http: c.http}
}
