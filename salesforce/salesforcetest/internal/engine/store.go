package engine

import (
	"cmp"
	"slices"
	"sort"

	"github.com/orglink/orglink/salesforce/sobject"
)

// record is one record through its life; versions hold its values.
type record struct {
	obj  *object
	id   sobject.ID
	seq  int
	cur  *version // newest, visible or not; nil: gone for good
	tomb *tomb    // what went with it when it was deleted
}

// version is one immutable state of a record.
type version struct {
	cells   []string // by field.pos, or by shape; "" is null; may be shorter than object.slots
	shape   *shape   // nil: not packed
	rec     *record
	prev    *version // kept only until this version is visible
	stamp   int64    // SystemModstamp, seconds since 1970
	visible int64    // when readers see it, nanoseconds since 1970; 0: at once
	deleted bool
}

// tomb remembers what a deletion did to other records, for undelete.
type tomb struct {
	children []*record
	cleared  []cleared
}

type cleared struct {
	rec *record
	f   *field
}

// cell returns a stored value.
func (v *version) cell(f *field) string {
	if sh := v.shape; sh != nil {
		if f.pos >= 0 && f.pos < len(sh.at) {
			if k := sh.at[f.pos]; k > 0 {
				return v.cells[k-1]
			}
		}
	} else if f.pos >= 0 && f.pos < len(v.cells) {
		if s := v.cells[f.pos]; s != "" {
			return s
		}
	}
	if f.kind == kindBool {
		return "false"
	}
	return ""
}

// at returns the version that is visible at a time, or nil.
func (r *record) at(now int64) *version {
	v := r.cur
	for v != nil && v.visible > now {
		v = v.prev
	}
	return v
}

// find returns the record with an id in canonical form.
func (o *Org) find(id string) *record {
	if len(id) != 18 {
		return nil
	}
	obj := o.prefixes[id[:3]]
	if obj == nil {
		return nil
	}
	if seq := seqOf(id); seq > 0 && seq <= len(obj.recs) {
		if r := obj.recs[seq-1]; r != nil && string(r.id) == id && r.cur != nil {
			return r
		}
	}
	if r := obj.far[id]; r != nil && r.cur != nil {
		return r
	}
	return nil
}

// index finds records by a field's value. Entries are only ever added; those
// whose record has moved on are skipped when read and dropped now and then, so
// that changing a value never searches a long list.
type index struct {
	f       *field
	buckets map[string]*bucket
}

type bucket struct {
	recs  []*record
	stale int
}

func newIndex(f *field) *index { return &index{f: f, buckets: map[string]*bucket{}} }

// key is the form of a value under which equal values meet.
func (ix *index) key(value string) string {
	if ix.f.kind == kindText && !ix.f.CaseSensitive {
		return fold(value)
	}
	return value
}

func (ix *index) current(r *record, key string) bool {
	return r.cur != nil && ix.key(r.cur.cell(ix.f)) == key
}

// moved notes that a record's value changed; "" stands for no value.
func (ix *index) moved(r *record, from, to string) {
	from, to = ix.key(from), ix.key(to)
	if from == to {
		return
	}
	if from != "" {
		if b := ix.buckets[from]; b != nil {
			b.stale++
		}
	}
	if to != "" {
		b := ix.buckets[to]
		if b == nil {
			b = &bucket{}
			ix.buckets[to] = b
		}
		b.recs = append(b.recs, r)
		if b.stale > 16 && b.stale > len(b.recs)/2 {
			ix.clean(to, b)
		}
	}
}

func (ix *index) clean(key string, b *bucket) {
	b.recs = slices.DeleteFunc(b.recs, func(r *record) bool { return !ix.current(r, key) })
	slices.SortFunc(b.recs, bySeq)
	b.recs, b.stale = slices.Compact(b.recs), 0
}

// get returns the records whose newest value is the given one, deleted ones
// included. The slice must not be changed.
func (ix *index) get(value string) []*record {
	key := ix.key(value)
	b := ix.buckets[key]
	if b == nil || key == "" {
		return nil
	}
	if b.stale == 0 {
		return b.recs
	}
	out := make([]*record, 0, len(b.recs))
	for _, r := range b.recs {
		if ix.current(r, key) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, bySeq)
	return slices.Compact(out)
}

func (ix *index) size(value string) int {
	if b := ix.buckets[ix.key(value)]; b != nil {
		return len(b.recs)
	}
	return 0
}

func bySeq(a, b *record) int { return cmp.Compare(a.seq, b.seq) }

// stampLog lists versions in the order of their SystemModstamp. As time never
// goes back, a new version is always the last.
type stampLog struct {
	entries []*version
	stale   int
}

func (l *stampLog) add(v *version) { l.entries = append(l.entries, v) }

// trim drops superseded versions when they are the majority.
func (l *stampLog) trim() {
	if l.stale < 1024 || l.stale < len(l.entries)/2 {
		return
	}
	l.entries = slices.DeleteFunc(l.entries, func(v *version) bool {
		return v.rec.cur != v && (v.rec.cur == nil || v.rec.cur.prev == nil) // still seen while the newer is not visible
	})
	l.stale = 0
}

// window returns the entries with from <= stamp < to, some of them superseded.
func (l *stampLog) window(from, to int64) []*version {
	lo := sort.Search(len(l.entries), func(i int) bool { return l.entries[i].stamp >= from })
	hi := sort.Search(len(l.entries), func(i int) bool { return l.entries[i].stamp >= to })
	if hi < lo {
		return nil
	}
	return l.entries[lo:hi]
}
