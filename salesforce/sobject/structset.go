package sobject

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"
	"unsafe"
)

// setTo returns the setter of a type by a function that makes its values.
func setTo[T any](as func(Value) (T, error)) setter {
	return func(to unsafe.Pointer, v Value) error {
		x, err := as(v)
		if err == nil {
			*(*T)(to) = x
		}
		return err
	}
}

// setters are the types of the library and of time; other types go by kind.
func settersByType() map[reflect.Type]setter {
	return map[reflect.Type]setter{
		reflect.TypeFor[Value]():     setTo(func(v Value) (Value, error) { return v, nil }),
		reflect.TypeFor[ID]():        setTo(Value.ID),
		reflect.TypeFor[Date]():      setTo(Value.Date),
		reflect.TypeFor[Time]():      setTo(Value.TimeOfDay),
		reflect.TypeFor[time.Time](): setTo(Value.Time),
		reflect.TypeFor[Address]():   setTo(Value.Address),
		reflect.TypeFor[Location]():  setTo(Value.Location),
		reflect.TypeFor[Record]():    setTo(Value.asRecord),
		reflect.TypeFor[ChildSet]():  setTo(Value.asChildren),
	}
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// setterOf returns how a value is put into a type; nil for structs that stand
// for a parent.
func setterOf(t reflect.Type, within map[reflect.Type]bool) (setter, error) {
	if set, ok := settersByType()[t]; ok {
		return set, nil
	}
	if reflect.PointerTo(t).Implements(textUnmarshaler) {
		return func(to unsafe.Pointer, v Value) error {
			if v.kind > Boolean {
				return v.mismatch(Text)
			}
			return reflect.NewAt(t, to).Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(v.text))
		}, nil
	}
	switch t.Kind() {
	case reflect.String:
		return setString, nil
	case reflect.Bool:
		return setTo(Value.Bool), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return setNumber(t), nil
	case reflect.Pointer:
		return setPointer(t.Elem(), within)
	case reflect.Slice:
		return setSlice(t, within)
	}
	return nil, nil
}

// setString takes a number's exact text too, which is how to keep money.
func setString(to unsafe.Pointer, v Value) error {
	if v.kind != Text && v.kind != Number {
		return v.mismatch(Text)
	}
	*(*string)(to) = v.text
	return nil
}

func setNumber(t reflect.Type) setter {
	switch t.Kind() {
	case reflect.Float64:
		return setTo(Value.Float)
	case reflect.Int64:
		return setTo(Value.Int)
	}
	return func(to unsafe.Pointer, v Value) error {
		out := reflect.NewAt(t, to).Elem()
		switch {
		case out.CanFloat():
			f, err := v.Float()
			if err == nil && out.OverflowFloat(f) {
				err = tooLarge(v, t)
			}
			out.SetFloat(f)
			return err
		case out.CanInt():
			n, err := v.Int()
			if err == nil && out.OverflowInt(n) {
				err = tooLarge(v, t)
			}
			out.SetInt(n)
			return err
		}
		text, err := v.Decimal()
		if err != nil {
			return err
		}
		n, err := strconv.ParseUint(canonicalNumber(text), 10, 64)
		if err != nil || out.OverflowUint(n) {
			return tooLarge(v, t)
		}
		out.SetUint(n)
		return nil
	}
}

func tooLarge(v Value, t reflect.Type) error {
	return fmt.Errorf("%s does not fit %s", clip(v.text), t)
}

func setPointer(elem reflect.Type, within map[reflect.Type]bool) (setter, error) {
	if elem.Kind() == reflect.Pointer {
		return nil, errors.New("a pointer to a pointer has no meaning")
	}
	set, err := setterOf(elem, within)
	if set == nil || err != nil {
		return nil, err
	}
	return func(to unsafe.Pointer, v Value) error {
		fresh := reflect.New(elem).UnsafePointer()
		if err := set(fresh, v); err != nil {
			return err
		}
		*(*unsafe.Pointer)(to) = fresh
		return nil
	}, nil
}

// setSlice takes child records as structs or as they are.
func setSlice(t reflect.Type, within map[reflect.Type]bool) (setter, error) {
	elem := t.Elem()
	if elem == reflect.TypeFor[Record]() {
		return func(to unsafe.Pointer, v Value) error {
			set, err := v.asChildren()
			reflect.NewAt(t, to).Elem().Set(reflect.ValueOf(set.Records).Convert(t))
			return err
		}, nil
	}
	if elem.Kind() != reflect.Struct {
		return nil, fmt.Errorf("no value can be put into type %s", t)
	}
	plan, err := planOf(elem, within)
	if err != nil {
		return nil, err
	}
	return func(to unsafe.Pointer, v Value) error {
		children, err := v.asChildren()
		if err != nil {
			return err
		}
		out := reflect.MakeSlice(t, len(children.Records), len(children.Records))
		for i, r := range children.Records {
			if err := plan.decode(r, out.Index(i).Addr().UnsafePointer()); err != nil {
				return fmt.Errorf("child %d: %w", i+1, err)
			}
		}
		reflect.NewAt(t, to).Elem().Set(out)
		return nil
	}, nil
}

func (v Value) asRecord() (Record, error) {
	r, ok := v.Record()
	if !ok {
		return Record{}, v.mismatch(Nested)
	}
	return r, nil
}

func (v Value) asChildren() (ChildSet, error) {
	set, ok := v.Children()
	if !ok {
		return ChildSet{}, v.mismatch(Children)
	}
	return set, nil
}
