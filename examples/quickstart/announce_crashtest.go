//go:build crashtest

package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net/http"
	"os"
	"strings"

	"modernc.org/sqlite"
)

// With the build tag crashtest every commit is announced to the address in
// ORGLINK_ANNOUNCE, before it is made and after, and the program waits for
// the answer: whoever listens may kill it there.
func init() { //nolint:gochecknoinits // only in the test's build
	sql.Register("sqlite-announced", announced{&sqlite.Driver{}})
	sqlDriver = "sqlite-announced"
}

func announce(when string) {
	if url := os.Getenv("ORGLINK_ANNOUNCE"); url != "" {
		resp, err := http.Get(url + "/" + when)
		if err == nil {
			_ = resp.Body.Close()
		}
	}
}

type announced struct{ *sqlite.Driver }

func (d announced) Open(name string) (driver.Conn, error) {
	c, err := d.Driver.Open(name)
	if err != nil {
		return nil, err
	}
	return &announcedConn{Conn: c}, nil
}

// announcedConn announces the commits of transactions, and of statements that
// run outside one.
type announcedConn struct {
	driver.Conn
	inTx bool
}

func (c *announcedConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	c.inTx = true
	return &announcedTx{tx, c}, nil
}

func (c *announcedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	// Migrations begin and end their transaction by statements.
	switch {
	case strings.HasPrefix(query, "BEGIN"):
		c.inTx = true
	case strings.HasPrefix(query, "COMMIT"), strings.HasPrefix(query, "ROLLBACK"):
		c.inTx = false
	}
	if !c.inTx {
		announce("before-commit")
		defer announce("after-commit")
	}
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *announcedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *announcedConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
}

func (c *announcedConn) Ping(ctx context.Context) error { return c.Conn.(driver.Pinger).Ping(ctx) }

func (c *announcedConn) ResetSession(ctx context.Context) error {
	return c.Conn.(driver.SessionResetter).ResetSession(ctx)
}

type announcedTx struct {
	driver.Tx
	conn *announcedConn
}

func (t *announcedTx) Commit() error {
	t.conn.inTx = false
	announce("before-commit")
	defer announce("after-commit")
	return t.Tx.Commit()
}

func (t *announcedTx) Rollback() error {
	t.conn.inTx = false
	return t.Tx.Rollback()
}
