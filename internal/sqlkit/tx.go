package sqlkit

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/orglink/orglink"
)

// txTries bounds how often a transaction is begun again after the database
// chose it as the victim of a deadlock or a serialization conflict.
const txTries = 8

// Tx runs fn in a transaction and commits it. When the database says that the
// transaction lost a conflict and may be repeated, it is: fn must have no
// effect outside tx.
func (d *DB) Tx(ctx context.Context, fn func(tx *sql.Tx) error) error {
	return again(ctx, func() error {
		tx, err := d.db.BeginTx(ctx, nil)
		if err != nil {
			return fmt.Errorf("begin: %w", err)
		}
		return d.finish(ctx, tx, fn)
	})
}

// TxConn is Tx that also tells fn the connection on which the transaction is.
func (d *DB) TxConn(ctx context.Context, fn func(conn *sql.Conn, tx *sql.Tx) error) error {
	return again(ctx, func() error {
		conn, err := d.db.Conn(ctx)
		if err != nil {
			return fmt.Errorf("connect: %w", err)
		}
		defer func() { _ = conn.Close() }()
		tx, err := conn.BeginTx(ctx, nil)
		if err != nil {
			// A broken one of the pool: the next try gets another.
			return fmt.Errorf("begin: %w", err)
		}
		return d.finish(ctx, tx, func(tx *sql.Tx) error { return fn(conn, tx) })
	})
}

func again(ctx context.Context, once func() error) error {
	for try := 1; ; try++ {
		err := once()
		if err == nil || try == txTries || !conflict(err) {
			return err
		}
		wait := time.Duration(try)*5*time.Millisecond + rand.N(10*time.Millisecond)
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(wait):
		}
	}
}

func (d *DB) finish(ctx context.Context, tx *sql.Tx, fn func(tx *sql.Tx) error) error {
	defer func() { _ = tx.Rollback() }()
	if err := d.BeginWrite(ctx, tx); err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// BeginWrite takes SQLite's write lock at once. A transaction that reads first
// and writes later would fail instead of waiting when another one wrote in
// between (SQLITE_BUSY_SNAPSHOT). Other databases need nothing.
func (d *DB) BeginWrite(ctx context.Context, x Execer) error {
	if d.dialect != orglink.SQLite {
		return nil
	}
	if _, err := d.Exec(ctx, x, "DELETE FROM {schema} WHERE 1 = 0"); err != nil {
		if strings.Contains(err.Error(), "no such table") {
			return fmt.Errorf("%w: %w", ErrOutdated, err)
		}
		return fmt.Errorf("lock for writing: %w", err)
	}
	return nil
}

// conflict reports whether a transaction failed only because of others, or
// never began: database/sql tells a bad connection only before anything was
// sent on it.
func conflict(err error) bool {
	if errors.Is(err, driver.ErrBadConn) {
		return true
	}
	var state interface{ SQLState() string }
	if errors.As(err, &state) {
		switch state.SQLState() {
		case "40001", "40P01":
			return true
		}
		return false
	}
	text := err.Error()
	return strings.Contains(text, "Error 1213") || strings.Contains(text, "Error 1020") ||
		strings.Contains(text, "SQLITE_BUSY") || strings.Contains(text, "database is locked")
}
