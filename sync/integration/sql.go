package integration

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/internal/sqlkit"
)

//go:embed migrations/*.sql
var migrations embed.FS

// component names the package's migrations in the schema table.
const component = "integration"

// SQLStore is a Store in the host's SQL database. It commits every write by
// itself.
type SQLStore struct{ db *sqlkit.DB }

var _ Store = (*SQLStore)(nil)

// NewSQLStore returns a store on a database. It does no I/O; call Migrate
// before the first use, or run Migrations with a tool of your own.
func NewSQLStore(db *sql.DB, cfg orglink.SQLConfig) (*SQLStore, error) {
	kit, err := sqlkit.Open(db, cfg)
	if err != nil {
		return nil, fmt.Errorf("integration: SQL store: %w", err)
	}
	return &SQLStore{kit}, nil
}

// Migrate brings the store's tables up to date. It takes a lock, so several
// processes may call it at once.
func (s *SQLStore) Migrate(ctx context.Context) error {
	return wrap("migrate", sqlkit.Migrate(ctx, s.db, component, migrations))
}

// Check returns an error that says so when the tables are not up to date.
func (s *SQLStore) Check(ctx context.Context) error {
	return wrap("check the schema", sqlkit.Check(ctx, s.db, component, migrations))
}

// Migrations returns the migrations as plain SQL files for this database.
func (s *SQLStore) Migrations() fs.FS { return sqlkit.Render(s.db, component, migrations) }

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("integration: SQL store: %s: %w", doing, err)
}

// Create implements Store.
func (s *SQLStore) Create(ctx context.Context, i Integration, why TrailEntry) error {
	i.Version = 1
	if err := check(i); err != nil {
		return err
	}
	data, err := json.Marshal(i)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		isNew, err := s.db.InsertNew(ctx, tx, "integrations", []string{"tenant", "id"}, []string{"version", "data"},
			string(i.Tenant), string(i.ID), i.Version, string(data))
		if err == nil && !isNew {
			return ErrExists
		}
		if err != nil {
			return err
		}
		err = s.note(ctx, tx, i.Tenant, why.of(i.ID, i.Version))
		if errors.Is(err, ErrConflict) {
			return ErrExists // it was deleted
		}
		return err
	})
}

// Get implements Store.
func (s *SQLStore) Get(ctx context.Context, tenant orglink.TenantID, id orglink.IntegrationID) (Integration, error) {
	return s.get(ctx, nil, tenant, id)
}

func (s *SQLStore) get(ctx context.Context, x sqlkit.Execer, tenant orglink.TenantID, id orglink.IntegrationID) (Integration, error) {
	i, err := scan(s.db.QueryRow(ctx, x, "SELECT tenant, id, version, data FROM {integrations} WHERE tenant = ? AND id = ?", string(tenant), string(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return Integration{}, ErrNotFound
	}
	return i, err
}

// List implements Store.
func (s *SQLStore) List(ctx context.Context, tenant orglink.TenantID) (out []Integration, err error) {
	rows, err := s.db.Query(ctx, nil, "SELECT tenant, id, version, data FROM {integrations} WHERE tenant = ? ORDER BY id", string(tenant))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		i, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, i)
	}
	return out, rows.Err()
}

// scan reads a row; its columns are right where the data disagree.
func scan(row interface{ Scan(...any) error }) (Integration, error) {
	var i Integration
	var tenant, id, data string
	var version int64
	if err := row.Scan(&tenant, &id, &version, &data); err != nil {
		return i, err
	}
	if err := json.Unmarshal([]byte(data), &i); err != nil {
		return i, fmt.Errorf("integration: SQL store: the data of %s is damaged: %w", id, err)
	}
	i.Tenant, i.ID, i.Version = orglink.TenantID(tenant), orglink.IntegrationID(id), version
	return i, nil
}

// Update implements Store.
func (s *SQLStore) Update(ctx context.Context, i Integration, why TrailEntry) error {
	was := i.Version
	i.Version++
	data, err := json.Marshal(i)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := s.db.Exec(ctx, tx, "UPDATE {integrations} SET version = ?, data = ? WHERE tenant = ? AND id = ? AND version = ?",
			i.Version, string(data), string(i.Tenant), string(i.ID), was)
		if err := s.swapped(ctx, tx, res, err, i.Tenant, i.ID); err != nil {
			return err
		}
		return s.note(ctx, tx, i.Tenant, why.of(i.ID, i.Version))
	})
}

// Delete implements Store.
func (s *SQLStore) Delete(ctx context.Context, tenant orglink.TenantID, id orglink.IntegrationID, version int64, why TrailEntry) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := s.db.Exec(ctx, tx, "DELETE FROM {integrations} WHERE tenant = ? AND id = ? AND version = ?", string(tenant), string(id), version)
		if err := s.swapped(ctx, tx, res, err, tenant, id); err != nil {
			return err
		}
		return s.note(ctx, tx, tenant, why.of(id, version+1))
	})
}

// swapped tells why a conditional write changed nothing.
func (s *SQLStore) swapped(ctx context.Context, tx *sql.Tx, res sql.Result, err error, tenant orglink.TenantID, id orglink.IntegrationID) error {
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	if _, err := s.get(ctx, tx, tenant, id); err != nil {
		return err
	}
	return ErrConflict
}

// Erase implements Store.
func (s *SQLStore) Erase(ctx context.Context, tenant orglink.TenantID) error {
	return wrap("erase a tenant", s.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, table := range []string{"{integrations}", "{integration_trail}"} {
			if _, err := s.db.Exec(ctx, tx, "DELETE FROM "+table+" WHERE tenant = ?", string(tenant)); err != nil {
				return err
			}
		}
		return nil
	}))
}
