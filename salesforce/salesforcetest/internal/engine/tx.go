package engine

import (
	"slices"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// Tx is one transaction: everything in it carries the same SystemModstamp and
// is undone together. It is only valid inside Transact.
type Tx struct {
	org     *Org
	s       Session
	g       *grants
	stamp   string // SystemModstamp of everything that this transaction writes
	sec     int64
	show    int64 // version.visible of what it writes
	undo    []undo
	users   bool       // a user, an assignment or a profile was touched
	free    [][]string // cells for the next drafts
	depth   int        // of triggers that run each other
	loading bool       // Load: no triggers
	env     env
}

type undo struct {
	act  func() // undoes what is no record; the others are then nil
	rec  *record
	old  *version
	tomb *tomb
}

// begin starts a transaction; the caller holds the write lock.
func (o *Org) begin(s Session) *Tx {
	now := o.clock()
	tx := &Tx{org: o, s: s, g: o.grants(s), sec: now.Unix(), stamp: formatStamp(now.Truncate(time.Second)), env: env{now: seeAll, loc: time.UTC}}
	if o.cfg.VisibilityDelay > 0 {
		tx.show = now.Add(o.cfg.VisibilityDelay).UnixNano()
	}
	return tx
}

// Transact runs several calls as one transaction with one SystemModstamp, as
// composite requests with allOrNone, trees and graphs need it. An error from f
// undoes all of it and is returned. Inside f only tx may be used, or the org
// is locked for ever.
func (o *Org) Transact(s Session, f func(tx *Tx) error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	tx := o.begin(s)
	finished := false
	defer func() {
		if !finished { // f panicked
			tx.rollback(0)
		}
	}()
	if err := f(tx); err != nil {
		tx.rollback(0)
		finished = true
		return err
	}
	tx.commit()
	finished = true
	return nil
}

// put stores a new version of a record; nil removes the record for good.
func (tx *Tx) put(r *record, v *version) {
	old := r.cur
	tx.undo = append(tx.undo, undo{rec: r, old: old, tomb: r.tomb})
	obj := r.obj
	if v != nil {
		v.rec, v.stamp, v.visible = r, tx.sec, tx.show
		if obj.stamp != nil { // the log's order is the field's order
			v.cells[obj.stamp.pos] = tx.stamp
		}
		if tx.show > 0 {
			v.prev = old
			obj.pending = append(obj.pending, r)
		}
		tx.pack(obj, v)
	}
	obj.swap(r, old, v)
	if v != nil {
		obj.log.add(v)
	}
	if old != nil {
		obj.log.stale++
	}
	switch obj.def.Name {
	case "User", "Profile", "PermissionSet", "PermissionSetAssignment", "ObjectPermissions", "FieldPermissions":
		tx.users = true
	}
}

// swap makes v the newest version and keeps indexes and counts right.
func (o *object) swap(r *record, old, v *version) {
	r.cur = v
	for _, f := range o.fields {
		if f.index == nil {
			continue
		}
		var a, b string
		if old != nil {
			a = old.cell(f)
		}
		if v != nil {
			b = v.cell(f)
		}
		if a != b {
			f.index.moved(r, a, b)
		}
	}
	if old != nil && !old.deleted {
		o.live--
	}
	if v != nil && !v.deleted {
		o.live++
	}
	if v == nil {
		o.recs[r.seq-1] = nil
	} else if old == nil {
		o.recs[r.seq-1] = r
	}
}

// rollback undoes everything after a mark.
func (tx *Tx) rollback(mark int) {
	for i := len(tx.undo) - 1; i >= mark; i-- {
		u := tx.undo[i]
		if u.act != nil {
			u.act()
			continue
		}
		if u.rec.cur != nil {
			u.rec.obj.log.stale++
		}
		if u.old != nil {
			u.rec.obj.log.stale--
		}
		u.rec.obj.swap(u.rec, u.rec.cur, u.old)
		u.rec.tomb = u.tomb
	}
	tx.undo = tx.undo[:mark]
}

func (tx *Tx) commit() {
	seen := map[*object]bool{}
	now := tx.org.clock().UnixNano()
	for _, u := range tx.undo {
		if u.act != nil {
			continue
		}
		obj := u.rec.obj
		if seen[obj] {
			continue
		}
		seen[obj] = true
		obj.log.trim()
		obj.pending = slices.DeleteFunc(obj.pending, func(r *record) bool {
			if r.cur == nil || r.cur.visible <= now {
				if r.cur != nil {
					r.cur.prev = nil
				}
				return true
			}
			return false
		})
	}
	if tx.users {
		tx.org.touchSchema()
	}
	tx.undo = nil
}

// create gives a new record its id and stores it.
func (tx *Tx) create(obj *object, v *version) *record {
	r := v.rec
	obj.recs = append(obj.recs, nil)
	r.seq = len(obj.recs)
	r.id = makeID(obj.def.KeyPrefix, tx.org.cfg.Infix, r.seq)
	if !obj.def.NoID {
		v.cells[obj.id.pos] = string(r.id)
	}
	tx.put(r, v)
	return r
}

// change returns a copy of a record's newest version to be edited and put.
func (tx *Tx) change(r *record) *version {
	cells := tx.draft(r.obj)
	r.cur.unpack(cells)
	return &version{rec: r, cells: cells, deleted: r.cur.deleted}
}

// touch stamps a version as modified by this transaction.
func (tx *Tx) touch(obj *object, v *version) {
	if obj.stamp != nil {
		v.cells[obj.stamp.pos] = tx.stamp
	}
	if obj.modified != nil {
		v.cells[obj.modified.pos] = tx.stamp
		v.cells[obj.modifiedBy.pos] = string(tx.s.User)
	}
}

// Insert is Org.Insert inside the transaction.
func (tx *Tx) Insert(object string, recs []sobject.Record, opt WriteOptions) ([]Outcome, error) {
	return tx.insert(object, recs, opt)
}

// Update is Org.Update inside the transaction.
func (tx *Tx) Update(object string, recs []sobject.Record, opt WriteOptions) ([]Outcome, error) {
	return tx.update(object, recs, opt)
}

// Upsert is Org.Upsert inside the transaction.
func (tx *Tx) Upsert(object, keyField string, recs []sobject.Record, opt WriteOptions) ([]Outcome, error) {
	return tx.upsert(object, keyField, recs, opt)
}

// Delete is Org.Delete inside the transaction.
func (tx *Tx) Delete(ids []sobject.ID, opt WriteOptions) []Outcome {
	return tx.each(ids, opt, tx.deleteOne)
}

// Undelete is Org.Undelete inside the transaction.
func (tx *Tx) Undelete(ids []sobject.ID, opt WriteOptions) []Outcome {
	return tx.each(ids, opt, tx.undeleteOne)
}

// Merge is Org.Merge inside the transaction.
func (tx *Tx) Merge(object string, master sobject.ID, losers []sobject.ID, fields sobject.Record) (Outcome, error) {
	return tx.merge(object, master, losers, fields)
}

// Get is Org.Get inside the transaction, and sees what it wrote.
func (tx *Tx) Get(object string, id sobject.ID, fields []string) (*Result, error) {
	return tx.org.get(tx.s, tx.env, object, id, fields)
}

// Query is Org.Query inside the transaction, and sees what it wrote. The
// result must be read inside it.
func (tx *Tx) Query(q *soql.Query, opt QueryOptions) (*Result, error) {
	for _, name := range mentionsGrants(q, opt.Text) {
		tx.org.showGrantsLocked(name)
	}
	return tx.org.query(tx.s, tx.env, q, opt)
}

// Find returns the undeleted records of an object that point to another one by
// a reference field.
func (tx *Tx) Find(object, field string, to sobject.ID) ([]sobject.ID, error) {
	obj := tx.org.object(object)
	if obj == nil || obj.field(field) == nil || obj.field(field).index == nil {
		return nil, notFound()
	}
	var out []sobject.ID
	for _, r := range tx.matches(obj.field(field), string(to)) {
		out = append(out, r.id)
	}
	return out, nil
}
