package soql

import (
	"errors"
	"fmt"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Typed is the literal that a value takes in a comparison with a field of a
// describe's type. The type decides about quotes, not the look of the value:
// the text 5 stays a text beside a text field and becomes a number beside a
// number field. An error tells a value that does not fit the type, and types
// that no condition takes: addresses, locations and files. Null fits all.
func Typed(t sobject.FieldType, v sobject.Value) (Value, error) {
	if v.IsNull() {
		return Null(), nil
	}
	out, err := typed(t, v)
	if err != nil {
		return Value{}, fmt.Errorf("soql: %q for a field of type %s: %w", clip(v.Raw()), t, err)
	}
	return out, nil
}

func typed(t sobject.FieldType, v sobject.Value) (Value, error) {
	switch t {
	case sobject.TypeBoolean:
		b, err := v.Bool()
		return Bool(b), err
	case sobject.TypeInt, sobject.TypeLong, sobject.TypeDouble, sobject.TypeCurrency, sobject.TypePercent:
		text, err := v.Decimal()
		if err != nil {
			return Value{}, err
		}
		return Decimal(text)
	case sobject.TypeID, sobject.TypeReference:
		id, err := v.ID()
		return ID(id), err
	case sobject.TypeDate:
		d, err := v.Date()
		return Date(d), err
	case sobject.TypeDateTime:
		at, err := v.Time()
		return DateTime(at), err
	case sobject.TypeTime:
		at, err := v.TimeOfDay()
		return Value{Kind: TimeLiteral, Text: at.String()}, err
	case sobject.TypeAddress, sobject.TypeLocation, sobject.TypeBase64, sobject.TypeComplexValue:
		return Value{}, errors.New("such fields cannot be compared")
	}
	switch v.Kind() {
	case sobject.Text, sobject.Number, sobject.Boolean:
		return String(v.Raw()), nil
	}
	return Value{}, errors.New("not a text")
}
