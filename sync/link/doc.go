// Package link remembers which Salesforce record belongs to which thing of the
// host: a [Pair] of a record's id and the host's key, together with a hash of
// what was last written there and when.
//
// Two parts of the library live on it. The exporter skips rows that did not
// change since they were last written (the store satisfies exporter.Links),
// and a host finds its own entity for a record that an import brought:
//
//	pairs, err := links.ByRecords(ctx, tenant, conn, "Account", ids)
//
// A [Matcher] recognises the host's companies among imported accounts, by id,
// website and name; what is doubtful waits for a person, and what nobody knows
// becomes a company.
//
// Within a tenant, a connection and an object a key has at most one record
// and a record at most one key. Keys and ids are compared byte for byte.
//
// [Memory] is for tests and small programs, [SQLStore] keeps pairs in the
// host's database. A store of the host's own is held to the same promises by
// the suite in package linktest.
package link
