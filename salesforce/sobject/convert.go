package sobject

import "strings"

// As returns v in the form that a value of type t has in a REST answer, so
// that the same value compares equal whichever API it came through. Bulk API
// results hold every value as text: numbers and booleans become such, an empty
// text becomes null (Salesforce stores none), ids take their 18-character form
// and date-times the spelling of FormatDateTime. A value that does not fit t,
// and every value of a type not named here, is returned unchanged; nothing is
// ever lost by As.
func (v Value) As(t FieldType) Value {
	if v.kind != Text {
		return v
	}
	if v.text == "" {
		return Value{}
	}
	switch t {
	case TypeBoolean:
		switch {
		case strings.EqualFold(v.text, "true"):
			return BoolValue(true)
		case strings.EqualFold(v.text, "false"):
			return BoolValue(false)
		}
	case TypeInt, TypeLong, TypeDouble, TypeCurrency, TypePercent:
		if validNumber(v.text) {
			return Value{kind: Number, text: v.text}
		}
	case TypeID, TypeReference:
		if id, err := ParseID(v.text); err == nil {
			return IDValue(id)
		}
	case TypeDateTime:
		if at, err := ParseDateTime(v.text); err == nil {
			return DateTimeValue(at)
		}
	}
	return v
}
