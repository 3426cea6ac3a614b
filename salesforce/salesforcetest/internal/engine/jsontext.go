package engine

import (
	"unicode/utf8"

	"github.com/orglink/orglink/salesforce/sobject"
)

// appendQuoted appends a JSON string. Text stays UTF-8; only what JSON forbids
// is escaped, and what is no UTF-8 becomes U+FFFD.
func appendQuoted(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			if c < ' ' {
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			} else {
				dst = append(dst, "\uFFFD"...)
			}
		}
		i++
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// Record returns one row as a record, for tests that look at the data
// directly.
func (r *Result) Record(row int) sobject.Record {
	defer r.lock()()
	return r.record(row)
}

// Records returns all rows.
func (r *Result) Records() []sobject.Record {
	defer r.lock()()
	out := make([]sobject.Record, r.Len())
	for i := range out {
		out[i] = r.record(i)
	}
	return out
}

func (r *Result) record(row int) sobject.Record {
	if a := r.plan.agg; a != nil {
		var fields []sobject.Field
		for _, o := range a.outs {
			fields = append(fields, sobject.F(o.key, asValue(o.value(r.groups[row]), o.kind)))
		}
		return sobject.NewRecord("AggregateResult", fields...)
	}
	return r.recordOf(r.plan.sel.root, r.rows[row])
}

func (r *Result) recordOf(n *node, v *version) sobject.Record {
	var fields []sobject.Field
	for i := range n.items {
		it := &n.items[i]
		var val sobject.Value
		switch {
		case it.col != nil:
			val = asValue(it.col.value(v), it.col.kind)
		case it.sub != nil:
			if rows := it.sub.children(v); len(rows) > 0 {
				child := &Result{plan: it.sub, rows: rows, own: r.own}
				set := sobject.ChildSet{TotalSize: len(rows), Done: true}
				for j := range rows {
					set.Records = append(set.Records, child.record(j))
				}
				val = sobject.ChildrenValue(set)
			}
		default:
			if parent := r.plan.c.env.parent(v, it.ref); parent != nil {
				inner := it.node
				if alt := it.alts[parent.rec.obj.def.Name]; alt != nil {
					inner = alt
				}
				if inner == nil {
					inner = &node{}
				}
				val = sobject.RecordValue(r.recordOf(inner, parent))
			}
		}
		fields = append(fields, sobject.F(it.key, val))
	}
	return sobject.NewRecord(v.rec.obj.def.Name, fields...)
}

func asValue(s string, k kind) sobject.Value {
	switch {
	case s == "":
		return sobject.NullValue()
	case k == kindNumber:
		v, err := sobject.NumberValue(s)
		if err != nil {
			return sobject.TextValue(s)
		}
		return v
	case k == kindBool:
		return sobject.BoolValue(s == "true")
	case k == kindCompound:
		return sobject.JSONValue(s)
	}
	return sobject.TextValue(s)
}
