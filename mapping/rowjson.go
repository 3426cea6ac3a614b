package mapping

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/orglink/orglink/salesforce/sobject"
)

// The keys of tagged values. JSON has no times and dates, and as plain texts
// they would lose what a field has to know of them: the zone of a time, whose
// day a date field takes, and that a date is none.
const (
	tagTime = "$time"
	tagDate = "$date"
)

// MarshalJSON implements json.Marshaler. Numbers stay exact. A time.Time
// becomes {"$time":"2026-03-29T23:30:00+02:00"}, with the offset of its zone,
// and a sobject.Date {"$date":"2026-03-29"}; everything else is a plain JSON
// value. What could not be read back as it is, such as a nested record or text
// that is not UTF-8, is an error.
func (r Row) MarshalJSON() ([]byte, error) {
	out := make(map[string]any, len(r))
	for name, x := range r {
		v, err := toJSON(x)
		if err == nil && !utf8.ValidString(name) {
			err = errors.New("the name is not UTF-8")
		}
		if err != nil {
			return nil, fmt.Errorf("mapping: row field %q: %w", name, err)
		}
		out[name] = v
	}
	return json.Marshal(out)
}

// UnmarshalJSON implements json.Unmarshaler. It reads what MarshalJSON writes,
// and any object of plain values and lists of texts.
func (r *Row) UnmarshalJSON(text []byte) error {
	var out map[string]any
	if err := decode(text, &out); err != nil {
		return fmt.Errorf("mapping: row: %w", err)
	}
	for name, x := range out {
		v, err := fromJSON(x)
		if err != nil {
			return fmt.Errorf("mapping: row field %q: %w", name, err)
		}
		out[name] = v
	}
	*r = out
	return nil
}

// toJSON makes a value of a Row one for encoding/json.
func toJSON(x any) (any, error) {
	switch a := x.(type) {
	case time.Time:
		return timeJSON(a), nil
	case *time.Time:
		if a != nil {
			return timeJSON(*a), nil
		}
	case sobject.Date:
		if _, err := sobject.ParseDate(a.String()); err != nil {
			return a.String(), nil // no such day: the field will say so
		}
		return map[string]string{tagDate: a.String()}, nil
	case []string:
		for _, s := range a {
			if !utf8.ValidString(s) {
				return nil, errNotUTF8
			}
		}
		return a, nil
	}
	v, err := valueOf(x)
	switch v.Kind() {
	case sobject.Nested, sobject.Children, sobject.JSON:
		return nil, errNested
	case sobject.Text:
		if !utf8.ValidString(v.Raw()) {
			return nil, errNotUTF8
		}
	}
	return v, err
}

var (
	errNotUTF8 = errors.New("the text is not UTF-8")
	errNested  = errors.New("an object is no value of a field")
)

func timeJSON(t time.Time) any {
	if _, offset := t.Zone(); offset%60 != 0 {
		// Zones of long ago differ by seconds, which the text has no place for.
		t = t.In(time.FixedZone("", offset-offset%60))
	}
	text := t.Format(time.RFC3339Nano)
	if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
		return sobject.DateTimeValue(t) // a year without such a text: the field will say so
	}
	return map[string]string{tagTime: text}
}

// decode reads one JSON value with exact numbers.
func decode(text []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(to)
}

// fromJSON makes a decoded value one that a Row may hold.
func fromJSON(x any) (any, error) {
	switch a := x.(type) {
	case nil, string, bool, json.Number:
		return x, nil
	case []any:
		list := make([]string, len(a))
		for i, one := range a {
			s, ok := one.(string)
			if !ok {
				return nil, fmt.Errorf("a list holds a %T; lists are of strings", one)
			}
			list[i] = s
		}
		return list, nil
	case map[string]any:
		return tagged(a)
	}
	return nil, errNested
}

// tagged reads a time or a date.
func tagged(object map[string]any) (any, error) {
	if len(object) != 1 {
		return nil, errNested
	}
	if s, ok := object[tagTime].(string); ok {
		return time.Parse(time.RFC3339Nano, s)
	}
	if s, ok := object[tagDate].(string); ok {
		return sobject.ParseDate(s)
	}
	return nil, errNested
}
