package engine

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// controlling are the values of the field that a dependent picklist depends on,
// in their order; those of a checkbox are false and true.
func (f *field) controlling() []string {
	by := f.obj.field(f.Controller)
	switch {
	case by == nil:
		return nil
	case by.kind == kindBool:
		return []string{"false", "true"}
	}
	var out []string
	for _, p := range by.Picklist {
		out = append(out, p.Value)
	}
	return out
}

// validFor is the bitset of the controlling values that a value is valid for,
// the first one in the highest bit of the first byte (SOAP API Developer Guide,
// "PicklistEntry"), or nil where the picklist depends on nothing.
func (f *field) validFor(value string) *string {
	if f.Controller == "" {
		return nil
	}
	all := f.controlling()
	bits := make([]byte, (len(all)+7)/8)
	for i, c := range all {
		if slices.ContainsFunc(f.ValidFor[value], func(v string) bool { return strings.EqualFold(v, c) }) {
			bits[i/8] |= 0x80 >> (i % 8)
		}
	}
	out := base64.StdEncoding.EncodeToString(bits)
	return &out
}

// depends checks what a dependent picklist names.
func (f *field) depends() error {
	if f.Controller == "" {
		if f.ValidFor != nil {
			return fmt.Errorf("ValidFor needs a Controller")
		}
		return nil
	}
	if by := f.obj.field(f.Controller); by == nil || by.Type != sobject.TypePicklist && by.kind != kindBool || f.Type != sobject.TypePicklist && f.Type != sobject.TypeMultiPicklist {
		return fmt.Errorf("a picklist depends on a picklist or a checkbox, not on %q", f.Controller)
	}
	all := f.controlling()
	for value, list := range f.ValidFor {
		if !f.allows(value) {
			return fmt.Errorf("ValidFor: %q is none of its values", value)
		}
		for _, v := range list {
			if !slices.ContainsFunc(all, func(c string) bool { return strings.EqualFold(v, c) }) {
				return fmt.Errorf("ValidFor: %q is no value of %s", v, f.Controller)
			}
		}
	}
	return nil
}
