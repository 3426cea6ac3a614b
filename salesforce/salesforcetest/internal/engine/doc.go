// Package engine is the heart of the fake org: objects and their rules,
// storage with indexes, transactions, SOQL executed from its syntax tree,
// permissions and describes. It speaks no HTTP; package salesforcetest does.
//
// What it accepts and refuses, and the texts it refuses with, follow
// Salesforce's documents (Object Reference, SOQL and SOSL Reference, REST API
// guide) and captured answers, never a client's expectations.
//
//	org, err := engine.New(engine.Config{})
//	err = org.DefineObject(engine.Object{Name: "Account", KeyPrefix: "001", Fields: ...})
//	out, err := org.Insert(engine.Session{System: true}, "Account", records, engine.WriteOptions{})
//	res, err := org.QueryText(session, "SELECT Id, Name FROM Account", engine.QueryOptions{})
//
// A value is kept as the text that the REST API would print for it ("1000.0",
// "2024-01-02T03:04:05.000+0000", "true"); the empty text is null. That makes
// null and the empty string the same thing, as they are in Salesforce, and
// makes answering a query a matter of copying. Rows are immutable: an update
// replaces a row's version, so a Result stays what it was.
//
// All methods are safe for concurrent use.
package engine
