package engine_test

import (
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// rep adds a user with a profile of the given access.
func (fx *fixture) rep(name string, a engine.Access) (engine.Session, sobject.ID) {
	fx.t.Helper()
	profile := fx.must(system, "Profile", "Name", name)
	if err := fx.SetAccess(profile, a); err != nil {
		fx.t.Fatal(err)
	}
	user := fx.must(system, "User", "Username", name+"@example.com", "LastName", name, "IsActive", "true", "ProfileId", string(profile))
	return engine.Session{User: user}, profile
}

// A hidden field does not exist: for SOQL, describe and writes.
func TestHiddenField(t *testing.T) {
	fx := newOrg(t)
	s, profile := fx.rep("Rep", engine.FullAccess())
	a := fx.must(s, "Account", "Name", "A", "Phone", "1")
	if err := fx.HideField(profile, "Account", "phone"); err != nil {
		t.Fatal(err)
	}
	_, err := fx.QueryText(s, "SELECT Phone FROM Account", engine.QueryOptions{})
	if err == nil || err.(*engine.Error).Code != "INVALID_FIELD" || !strings.Contains(err.Error(), "No such column 'Phone' on entity 'Account'") {
		t.Errorf("select: %v", err)
	}
	if _, err := fx.QueryText(s, "SELECT Id FROM Contact WHERE Account.Phone = '1'", engine.QueryOptions{}); err == nil {
		t.Error("a hidden field was filtered by")
	}
	d, err := fx.Describe(s, "Account", engine.DescribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range d.Fields {
		if f.Name == "Phone" {
			t.Error("the describe tells of it")
		}
	}
	out, _ := fx.Update(s, "Account", []sobject.Record{rec("Account", "Id", string(a), "Phone", "2")}, csv)
	if out[0].Success {
		t.Error("it was written")
	}
	res, err := fx.Get(s, "Account", a, nil)
	if err != nil || strings.Contains(strings.Join(res.Header(), ","), "Phone") {
		t.Errorf("get: %v %v", res.Header(), err)
	}
	if got := fx.values("SELECT Phone FROM Account"); got != "1" {
		t.Errorf("the admin reads %s", got)
	}
	if err := fx.HideField(profile, "Account", "Name"); err == nil {
		t.Error("a required field was hidden")
	}
}

func TestReadOnlyFieldAndObject(t *testing.T) {
	fx := newOrg(t)
	access := engine.FullAccess()
	access.System = map[string]bool{"ApiEnabled": true}
	access.Objects["Opportunity"] = engine.ObjectAccess{}
	access.Objects["Contact"] = engine.ObjectAccess{Read: true}
	access.Fields["Account.Phone"] = engine.FieldAccess{Read: true}
	s, _ := fx.rep("Rep", access)
	out, _ := fx.Insert(s, "Account", []sobject.Record{rec("Account", "Name", "A", "Phone", "1")}, csv)
	if e := out[0].Errors; len(e) != 1 || e[0].Code != "INVALID_FIELD_FOR_INSERT_UPDATE" {
		t.Errorf("read-only field: %+v", out)
	}
	out, _ = fx.Insert(s, "Contact", []sobject.Record{rec("Contact", "LastName", "A")}, csv)
	if e := out[0].Errors; len(e) != 1 || e[0].Code != "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" || e[0].Message != "entity type cannot be inserted: Contact" {
		t.Errorf("read-only object: %+v", out)
	}
	if _, err := fx.QueryText(s, "SELECT Id FROM Opportunity", engine.QueryOptions{}); err == nil || err.(*engine.Error).Code != "INVALID_TYPE" {
		t.Errorf("hidden object: %v", err)
	}
	if _, err := fx.Insert(s, "Opportunity", nil, csv); err == nil || err.(*engine.Error).Status != 404 {
		t.Errorf("hidden object: %v", err)
	}
	if names := strings.Join(fx.Objects(s), " "); strings.Contains(names, "Opportunity") || !strings.Contains(names, "Contact") {
		t.Errorf("objects: %s", names)
	}
	d, err := fx.Describe(s, "Contact", engine.DescribeOptions{})
	if err != nil || d.Createable || d.Updateable || d.Deletable || d.Fields[3].Createable {
		t.Errorf("describe: %v %+v", err, d)
	}
	if !fx.SystemPermission(s, "ApiEnabled") || fx.SystemPermission(s, "BulkApiHardDelete") {
		t.Error("system permissions")
	}
	if _, err := fx.HardDelete(s, nil, csv); err == nil {
		t.Error("hard delete without the permission")
	}
}

// With a private default only owners, those it is shared with, and View All
// see a record; it can become visible.
func TestSharing(t *testing.T) {
	fx := newOrg(t)
	access := engine.FullAccess()
	access.System = map[string]bool{"ApiEnabled": true}
	access.Default = engine.ObjectAccess{Read: true, Create: true, Edit: true, Delete: true}
	s, _ := fx.rep("Rep", access)
	theirs := fx.add("Account", "Name", "Theirs", "Code__c", "k")
	mine := fx.must(s, "Account", "Name", "Mine")
	if err := fx.SetPrivate("Account", true); err != nil {
		t.Fatal(err)
	}
	query := func() string {
		r, err := fx.QueryText(s, "SELECT Name FROM Account", engine.QueryOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return rowsOf(r)
	}
	if got := query(); got != "Mine" {
		t.Errorf("sees %s", got)
	}
	if _, err := fx.Get(s, "Account", theirs, nil); err == nil || err.(*engine.Error).Code != "NOT_FOUND" {
		t.Errorf("get: %v", err)
	}
	out, _ := fx.Delete(s, []sobject.ID{theirs}, engine.WriteOptions{})
	if out[0].Success {
		t.Error("deleted what it does not see")
	}
	if err := fx.Share(theirs, s.User, true); err != nil {
		t.Fatal(err)
	}
	if got := query(); got != "Theirs|Mine" {
		t.Errorf("after sharing: %s", got)
	}
	out, _ = fx.Update(s, "Account", []sobject.Record{rec("Account", "Id", string(theirs), "Name", "x")}, csv)
	if out[0].Success || out[0].Errors[0].Code != "INSUFFICIENT_ACCESS_OR_READONLY" {
		t.Errorf("edited: %+v", out)
	}
	if got := fx.values("SELECT Name FROM Account"); got != "Theirs|Mine" {
		t.Errorf("the admin sees %s", got)
	}
	fx.one(fx.Update(s, "Account", []sobject.Record{rec("Account", "Id", string(mine), "Name", "Mine")}, csv))
	if got := rowsOf(fx.query("SELECT Name FROM Account USING SCOPE mine")); got != "Theirs" {
		t.Errorf("scope mine: %s", got)
	}
}
