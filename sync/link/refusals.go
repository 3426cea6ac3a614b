package link

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Refuse implements Refusals.
func (m *Memory) Refuse(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, record sobject.ID, key string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("link: refuse a pair: %w", err)
	}
	if err := (Pair{Tenant: tenant, Connection: conn, Object: object, Key: key, Record: record}).check(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	in := m.in(scope{tenant, conn, object})
	if !slices.Contains(in.refused[record], key) {
		in.refused[record] = append(in.refused[record], key)
	}
	return nil
}

// Refused implements Refusals.
func (m *Memory) Refused(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, records []sobject.ID) (map[sobject.ID][]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("link: read refusals: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	in, out := m.in(scope{tenant, conn, object}), make(map[sobject.ID][]string)
	for _, id := range records {
		if keys := in.refused[id]; len(keys) > 0 {
			out[id] = slices.Clone(keys)
		}
	}
	return out, nil
}

// Refuse implements Refusals.
func (s *SQLStore) Refuse(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, record sobject.ID, key string) error {
	if err := (Pair{Tenant: tenant, Connection: conn, Object: object, Key: key, Record: record}).check(); err != nil {
		return err
	}
	// All five columns together are longer than MariaDB's keys may be.
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q", conn, object, record, key))
	_, err := s.db.InsertNew(ctx, nil, "link_refused", []string{"tenant", "pair"}, []string{"connection", "object", "record", "hostkey"},
		string(tenant), hex.EncodeToString(sum[:]), string(conn), object, string(record), key)
	return wrap("refuse a pair", err)
}

// Refused implements Refusals.
func (s *SQLStore) Refused(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, records []sobject.ID) (map[sobject.ID][]string, error) {
	out := make(map[sobject.ID][]string)
	for part := range slices.Chunk(texts(records), chunk) {
		where, args := in(scope{tenant, conn, object}, "record", part)
		rows, err := s.db.Query(ctx, nil, "SELECT record, hostkey FROM {link_refused} WHERE "+where, args...)
		if err != nil {
			return nil, wrap("read refusals", err)
		}
		if err := eachRefusal(rows, out); err != nil {
			return nil, wrap("read refusals", err)
		}
	}
	return out, nil
}

func eachRefusal(rows *sql.Rows, into map[sobject.ID][]string) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var record, key string
		if err := rows.Scan(&record, &key); err != nil {
			return err
		}
		into[sobject.ID(record)] = append(into[sobject.ID(record)], key)
	}
	return rows.Err()
}
