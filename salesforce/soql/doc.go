// Package soql builds, quotes, parses and prints SOQL, Salesforce's query
// language. A [Query] is a syntax tree: programs add fields and conditions to
// it instead of gluing strings, and print it when it is sent.
//
//	q := soql.Select("Id", "Name").From("Account").
//		Where(soql.Compare("Industry", soql.OpEq, soql.String("Energy"))).
//		OrderBy(soql.Asc("Id")).Limit(200)
//	text := q.String()
//
// [Parse] reads the whole SELECT grammar (SOQL and SOSL Reference, "SOQL
// SELECT Syntax"), so that a customer's own query can be extended the same
// way. The package does no I/O and knows no org: whether a field exists is for
// the org, or a describe, to say.
package soql
