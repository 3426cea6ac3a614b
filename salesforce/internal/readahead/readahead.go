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
	quit chan struct{} // closed by Close
	err  error         // why there is no more; written before full is closed

	block []byte // being consumed
	at    int
	close sync.Once
}

// New begins to read body. cancel must make a Read of body that waits return;
// it is called by Close.
func New(body io.ReadCloser, cancel func(), spare *Spare) *Reader {
	r := &Reader{body: body, cancel: cancel, spare: spare, full: make(chan []byte, blocks-2), quit: make(chan struct{})}
	go r.run()
	return r
}

func (r *Reader) run() {
	defer close(r.full)
	for r.err == nil {
		b := r.spare.get()
		n, err := fill(r.body, b)
		r.err = err
		select {
		case r.full <- b[:n]:
		case <-r.quit:
			r.spare.put(b)
			return
		}
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
		r.spare.put(r.block)
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
