package mirror

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/internal/sqlkit"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
)

// loaded is the kind of a row of the log that stands for the Created entries
// of a whole batch. The values are in the mirror, and what changed since is in
// the log, so that each entry can be told as it was.
const loaded ChangeKind = "loaded"

// loadedEntries are the entries of such a row; its serial is that of the last.
type loadedEntries struct {
	IDs    []sobject.ID     `json:"ids"`
	Stamps []int64          `json:"stamps"`
	Owners []orglink.UserID `json:"owners,omitempty"` // none: no record has one
}

// logLoaded writes one row for all new records of a first reading.
func (w *writer) logLoaded(ctx context.Context, changes []importer.Change) error {
	l := loadedEntries{IDs: make([]sobject.ID, len(changes)), Stamps: make([]int64, len(changes))}
	for i := range changes {
		l.IDs[i], l.Stamps[i] = changes[i].ID, sqlkit.Micros(changes[i].SystemModstamp)
		if changes[i].Owner != "" && l.Owners == nil {
			l.Owners = make([]orglink.UserID, len(changes))
		}
		if l.Owners != nil {
			l.Owners[i] = changes[i].Owner
		}
	}
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	last, err := w.serials(ctx, len(changes))
	if err != nil {
		return err
	}
	_, err = w.m.db.Exec(ctx, w.tx, w.m.logText(1), string(w.stream.Tenant), string(w.stream.Connection), last, string(loaded), 1, w.stream.Object, string(l.IDs[0]), "", "", 0, string(text))
	return err
}

// expand tells the entries that a loaded row stands for, behind a serial and at
// most limit.
func (m *Mirror) expand(ctx context.Context, row Entry, text string, after int64, limit int) ([]Entry, error) {
	var l loadedEntries
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		return nil, err
	}
	first := row.Serial - int64(len(l.IDs)) + 1
	from := int(max(0, after+1-first))
	to := min(len(l.IDs), from+limit)
	t, err := m.find(ctx, nil, row.Tenant, row.Connection, row.Object)
	if err != nil || t == nil || len(t.columns) == 0 { // purged meanwhile
		return nil, err
	}
	out := make([]Entry, 0, max(0, to-from))
	for lo := from; lo < to; lo += loadChunk {
		ids := make([]any, 0, loadChunk)
		for _, id := range l.IDs[lo:min(to, lo+loadChunk)] {
			ids = append(ids, string(id))
		}
		// The records first: what changes between the two reads is then undone
		// by the log.
		records, err := m.original(ctx, t, row, ids)
		if err != nil {
			return nil, err
		}
		for i := lo; i < lo+len(ids); i++ {
			e := row
			e.Serial, e.Kind, e.ID, e.SystemModstamp = first+int64(i), Created, l.IDs[i], sqlkit.Time(l.Stamps[i])
			if l.Owners != nil {
				e.Owner = l.Owners[i]
			}
			for n, v := range records[e.ID] {
				if !v.IsNull() {
					e.Fields = append(e.Fields, FieldChange{Field: t.columns[n].field, Before: sobject.NullValue(), After: v})
				}
			}
			out = append(out, e)
		}
	}
	return out, nil
}

// original returns the values that records had when a loaded row was written:
// those of now, with every change since taken back.
func (m *Mirror) original(ctx context.Context, t *table, row Entry, ids []any) (map[sobject.ID][]sobject.Value, error) {
	rows, err := m.db.Query(ctx, nil, m.byIDs(t, nil, len(ids)), ids...)
	if err != nil {
		return nil, err
	}
	out := make(map[sobject.ID][]sobject.Value, len(ids))
	if err := m.scan(rows, t, nil, func(r Row, values []sobject.Value) { out[r.ID] = values }); err != nil {
		return nil, err
	}
	args := append([]any{string(row.Tenant), string(row.Connection), row.Object, row.Serial}, ids...)
	rows, err = m.db.Query(ctx, nil, "SELECT record, fields FROM {mirror_changes} WHERE tenant = ? AND connection = ? AND object = ? AND seq > ? AND kind <> '"+string(loaded)+
		"' AND record IN (?"+strings.Repeat(",?", len(ids)-1)+") ORDER BY seq DESC", args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id sobject.ID
		var text string
		if err := rows.Scan(&id, &text); err != nil {
			return nil, err
		}
		fields, err := parseFields(text)
		if err != nil {
			return nil, fmt.Errorf("a change of %s: %w", id, err)
		}
		values := out[id]
		for _, f := range fields {
			if i, ok := t.column(f.Field); ok && values != nil {
				values[i] = f.Before
			}
		}
	}
	return out, rows.Err()
}

// logText is a statement for some rows of the log.
func (m *Mirror) logText(rows int) string {
	one := "(?,?,?,?,?,?,?,?,?,?," + m.db.Now() + ",?)"
	return "INSERT INTO {mirror_changes} (tenant, connection, seq, kind, initial, object, record, survivor, owner, stamp, stored, fields) VALUES " +
		one + strings.Repeat(","+one, rows-1)
}

// serials takes the next n serials of the feed and returns the last. The feed's
// row is locked from here to the commit, which makes the numbers follow the
// order of the commits.
func (w *writer) serials(ctx context.Context, n int) (last int64, err error) {
	db := w.m.db
	key := []any{string(w.stream.Tenant), string(w.stream.Connection)}
	if _, err := db.Exec(ctx, w.tx, db.InsertIgnore("mirror_feeds", []string{"tenant", "connection"}, []string{"last"}), append(slices.Clone(key), 0)...); err != nil {
		return 0, err
	}
	if _, err := db.Exec(ctx, w.tx, "UPDATE {mirror_feeds} SET last = last + ? WHERE tenant = ? AND connection = ?", append([]any{n}, key...)...); err != nil {
		return 0, err
	}
	err = db.QueryRow(ctx, w.tx, "SELECT last FROM {mirror_feeds} WHERE tenant = ? AND connection = ?"+db.ForUpdate(), key...).Scan(&last)
	return last, err
}
