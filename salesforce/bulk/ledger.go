package bulk

import "hash/maphash"

// Where a row stands in the ledger.
const (
	rowSent    = iota
	rowNotSent // its job was given up before its work began
	rowSettled
)

// ledger keeps the key of every uploaded row, so that each is settled once.
// It takes the key's own bytes and about 20 more for each row.
type ledger struct {
	text  []byte
	ends  []int // of each key in text
	state []byte
	seed  maphash.Seed
	index []uint32 // hash table of rows plus one; built when it is needed
}

func newLedger() *ledger { return &ledger{seed: maphash.MakeSeed()} }

func (l *ledger) len() int { return len(l.ends) }

func (l *ledger) add(key string) {
	l.text = append(l.text, key...)
	l.ends = append(l.ends, len(l.text))
	l.state = append(l.state, rowSent)
	l.index = nil
}

func (l *ledger) key(i int) []byte {
	from := 0
	if i > 0 {
		from = l.ends[i-1]
	}
	return l.text[from:l.ends[i]]
}

func (l *ledger) mark(from, to int, state byte) {
	for i := from; i < to; i++ {
		l.state[i] = state
	}
}

// reopen makes all rows that were settled unsettled again.
func (l *ledger) reopen() {
	for i, s := range l.state {
		if s == rowSettled {
			l.state[i] = rowSent
		}
	}
}

// settle settles one row of a key that is not settled yet; false if there is
// none.
func (l *ledger) settle(key string) bool {
	if l.index == nil {
		l.build()
	}
	mask := len(l.index) - 1
	for at := l.slot(maphash.String(l.seed, key)); l.index[at] != 0; at = (at + 1) & mask {
		i := int(l.index[at] - 1)
		if l.state[i] == rowSent && string(l.key(i)) == key {
			l.state[i] = rowSettled
			return true
		}
	}
	return false
}

func (l *ledger) slot(hash uint64) int { return int(hash & uint64(len(l.index)-1)) }

func (l *ledger) build() {
	size := 16
	for size < 2*l.len() {
		size *= 2
	}
	l.index = make([]uint32, size)
	for i := range l.len() {
		at := l.slot(maphash.Bytes(l.seed, l.key(i)))
		for l.index[at] != 0 {
			at = (at + 1) & (size - 1)
		}
		l.index[at] = uint32(i + 1)
	}
}
