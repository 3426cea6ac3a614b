package conformance

import (
	"errors"
	"fmt"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/mirror"
)

// check compares org and mirror, and mirror and log: row by row, value by
// value.
func (h *history) check() error {
	told, err := h.replay()
	if err != nil {
		return err
	}
	var errs []error
	for _, object := range modelObjects {
		want, err := h.org.seen(object)
		if err != nil {
			return err
		}
		have, err := h.mirrored(object)
		if err != nil {
			return err
		}
		errs = append(errs, h.sameRows(object, "the mirror", have, "the org", want))
		logged := map[sobject.ID]sobject.Record{}
		for id, r := range told[object] {
			if r.gone == "" {
				logged[id] = r.record(object)
			}
		}
		errs = append(errs, h.sameRows(object, "the replayed log", logged, "the mirror", have))
	}
	return errors.Join(errs...)
}

func (h *history) mirrored(object string) (map[sobject.ID]sobject.Record, error) {
	out := map[sobject.ID]sobject.Record{}
	q := mirror.Query{Object: object, Limit: 2000}
	for {
		page, err := h.mirror.List(h.ctx, orglink.Actor{Tenant: "t"}, "i", q)
		if err != nil {
			return nil, err
		}
		for _, r := range page.Rows {
			out[r.ID] = r.Record
		}
		if q.After = page.Next; q.After == "" {
			return out, nil
		}
	}
}

func (h *history) sameRows(object, a string, have map[sobject.ID]sobject.Record, b string, want map[sobject.ID]sobject.Record) error {
	var errs []error
	for id := range have {
		if _, ok := want[id]; !ok {
			errs = append(errs, fmt.Errorf("%s has %s %s, %s does not", a, object, id, b))
		}
	}
	for id, w := range want {
		g, ok := have[id]
		if !ok {
			errs = append(errs, fmt.Errorf("%s lacks %s %s, which %s has", a, object, id, b))
			continue
		}
		for _, f := range h.org.comparable(object) {
			x, _ := g.Value(f)
			y, _ := w.Value(f)
			if !sameValue(x, y) {
				errs = append(errs, fmt.Errorf("%s %s: %s is %s %q in %s, %s %q in %s", object, id, f, x.Kind(), x.Raw(), a, y.Kind(), y.Raw(), b))
			}
		}
	}
	return errors.Join(errs...)
}

func sameValue(a, b sobject.Value) bool {
	if a.IsNull() || b.IsNull() {
		return a.IsNull() == b.IsNull()
	}
	if at, err := a.Time(); err == nil {
		a = sobject.DateTimeValue(at)
	}
	if at, err := b.Time(); err == nil {
		b = sobject.DateTimeValue(at)
	}
	return a.Equal(b)
}

// replayed is a record as the log tells it.
type replayed struct {
	gone   mirror.ChangeKind // "": present
	values map[string]sobject.Value
}

func (r *replayed) record(object string) sobject.Record {
	var fields []sobject.Field
	for name, v := range r.values {
		fields = append(fields, sobject.F(name, v))
	}
	return sobject.NewRecord(object, fields...)
}

// replay applies the log to nothing, and checks that each entry follows from
// those before it.
func (h *history) replay() (map[string]map[sobject.ID]*replayed, error) {
	out := map[string]map[sobject.ID]*replayed{}
	for _, object := range modelObjects {
		out[object] = map[sobject.ID]*replayed{}
	}
	for after := int64(0); ; {
		entries, err := h.mirror.Changes(h.ctx, "t", h.conn, after, 37)
		if err != nil || len(entries) == 0 {
			return out, err
		}
		for _, e := range entries {
			if after++; e.Serial != after {
				return nil, fmt.Errorf("log: entry %d is where %d should be", e.Serial, after)
			}
			if err := h.apply(out[e.Object], e); err != nil {
				return nil, fmt.Errorf("log: entry %d, %s of %s %s: %w", e.Serial, e.Kind, e.Object, e.ID, err)
			}
			h.org.count["log: "+string(e.Kind)]++
		}
	}
}

// apply brings a replayed record up to an entry.
func (h *history) apply(records map[sobject.ID]*replayed, e mirror.Entry) error {
	r := records[e.ID]
	known := r != nil
	if known && e.Kind == mirror.Created || !known && e.Kind == mirror.Updated {
		return fmt.Errorf("it was known before: %t", known)
	}
	if !known { // perhaps gone before anybody saw it: that is no news
		r = &replayed{values: map[string]sobject.Value{}}
		records[e.ID] = r
		if e.Kind != mirror.Created {
			r.values["Id"] = sobject.IDValue(e.ID)
		}
	}
	was := r.gone
	switch e.Kind {
	case mirror.Created:
	case mirror.Updated:
		if was != "" || len(e.Fields) == 0 {
			return fmt.Errorf("it was %q, and %d fields changed", was, len(e.Fields))
		}
	case mirror.Deleted, mirror.Merged, mirror.Hidden:
		if was == e.Kind {
			return errors.New("it was that already")
		}
		r.gone = e.Kind
	case mirror.Undeleted, mirror.Visible:
		if known && (was == "" || (was == mirror.Hidden) != (e.Kind == mirror.Visible)) {
			return fmt.Errorf("it was %q", was)
		}
		r.gone = ""
	default:
		return errors.New("an unknown kind")
	}
	for _, f := range e.Fields {
		if !sameValue(r.values[f.Field], f.Before) {
			return fmt.Errorf("%s was %q, not %q", f.Field, r.values[f.Field].Raw(), f.Before.Raw())
		}
		r.values[f.Field] = f.After
	}
	return nil
}
