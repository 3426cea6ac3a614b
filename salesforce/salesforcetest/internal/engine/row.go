package engine

import (
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Row is one version of a record as formulas, rules and triggers see it. It is
// only valid during the call that got it.
type Row struct {
	obj *object
	v   *version
	env env
}

// env is what reading depends on besides the record: the time, and whether
// changes that are not visible yet are seen (inside a transaction).
type env struct {
	now   int64 // nanoseconds since 1970; visible versions only
	depth int   // of computed fields, against cycles
	loc   *time.Location
	s     Session // who reads; zero inside before-save hooks
}

const seeAll = int64(1<<63 - 1)

// read returns a field of a version, computing it where it has no cell.
func (e env) read(v *version, f *field) string {
	if f.pos >= 0 {
		return v.cell(f)
	}
	if f.Compute == nil || e.depth > 10 {
		return ""
	}
	e.depth++
	s := f.Compute(Row{v.rec.obj, v, e})
	if s == "" && f.kind == kindBool {
		return "false"
	}
	return s
}

// parent follows a reference.
func (e env) parent(v *version, f *field) *version {
	id := e.read(v, f)
	if id == "" {
		return nil
	}
	r := v.rec.obj.org.find(id)
	if r == nil {
		return nil
	}
	return r.at(e.now)
}

// ID returns the record's id, "" for one that is being created.
func (r Row) ID() sobject.ID {
	if r.v == nil || r.v.rec == nil {
		return ""
	}
	return r.v.rec.id
}

// Text returns a field in API text form, "" for null or an unknown field. The
// name may be a path through parents, such as Account.Name.
func (r Row) Text(path string) string {
	obj, v := r.obj, r.v
	for {
		head, rest, dotted := strings.Cut(path, ".")
		if v == nil || obj == nil {
			return ""
		}
		if !dotted {
			f := obj.field(head)
			if f == nil {
				return ""
			}
			return r.env.read(v, f)
		}
		f := obj.byRel[strings.ToLower(head)]
		if f == nil {
			return ""
		}
		if v = r.env.parent(v, f); v != nil {
			obj = v.rec.obj
		}
		path = rest
	}
}

// Number returns a number field; false when it is null.
func (r Row) Number(path string) (float64, bool) {
	s := r.Text(path)
	return parseNumber(s), s != ""
}

// Bool returns a boolean field.
func (r Row) Bool(path string) bool { return r.Text(path) == "true" }

// Time returns a date or date-time field; the zero time for null.
func (r Row) Time(path string) time.Time {
	if s := r.Text(path); s != "" {
		return parseStamp(s)
	}
	return time.Time{}
}

// Null reports whether a field is null.
func (r Row) Null(path string) bool { return r.Text(path) == "" }

// Now is the org's time.
func (r Row) Now() time.Time { return r.obj.org.clock() }

// Children calls f with each visible, undeleted child that points here by the
// child object's reference field, until f returns false. It is for computed
// fields.
func (r Row) Children(child, field string, f func(Row) bool) {
	if r.v == nil || r.obj == nil {
		return
	}
	obj := r.obj.org.object(child)
	if obj == nil {
		return
	}
	fk := obj.field(field)
	if fk == nil || fk.index == nil {
		return
	}
	for _, rec := range obj.by(fk, string(r.ID()), r.env.now) {
		v := rec.at(r.env.now)
		if v == nil || v.deleted || v.cell(fk) != string(r.ID()) {
			continue
		}
		if !f(Row{obj, v, r.env}) {
			return
		}
	}
}

// Parent follows a reference by the name of its parent path; false when there
// is no such record.
func (r Row) Parent(relationship string) (Row, bool) {
	if r.v == nil || r.obj == nil {
		return Row{}, false
	}
	f := r.obj.byRel[strings.ToLower(relationship)]
	if f == nil {
		return Row{}, false
	}
	v := r.env.parent(r.v, f)
	if v == nil {
		return Row{}, false
	}
	return Row{v.rec.obj, v, r.env}, true
}

// by returns the records that may have a value: those whose newest version
// has it, and those with a version that is not visible yet.
func (o *object) by(f *field, value string, now int64) []*record {
	recs := f.index.get(value)
	if len(o.pending) == 0 || now == seeAll {
		return recs
	}
	return union(recs, o.pending)
}

// Draft is a record about to be stored.
type Draft struct {
	Row        // the new values; Set changes them
	Old    Row // the stored values; only valid when Update
	Update bool
	user   sobject.ID
}

// User is who saves the record.
func (d *Draft) User() sobject.ID { return d.user }

// Set changes a field; value is in API text form, "" is null. An unknown or
// computed field is ignored.
func (d *Draft) Set(field, value string) {
	if f := d.obj.field(field); f != nil && f.pos >= 0 && d.v != nil {
		d.v.cells[f.pos] = value
	}
}

// Changed reports whether a field differs from what is stored; on insert,
// whether it has a value.
func (d *Draft) Changed(field string) bool {
	if !d.Update {
		return d.Text(field) != ""
	}
	return d.Text(field) != d.Old.Text(field)
}
