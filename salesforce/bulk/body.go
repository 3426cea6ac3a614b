package bulk

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// ErrEncoding: a result or a row holds bytes that are no UTF-8, so that its
// text cannot be trusted.
var ErrEncoding = sobject.ErrEncoding

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

// body is the text of an answer on its way to a decoder: watched and counted.
type body struct {
	src   io.Reader
	watch *watch
	bytes int64
}

func (b *body) Read(p []byte) (int, error) {
	b.watch.begin()
	n, err := b.src.Read(p)
	b.watch.end()
	b.bytes += int64(n)
	return n, err
}
