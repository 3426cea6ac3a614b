package mapping

import (
	"fmt"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// ChangeKind tells how a field differs between two describes.
type ChangeKind string

// The kinds of changes.
const (
	FieldAdded         ChangeKind = "added"
	FieldRemoved       ChangeKind = "removed" // deleted, or hidden from the user now
	FieldTypeChanged   ChangeKind = "type"
	FieldLengthChanged ChangeKind = "length"
)

// SchemaChange is one difference between two describes of an object.
type SchemaChange struct {
	Kind   ChangeKind `json:"kind"`
	Object string     `json:"object"`
	Field  string     `json:"field"`
	// Was and Now are the types, with lengths where those differ; "" for a
	// field that was or is not there.
	Was string `json:"was,omitempty"`
	Now string `json:"now,omitempty"`
}

// Diff returns how a later describe of an object differs from an earlier one:
// in the order of the later one, then what it lacks.
func Diff(earlier, later *sobject.Describe) []SchemaChange {
	var out []SchemaChange
	before := byName(earlier)
	for i := range later.Fields {
		now := &later.Fields[i]
		was, ok := before[strings.ToLower(now.Name)]
		change := SchemaChange{Object: later.Name, Field: now.Name, Now: string(now.Type)}
		switch {
		case !ok:
			change.Kind = FieldAdded
		case was.Type != now.Type:
			change.Kind, change.Was = FieldTypeChanged, string(was.Type)
		case was.Length != now.Length || was.Precision != now.Precision || was.Scale != now.Scale:
			change.Kind, change.Was, change.Now = FieldLengthChanged, size(was), size(now)
		default:
			continue
		}
		out = append(out, change)
	}
	after := byName(later)
	for i := range earlier.Fields {
		was := &earlier.Fields[i]
		if _, ok := after[strings.ToLower(was.Name)]; !ok {
			out = append(out, SchemaChange{Kind: FieldRemoved, Object: later.Name, Field: was.Name, Was: string(was.Type)})
		}
	}
	return out
}

func byName(d *sobject.Describe) map[string]*sobject.DescribeField {
	out := make(map[string]*sobject.DescribeField, len(d.Fields))
	for i := range d.Fields {
		out[strings.ToLower(d.Fields[i].Name)] = &d.Fields[i]
	}
	return out
}

func size(f *sobject.DescribeField) string {
	if f.Type.Numeric() {
		return fmt.Sprintf("%s(%d,%d)", f.Type, f.Precision, f.Scale)
	}
	return fmt.Sprintf("%s(%d)", f.Type, f.Length)
}
