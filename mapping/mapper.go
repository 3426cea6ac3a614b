package mapping

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Mapper is a Map that was checked against a describe. It is immutable and
// safe for concurrent use.
type Mapper struct {
	m      Map
	fields []compiled
}

// compiled is a FieldMap with what the describe says.
type compiled struct {
	FieldMap
	field    *sobject.DescribeField // of the parent for a lookup by external id
	lookup   string                 // the field that a nil clears then, such as AccountId
	path     string                 // the relationship, such as Account
	active   []string
	constant *sobject.Value
	fallback *sobject.Value
	creates  bool
	updates  bool
}

// Compile checks a map against the describe of its object, as the connected
// user sees it. The error is Problems: all that is wrong, at once. Where a
// lookup is filled by an external id of its parent, that field is the org's to
// check.
func Compile(m Map, d *sobject.Describe) (*Mapper, error) {
	if d == nil {
		return nil, Problems{unknownObject(m.Object)}
	}
	if !strings.EqualFold(m.Object, d.Name) {
		return nil, Problems{{Object: m.Object, Reason: "the describe is of " + d.Name, Remedy: "pass the describe of the map's object"}}
	}
	out := &Mapper{m: m, fields: make([]compiled, 0, len(m.Fields))}
	out.m.Object = d.Name
	out.m.Fields = slices.Clone(m.Fields)
	problems := checkExternalID(m, d)
	seen := map[string]bool{}
	for _, f := range m.Fields {
		c, reason, remedy := compileField(f, m, d)
		key := strings.ToLower(f.Salesforce)
		if c != nil && c.lookup != "" {
			key = strings.ToLower(c.lookup)
		}
		if reason == "" && seen[key] {
			reason, remedy = "two lines of the map fill the field", "keep one of them"
		}
		seen[key] = true
		if reason != "" {
			problems = append(problems, Problem{Object: d.Name, Field: f.Salesforce, Reason: reason, Remedy: remedy})
			continue
		}
		out.fields = append(out.fields, *c)
	}
	if len(m.Fields) == 0 {
		problems = append(problems, Problem{Object: d.Name, Reason: "the map has no fields", Remedy: "map at least one"})
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return out, nil
}

func checkExternalID(m Map, d *sobject.Describe) Problems {
	if m.ExternalID == "" || strings.EqualFold(m.ExternalID, "Id") {
		return nil
	}
	f, ok := d.Field(m.ExternalID)
	switch {
	case !ok:
		return Problems{unknownField(d.Name, m.ExternalID)}
	case !f.ExternalID && !f.IDLookup:
		return Problems{{Object: d.Name, Field: f.Name, Reason: "rows cannot be upserted by a field that is no external ID",
			Remedy: "have a Salesforce admin mark the field as External ID and Unique, or choose one that is"}}
	}
	return nil
}

// compileField returns the reason and remedy of a problem, or the field.
func compileField(f FieldMap, m Map, d *sobject.Describe) (c *compiled, reason, remedy string) {
	c = &compiled{FieldMap: f}
	if relation, rest, dotted := strings.Cut(f.Salesforce, "."); dotted {
		lookup := relationship(d, relation)
		if lookup == nil || strings.Contains(rest, ".") || rest == "" {
			p := unknownField(d.Name, f.Salesforce)
			return nil, "no lookup leads there, or field-level security hides it", p.Remedy
		}
		c.path, c.lookup = lookup.RelationshipName, lookup.Name
		c.creates, c.updates = lookup.Createable, lookup.Updateable
		c.field = &sobject.DescribeField{Name: rest, Type: sobject.TypeString, Nillable: lookup.Nillable}
		c.Salesforce = rest
	} else {
		field, ok := d.Field(f.Salesforce)
		if !ok {
			p := unknownField(d.Name, f.Salesforce)
			return nil, p.Reason, p.Remedy
		}
		c.field, c.creates, c.updates = field, field.Createable, field.Updateable
		c.Salesforce = field.Name
	}
	key := strings.EqualFold(f.Salesforce, m.ExternalID)
	switch {
	case !c.creates && !c.updates && !key:
		return nil, "the connected user may not write the field (calculated, system, or read-only by field-level security)",
			"leave it out, or have a Salesforce admin grant Edit on it"
	case c.field.Type.Compound():
		return nil, "a compound field is written by its parts", "map its parts, such as " + strings.Join(components(d, c.field.Name), ", ")
	case (f.Host == "") == (f.Constant == nil):
		return nil, "a line of the map names either a host field or a constant", "set one of them"
	case f.Long != "" && f.Long != LongReject && f.Long != LongTruncate:
		return nil, fmt.Sprintf("%q is no policy for long text", f.Long), "write reject or truncate"
	}
	for _, t := range f.Transforms {
		if !slices.Contains([]string{TransformTrim, TransformCollapse, TransformLower, TransformUpper}, t) {
			return nil, fmt.Sprintf("%q is no transform", t), "there are trim, collapse, lower and upper"
		}
	}
	c.updates = c.updates && !f.CreateOnly
	for _, v := range c.field.PicklistValues {
		if v.Active {
			c.active = append(c.active, v.Value)
		}
	}
	var err error
	if c.constant, err = c.fixed(f.Constant); err != nil {
		return nil, "the constant does not fit: " + err.Error(), "correct it"
	}
	if c.fallback, err = c.fixed(f.Default); err != nil {
		return nil, "the default does not fit: " + err.Error(), "correct it"
	}
	for from, to := range f.Picklist {
		if v, err := c.typed(text(to)); to != "" && err != nil {
			return nil, fmt.Sprintf("the translation of %q does not fit: %v", clip(from), err), "correct it"
		} else if to != "" && v.IsNull() {
			return nil, fmt.Sprintf("the translation of %q is blank", clip(from)), "correct it"
		}
	}
	return c, "", ""
}

// fixed converts a value of the map itself, to which translation and
// transforms do not apply.
func (f *compiled) fixed(x any) (*sobject.Value, error) {
	if x == nil {
		return nil, nil
	}
	v, err := valueOf(x)
	if err == nil && !v.IsNull() {
		v, err = f.typed(v)
	}
	if err != nil {
		return nil, err
	}
	if v.IsNull() {
		return nil, fmt.Errorf("it is empty")
	}
	return &v, nil
}

func relationship(d *sobject.Describe, name string) *sobject.DescribeField {
	for i := range d.Fields {
		if strings.EqualFold(d.Fields[i].RelationshipName, name) && name != "" {
			return &d.Fields[i]
		}
	}
	return nil
}

// Object returns the object that records are made for.
func (m *Mapper) Object() string { return m.m.Object }

// ExternalID returns the field by which rows are upserted, or "".
func (m *Mapper) ExternalID() string { return m.m.ExternalID }

// Map returns the map as it was compiled.
func (m *Mapper) Map() Map {
	out := m.m
	out.Fields = slices.Clone(out.Fields)
	return out
}

// Record translates a row. Every field that cannot be written is a problem and
// missing from the record; a row with problems is not to be sent. Keys of the
// row that the map does not name are ignored.
func (m *Mapper) Record(row Row) (sobject.Record, []Problem) {
	fields := make([]sobject.Field, 0, len(m.fields))
	var problems []Problem
	for i := range m.fields {
		f := &m.fields[i]
		if f.constant != nil {
			fields = append(fields, f.place(*f.constant))
			continue
		}
		x, set := row[f.Host]
		if !set {
			continue
		}
		v, err := f.convert(x)
		if err != nil {
			problems = append(problems, Problem{Object: m.m.Object, Field: m.m.Fields[i].Salesforce, Reason: err.Error()})
			continue
		}
		fields = append(fields, f.place(v))
	}
	return sobject.NewRecord(m.m.Object, fields...), problems
}

// place puts a value where it is written: into its field, or into a parent
// that is found by it.
func (f *compiled) place(v sobject.Value) sobject.Field {
	switch {
	case f.path == "":
		return sobject.F(f.Salesforce, v)
	case v.IsNull():
		return sobject.F(f.lookup, v)
	}
	return sobject.F(f.path, sobject.RecordValue(sobject.NewRecord("", sobject.F(f.Salesforce, v))))
}

// ForCreate returns what of a record may be written when it is created.
func (m *Mapper) ForCreate(rec sobject.Record) sobject.Record {
	return m.only(rec, func(f *compiled) bool { return f.creates })
}

// ForUpdate returns what of a record may be written when it exists already.
func (m *Mapper) ForUpdate(rec sobject.Record) sobject.Record {
	return m.only(rec, func(f *compiled) bool { return f.updates })
}

func (m *Mapper) only(rec sobject.Record, keep func(*compiled) bool) sobject.Record {
	drop := map[string]bool{}
	for i := range m.fields {
		if f := &m.fields[i]; !keep(f) && !strings.EqualFold(f.Salesforce, m.m.ExternalID) {
			if drop[f.Salesforce] = f.path == ""; f.path != "" {
				drop[f.path], drop[f.lookup] = true, true
			}
		}
	}
	var fields []sobject.Field
	for name, v := range rec.Fields() {
		if !drop[name] {
			fields = append(fields, sobject.F(name, v))
		}
	}
	return sobject.NewRecord(rec.Object(), fields...)
}

// Row translates a record back into a host row: only fields that the record
// holds, numbers as json.Number, picklist values by the translation reversed
// where that is unambiguous. Constants and lookups by external id are left
// out.
func (m *Mapper) Row(rec sobject.Record) Row {
	out := Row{}
	for i := range m.fields {
		f := &m.fields[i]
		if f.Host == "" || f.path != "" {
			continue
		}
		v, ok := rec.Value(f.Salesforce)
		if !ok {
			continue
		}
		switch v.As(f.field.Type).Kind() {
		case sobject.Null:
			out[f.Host] = nil
		case sobject.Boolean:
			out[f.Host] = strings.EqualFold(v.Raw(), "true")
		case sobject.Number:
			out[f.Host] = json.Number(v.Raw())
		case sobject.Text:
			out[f.Host] = f.reverse(v.Raw())
		}
	}
	return out
}

func (f *compiled) reverse(s string) string {
	found, count := s, 0
	for from, to := range f.Picklist {
		if to == s {
			found, count = from, count+1
		}
	}
	if count > 1 {
		return s
	}
	return found
}
