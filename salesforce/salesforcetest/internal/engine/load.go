package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// maxLoadSeq bounds how many numbers an explicit Id may skip, because records
// are stored by number.
const maxLoadSeq = 1 << 20

// Load stores records of one object as if they had been there for a while:
// unlike Insert it takes SystemModstamp, IsDeleted (with MasterRecordId where
// the record was merged) and Id, and its rows are visible at once. One refused
// record refuses all of them.
func (o *Org) Load(object string, recs []sobject.Record) ([]sobject.ID, error) {
	ids := make([]sobject.ID, len(recs))
	err := o.Transact(Session{System: true}, func(tx *Tx) error {
		obj := o.object(object)
		if obj == nil {
			return fmt.Errorf("engine: load: there is no object %s", object)
		}
		tx.show, tx.loading = 0, true
		var gone []goneEntry
		for i, rec := range recs {
			id, err := tx.load(obj, rec)
			if err != nil {
				return fmt.Errorf("engine: load: %s, record %d: %w", obj.def.Name, i+1, err)
			}
			ids[i] = id
			if r := o.find(string(id)); r != nil && r.cur.deleted {
				r.tomb = &tomb{}
				gone = append(gone, goneEntry{id: id, sec: r.cur.stamp})
			}
		}
		obj.gone = append(obj.gone, gone...)
		tx.sortLogs(obj)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// sortLogs puts what was loaded at its place in time.
func (tx *Tx) sortLogs(loaded *object) {
	sorted := map[*object]bool{}
	for _, u := range append([]undo{{rec: &record{obj: loaded}}}, tx.undo...) {
		if u.act != nil {
			continue
		}
		if obj := u.rec.obj; !sorted[obj] {
			sorted[obj] = true
			byStamp := func(a, b *version) int { return cmp.Compare(a.stamp, b.stamp) }
			if !slices.IsSortedFunc(obj.log.entries, byStamp) {
				slices.SortStableFunc(obj.log.entries, byStamp)
			}
		}
	}
}

// NextID returns the id that an object's next record gets, for records that
// must name each other before they are there, as the first user does who
// created himself.
func (o *Org) NextID(object string) sobject.ID {
	o.mu.RLock()
	defer o.mu.RUnlock()
	obj := o.object(object)
	if obj == nil {
		return ""
	}
	return makeID(obj.def.KeyPrefix, o.cfg.Infix, len(obj.recs)+1)
}

func (tx *Tx) load(obj *object, rec sobject.Record) (sobject.ID, error) {
	v := &version{rec: &record{obj: obj}, cells: tx.draft(obj)}
	set := make([]bool, obj.slots)
	explicit, stamp := sobject.ID(""), ""
	for name, val := range rec.Fields() {
		f := obj.field(name)
		if f == nil || f.pos < 0 {
			return "", fmt.Errorf("there is no field %s that can be set", name)
		}
		text, e := f.convert(val, false)
		if e != nil {
			return "", fmt.Errorf("%s: %s", e.Code, e.Message)
		}
		switch f {
		case obj.id:
			explicit = sobject.ID(text)
			continue
		case obj.stamp:
			stamp = text
		case obj.deleted:
			v.deleted = text == "true"
		}
		v.cells[f.pos], set[f.pos] = text, true
	}
	tx.fillIn(obj, v, set)
	d := &Draft{Row: Row{obj, v, tx.env}}
	// Who wrote a row may be loaded later than the row.
	if errs := tx.finish(obj, d, func(f *field) bool { return f != obj.createdBy && f != obj.modifiedBy }); errs != nil {
		return "", fmt.Errorf("%s: %s", errs[0].Code, errs[0].Message)
	}
	if explicit != "" {
		if err := tx.createAt(obj, v, explicit, stamp); err != nil {
			return "", err
		}
		return explicit, tx.loaded(v.rec)
	}
	r := tx.create(obj, v)
	setStamp(obj, v, stamp)
	return r.id, tx.loaded(r)
}

// loaded runs what follows a stored record.
func (tx *Tx) loaded(r *record) error {
	if r.cur.deleted {
		return nil
	}
	if errs := tx.after(OpInsert, r, nil); errs != nil {
		return fmt.Errorf("%s: %s", errs[0].Code, errs[0].Message)
	}
	return nil
}

// createAt stores a record under a given id: at the place that the id tells,
// or, where that is too far away, at the next one, to be found by its id.
func (tx *Tx) createAt(obj *object, v *version, id sobject.ID, stamp string) error {
	seq := seqOf(string(id))
	far := seq > maxLoadSeq || !strings.HasPrefix(string(id), obj.def.KeyPrefix+tx.org.cfg.Infix)
	if far {
		seq = len(obj.recs) + 1
	}
	if !strings.HasPrefix(string(id), obj.def.KeyPrefix) || seq <= len(obj.recs) || obj.far[string(id)] != nil {
		return fmt.Errorf("id %s is taken, or not one of the object's", id)
	}
	obj.recs = append(obj.recs, make([]*record, seq-len(obj.recs))...)
	v.rec.seq, v.rec.id = seq, id
	v.cells[obj.id.pos] = string(id)
	if far {
		if obj.far == nil {
			obj.far = map[string]*record{}
		}
		obj.far[string(id)] = v.rec
	}
	tx.put(v.rec, v)
	setStamp(obj, v, stamp)
	return nil
}

// setStamp puts a version at its place in time; the caller sorts the log.
func setStamp(obj *object, v *version, stamp string) {
	if stamp != "" {
		v.replace(obj.stamp, stamp)
		v.stamp = parseStamp(stamp).Unix()
	}
}
