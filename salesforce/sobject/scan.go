package sobject

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// The scanner works on a buffer whose data is followed by padding of zeros. A
// zero is valid nowhere in JSON outside the data, so the loops below look for
// no end: whoever stumbles over the padding reports errShort, and the caller
// reads on and starts the record again.
const padding = 16

var (
	// errShort: the data ended inside a value.
	errShort = errors.New("unexpected end of the JSON")
	// errMismatch: the record does not look like the one before.
	errMismatch = errors.New("another shape")
)

// maxDepth bounds nesting, and with it the stack.
const maxDepth = 500

// scanner validates JSON and finds the ends of its values. All methods take a
// position and return the one after what they read.
type scanner struct {
	buf []byte // data, then padding
	end int    // length of the data
}

// bad reports what is wrong at a position.
func (s *scanner) bad(pos int, want string) error {
	if pos >= s.end {
		return errShort
	}
	return fmt.Errorf("malformed JSON: %q where %s should be", s.buf[pos], want)
}

func (s *scanner) space(pos int) int {
	for s.buf[pos] == ' ' || s.buf[pos] == '\n' || s.buf[pos] == '\r' || s.buf[pos] == '\t' {
		pos++
	}
	return pos
}

// has reports whether a buffer holds a text at a position.
func has(buf []byte, pos int, text string) bool {
	return len(buf)-pos >= len(text) && string(buf[pos:pos+len(text)]) == text
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special leaves a high bit standing for each byte of x that ends a string or
// needs a look: a quote, a backslash, a control character, a byte that is not
// ASCII. Borrows spoil only bits above the lowest one, which is the one looked
// at.
func special(x uint64) uint64 {
	q, b := x^(ones*'"'), x^(ones*'\\')
	return ((q - ones) | (b - ones) | (x - ones*' ') | x) & highs
}

// plainTo returns where the first special byte stands from a position on.
func plainTo(buf []byte, pos int) int {
	for {
		if m := special(binary.LittleEndian.Uint64(buf[pos:])); m != 0 {
			return pos + bits.TrailingZeros64(m)/8
		}
		pos += 8
	}
}

// str reads a string from after its opening quote to its closing one. dirty
// tells that its text is not what it stands for: it holds escapes, or bytes
// that are no UTF-8.
func (s *scanner) str(pos int) (quote int, dirty bool, err error) {
	return s.strFrom(pos, plainTo(s.buf, pos))
}

// strFrom is str for a string whose first special byte was found.
func (s *scanner) strFrom(start, pos int) (quote int, dirty bool, err error) {
	buf, ascii := s.buf, true
	for ; ; pos = plainTo(buf, pos) {
		switch c := buf[pos]; {
		case c == '"':
			return pos, dirty || !ascii && !utf8.Valid(buf[start:pos]), nil
		case c == '\\':
			dirty = true
			if pos, err = s.escape(pos + 1); err != nil {
				return pos, dirty, err
			}
		case c >= 0x80:
			ascii = false
			for buf[pos] >= 0x80 {
				pos++
			}
		default:
			return pos, dirty, s.bad(pos, "a string's character")
		}
	}
}

// escape reads what follows a backslash.
func (s *scanner) escape(pos int) (int, error) {
	switch s.buf[pos] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return pos + 1, nil
	case 'u':
		for range 4 {
			pos++
			if hexDigit(s.buf[pos]) < 0 {
				return pos, s.bad(pos, "a hexadecimal digit")
			}
		}
		return pos + 1, nil
	}
	return pos, s.bad(pos, "an escape")
}

func hexDigit(c byte) rune {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0')
	case c >= 'a' && c <= 'f':
		return rune(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return rune(c-'A') + 10
	}
	return -1
}

// number reads a number by the grammar of RFC 8259.
func (s *scanner) number(pos int) (int, error) {
	if s.buf[pos] == '-' {
		pos++
	}
	var err error
	if s.buf[pos] == '0' {
		pos++
	} else if pos, err = s.digits(pos); err != nil {
		return pos, err
	}
	if s.buf[pos] == '.' {
		if pos, err = s.digits(pos + 1); err != nil {
			return pos, err
		}
	}
	if s.buf[pos] == 'e' || s.buf[pos] == 'E' {
		pos++
		if s.buf[pos] == '+' || s.buf[pos] == '-' {
			pos++
		}
		if pos, err = s.digits(pos); err != nil {
			return pos, err
		}
	}
	if pos >= s.end {
		return pos, errShort // more digits may follow
	}
	return pos, nil
}

func (s *scanner) digits(pos int) (int, error) {
	if c := s.buf[pos]; c < '0' || c > '9' {
		return pos, s.bad(pos, "a digit")
	}
	for s.buf[pos] >= '0' && s.buf[pos] <= '9' {
		pos++
	}
	return pos, nil
}

// literal reads true, false or null.
func (s *scanner) literal(pos int, word string) (int, error) {
	if has(s.buf, pos, word) {
		return pos + len(word), nil
	}
	for i := range len(word) {
		if s.buf[pos+i] != word[i] {
			return pos + i, s.bad(pos+i, word)
		}
	}
	return pos, errShort
}

// skip reads any value.
func (s *scanner) skip(pos, depth int) (int, error) {
	if depth > maxDepth {
		return pos, fmt.Errorf("malformed JSON: nested deeper than %d", maxDepth)
	}
	switch c := s.buf[pos]; c {
	case '"':
		quote, _, err := s.str(pos + 1)
		return quote + 1, err
	case 't':
		return s.literal(pos, "true")
	case 'f':
		return s.literal(pos, "false")
	case 'n':
		return s.literal(pos, "null")
	case '{':
		return s.members(pos, depth, nil)
	case '[':
		return s.elements(pos, depth)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return s.number(pos)
	}
	return pos, s.bad(pos, "a value")
}

// members reads an object and shows each key's text, as it stands, with the
// first byte of its value.
func (s *scanner) members(pos, depth int, each func(key []byte, first byte)) (int, error) {
	pos = s.space(pos + 1)
	if s.buf[pos] == '}' {
		return pos + 1, nil
	}
	for {
		from := pos + 1
		to, pos2, err := s.key(pos)
		if err != nil {
			return pos, err
		}
		if each != nil {
			each(s.buf[from:to], s.buf[pos2])
		}
		if pos, err = s.skip(pos2, depth+1); err != nil {
			return pos, err
		}
		switch pos = s.space(pos); s.buf[pos] {
		case ',':
			pos = s.space(pos + 1)
		case '}':
			return pos + 1, nil
		default:
			return pos, s.bad(pos, "a comma or the object's end")
		}
	}
}

// key reads a key and its colon: quote is the end of its text, value where its
// value begins.
func (s *scanner) key(pos int) (quote, value int, err error) {
	if s.buf[pos] != '"' {
		return pos, pos, s.bad(pos, "a key")
	}
	if quote, _, err = s.str(pos + 1); err != nil {
		return pos, pos, err
	}
	pos = s.space(quote + 1)
	if s.buf[pos] != ':' {
		return pos, pos, s.bad(pos, "a colon")
	}
	return quote, s.space(pos + 1), nil
}

func (s *scanner) elements(pos, depth int) (int, error) {
	pos = s.space(pos + 1)
	if s.buf[pos] == ']' {
		return pos + 1, nil
	}
	for {
		var err error
		if pos, err = s.skip(pos, depth+1); err != nil {
			return pos, err
		}
		switch pos = s.space(pos); s.buf[pos] {
		case ',':
			pos = s.space(pos + 1)
		case ']':
			return pos + 1, nil
		default:
			return pos, s.bad(pos, "a comma or the array's end")
		}
	}
}
