package sobject

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unsafe"
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
	object string
	shape  *Shape
	strict bool
	err    error // after the rows

	rows  Rows   // not handed out yet
	cells []cell // of the rows being read
	blk   *block // where all rows go, with Reuse
	extra []byte // text of cells that did not fit where they stood

	before int64 // bytes of the stream that lie before the buffer, without NULs
	nuls   int64
}

// NewCSVReader returns a reader of an object's records. It reads nothing before
// the first Read.
func NewCSVReader(r io.Reader, object string) *CSVReader {
	c := &CSVReader{object: object}
	c.src = r
	return c
}

// Reuse makes the reader put all records in the same memory, which is faster:
// a record, and every text taken from it, is then good only until the next one
// is asked for, and must be cloned to be kept. It must be called before the
// first Read. The reader is returned.
func (c *CSVReader) Reuse() *CSVReader {
	c.reuse, c.blk = true, &block{}
	return c
}

// Strict makes bytes that are no UTF-8 an error, ErrEncoding. By default each
// is read as U+FFFD. It must be called before the first Read. The reader is
// returned.
func (c *CSVReader) Strict() *CSVReader {
	c.strict = true
	return c
}

// NULs returns how many NUL bytes were dropped so far.
func (c *CSVReader) NULs() int64 { return c.nuls }

// Read returns the next record, or io.EOF after the last. An empty stream has
// none. Other errors are final.
func (c *CSVReader) Read() (Record, error) {
	for c.rows.n == 0 {
		if c.err != nil {
			return Record{}, c.err
		}
		c.fill()
	}
	return c.rows.take(), nil
}

// ReadRows is Read for all the records, one or more, that are decoded at once:
// a few hundred usually. With Reuse they are good until the next are asked for.
func (c *CSVReader) ReadRows() (Rows, error) {
	for c.rows.n == 0 {
		if c.err != nil {
			return Rows{}, c.err
		}
		c.fill()
	}
	all := c.rows
	c.rows = Rows{}
	return all, nil
}

// Records walks the rest of the rows. An error comes once and last.
func (c *CSVReader) Records() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) { each(c.Read, yield) }
}

// Header returns the column names; nil when the stream is empty.
func (c *CSVReader) Header() ([]string, error) {
	if c.shape == nil && c.err == nil {
		c.header()
	}
	switch {
	case c.shape != nil:
		return c.shape.Names(), nil
	case errors.Is(c.err, io.EOF):
		return nil, nil
	default:
		return nil, c.err
	}
}

// header reads the first row that is not blank and makes the shape of it.
func (c *CSVReader) header() {
	for c.shape == nil && c.err == nil {
		c.cells = c.cells[:0]
		next, err := c.anyRow(c.pos)
		if err == nil {
			err = c.repair(c.cells)
		}
		if err == nil {
			c.pos = next
			err = c.names()
		}
		if errors.Is(err, errShort) {
			err = c.more()
		}
		c.fail(err)
	}
}

func (c *CSVReader) names() error {
	text := string(c.buf[:c.end]) + string(c.extra)
	c.extra = nil
	names := make([]string, 0, len(c.cells))
	for _, v := range c.cells {
		name := strings.Clone(text[v.off : int(v.off)+v.len()])
		if name == "" || slices.Contains(names, name) {
			return fmt.Errorf("column %d is named %q, which is empty or taken", len(names)+1, clip(name))
		}
		names = append(names, name)
	}
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
	for c.rows.n == 0 && c.err == nil {
		n, err := c.scan()
		c.pack(n)
		if errors.Is(err, errShort) {
			if n > 0 {
				return // these rows first
			}
			err = c.more()
		}
		c.fail(err)
	}
}

// scan decodes all rows that are whole in the buffer into cells, and returns
// how many. Its error is errShort at best: the rest of the buffer is no row.
func (c *CSVReader) scan() (n int, err error) {
	columns := len(c.shape.names)
	c.cells = c.cells[:0]
	for c.pos < c.end {
		at := len(c.cells)
		c.cells = slices.Grow(c.cells, columns)
		next, dirty, ok := quotedRow(c.buf, c.pos, c.cells[at:at+columns])
		if ok {
			c.cells = c.cells[:at+columns]
		} else {
			if next, err = c.anyRow(c.pos); err != nil {
				return n, err
			}
			switch got := len(c.cells) - at; got {
			case columns:
			case 0:
				c.pos = next
				continue
			default:
				return n, fmt.Errorf("a row has %d values under %d columns", got, columns)
			}
		}
		switch row := c.cells[at:]; {
		case !ok:
			if err := c.repair(row); err != nil {
				return n, err
			}
		case dirty:
			c.unquote(row)
		}
		c.pos, n = next, n+1
	}
	return n, errShort
}

// pack makes a block of the first n rows in cells.
func (c *CSVReader) pack(n int) {
	if n == 0 {
		return
	}
	cells := c.cells[:n*len(c.shape.names)]
	blk := c.blk
	switch {
	case c.reuse:
		blk.cells, blk.text = cells, unsafe.String(unsafe.SliceData(c.buf), c.pos)
	default:
		blk = &block{cells: slices.Clone(cells), text: string(c.buf[:c.pos])}
	}
	if len(c.extra) > 0 {
		blk.text = string(c.buf[:c.end]) + string(c.extra)
		c.extra = nil
	}
	c.rows = Rows{shape: c.shape, block: blk, n: n}
}

// more brings on more of the stream, because the row at pos goes on beyond the
// buffer.
func (c *CSVReader) more() error {
	begin, left := c.pos, c.end-c.pos
	if err := c.readOn(); err != nil {
		if c.ended() && left == 0 {
			return io.EOF
		}
		return err
	}
	if c.before == 0 && begin == 0 && left == 0 && bytes.HasPrefix(c.buf[:c.end], []byte(byteOrderMark)) {
		c.pos = len(byteOrderMark)
	}
	c.before += int64(begin)
	c.dropNULs(left)
	c.fence()
	return nil
}

func (c *CSVReader) fail(err error) {
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		c.err = io.EOF
	default:
		c.err = fmt.Errorf("sobject: decode CSV: %w", err)
	}
}
