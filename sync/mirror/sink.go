package mirror

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
)

// Open implements importer.Sink. It creates the stream's table and the columns
// that are new.
func (m *Mirror) Open(ctx context.Context, s importer.Stream, fence uint64) (importer.Position, error) {
	position, err := m.open(ctx, s, fence)
	if errors.Is(err, errPurged) && !errors.Is(err, importer.ErrFenced) { // what this process remembered of it
		m.forget(s, err)
		position, err = m.open(ctx, s, fence)
	}
	if err != nil {
		m.forget(s, err)
		return "", fmt.Errorf("mirror: open %s: %w", s.Object, err)
	}
	return position, nil
}

func (m *Mirror) open(ctx context.Context, s importer.Stream, fence uint64) (importer.Position, error) {
	stale := func(have uint64) error {
		if fence < have {
			return fmt.Errorf("%w (fence %d after %d)", importer.ErrFenced, fence, have)
		}
		return nil
	}
	t, err := m.ready(ctx, s, func(have uint64, _ int64) error { return stale(have) })
	if err != nil {
		return "", err
	}
	var position string
	err = m.write(ctx, func(tx *sql.Tx) error {
		var have uint64
		have, position, err = m.stand(ctx, tx, t)
		if err == nil || errors.Is(err, errPurged) {
			err = errors.Join(stale(have), err)
		}
		if err != nil {
			return err
		}
		if fence == have {
			return nil
		}
		_, err = m.db.Exec(ctx, tx, "UPDATE {mirror_streams} SET fence = ? WHERE id = ?", int64(fence), t.stream) //nolint:gosec // fences count from 1
		return err
	})
	return importer.Position(position), err
}

// errPurged: the stream was purged since its table was read.
var errPurged = errors.New("the stream was purged")

// stand reads and locks fence and position.
func (m *Mirror) stand(ctx context.Context, tx *sql.Tx, t *table) (fence uint64, position string, err error) {
	var purges int64
	gone, err := absent(m.db.QueryRow(ctx, tx, "SELECT fence, position, purges FROM {mirror_streams} WHERE id = ?"+m.db.ForUpdate(), t.stream).Scan(&fence, &position, &purges))
	if err == nil && (gone || purges != t.purges) {
		err = errPurged
	}
	return fence, position, err
}

// forget drops what is remembered of a stream whose rows are gone: somebody
// restored or cleared the database.
func (m *Mirror) forget(s importer.Stream, err error) {
	if !errors.Is(err, errPurged) && (errors.Is(err, importer.ErrFenced) || errors.Is(err, importer.ErrConflict)) {
		return
	}
	m.mu.Lock()
	delete(m.tables, s.Key())
	m.mu.Unlock()
}

// Apply implements importer.Sink: changes, log entries and position in one
// transaction.
func (m *Mirror) Apply(ctx context.Context, b importer.Batch) error {
	t, err := m.opened(ctx, b)
	if err == nil {
		err = m.store(ctx, func(conn *sql.Conn, tx *sql.Tx) error { return m.apply(ctx, conn, tx, t, b) })
	}
	if err != nil {
		m.forget(b.Stream, err)
		return fmt.Errorf("mirror: %s: %w", b.Stream.Object, err)
	}
	return nil
}

func (m *Mirror) apply(ctx context.Context, conn *sql.Conn, tx *sql.Tx, t *table, b importer.Batch) error {
	fence, position, err := m.stand(ctx, tx, t)
	if errors.Is(err, errPurged) {
		if b.Next != "" && b.Fence < fence {
			return fmt.Errorf("%w: %w", importer.ErrFenced, err)
		}
		return fmt.Errorf("%w: %w", importer.ErrConflict, err)
	}
	if err != nil {
		return err
	}
	if err := importer.CheckBatch(b, fence, importer.Position(position)); err != nil {
		return err
	}
	if len(b.Changes) > 0 {
		w := &writer{m: m, tx: tx, conn: conn, t: t, stream: b.Stream, initial: b.Initial}
		if err := w.store(ctx, b.Changes); err != nil {
			return err
		}
	}
	if b.Next == "" {
		return nil
	}
	_, err = m.db.Exec(ctx, tx, "UPDATE {mirror_streams} SET fence = ?, position = ? WHERE id = ?", int64(b.Fence), string(b.Next), t.stream) //nolint:gosec // fences count from 1
	return err
}

// IDs implements importer.Lister.
func (m *Mirror) IDs(ctx context.Context, s importer.Stream, after sobject.ID, limit int) (ids []sobject.ID, err error) {
	t, err := m.find(ctx, nil, s.Tenant, s.Connection, s.Object)
	if t == nil || err != nil || len(t.columns) == 0 {
		if err != nil {
			err = fmt.Errorf("mirror: ids of %s: %w", s.Object, m.outdated(ctx, err))
		}
		return nil, err
	}
	id := m.quote("id")
	rows, err := m.db.Query(ctx, nil, "SELECT "+id+" FROM "+t.parts[0].name+" WHERE "+id+" > ? AND "+m.quote("_gone")+" = 0 ORDER BY "+id+" LIMIT ?", string(after), limit)
	if err != nil {
		return nil, fmt.Errorf("mirror: ids of %s: %w", s.Object, err)
	}
	defer rows.Close()
	for rows.Next() {
		var one sobject.ID
		if err := rows.Scan(&one); err != nil {
			return nil, fmt.Errorf("mirror: ids of %s: %w", s.Object, err)
		}
		ids = append(ids, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("mirror: ids of %s: %w", s.Object, err)
	}
	return ids, nil
}
