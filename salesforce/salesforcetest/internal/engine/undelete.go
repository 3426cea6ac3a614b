package engine

import (
	"github.com/orglink/orglink/salesforce/sobject"
)

// Undelete takes records out of the recycle bin, with what was deleted with
// them.
func (o *Org) Undelete(s Session, ids []sobject.ID, opt WriteOptions) (out []Outcome, err error) {
	o.write(s, func(tx *Tx) { out = tx.each(ids, opt, tx.undeleteOne) })
	return out, nil
}

func (tx *Tx) undeleteOne(id sobject.ID) Outcome {
	r := tx.org.find(string(canonical(id)))
	if r == nil || !tx.visible(r) {
		return fail(id, RowError{Code: "INVALID_CROSS_REFERENCE_KEY", Message: "invalid cross reference id", Fields: []string{}, Status: 404})
	}
	if !r.cur.deleted || r.obj.def.NoUndelete {
		return fail(r.id, RowError{Code: "UNDELETE_FAILED", Message: "Entity is not in the recycle bin", Fields: []string{}})
	}
	if e := tx.mayDelete(r); e != nil {
		return fail(r.id, *e)
	}
	var lost []link
	if e := tx.revive(r, &lost); e != nil {
		return fail(r.id, *e)
	}
	for _, l := range lost { // once all are back that were deleted together
		if l.rec.cur != nil && !l.rec.cur.deleted && l.rec.cur.cell(l.f) == "" {
			v := tx.change(l.rec)
			v.cells[l.f.pos] = string(l.to)
			tx.put(l.rec, v)
		}
	}
	return Outcome{ID: r.id, Success: true}
}

// link is a reference that a deletion cleared.
type link struct {
	cleared
	to sobject.ID
}

// revive restores a deleted record and the children deleted with it, and
// collects the references that their deletion cleared.
func (tx *Tx) revive(r *record, lost *[]link) *RowError {
	v := tx.change(r)
	v.deleted = false
	if r.obj.deleted != nil {
		v.cells[r.obj.deleted.pos] = "false"
	}
	if r.obj.master != nil {
		v.cells[r.obj.master.pos] = ""
	}
	if errs := tx.checkUnique(r.obj, v); errs != nil {
		return &errs[0]
	}
	for _, f := range r.obj.fields {
		if f.MasterDetail {
			if p := tx.org.find(v.cell(f)); p == nil || p.cur.deleted {
				return &RowError{Code: "UNDELETE_FAILED", Message: "Parent record is deleted: " + v.cell(f), Fields: []string{}}
			}
		}
	}
	tx.touch(r.obj, v)
	t := r.tomb
	tx.put(r, v)
	r.tomb = nil
	if t == nil {
		t = &tomb{}
	}
	for _, c := range t.children {
		if c.cur != nil && c.cur.deleted {
			if e := tx.revive(c, lost); e != nil {
				return e
			}
		}
	}
	for _, c := range t.cleared {
		*lost = append(*lost, link{c, r.id})
	}
	if errs := tx.after(OpUndelete, r, nil); errs != nil {
		return &errs[0]
	}
	return nil
}
