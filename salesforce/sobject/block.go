package sobject

import "strings"

// block holds a batch of decoded records: their text in one string, and where
// each value stands in it. Cells have no pointers, so the collector has nothing
// to look at in them, and a record is a view of a few words.
type block struct {
	text   string
	cells  []cell
	nested []nested
}

// cell is one value: its kind, and its text's offset and length, or for
// records its index in block.nested.
type cell struct {
	off  uint32
	bits uint32 // length<<4 | dirty | kind
}

const (
	kindBits  = 4
	dirtyBit  = 1 << 3
	maxCell   = 1<<(32-kindBits) - 1
	maxRecord = 64 << 20 // bytes of one record; offsets stay far below 1<<32
)

func textCell(kind Kind, from, to int) cell {
	return cell{uint32(from), uint32(to-from)<<kindBits | uint32(kind)}
}

func nestedCell(kind Kind, index int) cell { return cell{uint32(index), uint32(kind)} }

func (c cell) kind() Kind  { return Kind(c.bits & (dirtyBit - 1)) }
func (c cell) dirty() bool { return c.bits&dirtyBit != 0 }
func (c cell) len() int    { return int(c.bits >> kindBits) }

// emptied returns a cell without text in a form that fits any text.
func (c cell) emptied() cell {
	if kind := c.kind(); kind == Nested || kind == Children {
		return c
	}
	return cell{0, uint32(c.kind())}
}

func (b *block) value(i int) Value {
	c := b.cells[i]
	switch kind := c.kind(); kind {
	case Null:
		return Value{}
	case Nested, Children:
		return Value{kind: kind, ref: &b.nested[c.off]}
	default:
		return Value{kind: kind, text: b.text[c.off : int(c.off)+c.len()]}
	}
}

// Clone returns a copy of the record that keeps nothing alive but itself.
// Records made by hand are returned as they are.
func (r Record) Clone() Record {
	if r.block == nil {
		return r
	}
	size := 0
	for i := range r.Len() {
		size += r.block.cells[r.at+i].len()
	}
	var text strings.Builder
	text.Grow(size)
	out := &block{cells: make([]cell, r.Len())}
	for i := range r.Len() {
		v := r.value(i)
		switch v.kind {
		case Nested:
			out.cells[i] = nestedCell(Nested, len(out.nested))
			out.nested = append(out.nested, nested{record: v.ref.record.Clone()})
		case Children:
			set := v.ref.children
			set.NextURL = strings.Clone(set.NextURL)
			set.Records = make([]Record, len(v.ref.children.Records))
			for j, child := range v.ref.children.Records {
				set.Records[j] = child.Clone()
			}
			out.cells[i] = nestedCell(Children, len(out.nested))
			out.nested = append(out.nested, nested{children: set})
		default:
			out.cells[i] = textCell(v.kind, text.Len(), text.Len()+len(v.text))
			text.WriteString(v.text)
		}
	}
	out.text = text.String()
	return Record{shape: r.shape, block: out}
}

// Partial reports whether a child set of the record, at any depth, has further
// pages that were not fetched.
func (r Record) Partial() bool {
	if r.block != nil && len(r.block.nested) == 0 {
		return false
	}
	for i := range r.Len() {
		switch v := r.value(i); v.kind {
		case Nested:
			if v.ref.record.Partial() {
				return true
			}
		case Children:
			if !v.ref.children.Done {
				return true
			}
			for _, child := range v.ref.children.Records {
				if child.Partial() {
					return true
				}
			}
		}
	}
	return false
}
