package mirror

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/internal/sqlkit"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
)

// table is where the records of one stream are. It is immutable: a wider one
// takes its place.
type table struct {
	stream  int64
	name    string // quoted
	columns []column
	byField map[string]int // lower-case API name -> index in columns
}

// column holds one field.
type column struct {
	field string // API name
	class class
	name  string // in the database
	typ   sobject.FieldType
	refs  []string // objects that a reference points to
}

func (t *table) column(field string) (int, bool) {
	i, ok := t.byField[strings.ToLower(field)]
	return i, ok
}

// holds reports whether every column has its place.
func (t *table) holds(columns []sobject.DescribeField) bool {
	for _, c := range columns {
		i, ok := t.column(c.Name)
		if !ok || t.columns[i].class != classOf(c.Type) {
			return false
		}
	}
	return true
}

// systemColumns begin every table. Salesforce names begin with a letter, so
// nothing collides.
var systemColumns = []string{"id", "_stamp", "_read", "_gone", "_survivor", "_owner"}

// systemTypes are their types, as sqlkit names them.
var systemTypes = []string{"id", "time", "time", "int", "id", "id"}

// maxName is PostgreSQL's limit in bytes; MariaDB's is one more.
const maxName = 63

// columnName is a field's name in lower case, cut with a hash when the
// database would cut it without. A field that comes back with another class
// gets a second column beside the first.
func columnName(field string, c class, second bool) string {
	name := strings.ToLower(field)
	if second {
		name += "__" + string(c)
	}
	return fit(name)
}

func fit(name string) string {
	if len(name) <= maxName {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return name[:maxName-9] + "_" + hex.EncodeToString(sum[:4])
}

// quote makes an identifier of any name, reserved words included.
func (m *Mirror) quote(name string) string {
	if m.db.Dialect() == orglink.MariaDB {
		return "`" + strings.ReplaceAll(name, "`", "``") + "`"
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// tableName has the stream's number, because a connection's id and an object's
// name together are longer than some databases allow.
func (m *Mirror) tableName(stream int64, object string) string {
	return m.quote(fit(m.db.Table(fmt.Sprintf("m%d_%s", stream, strings.ToLower(object)))))
}

// find returns the table of a stream as it is, from the database; nil when the
// stream was never opened.
func (m *Mirror) find(ctx context.Context, x sqlkit.Execer, tenant orglink.TenantID, conn orglink.ConnectionID, object string) (*table, error) {
	t := &table{byField: map[string]int{}}
	err := m.db.QueryRow(ctx, x, "SELECT id FROM {mirror_streams} WHERE tenant = ? AND connection = ? AND object = ?",
		string(tenant), string(conn), object).Scan(&t.stream)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t.name = m.tableName(t.stream, object)
	return t, m.load(ctx, x, t)
}

// load reads the columns in use.
func (m *Mirror) load(ctx context.Context, x sqlkit.Execer, t *table) error {
	rows, err := m.db.Query(ctx, x, "SELECT field, class, name, type, refs FROM {mirror_columns} WHERE stream = ? AND used = 1 ORDER BY field", t.stream)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var c column
		var cl, typ, refs string
		if err := rows.Scan(&c.field, &cl, &c.name, &typ, &refs); err != nil {
			return err
		}
		c.class, c.typ = class(cl), sobject.FieldType(typ)
		if refs != "" {
			c.refs = strings.Split(refs, ",")
		}
		t.byField[strings.ToLower(c.field)] = len(t.columns)
		t.columns = append(t.columns, c)
	}
	return rows.Err()
}

// ready returns the table of a stream with a place for every column, making
// what is missing.
func (m *Mirror) ready(ctx context.Context, s importer.Stream) (*table, error) {
	m.mu.Lock()
	t := m.tables[s.Key()]
	m.mu.Unlock()
	if t != nil && t.holds(s.Columns) {
		return t, nil
	}
	var err error
	if m.db.Dialect() == orglink.MariaDB {
		// Its DDL commits by itself; every statement may be repeated.
		t, err = m.make(ctx, m.db.Raw(), s)
	} else {
		err = m.write(ctx, func(tx *sql.Tx) error {
			t, err = m.make(ctx, tx, s)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("table of %s: %w", s.Object, m.outdated(ctx, err))
	}
	m.mu.Lock()
	m.tables[s.Key()] = t
	m.mu.Unlock()
	return t, nil
}

// make brings the table of a stream up to its columns.
func (m *Mirror) make(ctx context.Context, x sqlkit.Execer, s importer.Stream) (*table, error) {
	_, err := m.db.Exec(ctx, x, m.db.InsertIgnore("mirror_streams", []string{"tenant", "connection", "object"}, []string{"fence", "position"}),
		string(s.Tenant), string(s.Connection), s.Object, 0, "")
	if err != nil {
		return nil, err
	}
	var stream int64
	// The row is also the lock that keeps two processes from adding the same
	// columns at once.
	err = m.db.QueryRow(ctx, x, "SELECT id FROM {mirror_streams} WHERE tenant = ? AND connection = ? AND object = ?"+m.db.ForUpdate(),
		string(s.Tenant), string(s.Connection), s.Object).Scan(&stream)
	if err != nil {
		return nil, err
	}
	t := &table{stream: stream, name: m.tableName(stream, s.Object), byField: map[string]int{}}
	if err := m.load(ctx, x, t); err != nil {
		return nil, err
	}
	if err := m.widen(ctx, x, t, s.Columns); err != nil {
		return nil, err
	}
	t = &table{stream: stream, name: t.name, byField: map[string]int{}}
	return t, m.load(ctx, x, t)
}

// widen creates the table or adds the columns that it lacks.
func (m *Mirror) widen(ctx context.Context, x sqlkit.Execer, t *table, columns []sobject.DescribeField) error {
	if len(t.columns) == 0 {
		defs := make([]string, len(systemColumns))
		for i, c := range systemColumns {
			defs[i] = m.quote(c) + " " + m.db.Type(systemTypes[i]) + " NOT NULL"
		}
		if _, err := m.db.Exec(ctx, x, "CREATE TABLE IF NOT EXISTS "+t.name+" ("+strings.Join(defs, ", ")+", PRIMARY KEY ("+m.quote("id")+"))"); err != nil {
			return err
		}
	}
	for _, f := range columns {
		c := classOf(f.Type)
		i, known := t.column(f.Name)
		if strings.EqualFold(f.Name, "Id") || known && t.columns[i].class == c {
			if known {
				continue
			}
			// Id itself lives in the key.
			if err := m.register(ctx, x, t.stream, f, c, "id"); err != nil {
				return err
			}
			continue
		}
		name := columnName(f.Name, c, known)
		if err := m.addColumn(ctx, x, t.name, name, m.sqlType(f)); err != nil {
			return fmt.Errorf("column for %s: %w", f.Name, err)
		}
		if err := m.register(ctx, x, t.stream, f, c, name); err != nil {
			return err
		}
	}
	return nil
}

// addColumn adds a column unless it is there.
func (m *Mirror) addColumn(ctx context.Context, x sqlkit.Execer, tableName, name, typ string) error {
	if m.db.Dialect() != orglink.SQLite {
		_, err := m.db.Exec(ctx, x, "ALTER TABLE "+tableName+" ADD COLUMN IF NOT EXISTS "+m.quote(name)+" "+typ)
		return err
	}
	var there int
	err := m.db.QueryRow(ctx, x, "SELECT COUNT(*) FROM pragma_table_info(?) WHERE name = ?", strings.Trim(tableName, `"`), name).Scan(&there)
	if err != nil || there > 0 {
		return err
	}
	_, err = m.db.Exec(ctx, x, "ALTER TABLE "+tableName+" ADD COLUMN "+m.quote(name)+" "+typ)
	return err
}

// register notes where a field is kept; its former column is no longer used.
func (m *Mirror) register(ctx context.Context, x sqlkit.Execer, stream int64, f sobject.DescribeField, c class, name string) error {
	if _, err := m.db.Exec(ctx, x, "UPDATE {mirror_columns} SET used = 0 WHERE stream = ? AND field = ?", stream, f.Name); err != nil {
		return err
	}
	refs := slices.Clone(f.ReferenceTo)
	slices.Sort(refs)
	_, err := m.db.Exec(ctx, x, m.db.Upsert("mirror_columns", []string{"stream", "field", "class"}, []string{"name", "type", "refs", "used"}),
		stream, f.Name, string(c), name, string(f.Type), strings.Join(refs, ","), 1)
	return err
}
