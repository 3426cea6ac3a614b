package salesforcetest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
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
