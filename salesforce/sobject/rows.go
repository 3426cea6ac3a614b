package sobject

import "iter"

// Rows are records that were decoded at once and lie in the same memory.
type Rows struct {
	shape *Shape
	block *block
	at    int // the first one's cells
	n     int
}

// Len returns how many there are.
func (r Rows) Len() int { return r.n }

// Size returns how many bytes of memory they hold, about.
func (r Rows) Size() int {
	if r.block == nil {
		return 0
	}
	return len(r.block.text) + 8*len(r.block.cells)
}

// Skip returns the rows after the first n.
func (r Rows) Skip(n int) Rows {
	n = max(0, min(n, r.n))
	if n > 0 {
		r.at += n * len(r.shape.names)
		r.n -= n
	}
	return r
}

// All walks the records.
func (r Rows) All() iter.Seq[Record] {
	return func(yield func(Record) bool) {
		for r.n > 0 {
			if !yield(r.take()) {
				return
			}
		}
	}
}

// take returns the first record, of at least one, and drops it.
func (r *Rows) take() Record {
	rec := Record{shape: r.shape, block: r.block, at: r.at}
	r.at += len(r.shape.names)
	r.n--
	return rec
}
