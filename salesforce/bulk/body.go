package bulk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"
)

// ErrEncoding: a result or a row holds bytes that are no UTF-8, so that its
// text cannot be trusted.
var ErrEncoding = errors.New("not UTF-8")

// errSilent is the cause of a context that ended because an answer stood
// still.
var errSilent = fmt.Errorf("no byte for too long: %w", ErrStalled)

// watch bounds how long an answer may stand still. Its time runs only while
// someone waits for the answer, not while its rows are being used.
type watch struct {
	timer *time.Timer
	limit time.Duration
}

// newWatch starts a watch; the returned context ends with errSilent as its
// cause. cancel must be called.
func newWatch(ctx context.Context, limit time.Duration) (context.Context, *watch, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watch{limit: limit}
	w.timer = time.AfterFunc(limit, func() { cancel(errSilent) })
	return ctx, w, func(cause error) {
		w.timer.Stop()
		cancel(cause)
	}
}

func (w *watch) begin() { w.timer.Reset(w.limit) }
func (w *watch) end()   { w.timer.Stop() }

// body is the text of an answer on its way to a decoder: watched, counted, and
// checked to be UTF-8.
type body struct {
	src   io.Reader
	watch *watch
	lax   bool // lets invalid bytes pass
	bytes int64
	nuls  int64
	tail  []byte // the beginning of a character that the last read cut
}

func (b *body) Read(p []byte) (int, error) {
	b.watch.begin()
	n, err := b.src.Read(p)
	b.watch.end()
	b.nuls += int64(bytes.Count(p[:n], []byte{0}))
	if bad := b.check(p[:n], err == io.EOF); bad != nil {
		b.bytes += int64(n)
		return 0, bad
	}
	b.bytes += int64(n)
	return n, err
}

// check looks at the next bytes of the stream. A character may be cut by the
// edge of a read.
func (b *body) check(p []byte, last bool) error {
	if b.lax {
		return nil
	}
	at := b.bytes - int64(len(b.tail))
	for len(b.tail) > 0 && len(p) > 0 && !utf8.FullRune(b.tail) {
		b.tail, p = append(b.tail, p[0]), p[1:]
	}
	if len(b.tail) > 0 && utf8.FullRune(b.tail) {
		if !utf8.Valid(b.tail) {
			return invalidAt(at)
		}
		at += int64(len(b.tail))
		b.tail = b.tail[:0]
	}
	if len(b.tail) == 0 {
		rest := p[:len(p)-len(cutRune(p))]
		b.tail = append(b.tail, p[len(rest):]...)
		if !utf8.Valid(rest) {
			for len(rest) > 0 {
				r, size := utf8.DecodeRune(rest)
				if r == utf8.RuneError && size == 1 {
					return invalidAt(at)
				}
				at, rest = at+int64(size), rest[size:]
			}
		}
	}
	if last && len(b.tail) > 0 {
		return invalidAt(at)
	}
	return nil
}

// cutRune returns the beginning of a character at the end of p, if p ends in
// the middle of one.
func cutRune(p []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(p); i++ {
		if tail := p[len(p)-i:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return nil
			}
			return tail
		}
	}
	return nil
}

func invalidAt(offset int64) error {
	return fmt.Errorf("byte %d: %w; QueryConfig.AllowInvalid reads on with U+FFFD in its place", offset, ErrEncoding)
}
