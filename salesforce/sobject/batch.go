package sobject

// Batch is records that were decoded together, with the memory that they stand
// in. The zero Batch is ready to use.
type Batch struct {
	Records []Record

	// With Reuse: what is filled again.
	block *block
	buf   []byte
}

// ReadBatch fills b with the next records, at least one, or returns what Read
// would. With Reuse the records of b, and every text and child taken from them,
// are good until b is filled again, so that batches which take turns let one
// goroutine decode while another uses what was decoded before. It must not be
// mixed with Read.
func (p *PageReader) ReadBatch(b *Batch) error {
	b.Records = b.Records[:0]
	p.into = b
	if !p.reuse {
		p.fill()
	} else {
		p.enter(b)
		p.fill()
		p.leave(b)
	}
	if len(b.Records) == 0 {
		return p.err
	}
	return nil
}

// enter goes on in the buffer of a batch, behind what is unread.
func (p *PageReader) enter(b *Batch) {
	if size := max(p.size, len(p.rest)+padding); len(b.buf) < size && size > padding {
		b.buf = make([]byte, size)
	}
	p.buf, p.pos, p.end = b.buf, 0, copy(b.buf, p.rest)
	if p.buf != nil {
		clear(p.buf[p.end : p.end+padding])
	}
}

// leave takes what is unread out of the buffer, which is the batch's from now
// on, to be filled by whoever has the batch.
func (p *PageReader) leave(b *Batch) {
	p.rest = append(p.rest[:0], p.buf[min(p.pos, p.end):p.end]...)
	b.buf, p.size = p.buf, len(p.buf)
	p.buf, p.pos, p.end = nil, 0, 0
}
