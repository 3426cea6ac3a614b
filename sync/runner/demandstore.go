package runner

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

var (
	_ DemandStore = (*MemoryStore)(nil)
	_ DemandStore = (*SQLStore)(nil)
)

// Demand implements DemandStore.
func (m *MemoryStore) Demand(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.serial++
	m.demands[key] = m.serial
	return nil
}

// Demanded implements DemandStore.
func (m *MemoryStore) Demanded(ctx context.Context, keys []string) (map[string]uint64, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string]uint64{}
	for _, key := range keys {
		if serial, ok := m.demands[key]; ok {
			out[key] = serial
		}
	}
	return out, nil
}

// Meet implements DemandStore.
func (m *MemoryStore) Meet(ctx context.Context, key string, serial uint64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.demands[key] <= serial {
		delete(m.demands, key)
	}
	return nil
}

// Demand implements DemandStore. A row that was met keeps its serial, so that
// serials grow for ever.
func (s *SQLStore) Demand(ctx context.Context, key string) error {
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := s.db.Exec(ctx, tx, s.db.InsertIgnore("demands", []string{"name"}, []string{"serial", "met"}), rowName(key), 0, 0); err != nil {
			return err
		}
		_, err := s.db.Exec(ctx, tx, "UPDATE {demands} SET serial = serial + 1 WHERE name = ?", rowName(key))
		return err
	})
	if err != nil {
		return fmt.Errorf("runner: demand: %w", err)
	}
	return nil
}

// Demanded implements DemandStore.
func (s *SQLStore) Demanded(ctx context.Context, keys []string) (out map[string]uint64, err error) {
	names := make(map[string]string, len(keys))
	for _, key := range keys {
		names[rowName(key)] = key
	}
	rows, err := s.db.Query(ctx, nil, "SELECT name, serial FROM {demands} WHERE serial > met")
	if err != nil {
		return nil, fmt.Errorf("runner: read demands: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out = map[string]uint64{}
	for rows.Next() {
		var name string
		var serial uint64
		if err := rows.Scan(&name, &serial); err != nil {
			return nil, fmt.Errorf("runner: read demands: %w", err)
		}
		if key, ok := names[name]; ok {
			out[key] = serial
		}
	}
	return out, rows.Err()
}

// Meet implements DemandStore.
func (s *SQLStore) Meet(ctx context.Context, key string, serial uint64) error {
	n := int64(serial) //nolint:gosec // serials count from 1
	if _, err := s.db.Exec(ctx, nil, "UPDATE {demands} SET met = ? WHERE name = ? AND met < ?", n, rowName(key), n); err != nil {
		return fmt.Errorf("runner: meet a demand: %w", err)
	}
	return nil
}
