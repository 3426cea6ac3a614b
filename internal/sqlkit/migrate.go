package sqlkit

import (
	"archive/zip"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/orglink/orglink"
)

// ErrOutdated is wrapped when a database lacks migrations of this release.
var ErrOutdated = errors.New("the database schema is outdated; call Migrate or run the migrations with your own tool")

const createSchema = `CREATE TABLE IF NOT EXISTS {schema} (component ${id} NOT NULL, version ${int} NOT NULL, applied ${time} NOT NULL, PRIMARY KEY (component, version))`

var token = regexp.MustCompile(`\$\{[a-z]+\}`)

// render replaces the column types of a template and the table names.
func (d *DB) render(sql string) string {
	types := map[orglink.Dialect]map[string]string{
		orglink.PostgreSQL: {
			"${id}": `VARCHAR(191) COLLATE "C"`, "${text}": `TEXT COLLATE "C"`, "${blob}": "BYTEA", "${time}": "BIGINT",
			"${bool}": "BOOLEAN", "${int}": "BIGINT", "${serial}": "BIGSERIAL PRIMARY KEY",
		},
		orglink.SQLite: {
			"${id}": "TEXT", "${text}": "TEXT", "${blob}": "BLOB", "${time}": "INTEGER",
			"${bool}": "BOOLEAN", "${int}": "INTEGER", "${serial}": "INTEGER PRIMARY KEY AUTOINCREMENT",
		},
		// NO PAD: otherwise 'a' and 'a ' would be one key.
		orglink.MariaDB: {
			"${id}":   "VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
			"${text}": "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin", "${blob}": "LONGBLOB", "${time}": "BIGINT",
			"${bool}": "BOOLEAN", "${int}": "BIGINT", "${serial}": "BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY",
		},
	}[d.dialect]
	return d.Rewrite(token.ReplaceAllStringFunc(sql, func(t string) string {
		if out, ok := types[t]; ok {
			return out
		}
		return t
	}))
}

// Type returns the column type that a ${token} stands for.
func (d *DB) Type(name string) string { return d.render("${" + name + "}") }

// files lists a component's migrations in order.
func files(fsys fs.FS) ([]string, error) {
	names, err := fs.Glob(fsys, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, errors.New("sqlkit: no migrations/*.sql in the embedded files")
	}
	slices.Sort(names)
	return names, nil
}

// Render returns a component's migrations as plain SQL for this database,
// for hosts that run migrations with a tool of their own. The first creates
// the table in which applied versions are recorded. fsys is embedded in the
// program: that it cannot be read is a mistake in the library, and a panic.
func Render(d *DB, component string, fsys fs.FS) fs.FS {
	out, err := render(d, component, fsys)
	if err != nil {
		panic(fmt.Sprintf("sqlkit: embedded migrations of %s: %v", component, err)) //nolint:forbidigo // a mistake of ours, met by the first test that opens a store
	}
	return out
}

func render(d *DB, component string, fsys fs.FS) (fs.FS, error) {
	names, err := files(fsys)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer // an archive in memory is the shortest fs.FS there is
	w := zip.NewWriter(&packed)
	for i, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		f, err := w.Create(strings.TrimPrefix(name, "migrations/"))
		if err != nil {
			return nil, err
		}
		create := ""
		if i == 0 {
			create = d.render(createSchema) + ";\n"
		}
		if _, err := fmt.Fprintf(f, "%s%s\nINSERT INTO %s (component, version, applied) VALUES ('%s', %d, %s);\n",
			create, d.render(string(text)), d.Table("schema"), component, i+1, d.Now()); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return zip.NewReader(bytes.NewReader(packed.Bytes()), int64(packed.Len()))
}

// Migrate brings a component's tables up to date. It holds a lock in the
// database, so that several processes may start at once.
func Migrate(ctx context.Context, d *DB, component string, fsys fs.FS) (err error) {
	names, err := files(fsys)
	if err != nil {
		return err
	}
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("migrate %s: connect: %w", component, err)
	}
	defer func() { _ = conn.Close() }()
	unlock, err := d.lock(ctx, conn)
	if err != nil {
		return fmt.Errorf("migrate %s: lock: %w", component, err)
	}
	defer func() { err = unlock(err) }()
	if _, err := conn.ExecContext(ctx, d.render(createSchema)); err != nil {
		return fmt.Errorf("migrate %s: create the version table: %w", component, err)
	}
	have, err := d.version(ctx, conn, component)
	if err != nil {
		return fmt.Errorf("migrate %s: %w", component, err)
	}
	for i := have; i < len(names); i++ {
		if err := d.apply(ctx, conn, component, fsys, names[i], i+1); err != nil {
			return fmt.Errorf("migrate %s: %s: %w", component, names[i], err)
		}
	}
	return nil
}

func (d *DB) apply(ctx context.Context, conn *sql.Conn, component string, fsys fs.FS, name string, version int) error {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	for _, stmt := range strings.Split(d.render(string(text)), ";\n") {
		if stmt = strings.Trim(stmt, " \t\r\n;"); stmt == "" {
			continue
		}
		if _, err := conn.ExecContext(ctx, stmt); err != nil && !d.doneBefore(err) {
			return err
		}
	}
	_, err = d.Exec(ctx, conn, "INSERT INTO {schema} (component, version, applied) VALUES (?, ?, "+d.Now()+")", component, version)
	return err
}

// doneBefore tells that a statement failed because it was done already: DDL of
// MariaDB commits by itself, so a process that dies in a migration leaves a part
// of it behind, without the record. The errors are that a table, column or index
// exists.
func (d *DB) doneBefore(err error) bool {
	text := err.Error()
	return d.dialect == orglink.MariaDB && (strings.Contains(text, "Error 1050") || strings.Contains(text, "Error 1060") || strings.Contains(text, "Error 1061"))
}

func (d *DB) version(ctx context.Context, x Execer, component string) (int, error) {
	var v sql.NullInt64
	if err := d.QueryRow(ctx, x, "SELECT MAX(version) FROM {schema} WHERE component = ?", component).Scan(&v); err != nil {
		return 0, fmt.Errorf("read the schema version: %w", err)
	}
	return int(v.Int64), nil
}

// Check returns an error that wraps ErrOutdated when a component lacks
// migrations.
func Check(ctx context.Context, d *DB, component string, fsys fs.FS) error {
	names, err := files(fsys)
	if err != nil {
		return err
	}
	have, err := d.version(ctx, nil, component)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", component, ErrOutdated, err)
	}
	if have < len(names) {
		return fmt.Errorf("%s is at version %d of %d: %w", component, have, len(names), ErrOutdated)
	}
	return nil
}

// lockWait bounds how long Migrate waits for another process.
const lockWait = 60 * time.Second

// lock keeps other processes from migrating. Where the database has
// transactional DDL the lock is a transaction that ends with all or nothing.
func (d *DB) lock(ctx context.Context, conn *sql.Conn) (unlock func(error) error, err error) {
	name := d.Table("migrate")
	end := func(err error) error {
		stmt := "COMMIT"
		if err != nil {
			stmt = "ROLLBACK"
		}
		// A cancelled context must still end the transaction.
		if _, e := conn.ExecContext(context.WithoutCancel(ctx), stmt); e != nil && err == nil {
			return e
		}
		return err
	}
	switch d.dialect {
	case orglink.PostgreSQL:
		if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
			return nil, err
		}
		if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtext($1))", name); err != nil {
			return nil, end(err)
		}
		return end, nil
	case orglink.SQLite:
		if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
			return nil, err
		}
		return end, nil
	default:
		var got sql.NullInt64
		if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK(?, ?)", name, int(lockWait.Seconds())).Scan(&got); err != nil {
			return nil, err
		}
		if got.Int64 != 1 {
			return nil, fmt.Errorf("another process has been migrating for %s", lockWait)
		}
		return func(err error) error {
			_, e := conn.ExecContext(context.WithoutCancel(ctx), "SELECT RELEASE_LOCK(?)", name)
			return errors.Join(err, e)
		}, nil
	}
}
