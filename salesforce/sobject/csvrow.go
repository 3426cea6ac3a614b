package sobject

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// Rows are read in two ways. quotedRow is for those that nearly all results are
// made of, with every value quoted; anyRow reads them all, and is the only one
// that words errors.

// fence puts quotes behind the data, so that quotedRow need not look for its
// end: it stops at quotes, and with a zero behind it a quote is no part of a
// row. There are two, because the data's last quote and the first one look like
// a doubled quote.
func (c *CSVReader) fence() {
	copy(c.buf[c.end:c.end+padding], "\"\x00\"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
}

// What stands between and behind quoted values, as the bytes lie in a word.
const (
	quoteCommaQuote = '"' | ','<<8 | '"'<<16
	quoteQuote      = '"' | '"'<<8
	quoteLine       = '"' | '\n'<<8
)

// quotedRow reads a row of quoted values, which are UTF-8, into as many cells as
// there are columns. dirty tells that some of the cells are: they have doubled
// quotes. ok is false for other rows, and where the buffer ends inside the row.
func quotedRow(buf []byte, pos int, row []cell) (next int, dirty, ok bool) {
	if buf[pos] != '"' {
		return pos, false, false
	}
	pos++
	last := len(row) - 1
	for i := range row {
		from, seen, mark := pos, uint64(0), uint32(0)
		for {
			// As in str, but for quotes only.
			x := binary.LittleEndian.Uint64(buf[pos : pos+8])
			q := x ^ ones*'"'
			m := (q - ones) &^ q & highs
			seen |= x
			if m == 0 {
				pos += 8
				continue
			}
			pos += bits.TrailingZeros64(m) / 8
			w := binary.LittleEndian.Uint32(buf[pos : pos+4])
			if w&0xffffff == quoteCommaQuote {
				break
			}
			if w&0xffff != quoteQuote {
				if w&0xffff == quoteLine && i == last {
					break
				}
				return pos, false, false
			}
			mark, dirty = dirtyBit, true
			pos += len(`""`)
		}
		// A high bit may also be of what follows the value.
		if seen&highs != 0 && !utf8.Valid(buf[from:pos]) {
			return pos, false, false
		}
		n := uint32(pos - from)
		row[i] = cell{uint32(from), n<<kindBits | mark | min(n, uint32(Text))} // Null where it is empty
		pos += len(`","`)
	}
	return pos - 1, dirty, buf[pos-2] == '\n'
}

// anyRow appends the values of one row to cells; none for a blank line. Where
// the buffer ends inside the row, its error is errShort.
func (c *CSVReader) anyRow(pos int) (next int, err error) {
	if pos >= c.end {
		return pos, errShort
	}
	if next, ok := c.lineEnd(pos); ok {
		return next, nil
	}
	for {
		var end int
		switch {
		case pos < c.end && c.buf[pos] == '"':
			end, err = c.quoted(pos + 1)
		default:
			end, err = c.bare(pos)
		}
		if err != nil {
			return pos, err
		}
		if next, ok := c.lineEnd(end); ok {
			return next, nil
		}
		switch c.buf[end] {
		case ',':
			pos = end + 1
		case '\r':
			if end+1 >= c.end {
				return pos, errShort
			}
			fallthrough
		default:
			return pos, fmt.Errorf("%q after a closing quote", c.buf[end])
		}
	}
}

// lineEnd reports whether a row ends at a position.
func (c *CSVReader) lineEnd(pos int) (next int, ok bool) {
	if pos >= c.end {
		return pos, c.ended()
	}
	switch c.buf[pos] {
	case '\n':
		return pos + 1, true
	case '\r':
		if pos+1 >= c.end {
			return pos + 1, c.ended()
		}
		return pos + 2, c.buf[pos+1] == '\n'
	}
	return pos, false
}

// quoted reads a value from after its opening quote, and returns the position
// after the closing one.
func (c *CSVReader) quoted(pos int) (next int, err error) {
	for from := pos; ; pos++ {
		quote := bytes.IndexByte(c.buf[pos:c.end], '"')
		if quote < 0 {
			return pos, errShort
		}
		pos += quote + 1
		if pos >= c.end && !c.ended() {
			return pos, errShort // it may be the first of two
		}
		if pos >= c.end || c.buf[pos] != '"' {
			c.add(from, pos-1)
			return pos, nil
		}
	}
}

// bare reads a value without quotes, and returns the position after it.
func (c *CSVReader) bare(pos int) (next int, err error) {
	for from := pos; ; pos++ {
		end := pos >= c.end
		if end && !c.ended() {
			return pos, errShort
		}
		if !end && c.buf[pos] == '"' {
			return pos, errors.New("a quote inside a value without quotes")
		}
		if !end && c.buf[pos] != ',' {
			if _, end = c.lineEnd(pos); !end {
				continue
			}
		}
		c.add(from, pos)
		return pos, nil
	}
}

func (c *CSVReader) add(from, to int) {
	v := cell{}
	if from < to {
		v = textCell(Text, from, to)
	}
	c.cells = append(c.cells, v)
}
