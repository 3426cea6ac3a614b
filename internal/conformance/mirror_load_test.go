package conformance

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/internal/conformance/pgxload"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/importer/importertest"
	"github.com/orglink/orglink/sync/mirror"
)

// loading is a mirror with a loader.
func loading(t *testing.T, d database, l mirror.Loader, views mirror.Views) *mirror.Mirror {
	t.Helper()
	m, err := mirror.New(d.DB, mirror.Config{SQL: d.Config, Views: views, Loader: l})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMirrorWithCopyIsASink(t *testing.T) {
	importertest.TestSink(t, func(t *testing.T) importertest.Fixture {
		d := openPostgres(t)
		m := loading(t, d, pgxload.Loader{}, nil)
		return importertest.Fixture{Sink: m, Read: func(ctx context.Context, s importer.Stream, id sobject.ID) (importer.Stored, error) {
			return storedRecord(ctx, d, m, s, id)
		}}
	})
}

// What COPY stores is what INSERT stores, of every type, with what COPY's text
// form escapes.
func TestCopyStoresTheSame(t *testing.T) {
	odd := "tab\t, line\n, return\r, back\\slash, \\N, \\., quote\" and 'these', 日本 🚀"
	s := benchStream()
	read := func(l mirror.Loader) []importer.Stored {
		d := openPostgres(t)
		m := loading(t, d, l, nil)
		if _, err := m.Open(t.Context(), s, 1); err != nil {
			t.Fatal(err)
		}
		rows := benchRows(s, 0, 450, shopStart.Add(123*time.Millisecond))
		rows[3].Record = rows[3].Record.With(sobject.F("Field00__c", sobject.TextValue(odd)))
		rows[4].Record = rows[4].Record.With(sobject.F("Field00__c", sobject.TextValue("")))
		for _, c := range s.Columns[2:] {
			rows[5].Record = rows[5].Record.With(sobject.F(c.Name, sobject.NullValue()))
		}
		if err := m.Apply(t.Context(), importer.Batch{Stream: s, Fence: 1, Next: "1", Initial: true, Changes: rows}); err != nil {
			t.Fatal(err)
		}
		var out []importer.Stored
		for _, r := range rows {
			one, err := storedRecord(t.Context(), d, m, s, r.ID)
			if err != nil || !one.Exists {
				t.Fatal(one, err)
			}
			out = append(out, one)
		}
		return out
	}
	byInsert, byCopy := read(nil), read(pgxload.Loader{})
	for i := range byInsert {
		if a, b := fmt.Sprint(byInsert[i].Record), fmt.Sprint(byCopy[i].Record); a != b {
			t.Errorf("row %d:\n%s\n%s", i, a, b)
		}
	}
	if v, _ := byCopy[3].Record.Value("Field00__c"); v.Raw() != odd {
		t.Errorf("%q", v.Raw())
	}
	if v, _ := byCopy[4].Record.Value("Field00__c"); v.IsNull() {
		t.Error("an empty text became null")
	}
}

// failing writes rows and then fails, or is overtaken before it writes.
type failing struct {
	before, after error
	meanwhile     func()
}

func (f *failing) Load(ctx context.Context, conn *sql.Conn, table string, columns []string, rows iter.Seq2[[]any, error]) error {
	if f.before != nil {
		return f.before
	}
	if err := (pgxload.Loader{}).Load(ctx, conn, table, columns, rows); err != nil {
		return err
	}
	if f.meanwhile != nil {
		f.meanwhile()
	}
	return f.after
}

// Rows, log and position of a batch that is loaded are there together or not
// at all.
func TestCopyIsPartOfTheTransaction(t *testing.T) {
	d := openPostgres(t)
	l := &failing{}
	m := loading(t, d, l, nil)
	s := benchStream()
	if _, err := m.Open(t.Context(), s, 1); err != nil {
		t.Fatal(err)
	}
	b := importer.Batch{Stream: s, Fence: 1, Next: "1", Initial: true, Changes: benchRows(s, 0, 300, shopStart)}
	counts := func() (rows, entries int) {
		if err := d.DB.QueryRow("SELECT COUNT(*) FROM orglink_m1_account").Scan(&rows); err != nil {
			t.Fatal(err)
		}
		list, err := m.Changes(t.Context(), "t", "c", 0, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		return rows, len(list)
	}
	l.after = errors.New("the loader failed")
	seen := -1
	l.meanwhile = func() { seen, _ = counts() }
	if err := m.Apply(t.Context(), b); !errors.Is(err, l.after) {
		t.Fatalf("%v", err)
	}
	if rows, entries := counts(); seen != 0 || rows != 0 || entries != 0 {
		t.Errorf("%d rows before the end of the transaction, %d rows and %d entries after its failure", seen, rows, entries)
	}
	l.after = nil
	if err := m.Apply(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if rows, entries := counts(); rows != 300 || entries != 300 {
		t.Errorf("%d rows, %d entries", rows, entries)
	}
	if err := m.Apply(t.Context(), b); !errors.Is(err, importer.ErrConflict) {
		t.Errorf("twice: %v", err)
	}
	if _, err := m.Open(t.Context(), s, 2); err != nil {
		t.Fatal(err)
	}
	b.Prev, b.Next, b.Changes = "1", "2", benchRows(s, 300, 10, shopStart)
	if err := m.Apply(t.Context(), b); !errors.Is(err, importer.ErrFenced) {
		t.Errorf("a stale worker: %v", err)
	}
	if rows, _ := counts(); rows != 300 {
		t.Errorf("%d rows", rows)
	}
}

// The log tells of each record of a first reading as it was then, whatever
// happened to it since, and from any serial on.
func TestFirstReadingsInTheLog(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		s := openShop(t, open(t))
		told := func(after int64, limit int) string {
			list, err := s.Changes(t.Context(), "t", "c", after, limit)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for _, e := range list {
				if e.Serial > 25 {
					break
				}
				fmt.Fprintln(&b, e.Serial, e.Kind, e.Initial, e.Object, e.ID, e.Owner, e.SystemModstamp, e.Fields)
			}
			return b.String()
		}
		before := told(0, 1000)
		if n := strings.Count(before, "\n"); n != 25 || !strings.Contains(before, "Name 01") || !strings.Contains(before, "hush") {
			t.Fatalf("%d entries\n%s", n, before)
		}
		at := shopStart.Add(9 * time.Minute)
		other := s.account(3, 3, sobject.F("Name", sobject.TextValue("other")), sobject.F("Industry", sobject.NullValue()))
		other.Owner = "another"
		s.apply(t, "Account", false, "1", "2", other,
			importer.Change{Kind: importer.Deleted, Object: "Account", ID: accountID(4), SystemModstamp: at, ReadAt: at},
			// Records between those that were read first are no part of it.
			importer.Change{Kind: importer.Deleted, Object: "Account", ID: sobject.MustID("00100000000000a"), SystemModstamp: at, ReadAt: at})
		s.apply(t, "Account", false, "2", "3", s.account(3, 4, sobject.F("Name", sobject.TextValue("third"))), s.account(4, 12, sobject.F("Name", sobject.TextValue("back"))))
		if after := told(0, 1000); after != before {
			t.Errorf("was\n%s\nis\n%s", before, after)
		}
		var paged strings.Builder
		for after := int64(0); after < 25; after += 4 {
			paged.WriteString(told(after, 4))
		}
		if paged.String() != before {
			t.Errorf("in pages:\n%s", paged.String())
		}
		var rows int
		if err := s.db.QueryRow("SELECT COUNT(*) FROM orglink_mirror_changes").Scan(&rows); err != nil || rows > 10 {
			t.Errorf("%d rows for two first readings and some changes, %v", rows, err)
		}
	})
}
