package sobject

import (
	"fmt"
	"strings"
)

// ID is a record's id in its canonical 18-character form, or "" for none. The
// 15-character form is case-sensitive; the last three characters of the
// canonical form are a checksum of the case, so canonical ids may be compared
// with == (Object Reference, "Field Types": ID).
type ID string

const idSuffix = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"

// ParseID returns the canonical form of a 15- or 18-character id. The case of
// an 18-character id is restored from its checksum where some system changed
// it.
func ParseID(s string) (ID, error) {
	if isCanonical(s) {
		return ID(s), nil
	}
	if len(s) != 15 && len(s) != 18 {
		return "", fmt.Errorf("sobject: id %q has %d characters, an id has 15 or 18", clip(s), len(s))
	}
	for i := range len(s) {
		if c := s[i]; !isAlnum(c) {
			return "", fmt.Errorf("sobject: id %q holds %q at position %d; only letters and digits are allowed", clip(s), c, i+1)
		}
	}
	if len(s) == 15 {
		return ID(s + checksum(s)), nil
	}
	if checksum(s[:15]) == s[15:] {
		return ID(s), nil
	}
	return repair(s)
}

// isCanonical reports whether s is an id of 18 characters with its checksum,
// as nearly every one is.
func isCanonical(s string) bool {
	if len(s) != 18 {
		return false
	}
	a, okA := upperOf8(s)
	b, okB := upperOf8(s[7:])
	if !okA || !okB {
		return false
	}
	upper := a | b<<7
	return s[15] == idSuffix[upper&31] && s[16] == idSuffix[upper>>5&31] && s[17] == idSuffix[upper>>10]
}

// upperOf8 returns a bit for each capital among the first eight characters,
// and whether they are all letters and digits.
func upperOf8(s string) (upper uint64, ok bool) {
	b := s[:8]
	x := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
	// For characters below 0x80 a high bit stands where one is in the range.
	between := func(low, high uint64) uint64 { return (x + ones*(0x80-low)) ^ (x + ones*(0x7f-high)) }
	capitals := between('A', 'Z')
	ok = x&highs == 0 && (capitals|between('a', 'z')|between('0', '9'))&highs == highs
	return (capitals & highs) >> 7 * 0x0102040810204080 >> 56, ok // moves bit 8i to bit i
}

// MustID is ParseID for ids written in code; it panics on a malformed one.
func MustID(s string) ID {
	id, err := ParseID(s)
	if err != nil {
		panic(err) //nolint:forbidigo // as documented: for ids written in code
	}
	return id
}

// String returns the 18-character form.
func (id ID) String() string { return string(id) }

// Short returns the 15-character, case-sensitive form, or the id unchanged
// when it has none.
func (id ID) Short() string {
	if len(id) == 18 {
		return string(id[:15])
	}
	return string(id)
}

// Prefix returns the three characters that tell an object's ids from another's
// (Describe.KeyPrefix), or "" for an empty id.
func (id ID) Prefix() string {
	if len(id) < 3 {
		return ""
	}
	return string(id[:3])
}

// checksum computes the three characters that follow a 15-character id.
func checksum(s string) string {
	var out [3]byte
	for block := range 3 {
		n := 0
		for j := range 5 {
			if c := s[block*5+j]; c >= 'A' && c <= 'Z' {
				n |= 1 << j
			}
		}
		out[block] = idSuffix[n]
	}
	return string(out[:])
}

// repair restores the case of an id from its checksum.
func repair(s string) (ID, error) {
	out := []byte(s)
	for block := range 3 {
		n := strings.IndexByte(idSuffix, upper(s[15+block]))
		if n < 0 {
			return "", fmt.Errorf("sobject: id %q has an impossible checksum", s)
		}
		for j := range 5 {
			c := &out[block*5+j]
			if n&(1<<j) == 0 {
				*c = lower(*c)
				continue
			}
			if *c = upper(*c); *c < 'A' || *c > 'Z' {
				return "", fmt.Errorf("sobject: id %q does not match its checksum; it was mistyped or cut", s)
			}
		}
		out[15+block] = upper(s[15+block])
	}
	return ID(out), nil
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c - 'A' + 'a'
	}
	return c
}

// clip keeps hostile input out of error messages.
func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "..."
	}
	return s
}
