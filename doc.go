// Package orglink holds the words that every other package of the library
// shares: the identifiers of a host product ([TenantID], [UserID], [GroupID]),
// who is asking ([Actor]), values that must not be printed ([Secret]), sealed
// storage of those values ([Sealer]), what happened ([Event]) and where SQL
// stores live ([SQLConfig]). It imports nothing of the library.
//
// # The map
//
// Orglink connects the customers of a software product to their Salesforce
// orgs. A product imports the parts it needs:
//
//	salesforce            talk to one org as one user
//	salesforce/sobject    ids, records, values, describes; no I/O
//	salesforce/soql       build, quote, parse and print SOQL
//	salesforce/bulk       Bulk API 2.0 query and ingest
//	salesforce/embed      canvas requests and links into Salesforce
//	salesforce/salesforcetest  a fake org over HTTP for tests
//	connection            tenants <-> orgs: authorise, keep alive, check
//	connection/signin     who must sign in through Salesforce, and where to
//	mapping               which objects and fields, and how fields translate
//	sync/integration      named selections, their review and sharing
//	sync/importer         Salesforce -> a Sink
//	sync/mirror           a Sink on database/sql and its reader
//	sync/link             pairs of Salesforce records and host rows
//	sync/exporter         an outbox of host rows -> Salesforce
//	sync/runner           leases and schedules for the jobs above
//	usersync              Salesforce users <-> host users
//
// A host wires them in its own main: each package names the small interfaces
// it calls, and the others satisfy them without adapters because they share
// the identifiers declared here. The program in examples/quickstart is the
// whole job end to end.
package orglink
