package mapping

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Row is a host's row by the host's own field names. A key that is absent is
// unset and leaves the Salesforce field alone; nil clears it; anything else
// sets it.
//
// Values are strings, booleans, whole numbers, floats, json.Number, time.Time,
// sobject.Date, sobject.ID, sobject.Value, []string for multi-select
// picklists, []byte for file contents, and pointers to strings, booleans,
// int64, float64 and time.Time; nil pointers and lists are nil. A time.Time that goes
// to a date field becomes the day in its own zone.
//
// A row may wait as JSON, as it does in an outbox, and still makes the same
// record; see [Row.MarshalJSON].
type Row map[string]any

// valueOf turns a host value into a Salesforce value without knowing the
// field. Empty text is null, because Salesforce stores it so.
func valueOf(x any) (sobject.Value, error) {
	switch a := x.(type) {
	case nil:
		return sobject.NullValue(), nil
	case sobject.Value:
		if a.Kind() == sobject.Text && a.Raw() == "" {
			return sobject.NullValue(), nil
		}
		return a, nil
	case string:
		return text(a), nil
	case bool:
		return sobject.BoolValue(a), nil
	case int:
		return sobject.IntValue(int64(a)), nil
	case int8:
		return sobject.IntValue(int64(a)), nil
	case int16:
		return sobject.IntValue(int64(a)), nil
	case int32:
		return sobject.IntValue(int64(a)), nil
	case int64:
		return sobject.IntValue(a), nil
	case uint8:
		return sobject.IntValue(int64(a)), nil
	case uint16:
		return sobject.IntValue(int64(a)), nil
	case uint32:
		return sobject.IntValue(int64(a)), nil
	case uint:
		return sobject.NumberValue(strconv.FormatUint(uint64(a), 10))
	case uint64:
		return sobject.NumberValue(strconv.FormatUint(a, 10))
	case float32:
		return sobject.NumberValue(strconv.FormatFloat(float64(a), 'f', -1, 32))
	case float64:
		return sobject.NumberValue(strconv.FormatFloat(a, 'f', -1, 64))
	case json.Number:
		return sobject.NumberValue(string(a))
	case time.Time:
		return sobject.DateTimeValue(a), nil
	case sobject.Date:
		return sobject.DateValue(a), nil
	case sobject.ID:
		return sobject.IDValue(a), nil
	case []string:
		if a == nil {
			return sobject.NullValue(), nil
		}
	case []byte:
		return text(base64.StdEncoding.EncodeToString(a)), nil
	case *string:
		return pointed(a)
	case *bool:
		return pointed(a)
	case *int64:
		return pointed(a)
	case *float64:
		return pointed(a)
	case *time.Time:
		return pointed(a)
	}
	return sobject.Value{}, fmt.Errorf("a %T is no value of a field", x)
}

func pointed[T any](p *T) (sobject.Value, error) {
	if p == nil {
		return sobject.NullValue(), nil
	}
	return valueOf(*p)
}

func text(s string) sobject.Value {
	if s == "" {
		return sobject.NullValue()
	}
	return sobject.TextValue(s)
}
