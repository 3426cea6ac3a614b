package sobject

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// CSVReader decodes the CSV of Bulk API results as it streams: a header row,
// then a record each row. Values are text, or null where empty; a parent's
// field keeps its dotted name, such as Owner.Name. A byte order mark and stray
// NUL bytes, which occur in results, are dropped. A row with more or fewer
// values than the header, or one that is cut off, is an error.
//
// It holds a block of the data at a time, and its records may be kept, unless
// Reuse says otherwise. It is not safe for concurrent use.
type CSVReader struct {
	feed
	batch  batch
	object string
	shape  *Shape
	cells  []cell // of the rows being read
	dirty  bool
	seen   uint64 // has a high bit where the rows being read may not be ASCII
	hint   int    // cells of the last block
	blk    *block // where all rows go, with Reuse
}

// NewCSVReader returns a reader of an object's records. It reads nothing before
// the first Read.
func NewCSVReader(r io.Reader, object string) *CSVReader {
	c := &CSVReader{object: object}
	c.src = &stripper{src: r}
	return c
}

// Reuse makes the reader put all records in the same memory, which is faster:
// a record, and every text taken from it, is then good only until the next one
// is asked for, and must be cloned to be kept. It must be called before the
// first Read. The reader is returned.
func (c *CSVReader) Reuse() *CSVReader {
	c.reuse = true
	return c
}

// Read returns the next record, or io.EOF after the last. An empty stream has
// none. Other errors are final.
func (c *CSVReader) Read() (Record, error) { return c.batch.read(c.fill) }

// Records walks the rest of the rows. An error comes once and last.
func (c *CSVReader) Records() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) { each(c.Read, yield) }
}

// Header returns the column names; nil when the stream is empty.
func (c *CSVReader) Header() ([]string, error) {
	if c.shape == nil && c.batch.err == nil {
		if c.batch.next < len(c.batch.records) {
			return c.shape.Names(), nil
		}
		c.header()
	}
	if c.shape == nil {
		if errors.Is(c.batch.err, io.EOF) {
			return nil, nil
		}
		return nil, c.batch.err
	}
	return c.shape.Names(), nil
}

// header reads the first row and makes the shape of it.
func (c *CSVReader) header() {
	for c.shape == nil && c.batch.err == nil {
		next, err := c.row(c.pos)
		if errors.Is(err, errShort) {
			err = c.orEnd(c.readOn())
		} else if err == nil {
			err = c.names(next)
		}
		c.batch.fail("CSV", err)
	}
}

func (c *CSVReader) names(next int) error {
	names := make([]string, 0, len(c.cells))
	for _, v := range c.cells {
		text := c.buf[v.off : int(v.off)+v.len()]
		if v.dirty() {
			text = undouble(text)
		}
		name := string(text)
		if name == "" || slices.Contains(names, name) {
			return fmt.Errorf("column %d is named %q, which is empty or taken", len(names)+1, clip(name))
		}
		names = append(names, name)
	}
	c.pos, c.cells, c.dirty = next, c.cells[:0], false
	if len(names) > 0 {
		c.shape = NewShape(c.object, names...)
	}
	return nil
}

// fill decodes the rows that the buffer holds, after reading on where there
// are none.
func (c *CSVReader) fill() {
	if c.header(); c.shape == nil {
		return
	}
	for c.batch.err == nil {
		err := c.rows()
		if len(c.batch.records) > 0 {
			if !errors.Is(err, errShort) {
				c.batch.fail("CSV", err)
			}
			return
		}
		if errors.Is(err, errShort) {
			err = c.orEnd(c.readOn())
		}
		c.batch.fail("CSV", err)
	}
}

// orEnd makes io.EOF of the failure to read on where the stream ended between
// rows.
func (c *CSVReader) orEnd(err error) error {
	if err != nil && c.ended() && c.pos == c.end {
		return io.EOF
	}
	return err
}

// rows decodes all rows that are whole in the buffer.
func (c *CSVReader) rows() error {
	if cap(c.cells) == 0 || !c.reuse {
		c.cells = make([]cell, 0, max(c.hint+c.hint/8, 32))
	}
	columns := len(c.shape.names)
	blk := c.blk
	if blk == nil {
		blk = &block{}
	}
	var err error
	for err == nil {
		at := len(c.cells)
		var next int
		next, err = c.row(c.pos)
		if got := len(c.cells) - at; err == nil && got != columns && got > 0 {
			err = fmt.Errorf("a row has %d values under %d columns", got, columns)
		}
		if err != nil {
			c.cells = c.cells[:at]
			break
		}
		if len(c.cells) > at {
			c.batch.records = append(c.batch.records, Record{shape: c.shape, block: blk, at: at})
		}
		c.pos = next
	}
	if len(c.batch.records) > 0 {
		c.finish(blk)
	}
	return err
}

// row reads one row into cells; none for a blank line. errShort means that the
// row goes on beyond the buffer.
func (c *CSVReader) row(pos int) (int, error) {
	if c.buf == nil || pos >= c.end {
		return pos, errShort
	}
	if next, ok := c.lineEnd(pos); ok {
		return next, nil
	}
	base, buf := len(c.cells), c.buf
	for {
		// Nearly every value of a result is quoted and holds no quote.
		if buf[pos] == '"' {
			quote := c.quote(pos + 1)
			if after := buf[quote+1]; buf[quote] == '"' && (after == ',' || after == '\n') {
				v := cell{}
				if quote > pos+1 {
					v = textCell(Text, pos+1, quote)
				}
				c.cells = append(c.cells, v)
				if pos = quote + 2; after == ',' {
					continue
				}
				return pos, nil
			}
		}
		next, err := c.field(pos)
		if err != nil {
			c.cells = c.cells[:base]
			return pos, err
		}
		if c.buf[next] == ',' {
			pos = next + 1
			continue
		}
		if end, ok := c.lineEnd(next); ok {
			return end, nil
		}
		c.cells = c.cells[:base]
		if next >= c.end {
			return pos, errShort
		}
		return pos, fmt.Errorf("%q after a closing quote", c.buf[next])
	}
}

// quote returns where the next quote stands, or the end of the data, and notes
// whether bytes that are not ASCII went by. The stream has no zeros, so that
// the padding ends the search.
func (c *CSVReader) quote(pos int) int {
	buf, seen := c.buf, uint64(0)
	for {
		x := binary.LittleEndian.Uint64(buf[pos:])
		seen |= x
		q := x ^ ones*'"'
		if m := ((q-ones)&^q | (x-ones)&^x) & highs; m != 0 {
			c.seen |= seen
			return pos + bits.TrailingZeros64(m)/8
		}
		pos += 8
	}
}

// lineEnd reports whether a row ends at a position.
func (c *CSVReader) lineEnd(pos int) (next int, ok bool) {
	switch c.buf[pos] {
	case '\n':
		return pos + 1, true
	case '\r':
		if c.buf[pos+1] == '\n' {
			return pos + 2, true
		}
		if pos+1 >= c.end && c.ended() {
			return pos + 1, true
		}
	}
	return pos, pos >= c.end && c.ended()
}

// field reads one value up to its comma or line end.
func (c *CSVReader) field(pos int) (int, error) {
	if c.buf[pos] != '"' {
		return c.bare(pos)
	}
	from, dirty := pos+1, false
	for pos = from; ; pos += 2 {
		if pos = c.quote(pos); pos >= c.end || pos+1 >= c.end && !c.ended() {
			return pos, errShort
		}
		if c.buf[pos+1] != '"' {
			break
		}
		dirty = true
	}
	c.add(from, pos, dirty)
	return pos + 1, nil
}

// bare reads a value without quotes.
func (c *CSVReader) bare(pos int) (int, error) {
	from := pos
	for {
		c.seen |= uint64(c.buf[pos])
		switch c.buf[pos] {
		case ',', '\n':
			c.add(from, pos, false)
			return pos, nil
		case '"':
			return pos, errors.New("a quote inside a value without quotes")
		case '\r':
			if _, ok := c.lineEnd(pos); ok {
				c.add(from, pos, false)
				return pos, nil
			}
			if pos+1 >= c.end {
				return pos, errShort
			}
		case 0:
			if pos >= c.end {
				if !c.ended() {
					return pos, errShort
				}
				c.add(from, pos, false)
				return pos, nil
			}
		}
		pos++
	}
}

func (c *CSVReader) add(from, to int, dirty bool) {
	if from == to {
		c.cells = append(c.cells, cell{})
		return
	}
	v := textCell(Text, from, to)
	if dirty {
		v.bits |= dirtyBit
		c.dirty = true
	}
	c.cells = append(c.cells, v)
}

// finish makes a block of the rows that were read.
func (c *CSVReader) finish(blk *block) {
	blk.cells = c.cells
	c.seal(blk, c.pos, c.dirty, c.seen&highs != 0 && !utf8.Valid(c.buf[:c.pos]), undouble)
	c.hint, c.cells, c.dirty, c.seen = len(c.cells), nil, false, 0
	if c.reuse {
		c.blk, c.cells = blk, blk.cells[:0]
	}
}

// undouble turns doubled quotes into single ones, in place.
func undouble(b []byte) []byte {
	w := 0
	for r := 0; r < len(b); r++ {
		if b[w] = b[r]; b[r] == '"' {
			r++
		}
		w++
	}
	return b[:w]
}

// stripper drops a byte order mark and NUL bytes from a stream.
type stripper struct {
	src   io.Reader
	begun bool
	head  []byte // read while looking for the mark
	err   error
}

func (s *stripper) Read(p []byte) (int, error) {
	if !s.begun {
		s.begun = true
		head := make([]byte, len(byteOrderMark))
		n, err := readFull(s.src, head)
		s.head, s.err = []byte(strings.TrimPrefix(string(head[:n]), byteOrderMark)), err
	}
	var n int
	var err error
	switch {
	case len(s.head) > 0:
		n = copy(p, s.head)
		s.head = s.head[n:]
	case s.err != nil:
		return 0, s.err
	default:
		n, err = s.src.Read(p)
	}
	if bytes.IndexByte(p[:n], 0) < 0 {
		return n, err
	}
	w := 0
	for _, b := range p[:n] {
		if b != 0 {
			p[w] = b
			w++
		}
	}
	return w, err
}

const byteOrderMark = "\xef\xbb\xbf"
