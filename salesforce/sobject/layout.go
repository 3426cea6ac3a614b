package sobject

import (
	"slices"
	"strings"
)

// layout is a shape as its records look on the wire. Records of one answer
// look alike, so the decoder compares whole keys with what the record before
// had, and takes a record apart in the general way only when that fails.
type layout struct {
	shape *Shape
	// head is how a record begins: {"attributes":{"type":"Account"
	head string
	// keys are `,"Name":` for each field, without a comma where none goes.
	keys []string
	// subs are the layouts that nested records last had, by field.
	subs []*layout
}

// maxLayouts bounds the memory of layouts; records of further ones are decoded
// in the general way.
const maxLayouts = 64

// findLayout returns the layout of an object's records with the given names.
func (d *decoder) findLayout(object string, names []string) *layout {
	for _, l := range d.layouts {
		if l.shape.object == object && slices.Equal(l.shape.names, names) {
			return l
		}
	}
	own := make([]string, len(names))
	for i, n := range names {
		own[i] = strings.Clone(n)
	}
	l := newLayout(NewShape(strings.Clone(object), own...))
	if len(d.layouts) < maxLayouts {
		d.layouts = append(d.layouts, l)
	}
	return l
}

func newLayout(shape *Shape) *layout {
	l := &layout{shape: shape, subs: make([]*layout, len(shape.names))}
	comma := ","
	l.head = `{"attributes":{"type":"` + shape.object + `"`
	if shape.object == "" {
		l.head, comma = "{", ""
	}
	predictable := plain(shape.object)
	for _, n := range shape.names {
		predictable = predictable && plain(n) && n != attributesKey
		l.keys = append(l.keys, comma+`"`+n+`":`)
		comma = ","
	}
	if !predictable {
		l.head, l.keys = "", nil
	}
	return l
}

// plain reports whether a name stands in JSON as it is.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x80 {
			return false
		}
	}
	return true
}
