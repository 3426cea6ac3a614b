package mirror

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/orglink/orglink"
)

// Ack notes that a named consumer of a connection's log has dealt with all
// entries up to a serial. A consumer is known from its first Ack on, for which
// 0 will do, and Prune waits for it. Ack never goes back, and may be repeated.
// A serial that the log has not reached is an error.
func (m *Mirror) Ack(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, consumer string, serial int64) error {
	if consumer == "" || len(consumer) > 191 || serial < 0 {
		return fmt.Errorf("mirror: acknowledge: consumer %q, serial %d: give a name of up to 191 bytes and a serial that is not negative", consumer, serial)
	}
	key := []any{string(tenant), string(conn), consumer}
	err := m.write(ctx, func(tx *sql.Tx) error {
		var last int64
		if _, err := absent(m.db.QueryRow(ctx, tx, "SELECT last FROM {mirror_feeds} WHERE tenant = ? AND connection = ?", key[:2]...).Scan(&last)); err != nil {
			return err
		}
		if serial > last {
			return fmt.Errorf("the log ends with %d", last)
		}
		if _, err := m.db.Exec(ctx, tx, m.db.InsertIgnore("mirror_consumers", []string{"tenant", "connection", "name"}, []string{"acked"}), append(slices.Clone(key), 0)...); err != nil {
			return err
		}
		_, err := m.db.Exec(ctx, tx, "UPDATE {mirror_consumers} SET acked = ? WHERE tenant = ? AND connection = ? AND name = ? AND acked < ?", append(append([]any{serial}, key...), serial)...)
		return err
	})
	if err != nil {
		return fmt.Errorf("mirror: acknowledge entry %d for %s: %w", serial, consumer, m.outdated(ctx, err))
	}
	return nil
}

// Acked returns the serial up to which a consumer has acknowledged, for
// Changes to go on behind; 0 for one that is not known.
func (m *Mirror) Acked(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, consumer string) (int64, error) {
	var serial int64
	_, err := absent(m.db.QueryRow(ctx, nil, "SELECT acked FROM {mirror_consumers} WHERE tenant = ? AND connection = ? AND name = ?",
		string(tenant), string(conn), consumer).Scan(&serial))
	if err != nil {
		return 0, fmt.Errorf("mirror: position of consumer %s: %w", consumer, m.outdated(ctx, err))
	}
	return serial, nil
}

// Dismiss forgets a consumer, so that Prune no longer waits for it.
func (m *Mirror) Dismiss(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, consumer string) error {
	err := m.write(ctx, func(tx *sql.Tx) error {
		_, err := m.db.Exec(ctx, tx, "DELETE FROM {mirror_consumers} WHERE tenant = ? AND connection = ? AND name = ?", string(tenant), string(conn), consumer)
		return err
	})
	if err != nil {
		return fmt.Errorf("mirror: dismiss consumer %s: %w", consumer, m.outdated(ctx, err))
	}
	return nil
}

// Prune removes the entries of a connection that all its consumers have
// acknowledged, and returns up to which serial that is. Entries of one batch
// of a first reading go together, once the last is acknowledged. Without
// consumers it removes nothing. Whoever reads the log without Ack may find
// entries missing.
func (m *Mirror) Prune(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (serial int64, err error) {
	key := []any{string(tenant), string(conn)}
	err = m.write(ctx, func(tx *sql.Tx) error {
		err := m.db.QueryRow(ctx, tx, "SELECT COALESCE(MIN(acked), 0) FROM {mirror_consumers} WHERE tenant = ? AND connection = ?", key...).Scan(&serial)
		if err != nil || serial == 0 {
			return err
		}
		// The row of a first reading has the serial of its last entry.
		_, err = m.db.Exec(ctx, tx, "DELETE FROM {mirror_changes} WHERE tenant = ? AND connection = ? AND seq <= ?", append(key, serial)...)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("mirror: prune the log: %w", m.outdated(ctx, err))
	}
	return serial, nil
}
