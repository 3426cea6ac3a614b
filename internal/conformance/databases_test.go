package conformance

import (
	"crypto/rand"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/orglink/orglink"
	_ "modernc.org/sqlite"
)

// database is an empty database of its own for one test.
type database struct {
	DB     *sql.DB
	Config orglink.SQLConfig
	// DSN opens it again, in another process.
	DSN string
}

// eachDatabase runs test on SQLite and on every server that is reachable.
// Servers are named by ORGLINK_POSTGRES (a URL) and ORGLINK_MARIADB (a DSN)
// and default to the usual local ones. Where a server is missing the test is
// skipped and says so, or fails when ORGLINK_REQUIRE_DATABASES is set.
func eachDatabase(t *testing.T, test func(t *testing.T, open func(t *testing.T) database)) {
	t.Helper()
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			test(t, func(t *testing.T) database { t.Helper(); return kind.open(t) })
		})
	}
}

// eachDatabaseB is the same for benchmarks.
func eachDatabaseB(b *testing.B, bench func(b *testing.B, d database)) {
	b.Helper()
	for _, kind := range kinds {
		b.Run(kind.name, func(b *testing.B) { bench(b, kind.open(b)) })
	}
}

var kinds = []struct {
	name string
	open func(t testing.TB) database
}{{"sqlite", openSQLite}, {"postgresql", openPostgres}, {"mariadb", openMariaDB}}

func openSQLite(t testing.TB) database {
	t.Helper()
	// A subtest's folder may hold a '#', which would end a file: URI.
	path := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(filepath.Join(t.TempDir(), "test.db"))
	dsn := "file:" + path + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_pragma=synchronous(normal)"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return database{db, orglink.SQLConfig{Dialect: orglink.SQLite}, dsn}
}

func openPostgres(t testing.TB) database {
	t.Helper()
	url := getenv("ORGLINK_POSTGRES", "postgres://postgres@127.0.0.1:5432/test?sslmode=disable")
	admin := reach(t, "pgx", url, "PostgreSQL", "ORGLINK_POSTGRES")
	schema := "t_" + strings.ToLower(rand.Text()[:12])
	run(t, admin, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { _, _ = admin.Exec("DROP SCHEMA " + schema + " CASCADE"); _ = admin.Close() })
	sep := "?"
	if strings.Contains(url, "?") {
		sep = "&"
	}
	dsn := url + sep + "search_path=" + schema
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(20)
	t.Cleanup(func() { _ = db.Close() })
	return database{db, orglink.SQLConfig{Dialect: orglink.PostgreSQL}, dsn}
}

func openMariaDB(t testing.TB) database {
	t.Helper()
	server := getenv("ORGLINK_MARIADB", "root@tcp(127.0.0.1:3306)/")
	admin := reach(t, "mysql", server, "MariaDB", "ORGLINK_MARIADB")
	name := "t_" + strings.ToLower(rand.Text()[:12])
	run(t, admin, "CREATE DATABASE "+name+" CHARACTER SET utf8mb4")
	t.Cleanup(func() { _, _ = admin.Exec("DROP DATABASE " + name); _ = admin.Close() })
	dsn := server[:strings.LastIndexByte(server, '/')+1] + name
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(20)
	t.Cleanup(func() { _ = db.Close() })
	return database{db, orglink.SQLConfig{Dialect: orglink.MariaDB}, dsn}
}

func reach(t testing.TB, driver, dsn, what, variable string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err == nil {
		err = db.PingContext(t.Context())
	}
	if err == nil {
		return db
	}
	if os.Getenv("ORGLINK_REQUIRE_DATABASES") != "" {
		t.Fatalf("%s is required here and does not answer: %v", what, err)
	}
	t.Skipf("%s does not answer (%v); name one with %s", what, err, variable)
	return nil
}

func run(t testing.TB, db *sql.DB, stmt string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), stmt); err != nil {
		t.Fatal(err)
	}
}

func getenv(name, fallback string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return fallback
}
