package orglink

// Dialect is a family of SQL databases.
type Dialect string

// The dialects that the SQL stores speak.
const (
	// PostgreSQL 13 or newer.
	PostgreSQL Dialect = "postgresql"
	// SQLite 3.38 or newer, through any database/sql driver.
	SQLite Dialect = "sqlite"
	// MariaDB 10.6 or newer.
	MariaDB Dialect = "mariadb"
)

// SQLConfig tells a SQL store what database it is on. Every package with a
// SQL store takes one, so that a host writes it once.
type SQLConfig struct {
	// Dialect is required.
	Dialect Dialect
	// Prefix begins the name of every table. Defaults to "orglink_". At most
	// 24 characters of a-z, 0-9 and _, beginning with a letter.
	Prefix string
}
