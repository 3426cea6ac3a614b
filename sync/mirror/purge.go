package mirror

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/orglink/orglink"
)

// Purge removes what is stored of one object of a connection: its records, its
// columns, its position and its entries in the log. A batch of a worker that
// is still at it is refused with importer.ErrConflict (or importer.ErrFenced,
// when another has opened the object since). Opening it again begins anew, so
// take it out of the selections first. What was never there is no error, and
// Purge may be repeated: it has to be when it failed.
//
// What stays is a row with the names of tenant, connection and object; Forget
// removes that too.
func (m *Mirror) Purge(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string) error {
	t, err := m.find(ctx, nil, tenant, conn, object)
	if err != nil {
		return fmt.Errorf("mirror: purge %s: %w", object, m.outdated(ctx, err))
	}
	if t == nil {
		return nil
	}
	if err := m.purge(ctx, t, tenant, conn); err != nil {
		return fmt.Errorf("mirror: purge %s: %w", object, err)
	}
	return nil
}

func (m *Mirror) purge(ctx context.Context, t *table, tenant orglink.TenantID, conn orglink.ConnectionID) error {
	// From here on nobody commits a batch that began before.
	if err := m.write(ctx, func(tx *sql.Tx) error { return m.reset(ctx, tx, t) }); err != nil {
		return err
	}
	// Read again: the columns may have been added since.
	if err := m.load(ctx, nil, t); err != nil {
		return err
	}
	names := map[string]bool{m.partName(t, 0): true}
	for _, c := range t.places {
		names[m.partName(t, c.part)] = true
	}
	leave := m.alone()
	for name := range names {
		if _, err := m.db.Exec(ctx, nil, "DROP TABLE IF EXISTS "+name); err != nil {
			leave()
			return err
		}
	}
	leave()
	return m.write(ctx, func(tx *sql.Tx) error {
		// Once more, for whoever opened the stream meanwhile.
		if err := m.reset(ctx, tx, t); err != nil {
			return err
		}
		if _, err := m.db.Exec(ctx, tx, "DELETE FROM {mirror_columns} WHERE stream = ?", t.stream); err != nil {
			return err
		}
		_, err := m.db.Exec(ctx, tx, "DELETE FROM {mirror_changes} WHERE tenant = ? AND connection = ? AND object = ?", string(tenant), string(conn), t.object)
		return err
	})
}

// reset takes the stream back to its beginning and from all who have it. The
// fence stays: the holder of the lease may open the stream again.
func (m *Mirror) reset(ctx context.Context, tx *sql.Tx, t *table) error {
	_, err := m.db.Exec(ctx, tx, "UPDATE {mirror_streams} SET position = '', purges = purges + 1 WHERE id = ?", t.stream)
	return err
}

// Forget removes everything that is stored of a tenant: all records, the log,
// its consumers. Batches of workers that are still at it are refused; end the
// tenant's connections first, so that none opens a stream again. It may be
// repeated, and has to be when it failed.
func (m *Mirror) Forget(ctx context.Context, tenant orglink.TenantID) error {
	streams, err := m.streams(ctx, tenant)
	if err != nil {
		return fmt.Errorf("mirror: forget tenant %s: %w", tenant, m.outdated(ctx, err))
	}
	var errs []error
	for _, s := range streams {
		errs = append(errs, m.Purge(ctx, tenant, s.conn, s.object))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	err = m.write(ctx, func(tx *sql.Tx) error {
		for _, table := range []string{"mirror_changes", "mirror_consumers", "mirror_feeds", "mirror_streams"} {
			if _, err := m.db.Exec(ctx, tx, "DELETE FROM {"+table+"} WHERE tenant = ?", string(tenant)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("mirror: forget tenant %s: %w", tenant, err)
	}
	return nil
}

type streamName struct {
	conn   orglink.ConnectionID
	object string
}

func (m *Mirror) streams(ctx context.Context, tenant orglink.TenantID) ([]streamName, error) {
	rows, err := m.db.Query(ctx, nil, "SELECT connection, object FROM {mirror_streams} WHERE tenant = ?", string(tenant))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []streamName
	for rows.Next() {
		var s streamName
		if err := rows.Scan(&s.conn, &s.object); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
