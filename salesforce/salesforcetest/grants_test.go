package salesforcetest_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Permissions are the same whether they are set in Go or written as records.
func TestPermissionRows(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	org := c.s.Org()
	const soql = "SELECT SobjectType, PermissionsRead, PermissionsEdit FROM ObjectPermissions WHERE Parent.Profile.Name = 'Standard User' AND SobjectType IN ('Account','Product2') ORDER BY SobjectType"
	rows := c.query(soql)["records"].([]any)
	if len(rows) != 2 || rows[0].(map[string]any)["PermissionsEdit"] != true || rows[1].(map[string]any)["PermissionsEdit"] != false {
		t.Fatalf("%v", rows)
	}
	org.SetPermissions("Standard User", salesforcetest.Permissions{Objects: map[string]salesforcetest.ObjectPermissions{"Account": {}}, System: map[string]bool{"ViewAllData": true}})
	if rows = c.query(soql)["records"].([]any); len(rows) != 2 {
		t.Errorf("ViewAllData shows no read on Account: %v", rows)
	}
	org.SetPermissions("Standard User", salesforcetest.Permissions{System: map[string]bool{"ViewAllData": false}})
	if rows = c.query(soql)["records"].([]any); len(rows) != 1 {
		t.Errorf("a permission taken away is still shown: %v", rows)
	}
	if got := c.first("SELECT PermissionsViewAllData, PermissionsApiEnabled FROM Profile WHERE Name = 'Standard User'"); got["PermissionsViewAllData"] != false || got["PermissionsApiEnabled"] != true {
		t.Errorf("%v", got)
	}

	profile := c.first("SELECT Id FROM Profile WHERE Name = 'Standard User'")["Id"].(string)
	user := c.create("User", `{"Username":"rep@acme.example","LastName":"Rep","Alias":"rep","CommunityNickname":"rep","Email":"rep@acme.example","ProfileId":"`+profile+`",
		"TimeZoneSidKey":"GMT","LocaleSidKey":"en_US","EmailEncodingKey":"UTF-8","LanguageLocaleKey":"en_US","IsActive":true}`)
	c.send("POST", "sobjects/User", `{"Username":"rep@acme.example","LastName":"Rep","Alias":"rep","CommunityNickname":"rep2","Email":"rep@acme.example","ProfileId":"`+profile+`",
		"TimeZoneSidKey":"GMT","LocaleSidKey":"en_US","EmailEncodingKey":"UTF-8","LanguageLocaleKey":"en_US"}`).want(400)
	c.create("Account", `{"Name":"A","Phone":"1"}`)
	rep := &caller{t: t, s: c.s, token: c.s.Token("rep@acme.example"), http: c.http}
	find := func() reply { return rep.send("GET", "query?q=SELECT+Phone+FROM+Account", "") }
	if r := find(); r.status != 400 || r.code() != "INVALID_TYPE" {
		t.Errorf("%d %s", r.status, r.body)
	}
	// A permission set made by records, as an admin's script would.
	set := c.create("PermissionSet", `{"Name":"Reader","Label":"Reader","PermissionsViewAllUsers":true}`)
	c.create("PermissionSetAssignment", `{"PermissionSetId":"`+set+`","AssigneeId":"`+user+`"}`)
	c.send("POST", "sobjects/ObjectPermissions", `{"ParentId":"`+set+`","SobjectType":"Account","PermissionsEdit":true}`).want(400)
	object := c.create("ObjectPermissions", `{"ParentId":"`+set+`","SobjectType":"Account","PermissionsRead":true}`)
	find().want(200)
	if r := rep.send("POST", "sobjects/Account", `{"Name":"B"}`).want(400); r.code() != "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" {
		t.Error(r.body)
	}
	c.send("PATCH", "sobjects/ObjectPermissions/"+object, `{"PermissionsEdit":true,"PermissionsCreate":true}`).want(204)
	rep.send("POST", "sobjects/Account", `{"Name":"B"}`).want(201)
	// Field permissions: the profile's row goes, the set's counts.
	field := c.first("SELECT Id FROM FieldPermissions WHERE Parent.Profile.Name = 'Standard User' AND Field = 'Account.Phone'")["Id"].(string)
	c.send("DELETE", "sobjects/FieldPermissions/"+field, "").want(204)
	if r := find(); r.status != 400 || r.code() != "INVALID_FIELD" {
		t.Errorf("%d %s", r.status, r.body)
	}
	if strings.Contains(rep.send("GET", "sobjects/Account/describe", "").want(200).body, `"name":"Phone"`) {
		t.Error("the describe tells of a hidden field")
	}
	c.create("FieldPermissions", `{"ParentId":"`+set+`","SobjectType":"Account","Field":"Account.Phone","PermissionsRead":true}`)
	find().want(200)
	if r := rep.send("POST", "sobjects/Account", `{"Name":"C","Phone":"2"}`).want(400); r.code() != "INVALID_FIELD_FOR_INSERT_UPDATE" {
		t.Error(r.body)
	}
	got := c.first("SELECT PermissionsViewAllUsers, (SELECT SobjectType FROM ObjectPerms), (SELECT Field FROM FieldPerms) FROM PermissionSet WHERE Name = 'Reader'")
	if text := fmt.Sprint(got["ObjectPerms"], got["FieldPerms"]); !strings.Contains(text, "SobjectType:Account") || !strings.Contains(text, "Field:Account.Phone") {
		t.Error(text)
	}
	c.send("POST", "sobjects/FieldPermissions", `{"ParentId":"`+set+`","SobjectType":"Account","Field":"Account.Name","PermissionsRead":true}`).want(400)
	// Without View Setup there is no such object.
	org.SetPermissions("Standard User", salesforcetest.Permissions{System: map[string]bool{"ViewSetup": false}})
	if r := rep.send("GET", "query?q=SELECT+Id+FROM+ObjectPermissions", ""); r.code() != "INVALID_TYPE" {
		t.Error(r.body)
	}
	// UserPermissionAccess tells each user his own.
	if got := rep.first("SELECT PermissionsViewAllUsers, PermissionsModifyAllData FROM UserPermissionAccess"); got["PermissionsViewAllUsers"] != true || got["PermissionsModifyAllData"] != false {
		t.Errorf("%v", got)
	}
}

// What was undone grants nothing.
func TestPermissionsRollBack(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	set := c.create("PermissionSet", `{"Name":"S","Label":"S"}`)
	c.send("POST", "composite/sobjects", `{"allOrNone":true,"records":[
		{"attributes":{"type":"ObjectPermissions"},"ParentId":"`+set+`","SobjectType":"Account","PermissionsRead":true},
		{"attributes":{"type":"ObjectPermissions"},"ParentId":"`+set+`","SobjectType":"Contact","PermissionsEdit":true}]}`).want(200)
	if n := must(c.s.Org().Count("SELECT COUNT() FROM ObjectPermissions WHERE ParentId = '" + set + "'")); n != 0 {
		t.Errorf("%d rows of a request that was undone", n)
	}
}

// Freezing ends a user's sessions; the row that says so can be read and
// written by an admin. What it means for logging in is the policies' test.
func TestUserLoginRows(t *testing.T) {
	c := start(t, salesforcetest.Config{Seed: salesforcetest.Demo(salesforcetest.DemoConfig{Accounts: 5})})
	const name = "liam.obrien@demo.example"
	token := c.s.Token(name)
	c.s.Org().FreezeUser(name, true)
	user := &caller{t: t, s: c.s, token: token, http: c.http}
	user.send("GET", "limits", "").want(401)
	row := c.first("SELECT Id, IsFrozen FROM UserLogin WHERE IsFrozen = TRUE")["Id"].(string)
	c.send("PATCH", "sobjects/UserLogin/"+row, `{"IsFrozen":false}`).want(204)
	if n := must(c.s.Org().Count("SELECT COUNT() FROM UserLogin WHERE IsFrozen = TRUE")); n != 0 {
		t.Errorf("%d users are frozen still", n)
	}
	// UserLogin needs Manage Users.
	user.token = c.s.Token(name)
	if r := user.send("GET", "query?q=SELECT+Id+FROM+UserLogin", ""); r.code() != "INVALID_TYPE" {
		t.Error(r.body)
	}
}

// Private records are invisible to queries, counts, searches, bulk jobs and
// writes, until they are shared.
func TestPrivateEverywhere(t *testing.T) {
	c := start(t, salesforcetest.Config{Seed: salesforcetest.Demo(salesforcetest.DemoConfig{Accounts: 5})})
	org := c.s.Org()
	org.SetPrivate("Account", true)
	id := c.create("Account", `{"Name":"Quixotic Ventures"}`)
	const name = "liam.obrien@demo.example"
	rep := &caller{t: t, s: c.s, token: c.s.Token(name), http: c.http}
	const where = "FROM Account WHERE Name = 'Quixotic Ventures'"
	for _, shared := range []bool{false, true} {
		want := map[bool]string{false: "0", true: "1"}[shared]
		if shared {
			org.Share(sobject.ID(id), name, true)
		}
		if got := fmt.Sprint(rep.query("SELECT COUNT() " + where)["totalSize"]); got != want {
			t.Errorf("shared %v: %s counted", shared, got)
		}
		if got := strings.Contains(rep.send("GET", "search?q="+url.QueryEscape("FIND {Quixotic} RETURNING Account(Id)"), "").want(200).body, id); got != shared {
			t.Errorf("shared %v: search finds it: %v", shared, got)
		}
		if status := rep.send("GET", "sobjects/Account/"+id, "").status; (status == 200) != shared {
			t.Errorf("shared %v: %d", shared, status)
		}
		job := rep.send("POST", "jobs/query", `{"operation":"query","query":"SELECT Id `+where+`"}`).want(200).object()["id"].(string)
		if got := strings.Contains(rep.send("GET", "jobs/query/"+job+"/results", "").want(200).body, id); got != shared {
			t.Errorf("shared %v: the bulk job finds it: %v", shared, got)
		}
		// A share is for reading.
		want = map[bool]string{false: "INVALID_CROSS_REFERENCE_KEY", true: "INSUFFICIENT_ACCESS_OR_READONLY"}[shared]
		for _, method := range []string{"PATCH", "DELETE"} {
			if r := rep.send(method, "sobjects/Account/"+id, `{"Name":"x"}`); r.code() != want {
				t.Errorf("shared %v: %s: %d %s", shared, method, r.status, r.body)
			}
		}
		contact := rep.send("POST", "sobjects/Contact", `{"LastName":"x","AccountId":"`+id+`"}`)
		if (contact.status == 201) != shared {
			t.Errorf("shared %v: a contact of it: %d %s", shared, contact.status, contact.body)
		}
	}
}

// Misuse of the Go API says what is wrong; in a test it fails at the caller's
// line.
func TestMisuse(t *testing.T) {
	s, err := salesforcetest.Start(salesforcetest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	org := s.Org()
	line := salesforcetest.Field{Name: "Total__c", Type: sobject.TypeCurrency}
	rollup := func(r salesforcetest.Rollup) error { f := line; f.Rollup = &r; return org.AddField("Account", f) }
	for want, err := range map[string]error{
		`no field type "colour"`:   org.AddField("Account", salesforcetest.Field{Name: "X__c", Type: "colour"}),
		"no object Nothing":        org.AddField("Nothing", line),
		"not above the precision":  org.AddField("Account", salesforcetest.Field{Name: "X__c", Type: sobject.TypeDouble, Precision: 4, Scale: 5}),
		"reference to nothing":     org.AddField("Account", salesforcetest.Field{Name: "X__c", Type: sobject.TypeReference}),
		"needs a reference":        org.AddField("Account", salesforcetest.Field{Name: "X__c", Type: sobject.TypeString, MasterDetail: true}),
		"defined twice":            org.AddField("Account", salesforcetest.Field{Name: "Name", Type: sobject.TypeString}),
		"not \"AVG\"":              rollup(salesforcetest.Rollup{Child: "Contact", Lookup: "AccountId", Func: "AVG", Of: "Id"}),
		"needs Of":                 rollup(salesforcetest.Rollup{Child: "Contact", Lookup: "AccountId", Func: "SUM"}),
		"does not refer":           rollup(salesforcetest.Rollup{Child: "Contact", Lookup: "ReportsToId", Func: "COUNT"}),
		"is not there":             rollup(salesforcetest.Rollup{Child: "Contact", Lookup: "No__c", Func: "COUNT"}),
		"does nothing":             org.AddTrigger("Account", salesforcetest.Trigger{}),
		"no DeveloperName":         errorOf(org.AddRecordType("Account", salesforcetest.RecordType{Name: "x"})),
		"no picklist with the val": errorOf(org.AddRecordType("Account", salesforcetest.RecordType{DeveloperName: "x", Picklists: map[string][]string{"CleanStatus": {"Odd"}}})),
		"has no Fails":             org.AddRule("Account", salesforcetest.Rule{Name: "r"}),
		"is defined already":       org.DefineObject(salesforcetest.Object{Name: "Account"}),
		"no user":                  org.FreezeUser("nobody@example.com", true),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func errorOf[T any](_ T, err error) error { return err }
