package engine

import (
	"fmt"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Insert creates records of one object. The error is a failure of the whole
// request (an *Error); what happened to each record is in its Outcome.
func (o *Org) Insert(s Session, object string, recs []sobject.Record, opt WriteOptions) (out []Outcome, err error) {
	o.write(s, func(tx *Tx) { out, err = tx.insert(object, recs, opt) })
	return out, err
}

// Update changes records, which carry their Id. Fields that are absent stay.
func (o *Org) Update(s Session, object string, recs []sobject.Record, opt WriteOptions) (out []Outcome, err error) {
	o.write(s, func(tx *Tx) { out, err = tx.update(object, recs, opt) })
	return out, err
}

// Upsert updates the records that have the given value of an external id or
// id-lookup field (or Id), and creates the others.
func (o *Org) Upsert(s Session, object, keyField string, recs []sobject.Record, opt WriteOptions) (out []Outcome, err error) {
	o.write(s, func(tx *Tx) { out, err = tx.upsert(object, keyField, recs, opt) })
	return out, err
}

func (o *Org) write(s Session, f func(tx *Tx)) {
	_ = o.Transact(s, func(tx *Tx) error { f(tx); return nil })
}

// target finds the object of a write.
func (tx *Tx) target(name string) (*object, error) {
	obj := tx.org.object(name)
	if obj == nil || !tx.g.object(obj).Read {
		return nil, notFound()
	}
	return obj, nil
}

// rows runs one function per record and applies AllOrNone.
func (tx *Tx) rows(n int, opt WriteOptions, one func(i int) Outcome) []Outcome {
	out := make([]Outcome, n)
	start, failed := len(tx.undo), false
	for i := range out {
		mark := len(tx.undo)
		out[i] = one(i)
		if len(out[i].Errors) > 0 {
			failed = true
			out[i].Success, out[i].Created = false, false
			tx.rollback(mark)
		}
	}
	if failed && opt.AllOrNone {
		tx.rollback(start)
		for i := range out {
			if len(out[i].Errors) == 0 {
				out[i] = Outcome{ID: out[i].ID, Errors: []RowError{{Code: "ALL_OR_NONE_OPERATION_ROLLED_BACK",
					Message: "Record rolled back because not all records were valid and the request was using AllOrNone header", Fields: []string{}}}}
			}
		}
	}
	return out
}

func fail(id sobject.ID, errs ...RowError) Outcome { return Outcome{ID: id, Errors: errs} }

func (tx *Tx) insert(object string, recs []sobject.Record, opt WriteOptions) ([]Outcome, error) {
	obj, err := tx.target(object)
	if err != nil {
		return nil, err
	}
	return tx.rows(len(recs), opt, func(i int) Outcome { return tx.insertOne(obj, recs[i], opt, nil) }), nil
}

// insertOne creates one record; key is the field of an upsert.
func (tx *Tx) insertOne(obj *object, rec sobject.Record, opt WriteOptions, key *field) Outcome {
	if obj.def.NoCreate && !tx.s.System || !tx.g.object(obj).Create {
		return fail("", RowError{Code: "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", Message: "entity type cannot be inserted: " + obj.def.Label, Fields: []string{}})
	}
	v := &version{rec: &record{obj: obj}, cells: make([]string, obj.slots)}
	set := make([]bool, obj.slots)
	if errs := tx.assign(obj, v, rec, set, opt, key, false); errs != nil {
		return fail("", errs...)
	}
	tx.fillIn(obj, v, set)
	d := &Draft{Row: Row{obj, v, tx.env}}
	if errs := tx.finish(obj, d, func(*field) bool { return true }); errs != nil {
		return fail("", errs...)
	}
	r := tx.create(obj, v)
	return Outcome{ID: r.id, Success: true, Created: true}
}

// finish runs the before-save hook and the checks.
func (tx *Tx) finish(obj *object, d *Draft, changed func(*field) bool) []RowError {
	if obj.def.Before != nil {
		if errs := obj.def.Before(d); len(errs) > 0 {
			return errs
		}
	}
	return tx.validate(obj, d, changed)
}

// fillIn sets the defaults and system fields of a new record.
func (tx *Tx) fillIn(obj *object, v *version, set []bool) {
	for _, f := range obj.fields {
		if f.pos < 0 || set[f.pos] && (v.cells[f.pos] != "" || !f.NotNillable) {
			continue
		}
		switch {
		case f.AutoNumber != "":
			obj.counter[f]++
			v.cells[f.pos] = autoNumber(f.AutoNumber, obj.counter[f])
		case f.Default != "":
			v.cells[f.pos] = f.Default
		case f.kind == kindBool:
			v.cells[f.pos] = "false"
		case f.Type == sobject.TypePicklist && !set[f.pos]:
			for _, p := range f.Picklist {
				if p.DefaultValue {
					v.cells[f.pos] = p.Value
				}
			}
		}
	}
	user := string(tx.s.User)
	if f := obj.owner; f != nil && v.cells[f.pos] == "" {
		v.cells[f.pos] = user
	}
	for _, f := range []*field{obj.created, obj.modified} {
		if f != nil && v.cells[f.pos] == "" {
			v.cells[f.pos] = tx.stamp
		}
	}
	for _, f := range []*field{obj.createdBy, obj.modifiedBy} {
		if f != nil && v.cells[f.pos] == "" {
			v.cells[f.pos] = user
		}
	}
	if obj.stamp != nil {
		v.cells[obj.stamp.pos] = tx.stamp
	}
}

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
