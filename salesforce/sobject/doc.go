// Package sobject is Salesforce's data itself, without any input or output:
// record ids ([ID]), field values ([Value]), records of any object ([Record]),
// calendar types ([Date], [Time] and the many spellings of a date-time), and
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
//
// Everything here is safe for concurrent reading.
package sobject
