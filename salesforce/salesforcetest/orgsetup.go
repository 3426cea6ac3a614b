package salesforcetest

import (
	"fmt"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Object defines a custom object, or a standard one that the fake lacks.
type Object struct {
	// Name is the API name, such as Invoice__c.
	Name string
	// Label and LabelPlural default to the name and the label with an s.
	Label, LabelPlural string
	// KeyPrefix begins the ids; custom objects get one by themselves.
	KeyPrefix string
	// Private hides records from users who neither own them nor see all data.
	Private bool
	// Fields are the fields besides the system ones; custom objects need a
	// name field (NameField), which is added when there is none.
	Fields []Field
}

// Field defines one field.
type Field struct {
	// Name is the API name, such as Amount__c.
	Name  string
	Label string
	Type  sobject.FieldType
	// Length of texts; 0: the type's default. Precision and Scale of numbers;
	// 0: 18 and 0.
	Length, Precision, Scale int
	NameField                bool
	Required                 bool
	Unique                   bool
	CaseSensitive            bool
	ExternalID               bool
	// ReadOnly fields can be written by Org.System only.
	ReadOnly bool
	// Picklist are the values; Restricted refuses others.
	Picklist   []string
	Restricted bool
	// Controller makes a picklist depend on a picklist or checkbox of the
	// object, and ValidFor tells for which of its values each value is meant. As
	// with Salesforce, describes tell it and writes are not held to it.
	Controller string
	ValidFor   map[string][]string
	// Default is the value of records created without one, as the API would
	// print it.
	Default string
	// ReferenceTo are the objects of a lookup. Relationship is its name in
	// SOQL; ChildRelationship the name of the children at the parent.
	ReferenceTo       []string
	Relationship      string
	ChildRelationship string
	// MasterDetail makes the lookup required and deletes with the parent.
	MasterDetail bool
	// Formula computes the value whenever the record is read, as the API would
	// print it. A change of it does not move SystemModstamp.
	Formula func(Row) string
	// Rollup sums up children whenever the record is read. Like a formula, it
	// does not move SystemModstamp.
	Rollup *Rollup
}

// Row is a record as formulas and rules see it. Names may be paths through
// parents, such as Account.Name.
type Row interface {
	ID() sobject.ID
	// Text returns a field as the API prints it, "" for null.
	Text(path string) string
	// Number returns a number field; false when it is null.
	Number(path string) (float64, bool)
	Bool(path string) bool
	// Time returns a date or date-time, the zero time for null.
	Time(path string) time.Time
	Null(path string) bool
	// Now is the org's time.
	Now() time.Time
}

// Rule is a validation rule: records for which Fails is true are refused with
// FIELD_CUSTOM_VALIDATION_EXCEPTION and the message.
type Rule struct {
	Name    string
	Message string
	// Field is where the page would show the message; "": at its top.
	Field string
	Fails func(Row) bool
}

func (f Field) engine() engine.Field {
	out := engine.Field{
		Name: f.Name, Label: f.Label, Type: f.Type, Length: f.Length, Precision: f.Precision, Scale: f.Scale, NameField: f.NameField,
		Required: f.Required, Unique: f.Unique, CaseSensitive: f.CaseSensitive, ExternalID: f.ExternalID, ReadOnly: f.ReadOnly,
		Restricted: f.Restricted, Controller: f.Controller, ValidFor: f.ValidFor, Default: f.Default, ReferenceTo: f.ReferenceTo, RelationshipName: f.Relationship,
		ChildRelationshipName: f.ChildRelationship, MasterDetail: f.MasterDetail, Rollup: f.Rollup.engine(),
	}
	for _, v := range f.Picklist {
		out.Picklist = append(out.Picklist, sobject.PicklistValue{Value: v, Label: v, Active: true})
	}
	if f.Formula != nil {
		formula := f.Formula
		out.Formula = func(r engine.Row) string { return formula(r) }
	}
	return out
}

// DefineObject adds an object.
func (o *Org) DefineObject(def Object) error {
	o.tb().Helper()
	e := engine.Object{
		Name: def.Name, Label: def.Label, LabelPlural: def.LabelPlural, KeyPrefix: def.KeyPrefix, Private: def.Private,
		Owned: true, Searchable: true,
	}
	named, detail := false, false
	for _, f := range def.Fields {
		e.Fields = append(e.Fields, f.engine())
		named = named || f.NameField || f.Name == "Name"
		detail = detail || f.MasterDetail
	}
	if !named {
		e.Fields = append([]engine.Field{{Name: "Name", Type: sobject.TypeString, Length: 80, NameField: true, IDLookup: true}}, e.Fields...)
	}
	e.Owned = !detail // the detail of a master has no owner of its own
	return o.check("DefineObject "+def.Name, o.s.org.DefineObject(e))
}

// AddField adds a field to an object; records have its default, or null.
func (o *Org) AddField(object string, f Field) error {
	o.tb().Helper()
	return o.check("AddField "+object, o.s.org.AddField(object, f.engine()))
}

// RemoveField removes a field and its values.
func (o *Org) RemoveField(object, field string) error {
	o.tb().Helper()
	return o.check("RemoveField "+object, o.s.org.RemoveField(object, field))
}

// AddRule adds a validation rule.
func (o *Org) AddRule(object string, r Rule) error {
	o.tb().Helper()
	fails := r.Fails
	if fails == nil {
		return o.check("AddRule "+object, fmt.Errorf("the rule %q has no Fails", r.Name))
	}
	return o.check("AddRule "+object, o.s.org.AddRule(object, engine.ValidationRule{
		Name: r.Name, Message: r.Message, Field: r.Field, Fails: func(row engine.Row) bool { return fails(row) },
	}))
}

// Permissions changes what a profile or permission set allows; what is not
// named stays.
type Permissions struct {
	// System permissions by API name without "Permissions", such as
	// ApiEnabled or ViewAllData.
	System map[string]bool
	// Objects by API name.
	Objects map[string]ObjectPermissions
	// Fields by Object.Field.
	Fields map[string]FieldPermissions
}

// ObjectPermissions is what is allowed on an object.
type ObjectPermissions struct{ Read, Create, Edit, Delete, ViewAll, ModifyAll bool }

// FieldPermissions is what is allowed on a field.
type FieldPermissions struct{ Read, Edit bool }

// SetPermissions changes the permissions of a profile or permission set, named
// by its name, or of the profile of a user, named by the username.
func (o *Org) SetPermissions(who string, p Permissions) error {
	o.tb().Helper()
	id, err := o.permissionHolder(who)
	if err != nil {
		return o.check("SetPermissions", err)
	}
	a := o.s.org.GetAccess(id)
	for name, on := range p.System {
		if a.System == nil {
			a.System = map[string]bool{}
		}
		a.System[name] = on
	}
	for name, op := range p.Objects {
		if a.Objects == nil {
			a.Objects = map[string]engine.ObjectAccess{}
		}
		a.Objects[name] = engine.ObjectAccess(op)
	}
	for name, fp := range p.Fields {
		if a.Fields == nil {
			a.Fields = map[string]engine.FieldAccess{}
		}
		a.Fields[name] = engine.FieldAccess(fp)
	}
	return o.check("SetPermissions "+who, o.s.org.SetAccess(id, a))
}

// HideField takes a field away from a profile or permission set, named as for
// SetPermissions: field-level security.
func (o *Org) HideField(who, object, field string) error {
	o.tb().Helper()
	id, err := o.permissionHolder(who)
	if err != nil {
		return o.check("HideField", err)
	}
	return o.check("HideField", o.s.org.HideField(id, object, field))
}

// permissionHolder finds a profile, a permission set, or a user's profile.
func (o *Org) permissionHolder(who string) (sobject.ID, error) {
	for _, soql := range []string{
		"SELECT Id FROM Profile WHERE Name = " + quote(who),
		"SELECT Id FROM PermissionSet WHERE Name = " + quote(who) + " OR Label = " + quote(who),
		"SELECT ProfileId FROM User WHERE Username = " + quote(who),
	} {
		res, err := o.s.org.QueryText(system(), soql, engine.QueryOptions{})
		if err != nil || res.Len() == 0 {
			continue
		}
		rec := res.Record(0)
		if id, err := rec.Ref("ProfileId"); err == nil {
			return id, nil
		}
		return rec.ID(), nil
	}
	return "", fmt.Errorf("%q is no profile, permission set or username", who)
}

// DeactivateUser makes a user inactive: their sessions end and their grants
// are refused with "inactive user".
func (o *Org) DeactivateUser(username string) error {
	o.tb().Helper()
	return o.setActive("DeactivateUser", username, false)
}

// ActivateUser undoes DeactivateUser.
func (o *Org) ActivateUser(username string) error {
	o.tb().Helper()
	return o.setActive("ActivateUser", username, true)
}

func (o *Org) setActive(what, username string, active bool) error {
	o.tb().Helper()
	u, err := o.s.userByName(username)
	if err != nil {
		return o.check(what, err)
	}
	if !active {
		o.s.id.expireAll(u.id)
	}
	outs, err := o.s.org.Update(system(), "User", []sobject.Record{sobject.NewRecord("User",
		sobject.F("Id", sobject.IDValue(u.id)), sobject.F("IsActive", sobject.BoolValue(active)))}, engine.WriteOptions{})
	if err == nil {
		err = outcomeErrors(outs)
	}
	return o.check(what, err)
}

// FreezeUser freezes a user, or lets go: the IsFrozen of the user's UserLogin.
// A frozen user's sessions end; the user stays active.
func (o *Org) FreezeUser(username string, frozen bool) error {
	o.tb().Helper()
	u, err := o.s.userByName(username)
	if err != nil {
		return o.check("FreezeUser", err)
	}
	res, err := o.s.org.QueryText(system(), "SELECT Id FROM UserLogin WHERE UserId = "+quote(string(u.id)), engine.QueryOptions{})
	if err == nil && res.Len() == 0 {
		err = fmt.Errorf("%s has no UserLogin", username)
	}
	if err != nil {
		return o.check("FreezeUser", err)
	}
	outs, err := o.s.org.Update(system(), "UserLogin", []sobject.Record{res.Record(0).With(sobject.F("IsFrozen", sobject.BoolValue(frozen)))}, engine.WriteOptions{})
	if err == nil {
		err = outcomeErrors(outs)
	}
	if err == nil && frozen {
		o.s.id.expireAll(u.id)
	}
	return o.check("FreezeUser "+username, err)
}

// ExpireSessions ends the access tokens of a user, or of everyone with "".
// Refresh tokens stay.
func (o *Org) ExpireSessions(username string) error {
	o.tb().Helper()
	id, err := o.userOrAll(username)
	if err == nil {
		o.s.id.expireAll(id)
	}
	return o.check("ExpireSessions", err)
}

// RevokeGrants ends the refresh tokens of a user, or of everyone with "", and
// the sessions that came from them.
func (o *Org) RevokeGrants(username string) error {
	o.tb().Helper()
	id, err := o.userOrAll(username)
	if err == nil {
		o.s.id.revokeGrants(id)
	}
	return o.check("RevokeGrants", err)
}

// Grants returns how many refresh tokens of a user are alive.
func (o *Org) Grants(username string) (int, error) {
	o.tb().Helper()
	u, err := o.s.userByName(username)
	if err != nil {
		return 0, o.check("Grants", err)
	}
	o.s.id.mu.Lock()
	defer o.s.id.mu.Unlock()
	return len(o.s.id.liveGrants(u.id, "")), nil
}

// DropCursors forgets every query locator, as a cursor that died early.
func (o *Org) DropCursors() { o.s.cursors.drop() }

func (o *Org) userOrAll(username string) (sobject.ID, error) {
	if username == "" {
		return "", nil
	}
	u, err := o.s.userByName(username)
	return u.id, err
}

// SetPrivate sets an object's org-wide default: private records are seen by
// their owner, by users who see all data, and by those they are shared with.
func (o *Org) SetPrivate(object string, private bool) error {
	o.tb().Helper()
	return o.check("SetPrivate "+object, o.s.org.SetPrivate(object, private))
}

// Share shares a record of a private object with a user, or takes it back.
func (o *Org) Share(record sobject.ID, username string, visible bool) error {
	o.tb().Helper()
	u, err := o.s.userByName(username)
	if err == nil {
		err = o.s.org.Share(record, u.id, visible)
	}
	return o.check("Share", err)
}
