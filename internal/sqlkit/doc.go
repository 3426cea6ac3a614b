// Package sqlkit is what the SQL stores of the library share: one way of
// writing a statement for PostgreSQL, SQLite and MariaDB, the database's own
// clock, and migrations under a lock.
//
// Statements are written with ? placeholders and {name} for the library's own
// tables; [DB.Rewrite] turns them into the dialect's form. Times are stored as
// whole microseconds since 1970, so that no database rounds or shifts them.
package sqlkit
