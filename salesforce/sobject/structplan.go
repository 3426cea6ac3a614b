package sobject

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unsafe"
)

// structPlan is how records become structs of one type: the tagged fields, and
// for the shape of the last record where each one's value stands. Only this
// file and structset.go touch memory by offset; the offsets are reflect's, and
// a setter is made from the type of the field that it writes.
type structPlan struct {
	typ    reflect.Type
	fields []structField

	shape *Shape
	steps []step
	some  bool // a step wrote a value, for parents in flat records
}

type structField struct {
	path     string // as in the tag
	goName   string
	offset   uintptr
	optional bool
	text     bool        // the field is a string
	set      setter      // of a value
	parent   *structPlan // of a parent's struct; set is nil
	pointer  bool        // to that struct
}

// step fills one field from the value at an index of the shape.
type step struct {
	field  *structField
	offset uintptr
	at     int
	text   bool // the field is a string, for which texts need no setter
	set    setter
	rest   *pathPlan   // goes on in a parent record
	flat   *structPlan // a parent whose fields are columns of this record
}

// setter writes a value, which is not null, to a field's address.
type setter func(to unsafe.Pointer, v Value) error

const structTag = "salesforce"

// newStructPlan finds the tagged fields of a type.
func newStructPlan(t reflect.Type) (*structPlan, error) {
	return planOf(t, map[reflect.Type]bool{})
}

func planOf(t reflect.Type, within map[reflect.Type]bool) (*structPlan, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("sobject: decode into %s: it is no struct", t)
	}
	if within[t] {
		return nil, fmt.Errorf("sobject: decode into %s: the type contains itself", t)
	}
	within[t] = true
	defer delete(within, t)
	p := &structPlan{typ: t}
	if err := p.collect(t, 0, within); err != nil {
		return nil, err
	}
	if len(p.fields) == 0 {
		return nil, fmt.Errorf("sobject: decode into %s: no exported field has a tag such as `salesforce:\"Name\"`", t)
	}
	return p, nil
}

func (p *structPlan) collect(t reflect.Type, base uintptr, within map[reflect.Type]bool) error {
	var problems []error
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup(structTag)
		if !tagged && f.Anonymous && f.Type.Kind() == reflect.Struct {
			problems = append(problems, p.collect(f.Type, base+f.Offset, within))
			continue
		}
		path, option, _ := strings.Cut(tag, ",")
		if !tagged || path == "-" {
			continue
		}
		field := structField{path: path, goName: f.Name, offset: base + f.Offset, optional: option == "optional"}
		err := field.prepare(f, within)
		switch {
		case !f.IsExported():
			err = errors.New("the field is not exported")
		case path == "" || strings.HasPrefix(path, ".") || strings.HasSuffix(path, "."):
			err = errors.New("the tag has no field name")
		case option != "" && option != "optional":
			err = fmt.Errorf("the tag's option %q is unknown; there is only optional", option)
		}
		for _, other := range p.fields {
			if strings.EqualFold(other.path, path) {
				err = fmt.Errorf("%s has the same tag", other.goName)
			}
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("sobject: decode into %s: field %s with tag %q: %w", p.typ, f.Name, tag, err))
			continue
		}
		p.fields = append(p.fields, field)
	}
	return errors.Join(problems...)
}

// prepare finds out how the field's type is set.
func (f *structField) prepare(sf reflect.StructField, within map[reflect.Type]bool) (err error) {
	if f.set, err = setterOf(sf.Type, within); f.set != nil || err != nil {
		f.text = sf.Type == reflect.TypeFor[string]()
		return err
	}
	t := sf.Type
	if f.pointer = t.Kind() == reflect.Pointer; f.pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return fmt.Errorf("no value can be put into type %s", sf.Type)
	}
	f.parent, err = planOf(t, within)
	return err
}

// decode fills the struct at to, which is zero, from a record.
func (p *structPlan) decode(r Record, to unsafe.Pointer) error {
	if r.shape != p.shape {
		if err := p.compile(r.shape); err != nil {
			return err
		}
	}
	return p.run(r, to)
}

// compile finds the values of the fields in records of a shape.
func (p *structPlan) compile(shape *Shape) error {
	p.shape, p.steps = nil, p.steps[:0]
	if shape == nil {
		return errors.New("the record is empty")
	}
	if err := p.find(shape, ""); err != nil {
		return err
	}
	p.shape = shape
	return nil
}

// find makes the steps for fields whose names in the record begin with prefix.
func (p *structPlan) find(shape *Shape, prefix string) error {
	var missing []string
	for i := range p.fields {
		f := &p.fields[i]
		if s, ok := f.stepFor(shape, prefix+f.path); ok {
			p.steps = append(p.steps, s)
			continue
		}
		if f.parent != nil && hasPrefix(shape, prefix+f.path+".") {
			// A fresh plan: f.parent may serve nested records as well.
			flat := &structPlan{typ: f.parent.typ, fields: f.parent.fields}
			if err := flat.find(shape, prefix+f.path+"."); err != nil {
				return err
			}
			p.steps = append(p.steps, step{field: f, offset: f.offset, at: -1, flat: flat})
			continue
		}
		if !f.optional {
			missing = append(missing, prefix+f.path)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("the record has no %s; select it, or tag the field optional", strings.Join(missing, ", no "))
	}
	return nil
}

func hasPrefix(shape *Shape, prefix string) bool {
	for _, n := range shape.names {
		if len(n) > len(prefix) && strings.EqualFold(n[:len(prefix)], prefix) {
			return true
		}
	}
	return false
}

// stepFor finds a path in a shape: a field of that name, or a parent that has
// the rest of it.
func (f *structField) stepFor(shape *Shape, path string) (step, bool) {
	if at, ok := shape.lookup(path); ok {
		return step{field: f, offset: f.offset, at: at, text: f.text, set: f.set}, true
	}
	head, rest, dotted := strings.Cut(path, ".")
	if !dotted {
		return step{}, false
	}
	at, ok := shape.lookup(head)
	return step{field: f, offset: f.offset, at: at, rest: &pathPlan{field: f, path: rest}}, ok
}

// run takes the steps that were found.
func (p *structPlan) run(r Record, to unsafe.Pointer) error {
	some := false
	for i := range p.steps {
		s := &p.steps[i]
		field := unsafe.Add(to, s.offset)
		if s.text {
			if text, ok := r.text(s.at); ok {
				*(*string)(field), some = text, true
				continue
			}
		}
		if s.flat != nil {
			wrote, err := s.fillFlat(r, field)
			if err != nil {
				return err
			}
			some = some || wrote
			continue
		}
		v := r.value(s.at)
		if v.kind == Null {
			continue
		}
		some = true
		var err error
		switch {
		case s.set != nil:
			err = s.set(field, v)
		case s.rest != nil:
			err = s.rest.apply(v, field)
		default:
			err = s.field.nested(v, field)
		}
		if err != nil {
			return s.field.wrap(err)
		}
	}
	p.some = some
	return nil
}

// fillFlat fills a parent's struct from columns of the record itself, and tells
// whether one of them has a value. A pointer stays nil when none has.
func (s *step) fillFlat(r Record, to unsafe.Pointer) (some bool, err error) {
	if !s.field.pointer {
		err := s.flat.run(r, to)
		return s.flat.some, err
	}
	fresh := reflect.New(s.flat.typ)
	if err := s.flat.run(r, fresh.UnsafePointer()); err != nil || !s.flat.some {
		return false, err
	}
	*(*unsafe.Pointer)(to) = fresh.UnsafePointer()
	return true, nil
}

// nested fills a parent's struct from a nested record.
func (f *structField) nested(v Value, to unsafe.Pointer) error {
	parent, ok := v.Record()
	if !ok {
		return v.mismatch(Nested)
	}
	if f.pointer {
		fresh := reflect.New(f.parent.typ)
		*(*unsafe.Pointer)(to) = fresh.UnsafePointer()
		to = fresh.UnsafePointer()
	}
	return f.parent.decode(parent, to)
}

func (f *structField) wrap(err error) error {
	return fmt.Errorf("field %s, %s: %w", f.goName, f.path, err)
}

// pathPlan follows the rest of a dotted path in a parent record.
type pathPlan struct {
	field *structField
	path  string
	shape *Shape
	step  step
}

func (p *pathPlan) apply(v Value, to unsafe.Pointer) error {
	parent, ok := v.Record()
	if !ok {
		return v.mismatch(Nested)
	}
	if parent.shape != p.shape {
		s, ok := p.field.stepFor(parent.shape, p.path)
		if !ok && p.field.optional {
			return nil
		}
		if !ok {
			return fmt.Errorf("the parent record has no %s; select it, or tag the field optional", p.path)
		}
		p.shape, p.step = parent.shape, s
	}
	v = parent.value(p.step.at)
	switch {
	case v.kind == Null:
		return nil
	case p.step.rest != nil:
		return p.step.rest.apply(v, to)
	case p.field.parent != nil:
		return p.field.nested(v, to)
	default:
		return p.step.set(to, v)
	}
}
