package mirror

import (
	"context"
	"database/sql"
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
	t       *table
	stream  importer.Stream
	initial bool
	states  map[sobject.ID]*state
	log     []entry
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
	if err := w.loadStates(ctx, changes); err != nil {
		return fmt.Errorf("read stored records: %w", err)
	}
	dirty := make([]*state, 0, len(changes))
	for _, c := range changes {
		s := w.states[c.ID]
		if s == nil {
			s = &state{id: c.ID, values: make([]sobject.Value, len(w.t.columns))}
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
	before := *s
	s.version = s.version.After(c)
	e := entry{Entry: Entry{Object: w.stream.Object, ID: c.ID, Initial: w.initial, SystemModstamp: c.SystemModstamp}}
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
	s.values = slices.Clone(before.values)
	for name, v := range c.Record.Fields() {
		if c.Kind == importer.Partial && !slices.Contains(c.Fields, name) {
			continue
		}
		i, ok := w.t.column(name)
		if !ok {
			return fmt.Errorf("the change of %s holds a field %s that the stream has no column for", c.ID, name)
		}
		if !s.values[i].Equal(v) {
			e.add(name, s.values[i], v)
			s.values[i] = v
		}
	}
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
	lock := ""
	if w.m.db.Dialect() == orglink.MariaDB {
		// A locking read takes no snapshot, so that the feed's row can be
		// written afterwards although others wrote it meanwhile.
		lock = w.m.db.ForUpdate()
	}
	for chunk := range slices.Chunk(ids, loadChunk) {
		rows, err := w.m.db.Query(ctx, w.tx, "SELECT "+w.m.selectList(w.t, nil)+" FROM "+w.t.name+" WHERE "+w.m.quote("id")+" IN (?"+strings.Repeat(",?", len(chunk)-1)+")"+lock, chunk...)
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

// Bounds of one INSERT: SQLite takes 32,766 parameters, the others 65,535.
const (
	maxParams = 30_000
	maxRows   = 200
)

// upsert writes whole records, many a statement.
func (w *writer) upsert(ctx context.Context, list []*state) error {
	if len(list) == 0 {
		return nil
	}
	var places []int // columns besides id
	for i, c := range w.t.columns {
		if c.name != "id" {
			places = append(places, i)
		}
	}
	width := len(systemColumns) + len(places)
	perStatement := max(1, min(maxRows, maxParams/width))
	var full *sql.Stmt
	for chunk := range slices.Chunk(list, perStatement) {
		args := make([]any, 0, len(chunk)*width)
		for _, s := range chunk {
			args = append(args, string(s.id), sqlkit.Micros(s.version.SystemModstamp), sqlkit.Micros(s.version.ReadAt), int64(s.kind), string(s.survivor), string(s.owner))
			for _, i := range places {
				arg, err := w.m.bind(w.t.columns[i].class, s.values[i])
				if err != nil {
					return fmt.Errorf("%s of %s: %w", w.t.columns[i].field, s.id, err)
				}
				args = append(args, arg)
			}
		}
		var err error
		switch {
		case len(chunk) < perStatement:
			_, err = w.m.db.Exec(ctx, w.tx, w.upsertText(places, len(chunk)), args...)
		case full == nil:
			if full, err = w.tx.PrepareContext(ctx, w.m.db.Rewrite(w.upsertText(places, len(chunk)))); err != nil {
				return err
			}
			defer full.Close()
			fallthrough
		default:
			_, err = full.ExecContext(ctx, args...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) upsertText(places []int, rows int) string {
	cols := slices.Clone(systemColumns)
	for _, i := range places {
		cols = append(cols, w.t.columns[i].name)
	}
	for i := range cols {
		cols[i] = w.m.quote(cols[i])
	}
	one := "(?" + strings.Repeat(",?", len(cols)-1) + ")"
	var b strings.Builder
	b.WriteString("INSERT INTO " + w.t.name + " (" + strings.Join(cols, ",") + ") VALUES " + one + strings.Repeat(","+one, rows-1))
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
