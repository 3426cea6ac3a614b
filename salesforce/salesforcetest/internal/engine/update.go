package engine

import (
	"fmt"

	"github.com/orglink/orglink/salesforce/sobject"
)

func (tx *Tx) update(object string, recs []sobject.Record, opt WriteOptions) ([]Outcome, error) {
	obj, err := tx.target(object)
	if err != nil {
		return nil, err
	}
	seen := make(map[sobject.ID]bool, len(recs))
	return tx.rows(len(recs), opt, func(i int) Outcome {
		r, e := tx.named(obj, recs[i])
		if e != nil {
			raw, _ := recs[i].Value("Id")
			return fail(sobject.ID(raw.Raw()), *e)
		}
		if seen[r.id] {
			return fail(r.id, RowError{Code: "DUPLICATE_VALUE", Message: "duplicate id in list: " + string(r.id), Fields: []string{}})
		}
		seen[r.id] = true
		return tx.updateOne(obj, r, recs[i], opt, nil)
	}), nil
}

// named finds the record that a write names by Id.
func (tx *Tx) named(obj *object, rec sobject.Record) (*record, *RowError) {
	val, ok := rec.Value("Id")
	if !ok || val.IsNull() || val.Raw() == "" {
		return nil, &RowError{Code: "MISSING_ARGUMENT", Message: "Id not specified in an update call", Fields: []string{}}
	}
	return tx.byID(obj, val.Raw())
}

// byID finds a record of an object that is there and visible.
func (tx *Tx) byID(obj *object, raw string) (*record, *RowError) {
	id, err := sobject.ParseID(raw)
	if err != nil {
		return nil, &RowError{Code: "MALFORMED_ID", Message: "malformed id " + raw, Fields: []string{"Id"}}
	}
	if obj != nil && id.Prefix() != obj.def.KeyPrefix {
		return nil, &RowError{Code: "MALFORMED_ID", Message: fmt.Sprintf("%s ID: id value of incorrect type: %s", obj.def.Label, raw), Fields: []string{"Id"}}
	}
	r := tx.org.find(string(id))
	if r != nil && !tx.visible(r) {
		refusal := HiddenWrites[tx.org.cfg.HiddenWrites]
		return nil, &refusal
	}
	if r == nil {
		return nil, &RowError{Code: "INVALID_CROSS_REFERENCE_KEY", Message: "invalid cross reference id", Fields: []string{}, Status: 404}
	}
	if r.cur.deleted {
		return nil, &RowError{Code: "ENTITY_IS_DELETED", Message: "entity is deleted", Fields: []string{}, Status: 404}
	}
	return r, nil
}

func (tx *Tx) updateOne(obj *object, r *record, rec sobject.Record, opt WriteOptions, key *field) Outcome {
	access := tx.g.object(obj)
	if obj.def.NoUpdate && !tx.s.System || !access.Edit {
		return fail(r.id, RowError{Code: "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", Message: "entity type cannot be updated: " + obj.def.Label, Fields: []string{}})
	}
	if obj.def.Private && !access.ModifyAll && obj.owner != nil && r.cur.cell(obj.owner) != string(tx.s.User) {
		return fail(r.id, RowError{Code: "INSUFFICIENT_ACCESS_OR_READONLY", Message: "insufficient access rights on object id", Fields: []string{}})
	}
	if errs := tx.convertedLead(obj, r); errs != nil {
		return fail(r.id, errs...)
	}
	v := tx.change(r)
	set := make([]bool, obj.slots)
	if errs := tx.assign(obj, v, rec, set, opt, key, true); errs != nil {
		return fail(r.id, errs...)
	}
	obj.runAssignment(v, opt)
	for _, f := range obj.fields {
		if f.pos < 0 || !set[f.pos] || v.cells[f.pos] != "" {
			continue
		}
		switch {
		case f.kind == kindBool:
			v.cells[f.pos] = "false"
		case f == obj.owner:
			set[f.pos] = false
			v.cells[f.pos] = r.cur.cell(f)
		case f.NotNillable && f.Default != "":
			v.cells[f.pos] = f.Default
		}
	}
	tx.touch(obj, v)
	if tx.s.System { // seeds may set the audit fields themselves
		for _, f := range []*field{obj.modified, obj.modifiedBy} {
			if f != nil && set[f.pos] {
				if val, ok := rec.Value(f.Name); ok {
					v.cells[f.pos], _ = f.convert(val, opt.Text)
				}
			}
		}
	}
	d := &Draft{Row: Row{obj, v, tx.env}, Old: Row{obj, r.cur, tx.env}, Update: true}
	if errs := tx.finish(obj, d, func(f *field) bool { return f.pos >= 0 && set[f.pos] }); errs != nil {
		return fail(r.id, errs...)
	}
	if errs := tx.duplicates(obj, d, opt); errs != nil {
		return fail(r.id, errs...)
	}
	if e := tx.lockedRow(obj, v, func(f *field) bool { return set[f.pos] }); e != nil {
		return fail(r.id, *e)
	}
	old := r.cur
	tx.put(r, v)
	if errs := tx.after(OpUpdate, r, old); errs != nil {
		return fail(r.id, errs...)
	}
	return Outcome{ID: r.id, Success: true}
}

func (tx *Tx) upsert(object, keyField string, recs []sobject.Record, opt WriteOptions) ([]Outcome, error) {
	obj, err := tx.target(object)
	if err != nil {
		return nil, err
	}
	key, err := tx.key(obj, keyField)
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool, len(recs))
	return tx.rows(len(recs), opt, func(i int) Outcome { return tx.upsertOne(obj, key, recs[i], opt, seen) }), nil
}

// key finds a field that records may be named by.
func (tx *Tx) key(obj *object, name string) (*field, error) {
	f := obj.field(name)
	if f == nil || !tx.g.read(f) || f != obj.id && (f.index == nil || !f.ExternalID && !f.IDLookup) {
		return nil, &Error{Status: 404, Code: "NOT_FOUND", Message: "Provided external ID field does not exist or is not accessible: " + name}
	}
	return f, nil
}

func (tx *Tx) upsertOne(obj *object, key *field, rec sobject.Record, opt WriteOptions, seen map[string]bool) Outcome {
	val, _ := rec.Value(key.Name)
	if key == obj.id {
		if val.IsNull() || val.Raw() == "" {
			return tx.insertOne(obj, rec, opt, key)
		}
		r, e := tx.byID(obj, val.Raw())
		if e != nil {
			return fail(sobject.ID(val.Raw()), *e)
		}
		if seen[string(r.id)] {
			return fail(r.id, RowError{Code: "DUPLICATE_VALUE", Message: "duplicate id in list: " + string(r.id), Fields: []string{}})
		}
		seen[string(r.id)] = true
		return tx.updateOne(obj, r, rec, opt, key)
	}
	s, e := key.convert(val, opt.Text)
	if e != nil {
		return fail("", *e)
	}
	if s == "" {
		return fail("", RowError{Code: "MISSING_ARGUMENT", Message: key.Name + " not specified", Fields: []string{}})
	}
	if k := key.index.key(s); seen[k] {
		return fail("", RowError{Code: "DUPLICATE_EXTERNAL_ID", Message: "Duplicate external id specified: " + s, Fields: []string{key.Name}})
	} else {
		seen[k] = true
	}
	found := tx.matches(key, s)
	switch {
	case len(found) > 1:
		e := RowError{Code: "DUPLICATE_EXTERNAL_ID", Message: fmt.Sprintf("%s: more than one record found for external id field: %s", key.Name, ids(found)),
			Fields: []string{key.Name}, Status: 300}
		for _, r := range found {
			e.Matches = append(e.Matches, r.id)
		}
		return fail("", e)
	case len(found) == 1:
		return tx.updateOne(obj, found[0], rec, opt, key)
	case opt.UpdateOnly:
		return fail("", RowError{Code: "NOT_FOUND", Message: "The requested resource does not exist", Fields: []string{}, Status: 404})
	default:
		return tx.insertOne(obj, rec, opt, key)
	}
}
