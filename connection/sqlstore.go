package connection

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/internal/sqlkit"
)

//go:embed migrations/*.sql
var migrations embed.FS

// component names the package's migrations in the schema table.
const component = "connection"

// SQLStore is a Store and, by [SQLStore.Tokens], a TokenStore in the host's
// SQL database. It commits every write by itself.
type SQLStore struct{ db *sqlkit.DB }

var _ Store = (*SQLStore)(nil)

// NewSQLStore returns a store on a database. It does no I/O; call Migrate
// before the first use, or run Migrations with a tool of your own.
func NewSQLStore(db *sql.DB, cfg orglink.SQLConfig) (*SQLStore, error) {
	kit, err := sqlkit.Open(db, cfg)
	if err != nil {
		return nil, fmt.Errorf("connection: sql store: %w", err)
	}
	return &SQLStore{kit}, nil
}

// Migrate brings the tables of Store and TokenStore up to date. It takes a
// lock, so several processes may call it at once.
func (s *SQLStore) Migrate(ctx context.Context) error {
	if err := sqlkit.Migrate(ctx, s.db, component, migrations); err != nil {
		return fmt.Errorf("connection: %w", err)
	}
	return nil
}

// Migrations returns the migrations as plain SQL files for this database.
func (s *SQLStore) Migrations() fs.FS { return sqlkit.Render(s.db, component, migrations) }

// Check returns an error that says so when the tables are not up to date.
func (s *SQLStore) Check(ctx context.Context) error {
	if err := sqlkit.Check(ctx, s.db, component, migrations); err != nil {
		return fmt.Errorf("connection: %w", err)
	}
	return nil
}

// Tokens returns the TokenStore in the same database.
func (s *SQLStore) Tokens() *SQLTokenStore { return &SQLTokenStore{s.db} }

// scan decodes a JSON column.
func scan[T any](row interface{ Scan(...any) error }, into *T, more ...any) error {
	var data string
	err := row.Scan(append([]any{&data}, more...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(data), into)
}

// Connection implements Store.
func (s *SQLStore) Connection(ctx context.Context, tenant orglink.TenantID, id orglink.ConnectionID) (Connection, error) {
	var c Connection
	var version int64
	err := scan(s.db.QueryRow(ctx, nil, "SELECT data, version FROM {connections} WHERE tenant = ? AND id = ?", string(tenant), string(id)), &c, &version)
	c.Tenant, c.ID, c.Version = tenant, id, version
	return c, err
}

// Connections implements Store.
func (s *SQLStore) Connections(ctx context.Context, tenant orglink.TenantID) (out []Connection, err error) {
	rows, err := s.db.Query(ctx, nil, "SELECT data, version FROM {connections} WHERE tenant = ? ORDER BY id", string(tenant))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var c Connection
		var version int64
		if err := scan(rows, &c, &version); err != nil {
			return nil, err
		}
		c.Version = version
		out = append(out, c)
	}
	return out, rows.Err()
}

// PutConnection implements Store.
func (s *SQLStore) PutConnection(ctx context.Context, c Connection) (int64, error) {
	was := c.Version
	c.Version++
	data, err := json.Marshal(c)
	if err != nil {
		return 0, err
	}
	if was == 0 {
		err = fresh(s.db.InsertNew(ctx, nil, "connections", []string{"tenant", "id"}, []string{"version", "data"},
			string(c.Tenant), string(c.ID), c.Version, string(data)))
	} else {
		err = oneRow(s.db.Exec(ctx, nil, "UPDATE {connections} SET version = ?, data = ? WHERE tenant = ? AND id = ? AND version = ?",
			c.Version, string(data), string(c.Tenant), string(c.ID), was))
	}
	if err != nil {
		return 0, err
	}
	return c.Version, nil
}

// fresh turns an insert that met an existing row into ErrConflict.
func fresh(isNew bool, err error) error {
	if err == nil && !isNew {
		return ErrConflict
	}
	return err
}

// oneRow turns a write that met no row into ErrConflict.
func oneRow(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrConflict
	}
	return nil
}

// PutState implements Store.
func (s *SQLStore) PutState(ctx context.Context, state AuthState) error {
	data, err := json.Marshal(state)
	if err != nil {
		return err
	}
	return fresh(s.db.InsertNew(ctx, nil, "connection_states", []string{"hash"}, []string{"tenant", "expires", "used", "data"},
		state.Hash, string(state.Tenant), sqlkit.Micros(state.Expires), sqlkit.Micros(state.Used), string(data)))
}

// TakeState implements Store.
func (s *SQLStore) TakeState(ctx context.Context, hash string, now time.Time) (AuthState, error) {
	// The row that this statement changes decides who was first.
	err := oneRow(s.db.Exec(ctx, nil, "UPDATE {connection_states} SET used = ? WHERE hash = ? AND used = 0", max(sqlkit.Micros(now), 1), hash))
	first := err == nil
	if err != nil && !errors.Is(err, ErrConflict) {
		return AuthState{}, err
	}
	var state AuthState
	var used int64
	err = scan(s.db.QueryRow(ctx, nil, "SELECT data, used FROM {connection_states} WHERE hash = ?", hash), &state, &used)
	if err != nil {
		return AuthState{}, err
	}
	state.Used = sqlkit.Time(used)
	if first {
		state.Used = time.Time{}
	}
	return state, nil
}

// DeleteStates implements Store.
func (s *SQLStore) DeleteStates(ctx context.Context, before time.Time) (int, error) {
	result, err := s.db.Exec(ctx, nil, "DELETE FROM {connection_states} WHERE expires < ?", sqlkit.Micros(before))
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// Forget implements Store.
func (s *SQLStore) Forget(ctx context.Context, tenant orglink.TenantID) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, table := range []string{"{connections}", "{connection_states}", "{invitations}"} {
			if _, err := s.db.Exec(ctx, tx, "DELETE FROM "+table+" WHERE tenant = ?", string(tenant)); err != nil {
				return err
			}
		}
		return nil
	})
}
