package exporter

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/internal/sqlkit"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	component = "exporter"
	// chunk bounds the rows of one statement, for databases that bound its
	// parameters.
	chunk   = 100
	columns = "id, tenant, connection, object, hostkey, op, body, state, outcome, record, reason, attempts, unsure, owner, attempted, added, due, settled, actor, written_as"
)

// DBTX is a transaction of the host: a *sql.Tx, or a *sql.Conn in one.
type DBTX interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// SQLOutbox is an Outbox in the host's database. Only Add joins the host's
// transaction; everything else commits on its own connection.
type SQLOutbox struct{ db *sqlkit.DB }

var _ Outbox = (*SQLOutbox)(nil)

// NewSQLOutbox returns an outbox on db. It does no I/O; call Migrate once, or
// run Migrations with the host's own tool.
func NewSQLOutbox(db *sql.DB, cfg orglink.SQLConfig) (*SQLOutbox, error) {
	d, err := sqlkit.Open(db, cfg)
	if err != nil {
		return nil, fmt.Errorf("exporter: SQL outbox: %w", err)
	}
	return &SQLOutbox{d}, nil
}

// Migrate brings the outbox's tables up to date, under a lock.
func (o *SQLOutbox) Migrate(ctx context.Context) error {
	return wrap("migrate", sqlkit.Migrate(ctx, o.db, component, migrations))
}

// Check returns an error when the tables are older than this release.
func (o *SQLOutbox) Check(ctx context.Context) error {
	return wrap("check the schema", sqlkit.Check(ctx, o.db, component, migrations))
}

// Migrations returns the migrations as SQL files for this database.
func (o *SQLOutbox) Migrations() fs.FS { return sqlkit.Render(o.db, component, migrations) }

// Add puts changes into the outbox within tx, so that they exist if and only
// if the host commits. It only inserts: it neither waits for other
// transactions nor makes them wait. A nil tx commits at once.
//
// Changes of one row are exported in the order in which they were added. Where
// transactions may change one row at once, call Add after the statement that
// changes it: the row's lock then gives the changes their order.
func (o *SQLOutbox) Add(ctx context.Context, tx DBTX, changes ...Change) error {
	if tx == nil {
		tx = o.db.Raw()
	}
	changes = slices.Clone(changes)
	bodies := make([]string, len(changes))
	for i := range changes {
		if err := changes[i].check(); err != nil {
			return err
		}
		body, err := encodeRow(changes[i].Row)
		if err != nil {
			return fmt.Errorf("exporter: add %.40q %.40q: %w", changes[i].Object, changes[i].Key, err)
		}
		bodies[i] = string(body)
	}
	row := "(?, ?, ?, ?, ?, ?, 'pending', '', '', '', 0, " + o.bool(false) + ", '', 0, " + o.db.Now() + ", " + o.db.Now() + ", 0, ?, NULL)"
	insert := "INSERT INTO {outbox} (" + strings.TrimPrefix(columns, "id, ") + ") VALUES " + row
	for at := 0; at < len(changes); at += chunk {
		part := changes[at:min(at+chunk, len(changes))]
		args := make([]any, 0, len(part)*7)
		for i, c := range part {
			args = append(args, string(c.Tenant), string(c.Connection), c.Object, c.Key, string(c.Op), bodies[at+i], string(c.User))
		}
		if _, err := tx.ExecContext(ctx, o.db.Rewrite(insert+strings.Repeat(", "+row, len(part)-1)), args...); err != nil {
			return wrap("add changes", err)
		}
	}
	return nil
}

// bool is a boolean literal.
func (o *SQLOutbox) bool(b bool) string {
	switch {
	case o.db.Dialect() != orglink.PostgreSQL && b:
		return "1"
	case o.db.Dialect() != orglink.PostgreSQL:
		return "0"
	}
	return fmt.Sprint(b)
}

// entries runs a query over columns.
func (o *SQLOutbox) entries(ctx context.Context, x sqlkit.Execer, where string, args ...any) (out []Entry, err error) {
	rows, err := o.db.Query(ctx, x, "SELECT "+columns+" FROM {outbox} WHERE "+where, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var e Entry
		var body, reason, owner string
		var as sql.NullString
		var attempted, added, due, settled int64
		if err := rows.Scan(&e.ID, &e.Tenant, &e.Connection, &e.Object, &e.Key, &e.Op, &body, &e.State, &e.Outcome, &e.Record, &reason,
			&e.Attempts, &e.Unsure, &owner, &attempted, &added, &due, &settled, &e.User, &as); err != nil {
			return nil, err
		}
		if e.Row, err = decodeRow([]byte(body)); err != nil {
			return nil, fmt.Errorf("entry %d: %w", e.ID, err)
		}
		if reason != "" {
			e.Reason = new(Reason)
			if err := json.Unmarshal([]byte(reason), e.Reason); err != nil {
				return nil, fmt.Errorf("entry %d: reason: %w", e.ID, err)
			}
		}
		if e.As, err = decodeAs(as); err != nil {
			return nil, fmt.Errorf("entry %d: as whom: %w", e.ID, err)
		}
		e.Attempted, e.Added, e.Due, e.Settled = sqlkit.Time(attempted), sqlkit.Time(added), sqlkit.Time(due), sqlkit.Time(settled)
		out = append(out, e)
	}
	return out, rows.Err()
}

func encodeReason(r *Reason) (string, error) {
	if r == nil {
		return "", nil
	}
	text, err := json.Marshal(r)
	return string(text), err
}

// as is how orglink.WriteAs is kept.
type as struct {
	Connection orglink.ConnectionID `json:"connection"`
	Owner      string               `json:"owner,omitempty"`
	Reason     string               `json:"reason,omitempty"`
}

func encodeAs(w orglink.WriteAs) (any, error) {
	if w == (orglink.WriteAs{}) {
		return nil, nil
	}
	text, err := json.Marshal(as(w))
	return string(text), err
}

func decodeAs(text sql.NullString) (orglink.WriteAs, error) {
	var w as
	if !text.Valid {
		return orglink.WriteAs(w), nil
	}
	err := json.Unmarshal([]byte(text.String), &w)
	return orglink.WriteAs(w), err
}

func placeholders(n int) string { return "?" + strings.Repeat(", ?", n-1) }

func wrap(what string, err error) error {
	if err == nil || strings.HasPrefix(err.Error(), "exporter: ") {
		return err
	}
	return fmt.Errorf("exporter: %s: %w", what, err)
}
