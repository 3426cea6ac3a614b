package link

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/internal/sqlkit"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/sobject"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	component = "link"
	// chunk bounds the rows of one statement, for databases that bound its
	// parameters.
	chunk   = 100
	columns = "tenant, connection, object, hostkey, record, hash, written"
)

// SQLStore is a Store in the host's database. It commits on its own
// connection and never joins a host's transaction.
type SQLStore struct{ db *sqlkit.DB }

var (
	_ Store    = (*SQLStore)(nil)
	_ Refusals = (*SQLStore)(nil)
)

// NewSQLStore returns a store on db. It does no I/O; call Migrate once, or run
// Migrations with the host's own tool.
func NewSQLStore(db *sql.DB, cfg orglink.SQLConfig) (*SQLStore, error) {
	d, err := sqlkit.Open(db, cfg)
	if err != nil {
		return nil, fmt.Errorf("link: SQL store: %w", err)
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

// ByKeys implements Store.
func (s *SQLStore) ByKeys(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, keys []string) (map[string]Pair, error) {
	out := make(map[string]Pair)
	err := s.find(ctx, nil, scope{tenant, conn, object}, "hostkey", keys, func(p Pair) { out[p.Key] = p })
	return out, wrap("read pairs by key", err)
}

// ByRecords implements Store.
func (s *SQLStore) ByRecords(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, records []sobject.ID) (map[sobject.ID]Pair, error) {
	out := make(map[sobject.ID]Pair)
	err := s.find(ctx, nil, scope{tenant, conn, object}, "record", texts(records), func(p Pair) { out[p.Record] = p })
	return out, wrap("read pairs by record", err)
}

// Put implements Store.
func (s *SQLStore) Put(ctx context.Context, pairs ...Pair) error {
	if err := checkPairs(pairs); err != nil {
		return err
	}
	byScope := make(map[scope][]Pair)
	for _, p := range pairs {
		byScope[p.scope()] = append(byScope[p.scope()], p)
	}
	return wrap("save pairs", s.db.Tx(ctx, func(tx *sql.Tx) error {
		for sc, group := range byScope {
			keys := make(map[sobject.ID]Pair, len(group))
			for _, p := range group {
				keys[p.Record] = p
			}
			var conflict error
			if err := s.find(ctx, tx, sc, "record", recordsOf(group), func(p Pair) {
				if want := keys[p.Record]; want.Key != p.Key {
					conflict = taken(want, p.Key)
				}
			}); err != nil {
				return err
			}
			if conflict != nil {
				return conflict
			}
			if err := s.replace(ctx, tx, sc, group, func(p Pair) (string, []any) {
				return "?", []any{sqlkit.Micros(p.Written)}
			}); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Remove implements Store.
func (s *SQLStore) Remove(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, keys []string) error {
	return wrap("remove pairs", s.db.Tx(ctx, func(tx *sql.Tx) error {
		return s.drop(ctx, tx, scope{tenant, conn, object}, "hostkey", keys)
	}))
}

// List implements Store.
func (s *SQLStore) List(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object, after string, limit int) ([]Pair, error) {
	var out []Pair
	err := s.scan(ctx, nil, func(p Pair) { out = append(out, p) },
		"SELECT "+columns+" FROM {link} WHERE tenant = ? AND connection = ? AND object = ? AND hostkey > ? ORDER BY hostkey LIMIT ?",
		string(tenant), string(conn), object, after, limit)
	return out, wrap("list pairs", err)
}

// Written implements Store.
func (s *SQLStore) Written(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, keys []string) (map[string]mapping.Written, error) {
	found, err := s.ByKeys(ctx, tenant, conn, object, keys)
	if err != nil {
		return nil, err
	}
	return writtenOf(found), nil
}

// SaveWritten implements Store.
func (s *SQLStore) SaveWritten(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, written []mapping.Written) error {
	save, forget, err := pairsOf(tenant, conn, object, written)
	if err != nil {
		return err
	}
	// A list may name a record twice; the last one counts, as in the org.
	last := make(map[sobject.ID]int, len(save))
	for i, p := range save {
		last[p.Record] = i
	}
	for i, p := range save {
		if last[p.Record] != i {
			forget = append(forget, p.Key)
		}
	}
	save = slices.DeleteFunc(save, func(p Pair) bool { return slices.Contains(forget, p.Key) })
	sc := scope{tenant, conn, object}
	return wrap("save what was written", s.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := s.drop(ctx, tx, sc, "hostkey", forget); err != nil {
			return err
		}
		if err := s.drop(ctx, tx, sc, "record", recordsOf(save)); err != nil {
			return err
		}
		return s.replace(ctx, tx, sc, save, func(Pair) (string, []any) { return s.db.Now(), nil })
	}))
}

// Erase implements Store.
func (s *SQLStore) Erase(ctx context.Context, tenant orglink.TenantID) error {
	return wrap("erase a tenant", s.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, table := range []string{"{link}", "{link_refused}"} {
			if _, err := s.db.Exec(ctx, tx, "DELETE FROM "+table+" WHERE tenant = ?", string(tenant)); err != nil {
				return err
			}
		}
		return nil
	}))
}

// replace deletes the pairs of the same keys and inserts the new ones; it
// never updates on conflict, because a conflict on the record's index would
// change another key's row.
func (s *SQLStore) replace(ctx context.Context, tx *sql.Tx, sc scope, pairs []Pair, at func(Pair) (string, []any)) error {
	keys := make([]string, len(pairs))
	for i, p := range pairs {
		keys[i] = p.Key
	}
	if err := s.drop(ctx, tx, sc, "hostkey", keys); err != nil {
		return err
	}
	for part := range slices.Chunk(pairs, chunk) {
		rows, args := make([]string, len(part)), make([]any, 0, len(part)*7)
		for i, p := range part {
			expr, extra := at(p)
			rows[i] = "(?, ?, ?, ?, ?, ?, " + expr + ")"
			args = append(args, string(p.Tenant), string(p.Connection), p.Object, p.Key, string(p.Record), p.Hash)
			args = append(args, extra...)
		}
		if _, err := s.db.Exec(ctx, tx, "INSERT INTO {link} ("+columns+") VALUES "+strings.Join(rows, ", "), args...); err != nil {
			return err
		}
	}
	return nil
}

func (s *SQLStore) drop(ctx context.Context, tx *sql.Tx, sc scope, column string, values []string) error {
	for part := range slices.Chunk(slices.Sorted(slices.Values(values)), chunk) {
		where, args := in(sc, column, part)
		if _, err := s.db.Exec(ctx, tx, "DELETE FROM {link} WHERE "+where, args...); err != nil {
			return err
		}
	}
	return nil
}

func (s *SQLStore) find(ctx context.Context, x sqlkit.Execer, sc scope, column string, values []string, each func(Pair)) error {
	if len(values) == 0 {
		return ctx.Err()
	}
	for part := range slices.Chunk(values, chunk) {
		where, args := in(sc, column, part)
		if err := s.scan(ctx, x, each, "SELECT "+columns+" FROM {link} WHERE "+where, args...); err != nil {
			return err
		}
	}
	return nil
}

func (s *SQLStore) scan(ctx context.Context, x sqlkit.Execer, each func(Pair), query string, args ...any) (err error) {
	rows, err := s.db.Query(ctx, x, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var p Pair
		var written int64
		if err := rows.Scan(&p.Tenant, &p.Connection, &p.Object, &p.Key, &p.Record, &p.Hash, &written); err != nil {
			return err
		}
		p.Written = sqlkit.Time(written)
		each(p)
	}
	return rows.Err()
}

func in(sc scope, column string, values []string) (string, []any) {
	args := []any{string(sc.tenant), string(sc.conn), sc.object}
	for _, v := range values {
		args = append(args, v)
	}
	return "tenant = ? AND connection = ? AND object = ? AND " + column + " IN (?" + strings.Repeat(", ?", len(values)-1) + ")", args
}

func texts(ids []sobject.ID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}

func recordsOf(pairs []Pair) []string {
	out := make([]string, len(pairs))
	for i, p := range pairs {
		out[i] = string(p.Record)
	}
	return out
}

func wrap(what string, err error) error {
	if err == nil || strings.HasPrefix(err.Error(), "link: ") {
		return err
	}
	return fmt.Errorf("link: %s: %w", what, err)
}
