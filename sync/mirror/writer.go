package mirror

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/internal/sqlkit"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
)

// writer stores the changes of one batch in one transaction.
type writer struct {
	m       *Mirror
	tx      *sql.Tx
	conn    *sql.Conn // that of tx, where there is a Loader
	t       *table
	stream  importer.Stream
	initial bool
	states  map[sobject.ID]*state
	log     []entry
	json    []byte  // the fields of all entries
	fields  []place // of the record shape seen last
	slab    []sobject.Value
	values  []sobject.Value // of one new record
}

// place is where a record's field goes.
type place struct {
	field string
	at    int
}

// state is a record as it is, and becomes.
type state struct {
	id       sobject.ID
	version  importer.Version
	kind     importer.Kind // 0: present
	survivor sobject.ID
	owner    orglink.UserID
	values   []sobject.Value // by t.columns
	dirty    bool
}

func (w *writer) store(ctx context.Context, changes []importer.Change) error {
	fresh, err := w.fresh(ctx, changes)
	if err != nil {
		return fmt.Errorf("look for stored records: %w", err)
	}
	if fresh {
		return w.load(ctx, changes)
	}
	if err := w.loadStates(ctx, changes); err != nil {
		return fmt.Errorf("read stored records: %w", err)
	}
	dirty := make([]*state, 0, len(changes))
	for _, c := range changes {
		s := w.states[c.ID]
		if s == nil {
			s = &state{id: c.ID, values: w.blank()}
			w.states[c.ID] = s
		}
		if !s.version.Applies(c) {
			continue
		}
		if err := w.change(s, c); err != nil {
			return err
		}
		if !s.dirty {
			s.dirty = true
			dirty = append(dirty, s)
		}
	}
	if err := w.upsert(ctx, dirty); err != nil {
		return fmt.Errorf("write %d records: %w", len(dirty), err)
	}
	if err := w.writeLog(ctx); err != nil {
		return fmt.Errorf("write the change log: %w", err)
	}
	return nil
}

// change brings a record's state up to a change that applies, and logs what
// it did.
func (w *writer) change(s *state, c importer.Change) error {
	before := *s // its values are the same as those of s
	s.version = s.version.After(c)
	e := entry{from: len(w.json), to: len(w.json), Entry: Entry{Object: w.stream.Object, ID: c.ID, Initial: w.initial, SystemModstamp: c.SystemModstamp}}
	if c.Kind.Gone() {
		s.kind, s.survivor = c.Kind, c.Survivor
		if e.Kind = goneKinds[c.Kind]; before.version.Exists && before.kind != c.Kind {
			e.Survivor, e.Owner = s.survivor, s.owner
			w.log = append(w.log, e)
		}
		return nil
	}
	if c.Kind == importer.Full {
		s.kind, s.survivor, s.owner = 0, "", c.Owner
	}
	n := 0
	for name, v := range c.Record.Fields() {
		i, err := w.place(n, name)
		if err != nil {
			return fmt.Errorf("the change of %s: %w", c.ID, err)
		}
		n++
		if c.Kind == importer.Partial && !slices.Contains(c.Fields, name) {
			continue
		}
		if !s.values[i].Equal(v) {
			w.json = appendField(w.json, len(w.json) == e.from, w.t.columns[i].label, s.values[i], v)
			s.values[i] = v
		}
	}
	e.to = len(w.json)
	switch {
	case !before.version.Exists:
		e.Kind = Created
	case before.kind == importer.NotVisible:
		e.Kind = Visible
	case before.kind != 0:
		e.Kind = Undeleted
	case !e.empty():
		e.Kind = Updated
	default:
		return nil // read again, and the same
	}
	e.Owner = s.owner
	w.log = append(w.log, e)
	return nil
}

// place finds the column of a record's nth field. Records of one reading have
// their fields in one order.
func (w *writer) place(n int, name string) (int, error) {
	if n < len(w.fields) && w.fields[n].field == name {
		return w.fields[n].at, nil
	}
	i, ok := w.t.column(name)
	if !ok {
		return 0, fmt.Errorf("the stream has no column for the field %s", name)
	}
	w.fields = append(w.fields[:min(n, len(w.fields))], place{name, i})
	return i, nil
}

// blank returns nulls for a new record.
func (w *writer) blank() []sobject.Value {
	n := len(w.t.columns)
	if len(w.slab) < n {
		w.slab = make([]sobject.Value, 64*n)
	}
	out := w.slab[:n:n]
	w.slab = w.slab[n:]
	return out
}

// loadChunk is how many records one SELECT reads by id.
const loadChunk = 500

func (w *writer) loadStates(ctx context.Context, changes []importer.Change) error {
	w.states = make(map[sobject.ID]*state, len(changes))
	ids := make([]any, 0, len(changes))
	seen := make(map[sobject.ID]bool, len(changes))
	for _, c := range changes {
		if !seen[c.ID] {
			seen[c.ID] = true
			ids = append(ids, string(c.ID))
		}
	}
	for chunk := range slices.Chunk(ids, loadChunk) {
		rows, err := w.m.db.Query(ctx, w.tx, w.m.byIDs(w.t, nil, len(chunk))+w.lock(), chunk...)
		if err != nil {
			return err
		}
		err = w.m.scan(rows, w.t, nil, func(r Row, values []sobject.Value) {
			w.states[r.ID] = &state{id: r.ID, kind: r.Gone, survivor: r.Survivor, owner: r.Owner, values: values,
				version: importer.Version{Exists: true, Gone: r.Gone != 0, Merged: r.Gone == importer.Merged, SystemModstamp: r.SystemModstamp, ReadAt: r.ReadAt}}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// byIDs selects places of n records.
func (m *Mirror) byIDs(t *table, places []int, n int) string {
	id := m.quote("id")
	if m.db.Dialect() == orglink.PostgreSQL {
		// As a join: a plan that was made when the table was small would
		// compare every row with every id.
		return "SELECT " + m.selectList(t, places) + " FROM (VALUES (CAST(? AS TEXT))" + strings.Repeat(",(?)", n-1) + ") AS wanted (" + id + ") JOIN " +
			t.parts[0].name + " USING (" + id + ")" + strings.TrimPrefix(t.from, t.parts[0].name)
	}
	return "SELECT " + m.selectList(t, places) + " FROM " + t.from + " WHERE " + id + " IN (?" + strings.Repeat(",?", n-1) + ")"
}

// absent tells a row that is not there from an error.
func absent(err error) (bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	return false, err
}

// Bounds of one INSERT: SQLite takes 32,766 parameters, the others 65,535.
const (
	maxParams = 30_000
	maxRows   = 200
)

// upsert writes whole records, many a statement.
func (w *writer) upsert(ctx context.Context, list []*state) error {
	for n := range w.t.parts {
		if err := w.upsertPart(ctx, list, n); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) upsertPart(ctx context.Context, list []*state, n int) error {
	if len(list) == 0 {
		return nil
	}
	p := w.t.parts[n]
	cols := w.columns(p, n)
	return w.m.insertAll(ctx, w.tx, len(list), len(cols), func(rows int) string { return w.upsertText(cols, p, rows) }, func(i int, args []any) ([]any, error) {
		s := list[i]
		if args = append(args, string(s.id)); n == 0 {
			args = append(args, sqlkit.Micros(s.version.SystemModstamp), sqlkit.Micros(s.version.ReadAt), int64(s.kind), string(s.survivor), string(s.owner))
		}
		for _, at := range p.places {
			arg, err := w.m.bind(w.t.columns[at].class, s.values[at])
			if err != nil {
				return nil, fmt.Errorf("%s of %s: %w", w.t.columns[at].field, s.id, err)
			}
			args = append(args, arg)
		}
		return args, nil
	})
}

// insertAll inserts n rows of width values, many a statement; what comes more
// than once is prepared.
func (m *Mirror) insertAll(ctx context.Context, tx *sql.Tx, n, width int, text func(rows int) string, row func(i int, args []any) ([]any, error)) error {
	perStatement := max(1, min(maxRows, maxParams/width))
	args := make([]any, 0, min(n, perStatement)*width)
	var full *sql.Stmt
	for i := 0; i < n; {
		rows := min(perStatement, n-i)
		args = args[:0]
		for end := i + rows; i < end; i++ {
			var err error
			if args, err = row(i, args); err != nil {
				return err
			}
		}
		if rows < perStatement || n < 2*perStatement {
			if _, err := m.db.Exec(ctx, tx, text(rows), args...); err != nil {
				return err
			}
			continue
		}
		if full == nil {
			var err error
			if full, err = tx.PrepareContext(ctx, m.db.Rewrite(text(rows))); err != nil {
				return err
			}
			defer full.Close()
		}
		if _, err := full.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// columns are the names of the nth part's columns, quoted.
func (w *writer) columns(p part, n int) []string {
	cols := slices.Clone(systemColumns)
	if n > 0 {
		cols = cols[:1]
	}
	for _, i := range p.places {
		cols = append(cols, w.t.columns[i].name)
	}
	for i := range cols {
		cols[i] = w.m.quote(cols[i])
	}
	return cols
}

func (w *writer) upsertText(cols []string, p part, rows int) string {
	one := "(?" + strings.Repeat(",?", len(cols)-1) + ")"
	var b strings.Builder
	b.WriteString("INSERT INTO " + p.name + " (" + strings.Join(cols, ",") + ") VALUES " + one + strings.Repeat(","+one, rows-1))
	if w.m.db.Dialect() == orglink.MariaDB {
		b.WriteString(" ON DUPLICATE KEY UPDATE ")
	} else {
		b.WriteString(" ON CONFLICT (" + cols[0] + ") DO UPDATE SET ")
	}
	for i, c := range cols[1:] {
		if i > 0 {
			b.WriteString(",")
		}
		if w.m.db.Dialect() == orglink.MariaDB {
			b.WriteString(c + "=VALUES(" + c + ")")
		} else {
			b.WriteString(c + "=excluded." + c)
		}
	}
	return b.String()
}
