package mirror

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/orglink/orglink/internal/sqlkit"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
)

// Held implements importer.Holder.
func (m *Mirror) Held(ctx context.Context, s importer.Stream, ids []sobject.ID, fields []string) (map[sobject.ID]importer.Stored, error) {
	out := make(map[sobject.ID]importer.Stored, len(ids))
	t, err := m.find(ctx, nil, s.Tenant, s.Connection, s.Object)
	if err != nil {
		return nil, fmt.Errorf("mirror: look up %s: %w", s.Object, m.outdated(ctx, err))
	}
	if t == nil || len(t.columns) == 0 {
		return out, nil
	}
	places, names := []int{}, []string{}
	for _, f := range fields {
		if i, ok := t.column(f); ok {
			places, names = append(places, i), append(names, f)
		}
	}
	shape := sobject.NewShape(s.Object, names...)
	for chunk := range slices.Chunk(ids, loadChunk) {
		args := make([]any, len(chunk))
		for i, id := range chunk {
			args[i] = string(id)
		}
		rows, err := m.db.Query(ctx, nil, m.byIDs(t, places, len(chunk)), args...)
		if err == nil {
			err = m.scan(rows, t, places, func(r Row, values []sobject.Value) {
				kind := r.Gone
				if kind == 0 {
					kind = importer.Full
				}
				out[r.ID] = importer.Stored{Kind: kind, Survivor: r.Survivor, Record: sobject.RecordOf(shape, values),
					Version: importer.Version{Exists: true, Gone: r.Gone != 0, Merged: r.Gone == importer.Merged, SystemModstamp: r.SystemModstamp, ReadAt: r.ReadAt}}
			})
		}
		if err != nil {
			return nil, fmt.Errorf("mirror: look up %d records of %s: %w", len(chunk), s.Object, err)
		}
	}
	return out, nil
}

// HeldBetween implements importer.Holder. It reads all of the table: it is for
// audits, some a day.
func (m *Mirror) HeldBetween(ctx context.Context, s importer.Stream, from, to time.Time) (n int64, err error) {
	t, err := m.find(ctx, nil, s.Tenant, s.Connection, s.Object)
	if err == nil && t != nil && len(t.columns) > 0 {
		stamp := m.quote("_stamp")
		err = m.db.QueryRow(ctx, nil, "SELECT COUNT(*) FROM "+t.parts[0].name+" WHERE "+m.quote("_gone")+" = 0 AND "+stamp+" >= ? AND "+stamp+" < ?",
			sqlkit.Micros(from), sqlkit.Micros(to)).Scan(&n)
	}
	if err != nil {
		return 0, fmt.Errorf("mirror: count %s: %w", s.Object, m.outdated(ctx, err))
	}
	return n, nil
}

// Peek implements importer.Peeker.
func (m *Mirror) Peek(ctx context.Context, s importer.Stream) (importer.Position, error) {
	var position string
	err := m.db.QueryRow(ctx, nil, "SELECT position FROM {mirror_streams} WHERE tenant = ? AND connection = ? AND object = ?",
		string(s.Tenant), string(s.Connection), s.Object).Scan(&position)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("mirror: position of %s: %w", s.Object, m.outdated(ctx, err))
	}
	return importer.Position(position), nil
}
