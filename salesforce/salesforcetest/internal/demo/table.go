package demo

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// table collects records of one object that share a shape. The system columns
// come first in every row.
type table struct {
	object string
	shape  *sobject.Shape
	rows   []sobject.Record
}

var systemColumns = []string{"CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"}

func newTable(object string, columns ...string) *table {
	return &table{object: object, shape: sobject.NewShape(object, append(append([]string{}, systemColumns...), columns...)...)}
}

// add appends a row; values are Go values, "" and nil being null.
func (t *table) add(s stamp, values ...any) {
	row := make([]sobject.Value, 0, len(systemColumns)+len(values))
	row = append(row,
		sobject.DateTimeValue(s.created), sobject.IDValue(s.createdBy),
		sobject.DateTimeValue(s.modified), sobject.IDValue(s.modifiedBy),
		sobject.DateTimeValue(s.system))
	for _, v := range values {
		row = append(row, value(v))
	}
	t.rows = append(t.rows, sobject.RecordOf(t.shape, row))
}

func value(v any) sobject.Value {
	switch v := v.(type) {
	case string:
		if v != "" {
			return sobject.TextValue(v)
		}
	case sobject.ID:
		return sobject.IDValue(v)
	case int:
		return sobject.IntValue(int64(v))
	case float64:
		return sobject.FloatValue(v)
	case bool:
		return sobject.BoolValue(v)
	case sobject.Date:
		if !v.IsZero() {
			return sobject.DateValue(v)
		}
	case time.Time:
		if !v.IsZero() {
			return sobject.DateTimeValue(v)
		}
	}
	return sobject.NullValue()
}

// stamp is who wrote a row and when.
type stamp struct {
	created, modified, system time.Time
	createdBy, modifiedBy     sobject.ID
}

// dice is the random source of one object, so that more rows of one object do
// not change the rows of another.
type dice struct{ *rand.Rand }

func (l *loader) dice(object string) dice {
	salt := uint64(14695981039346656037)
	for _, c := range []byte(object) {
		salt = (salt ^ uint64(c)) * 1099511628211
	}
	return dice{rand.New(rand.NewPCG(l.cfg.Rand, salt))}
}

// one picks an element.
func one[T any](d dice, list []T) T { return list[d.IntN(len(list))] }

// in is true in n of 100 cases.
func (d dice) in(n int) bool { return d.IntN(100) < n }

// maybe returns s in n of 100 cases and otherwise "".
func (d dice) maybe(n int, s string) string {
	if d.in(n) {
		return s
	}
	return ""
}

// between returns a number from a to b, both included.
func (d dice) between(a, b int) int { return a + d.IntN(b-a+1) }

// count rounds a share of a number up or down so that the mean is right.
func (d dice) count(mean float64) int {
	n := int(mean)
	if d.Float64() < mean-float64(n) {
		n++
	}
	return n
}

// stamp returns times within the two years before the load, a day old at
// least; SystemModstamp may be later than the last change by a user.
func (d dice) stamp(l *loader, by sobject.ID) stamp {
	const day = 24 * time.Hour
	oldest, youngest := l.base.Add(-729*day), l.base.Add(-1*day-time.Second)
	span := func(from time.Time) time.Time {
		seconds := int64(youngest.Sub(from) / time.Second)
		if seconds <= 0 {
			return from
		}
		return from.Add(time.Duration(d.Int64N(seconds)) * time.Second)
	}
	s := stamp{created: span(oldest), createdBy: by, modifiedBy: by}
	s.modified = s.created
	if d.in(70) {
		s.modified = span(s.created)
		s.modifiedBy = one(d, l.owners).id
	}
	s.system = s.modified
	if d.in(8) {
		s.system = span(s.modified)
	}
	return s
}

// date returns the calendar date some days from the day of the load.
func (l *loader) date(days int) sobject.Date { return sobject.DateOf(l.base.AddDate(0, 0, days)) }

// fitting leaves out the system columns that an object does not have, such as
// the CreatedDate of a PermissionSetAssignment.
func (l *loader) fitting(object string, recs []sobject.Record) []sobject.Record {
	var absent []string
	for _, name := range systemColumns {
		if _, has := l.org.CanonicalField(engine.Session{System: true}, object, name); !has {
			absent = append(absent, name)
		}
	}
	if len(absent) == 0 {
		return recs
	}
	out := make([]sobject.Record, len(recs))
	for i, rec := range recs {
		var fields []sobject.Field
		for name, value := range rec.Fields() {
			if !slices.Contains(absent, name) {
				fields = append(fields, sobject.F(name, value))
			}
		}
		out[i] = sobject.NewRecord(object, fields...)
	}
	return out
}
