package mirror

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// class groups field types by how their values are stored.
type class string

const (
	text     class = "t"
	boolean  class = "b"
	integer  class = "i"
	number   class = "n"
	date     class = "d"
	dateTime class = "s"
)

func classOf(t sobject.FieldType) class {
	switch {
	case t == sobject.TypeBoolean:
		return boolean
	case t == sobject.TypeInt || t == sobject.TypeLong:
		return integer
	case t.Numeric():
		return number
	case t == sobject.TypeDate:
		return date
	case t == sobject.TypeDateTime:
		return dateTime
	}
	return text
}

// sqlType is the column type of a field. Every column may be null: an org's
// own promises about that cannot be trusted.
//
// SQLite gets untyped columns for decimals: its NUMERIC would round what a
// double cannot hold, so these few are stored as text and the rest as numbers.
// Text columns of MariaDB are MEDIUMTEXT, which takes a few bytes of its row
// limit where VARCHAR takes its full length, and which still fits when an admin
// makes a field longer.
func (m *Mirror) sqlType(f sobject.DescribeField) string {
	c := classOf(f.Type)
	switch m.db.Dialect() {
	case orglink.PostgreSQL:
		switch c {
		case boolean:
			return "BOOLEAN"
		case integer:
			return "BIGINT"
		case number:
			return "NUMERIC"
		case date:
			return "DATE"
		case dateTime:
			return "TIMESTAMPTZ"
		}
		return `TEXT COLLATE "C"`
	case orglink.MariaDB:
		switch c {
		case boolean:
			return "BOOLEAN"
		case integer:
			return "BIGINT"
		case number:
			return "DECIMAL(65,30)"
		case date:
			return "DATE"
		case dateTime:
			return "DATETIME(3)"
		}
		const bytewise = " CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
		if f.Type == sobject.TypeID || f.Type == sobject.TypeReference {
			return "VARCHAR(18)" + bytewise
		}
		return "MEDIUMTEXT" + bytewise
	}
	switch c {
	case boolean, integer:
		return "INTEGER"
	case number:
		return ""
	}
	return "TEXT"
}

const mariaTime = "2006-01-02 15:04:05.000"

// bind turns a value into what the driver takes.
func (m *Mirror) bind(c class, v sobject.Value) (any, error) {
	if v.IsNull() {
		return nil, nil
	}
	switch c {
	case boolean:
		b, err := v.Bool()
		if m.db.Dialect() == orglink.SQLite && err == nil {
			return map[bool]int64{false: 0, true: 1}[b], nil
		}
		return b, err
	case integer:
		return v.Int()
	case number:
		s, err := v.Decimal()
		if err != nil || m.db.Dialect() != orglink.SQLite {
			return s, err
		}
		return sqliteNumber(s), nil
	case date:
		d, err := v.Date()
		return d.String(), err
	case dateTime:
		if raw := v.Raw(); m.db.Dialect() != orglink.PostgreSQL && canonicalTime(raw) {
			if m.db.Dialect() == orglink.MariaDB {
				return raw[:10] + " " + raw[11:23], nil
			}
			return raw, nil
		}
		t, err := v.Time()
		switch m.db.Dialect() {
		case orglink.PostgreSQL:
			return t, err
		case orglink.MariaDB:
			return t.Format(mariaTime), err
		}
		return sobject.FormatDateTime(t), err
	}
	s := v.Raw()
	if v.Kind() == sobject.Nested || v.Kind() == sobject.Children {
		return nil, fmt.Errorf("a nested value cannot be stored")
	}
	// PostgreSQL takes no NUL and no malformed UTF-8; elsewhere the same, so
	// that a mirror means the same everywhere.
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return strings.ToValidUTF8(s, "\uFFFD"), nil
}

// canonicalTime tells that a text is a date-time as sobject.FormatDateTime
// writes them, as nearly all are.
func canonicalTime(s string) bool {
	const form = "0000-00-00T00:00:00.000Z"
	if len(s) != len(form) {
		return false
	}
	for i := range len(form) {
		if form[i] == '0' && (s[i] < '0' || s[i] > '9') || form[i] != '0' && s[i] != form[i] {
			return false
		}
	}
	return s[5:7] >= "01" && s[5:7] <= "12" && s[8:10] >= "01" && s[8:10] <= "28" && s[11:13] <= "23" && s[14:16] <= "59" && s[17:19] <= "59"
}

// sqliteNumber keeps a decimal exact: as an integer or a double when that
// reads back the same, else as text.
func sqliteNumber(s string) any {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return s
	}
	if len(s) <= 16 && !strings.ContainsAny(s, "eE") {
		return f // up to 15 digits, which a double keeps
	}
	exact, ok1 := new(big.Rat).SetString(s)
	shortest, ok2 := new(big.Rat).SetString(strconv.FormatFloat(f, 'f', -1, 64))
	if ok1 && ok2 && exact.Cmp(shortest) == 0 {
		return f
	}
	return s
}

// value reads what the driver returned for a column.
func (m *Mirror) value(c class, raw any) (sobject.Value, error) {
	if b, ok := raw.([]byte); ok {
		raw = string(b)
	}
	if raw == nil {
		return sobject.NullValue(), nil
	}
	switch c {
	case boolean:
		switch fmt.Sprint(raw) {
		case "1", "true", "t":
			return sobject.BoolValue(true), nil
		}
		return sobject.BoolValue(false), nil
	case integer, number:
		return numberValue(raw)
	case date:
		switch v := raw.(type) {
		case time.Time:
			return sobject.DateValue(sobject.DateOf(v)), nil
		case string:
			return sobject.TextValue(v[:min(len(v), 10)]), nil
		}
	case dateTime:
		return m.timeValue(raw)
	}
	if s, ok := raw.(string); ok {
		return sobject.TextValue(s), nil
	}
	return sobject.Value{}, fmt.Errorf("the driver returned %T", raw)
}

func numberValue(raw any) (sobject.Value, error) {
	switch v := raw.(type) {
	case int64:
		return sobject.IntValue(v), nil
	case float64:
		return sobject.FloatValue(v), nil
	case string:
		if strings.Contains(v, ".") { // MariaDB pads to the column's scale
			v = strings.TrimSuffix(strings.TrimRight(v, "0"), ".")
		}
		return sobject.NumberValue(v)
	}
	return sobject.Value{}, fmt.Errorf("the driver returned %T for a number", raw)
}

func (m *Mirror) timeValue(raw any) (sobject.Value, error) {
	switch v := raw.(type) {
	case time.Time:
		if m.db.Dialect() == orglink.MariaDB {
			// Stored as UTC whatever zone the connection is told to assume.
			v = time.Date(v.Year(), v.Month(), v.Day(), v.Hour(), v.Minute(), v.Second(), v.Nanosecond(), time.UTC)
		}
		return sobject.DateTimeValue(v), nil
	case string:
		if m.db.Dialect() == orglink.MariaDB {
			t, err := time.Parse("2006-01-02 15:04:05", v)
			return sobject.DateTimeValue(t), err
		}
		return sobject.TextValue(v), nil
	}
	return sobject.Value{}, fmt.Errorf("the driver returned %T for a time", raw)
}
