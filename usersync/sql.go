package usersync

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
	"github.com/orglink/orglink/salesforce/sobject"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	component = "usersync"
	// chunk bounds the parameters of one statement.
	chunk   = 200
	columns = "tenant, org, salesforce, hostuser, how, at, seen"
)

// SQLStore is a PairStore in the host's database. It commits on its own
// connection and never joins a host's transaction.
type SQLStore struct{ db *sqlkit.DB }

var _ PairStore = (*SQLStore)(nil)

// NewSQLStore returns a store on db. It does no I/O; call Migrate once, or run
// Migrations with the host's own tool.
func NewSQLStore(db *sql.DB, cfg orglink.SQLConfig) (*SQLStore, error) {
	d, err := sqlkit.Open(db, cfg)
	if err != nil {
		return nil, fmt.Errorf("usersync: SQL store: %w", err)
	}
	return &SQLStore{d}, nil
}

// Migrate brings the store's tables up to date, under a lock.
func (s *SQLStore) Migrate(ctx context.Context) error {
	return wrap("migrate", sqlkit.Migrate(ctx, s.db, component, migrations))
}

// Check returns an error when the tables are older than this release.
func (s *SQLStore) Check(ctx context.Context) error {
	return wrap("check the schema", sqlkit.Check(ctx, s.db, component, migrations))
}

// Migrations returns the migrations as SQL files for this database.
func (s *SQLStore) Migrations() fs.FS { return sqlkit.Render(s.db, component, migrations) }

// Put implements PairStore.
func (s *SQLStore) Put(ctx context.Context, p Pair) error {
	if err := p.check(); err != nil {
		return err
	}
	// The two unique indexes decide; what is there tells what they decided.
	// Another writer may commit between the look and the insert, so a failed
	// insert is followed by another look.
	for try := 1; ; try++ {
		have, err := s.partners(ctx, p)
		if err != nil {
			return wrap("save a pair", err)
		}
		for _, h := range have {
			if h.Salesforce != p.Salesforce || h.User != p.User {
				return paired(p, h)
			}
		}
		if len(have) > 0 {
			return nil
		}
		_, err = s.db.Exec(ctx, nil, "INSERT INTO {user_pair} ("+columns+") VALUES (?, ?, ?, ?, ?, ?, ?)",
			string(p.Tenant), string(p.Org), string(p.Salesforce), string(p.User), p.How, sqlkit.Micros(p.At), p.Seen.text())
		if err == nil || try == 3 {
			return wrap("save a pair", err)
		}
		if ctx.Err() != nil {
			return wrap("save a pair", errors.Join(err, ctx.Err()))
		}
	}
}

// Note implements PairStore.
func (s *SQLStore) Note(ctx context.Context, p Pair) error {
	_, err := s.db.Exec(ctx, nil, "UPDATE {user_pair} SET seen = ? WHERE tenant = ? AND org = ? AND salesforce = ? AND hostuser = ?",
		p.Seen.text(), string(p.Tenant), string(p.Org), string(p.Salesforce), string(p.User))
	return wrap("note what was seen of a pair", err)
}

// partners returns the pairs that either side of p has.
func (s *SQLStore) partners(ctx context.Context, p Pair) ([]Pair, error) {
	var out []Pair
	err := s.scan(ctx, func(h Pair) { out = append(out, h) },
		"SELECT "+columns+" FROM {user_pair} WHERE tenant = ? AND org = ? AND (salesforce = ? OR hostuser = ?)",
		string(p.Tenant), string(p.Org), string(p.Salesforce), string(p.User))
	return out, err
}

// BySalesforce implements PairStore.
func (s *SQLStore) BySalesforce(ctx context.Context, tenant orglink.TenantID, org sobject.ID, ids []sobject.ID) (map[sobject.ID]Pair, error) {
	out := make(map[sobject.ID]Pair)
	err := find(ctx, s, tenant, org, "salesforce", ids, func(p Pair) { out[p.Salesforce] = p })
	return out, wrap("read pairs", err)
}

// ByUsers implements PairStore.
func (s *SQLStore) ByUsers(ctx context.Context, tenant orglink.TenantID, org sobject.ID, ids []orglink.UserID) (map[orglink.UserID]Pair, error) {
	out := make(map[orglink.UserID]Pair)
	err := find(ctx, s, tenant, org, "hostuser", ids, func(p Pair) { out[p.User] = p })
	return out, wrap("read pairs", err)
}

// Remove implements PairStore.
func (s *SQLStore) Remove(ctx context.Context, tenant orglink.TenantID, org, id sobject.ID) error {
	_, err := s.db.Exec(ctx, nil, "DELETE FROM {user_pair} WHERE tenant = ? AND org = ? AND salesforce = ?", string(tenant), string(org), string(id))
	return wrap("remove a pair", err)
}

// List implements PairStore.
func (s *SQLStore) List(ctx context.Context, tenant orglink.TenantID, org, after sobject.ID, limit int) ([]Pair, error) {
	var out []Pair
	err := s.scan(ctx, func(p Pair) { out = append(out, p) },
		"SELECT "+columns+" FROM {user_pair} WHERE tenant = ? AND org = ? AND salesforce > ? ORDER BY salesforce LIMIT ?",
		string(tenant), string(org), string(after), limit)
	return out, wrap("list pairs", err)
}

// Erase implements PairStore.
func (s *SQLStore) Erase(ctx context.Context, tenant orglink.TenantID) error {
	_, err := s.db.Exec(ctx, nil, "DELETE FROM {user_pair} WHERE tenant = ?", string(tenant))
	if err == nil {
		_, err = s.db.Exec(ctx, nil, "DELETE FROM {user_position} WHERE tenant = ?", string(tenant))
	}
	return wrap("erase a tenant", err)
}

func find[K ~string](ctx context.Context, s *SQLStore, tenant orglink.TenantID, org sobject.ID, column string, ids []K, each func(Pair)) error {
	if len(ids) == 0 {
		return ctx.Err()
	}
	for part := range slices.Chunk(ids, chunk) {
		args := []any{string(tenant), string(org)}
		for _, id := range part {
			args = append(args, string(id))
		}
		if err := s.scan(ctx, each, "SELECT "+columns+" FROM {user_pair} WHERE tenant = ? AND org = ? AND "+column+
			" IN (?"+strings.Repeat(", ?", len(part)-1)+")", args...); err != nil {
			return err
		}
	}
	return nil
}

func (s *SQLStore) scan(ctx context.Context, each func(Pair), query string, args ...any) (err error) {
	rows, err := s.db.Query(ctx, nil, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var p Pair
		var at int64
		var seen sql.NullString // null in pairs of releases before 0002
		if err := rows.Scan(&p.Tenant, &p.Org, &p.Salesforce, &p.User, &p.How, &at, &seen); err != nil {
			return err
		}
		if seen.String != "" {
			if err := json.Unmarshal([]byte(seen.String), &p.Seen); err != nil {
				return fmt.Errorf("what was seen of %s: %w", p.Salesforce, err)
			}
		}
		p.At = sqlkit.Time(at)
		each(p)
	}
	return rows.Err()
}

// text is how a row holds it.
func (s Seen) text() string {
	b, _ := json.Marshal(s) // strings and booleans always encode
	return string(b)
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("usersync: %s: %w", what, err)
}
