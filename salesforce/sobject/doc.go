// Package sobject is Salesforce's data itself, without any input or output:
// record ids ([ID]), field values ([Value]), records of any object ([Record]),
// calendar dates ([Date]) and the many spellings of a date-time, and
// what an org says about its objects ([Describe]).
//
// A [Record] is dynamic, because a customer's org decides its own fields. It
// tells a null field from an absent one, keeps numbers as the exact text that
// Salesforce sent, and hands out values through accessors that say what was
// wrong instead of guessing:
//
//	name, err := rec.Text("Name")
//	amount, err := rec.Decimal("Amount") // "0.10" stays "0.10"
//	owner, ok := rec.Parent("Owner")
//	contacts, err := rec.Children("Contacts") // of a sub-query
//
// [PageReader] decodes the answer to a query as it streams, [CSVReader] and
// [CSVWriter] the files of Bulk API 2.0, where every value is text;
// [Value.As] gives such a text the type that a describe names. Decoded records
// share a block of memory with their neighbours and may be kept; [Record.Clone]
// lets a block go. Readers that are told to Reuse put all records in the same
// memory, which is faster, and good for code that is done with a record when it
// asks for the next.
//
// [DecodeEach] turns records into structs with tags such as
// `salesforce:"Owner.Name"`, and package structgen writes such structs from a
// describe.
//
// Everything but the readers and the writer is safe for concurrent reading.
package sobject
