package sqlkit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/orglink/orglink"
)

const defaultPrefix = "orglink_"

var validPrefix = regexp.MustCompile(`^[a-z][a-z0-9_]{0,23}$`)

// DB is a host's database seen through one dialect and table prefix. It is
// safe for concurrent use.
type DB struct {
	db      *sql.DB
	dialect orglink.Dialect
	prefix  string
	mu      sync.RWMutex
	written map[string]string // statement -> its rewritten form
}

// maxWritten bounds written: statements that name a stream's table are as many
// as there are streams.
const maxWritten = 1000

// Execer is what a statement runs on: a *sql.DB, *sql.Tx or *sql.Conn.
type Execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Open checks a configuration. It does no I/O.
func Open(db *sql.DB, cfg orglink.SQLConfig) (*DB, error) {
	var errs []error
	if db == nil {
		errs = append(errs, errors.New("the *sql.DB is nil"))
	}
	switch cfg.Dialect {
	case orglink.PostgreSQL, orglink.SQLite, orglink.MariaDB:
	default:
		errs = append(errs, fmt.Errorf("SQLConfig.Dialect is %q; it is one of orglink.PostgreSQL, SQLite and MariaDB", cfg.Dialect))
	}
	if cfg.Prefix == "" {
		cfg.Prefix = defaultPrefix
	}
	if !validPrefix.MatchString(cfg.Prefix) {
		errs = append(errs, fmt.Errorf("SQLConfig.Prefix is %q; it has at most 24 of a-z, 0-9 and _, a letter first", cfg.Prefix))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return &DB{db: db, dialect: cfg.Dialect, prefix: cfg.Prefix, written: map[string]string{}}, nil
}

// Dialect returns the database's dialect.
func (d *DB) Dialect() orglink.Dialect { return d.dialect }

// Raw returns the host's database handle.
func (d *DB) Raw() *sql.DB { return d.db }

// Table returns the full name of one of the library's tables.
func (d *DB) Table(name string) string { return d.prefix + name }

// Rewrite turns {name} into the full table name and, on PostgreSQL, each ?
// outside quotes into $1, $2 and so on.
func (d *DB) Rewrite(query string) string {
	d.mu.RLock()
	out, ok := d.written[query]
	d.mu.RUnlock()
	if ok {
		return out
	}
	out = d.rewrite(query)
	if len(query) < 1024 { // generated statements of many rows are not kept
		d.mu.Lock()
		if len(d.written) >= maxWritten {
			clear(d.written)
		}
		d.written[query] = out
		d.mu.Unlock()
	}
	return out
}

func (d *DB) rewrite(query string) string {
	var b strings.Builder
	n := 0
	var quote byte
	for i := 0; i < len(query); i++ {
		c := query[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
			b.WriteByte(c)
		case c == '\'' || c == '"' || c == '`':
			quote = c
			b.WriteByte(c)
		case c == '{':
			end := strings.IndexByte(query[i:], '}')
			if end < 0 {
				b.WriteByte(c)
				continue
			}
			b.WriteString(d.Table(query[i+1 : i+end]))
			i += end
		case c == '?' && d.dialect == orglink.PostgreSQL:
			n++
			fmt.Fprintf(&b, "$%d", n)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func (d *DB) on(x Execer) Execer {
	if x == nil {
		return d.db
	}
	return x
}

// Exec runs a statement on x, or on the database when x is nil.
func (d *DB) Exec(ctx context.Context, x Execer, query string, args ...any) (sql.Result, error) {
	return d.on(x).ExecContext(ctx, d.Rewrite(query), args...)
}

// Query runs a query on x, or on the database when x is nil.
func (d *DB) Query(ctx context.Context, x Execer, query string, args ...any) (*sql.Rows, error) {
	return d.on(x).QueryContext(ctx, d.Rewrite(query), args...)
}

// QueryRow runs a query of one row on x, or on the database when x is nil.
func (d *DB) QueryRow(ctx context.Context, x Execer, query string, args ...any) *sql.Row {
	return d.on(x).QueryRowContext(ctx, d.Rewrite(query), args...)
}

// Micros is how a time is stored.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Time reads a stored time; 0 is the zero time.
func Time(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// Now is an SQL expression for the database's clock in the form of Micros.
func (d *DB) Now() string {
	switch d.dialect {
	case orglink.PostgreSQL:
		return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"
	case orglink.MariaDB:
		return "CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED)"
	default:
		return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000"
	}
}

// ForUpdate locks the selected rows until the transaction ends. SQLite has one
// writer at a time and needs none.
func (d *DB) ForUpdate() string {
	if d.dialect == orglink.SQLite {
		return ""
	}
	return " FOR UPDATE"
}

// Upsert is a statement that inserts one row or, where the keys exist, sets
// the other columns.
func (d *DB) Upsert(table string, keys, cols []string) string {
	all := append(append([]string{}, keys...), cols...)
	var b strings.Builder
	d.insert(&b, "INSERT INTO ", table, all)
	if d.dialect == orglink.MariaDB {
		b.WriteString(" ON DUPLICATE KEY UPDATE ")
	} else {
		b.WriteString(" ON CONFLICT (" + strings.Join(keys, ", ") + ") DO UPDATE SET ")
	}
	for i, c := range cols {
		if i > 0 {
			b.WriteString(", ")
		}
		if d.dialect == orglink.MariaDB {
			b.WriteString(c + " = VALUES(" + c + ")")
		} else {
			b.WriteString(c + " = excluded." + c)
		}
	}
	return b.String()
}

// InsertIgnore is a statement that inserts one row, or does nothing where the
// keys exist. It does not tell which; InsertNew does.
func (d *DB) InsertIgnore(table string, keys, cols []string) string {
	all := append(append([]string{}, keys...), cols...)
	var b strings.Builder
	d.insert(&b, "INSERT INTO ", table, all)
	if d.dialect == orglink.MariaDB {
		// INSERT IGNORE would also hide truncation; this hides only the key.
		b.WriteString(" ON DUPLICATE KEY UPDATE " + keys[0] + " = " + table0(table) + "." + keys[0])
	} else {
		b.WriteString(" ON CONFLICT (" + strings.Join(keys, ", ") + ") DO NOTHING")
	}
	return b.String()
}

// InsertNew inserts one row; false when the keys exist. args are the values of
// keys and then cols.
func (d *DB) InsertNew(ctx context.Context, x Execer, table string, keys, cols []string, args ...any) (bool, error) {
	if d.dialect == orglink.MariaDB {
		// Affected rows would tell nothing to a host whose driver counts the
		// rows found (clientFoundRows); the error does.
		var b strings.Builder
		d.insert(&b, "INSERT INTO ", table, append(append([]string{}, keys...), cols...))
		_, err := d.Exec(ctx, x, b.String(), args...)
		if err != nil && strings.Contains(err.Error(), "Error 1062") {
			return false, nil
		}
		return err == nil, err
	}
	done, err := d.Exec(ctx, x, d.InsertIgnore(table, keys, cols), args...)
	if err != nil {
		return false, err
	}
	n, err := done.RowsAffected()
	return n == 1, err
}

func table0(table string) string {
	if strings.HasPrefix(table, "{") {
		return table
	}
	return "{" + table + "}"
}

func (d *DB) insert(b *strings.Builder, verb, table string, cols []string) {
	b.WriteString(verb + table0(table) + " (" + strings.Join(cols, ", ") + ") VALUES (?" + strings.Repeat(", ?", len(cols)-1) + ")")
}
