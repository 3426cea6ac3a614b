package conformance

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/mirror"
)

// benchStream is an object of 20 columns of every kind.
func benchStream() importer.Stream {
	s := importer.Stream{Tenant: "t", Connection: "c", Object: "Account", Columns: []sobject.DescribeField{described("Id", sobject.TypeID), described("SystemModstamp", sobject.TypeDateTime)}}
	for n := range 18 {
		typ := []sobject.FieldType{sobject.TypeString, sobject.TypeString, sobject.TypePicklist, sobject.TypeCurrency, sobject.TypeInt, sobject.TypeBoolean, sobject.TypeDate, sobject.TypeDateTime, sobject.TypeReference}[n%9]
		s.Columns = append(s.Columns, described(fmt.Sprintf("Field%02d__c", n), typ))
	}
	return s
}

// benchRows are rows first, first+1, ... of a stream.
func benchRows(s importer.Stream, first, n int, at time.Time) []importer.Change {
	names := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		names[i] = c.Name
	}
	shape := sobject.NewShape(s.Object, names...)
	out := make([]importer.Change, n)
	for i := range out {
		id := sobject.MustID(fmt.Sprintf("001%012d", first+i))
		values := make([]sobject.Value, len(names))
		for k, c := range s.Columns {
			switch c.Type {
			case sobject.TypeID:
				values[k] = sobject.IDValue(id)
			case sobject.TypeString:
				values[k] = sobject.TextValue(fmt.Sprintf("Some text %d of row %d", k, first+i))
			case sobject.TypePicklist:
				values[k] = sobject.TextValue("Manufacturing")
			case sobject.TypeCurrency:
				v, _ := sobject.NumberValue(fmt.Sprintf("%d.25", first+i))
				values[k] = v
			case sobject.TypeInt:
				values[k] = sobject.IntValue(int64(first + i))
			case sobject.TypeBoolean:
				values[k] = sobject.BoolValue(i%2 == 0)
			case sobject.TypeDate:
				values[k] = sobject.TextValue("2024-02-29")
			case sobject.TypeReference:
				values[k] = sobject.IDValue("005000000000aBcAAA")
			default:
				values[k] = sobject.DateTimeValue(at)
			}
		}
		out[i] = importer.Change{Kind: importer.Full, Object: s.Object, ID: id, Record: sobject.RecordOf(shape, values), SystemModstamp: at, ReadAt: at}
	}
	return out
}

const benchBatch = 5000

// BenchmarkMirrorFirstLoad stores new rows; rows/s beside the same driver
// writing the same values into a table of the same columns.
func BenchmarkMirrorFirstLoad(b *testing.B) {
	eachDatabaseB(b, func(b *testing.B, d database) {
		m, err := mirror.New(d.DB, mirror.Config{SQL: d.Config})
		if err != nil {
			b.Fatal(err)
		}
		if err := m.Migrate(b.Context()); err != nil {
			b.Fatal(err)
		}
		s := benchStream()
		if _, err := m.Open(b.Context(), s, 1); err != nil {
			b.Fatal(err)
		}
		at := shopStart
		prev := importer.Position("")
		b.ReportAllocs()
		n := 0
		for b.Loop() {
			b.StopTimer()
			rows := benchRows(s, n, benchBatch, at)
			b.StartTimer()
			n += benchBatch
			next := importer.Position(fmt.Sprint(n))
			if err := m.Apply(b.Context(), importer.Batch{Stream: s, Fence: 1, Prev: prev, Next: next, Initial: true, Changes: rows}); err != nil {
				b.Fatal(err)
			}
			prev = next
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
	})
}

// BenchmarkMirrorUpdate stores newer versions of rows that are there.
func BenchmarkMirrorUpdate(b *testing.B) {
	eachDatabaseB(b, func(b *testing.B, d database) {
		m, err := mirror.New(d.DB, mirror.Config{SQL: d.Config})
		if err != nil {
			b.Fatal(err)
		}
		if err := m.Migrate(b.Context()); err != nil {
			b.Fatal(err)
		}
		s := benchStream()
		if _, err := m.Open(b.Context(), s, 1); err != nil {
			b.Fatal(err)
		}
		at, n := shopStart, 0
		prev := importer.Position("")
		b.ReportAllocs()
		for b.Loop() {
			b.StopTimer()
			rows := benchRows(s, 0, benchBatch, at)
			at = at.Add(time.Second)
			b.StartTimer()
			n += benchBatch
			next := importer.Position(fmt.Sprint(n))
			if err := m.Apply(b.Context(), importer.Batch{Stream: s, Fence: 1, Prev: prev, Next: next, Changes: rows}); err != nil {
				b.Fatal(err)
			}
			prev = next
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
	})
}

// BenchmarkDriverLoad is the bound: what the driver does with the same values,
// 100 rows a prepared statement, in transactions of the same size.
func BenchmarkDriverLoad(b *testing.B) {
	eachDatabaseB(b, func(b *testing.B, d database) {
		s := benchStream()
		defs, marks := make([]string, len(s.Columns)), make([]string, len(s.Columns))
		for i, c := range s.Columns {
			defs[i] = strings.ToLower(c.Name) + " VARCHAR(80)"
		}
		defs[0] += " PRIMARY KEY"
		if _, err := d.DB.Exec("CREATE TABLE bench (" + strings.Join(defs, ",") + ")"); err != nil {
			b.Fatal(err)
		}
		const rows = 100
		var text strings.Builder
		for r := range rows {
			for i := range marks {
				marks[i] = "?"
				if d.Config.Dialect == "postgresql" {
					marks[i] = fmt.Sprintf("$%d", r*len(marks)+i+1)
				}
			}
			text.WriteString(map[bool]string{true: ","}[r > 0] + "(" + strings.Join(marks, ",") + ")")
		}
		n := 0
		for b.Loop() {
			b.StopTimer()
			list := benchRows(s, n, benchBatch, shopStart)
			b.StartTimer()
			n += benchBatch
			if err := driverLoad(b.Context(), d, "INSERT INTO bench VALUES "+text.String(), list, rows); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
	})
}

func driverLoad(ctx context.Context, d database, text string, list []importer.Change, rows int) error {
	tx, err := d.DB.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	stmt, err := tx.PrepareContext(ctx, text)
	if err != nil {
		return err
	}
	defer stmt.Close()
	for ; len(list) > 0; list = list[rows:] {
		args := make([]any, 0, rows*20)
		for _, c := range list[:rows] {
			for _, v := range c.Record.Fields() {
				args = append(args, v.Raw())
			}
		}
		if _, err := stmt.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}
