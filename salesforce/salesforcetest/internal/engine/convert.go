package engine

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// convert turns a value of a request into a stored text.
func (f *field) convert(v sobject.Value, csv bool) (string, *RowError) {
	switch v.Kind() {
	case sobject.Null:
		if f.kind == kindBool {
			return "false", nil
		}
		return "", nil
	case sobject.Text, sobject.Number, sobject.Boolean:
	default:
		return "", f.unreadable("START_OBJECT", "{", csv)
	}
	raw := v.Raw()
	token := map[sobject.Kind]string{sobject.Text: "VALUE_STRING", sobject.Number: "VALUE_NUMBER_FLOAT", sobject.Boolean: "VALUE_TRUE"}
	if f.Type == sobject.TypeBase64 {
		return raw, nil
	}
	if f.kind == kindText {
		return strings.Trim(raw, " \t\r\n"), nil
	}
	raw = strings.TrimSpace(raw)
	if raw == "" {
		if f.kind == kindBool {
			return "false", nil
		}
		return "", nil
	}
	out, ok := "", false
	switch f.kind {
	case kindID:
		id, err := sobject.ParseID(raw)
		if err != nil || v.Kind() != sobject.Text {
			return "", &RowError{Code: "MALFORMED_ID", Message: f.Label + ": id value of incorrect type: " + raw, Fields: []string{f.Name}}
		}
		return string(id), nil
	case kindBool:
		switch {
		case strings.EqualFold(raw, "true") || csv && (raw == "1" || strings.EqualFold(raw, "yes")):
			out, ok = "true", true
		case strings.EqualFold(raw, "false") || csv && (raw == "0" || strings.EqualFold(raw, "no")):
			out, ok = "false", true
		}
	case kindNumber:
		if v.Kind() == sobject.Boolean {
			break
		}
		return f.number(raw, token[v.Kind()], csv)
	default:
		if v.Kind() != sobject.Text {
			break
		}
		out, ok = f.temporal(raw)
	}
	if !ok {
		return "", f.unreadable(token[v.Kind()], raw, csv)
	}
	return out, nil
}

// number reads a number and checks it against precision and scale.
func (f *field) number(raw, token string, csv bool) (string, *RowError) {
	n, err := strconv.ParseFloat(raw, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || strings.ContainsAny(raw, "xXpP_") {
		return "", f.unreadable(token, raw, csv)
	}
	outside := whole(f.Type) && f.Type == sobject.TypeInt && (n > math.MaxInt32 || n < math.MinInt32) ||
		!whole(f.Type) && math.Abs(n) >= math.Pow10(max(f.Precision-f.Scale, 1))
	if outside {
		return "", &RowError{Code: "NUMBER_OUTSIDE_VALID_RANGE",
			Message: fmt.Sprintf("%s: value outside of valid range on numeric field: %s", f.Label, raw), Fields: []string{f.Name}}
	}
	if whole(f.Type) {
		if n != math.Trunc(n) {
			return "", f.unreadable(token, raw, csv)
		}
		return strconv.FormatFloat(n, 'f', 0, 64), nil
	}
	if strings.ContainsAny(raw, "eE") {
		raw = strconv.FormatFloat(n, 'f', -1, 64)
	}
	return canonicalDecimal(strings.TrimPrefix(raw, "+"), f.Scale), nil
}

// temporal reads a date, date-time or time.
func (f *field) temporal(raw string) (string, bool) {
	switch f.kind {
	case kindTime:
		for _, layout := range []string{"15:04:05.000Z07:00", "15:04:05Z07:00", "15:04:05.000", "15:04:05", "15:04"} {
			if t, err := time.Parse(layout, raw); err == nil {
				return t.UTC().Format("15:04:05.000Z"), true
			}
		}
		return "", false
	case kindDate:
		if t, err := time.Parse(time.DateOnly, raw); err == nil {
			return raw, yearOK(t)
		}
		t, err := sobject.ParseDateTime(raw)
		return t.Format(time.DateOnly), err == nil && yearOK(t)
	default:
		t, err := sobject.ParseDateTime(raw)
		if err != nil {
			t, err = time.Parse(time.DateOnly, raw)
		}
		return formatStamp(t.Truncate(time.Second)), err == nil && yearOK(t)
	}
}

func yearOK(t time.Time) bool { return t.Year() >= 1700 && t.Year() <= 4000 }

// unreadable is the answer to a value of the wrong type.
func (f *field) unreadable(token, raw string, csv bool) *RowError {
	if csv {
		return &RowError{Code: "INVALID_TYPE_ON_FIELD_IN_RECORD",
			Message: fmt.Sprintf("%s: value not of required type: %s", f.Label, raw), Fields: []string{f.Name}}
	}
	name := string(f.Type)
	return &RowError{Code: "JSON_PARSER_ERROR", Message: fmt.Sprintf(
		"Cannot deserialize instance of %s from %s value %s or request may be missing a required field at [line:1, column:2]", name, token, raw)}
}

// number formats of auto-number fields: "A-{0000}".
func autoNumber(format string, n int) string {
	open, end := strings.IndexByte(format, '{'), strings.IndexByte(format, '}')
	if open < 0 || end < open {
		return format + strconv.Itoa(n)
	}
	return fmt.Sprintf("%s%0*d%s", format[:open], end-open-1, n, format[end+1:])
}
