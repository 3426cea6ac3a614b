package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// AddRecordType adds a record type to an object: a RecordType row, the field
// RecordTypeId where the object has none yet, and an entry of the describe's
// recordTypeInfos. Records that are there have no record type.
func (o *Org) AddRecordType(object string, t RecordType) (id sobject.ID, err error) {
	if t.DeveloperName == "" {
		return "", fmt.Errorf("engine: AddRecordType: the record type %q has no DeveloperName", t.Name)
	}
	if t.Name == "" {
		t.Name = t.DeveloperName
	}
	err = o.Transact(Session{System: true}, func(tx *Tx) error {
		obj := o.object(object)
		if obj == nil {
			return fmt.Errorf("engine: AddRecordType: there is no object %s", object)
		}
		for name, values := range t.Picklists {
			f := obj.field(name)
			for _, v := range values {
				if f == nil || !f.allows(v) {
					return fmt.Errorf("engine: AddRecordType: %s.%s is no picklist with the value %q", object, name, v)
				}
			}
		}
		if t.Person && (obj.def.Name != "Account" || !obj.persons()) {
			return fmt.Errorf("engine: AddRecordType: %s has no record types for persons", object)
		}
		rec := sobject.NewRecord("RecordType", sobject.F("Name", sobject.TextValue(t.Name)), sobject.F("DeveloperName", sobject.TextValue(t.DeveloperName)),
			sobject.F("SobjectType", sobject.TextValue(obj.def.Name)), sobject.F("IsActive", sobject.BoolValue(!t.Inactive)))
		if t.Person {
			rec = rec.With(sobject.F("IsPersonType", sobject.BoolValue(true)))
		}
		out, err := tx.insert("RecordType", []sobject.Record{rec}, WriteOptions{})
		if err != nil {
			return fmt.Errorf("engine: AddRecordType: %w", err)
		}
		if err := refused(out[0]); err != nil {
			return fmt.Errorf("engine: AddRecordType: %w", err)
		}
		id = out[0].ID
		at := slices.IndexFunc(obj.def.RecordTypes, func(have RecordType) bool { return have.ID == id })
		obj.def.RecordTypes[at].Default, obj.def.RecordTypes[at].Picklists = t.Default, t.Picklists
		return nil
	})
	return id, err
}

// RecordTyped makes a written RecordType row count. It is RecordType's After
// hook.
func (c *Change) RecordTyped() []RowError {
	obj := c.tx.org.object(c.New.Text("SobjectType"))
	if obj == nil {
		return []RowError{{Code: "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", Message: "SObject Type Name: bad value for restricted picklist field: " + c.New.Text("SobjectType"), Fields: []string{"SobjectType"}}}
	}
	before := slices.Clone(obj.def.RecordTypes)
	at := slices.IndexFunc(obj.def.RecordTypes, func(t RecordType) bool { return t.ID == c.New.ID() })
	if at < 0 {
		at = len(obj.def.RecordTypes)
		obj.def.RecordTypes = append(before, RecordType{ID: c.New.ID()})
	} else {
		obj.def.RecordTypes = slices.Clone(before)
	}
	t := &obj.def.RecordTypes[at]
	t.Person = c.New.Bool("IsPersonType")
	t.Name, t.DeveloperName, t.Inactive = c.New.Text("Name"), c.New.Text("DeveloperName"), !c.New.Bool("IsActive")
	c.tx.undo = append(c.tx.undo, undo{act: func() { obj.def.RecordTypes = before }})
	c.tx.users = true // the schema changed
	if obj.field("RecordTypeId") != nil {
		return nil
	}
	f := Field{Name: "RecordTypeId", Label: "Record Type ID", Type: sobject.TypeReference, ReferenceTo: []string{"RecordType"}, RelationshipName: "RecordType",
		NotPermission: true}
	if err := obj.add(f); err != nil {
		return []RowError{{Code: "UNKNOWN_EXCEPTION", Message: err.Error(), Fields: []string{}}}
	}
	obj.def.Fields = append(obj.def.Fields, f)
	obj.bind()
	c.tx.org.relink()
	return nil
}

// recordType finds a record type of the object by id.
func (o *object) recordType(id string) *RecordType {
	for i := range o.def.RecordTypes {
		if string(o.def.RecordTypes[i].ID) == id {
			return &o.def.RecordTypes[i]
		}
	}
	return nil
}

// checkRecordType refuses a record type of another object or an inactive one,
// and values of restricted picklists that the record type does not have.
func (tx *Tx) checkRecordType(obj *object, v *version, changed func(*field) bool) *RowError {
	f := obj.field("RecordTypeId")
	if f == nil || v.cells[f.pos] == "" {
		return nil
	}
	t := obj.recordType(v.cells[f.pos])
	if changed(f) && (t == nil || t.Inactive) {
		return &RowError{Code: "INVALID_CROSS_REFERENCE_KEY", Message: "Record Type ID: this ID value isn't valid for the user: " + v.cells[f.pos], Fields: []string{f.Name}}
	}
	if t == nil {
		return nil
	}
	for name, values := range t.Picklists {
		p := obj.field(name)
		if p == nil || !p.Restricted || !changed(p) || v.cells[p.pos] == "" {
			continue
		}
		for _, one := range strings.Split(v.cells[p.pos], ";") {
			if !slices.ContainsFunc(values, func(s string) bool { return strings.EqualFold(s, one) }) {
				return badPick(p, one)
			}
		}
	}
	return nil
}
