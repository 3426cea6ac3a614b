package sobject

import (
	"fmt"
	"iter"
	"reflect"
	"unsafe"
)

// StructDecoder puts records into structs of type T. A field takes part when it
// has a tag with the name of a Salesforce field:
//
//	type Opportunity struct {
//		ID      sobject.ID   `salesforce:"Id"`
//		Name    string       `salesforce:"Name"`
//		Amount  *float64     `salesforce:"Amount"`     // nil when null
//		Closes  sobject.Date `salesforce:"CloseDate"`
//		Changed time.Time    `salesforce:"SystemModstamp"`
//		Owner   string       `salesforce:"Owner.Name"` // a parent's field
//		Account *Account     `salesforce:"Account"`    // a parent, with tags of its own
//		Lines   []Line       `salesforce:"OpportunityLineItems"` // a sub-query
//		Notes   string       `salesforce:"Notes__c,optional"`    // may be missing from the query
//	}
//
// A struct that is embedded without a tag lends its fields. Fields may be of
// the types string (also for a number's exact text), bool, any integer or
// float, time.Time, [ID], [Date], [Time], [Address], [Location], [Value],
// [Record], [ChildSet], anything with an UnmarshalText method, a struct for a
// parent, a slice of structs for child records, or a pointer to one of these.
//
// Null makes a pointer nil and anything else its zero value. A tagged field
// that the record does not have is an error, because that is a query which
// forgot it, unless the tag says optional. A number that does not fit its type
// without loss of whole digits, and a value of another kind, are errors. Fields
// of the record without a place in T are left out.
//
// How T is filled is found out once for each shape of records. A StructDecoder
// is not safe for concurrent use.
type StructDecoder[T any] struct {
	plan *structPlan
}

// NewStructDecoder returns a decoder into T, or all that is wrong with T's
// fields.
func NewStructDecoder[T any]() (*StructDecoder[T], error) {
	plan, err := newStructPlan(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	return &StructDecoder[T]{plan}, nil
}

// Decode sets *into from a record. Texts in it share the record's memory: they
// may be kept for as long as the record may. After an error *into holds what
// was decoded before.
func (d *StructDecoder[T]) Decode(r Record, into *T) error {
	var zero T
	*into = zero
	if err := d.plan.decode(r, unsafe.Pointer(into)); err != nil {
		return fmt.Errorf("sobject: decode %s into %T: %w", describeRecord(r), *into, err)
	}
	return nil
}

func describeRecord(r Record) string {
	name := r.Object()
	if name == "" {
		name = "a record"
	}
	if id := r.ID(); id != "" {
		name += " " + string(id)
	}
	return name
}

// DecodeEach turns a sequence of records, such as a query's, into one of
// structs (see [StructDecoder]). An error comes once and last.
func DecodeEach[T any](records iter.Seq2[Record, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var out, zero T
		d, err := NewStructDecoder[T]()
		if err != nil {
			yield(zero, err)
			return
		}
		for r, err := range records {
			if err == nil {
				err = d.Decode(r, &out)
			}
			if err != nil {
				yield(zero, err)
				return
			}
			if !yield(out, nil) {
				return
			}
		}
	}
}

// DecodeRecord puts one record into a struct (see [StructDecoder]).
func DecodeRecord[T any](r Record) (T, error) {
	var out T
	d, err := NewStructDecoder[T]()
	if err == nil {
		err = d.Decode(r, &out)
	}
	return out, err
}
