package mirror

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/internal/sqlkit"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
)

// Loader writes the new rows of a first reading faster than INSERT does: a
// driver's COPY. It is called inside the transaction of the batch, so that
// position, fence and log move with the rows or not at all.
type Loader interface {
	// Load writes all rows into a table, whose name is quoted where that is
	// needed, as are the columns. conn has the transaction open: Load writes on
	// it, and neither ends the transaction nor keeps conn. Values are what
	// database/sql takes: nil, string, int64, bool and time.Time; a number or
	// date may come as a string. The slice is reused for the next row. Any
	// error undoes the batch.
	Load(ctx context.Context, conn *sql.Conn, table string, columns []string, rows iter.Seq2[[]any, error]) error
}

// fresh tells that the changes are records that the mirror has never seen: a
// first reading comes in the order of the ids, so one look at the index
// answers for all of them.
func (w *writer) fresh(ctx context.Context, changes []importer.Change) (bool, error) {
	if !w.initial {
		return false, nil
	}
	last := sobject.ID("")
	for i := range changes {
		if changes[i].Kind != importer.Full || changes[i].ID <= last {
			return false, nil
		}
		last = changes[i].ID
	}
	var next sobject.ID
	id := w.m.quote("id")
	none, err := absent(w.m.db.QueryRow(ctx, w.tx, "SELECT "+id+" FROM "+w.t.parts[0].name+" WHERE "+id+" >= ? ORDER BY "+id+" LIMIT 1"+w.lock(), string(changes[0].ID)).Scan(&next))
	return none || err == nil && next > last, err
}

// lock makes a read on MariaDB take no snapshot, so that the feed's row can be
// written afterwards although others wrote it meanwhile.
func (w *writer) lock() string {
	if w.m.db.Dialect() == orglink.MariaDB {
		return w.m.db.ForUpdate()
	}
	return ""
}

// load stores records that are new.
func (w *writer) load(ctx context.Context, changes []importer.Change) error {
	for n := range w.t.parts {
		if err := w.loadPart(ctx, changes, n); err != nil {
			return fmt.Errorf("write %d new records: %w", len(changes), err)
		}
	}
	if err := w.logLoaded(ctx, changes); err != nil {
		return fmt.Errorf("write the change log: %w", err)
	}
	return nil
}

func (w *writer) loadPart(ctx context.Context, changes []importer.Change, n int) error {
	p := w.t.parts[n]
	cols := w.columns(p, n)
	row := func(i int, args []any) ([]any, error) { return w.freshRow(&changes[i], p, n, args) }
	if w.m.loader == nil {
		one := "(?" + strings.Repeat(",?", len(cols)-1) + ")"
		return w.m.insertAll(ctx, w.tx, len(changes), len(cols), func(rows int) string {
			return "INSERT INTO " + p.name + " (" + strings.Join(cols, ",") + ") VALUES " + one + strings.Repeat(","+one, rows-1)
		}, row)
	}
	return w.m.loader.Load(ctx, w.conn, p.name, cols, func(yield func([]any, error) bool) {
		args := make([]any, 0, len(cols))
		for i := range changes {
			var err error
			if args, err = row(i, args[:0]); !yield(args, err) || err != nil {
				return
			}
		}
	})
}

// freshRow appends what a new record has in the columns of a part.
func (w *writer) freshRow(c *importer.Change, p part, n int, args []any) ([]any, error) {
	if args = append(args, string(c.ID)); n == 0 {
		args = append(args, sqlkit.Micros(c.SystemModstamp), sqlkit.Micros(c.ReadAt), int64(0), "", string(c.Owner))
	}
	if w.values == nil {
		w.values = make([]sobject.Value, len(w.t.columns))
	}
	clear(w.values)
	at := 0
	for name, v := range c.Record.Fields() {
		i, err := w.place(at, name)
		if err != nil {
			return nil, fmt.Errorf("the change of %s: %w", c.ID, err)
		}
		at++
		w.values[i] = v
	}
	for _, i := range p.places {
		arg, err := w.m.bind(w.t.columns[i].class, w.values[i])
		if err != nil {
			return nil, fmt.Errorf("%s of %s: %w", w.t.columns[i].field, c.ID, err)
		}
		args = append(args, arg)
	}
	return args, nil
}
