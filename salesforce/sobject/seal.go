package sobject

import (
	"strings"
	"unicode/utf8"
	"unsafe"
)

// Cells are read as places in the buffer. Sealing a block gives it a text of
// its own, or lends it the buffer's, and replaces what stands for other text:
// escapes, and bytes that are no UTF-8.

// seal seals a block whose cells lie in the first n bytes of the buffer. plain
// turns the bytes of a dirty cell, in place, into what they stand for.
func (f *feed) seal(b *block, n int, dirty bool, plain func([]byte) []byte) {
	if f.reuse {
		f.lend(b, n, dirty, plain)
		return
	}
	size := 0
	for _, c := range b.cells {
		size += c.len()
	}
	var text strings.Builder
	text.Grow(size)
	for i, c := range b.cells {
		if c.len() == 0 {
			b.cells[i] = c.emptied()
			continue
		}
		raw := f.buf[c.off : int(c.off)+c.len()]
		if c.dirty() {
			raw = validText(raw, c, plain)
		}
		from := text.Len()
		text.Write(raw)
		b.cells[i] = textCell(c.kind(), from, text.Len())
	}
	b.text = text.String()
}

// lend makes the buffer the block's text, without a copy: it is good until the
// buffer is filled again. What does not fit its place goes behind, in a copy.
func (f *feed) lend(b *block, n int, dirty bool, plain func([]byte) []byte) {
	b.text = unsafe.String(unsafe.SliceData(f.buf), n)
	if !dirty {
		return
	}
	var extra []byte
	for i, c := range b.cells {
		if c.len() == 0 || !c.dirty() {
			continue
		}
		raw := validText(f.buf[c.off:int(c.off)+c.len()], c, plain)
		if at := int(c.off); len(raw) <= c.len() {
			b.cells[i] = textCell(c.kind(), at, at+copy(f.buf[at:], raw))
			continue
		}
		from := n + len(extra)
		extra = append(extra, raw...)
		b.cells[i] = textCell(c.kind(), from, n+len(extra))
	}
	if len(extra) > 0 {
		b.text += string(extra)
	}
}

func validText(raw []byte, c cell, plain func([]byte) []byte) []byte {
	if c.dirty() {
		raw = plain(raw)
	}
	if !utf8.Valid(raw) {
		raw = appendValid(nil, raw)
	}
	return raw
}
