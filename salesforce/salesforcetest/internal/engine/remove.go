package engine

import (
	"fmt"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Delete moves records of any objects to the recycle bin, with the children
// that cascade.
func (o *Org) Delete(s Session, ids []sobject.ID, opt WriteOptions) (out []Outcome, err error) {
	o.write(s, func(tx *Tx) { out = tx.each(ids, opt, tx.deleteOne) })
	return out, nil
}

// HardDelete removes records for good, whether they are in the recycle bin or
// not. It needs the system permission BulkApiHardDelete.
func (o *Org) HardDelete(s Session, ids []sobject.ID, opt WriteOptions) (out []Outcome, err error) {
	o.write(s, func(tx *Tx) {
		if !tx.g.system("BulkApiHardDelete") {
			err = &Error{Status: 400, Code: "FEATURENOTENABLED", Message: "hardDelete operation requires special user profile permission, please contact your system administrator"}
			return
		}
		out = tx.each(ids, opt, tx.hardDeleteOne)
	})
	return out, err
}

func (tx *Tx) each(ids []sobject.ID, opt WriteOptions, one func(sobject.ID) Outcome) []Outcome {
	return tx.rows(len(ids), opt, func(i int) Outcome { return one(ids[i]) })
}

func (tx *Tx) deleteOne(id sobject.ID) Outcome {
	r, e := tx.byID(nil, string(id))
	if e != nil {
		if e.Code == "MALFORMED_ID" {
			e.Status = 404
		}
		return fail(id, *e)
	}
	if e := tx.mayDelete(r); e != nil {
		return fail(r.id, *e)
	}
	if e := tx.org.locks.blockedBy(string(r.id)); e != nil {
		return fail(r.id, *e)
	}
	if e := tx.trash(r, nil); e != nil {
		return fail(r.id, *e)
	}
	return Outcome{ID: r.id, Success: true}
}

func (tx *Tx) mayDelete(r *record) *RowError {
	access := tx.g.object(r.obj)
	if r.obj.def.NoDelete && !tx.s.System {
		return &RowError{Code: "INVALID_TYPE_FOR_OPERATION", Message: "entity type cannot be deleted: " + r.obj.def.Label, Fields: []string{}}
	}
	if r.isPerson() && r.obj.def.Name == "Contact" {
		return &RowError{Code: "INSUFFICIENT_ACCESS_OR_READONLY", Message: "a person account's contact cannot be deleted; delete the account", Fields: []string{}}
	}
	mine := !r.obj.def.Private || access.ModifyAll || r.obj.owner == nil || r.cur.cell(r.obj.owner) == string(tx.s.User)
	if !access.Delete || !mine {
		return &RowError{Code: "INSUFFICIENT_ACCESS_OR_READONLY", Message: "insufficient access rights on object id", Fields: []string{}}
	}
	return nil
}

// trash deletes a record and what depends on it. with is the tomb of the
// record whose deletion caused this one.
func (tx *Tx) trash(r *record, with *tomb) *RowError {
	if with != nil {
		with.children = append(with.children, r)
	}
	was := r.cur
	r.obj.gone = append(r.obj.gone, goneEntry{r.id, tx.sec, tx.show})
	t := &tomb{}
	if r.obj.def.NoTrash {
		tx.put(r, nil)
	} else { // marked before its children, so that a cycle ends
		v := tx.change(r)
		v.deleted = true
		if r.obj.deleted != nil {
			v.cells[r.obj.deleted.pos] = "true"
		}
		tx.touch(r.obj, v)
		tx.put(r, v)
		r.tomb = t
	}
	for _, f := range r.obj.links {
		if f.index == nil || f.KeepOnDelete {
			continue
		}
		for _, child := range clone(f.index.get(string(r.id))) {
			if child.cur == nil || child.cur.deleted || child == r {
				continue
			}
			restricted := f.RestrictedDelete && (f.RestrictIf == nil && !f.CascadeDelete ||
				f.RestrictIf != nil && f.RestrictIf(Row{child.obj, child.cur, tx.env}))
			switch {
			case restricted:
				return tx.blocked(was, f)
			case f.CascadeDelete:
				if e := tx.trash(child, t); e != nil {
					return e
				}
			default:
				cv := tx.change(child)
				cv.cells[f.pos] = ""
				tx.put(child, cv)
				t.cleared = append(t.cleared, cleared{child, f})
			}
		}
	}
	if errs := tx.after(OpDelete, r, was); errs != nil {
		return &errs[0]
	}
	return nil
}

// blocked words the refusal to delete a record that others need.
func (tx *Tx) blocked(was *version, f *field) *RowError {
	r := was.rec
	var names []string
	for _, c := range f.index.get(string(r.id)) {
		if c.cur.deleted || f.RestrictIf != nil && !f.RestrictIf(Row{c.obj, c.cur, tx.env}) {
			continue
		}
		n := string(c.id)
		if c.obj.name != nil {
			n = tx.env.read(c.cur, c.obj.name)
		}
		if names = append(names, n); len(names) == 5 {
			break
		}
	}
	what := string(r.id)
	if r.obj.name != nil {
		what = tx.env.read(was, r.obj.name)
	}
	return &RowError{Code: "DELETE_FAILED", Message: fmt.Sprintf(
		"Your attempt to delete %s could not be completed because it is associated with the following %s.: %s",
		what, strings.ToLower(f.obj.def.LabelPlural), strings.Join(names, ", ")), Fields: []string{}}
}

func clone(recs []*record) []*record { return append([]*record(nil), recs...) }

func (tx *Tx) hardDeleteOne(id sobject.ID) Outcome {
	r := tx.org.find(string(canonical(id)))
	if r == nil || !tx.visible(r) {
		return fail(id, RowError{Code: "INVALID_CROSS_REFERENCE_KEY", Message: "invalid cross reference id", Fields: []string{}, Status: 404})
	}
	if e := tx.mayDelete(r); e != nil {
		return fail(r.id, *e)
	}
	if !r.cur.deleted {
		if e := tx.trash(r, nil); e != nil {
			return fail(r.id, *e)
		}
	}
	tx.purge(r)
	return Outcome{ID: r.id, Success: true}
}

// purge removes a deleted record and what was deleted with it.
func (tx *Tx) purge(r *record) {
	if r.cur == nil {
		return
	}
	t := r.tomb
	tx.put(r, nil)
	if t == nil {
		return
	}
	for _, c := range t.children {
		if c.cur != nil && c.cur.deleted {
			tx.purge(c)
		}
	}
}

func canonical(id sobject.ID) sobject.ID {
	out, err := sobject.ParseID(string(id))
	if err != nil {
		return id
	}
	return out
}
