package engine

import (
	"fmt"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// assign puts the values of a request into the cells of a version.
func (tx *Tx) assign(obj *object, v *version, rec sobject.Record, set []bool, opt WriteOptions, key *field, update bool) []RowError {
	var errs []RowError
	var denied []string
	for name, val := range rec.Fields() {
		if strings.EqualFold(name, "attributes") {
			continue
		}
		f := obj.field(name)
		if val.Kind() == sobject.Nested && (f == nil || f.kind != kindCompound) {
			rel := obj.byRel[strings.ToLower(name)]
			if rel == nil || !tx.g.read(rel) {
				errs = append(errs, noColumn(obj, name))
				continue
			}
			id, e := tx.lookup(rel, val)
			if e != nil {
				errs = append(errs, *e)
				continue
			}
			if !tx.writable(rel, update) {
				denied = append(denied, rel.Name)
				continue
			}
			v.cells[rel.pos], set[rel.pos] = id, true
			continue
		}
		if f == nil || !tx.g.read(f) {
			errs = append(errs, noColumn(obj, name))
			continue
		}
		if f == obj.id {
			if !update && key == nil {
				errs = append(errs, RowError{Code: "INVALID_FIELD_FOR_INSERT_UPDATE", Message: "cannot specify Id in an insert call", Fields: []string{"Id"}})
			}
			continue
		}
		if !tx.writable(f, update) {
			if update && f == key {
				continue // the key of an upsert that found its record
			}
			denied = append(denied, f.Name)
			continue
		}
		s, e := f.convert(val, opt.Text)
		if e != nil {
			errs = append(errs, *e)
			continue
		}
		v.cells[f.pos], set[f.pos] = s, true
	}
	if denied != nil {
		errs = append(errs, RowError{Code: "INVALID_FIELD_FOR_INSERT_UPDATE", Message: fmt.Sprintf(
			"Unable to create/update fields: %s. Please check the security settings of this field and verify that it is read/write for your profile or permission set.",
			strings.Join(denied, ", ")), Fields: denied})
	}
	return errs
}

func noColumn(obj *object, name string) RowError {
	return RowError{Code: "INVALID_FIELD", Message: fmt.Sprintf("No such column '%s' on sobject of type %s", name, obj.def.Name), Fields: []string{}}
}

// writable reports whether the session may set a field.
func (tx *Tx) writable(f *field, update bool) bool {
	if f.pos < 0 {
		return false
	}
	if tx.s.System {
		return f != f.obj.id && f != f.obj.deleted && f != f.obj.stamp
	}
	if !update && f.system && tx.g.system("CreateAuditFields") && !tx.g.system("*") {
		switch f {
		case f.obj.created, f.obj.createdBy, f.obj.modified, f.obj.modifiedBy:
			return true
		}
	}
	if f.ReadOnly || f.system || update && f.CreateOnly || !update && f.UpdateOnly {
		return false
	}
	return tx.g.field(f).Edit
}

// lookup resolves {"Account": {"Ext__c": "42"}} to the parent's id.
func (tx *Tx) lookup(rel *field, val sobject.Value) (string, *RowError) {
	rec, _ := val.Record()
	name := rec.Object()
	if name == "" {
		if rel.polymorphic() {
			return "", &RowError{Code: "JSON_PARSER_ERROR", Message: "Nested object for polymorphic foreign key must have an attributes field before any other fields.", Fields: []string{}}
		}
		name = rel.ReferenceTo[0]
	}
	parent := tx.org.object(name)
	if parent == nil || !refersTo(rel, name) {
		return "", &RowError{Code: "INVALID_FIELD", Message: fmt.Sprintf("Cannot reference a foreign key field %s.", rel.RelationshipName), Fields: []string{}}
	}
	for n, v := range rec.Fields() {
		f := parent.field(n)
		if f == nil || !tx.g.read(f) {
			e := noColumn(parent, n)
			return "", &e
		}
		if f == parent.id {
			return f.convert(v, false)
		}
		if f.index == nil || !f.ExternalID && !f.IDLookup {
			return "", &RowError{Code: "INVALID_FIELD", Message: fmt.Sprintf("%s does not reference an external ID or idLookup field on %s", f.Name, parent.def.Name), Fields: []string{}}
		}
		s, e := f.convert(v, false)
		if e != nil {
			return "", e
		}
		found := tx.matches(f, s)
		switch len(found) {
		case 1:
			return string(found[0].id), nil
		case 0:
			return "", &RowError{Code: "INVALID_FIELD", Message: fmt.Sprintf("Foreign key external ID: %s not found for field %s in entity %s", strings.ToLower(s), f.Name, parent.def.Name), Fields: []string{}}
		default:
			return "", &RowError{Code: "INVALID_FIELD", Message: fmt.Sprintf("More than one record found for external id field: %s", ids(found)), Fields: []string{}}
		}
	}
	return "", &RowError{Code: "JSON_PARSER_ERROR", Message: "Nested object for a foreign key must name an external ID field.", Fields: []string{}}
}

// matches returns the undeleted records with a key value.
func (tx *Tx) matches(f *field, value string) []*record {
	var out []*record
	if value == "" {
		return nil
	}
	for _, r := range f.index.get(value) {
		if !r.cur.deleted && tx.visible(r) {
			out = append(out, r)
		}
	}
	return out
}

func ids(recs []*record) string {
	all := make([]string, len(recs))
	for i, r := range recs {
		all[i] = string(r.id)
	}
	return "[" + strings.Join(all, ", ") + "]"
}
