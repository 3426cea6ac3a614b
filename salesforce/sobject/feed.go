package sobject

import (
	"errors"
	"fmt"
	"io"
)

// Sizes of a buffer: the first, and the largest for records of usual size.
// One huge record may make it grow to maxRecord.
const (
	firstBuffer  = 16 << 10
	steadyBuffer = 128 << 10
)

// feed fills a scanner's buffer from a stream.
type feed struct {
	scanner
	src    io.Reader
	srcErr error // why src has no more; io.EOF at its end
	pos    int   // where reading goes on
	reuse  bool  // records end when the next one is asked for
}

// readOn moves what is unread to the front of the buffer and fills the rest.
// It fails only where an earlier call met the stream's end already, because
// the end may be what was missing.
func (f *feed) readOn() error {
	if f.srcErr != nil {
		return f.cutOff()
	}
	rest := f.buf[min(f.pos, f.end):f.end]
	if len(rest) >= maxRecord {
		return fmt.Errorf("a record has more than %d bytes", maxRecord)
	}
	size := firstBuffer
	if had := len(f.buf) - padding; had > 0 {
		if size = had; had < steadyBuffer || len(rest) > had/2 {
			size = 2 * had
		}
	}
	to := f.buf
	if size+padding > len(f.buf) {
		to = make([]byte, size+padding)
	}
	n := copy(to, rest)
	f.buf, f.pos = to, 0
	more, err := readFull(f.src, to[n:size])
	f.end, f.srcErr = n+more, err
	clear(f.buf[f.end : f.end+padding])
	return nil
}

// readFull reads until the buffer is full or the stream ends. Unlike
// io.ReadFull it keeps apart a stream that ended and one that broke off.
func readFull(src io.Reader, buf []byte) (n int, err error) {
	for empty := 0; n < len(buf); {
		more, err := src.Read(buf[n:])
		n += more
		if err != nil {
			return n, err
		}
		if more > 0 {
			empty = 0
		} else if empty++; empty >= 100 {
			return n, io.ErrNoProgress
		}
	}
	return n, nil
}

// ended reports whether the buffer holds all that is left of the stream.
func (f *feed) ended() bool { return errors.Is(f.srcErr, io.EOF) }

func (f *feed) cutOff() error {
	if f.ended() {
		return io.ErrUnexpectedEOF
	}
	return f.srcErr
}

// each walks records until io.EOF.
func each(read func() (Record, error), yield func(Record, error) bool) {
	for {
		rec, err := read()
		if errors.Is(err, io.EOF) {
			return
		}
		if !yield(rec, err) || err != nil {
			return
		}
	}
}
