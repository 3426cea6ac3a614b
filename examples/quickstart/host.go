package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/orglink/orglink"
	_ "modernc.org/sqlite"
)

// sqlDriver is the database/sql driver of the host's database.
var sqlDriver = "sqlite"

// openDatabase opens the host's own database, here a SQLite file.
func openDatabase(ctx context.Context, c *config) (db *sql.DB, done func(), err error) {
	name, remove := c.db, func() {}
	if name == "" {
		dir, err := os.MkdirTemp("", "orglink-quickstart-")
		if err != nil {
			return nil, nil, err
		}
		name = filepath.Join(dir, "host.db")
		remove = func() { _ = os.RemoveAll(dir) }
	}
	dsn := name
	if !strings.HasPrefix(dsn, "file:") {
		dsn = "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(name)
	}
	sep := "?"
	if strings.Contains(dsn, "?") {
		sep = "&"
	}
	dsn += sep + "_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_pragma=synchronous(normal)&_txlock=immediate"
	db, err = sql.Open(sqlDriver, dsn)
	if err != nil {
		return nil, nil, fmt.Errorf("open the database %s: %w", name, err)
	}
	if _, err = db.ExecContext(ctx, hostSchema); err != nil {
		_ = db.Close()
		remove()
		if strings.Contains(err.Error(), "not a database") {
			return nil, nil, fmt.Errorf("%s is not a SQLite database: name another file with -db, or move this one away (%w)", name, err)
		}
		return nil, nil, fmt.Errorf("open the database %s: %w", name, err)
	}
	return db, func() { _ = db.Close(); remove() }, nil
}

// hostSchema is what the product had before it met Salesforce, and a diary of
// what this program did.
const hostSchema = `
CREATE TABLE IF NOT EXISTS product_user (
	id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE COLLATE NOCASE,
	active BOOLEAN NOT NULL DEFAULT TRUE, salesforce_user BOOLEAN NOT NULL DEFAULT FALSE,
	creation_key TEXT UNIQUE -- set for accounts that appeared because of Salesforce
);
CREATE TABLE IF NOT EXISTS product_usage (
	usage_key TEXT PRIMARY KEY, account_id TEXT NOT NULL, plan TEXT NOT NULL, seats INTEGER NOT NULL, monthly_fee TEXT NOT NULL,
	last_active TEXT NOT NULL, notes TEXT, version INTEGER NOT NULL, round INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS quickstart_round (
	round INTEGER PRIMARY KEY, plan TEXT NOT NULL, finished BOOLEAN NOT NULL DEFAULT FALSE
);`

// sealer returns the ring that seals tokens. A product keeps its key in a
// secret manager; here it stands beside the database.
func sealer(c *config) (*orglink.KeyRing, error) {
	text := c.key
	if text == "" && c.db != "" {
		file := keyFile(c.db)
		stored, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			stored = []byte(newKey())
			err = os.WriteFile(file, stored, 0o600)
		}
		if err != nil {
			return nil, fmt.Errorf("the sealing key: %w", err)
		}
		text = strings.TrimSpace(string(stored))
	}
	if text == "" {
		text = newKey()
	}
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != 32 {
		return nil, errors.New("the sealing key is not 64 hex digits")
	}
	return orglink.NewKeyRing(orglink.Key{ID: 1, Bytes: key})
}

func newKey() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func keyFile(db string) string {
	path := strings.TrimPrefix(db, "file:")
	path, _, _ = strings.Cut(path, "?")
	return path + ".key"
}
