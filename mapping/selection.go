package mapping

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// ObjectSelection is a choice of fields of one object, before an org was asked.
type ObjectSelection struct {
	Object string
	Fields FieldSelector
}

type objectSelectionJSON struct {
	Object string          `json:"object"`
	Fields json.RawMessage `json:"fields"`
}

// MarshalJSON implements json.Marshaler; a FieldSelector of the host's own is
// an error, see Freeze.
func (s ObjectSelection) MarshalJSON() ([]byte, error) {
	fields, err := marshalSelector(s.Fields)
	if err != nil {
		return nil, err
	}
	return json.Marshal(objectSelectionJSON{s.Object, fields})
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *ObjectSelection) UnmarshalJSON(text []byte) error {
	var in objectSelectionJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return fmt.Errorf("mapping: object selection: %w", err)
	}
	var fields Selector
	if err := fields.UnmarshalJSON(in.Fields); err != nil {
		return err
	}
	*s = ObjectSelection{in.Object, fields}
	return nil
}

// Freeze returns a selection that is data. What a selector of the host's own
// type selects from the describe today becomes a list.
func Freeze(sel ObjectSelection, d *sobject.Describe) (ObjectSelection, error) {
	if _, err := marshalSelector(sel.Fields); err == nil {
		if _, err := json.Marshal(sel.Fields); err == nil {
			return sel, nil
		}
	}
	if sel.Fields == nil || d == nil {
		return sel, fmt.Errorf("mapping: %s: freezing needs a selector and a describe", sel.Object)
	}
	names, err := sel.Fields.Select(d)
	return ObjectSelection{sel.Object, Listed(names...)}, err
}

// Selection is what is read of one object: API names in the order of the
// describe, always with Id, and with SystemModstamp where the object has it.
type Selection struct {
	Object string   `json:"object"`
	Fields []string `json:"fields"`
}

// Has reports whether a field is selected, without regard to case.
func (s Selection) Has(field string) bool { return hasFold(s.Fields, field) }

// Clone returns a copy that shares nothing with s.
func (s Selection) Clone() Selection { return Selection{s.Object, slices.Clone(s.Fields)} }

func hasFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, s) })
}

// always are the fields that reading needs whatever was chosen.
var always = []string{"Id", "SystemModstamp"}

// Resolve applies a selection to the describe of its object, nil when the org
// did not give one. The problems name every field that is not in the result
// and why; those that are no notes should stop the user. Fields whose values
// Bulk API 2.0 cannot deliver (base64 and compound ones) are left out with a
// note.
func Resolve(sel ObjectSelection, d *sobject.Describe) (Selection, []Problem) {
	out := Selection{Object: sel.Object}
	if d == nil {
		return out, []Problem{unknownObject(sel.Object)}
	}
	out.Object = d.Name
	if !d.Queryable {
		return out, []Problem{{Object: d.Name, Reason: "Salesforce does not let this object be queried", Remedy: "leave the object out"}}
	}
	if sel.Fields == nil {
		return out, []Problem{{Object: d.Name, Reason: "no fields are chosen", Remedy: "choose at least one field"}}
	}
	names, err := sel.Fields.Select(d)
	if err != nil {
		return out, []Problem{{Object: d.Name, Reason: err.Error(), Remedy: "correct the selection"}}
	}
	var problems []Problem
	chosen, seen := map[string]bool{}, map[string]bool{}
	for _, name := range names {
		if key := strings.ToLower(name); seen[key] {
			continue
		} else {
			seen[key] = true
		}
		f, ok := d.Field(name)
		switch {
		case !ok && strings.Contains(name, "."):
			problems = append(problems, Problem{Object: d.Name, Field: name, Reason: "fields of parent records are not imported with the child",
				Remedy: "select the lookup field itself, and the parent's object with the field"})
		case !ok:
			problems = append(problems, unknownField(d.Name, name))
		default:
			if p, bad := unreadable(d, f); bad {
				problems = append(problems, p)
				continue
			}
			chosen[f.Name] = true
		}
	}
	if len(chosen) == 0 && len(Blocking(problems)) == 0 {
		problems = append(problems, Problem{Object: d.Name, Reason: "the selection matches no field that can be read", Remedy: "choose at least one field"})
	}
	for _, name := range always {
		if f, ok := d.Field(name); ok {
			chosen[f.Name] = true
		}
	}
	for i := range d.Fields {
		if chosen[d.Fields[i].Name] {
			out.Fields = append(out.Fields, d.Fields[i].Name)
		}
	}
	return out, problems
}

// unreadable tells why a field is left out of an import.
func unreadable(d *sobject.Describe, f *sobject.DescribeField) (Problem, bool) {
	switch {
	case f.Type == sobject.TypeBase64:
		return Problem{Object: d.Name, Field: f.Name, Note: true, Reason: "file contents (base64) are not delivered by Bulk API 2.0; the field is left out"}, true
	case f.Type.Compound():
		p := Problem{Object: d.Name, Field: f.Name, Note: true, Reason: "compound fields (" + string(f.Type) + ") are not delivered by Bulk API 2.0; the field is left out"}
		if parts := components(d, f.Name); len(parts) > 0 {
			p.Remedy = "select its parts instead: " + strings.Join(parts, ", ")
		}
		return p, true
	case f.Type == sobject.TypeComplexValue:
		return Problem{Object: d.Name, Field: f.Name, Note: true, Reason: "fields of type complexvalue are metadata, not record data; the field is left out"}, true
	}
	return Problem{}, false
}

func components(d *sobject.Describe, compound string) []string {
	var out []string
	for i := range d.Fields {
		if f := &d.Fields[i]; f.CompoundFieldName == compound && f.Name != compound {
			out = append(out, f.Name)
		}
	}
	return out
}

// ResolveAll resolves several selections; describes are keyed by the object
// names of the selections, or by their own names. Choosing an object twice is
// a problem.
func ResolveAll(sels []ObjectSelection, describes map[string]*sobject.Describe) ([]Selection, []Problem) {
	var out []Selection
	var problems []Problem
	seen := map[string]bool{}
	for _, sel := range sels {
		d := find(describes, sel.Object)
		one, p := Resolve(sel, d)
		problems = append(problems, p...)
		if key := strings.ToLower(one.Object); seen[key] {
			problems = append(problems, Problem{Object: one.Object, Reason: "the object is chosen twice", Remedy: "choose it once, with all of its fields"})
			continue
		} else {
			seen[key] = true
		}
		if d != nil {
			out = append(out, one)
		}
	}
	return out, problems
}

func find(describes map[string]*sobject.Describe, object string) *sobject.Describe {
	if d := describes[object]; d != nil {
		return d
	}
	for name, d := range describes {
		if strings.EqualFold(name, object) {
			return d
		}
	}
	return nil
}

// Union returns one selection per object with the fields of all that name it,
// in the order in which they are first met.
func Union(lists ...[]Selection) []Selection {
	var out []Selection
	at := map[string]int{}
	seen := map[string]bool{}
	for _, list := range lists {
		for _, s := range list {
			object := strings.ToLower(s.Object)
			i, ok := at[object]
			if !ok {
				i = len(out)
				at[object] = i
				out = append(out, Selection{Object: s.Object})
			}
			for _, f := range s.Fields {
				if key := object + "." + strings.ToLower(f); !seen[key] {
					seen[key] = true
					out[i].Fields = append(out[i].Fields, f)
				}
			}
		}
	}
	return out
}

// View is what one group may see of an integration: its active fields only.
type View struct {
	Tenant      orglink.TenantID      `json:"tenant"`
	Connection  orglink.ConnectionID  `json:"connection"`
	Integration orglink.IntegrationID `json:"integration"`
	Objects     []Selection           `json:"objects"`
}

// Fields returns the fields of an object that the view shows, and whether it
// shows the object at all. The slice is the caller's.
func (v View) Fields(object string) ([]string, bool) {
	for _, s := range v.Objects {
		if strings.EqualFold(s.Object, object) {
			return slices.Clone(s.Fields), true
		}
	}
	return nil, false
}

// Allows reports whether the view shows a field.
func (v View) Allows(object, field string) bool {
	fields, ok := v.Fields(object)
	return ok && hasFold(fields, field)
}
