package sobject

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

const attributesKey = "attributes"

// decoder turns JSON objects into records of a block.
type decoder struct {
	feed
	blk     *block
	marked  []int // dirty cells of the block that were not made plain yet
	dirty   bool  // the block holds cells that stay dirty
	layouts []*layout
	names   []string // of the objects being read in the general way
	tmp     []cell   // their cells
}

// record reads a record at a brace. l is what it may look like, or nil; the
// layout that it has is returned for the next one.
func (d *decoder) record(pos int, l *layout, depth int) (Record, *layout, int, error) {
	if depth > maxDepth {
		return Record{}, l, pos, fmt.Errorf("malformed JSON: nested deeper than %d", maxDepth)
	}
	if l != nil && l.head != "" {
		start := d.here()
		rec, next, err := d.predicted(pos, l, depth)
		if err == nil {
			return rec, l, next, nil
		}
		if !errors.Is(err, errMismatch) {
			return rec, l, next, err
		}
		d.backTo(start)
	}
	names, tmp := len(d.names), len(d.tmp)
	rec, found, next, err := d.general(pos, depth)
	d.names, d.tmp = d.names[:names], d.tmp[:tmp]
	return rec, found, next, err
}

// place is how far a block is filled.
type place struct{ cells, nested, marked int }

func (d *decoder) here() place { return place{len(d.blk.cells), len(d.blk.nested), len(d.marked)} }

func (d *decoder) backTo(p place) {
	d.blk.cells, d.blk.nested, d.marked = d.blk.cells[:p.cells], d.blk.nested[:p.nested], d.marked[:p.marked]
}

// predicted reads a record that looks like the one before, without spaces.
func (d *decoder) predicted(pos int, l *layout, depth int) (Record, int, error) {
	pos, err := d.predictedHead(pos, l)
	if err != nil {
		return Record{}, pos, err
	}
	at := len(d.blk.cells)
	d.blk.cells = append(d.blk.cells, make([]cell, len(l.keys))...)
	cells, buf := d.blk.cells[at:], d.buf
	for i, key := range l.keys {
		if !has(buf, pos, key) {
			return Record{}, pos, d.unlike(pos, key)
		}
		pos += len(key)
		if buf[pos] != '"' {
			c, next, err := d.value(pos, &l.subs[i], depth)
			if err != nil {
				return Record{}, next, err
			}
			// The cells may have moved while a parent was read.
			cells = d.blk.cells[at:]
			cells[i], pos = c, next
			continue
		}
		from := pos + 1
		pos = plainTo(buf, from)
		if buf[pos] == '"' {
			cells[i] = textCell(Text, from, pos)
			pos++
			continue
		}
		quote, dirty, err := d.strFrom(from, pos)
		if err != nil {
			return Record{}, quote, err
		}
		cells[i] = textCell(Text, from, quote)
		if dirty {
			cells[i].bits |= dirtyBit
			d.marked = append(d.marked, at+i)
		}
		pos = quote + 1
	}
	if buf[pos] != '}' {
		return Record{}, pos, errMismatch
	}
	return Record{shape: l.shape, block: d.blk, at: at}, pos + 1, nil
}

// predictedHead reads the beginning of a record up to its first field.
func (d *decoder) predictedHead(pos int, l *layout) (int, error) {
	if !has(d.buf, pos, l.head) {
		return pos, d.unlike(pos, l.head)
	}
	pos += len(l.head)
	if l.shape.object == "" {
		return pos, nil
	}
	if has(d.buf, pos, `,"url":"`) {
		quote, _, err := d.str(pos + len(`,"url":"`))
		if err != nil {
			return pos, err
		}
		pos = quote + 1
	}
	if d.buf[pos] != '}' {
		return pos, errMismatch
	}
	return pos + 1, nil
}

// makePlain replaces, in place, the texts of marked cells by what they stand
// for. Those that are no UTF-8 stay dirty, because they may not fit.
func (d *decoder) makePlain() {
	for _, i := range d.marked {
		c := d.blk.cells[i]
		raw := d.buf[c.off : int(c.off)+c.len()]
		if !utf8.Valid(raw) {
			d.dirty = true
			continue
		}
		d.blk.cells[i] = textCell(c.kind(), int(c.off), int(c.off)+len(unescape(raw)))
	}
	d.marked = d.marked[:0]
}

// unlike tells why a text is not there: the data may just end before it.
func (d *decoder) unlike(pos int, text string) error {
	if pos+len(text) > d.end && d.srcErr == nil {
		return errShort
	}
	return errMismatch
}

// general reads any object as a record and finds out its layout.
func (d *decoder) general(pos, depth int) (Record, *layout, int, error) {
	if d.buf[pos] != '{' {
		return Record{}, nil, pos, d.bad(pos, "a record")
	}
	baseName, baseCell := len(d.names), len(d.tmp)
	object := ""
	pos = d.space(pos + 1)
	for first := true; ; first = false {
		if d.buf[pos] == '}' && first {
			break
		}
		from := pos + 1
		quote, at, err := d.key(pos)
		if err != nil {
			return Record{}, nil, pos, err
		}
		name := plainText(d.buf[from:quote])
		if name == attributesKey && d.buf[at] == '{' {
			if object, pos, err = d.attributes(at, depth); err != nil {
				return Record{}, nil, pos, err
			}
		} else {
			var none *layout
			c, next, err := d.value(at, &none, depth)
			if err != nil {
				return Record{}, nil, next, err
			}
			d.keep(baseName, baseCell, name, c)
			pos = next
		}
		if pos = d.space(pos); d.buf[pos] == '}' {
			break
		}
		if d.buf[pos] != ',' {
			return Record{}, nil, pos, d.bad(pos, "a comma or the record's end")
		}
		pos = d.space(pos + 1)
	}
	l := d.findLayout(object, d.names[baseName:])
	rec := Record{shape: l.shape, block: d.blk, at: len(d.blk.cells)}
	for _, c := range d.tmp[baseCell:] {
		if c.dirty() {
			d.marked = append(d.marked, len(d.blk.cells))
		}
		d.blk.cells = append(d.blk.cells, c)
	}
	return rec, l, pos + 1, nil
}

// keep remembers a field of the object being read; of a key given twice the
// last value counts.
func (d *decoder) keep(baseName, baseCell int, name string, c cell) {
	for i, n := range d.names[baseName:] {
		if n == name {
			d.tmp[baseCell+i] = c
			return
		}
	}
	d.names, d.tmp = append(d.names, name), append(d.tmp, c)
}

// attributes reads the object's name from a record's attributes.
func (d *decoder) attributes(pos, depth int) (object string, next int, err error) {
	next, err = d.members(pos, depth, nil)
	if err != nil {
		return "", next, err
	}
	var a struct {
		Type any `json:"type"`
	}
	if err := json.Unmarshal(d.buf[pos:next], &a); err != nil {
		return "", next, fmt.Errorf("malformed JSON: attributes: %w", err)
	}
	object, _ = a.Type.(string)
	return object, next, nil
}

// value reads a field's value; sub is the layout of a nested record, before
// and after.
func (d *decoder) value(pos int, sub **layout, depth int) (cell, int, error) {
	switch c := d.buf[pos]; c {
	case '"':
		quote, dirty, err := d.str(pos + 1)
		if err != nil {
			return cell{}, quote, err
		}
		out := textCell(Text, pos+1, quote)
		if dirty {
			out.bits |= dirtyBit
		}
		return out, quote + 1, nil
	case 'n':
		next, err := d.literal(pos, "null")
		return cell{}, next, err
	case 't', 'f':
		word := "true"
		if c == 'f' {
			word = "false"
		}
		next, err := d.literal(pos, word)
		return textCell(Boolean, pos, next), next, err
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		next, err := d.number(pos)
		return textCell(Number, pos, next), next, err
	case '[':
		next, err := d.elements(pos, depth)
		return textCell(JSON, pos, next), next, err
	case '{':
		return d.object(pos, sub, depth+1)
	case ' ', '\t', '\r', '\n':
		return cell{}, pos, errMismatch // the general way has skipped spaces
	}
	return cell{}, pos, d.bad(pos, "a value")
}

// object reads a value that is an object: a record has attributes, a child set
// has records and says whether they are all, and anything else is kept as it
// is.
func (d *decoder) object(pos int, sub **layout, depth int) (cell, int, error) {
	var isRecord, hasRecords, hasDone bool
	if isRecord = has(d.buf, pos, `{"attributes":{`); !isRecord {
		next, err := d.members(pos, depth, func(key []byte, first byte) {
			switch plainText(key) {
			case attributesKey:
				isRecord = isRecord || first == '{'
			case "records":
				hasRecords = first == '['
			case "done":
				hasDone = first == 't' || first == 'f'
			}
		})
		if err != nil {
			return cell{}, next, err
		}
		if !isRecord && !(hasRecords && hasDone) {
			return textCell(JSON, pos, next), next, nil
		}
	}
	if !isRecord {
		set, next, err := d.children(pos, sub, depth)
		if err != nil {
			return cell{}, next, err
		}
		d.blk.nested = append(d.blk.nested, nested{children: set})
		return nestedCell(Children, len(d.blk.nested)-1), next, nil
	}
	rec, l, next, err := d.record(pos, *sub, depth)
	if err != nil {
		return cell{}, next, err
	}
	*sub = l
	d.blk.nested = append(d.blk.nested, nested{record: rec})
	return nestedCell(Nested, len(d.blk.nested)-1), next, nil
}

// children reads the result of a sub-query, which was scanned once already.
func (d *decoder) children(pos int, sub **layout, depth int) (ChildSet, int, error) {
	var set ChildSet
	for pos++; ; pos++ {
		if pos = d.space(pos); d.buf[pos] == '}' {
			return set, pos + 1, nil
		}
		from := pos + 1
		quote, at, err := d.key(pos)
		if err != nil {
			return set, pos, err
		}
		name := plainText(d.buf[from:quote])
		if name == "records" && d.buf[at] == '[' {
			set.Records, pos, err = d.childRecords(at, sub, depth)
		} else if pos, err = d.skip(at, depth); err == nil {
			err = set.head(name, d.buf[at:pos])
		}
		if err != nil {
			return set, pos, err
		}
		if pos = d.space(pos); d.buf[pos] == '}' {
			return set, pos + 1, nil
		}
	}
}

func (s *ChildSet) head(name string, raw []byte) error {
	var err error
	switch name {
	case "totalSize":
		err = json.Unmarshal(raw, &s.TotalSize)
	case "done":
		err = json.Unmarshal(raw, &s.Done)
	case "nextRecordsUrl":
		err = json.Unmarshal(raw, &s.NextURL)
	}
	if err != nil {
		return fmt.Errorf("malformed JSON: child records: %s: %w", name, err)
	}
	return nil
}

func (d *decoder) childRecords(pos int, sub **layout, depth int) ([]Record, int, error) {
	records := []Record{}
	pos = d.space(pos + 1)
	if d.buf[pos] == ']' {
		return records, pos + 1, nil
	}
	for {
		rec, l, next, err := d.record(pos, *sub, depth+1)
		if err != nil {
			return nil, next, err
		}
		*sub = l
		records = append(records, rec)
		if pos = d.space(next); d.buf[pos] == ']' {
			return records, pos + 1, nil
		}
		if d.buf[pos] != ',' {
			return nil, pos, d.bad(pos, "a comma or the end of the child records")
		}
		pos = d.space(pos + 1)
	}
}

// plainText returns what a validated JSON string stands for.
func plainText(raw []byte) string {
	if plain(string(raw)) {
		return string(raw)
	}
	return string(appendValid(nil, unescape(append([]byte(nil), raw...))))
}

// UnmarshalJSON decodes one record, such as the answer to a read by id.
func (r *Record) UnmarshalJSON(b []byte) error {
	if len(b) > maxRecord {
		return fmt.Errorf("sobject: a record of %d bytes is too large", len(b))
	}
	d := decoder{blk: &block{}}
	d.srcErr = io.EOF
	d.buf, d.end = make([]byte, len(b)+padding), len(b)
	copy(d.buf, b)
	rec, _, next, err := d.record(d.space(0), nil, 0)
	if err == nil && d.space(next) < d.end {
		err = d.bad(d.space(next), "the record's end")
	}
	if errors.Is(err, errShort) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("sobject: decode a record: %w", err)
	}
	d.makePlain()
	d.seal(d.blk, len(b), d.dirty, unescape)
	*r = rec
	return nil
}
