package sobject

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// ErrEncoding: a text holds bytes that are no UTF-8, so that it cannot be
// trusted.
var ErrEncoding = errors.New("not UTF-8")

const byteOrderMark = "\xef\xbb\xbf"

// What is done to a row's cells is done in place, and when the row is whole,
// because it cannot be read again afterwards.

// unquote makes single quotes of the doubled ones in the dirty cells of a row.
func (c *CSVReader) unquote(row []cell) {
	for i, v := range row {
		if v.dirty() {
			at := int(v.off)
			row[i] = textCell(Text, at, at+len(undouble(c.buf[at:at+v.len()])))
		}
	}
}

// repair is unquote for cells that may be no UTF-8: each byte that is none
// becomes U+FFFD, or is an error.
func (c *CSVReader) repair(row []cell) error {
	for i, v := range row {
		if v.len() == 0 {
			continue
		}
		at := int(v.off)
		raw := c.buf[at : at+v.len()]
		bad := firstInvalid(raw)
		invalid := bad < len(raw)
		if invalid && c.strict {
			return fmt.Errorf("byte %d: %w", c.before+int64(at+bad), ErrEncoding)
		}
		raw = undouble(raw)
		row[i] = textCell(Text, at, at+len(raw))
		if invalid {
			from := c.end + len(c.extra)
			c.extra = appendValid(c.extra, raw)
			row[i] = textCell(Text, from, c.end+len(c.extra))
		}
	}
	return nil
}

func firstInvalid(b []byte) int {
	if utf8.Valid(b) {
		return len(b)
	}
	at := 0
	for at < len(b) {
		r, size := utf8.DecodeRune(b[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return at
}

// undouble turns doubled quotes into single ones, in place.
func undouble(b []byte) []byte {
	w := bytes.IndexByte(b, '"')
	if w < 0 {
		return b
	}
	for r := w; r < len(b); {
		b[w] = '"'
		w, r = w+1, r+2
		n := bytes.IndexByte(b[r:], '"')
		if n < 0 {
			n = len(b) - r
		}
		copy(b[w:], b[r:r+n])
		w, r = w+n, r+n
	}
	return b[:w]
}

// dropNULs takes the NUL bytes out of what was read into the buffer last.
func (c *CSVReader) dropNULs(from int) {
	at := bytes.IndexByte(c.buf[from:c.end], 0)
	if at < 0 {
		return
	}
	w := from + at
	for _, b := range c.buf[w:c.end] {
		if b != 0 {
			c.buf[w] = b
			w++
		}
	}
	c.nuls += int64(c.end - w)
	c.end = w
}
