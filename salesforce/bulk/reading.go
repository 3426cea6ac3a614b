package bulk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/internal/readahead"
	"github.com/orglink/orglink/salesforce/sobject"
)

// rereads is how often an answer that breaks off or stands still is asked for
// again.
const rereads = 2

// table is a CSV answer of a finished job. The same request always gets the
// same rows, so that an answer that breaks off is asked for again and read on
// from where it broke.
type table struct {
	job   *job
	parts string // of the path, below the job
	what  string // for errors
	op    string
	query url.Values
	limits
	again func(error) // called before the answer is asked for again; may be nil

	header http.Header // of the last answer
	bytes  int64       // of it
	nuls   int64       // dropped from it
	done   int         // rows passed on
	fits   int         // how many rows the next page should have
	whole  int         // rows of the page whose size the org chose, once it is read in parts; else 0
}

// limits are the bounds of reading an answer.
type limits struct {
	pageStall    time.Duration
	lax          bool
	reuse, ahead bool // as QueryConfig has them
	spare        *readahead.Spare
}

// broken is why reading an answer ended before its end, where asking again may
// help.
type broken struct{ error }

func (b broken) Unwrap() error { return b.error }

// each passes on the rows of the answer, as they are decoded, until yield says
// no, which makes more false. rows is how many the last answer had.
func (t *table) each(ctx context.Context, yield func(sobject.Rows) bool) (rows int, more bool, err error) {
	for tries := 0; ; tries++ {
		rows, more, err = t.once(ctx, yield)
		var broke broken
		if !errors.As(err, &broke) || tries == rereads || ctx.Err() != nil {
			return rows, more, err
		}
		if t.again != nil {
			t.again(err)
		}
	}
}

func (t *table) once(outer context.Context, yield func(sobject.Rows) bool) (rows int, more bool, err error) {
	ctx, watch, cancel := newWatch(outer, t.pageStall)
	defer cancel(nil)
	resp, err := t.job.fetch(ctx, t.parts, t.op, t.query, "text/csv")
	if err != nil {
		return 0, false, t.fail(ctx, outer, 0, err)
	}
	watch.end()
	if t.ahead {
		resp.Body = readahead.New(resp.Body, func() { cancel(nil) }, t.spare)
	}
	defer resp.Body.Close()
	text := &body{src: resp.Body, watch: watch}
	reader := sobject.NewCSVReader(text, t.job.object)
	if t.reuse {
		reader.Reuse()
	}
	if !t.lax {
		reader.Strict()
	}
	for {
		some, err := reader.ReadRows()
		t.header, t.bytes, t.nuls = resp.Header, text.bytes, reader.NULs()
		if errors.Is(err, io.EOF) {
			return rows, true, nil
		}
		if err != nil {
			return rows, false, t.fail(ctx, outer, rows, err)
		}
		fresh := some.Skip(t.done - rows) // passed on already, before the answer broke off
		rows += some.Len()
		if fresh.Len() == 0 {
			continue
		}
		if !yield(fresh) {
			return rows, false, nil
		}
		t.done = rows
	}
}

// fail words a failure and tells whether asking again may help. inner is the
// context of the one answer.
func (t *table) fail(inner, outer context.Context, rows int, err error) error {
	var refused *salesforce.Error
	switch {
	case outer.Err() != nil:
		err = outer.Err()
	case errors.Is(context.Cause(inner), errSilent):
		return broken{fmt.Errorf("bulk: job %s: %s: after %d rows: %w", t.job.id, t.what, rows, errSilent)}
	case errors.As(err, &refused):
		return err // the client tried again already
	case errors.Is(err, ErrEncoding):
		err = fmt.Errorf("%w; QueryConfig.AllowInvalid reads on with U+FFFD in its place", err)
	}
	err = fmt.Errorf("bulk: job %s: %s: after %d rows: %w", t.job.id, t.what, rows, err)
	if salesforce.IsRetryable(err) {
		return broken{err}
	}
	return err
}
