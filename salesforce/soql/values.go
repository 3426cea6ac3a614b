package soql

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// String is a text. After LIKE it is a pattern; see Value.
func String(s string) Value { return Value{Kind: StringLiteral, Text: s} }

// Strings are texts, for InList.
func Strings(list ...string) []Value {
	out := make([]Value, len(list))
	for i, s := range list {
		out[i] = String(s)
	}
	return out
}

// Number is a number. NaN and infinities print as text that no org accepts.
func Number[N int | int32 | int64 | uint | uint32 | uint64 | float32 | float64](n N) Value {
	text := fmt.Sprint(n)
	switch f := any(n).(type) {
	case float32:
		text = strconv.FormatFloat(float64(f), 'f', -1, 32)
	case float64:
		text = strconv.FormatFloat(f, 'f', -1, 64)
	}
	return Value{Kind: NumberLiteral, Text: text}
}

// Decimal is a number from its exact text, such as an amount of money.
func Decimal(text string) (Value, error) {
	plain, ok := plainNumber(text)
	if !ok {
		return Value{}, fmt.Errorf("soql: %q is not a number", clip(text))
	}
	return Value{Kind: NumberLiteral, Text: plain}, nil
}

// Bool is TRUE or FALSE.
func Bool(b bool) Value {
	return Value{Kind: BoolLiteral, Text: strings.ToUpper(strconv.FormatBool(b))}
}

// DateTime is an instant, written in UTC with milliseconds.
func DateTime(t time.Time) Value {
	return Value{Kind: DateTimeLiteral, Text: sobject.FormatDateTime(t)}
}

// Date is a calendar date.
func Date(d sobject.Date) Value { return Value{Kind: DateLiteral, Text: d.String()} }

// Relative is a date literal such as TODAY, or with its number LAST_N_DAYS
// and 7. What is no date literal is refused by the org and by Check.
func Relative(word string, n ...int) Value {
	v := Value{Kind: RelativeDate, Text: strings.ToUpper(word)}
	if len(n) > 0 {
		v.N = n[0]
	}
	return v
}

// Null is null.
func Null() Value { return Value{} }

// ID is a record id; the empty one is null.
func ID(id sobject.ID) Value {
	if id == "" {
		return Null()
	}
	return String(string(id))
}

// IDs are record ids, for InList.
func IDs(list ...sobject.ID) []Value {
	out := make([]Value, len(list))
	for i, id := range list {
		out[i] = ID(id)
	}
	return out
}
