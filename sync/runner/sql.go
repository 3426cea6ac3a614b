package runner

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/internal/sqlkit"
)

//go:embed migrations/*.sql
var migrations embed.FS

const component = "runner"

// ErrOutdated is wrapped when the table of a SQLStore is missing or of an older
// release.
var ErrOutdated = sqlkit.ErrOutdated

// SQLStore keeps leases and demands in a database; time is the database's.
type SQLStore struct{ db *sqlkit.DB }

var _ LeaseStore = (*SQLStore)(nil)

// NewSQLStore returns a store on db. It does no I/O; Migrate makes its table.
func NewSQLStore(db *sql.DB, cfg orglink.SQLConfig) (*SQLStore, error) {
	d, err := sqlkit.Open(db, cfg)
	if err != nil {
		return nil, fmt.Errorf("runner: SQL store: %w", err)
	}
	return &SQLStore{d}, nil
}

// Migrate brings the table up to date. Several processes may call it at once.
func (s *SQLStore) Migrate(ctx context.Context) error {
	return sqlkit.Migrate(ctx, s.db, component, migrations)
}

// Migrations are the same as plain SQL, for a host's own tool.
func (s *SQLStore) Migrations() fs.FS { return sqlkit.Render(s.db, component, migrations) }

// Acquire implements LeaseStore.
func (s *SQLStore) Acquire(ctx context.Context, key, owner string, ttl time.Duration) (Lease, error) {
	l := Lease{Key: key, Owner: owner}
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := s.db.Exec(ctx, tx, s.db.InsertIgnore("leases", []string{"name"}, []string{"owner", "fence", "expires"}), rowName(key), "", 0, 0)
		if err != nil {
			return err
		}
		res, err := s.db.Exec(ctx, tx, "UPDATE {leases} SET fence = fence + 1, expires = "+s.db.Now()+" + ?, owner = ? WHERE name = ? AND (owner = ? OR expires <= "+s.db.Now()+")",
			ttl.Microseconds(), owner, rowName(key), owner)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			if err == nil {
				err = fmt.Errorf("%w: %s", ErrHeld, key)
			}
			return err
		}
		return s.read(ctx, tx, &l)
	})
	if err != nil {
		if missing := s.missing(ctx, err); missing != nil {
			err = fmt.Errorf("%w (%w)", missing, err)
		}
		return Lease{}, fmt.Errorf("runner: acquire lease: %w", err)
	}
	return l, nil
}

// missing tells that err comes from missing migrations.
func (s *SQLStore) missing(ctx context.Context, err error) error {
	text := err.Error()
	if ctx.Err() != nil || errors.Is(err, ErrOutdated) || !strings.Contains(text, "no such") && !strings.Contains(text, "exist") {
		return nil
	}
	return sqlkit.Check(ctx, s.db, component, migrations)
}

// Renew implements LeaseStore.
func (s *SQLStore) Renew(ctx context.Context, l Lease, ttl time.Duration) (Lease, error) {
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		// An ended lease that nobody took is still this owner's: the fence
		// shows it. A released one (expires 0) is not.
		res, err := s.db.Exec(ctx, tx, "UPDATE {leases} SET expires = "+s.db.Now()+" + ? WHERE name = ? AND owner = ? AND fence = ? AND expires > 0",
			ttl.Microseconds(), rowName(l.Key), l.Owner, int64(l.Fence)) //nolint:gosec // fences count from 1
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			if err == nil {
				err = fmt.Errorf("%w: %s", ErrLost, l.Key)
			}
			return err
		}
		return s.read(ctx, tx, &l)
	})
	if err != nil {
		return Lease{}, fmt.Errorf("runner: renew lease: %w", err)
	}
	return l, nil
}

// Release implements LeaseStore.
func (s *SQLStore) Release(ctx context.Context, l Lease) error {
	_, err := s.db.Exec(ctx, nil, "UPDATE {leases} SET expires = 0, owner = '' WHERE name = ? AND owner = ? AND fence = ?",
		rowName(l.Key), l.Owner, int64(l.Fence)) //nolint:gosec // fences count from 1
	if err != nil {
		return fmt.Errorf("runner: release lease: %w", err)
	}
	return nil
}

func (s *SQLStore) read(ctx context.Context, tx *sql.Tx, l *Lease) error {
	var until int64
	err := s.db.QueryRow(ctx, tx, "SELECT fence, expires FROM {leases} WHERE name = ?", rowName(l.Key)).Scan(&l.Fence, &until)
	l.Until = sqlkit.Time(until)
	return err
}

// rowName fits a key into the column: a long one is cut and hashed.
func rowName(key string) string {
	if len(key) <= 191 {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	// The cut may fall into a character; PostgreSQL takes no half ones.
	return strings.ToValidUTF8(key[:100], "") + "#" + hex.EncodeToString(sum[:])
}
