package mirror

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/internal/sqlkit"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/sync/importer"
)

//go:embed migrations/*.sql
var migrations embed.FS

const component = "mirror"

// Views tells what a viewer may see of an integration; integration.Service is
// one.
type Views interface {
	View(ctx context.Context, viewer orglink.Actor, id orglink.IntegrationID) (mapping.View, error)
}

// Config configures a Mirror.
type Config struct {
	// SQL says what database it is. Its Dialect is required.
	SQL orglink.SQLConfig
	// Views is needed by the methods that read through an integration.
	// Defaults to none.
	Views Views
	// Loader writes the records of first readings, where the driver has
	// something faster than INSERT. Defaults to none.
	Loader Loader
}

// Mirror keeps imported records in a database. It is safe for concurrent use.
type Mirror struct {
	db     *sqlkit.DB
	views  Views
	loader Loader
	writes sync.Mutex // SQLite only: one writer at a time, without busy waits

	mu     sync.Mutex
	tables map[string]*table
}

var (
	_ importer.Sink   = (*Mirror)(nil)
	_ importer.Lister = (*Mirror)(nil)
	_ importer.Holder = (*Mirror)(nil)
	_ importer.Peeker = (*Mirror)(nil)
)

// New returns a mirror on db. It does no I/O; Migrate makes its own tables,
// those of the objects appear with their streams.
func New(db *sql.DB, cfg Config) (*Mirror, error) {
	d, err := sqlkit.Open(db, cfg.SQL)
	if err != nil {
		return nil, fmt.Errorf("mirror: configuration: %w", err)
	}
	return &Mirror{db: d, views: cfg.Views, loader: cfg.Loader, tables: map[string]*table{}}, nil
}

// Migrate brings the mirror's own tables up to date. Several processes may
// call it at once.
func (m *Mirror) Migrate(ctx context.Context) error {
	return sqlkit.Migrate(ctx, m.db, component, migrations)
}

// Migrations are the same as plain SQL, for a host's own tool.
func (m *Mirror) Migrations() fs.FS { return sqlkit.Render(m.db, component, migrations) }

// ErrOutdated is wrapped when the mirror's own tables are missing or of an older
// release.
var ErrOutdated = sqlkit.ErrOutdated

// ErrForbidden is wrapped when a query names an object or field that the view
// does not show.
var ErrForbidden = errors.New("mirror: not part of this view")

// ErrNotFound is returned for a record that is not there, or gone.
var ErrNotFound = errors.New("mirror: no such record")

// outdated says so when err comes from missing migrations.
func (m *Mirror) outdated(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil || errors.Is(err, ErrOutdated) {
		return err
	}
	text := err.Error()
	if !strings.Contains(text, "no such") && !strings.Contains(text, "exist") {
		return err
	}
	if missing := sqlkit.Check(ctx, m.db, component, migrations); errors.Is(missing, ErrOutdated) {
		return fmt.Errorf("%w (%w)", missing, err)
	}
	return err
}

// write runs fn in a transaction.
func (m *Mirror) write(ctx context.Context, fn func(tx *sql.Tx) error) error {
	defer m.alone()()
	return m.db.Tx(ctx, fn)
}

// alone keeps other writers of this mirror out of SQLite.
func (m *Mirror) alone() (leave func()) {
	if m.db.Dialect() != orglink.SQLite {
		return func() {}
	}
	m.writes.Lock()
	return m.writes.Unlock
}

// store runs fn in a transaction, which is told its connection where a Loader
// needs it.
func (m *Mirror) store(ctx context.Context, fn func(conn *sql.Conn, tx *sql.Tx) error) error {
	if m.loader == nil {
		return m.write(ctx, func(tx *sql.Tx) error { return fn(nil, tx) })
	}
	defer m.alone()()
	return m.db.TxConn(ctx, fn)
}
