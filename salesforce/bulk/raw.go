package bulk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc64"
	"io"
	"net/url"
	"strconv"

	"github.com/orglink/orglink/salesforce"
)

// rowCounter counts the rows of CSV as it passes, by the line ends that stand
// outside quotes.
type rowCounter struct {
	quoted bool
	inLine bool // something stands in the line that is not ended yet
	lines  int
}

func (c *rowCounter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		if c.quoted {
			i := bytes.IndexByte(rest, '"')
			if i < 0 {
				break
			}
			c.quoted, rest = false, rest[i+1:]
			continue
		}
		switch rest[0] {
		case '"':
			c.quoted, c.inLine = true, true
		case '\n':
			if c.inLine {
				c.lines++
			}
			c.inLine = false
		case '\r', 0:
		default:
			c.inLine = true
		}
		rest = rest[1:]
	}
	return len(p), nil
}

// rows returns the rows after the header.
func (c *rowCounter) rows() int {
	n := c.lines
	if c.inLine {
		n++
	}
	return max(n-1, 0)
}

// RawPage is one page of a result as it came.
type RawPage struct {
	// Body streams the CSV, header first, byte for byte as the org sent it. It
	// ends with an error instead of io.EOF where its rows are not as many as
	// the org said. It must be closed.
	Body io.ReadCloser
	// Count is how many rows the org says the page has; Next is the locator
	// of the next page, or "" after the last.
	Count int
	Next  string
}

// RawPage opens one page of a complete job without decoding it: the first for
// an empty locator, at most maxRecords rows (0: the job's own bound). Reading
// ends with ctx.
func (q *QueryJob) RawPage(ctx context.Context, locator string, maxRecords int) (*RawPage, error) {
	if maxRecords <= 0 {
		maxRecords = q.cfg.MaxRecords
	}
	query := url.Values{"maxRecords": {strconv.Itoa(maxRecords)}}
	if locator != "" {
		query.Set("locator", locator)
	}
	ctx, watch, cancel := newWatch(ctx, q.cfg.PageStall)
	resp, err := q.fetch(ctx, "/results", "results", query, "text/csv")
	if err != nil {
		err = silent(ctx, err)
		cancel(nil)
		return nil, err
	}
	watch.end()
	out := &RawPage{Next: resp.Header.Get("Sforce-Locator")}
	if out.Next == "null" {
		out.Next = ""
	}
	out.Count, err = strconv.Atoi(resp.Header.Get("Sforce-NumberOfRecords"))
	if err != nil {
		resp.Body.Close()
		cancel(nil)
		return nil, q.checkCount(resp.Header, locator, 0)
	}
	out.Body = &rawBody{ctx: ctx, body: body{src: resp.Body, watch: watch}, close: resp.Body.Close, cancel: cancel, check: func(rows int) error {
		return q.checkCount(resp.Header, locator, rows)
	}}
	return out, nil
}

// silent tells an answer that stood still from one that was cancelled.
func silent(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errSilent) {
		return errSilent
	}
	return err
}

type rawBody struct {
	ctx    context.Context
	body   body
	count  rowCounter
	check  func(rows int) error
	close  func() error
	cancel context.CancelCauseFunc
}

func (r *rawBody) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	_, _ = r.count.Write(p[:n]) // counts, never fails
	if errors.Is(err, io.EOF) {
		if r.count.quoted {
			return n, io.ErrUnexpectedEOF
		}
		if bad := r.check(r.count.rows()); bad != nil {
			return n, bad
		}
		return n, err
	}
	if err != nil {
		err = silent(r.ctx, err)
	}
	return n, err
}

func (r *rawBody) Close() error {
	err := r.close()
	r.cancel(nil)
	return err
}

// WriteCSV writes the whole result of a complete job to w as one CSV file: the
// bytes of the pages as they came, with the header once. A page that breaks
// off is asked for again and goes on where it broke. It returns how many rows
// w got; they are all of them only if the error is nil.
func (q *QueryJob) WriteCSV(ctx context.Context, w io.Writer) (rows int64, err error) {
	seen := map[string]bool{"": true}
	var last byte
	size := q.cfg.MaxRecords
	for locator := ""; ; {
		p := &rawCopy{q: q, w: w, last: &last, locator: locator, headless: locator != "", size: size, fits: size}
		next, n, err := p.run(ctx)
		if err != nil {
			return rows, err
		}
		rows += int64(n)
		switch {
		case next == "":
			return rows, q.checkTotal(int(rows))
		case seen[next]:
			return rows, fmt.Errorf("bulk: job %s: the locator %q comes again: %w", q.id, next, salesforce.ErrIncomplete)
		}
		seen[next] = true
		locator, size = next, min(size, p.fits)
	}
}

// rawCopy copies one page, in several attempts if need be.
type rawCopy struct {
	q        *QueryJob
	w        io.Writer
	locator  string
	headless bool // the header is left out
	header   rowCounter
	last     *byte // that w got
	begun    bool  // w got something of this page

	written int64  // bytes of the page that were dealt with
	sum     uint64 // of them
	count   rowCounter

	size, fits int // rows to ask for; rows that the next page should have
}

var crcTable = crc64.MakeTable(crc64.ECMA)

func (c *rawCopy) run(ctx context.Context) (next string, rows int, err error) {
	for tries := 0; ; tries++ {
		next, rows, err = c.once(ctx)
		if err == nil || tries == rereads || ctx.Err() != nil || !salesforce.IsRetryable(err) && !errors.Is(err, errSilent) {
			return next, rows, err
		}
		if errors.Is(err, errSilent) {
			c.size, c.fits = smaller(c.size, c.count.rows(), c.fits)
		}
	}
}

func (c *rawCopy) once(ctx context.Context) (next string, rows int, err error) {
	page, err := c.q.RawPage(ctx, c.locator, c.size)
	if err != nil {
		return "", 0, err
	}
	defer page.Body.Close()
	if c.written > 0 {
		again := crc64.New(crcTable)
		if _, err := io.CopyN(again, page.Body, c.written); err != nil {
			return "", 0, c.fail(err)
		}
		if again.Sum64() != c.sum {
			return "", 0, c.fail(fmt.Errorf("read again, the page has other bytes: %w", salesforce.ErrIncomplete))
		}
	}
	buf := make([]byte, 64<<10)
	for {
		n, err := page.Body.Read(buf)
		if writeErr := c.write(buf[:n]); writeErr != nil {
			return "", 0, fmt.Errorf("bulk: job %s: write CSV: %w", c.q.id, writeErr)
		}
		if errors.Is(err, io.EOF) {
			return page.Next, page.Count, nil
		}
		if err != nil {
			return "", 0, c.fail(err)
		}
	}
}

// write passes on what does not belong to a header that w has already.
func (c *rawCopy) write(part []byte) error {
	if c.headless && c.header.lines == 0 {
		cut := 0
		for cut < len(part) && c.header.lines == 0 {
			_, _ = c.header.Write(part[cut : cut+1])
			cut++
		}
		c.note(part[:cut])
		part = part[cut:]
	}
	if len(part) == 0 {
		return nil
	}
	if !c.begun && *c.last != '\n' && *c.last != 0 {
		if _, err := c.w.Write([]byte{'\n'}); err != nil { // the page before ended without
			return err
		}
	}
	c.begun = true
	if _, err := c.w.Write(part); err != nil {
		return err
	}
	c.note(part)
	*c.last = part[len(part)-1]
	return nil
}

func (c *rawCopy) note(p []byte) {
	c.written += int64(len(p))
	_, _ = c.count.Write(p)
	c.sum = crc64.Update(c.sum, crcTable, p)
}

func (c *rawCopy) fail(err error) error {
	return fmt.Errorf("bulk: job %s: page %q: after %d bytes: %w", c.q.id, c.locator, c.written, err)
}
