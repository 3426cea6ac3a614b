package engine

import (
	"github.com/orglink/orglink/salesforce/sobject"
)

// Insert creates records of one object. The error is a failure of the whole
// request (an *Error); what happened to each record is in its Outcome.
func (o *Org) Insert(s Session, object string, recs []sobject.Record, opt WriteOptions) (out []Outcome, err error) {
	o.showGrants(object)
	o.write(s, func(tx *Tx) { out, err = tx.insert(object, recs, opt) })
	return out, err
}

// Update changes records, which carry their Id. Fields that are absent stay.
func (o *Org) Update(s Session, object string, recs []sobject.Record, opt WriteOptions) (out []Outcome, err error) {
	o.showGrants(object)
	o.write(s, func(tx *Tx) { out, err = tx.update(object, recs, opt) })
	return out, err
}

// Upsert updates the records that have the given value of an external id or
// id-lookup field (or Id), and creates the others.
func (o *Org) Upsert(s Session, object, keyField string, recs []sobject.Record, opt WriteOptions) (out []Outcome, err error) {
	o.showGrants(object)
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
	v := &version{rec: &record{obj: obj}, cells: tx.draft(obj)}
	set := make([]bool, obj.slots)
	if errs := tx.assign(obj, v, rec, set, opt, key, false); errs != nil {
		return fail("", errs...)
	}
	tx.fillIn(obj, v, set)
	obj.runAssignment(v, opt)
	d := &Draft{Row: Row{obj, v, tx.env}}
	if errs := tx.finish(obj, d, func(*field) bool { return true }); errs != nil {
		return fail("", errs...)
	}
	if errs := tx.duplicates(obj, d, opt); errs != nil {
		return fail("", errs...)
	}
	if tx.org.full && !tx.s.System {
		return fail("", RowError{Code: "STORAGE_LIMIT_EXCEEDED", Message: "storage limit exceeded", Fields: []string{}})
	}
	if e := tx.lockedRow(obj, v, func(*field) bool { return true }); e != nil {
		return fail("", *e)
	}
	r := tx.create(obj, v)
	if errs := tx.after(OpInsert, r, nil); errs != nil {
		return fail("", errs...)
	}
	return Outcome{ID: r.id, Success: true, Created: true}
}

// finish runs the before-save hook and the checks.
func (tx *Tx) finish(obj *object, d *Draft, changed func(*field) bool) []RowError {
	d.user = tx.s.User
	if errs := tx.personBefore(obj, d); errs != nil {
		return errs
	}
	if obj.def.Before != nil {
		if errs := obj.def.Before(d); len(errs) > 0 {
			return errs
		}
	}
	if errs := tx.before(obj, d); errs != nil {
		return errs
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
	if f := obj.field("RecordTypeId"); f != nil && !set[f.pos] {
		person := false // an account with a last name is a person
		if obj.persons() {
			person = obj.def.Name == "Account" && v.cells[obj.field("LastName").pos] != ""
		}
		for _, t := range obj.def.RecordTypes {
			first := v.cells[f.pos] == "" && person
			if t.Person == person && !t.Inactive && (t.Default || first) && (person || !tx.loading) {
				v.cells[f.pos] = string(t.ID)
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
