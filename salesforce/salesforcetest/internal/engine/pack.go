package engine

// shape tells where the values of a packed version stand. Most records of an
// object have values in the same few fields, so they share a few shapes, and
// a record weighs what its values do, however many fields the object has.
type shape struct {
	at []uint16 // by field.pos: 1 + the index in version.cells; 0: no value
}

// maxPacked is up to how many cells rows are packed.
const maxPacked = 1024

// pack stores a version's values without the empty ones. The cells it had are
// free to be used for the next draft.
func (tx *Tx) pack(obj *object, v *version) {
	if v.shape != nil || len(v.cells) > maxPacked {
		return
	}
	var bits [maxPacked / 8]byte
	n := 0
	for i, s := range v.cells {
		if s != "" && (s != "false" || !obj.flags[i]) {
			bits[i>>3] |= 1 << (i & 7)
			n++
		}
	}
	key := bits[:(len(v.cells)+7)/8]
	sh := obj.shapes[string(key)]
	if sh == nil {
		sh = &shape{at: make([]uint16, len(v.cells))}
		next := uint16(0)
		for i := range v.cells {
			if bits[i>>3]&(1<<(i&7)) != 0 {
				next++
				sh.at[i] = next
			}
		}
		if obj.shapes == nil {
			obj.shapes = map[string]*shape{}
		}
		obj.shapes[string(key)] = sh
	}
	dense := make([]string, n)
	for i, k := range sh.at { // it may be older than the newest field
		if k > 0 {
			dense[k-1] = v.cells[i]
		}
	}
	clear(v.cells)
	tx.free = append(tx.free, v.cells)
	v.cells, v.shape = dense, sh
}

// draft returns empty cells for a row of an object.
func (tx *Tx) draft(obj *object) []string {
	if n := len(tx.free); n > 0 && len(tx.free[n-1]) == obj.slots {
		cells := tx.free[n-1]
		tx.free = tx.free[:n-1]
		return cells
	}
	return make([]string, obj.slots)
}

// unpack copies the values of a version into cells.
func (v *version) unpack(cells []string) {
	if v.shape == nil {
		copy(cells, v.cells)
		return
	}
	for i, k := range v.shape.at {
		if k > 0 {
			cells[i] = v.cells[k-1]
		}
	}
}

// replace sets a value of a packed version in place, where it has one.
func (v *version) replace(f *field, value string) {
	switch {
	case v.shape == nil:
		v.cells[f.pos] = value
	case f.pos < len(v.shape.at) && v.shape.at[f.pos] > 0:
		v.cells[v.shape.at[f.pos]-1] = value
	}
}
