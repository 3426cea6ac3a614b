package sobject

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
)

// Shape is an object's name and the field names that a set of records share.
// It is immutable and safe for concurrent use.
type Shape struct {
	object string
	names  []string
	index  map[string]int
}

// NewShape returns the shape of records of an object with the given fields in
// the given order. A name given twice keeps its first place.
func NewShape(object string, names ...string) *Shape {
	s := &Shape{object: object, names: slices.Clone(names), index: make(map[string]int, len(names))}
	for i, n := range names {
		if _, dup := s.index[n]; !dup {
			s.index[n] = i
		}
	}
	return s
}

// Object returns the object's API name.
func (s *Shape) Object() string { return s.object }

// Names returns the field names in order.
func (s *Shape) Names() []string { return slices.Clone(s.names) }

// lookup finds a name, exactly or in another case.
func (s *Shape) lookup(name string) (int, bool) {
	if s == nil {
		return 0, false
	}
	if i, ok := s.index[name]; ok {
		return i, true
	}
	for i, n := range s.names {
		if strings.EqualFold(n, name) {
			return i, true
		}
	}
	return 0, false
}

// Record is one row of an object. Its fields stand in the order they came.
// The zero Record has no object and no fields. Records are immutable: With
// returns a changed copy. A record may be kept for as long as one likes, unless
// its reader was told to reuse memory; one that was decoded keeps the values of
// its neighbours alive, at most some hundred kilobytes, unless it is cloned.
type Record struct {
	shape  *Shape
	values []Value // of a record made by hand
	block  *block  // of a decoded record: its cells from at on
	at     int
}

// Field is a name and a value.
type Field struct {
	Name  string
	Value Value
}

// F returns a Field.
func F(name string, v Value) Field { return Field{name, v} }

// NewRecord returns a record of an object. A field given twice keeps its last
// value.
func NewRecord(object string, fields ...Field) Record {
	names := make([]string, 0, len(fields))
	values := make([]Value, 0, len(fields))
	at := make(map[string]int, len(fields))
	for _, f := range fields {
		if i, dup := at[f.Name]; dup {
			values[i] = f.Value
			continue
		}
		at[f.Name] = len(names)
		names, values = append(names, f.Name), append(values, f.Value)
	}
	return Record{shape: NewShape(object, names...), values: values}
}

// RecordOf returns a record with a shared shape; values must have one element
// for each name of the shape and are not copied.
func RecordOf(shape *Shape, values []Value) Record {
	if len(values) != len(shape.names) {
		panic(fmt.Sprintf("sobject: RecordOf: %d values for %d fields of %s", len(values), len(shape.names), shape.object)) //nolint:forbidigo // as an index out of range is
	}
	return Record{shape: shape, values: values}
}

// Object returns the object's API name.
func (r Record) Object() string {
	if r.shape == nil {
		return ""
	}
	return r.shape.object
}

// IsZero reports whether r is the zero Record.
func (r Record) IsZero() bool { return r.shape == nil }

// Len returns the number of fields.
func (r Record) Len() int {
	if r.shape == nil {
		return 0
	}
	return len(r.shape.names)
}

// value returns the field at an index of the shape.
func (r Record) value(i int) Value {
	if r.block != nil {
		return r.block.value(r.at + i)
	}
	return r.values[i]
}

// text returns the field at an index of the shape where it is a decoded text,
// without making a Value of it.
func (r Record) text(i int) (string, bool) {
	if r.block == nil {
		return "", false
	}
	c := r.block.cells[r.at+i]
	if c.kind() != Text {
		return "", false
	}
	return r.block.text[c.off : int(c.off)+c.len()], true
}

// Value returns a field and whether it is present; a field that is present
// may be null. Names are matched without regard to case.
func (r Record) Value(name string) (Value, bool) {
	i, ok := r.shape.lookup(name)
	if !ok {
		return Value{}, false
	}
	return r.value(i), true
}

// Fields walks the fields in order.
func (r Record) Fields() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for i := range r.Len() {
			if !yield(r.shape.names[i], r.value(i)) {
				return
			}
		}
	}
}

// String returns the record as text for people, such as
// Account{"Id":"001...","Name":"Acme"}. It holds the values: mind what logs keep.
func (r Record) String() string {
	var b bytes.Buffer
	b.WriteString(r.Object() + "{")
	if err := r.writeFields(&b, false); err != nil {
		b.WriteString(err.Error())
	}
	b.WriteByte('}')
	return b.String()
}

// ID returns the record's own id, or "" when it was not read.
func (r Record) ID() ID {
	v, _ := r.Value("Id")
	id, err := v.ID()
	if err != nil {
		return ""
	}
	return id
}

// Path returns a field of a parent by a dotted path such as Owner.Name. It is
// null, and present, when a parent on the way is null.
func (r Record) Path(path string) (Value, bool) {
	head, rest, dotted := strings.Cut(path, ".")
	v, ok := r.Value(head)
	if !dotted {
		return v, ok
	}
	if !ok {
		return r.Value(path)
	}
	if v.IsNull() {
		return Value{}, true
	}
	parent, ok := v.Record()
	if !ok {
		return Value{}, false
	}
	return parent.Path(rest)
}

// Text returns a text field.
func (r Record) Text(name string) (string, error) { return get(r, name, Value.Text) }

// Bool returns a boolean field.
func (r Record) Bool(name string) (bool, error) { return get(r, name, Value.Bool) }

// Int returns a whole number.
func (r Record) Int(name string) (int64, error) { return get(r, name, Value.Int) }

// Decimal returns a number's exact text.
func (r Record) Decimal(name string) (string, error) { return get(r, name, Value.Decimal) }

// Time returns a date-time in UTC.
func (r Record) Time(name string) (time.Time, error) { return get(r, name, Value.Time) }

// Date returns a calendar date.
func (r Record) Date(name string) (Date, error) { return get(r, name, Value.Date) }

// Ref returns an id field, such as a lookup.
func (r Record) Ref(name string) (ID, error) { return get(r, name, Value.ID) }

// Parent returns a parent record; false when it is null or absent.
func (r Record) Parent(name string) (Record, bool) {
	v, _ := r.Value(name)
	return v.Record()
}

// Children returns the records of a sub-query by its relationship, such as
// Contacts; none where it is null. A set of which further pages were not
// fetched, which no record of a Client's query has, is an error.
func (r Record) Children(name string) ([]Record, error) {
	return get(r, name, func(v Value) ([]Record, error) {
		set, ok := v.Children()
		if !ok {
			return nil, v.mismatch(Children)
		}
		if !set.Done && !v.IsNull() {
			return nil, fmt.Errorf("the set has %d of %d records: its further pages were not fetched", len(set.Records), set.TotalSize)
		}
		return set.Records, nil
	})
}

func get[T any](r Record, path string, as func(Value) (T, error)) (T, error) {
	var zero T
	v, ok := r.Path(path)
	if !ok {
		return zero, fmt.Errorf("sobject: %s has no field %s; was it selected?", r.Object(), path)
	}
	out, err := as(v)
	if err != nil {
		return zero, fmt.Errorf("sobject: %s.%s: %w", r.Object(), path, err)
	}
	return out, nil
}

// With returns a copy of r with fields set or added.
func (r Record) With(fields ...Field) Record {
	all := make([]Field, 0, r.Len()+len(fields))
	for n, v := range r.Fields() {
		all = append(all, Field{n, v})
	}
	for _, f := range fields {
		if i, ok := r.shape.lookup(f.Name); ok {
			all[i].Value = f.Value
			continue
		}
		all = append(all, f)
	}
	return NewRecord(r.Object(), all...)
}

// Equal reports whether both records have the same object, the same fields in
// any order, and equal values.
func (r Record) Equal(o Record) bool {
	if r.Object() != o.Object() || r.Len() != o.Len() {
		return false
	}
	for n, v := range r.Fields() {
		w, ok := o.Value(n)
		if !ok || !v.Equal(w) {
			return false
		}
	}
	return true
}

// MarshalJSON writes the record as Salesforce takes it in a request body:
// attributes with the type first, then the fields.
func (r Record) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	comma := false
	if r.Object() != "" {
		name, _ := json.Marshal(r.Object())
		fmt.Fprintf(&b, `"attributes":{"type":%s}`, name)
		comma = true
	}
	if err := r.writeFields(&b, comma); err != nil {
		return nil, err
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// writeFields writes the fields as members of a JSON object, the first after a
// comma where something stands before it.
func (r Record) writeFields(b *bytes.Buffer, comma bool) error {
	for n, v := range r.Fields() {
		if comma {
			b.WriteByte(',')
		}
		comma = true
		name, _ := json.Marshal(n)
		b.Write(name)
		b.WriteByte(':')
		text, err := v.MarshalJSON()
		if err != nil {
			return fmt.Errorf("sobject: %s.%s: %w", r.Object(), n, err)
		}
		b.Write(text)
	}
	return nil
}
