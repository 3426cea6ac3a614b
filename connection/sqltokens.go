package connection

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/internal/sqlkit"
)

// SQLTokenStore is a TokenStore in the host's SQL database; see
// [SQLStore.Tokens]. Leases run by the database's clock.
type SQLTokenStore struct{ db *sqlkit.DB }

var _ TokenStore = (*SQLTokenStore)(nil)

// Load implements TokenStore.
func (s *SQLTokenStore) Load(ctx context.Context, tenant orglink.TenantID, id GrantID) (Grant, error) {
	var g Grant
	var version int64
	err := scan(s.db.QueryRow(ctx, nil, "SELECT data, version FROM {grants} WHERE tenant = ? AND id = ?", string(tenant), string(id)), &g, &version)
	g.Tenant, g.ID, g.Version = tenant, id, version
	return g, err
}

// Grants implements TokenStore.
func (s *SQLTokenStore) Grants(ctx context.Context, tenant orglink.TenantID) (out []Grant, err error) {
	rows, err := s.db.Query(ctx, nil, "SELECT data, version FROM {grants} WHERE tenant = ? ORDER BY id", string(tenant))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var g Grant
		var version int64
		if err := scan(rows, &g, &version); err != nil {
			return nil, err
		}
		g.Version = version
		out = append(out, g)
	}
	return out, rows.Err()
}

// CompareAndSwap implements TokenStore.
func (s *SQLTokenStore) CompareAndSwap(ctx context.Context, g Grant) (int64, error) {
	was := g.Version
	g.Version++
	data, err := json.Marshal(g)
	if err != nil {
		return 0, err
	}
	if was == 0 {
		err := fresh(s.db.InsertNew(ctx, nil, "grants", []string{"tenant", "id"}, []string{"version", "fence", "data"},
			string(g.Tenant), string(g.ID), g.Version, int64(g.Fence), string(data)))
		return g.Version, err
	}
	err = oneRow(s.db.Exec(ctx, nil, "UPDATE {grants} SET version = ?, fence = ?, data = ? WHERE tenant = ? AND id = ? AND version = ? AND fence <= ?",
		g.Version, int64(g.Fence), string(data), string(g.Tenant), string(g.ID), was, int64(g.Fence)))
	if !errors.Is(err, ErrConflict) {
		return g.Version, err
	}
	// Version or fence? A stale version is the commoner news, and truer.
	if now, loadErr := s.Load(ctx, g.Tenant, g.ID); loadErr == nil && now.Version == was && now.Fence > g.Fence {
		return 0, ErrFenced
	}
	return 0, ErrConflict
}

// Acquire implements TokenStore.
func (s *SQLTokenStore) Acquire(ctx context.Context, tenant orglink.TenantID, id GrantID, owner string, ttl time.Duration) (Lease, error) {
	l := Lease{Tenant: tenant, Grant: id, Owner: owner}
	now := s.db.Now()
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		// A row must be there to be locked; a fresh one has long run out.
		if _, err := s.db.Exec(ctx, tx, s.db.InsertIgnore("grant_leases", []string{"tenant", "id"}, []string{"owner", "fence", "until"}),
			string(tenant), string(id), "", 0, 0); err != nil {
			return err
		}
		var until, clock, fence int64
		if err := s.db.QueryRow(ctx, tx, "SELECT until, fence, "+now+" FROM {grant_leases} WHERE tenant = ? AND id = ?"+s.db.ForUpdate(),
			string(tenant), string(id)).Scan(&until, &fence, &clock); err != nil {
			return err
		}
		if until > clock {
			return ErrLeaseHeld
		}
		l.Fence, l.Until = uint64(fence)+1, sqlkit.Time(clock+ttl.Microseconds())
		_, err := s.db.Exec(ctx, tx, "UPDATE {grant_leases} SET owner = ?, fence = ?, until = ? WHERE tenant = ? AND id = ?",
			owner, fence+1, clock+ttl.Microseconds(), string(tenant), string(id))
		return err
	})
	if err != nil {
		return Lease{}, err
	}
	return l, nil
}

// Release implements TokenStore.
func (s *SQLTokenStore) Release(ctx context.Context, l Lease) error {
	// The row stays, because its fence must never fall.
	_, err := s.db.Exec(ctx, nil, "UPDATE {grant_leases} SET until = 0 WHERE tenant = ? AND id = ? AND owner = ? AND fence = ?",
		string(l.Tenant), string(l.Grant), l.Owner, int64(l.Fence))
	return err
}

// Delete implements TokenStore.
func (s *SQLTokenStore) Delete(ctx context.Context, tenant orglink.TenantID, id GrantID) error {
	return s.remove(ctx, " WHERE tenant = ? AND id = ?", string(tenant), string(id))
}

// Forget implements TokenStore.
func (s *SQLTokenStore) Forget(ctx context.Context, tenant orglink.TenantID) error {
	return s.remove(ctx, " WHERE tenant = ?", string(tenant))
}

func (s *SQLTokenStore) remove(ctx context.Context, where string, args ...any) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, table := range []string{"{grants}", "{grant_leases}"} {
			if _, err := s.db.Exec(ctx, tx, "DELETE FROM "+table+where, args...); err != nil {
				return err
			}
		}
		return nil
	})
}
