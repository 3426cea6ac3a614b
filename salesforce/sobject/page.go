package sobject

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// PageReader decodes one page of a query's answer as it streams:
//
//	{"totalSize":2,"done":true,"records":[{"attributes":{"type":"Account"},"Id":...},...]}
//
// It holds a block of the page at a time, never the page. The records that it
// returns may be kept, unless Reuse says otherwise. It is not safe for
// concurrent use.
type PageReader struct {
	decoder
	own      Batch // what Read hands out, from at on
	at       int
	into     *Batch // being filled
	rest     []byte // unread between batches, with Reuse
	size     int    // of the last batch's buffer
	err      error  // after the last record
	state    pageState
	embedded bool
	rows     bool // the page's records were found
	layout   *layout
	cells    int // of the last block

	totalSize *int
	done      *bool
	nextURL   string
}

type pageState uint8

const (
	pageStart pageState = iota
	pageFirstMember
	pageMember
	pageFirstRecord
	pageRecord
	pageTail
	pageEnd
)

// PageOption changes how a PageReader reads.
type PageOption func(*PageReader)

// Embedded lets other bytes follow the page, which stay unread or are lost.
func Embedded() PageOption { return func(p *PageReader) { p.embedded = true } }

// NewPageReader returns a reader of the page that r streams. It reads nothing
// before the first Read.
func NewPageReader(r io.Reader, opts ...PageOption) *PageReader {
	p := &PageReader{}
	p.src = r
	for _, o := range opts {
		o(p)
	}
	return p
}

// Reuse makes the reader put all records in the same memory, which is faster:
// a record, and every text and child taken from it, is then good only until the
// next one is asked for, and must be cloned to be kept. It must be called before
// the first Read. The reader is returned.
func (p *PageReader) Reuse() *PageReader {
	p.reuse = true
	return p
}

// Continue makes p a page after prev: it takes over what prev learned about
// the shapes of records, so that records of both share them, and prev's memory.
// prev must not be read any more, and p not yet. p is returned.
func (p *PageReader) Continue(prev *PageReader) *PageReader {
	p.layouts, p.layout, p.cells = prev.layouts, prev.layout, prev.cells
	p.names, p.tmp, p.marked = prev.names, prev.tmp, prev.marked
	p.rest, p.size = prev.rest[:0], prev.size
	if p.reuse && prev.reuse {
		p.own = Batch{Records: prev.own.Records[:0], block: prev.own.block, buf: prev.own.buf}
	}
	if !p.reuse && !prev.reuse {
		p.buf = prev.buf
		clear(p.buf[:min(padding, len(p.buf))])
	}
	prev.buf, prev.end, prev.rest, prev.own, prev.layouts = nil, 0, nil, Batch{}, nil
	return p
}

// Read returns the next record, or io.EOF after the last when the page ended
// as it should. Any other error is final: io.ErrUnexpectedEOF for a page that
// was cut off, an error of the stream, or what is malformed.
func (p *PageReader) Read() (Record, error) {
	if p.at == len(p.own.Records) {
		p.at = 0
		if err := p.ReadBatch(&p.own); err != nil {
			return Record{}, err
		}
	}
	p.at++
	return p.own.Records[p.at-1], nil
}

// Records walks the rest of the page. An error comes once and last.
func (p *PageReader) Records() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) { each(p.Read, yield) }
}

// TotalSize returns how many rows the whole query has, and whether the page
// said so. Like NextURL and Done it is to be asked after the last record.
func (p *PageReader) TotalSize() (int, bool) {
	if p.totalSize == nil {
		return 0, false
	}
	return *p.totalSize, true
}

// NextURL returns the path of the next page as it came, or "".
func (p *PageReader) NextURL() string { return p.nextURL }

// Done reports whether this is the last page. A page that does not say is the
// last when it names no next one.
func (p *PageReader) Done() bool {
	if p.done == nil {
		return p.nextURL == ""
	}
	return *p.done
}

// fill decodes the records that the buffer holds, after reading on where there
// are none.
func (p *PageReader) fill() {
	for p.err == nil {
		err := p.step()
		if len(p.into.Records) > 0 {
			p.finish()
			if !errors.Is(err, errShort) {
				p.fail(err)
			}
			return
		}
		if errors.Is(err, errShort) {
			err = p.readOn()
		}
		p.fail(err)
	}
}

// finish seals the block of the batch being filled.
func (p *PageReader) finish() {
	p.cells = len(p.blk.cells)
	p.seal(p.blk, p.pos, p.dirty, unescape)
	p.dirty = false
	if p.reuse {
		p.into.block = p.blk
	}
	p.blk = nil
}

func (p *PageReader) fail(err error) {
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		p.err = io.EOF
	default:
		p.err = fmt.Errorf("sobject: decode a page: %w", err)
	}
}

// step does as much as the buffer allows of one state. errShort means that
// nothing more can be done without reading on; pos is then where to go on.
func (p *PageReader) step() error {
	if p.buf == nil {
		return errShort
	}
	switch p.state {
	case pageStart:
		pos := p.space(p.pos)
		if p.buf[pos] != '{' {
			return p.bad(pos, "a page of records")
		}
		p.pos, p.state = pos+1, pageFirstMember
		return nil
	case pageFirstMember, pageMember:
		return p.member()
	case pageFirstRecord, pageRecord:
		return p.records()
	case pageTail:
		return p.tail()
	default:
		return io.EOF
	}
}

// member reads one member of the page up to its value, or the page's end.
func (p *PageReader) member() error {
	pos := p.space(p.pos)
	if p.buf[pos] == '}' {
		if !p.rows {
			return errors.New("the page has no records")
		}
		p.pos, p.state = pos+1, pageTail
		return nil
	}
	if p.state == pageMember {
		if p.buf[pos] != ',' {
			return p.bad(pos, "a comma or the page's end")
		}
		pos = p.space(pos + 1)
	}
	from := pos + 1
	quote, at, err := p.key(pos)
	if err != nil {
		return err
	}
	name := plainText(p.buf[from:quote])
	if name == "records" && p.buf[at] == '[' {
		if p.rows {
			return errors.New("the page has records twice")
		}
		p.rows = true
		p.pos, p.state = at+1, pageFirstRecord
		return nil
	}
	next, err := p.skip(at, 0)
	if err != nil {
		return err
	}
	p.pos, p.state = next, pageMember
	return p.head(name, p.buf[at:next])
}

func (p *PageReader) head(name string, raw []byte) error {
	var err error
	switch name {
	case "totalSize":
		err = json.Unmarshal(raw, &p.totalSize)
	case "done":
		err = json.Unmarshal(raw, &p.done)
	case "nextRecordsUrl":
		err = json.Unmarshal(raw, &p.nextURL)
	case "records":
		if string(raw) != "null" {
			return errors.New("the page's records are no array")
		}
		p.rows = true
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// records decodes all records that are whole in the buffer.
func (p *PageReader) records() error {
	if p.blk == nil && p.reuse && p.into.block != nil {
		p.blk = p.into.block
		p.blk.cells, p.blk.nested = p.blk.cells[:0], p.blk.nested[:0]
	}
	if p.blk == nil {
		p.blk = &block{cells: make([]cell, 0, max(p.cells+p.cells/8, 32))}
	}
	for {
		pos := p.space(p.pos)
		if p.buf[pos] == ']' {
			p.pos, p.state = pos+1, pageMember
			return nil
		}
		if p.state == pageRecord {
			if p.buf[pos] != ',' {
				return p.bad(pos, "a comma or the end of the records")
			}
			pos = p.space(pos + 1)
		}
		start := p.here()
		rec, l, next, err := p.record(pos, p.layout, 0)
		if err != nil {
			p.backTo(start)
			return err
		}
		p.makePlain()
		p.layout = l
		p.into.Records = append(p.into.Records, rec)
		p.pos, p.state = next, pageRecord
	}
}

// tail makes sure that nothing but spaces follows the page.
func (p *PageReader) tail() error {
	pos := p.space(p.pos)
	switch {
	case p.embedded:
	case pos < p.end:
		return p.bad(pos, "the end of the answer")
	case p.srcErr == nil:
		p.pos = pos
		return p.readOn()
	case !p.ended():
		return p.srcErr
	}
	p.state = pageEnd
	return nil
}
