// Package mapping says what is selected from an org and how fields translate,
// in both directions. It is pure: no input, no output, no clock.
//
// # What to read
//
// A customer chooses objects and, by a [FieldSelector], their fields. Against
// the org's describe that becomes a [Selection]: plain names, in the order of
// the describe, with the reasons for everything that was left out.
//
//	sel := mapping.ObjectSelection{Object: "Account", Fields: mapping.Standard().Without("Billing*")}
//	chosen, problems := mapping.Resolve(sel, describe)
//
// The ready selectors are data and travel as JSON. A host may write its own;
// [Freeze] turns what it selects into a list before it is stored. A [View] is
// what one group may see of what was imported.
//
// # What to write
//
// A [Map] pairs the fields of a host's rows with fields of an object. [Compile]
// checks it against the describe once; the [Mapper] turns a [Row] into a record
// and keeps three things apart: a key that is absent from the row leaves the
// field alone, nil clears it, and a value sets it. What cannot be written as
// it is becomes a [Problem] of that row, never a silent change. [Hash] tells
// whether a record is still what was written last.
package mapping
