package integration

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/orglink/orglink"
)

// note adds to a trail, in the transaction of the change. ErrConflict when the
// version has an entry already.
func (s *SQLStore) note(ctx context.Context, tx *sql.Tx, tenant orglink.TenantID, e TrailEntry) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	isNew, err := s.db.InsertNew(ctx, tx, "integration_trail", []string{"tenant", "id", "version"}, []string{"data"},
		string(tenant), string(e.Integration), e.Version, string(data))
	if err == nil && !isNew {
		return ErrConflict
	}
	return err
}

// Trail implements Store.
func (s *SQLStore) Trail(ctx context.Context, tenant orglink.TenantID, id orglink.IntegrationID, after int64, limit int) (out []TrailEntry, err error) {
	rows, err := s.db.Query(ctx, nil, "SELECT data FROM {integration_trail} WHERE tenant = ? AND id = ? AND version > ? ORDER BY version LIMIT ?",
		string(tenant), string(id), after, limit)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var data string
		if err := rows.Scan(&data); err != nil {
			return nil, err
		}
		var e TrailEntry
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, rows.Err()
}
