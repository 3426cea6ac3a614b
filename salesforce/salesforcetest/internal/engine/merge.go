package engine

import (
	"github.com/orglink/orglink/salesforce/sobject"
)

// Merge merges up to two losers into a master: the losers' children move to
// the master, the losers are deleted with MasterRecordId set, and fields are
// written to the master (Object Reference, "Merge" of Account, Contact, Lead).
func (o *Org) Merge(s Session, object string, master sobject.ID, losers []sobject.ID, fields sobject.Record) (out Outcome, err error) {
	o.write(s, func(tx *Tx) { out, err = tx.merge(object, master, losers, fields) })
	return out, err
}

func (tx *Tx) merge(object string, master sobject.ID, losers []sobject.ID, fields sobject.Record) (Outcome, error) {
	obj, err := tx.target(object)
	if err != nil {
		return Outcome{}, err
	}
	if !obj.def.Mergeable {
		return fail(master, RowError{Code: "INVALID_TYPE_FOR_OPERATION", Message: "entity type cannot be merged: " + obj.def.Label, Fields: []string{}}), nil
	}
	if len(losers) == 0 || len(losers) > 2 {
		return fail(master, RowError{Code: "LIMIT_EXCEEDED", Message: "a merge takes one or two records besides the master record", Fields: []string{}}), nil
	}
	return tx.rows(1, WriteOptions{}, func(int) Outcome {
		win, e := tx.byID(obj, string(master))
		if e != nil {
			return fail(master, *e)
		}
		for _, id := range losers {
			lose, e := tx.byID(obj, string(id))
			if e != nil {
				return fail(id, *e)
			}
			if lose == win {
				return fail(id, RowError{Code: "INVALID_OPERATION", Message: "a record cannot be merged with itself", Fields: []string{}})
			}
			if e := tx.mayDelete(lose); e != nil {
				return fail(id, *e)
			}
			if e := tx.absorbPerson(win, lose); e != nil {
				return fail(id, *e)
			}
			tx.absorb(win, lose)
		}
		return tx.updateOne(obj, win, fields, WriteOptions{}, nil)
	})[0], nil
}

// absorb moves a loser's children to the winner and deletes the loser.
func (tx *Tx) absorb(win, lose *record) {
	obj := lose.obj
	for _, f := range obj.links {
		if f.index == nil {
			continue
		}
		for _, child := range clone(f.index.get(string(lose.id))) {
			if child.cur == nil || child.cur.deleted || child == win {
				continue
			}
			cv := tx.change(child)
			cv.cells[f.pos] = string(win.id)
			if child.obj.clashes(cv, tx.env) { // such as two members of one campaign
				_ = tx.trash(child, nil)
				continue
			}
			tx.touch(child.obj, cv)
			tx.put(child, cv)
		}
	}
	v := tx.change(lose)
	v.deleted = true
	v.cells[obj.deleted.pos] = "true"
	v.cells[obj.master.pos] = string(win.id)
	tx.touch(obj, v)
	obj.gone = append(obj.gone, goneEntry{lose.id, tx.sec, tx.show})
	tx.put(lose, v)
	lose.tomb = &tomb{}
}
