package mirror

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
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
	purges  int64 // how often it was purged: others know by it that their table is gone
	object  string
	columns []column
	byField map[string]int    // lower-case API name -> index in columns
	parts   []part            // the first has the system columns
	from    string            // all parts, for a FROM clause
	places  map[string]column // by field and class: also those no longer used
}

// column holds one field.
type column struct {
	field string // API name
	label string // API name as JSON
	class class
	name  string // in the database
	part  int
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

// find returns the table of a stream as it is, from the database; nil when the
// stream was never opened.
func (m *Mirror) find(ctx context.Context, x sqlkit.Execer, tenant orglink.TenantID, conn orglink.ConnectionID, object string) (*table, error) {
	t := &table{object: object}
	err := m.db.QueryRow(ctx, x, "SELECT id, purges FROM {mirror_streams} WHERE tenant = ? AND connection = ? AND object = ?",
		string(tenant), string(conn), object).Scan(&t.stream, &t.purges)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return t, m.load(ctx, x, t)
}

// load reads the columns in use.
func (m *Mirror) load(ctx context.Context, x sqlkit.Execer, t *table) error {
	rows, err := m.db.Query(ctx, x, "SELECT field, class, name, part, type, refs, used FROM {mirror_columns} WHERE stream = ? ORDER BY field", t.stream)
	if err != nil {
		return err
	}
	defer rows.Close()
	t.byField, t.places = map[string]int{}, map[string]column{}
	for rows.Next() {
		var c column
		var refs string
		var used bool
		if err := rows.Scan(&c.field, &c.class, &c.name, &c.part, &c.typ, &refs, &used); err != nil {
			return err
		}
		if refs != "" {
			c.refs = strings.Split(refs, ",")
		}
		label, _ := json.Marshal(c.field) // a text
		c.label = string(label)
		t.places[c.field+"#"+string(c.class)] = c
		if used {
			t.byField[strings.ToLower(c.field)] = len(t.columns)
			t.columns = append(t.columns, c)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	m.divide(t)
	return nil
}

// opened returns the table of a stream for a batch. Only Open makes a stream,
// and a refresh of a record of one that never was: a late batch must not bring
// back what was purged.
func (m *Mirror) opened(ctx context.Context, b importer.Batch) (*table, error) {
	s := b.Stream
	if t := m.remembered(s); t != nil {
		return t, nil
	}
	t, err := m.find(ctx, nil, s.Tenant, s.Connection, s.Object)
	switch {
	case err != nil:
		return nil, m.outdated(ctx, err)
	case t == nil && b.Next == "":
		t = &table{}
	case t == nil || len(t.columns) == 0:
		return nil, fmt.Errorf("%w: it is not open", importer.ErrConflict)
	}
	return m.ready(ctx, s, func(_ uint64, purges int64) error {
		if purges != t.purges {
			return fmt.Errorf("%w: %w", importer.ErrConflict, errPurged)
		}
		return nil
	})
}

func (m *Mirror) remembered(s importer.Stream) *table {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t := m.tables[s.Key()]; t != nil && t.holds(s.Columns) {
		return t
	}
	return nil
}

func (m *Mirror) remember(s importer.Stream, t *table) {
	m.mu.Lock()
	m.tables[s.Key()] = t
	m.mu.Unlock()
}

// allowed decides whether a table may be made or widened.
type allowed func(fence uint64, purges int64) error

// ready returns the table of a stream with a place for every column, making
// what is missing.
func (m *Mirror) ready(ctx context.Context, s importer.Stream, may allowed) (t *table, err error) {
	if t := m.remembered(s); t != nil {
		return t, nil
	}
	if m.db.Dialect() == orglink.MariaDB {
		// Its DDL commits by itself; every statement may be repeated.
		t, err = m.make(ctx, m.db.Raw(), s, may)
	} else {
		err = m.write(ctx, func(tx *sql.Tx) error {
			t, err = m.make(ctx, tx, s, may)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("table of %s: %w", s.Object, m.outdated(ctx, err))
	}
	m.remember(s, t)
	return t, nil
}

// make brings the table of a stream up to its columns.
func (m *Mirror) make(ctx context.Context, x sqlkit.Execer, s importer.Stream, may allowed) (*table, error) {
	_, err := m.db.Exec(ctx, x, m.db.InsertIgnore("mirror_streams", []string{"tenant", "connection", "object"}, []string{"fence", "position"}),
		string(s.Tenant), string(s.Connection), s.Object, 0, "")
	if err != nil {
		return nil, err
	}
	var stream, purges int64
	var fence uint64
	// The row is also the lock that keeps two processes from adding the same
	// columns at once.
	err = m.db.QueryRow(ctx, x, "SELECT id, fence, purges FROM {mirror_streams} WHERE tenant = ? AND connection = ? AND object = ?"+m.db.ForUpdate(),
		string(s.Tenant), string(s.Connection), s.Object).Scan(&stream, &fence, &purges)
	if err == nil {
		err = may(fence, purges)
	}
	if err != nil {
		return nil, err
	}
	t := &table{stream: stream, purges: purges, object: s.Object}
	if err := m.load(ctx, x, t); err != nil {
		return nil, err
	}
	if err := m.widen(ctx, x, t, s.Columns); err != nil {
		return nil, err
	}
	t = &table{stream: stream, purges: purges, object: s.Object}
	return t, m.load(ctx, x, t)
}

// widen creates the table or adds the columns that it lacks.
func (m *Mirror) widen(ctx context.Context, x sqlkit.Execer, t *table, columns []sobject.DescribeField) error {
	room := m.room(t)
	missing := make([][]sobject.DescribeField, len(room.used)) // by part
	at := map[string]column{}                                  // of each field to register
	for _, f := range columns {
		c := classOf(f.Type)
		i, known := t.column(f.Name)
		if known && (strings.EqualFold(f.Name, "Id") || t.columns[i].class == c) {
			continue
		}
		if strings.EqualFold(f.Name, "Id") { // it lives in the key
			at[f.Name] = column{field: f.Name, class: c, name: "id"}
			continue
		}
		place, before := t.places[f.Name+"#"+string(c)]
		if !before {
			place = column{field: f.Name, class: c, name: columnName(f.Name, c, known), part: room.take(m.weight(f.Type))}
			if place.part > 0 {
				// No column of another part may have the name, not even one
				// left behind by a crash.
				place.name = fit(place.name + fmt.Sprintf("__p%d", place.part))
			}
			for len(missing) <= place.part {
				missing = append(missing, nil)
			}
			missing[place.part] = append(missing[place.part], f)
		}
		at[f.Name] = place
	}
	for n, fields := range missing {
		if err := m.addColumns(ctx, x, t, n, fields, at); err != nil {
			return err
		}
	}
	if len(at) == 0 {
		return nil
	}
	register := func(x sqlkit.Execer) error {
		for _, f := range columns {
			if place, ok := at[f.Name]; ok {
				if err := m.register(ctx, x, t, f, place); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if m.db.Dialect() == orglink.MariaDB { // x is no transaction
		return m.db.Tx(ctx, func(tx *sql.Tx) error {
			if _, _, err := m.stand(ctx, tx, t); err != nil {
				return err
			}
			return register(tx)
		})
	}
	return register(x)
}

// addColumns brings a part up to some columns. All of it may be repeated.
func (m *Mirror) addColumns(ctx context.Context, x sqlkit.Execer, t *table, n int, fields []sobject.DescribeField, at map[string]column) error {
	defs := make([]string, len(fields))
	for i, f := range fields {
		defs[i] = m.quote(at[f.Name].name) + " " + m.sqlType(f)
	}
	if n >= len(t.parts) || len(t.columns) == 0 {
		if err := m.createPart(ctx, x, t, n, defs); err != nil {
			return err
		}
	}
	name := m.partName(t, n)
	if m.db.Dialect() != orglink.SQLite {
		if len(defs) == 0 {
			return nil
		}
		_, err := m.db.Exec(ctx, x, "ALTER TABLE "+name+" ADD COLUMN IF NOT EXISTS "+strings.Join(defs, ", ADD COLUMN IF NOT EXISTS "))
		return err
	}
	for i, f := range fields {
		var there int
		err := m.db.QueryRow(ctx, x, "SELECT COUNT(*) FROM pragma_table_info(?) WHERE name = ?", strings.Trim(name, `"`), at[f.Name].name).Scan(&there)
		if err == nil && there == 0 {
			_, err = m.db.Exec(ctx, x, "ALTER TABLE "+name+" ADD COLUMN "+defs[i])
		}
		if err != nil {
			return fmt.Errorf("column for %s: %w", f.Name, err)
		}
	}
	return nil
}

// register notes where a field is kept; its former column is no longer used.
func (m *Mirror) register(ctx context.Context, x sqlkit.Execer, t *table, f sobject.DescribeField, at column) error {
	if _, known := t.column(f.Name); known {
		if _, err := m.db.Exec(ctx, x, "UPDATE {mirror_columns} SET used = 0 WHERE stream = ? AND field = ?", t.stream, f.Name); err != nil {
			return err
		}
	}
	refs := slices.Clone(f.ReferenceTo)
	slices.Sort(refs)
	_, err := m.db.Exec(ctx, x, m.db.Upsert("mirror_columns", []string{"stream", "field", "class"}, []string{"name", "part", "type", "refs", "used"}),
		t.stream, f.Name, string(at.class), at.name, at.part, string(f.Type), strings.Join(refs, ","), 1)
	return err
}
