package mapping

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// FieldSelector chooses fields of an object. Implementations return API names;
// names that the describe lacks are reported by Resolve, and an error stops
// it. The describe must not be changed. Selector is the ready implementation.
type FieldSelector interface {
	Select(d *sobject.Describe) ([]string, error)
}

// Selector is a FieldSelector that is plain data and travels as JSON. Make one
// with All, Standard, Custom, Listed, Pattern or Combined.
type Selector struct {
	// Kind is one of the Kind constants.
	Kind string
	// Names are the fields of KindListed and the globs of KindPattern.
	Names []string
	// Of are the selectors of KindCombined.
	Of []FieldSelector
	// Except are globs of names that are left out again.
	Except []string
	// ExceptTypes are field types that are left out again.
	ExceptTypes []sobject.FieldType
}

var _ FieldSelector = Selector{}

// The kinds of selectors.
const (
	KindAll      = "all"
	KindStandard = "standard"
	KindCustom   = "custom"
	KindListed   = "listed"
	KindPattern  = "pattern"
	KindCombined = "combined"
)

// All selects every field that the connected user sees, also those that the
// org adds later.
func All() Selector { return Selector{Kind: KindAll} }

// Standard selects the fields that Salesforce defines.
func Standard() Selector { return Selector{Kind: KindStandard} }

// Custom selects the fields that the org or a package has added.
func Custom() Selector { return Selector{Kind: KindCustom} }

// Listed selects fields by API name, without regard to case.
func Listed(names ...string) Selector { return Selector{Kind: KindListed, Names: names} }

// Pattern selects the fields whose API names match one of the globs, in which
// * stands for any characters and ? for one, without regard to case.
func Pattern(globs ...string) Selector { return Selector{Kind: KindPattern, Names: globs} }

// Combined selects what any of the selectors selects.
func Combined(of ...FieldSelector) Selector { return Selector{Kind: KindCombined, Of: of} }

// Without returns s without the fields whose names match one of the globs.
func (s Selector) Without(globs ...string) Selector {
	s.Except = append(slices.Clone(s.Except), globs...)
	return s
}

// WithoutTypes returns s without the fields of the given types.
func (s Selector) WithoutTypes(types ...sobject.FieldType) Selector {
	s.ExceptTypes = append(slices.Clone(s.ExceptTypes), types...)
	return s
}

// Select implements FieldSelector.
func (s Selector) Select(d *sobject.Describe) ([]string, error) {
	names, err := s.chosen(d)
	if err != nil {
		return nil, err
	}
	if err := checkGlobs(s.Except); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(names, func(name string) bool {
		if matchAny(s.Except, name) {
			return true
		}
		f, ok := d.Field(name)
		return ok && slices.Contains(s.ExceptTypes, f.Type)
	}), nil
}

func (s Selector) chosen(d *sobject.Describe) ([]string, error) {
	var keep func(f *sobject.DescribeField) bool
	switch s.Kind {
	case KindAll:
		keep = func(*sobject.DescribeField) bool { return true }
	case KindStandard:
		keep = func(f *sobject.DescribeField) bool { return !f.Custom }
	case KindCustom:
		keep = func(f *sobject.DescribeField) bool { return f.Custom }
	case KindPattern:
		if err := checkGlobs(s.Names); err != nil {
			return nil, err
		}
		keep = func(f *sobject.DescribeField) bool { return matchAny(s.Names, f.Name) }
	case KindListed:
		return slices.Clone(s.Names), nil
	case KindCombined:
		var out []string
		for _, part := range s.Of {
			if part == nil {
				return nil, fmt.Errorf("mapping: a combined selector holds nil")
			}
			names, err := part.Select(d)
			if err != nil {
				return nil, err
			}
			out = append(out, names...)
		}
		return out, nil
	default:
		return nil, fmt.Errorf("mapping: %q is no kind of selector; there are all, standard, custom, listed, pattern and combined", s.Kind)
	}
	var out []string
	for i := range d.Fields {
		if keep(&d.Fields[i]) {
			out = append(out, d.Fields[i].Name)
		}
	}
	return out, nil
}

func checkGlobs(globs []string) error {
	for _, g := range globs {
		if _, err := path.Match(g, ""); err != nil || strings.ContainsRune(g, '\\') {
			return fmt.Errorf("mapping: %q is no pattern of names; write * for any characters and ? for one", g)
		}
	}
	return nil
}

func matchAny(globs []string, name string) bool {
	for _, g := range globs {
		if ok, err := path.Match(strings.ToLower(g), strings.ToLower(name)); ok && err == nil {
			return true
		}
	}
	return false
}

// selectorJSON is Selector on the wire.
type selectorJSON struct {
	Kind        string              `json:"kind"`
	Names       []string            `json:"names,omitempty"`
	Of          []json.RawMessage   `json:"of,omitempty"`
	Except      []string            `json:"except,omitempty"`
	ExceptTypes []sobject.FieldType `json:"except_types,omitempty"`
}

// MarshalJSON implements json.Marshaler. A selector of a type of the host's own
// inside Combined is an error; see Freeze.
func (s Selector) MarshalJSON() ([]byte, error) {
	out := selectorJSON{Kind: s.Kind, Names: s.Names, Except: s.Except, ExceptTypes: s.ExceptTypes}
	for _, part := range s.Of {
		text, err := marshalSelector(part)
		if err != nil {
			return nil, err
		}
		out.Of = append(out.Of, text)
	}
	return json.Marshal(out)
}

func marshalSelector(s FieldSelector) ([]byte, error) {
	if own, ok := s.(Selector); ok {
		return json.Marshal(own)
	}
	return nil, fmt.Errorf("mapping: a %T is not data; store what Freeze makes of it", s)
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *Selector) UnmarshalJSON(text []byte) error {
	return s.decode(text, 0)
}

func (s *Selector) decode(text []byte, depth int) error {
	if depth > 20 {
		return fmt.Errorf("mapping: selectors nest deeper than 20 levels")
	}
	var in selectorJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return fmt.Errorf("mapping: selector: %w", err)
	}
	*s = Selector{Kind: in.Kind, Names: in.Names, Except: in.Except, ExceptTypes: in.ExceptTypes}
	for _, raw := range in.Of {
		var part Selector
		if err := part.decode(raw, depth+1); err != nil {
			return err
		}
		s.Of = append(s.Of, part)
	}
	_, err := s.chosen(&sobject.Describe{})
	if err == nil {
		err = checkGlobs(s.Except)
	}
	return err
}
