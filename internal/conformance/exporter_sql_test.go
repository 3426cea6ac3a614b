package conformance

import (
	"context"
	"testing"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/sync/exporter"
	"github.com/orglink/orglink/sync/exporter/exportertest"
)

func openOutbox(t *testing.T, db database) *exporter.SQLOutbox {
	t.Helper()
	o, err := exporter.NewSQLOutbox(db.DB, db.Config)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := o.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestExporterSQL(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		exportertest.TestOutbox(t, func(t *testing.T) exportertest.Subject {
			o := openOutbox(t, open(t))
			return exportertest.Subject{Outbox: o, Add: func(ctx context.Context, changes ...exporter.Change) error { return o.Add(ctx, nil, changes...) }}
		})
	})
}

// A change exists if and only if the host's transaction commits.
func TestExporterSQLJoinsTheHostsTransaction(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		db := open(t)
		o := openOutbox(t, db)
		run(t, db.DB, "CREATE TABLE company (id VARCHAR(20) PRIMARY KEY)")
		for _, commit := range []bool{false, true} {
			tx, err := db.DB.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.ExecContext(t.Context(), "INSERT INTO company (id) VALUES ('c-1')"); err != nil {
				t.Fatal(err)
			}
			change := exporter.Change{Tenant: "t", Connection: "c", Object: "companies", Key: "c-1", Row: mapping.Row{"name": "Acme"}}
			if err := o.Add(t.Context(), tx, change); err != nil {
				t.Fatal(err)
			}
			end := tx.Rollback
			if commit {
				end = tx.Commit
			}
			if err := end(); err != nil {
				t.Fatal(err)
			}
			var rows int64
			if err := db.DB.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM company").Scan(&rows); err != nil {
				t.Fatal(err)
			}
			counts, err := o.Counts(t.Context(), "t", "c")
			if err != nil {
				t.Fatal(err)
			}
			if want := map[bool]int64{true: 1}[commit]; rows != want || counts.Pending != want {
				t.Errorf("commit %t: %d host rows and %d changes, want %d of each", commit, rows, counts.Pending, want)
			}
		}
	})
}
