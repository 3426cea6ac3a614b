package mirror

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/internal/sqlkit"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
)

// Row is a record as the mirror has it.
type Row struct {
	ID     sobject.ID
	Record sobject.Record
	// Owner is the host user paired with the record's owner.
	Owner          orglink.UserID
	SystemModstamp time.Time
	ReadAt         time.Time
	// Gone is 0 for a present record, and the kind of its tombstone otherwise.
	Gone     importer.Kind
	Survivor sobject.ID
}

// Op compares a field with values.
type Op string

// The operators. All but In take one value; IsNull and NotNull none.
const (
	Eq       Op = "="
	Ne       Op = "<>" // also true where the field is null
	Lt       Op = "<"
	Le       Op = "<="
	Gt       Op = ">"
	Ge       Op = ">="
	In       Op = "in"
	Contains Op = "contains" // text, without regard to case
	IsNull   Op = "null"
	NotNull  Op = "not null"
)

// Filter is one condition.
type Filter struct {
	Field  string
	Op     Op
	Values []sobject.Value
}

// Sort orders by a field: null first, or last when descending. Text is
// compared byte by byte.
type Sort struct {
	Field string
	Desc  bool
}

// Query asks for records of one object.
type Query struct {
	Object string
	// Fields defaults to all that the view shows.
	Fields []string
	// Where conditions must all hold.
	Where []Filter
	// Sort defaults to the Id, which also breaks ties.
	Sort []Sort
	// Limit is from 1 to 2000 and defaults to 100.
	Limit int
	// After is the Next of the page before; its query must be the same.
	After string
}

// selectList are the columns that scan reads: system columns, then the given
// places of t.columns, or all for nil.
func (m *Mirror) selectList(t *table, places []int) string {
	cols := slices.Clone(systemColumns)
	if places == nil {
		places = every(t)
	}
	for _, i := range places {
		cols = append(cols, t.columns[i].name)
	}
	for i := range cols {
		cols[i] = m.quote(cols[i])
	}
	return strings.Join(cols, ",")
}

func every(t *table) []int {
	out := make([]int, len(t.columns))
	for i := range out {
		out[i] = i
	}
	return out
}

// scan reads rows of selectList and closes them.
func (m *Mirror) scan(rows *sql.Rows, t *table, places []int, yield func(r Row, values []sobject.Value)) error {
	defer rows.Close()
	if places == nil {
		places = every(t)
	}
	raw := make([]any, len(places))
	var r Row
	var stamp, read, gone int64
	targets := []any{&r.ID, &stamp, &read, &gone, &r.Survivor, &r.Owner}
	for i := range raw {
		targets = append(targets, &raw[i])
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		r.SystemModstamp, r.ReadAt, r.Gone = sqlkit.Time(stamp), sqlkit.Time(read), importer.Kind(gone) //nolint:gosec // written by upsert
		values := make([]sobject.Value, len(places))
		for i, at := range places {
			var err error
			if values[i], err = m.value(t.columns[at].class, raw[i]); err != nil {
				return fmt.Errorf("%s of %s: %w", t.columns[at].field, r.ID, err)
			}
		}
		yield(r, values)
	}
	return rows.Err()
}

// condition is SQL with its arguments.
type condition struct {
	sql  string
	args []any
}

// where turns filters into a condition on present records.
func (v *viewed) where(filters []Filter) (condition, error) {
	out := condition{sql: v.m.quote("_gone") + " = 0"}
	for _, f := range filters {
		i, err := v.place(f.Field)
		if err != nil {
			return out, err
		}
		one, err := v.compare(i, f)
		if err != nil {
			return out, fmt.Errorf("mirror: filter on %s.%s: %w", v.object, f.Field, err)
		}
		out.sql += " AND " + one.sql
		out.args = append(out.args, one.args...)
	}
	return out, nil
}

func (v *viewed) compare(i int, f Filter) (condition, error) {
	c := v.t.columns[i]
	name := v.m.quote(c.name)
	want := 1
	switch f.Op {
	case IsNull, NotNull:
		want = 0
	case In:
		want = len(f.Values)
	}
	if len(f.Values) != want || want > 1000 {
		return condition{}, fmt.Errorf("operator %q with %d values", f.Op, len(f.Values))
	}
	var args []any
	for _, value := range f.Values {
		if value.IsNull() {
			return condition{}, errors.New("compare with null by the operators null and not null")
		}
		arg, err := v.m.bind(c.class, value.As(c.typ))
		if err != nil {
			return condition{}, err
		}
		args = append(args, arg)
	}
	switch f.Op {
	case IsNull:
		return condition{name + " IS NULL", nil}, nil
	case NotNull:
		return condition{name + " IS NOT NULL", nil}, nil
	case In:
		if want == 0 {
			return condition{"1 = 0", nil}, nil
		}
		return condition{name + " IN (?" + strings.Repeat(",?", want-1) + ")", args}, nil
	case Ne:
		return condition{"(" + name + " <> ? OR " + name + " IS NULL)", args}, nil
	case Eq, Lt, Le, Gt, Ge:
		return condition{name + " " + string(f.Op) + " ?", args}, nil
	case Contains:
		if c.class != text {
			return condition{}, errors.New("only text can contain something")
		}
		return v.contains(c, fmt.Sprint(args[0])), nil
	}
	return condition{}, fmt.Errorf("unknown operator %q", f.Op)
}

// contains matches without regard to the case of what the database knows.
func (v *viewed) contains(c column, s string) condition {
	pattern := "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s) + "%"
	return condition{"LOWER(" + v.m.quote(c.name) + ") LIKE LOWER(?) ESCAPE '!'", []any{pattern}}
}

// order is the ORDER BY of a query; nulls come first, last when descending,
// whatever the database does by itself.
func (v *viewed) order(sorts []Sort, places []int) string {
	var b strings.Builder
	for n, s := range sorts {
		name, dir := v.m.quote(v.t.columns[places[n]].name), ""
		if s.Desc {
			dir = " DESC"
		}
		b.WriteString("CASE WHEN " + name + " IS NULL THEN 0 ELSE 1 END" + dir + "," + name + dir + ",")
	}
	return b.String() + v.m.quote("id")
}

// cursor is what Page.Next holds: the last row's sort values and id.
type cursor struct {
	ID     sobject.ID        `json:"id"`
	Values []json.RawMessage `json:"v,omitempty"`
}

func (c cursor) encode() string {
	raw, _ := json.Marshal(c) // ids and values already encoded
	return base64.RawURLEncoding.EncodeToString(raw)
}

// beyond is the condition for rows behind a cursor.
func (v *viewed) beyond(after string, sorts []Sort, places []int) (condition, error) {
	malformed := func(err error) error {
		return fmt.Errorf("mirror: After is not the Next of a page of this query: %w", err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(after)
	if err != nil {
		return condition{}, malformed(err)
	}
	var c cursor
	if err := json.Unmarshal(raw, &c); err != nil {
		return condition{}, malformed(err)
	}
	if len(c.Values) != len(sorts) {
		return condition{}, malformed(errors.New("another sort order"))
	}
	out := condition{v.m.quote("id") + " > ?", []any{string(c.ID)}}
	for n := len(sorts) - 1; n >= 0; n-- {
		col := v.t.columns[places[n]]
		name := v.m.quote(col.name)
		value, err := parseValue(c.Values[n])
		if err != nil {
			return out, malformed(err)
		}
		arg, err := v.m.bind(col.class, value)
		if err != nil {
			return out, malformed(err)
		}
		switch {
		case arg == nil && sorts[n].Desc:
			out.sql = "(" + name + " IS NULL AND " + out.sql + ")"
		case arg == nil:
			out.sql = "(" + name + " IS NOT NULL OR (" + name + " IS NULL AND " + out.sql + "))"
		case sorts[n].Desc:
			out = condition{"(" + name + " < ? OR " + name + " IS NULL OR (" + name + " = ? AND " + out.sql + "))", append([]any{arg, arg}, out.args...)}
		default:
			out = condition{"(" + name + " > ? OR (" + name + " = ? AND " + out.sql + "))", append([]any{arg, arg}, out.args...)}
		}
	}
	return out, nil
}

// query runs a SELECT of rows.
func (v *viewed) query(ctx context.Context, places []int, tail string, args ...any) ([]Row, error) {
	rows, err := v.m.db.Query(ctx, nil, "SELECT "+v.m.selectList(v.t, places)+" FROM "+v.t.from+tail, args...)
	if err != nil {
		return nil, err
	}
	var out []Row
	err = v.m.scan(rows, v.t, places, func(r Row, values []sobject.Value) {
		r.Record = v.record(places, values)
		out = append(out, r)
	})
	return out, err
}
