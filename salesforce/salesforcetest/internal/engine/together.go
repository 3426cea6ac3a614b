package engine

import "strings"

// Together are fields whose values, taken together, may occur once among an
// object's records; a record that lacks one of them is not compared. The last
// field has an index.
type Together struct {
	Fields []string
	// Message is the text of the DUPLICATE_VALUE refusal; default the one that
	// Salesforce has for setup objects.
	Message string
	Code    string // default DUPLICATE_VALUE
}

// twin returns another record with the same values in all fields of a
// Together.
func (o *object) twin(t Together, v *version, e env) *record {
	last := o.field(t.Fields[len(t.Fields)-1])
	if last == nil || last.index == nil {
		return nil
	}
	want := make([]string, len(t.Fields))
	for i, name := range t.Fields {
		if want[i] = e.read(v, o.field(name)); want[i] == "" {
			return nil
		}
	}
next:
	for _, r := range last.index.get(want[len(want)-1]) {
		if r == v.rec || r.cur == nil || r.cur.deleted {
			continue
		}
		for i, name := range t.Fields {
			if !strings.EqualFold(r.cur.cell(o.field(name)), want[i]) {
				continue next
			}
		}
		return r
	}
	return nil
}

// clashes reports whether another record has the same values in all fields of
// some Together.
func (o *object) clashes(v *version, e env) bool {
	for _, t := range o.def.Together {
		if o.twin(t, v, e) != nil {
			return true
		}
	}
	return false
}

// checkTogether refuses a record whose values another one has.
func (tx *Tx) checkTogether(obj *object, v *version) []RowError {
	for _, t := range obj.def.Together {
		if obj.twin(t, v, tx.env) == nil {
			continue
		}
		message := t.Message
		if message == "" {
			message = "duplicate value found: <unknown> duplicates value on record with id: <unknown>"
		}
		code := t.Code
		if code == "" {
			code = "DUPLICATE_VALUE"
		}
		return []RowError{{Code: code, Message: message, Fields: []string{}}}
	}
	return nil
}
