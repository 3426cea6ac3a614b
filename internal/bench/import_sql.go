package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/internal/conformance/pgxload"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/mirror"
)

// importTo is an empty database of its own for one pass.
type importTo struct {
	db      *sql.DB
	dialect orglink.Dialect
	dsn     string
	drop    func()
}

func openImportDB(dialect orglink.Dialect, dsn string) (*sql.DB, error) {
	driver := map[orglink.Dialect]string{orglink.SQLite: "sqlite", orglink.PostgreSQL: "pgx"}[dialect]
	return sql.Open(driver, dsn)
}

// newImportDB makes one; nil when the database cannot be reached.
func newImportDB(ctx context.Context, dialect orglink.Dialect) (*importTo, error) {
	var to importTo
	to.dialect = dialect
	var clean func()
	if dialect == orglink.SQLite {
		dir, err := os.MkdirTemp("", "orglink-bench-")
		if err != nil {
			return nil, err
		}
		clean = func() { _ = os.RemoveAll(dir) }
		to.dsn = "file:" + filepath.Join(dir, "bench.db") + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_pragma=synchronous(normal)"
	} else {
		schema := "bench_" + strings.ToLower(rand.Text()[:12])
		at := postgresURL()
		admin, err := sql.Open("pgx", at)
		if err != nil {
			return nil, err
		}
		if _, err := admin.ExecContext(ctx, "CREATE SCHEMA "+schema); err != nil {
			return nil, errors.Join(err, admin.Close())
		}
		clean = func() {
			_, _ = admin.ExecContext(context.WithoutCancel(ctx), "DROP SCHEMA "+schema+" CASCADE")
			_ = admin.Close()
		}
		to.dsn = at + separator(at) + "search_path=" + schema
	}
	db, err := openImportDB(dialect, to.dsn)
	if err != nil {
		clean()
		return nil, err
	}
	to.db = db
	to.drop = func() { _ = db.Close(); clean() }
	return &to, nil
}

func (to *importTo) mirror(ctx context.Context, way string) (*mirror.Mirror, error) {
	cfg := mirror.Config{SQL: orglink.SQLConfig{Dialect: to.dialect}}
	if strings.HasSuffix(way, "-copy") {
		cfg.Loader = pgxload.Loader{}
	}
	m, err := mirror.New(to.db, cfg)
	if err == nil {
		err = m.Migrate(ctx)
	}
	return m, err
}

var importStream = importer.Stream{Tenant: "tenant", Connection: "conn", Object: "Account", Columns: importFields}

// importBatch is how many rows a transaction has: about what the importer
// gathers for one with its defaults.
const importBatch = 2000

// fromMemory stores prepared changes through the mirror.
func (to *importTo) fromMemory(ctx context.Context, m *mirror.Mirror, batches [][]importer.Change) (int, error) {
	n, prev := 0, importer.Position("")
	for _, list := range batches {
		n += len(list)
		next := importer.Position(fmt.Sprint(n))
		if err := m.Apply(ctx, importer.Batch{Stream: importStream, Fence: 1, Prev: prev, Next: next, Initial: true, Changes: list}); err != nil {
			return n, err
		}
		prev = next
	}
	return n, nil
}

// importTable is the mirror's table, where the driver alone writes too.
const importTable = "orglink_m1_account"

// importColumns are its columns.
func importColumns() []string {
	cols := []string{"id", "_stamp", "_read", "_gone", "_survivor", "_owner"}
	for _, f := range importFields[1:] {
		cols = append(cols, strings.ToLower(f.Name))
	}
	return cols
}

// driverRow is a change as the driver takes it, converted before the clock
// starts.
func (to *importTo) driverRow(c importer.Change) ([]any, error) {
	row := []any{string(c.ID), c.SystemModstamp.UnixMicro(), c.ReadAt.UnixMicro(), int64(0), "", ""}
	n := 0
	for _, v := range c.Record.Fields() {
		typ := importFields[n].Type
		if n++; n == 1 {
			continue
		}
		var arg any
		var err error
		switch {
		case v.IsNull():
		case typ == "boolean":
			arg, err = v.Bool()
		case typ == "int":
			arg, err = v.Int()
		case typ.Numeric() && to.dialect == orglink.SQLite:
			arg, err = v.Float()
		case typ == "datetime" && to.dialect == orglink.PostgreSQL:
			arg, err = v.Time()
		default:
			arg = v.Raw()
		}
		if err != nil {
			return nil, err
		}
		row = append(row, arg)
	}
	return row, nil
}

// insertText is a statement for some rows.
func (to *importTo) insertText(rows int) string {
	cols := importColumns()
	var text strings.Builder
	text.WriteString("INSERT INTO " + importTable + " (" + strings.Join(cols, ",") + ") VALUES ")
	for r := range rows {
		if r > 0 {
			text.WriteByte(',')
		}
		for i := range cols {
			text.WriteString(map[bool]string{true: "(", false: ","}[i == 0])
			if to.dialect == orglink.PostgreSQL {
				fmt.Fprintf(&text, "$%d", r*len(cols)+i+1)
			} else {
				text.WriteByte('?')
			}
		}
		text.WriteByte(')')
	}
	return text.String()
}

// driverInsert writes prepared rows by prepared statements of many rows.
func (to *importTo) driverInsert(ctx context.Context, batches [][][]any) (int, error) {
	const rows = 200
	width := len(importColumns())
	n := 0
	for _, list := range batches {
		tx, err := to.db.BeginTx(ctx, nil)
		if err != nil {
			return n, err
		}
		err = func() error {
			stmt, err := tx.PrepareContext(ctx, to.insertText(rows))
			if err != nil {
				return err
			}
			defer stmt.Close()
			args := make([]any, 0, rows*width)
			for ; len(list) >= rows; list = list[rows:] {
				args = args[:0]
				for _, row := range list[:rows] {
					args = append(args, row...)
				}
				if _, err := stmt.ExecContext(ctx, args...); err != nil {
					return err
				}
				n += rows
			}
			for _, row := range list {
				if _, err := tx.ExecContext(ctx, to.insertText(1), row...); err != nil {
					return err
				}
				n++
			}
			return nil
		}()
		if err != nil {
			return n, errors.Join(err, tx.Rollback())
		}
		if err := tx.Commit(); err != nil {
			return n, err
		}
	}
	return n, nil
}

// driverCopy writes them by PostgreSQL's COPY.
func (to *importTo) driverCopy(ctx context.Context, batches [][][]any) (n int, err error) {
	conn, err := to.db.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	for _, list := range batches {
		err := conn.Raw(func(c any) error {
			// COPY is a transaction by itself.
			done, err := c.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{importTable}, importColumns(), pgx.CopyFromRows(list))
			n += int(done)
			return err
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
