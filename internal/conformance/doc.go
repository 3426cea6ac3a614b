// Package conformance holds the tests that need more than the core module may
// depend on: the library's SQL stores on SQLite, PostgreSQL and MariaDB, each
// run through the same exported suites that a host runs on a store of its own;
// the model test of the import side (model_*_test.go); and the fake org under Salesforce clients that were not written here
// (outside_*_test.go).
package conformance
