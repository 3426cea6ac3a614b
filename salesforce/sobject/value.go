package sobject

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Kind tells what a Value holds.
type Kind uint8

// The kinds of values. Salesforce's own types (currency, picklist, phone ...)
// are in the describe; on the wire they are these.
const (
	Null     Kind = iota
	Text          // any quoted value, dates and ids included
	Number        // the exact text of a number
	Boolean       // true or false
	Nested        // a parent record
	Children      // the result of a sub-query
	JSON          // any other object or array, such as an address, as it came
)

// String returns the name of the kind, for messages.
func (k Kind) String() string {
	switch k {
	case Null:
		return "null"
	case Text:
		return "text"
	case Number:
		return "number"
	case Boolean:
		return "boolean"
	case Nested:
		return "record"
	case Children:
		return "child records"
	default:
		return "JSON"
	}
}

// ErrNull is wrapped by accessors that met a null where they need a value.
var ErrNull = errors.New("the value is null")

// Value is one field's value. The zero Value is null. Values are immutable.
type Value struct {
	kind Kind
	text string
	ref  *nested
}

// nested is what a Value of kind Nested or Children points to.
type nested struct {
	record   Record
	children ChildSet
}

// ChildSet is the result of a sub-query.
type ChildSet struct {
	// TotalSize is how many children there are, fetched or not.
	TotalSize int
	// Done is false when NextURL holds the path of further children.
	Done    bool
	NextURL string
	Records []Record
}

// NullValue is the value that clears a field.
func NullValue() Value { return Value{} }

// TextValue returns a text. Salesforce stores an empty text as null.
func TextValue(s string) Value { return Value{kind: Text, text: s} }

// BoolValue returns a boolean.
func BoolValue(b bool) Value { return Value{kind: Boolean, text: strconv.FormatBool(b)} }

// IntValue returns a whole number.
func IntValue(n int64) Value { return Value{kind: Number, text: strconv.FormatInt(n, 10)} }

// NumberValue returns a number from its decimal text, which is sent as it is;
// text that is no JSON number is an error.
func NumberValue(text string) (Value, error) {
	if !validNumber(text) {
		return Value{}, fmt.Errorf("sobject: %q is not a number", clip(text))
	}
	return Value{kind: Number, text: text}, nil
}

// FloatValue returns a number in the shortest text that reads back the same;
// NaN and infinities become null, because Salesforce has no such numbers.
func FloatValue(f float64) Value {
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !validNumber(text) {
		return Value{}
	}
	return Value{kind: Number, text: text}
}

// DateTimeValue returns a date-time in UTC with milliseconds.
func DateTimeValue(t time.Time) Value { return TextValue(FormatDateTime(t)) }

// DateValue returns a calendar date.
func DateValue(d Date) Value { return TextValue(d.String()) }

// IDValue returns an id, or null for the empty one.
func IDValue(id ID) Value {
	if id == "" {
		return Value{}
	}
	return TextValue(string(id))
}

// JSONValue returns any other JSON, which must be valid and is not checked.
func JSONValue(raw string) Value { return Value{kind: JSON, text: raw} }

// RecordValue returns a parent record, such as the lookup by external id
// {"Account": {"Ext__c": "42"}} in a write.
func RecordValue(r Record) Value { return Value{kind: Nested, ref: &nested{record: r}} }

// ChildrenValue returns a child set.
func ChildrenValue(c ChildSet) Value { return Value{kind: Children, ref: &nested{children: c}} }

// Kind tells what the value holds.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether the value is null.
func (v Value) IsNull() bool { return v.kind == Null }

// Raw returns a text without quotes, a number or boolean as written, JSON as
// it came, and "" for null and for records.
func (v Value) Raw() string { return v.text }

// Equal reports whether two values are the same: kind and exact text, and
// numbers by value (1.0 equals 1). Nested values are compared field by field.
func (v Value) Equal(o Value) bool {
	if v.kind != o.kind {
		return false
	}
	switch v.kind {
	case Number:
		return v.text == o.text || canonicalNumber(v.text) == canonicalNumber(o.text)
	case Nested:
		return v.ref.record.Equal(o.ref.record)
	case Children:
		a, b := v.ref.children.Records, o.ref.children.Records
		if len(a) != len(b) {
			return false
		}
		for i := range a {
			if !a[i].Equal(b[i]) {
				return false
			}
		}
		return true
	default:
		return v.text == o.text
	}
}

// Text returns a text value.
func (v Value) Text() (string, error) {
	if v.kind != Text {
		return "", v.mismatch(Text)
	}
	return v.text, nil
}

// Bool returns a boolean value, also from the texts true and false that Bulk
// API results hold.
func (v Value) Bool() (bool, error) {
	if v.kind == Boolean || v.kind == Text {
		switch {
		case strings.EqualFold(v.text, "true"):
			return true, nil
		case strings.EqualFold(v.text, "false"):
			return false, nil
		}
	}
	return false, v.mismatch(Boolean)
}

// Decimal returns a number's exact text, also from the quoted numbers of Bulk
// API results.
func (v Value) Decimal() (string, error) {
	if v.kind == Number || v.kind == Text && validNumber(v.text) {
		return v.text, nil
	}
	return "", v.mismatch(Number)
}

// Int returns a whole number; 47.0 is one, 47.5 is an error.
func (v Value) Int() (int64, error) {
	text, err := v.Decimal()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil { // it may be 47.0 or 4.7e1
		n, err = strconv.ParseInt(canonicalNumber(text), 10, 64)
	}
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number of 64 bits", clip(text))
	}
	return n, nil
}

// Float returns the nearest float64; use Decimal for money.
func (v Value) Float() (float64, error) {
	text, err := v.Decimal()
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(text, 64)
}

// ID returns an id in canonical form.
func (v Value) ID() (ID, error) {
	if v.kind != Text {
		return "", v.mismatch(Text)
	}
	return ParseID(v.text)
}

// Time returns a date-time in any of Salesforce's spellings, in UTC.
func (v Value) Time() (time.Time, error) {
	if v.kind != Text {
		return time.Time{}, v.mismatch(Text)
	}
	return ParseDateTime(v.text)
}

// Date returns a calendar date, without any time zone.
func (v Value) Date() (Date, error) {
	if v.kind != Text {
		return Date{}, v.mismatch(Text)
	}
	return ParseDate(v.text)
}

// Record returns a nested record.
func (v Value) Record() (Record, bool) {
	if v.kind != Nested {
		return Record{}, false
	}
	return v.ref.record, true
}

// Children returns the result of a sub-query; null counts as no children.
func (v Value) Children() (ChildSet, bool) {
	switch v.kind {
	case Children:
		return v.ref.children, true
	case Null:
		return ChildSet{Done: true}, true
	default:
		return ChildSet{}, false
	}
}

// MarshalJSON writes the value as Salesforce takes it in a request body.
func (v Value) MarshalJSON() ([]byte, error) {
	switch v.kind {
	case Null:
		return []byte("null"), nil
	case Text:
		return json.Marshal(v.text)
	case Nested:
		return v.ref.record.MarshalJSON()
	case Children:
		return json.Marshal(struct {
			Records []Record `json:"records"`
		}{v.ref.children.Records})
	default:
		return []byte(v.text), nil
	}
}

func (v Value) mismatch(want Kind) error {
	if v.kind == Null {
		return ErrNull
	}
	return fmt.Errorf("the value is %s, not %s", v.kind, want)
}
