package readahead

import (
	"io"
	"sync"
)

// A stream is read at most blocks blocks of blockSize bytes ahead: about one
// page of a query.
const (
	blockSize = 128 << 10
	blocks    = 16
	burst     = 8 // blocks that are received at a stretch
)

// Spare keeps blocks for the next stream. The zero Spare is ready to use, also
// by several streams at once.
type Spare struct {
	mu   sync.Mutex
	free [][]byte
}

func (s *Spare) get() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.free)
	if n == 0 {
		return make([]byte, blockSize)
	}
	b := s.free[n-1]
	s.free = s.free[:n-1]
	return b[:blockSize]
}

func (s *Spare) put(b []byte) {
	if b == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.free) < 2*blocks {
		s.free = append(s.free, b)
	}
}

// Reader is a stream that is read ahead. It must be closed. Its methods are for
// one goroutine.
type Reader struct {
	body   io.ReadCloser
	cancel func()
	spare  *Spare

	full chan []byte   // in order; closed after the last
	back chan int      // how many blocks may be read on
	quit chan struct{} // closed by Close
	err  error         // why there is no more; written before full is closed

	block []byte // being consumed
	at    int
	used  int // blocks consumed that the goroutine was not told of
	close sync.Once
}

// New begins to read body. cancel must make a Read of body that waits return;
// it is called by Close.
func New(body io.ReadCloser, cancel func(), spare *Spare) *Reader {
	r := &Reader{body: body, cancel: cancel, spare: spare, full: make(chan []byte, blocks), back: make(chan int, blocks/burst), quit: make(chan struct{})}
	go r.run()
	return r
}

func (r *Reader) run() {
	defer close(r.full)
	for room := blocks; r.err == nil; room-- {
		select {
		case <-r.quit:
			return
		default:
		}
		if room == 0 {
			select {
			case room = <-r.back:
			case <-r.quit:
				return
			}
		}
		b := r.spare.get()
		n, err := fill(r.body, b)
		r.err = err
		r.full <- b[:n] // there is room
	}
}

// fill reads until b is full. Unlike io.ReadFull it returns the stream's own
// error, so that an end and a break stay two things.
func fill(src io.Reader, b []byte) (n int, err error) {
	for empty := 0; n < len(b) && err == nil; {
		var more int
		more, err = src.Read(b[n:])
		n += more
		if more > 0 {
			empty = 0
		} else if empty++; empty >= 100 && err == nil {
			err = io.ErrNoProgress
		}
	}
	return n, err
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	for r.at == len(r.block) {
		r.done()
		next, ok := <-r.full
		r.block, r.at = next, 0
		if !ok {
			return 0, r.err
		}
	}
	n := copy(p, r.block[r.at:])
	r.at += n
	return n, nil
}

// done gives the block back. The goroutine is not told of each, but of many at
// once: to wake it costs more than to receive a block.
func (r *Reader) done() {
	if r.block == nil {
		return
	}
	r.spare.put(r.block)
	r.block, r.at = nil, 0
	if r.used++; r.used == burst {
		r.back <- burst // there is room
		r.used = 0
	}
}

// Close stops reading, waits until the goroutine is gone and closes the body.
func (r *Reader) Close() error {
	var err error
	r.close.Do(func() {
		close(r.quit)
		r.cancel()
		err = r.body.Close()
		for b := range r.full { // until the goroutine has closed it
			r.spare.put(b)
		}
		r.spare.put(r.block)
		r.block, r.at = nil, 0
	})
	return err
}
