package salesforce

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/orglink/orglink/salesforce/sobject"
)

// QueryOptions are the choices of a query.
type QueryOptions struct {
	// All includes deleted and archived records.
	All bool
	// BatchSize is how many rows a page should have, 200 to 2000; Salesforce
	// takes it as advice. Defaults to 0, its own choice of up to 2000.
	BatchSize int
	// ReuseRecords makes reading faster by putting all records in the same
	// memory: a record, and every text and child taken from it, is then good
	// only until the next one is asked for. Clone keeps one. By default records
	// may be kept.
	ReuseRecords bool
	// ReadAhead receives, decompresses and decodes pages in the background: one
	// while the page before is consumed, at most about 2 MB of either. The order
	// stays. Whoever leaves early may have paid for one page that he does not
	// read; nothing goes on in the background after the loop. By default a page
	// is asked for when it is needed.
	ReadAhead bool
}

// Query runs a SOQL query and returns its records, page after page. Child
// records of sub-queries are fetched to their end, so that each record is
// whole. No request is made before the first pull; ranging again runs the
// query again; leaving early frees the connection. An error comes once and
// last: without one, every row that the org counted has been returned, but for
// rows that were deleted while they were read. Records may be kept.
//
// A query that selects Id and has ORDER BY Id goes on behind the last row when
// its cursor died (ErrCursorGone) or its pages ended too early. Any other is
// an error then, because its rows come in an order that cannot be entered in
// the middle.
func (c *Client) Query(ctx context.Context, soql string) iter.Seq2[sobject.Record, error] {
	return c.QueryWith(ctx, soql, QueryOptions{})
}

// QueryAll is Query with deleted and archived records.
func (c *Client) QueryAll(ctx context.Context, soql string) iter.Seq2[sobject.Record, error] {
	return c.QueryWith(ctx, soql, QueryOptions{All: true})
}

// QueryWith is Query with options.
func (c *Client) QueryWith(ctx context.Context, soql string, opts QueryOptions) iter.Seq2[sobject.Record, error] {
	return func(yield func(sobject.Record, error) bool) {
		if err := c.query(ctx, soql, opts, func(r sobject.Record) bool { return yield(r, nil) }); err != nil {
			yield(sobject.Record{}, err)
		}
	}
}

// query passes on all records until yield says no.
func (c *Client) query(ctx context.Context, soql string, opts QueryOptions, yield func(sobject.Record) bool) error {
	f := &fetcher{client: c, opts: opts}
	defer f.stop()
	return newReading(f, soql, yield).run(ctx)
}

// pages passes on the records of all pages of a query that is asked now. more
// is false when yield said no.
func (r *reading) pages(ctx context.Context, soql string) (more bool, err error) {
	page, err := r.start(ctx, soql)
	if err != nil {
		return false, err
	}
	total, before := -1, r.rows
	for {
		more, err := r.eachRecord(ctx, &page, &r.rows, r.pass)
		if err != nil || !more {
			return false, err
		}
		if n, ok := page.reader.TotalSize(); ok && total < 0 {
			total = n
			if r.total < 0 {
				r.total = n
			}
		}
		next := page.reader.NextURL()
		if page.reader.Done() {
			break
		}
		if next == "" {
			return false, fmt.Errorf("salesforce: query: page without done and without nextRecordsUrl after %d rows: %w", r.rows, ErrIncomplete)
		}
		if total >= 0 && r.rows-before >= total {
			return false, &miscount{r.rows - before, total, "; it promises further pages"}
		}
		if page, err = r.nextPage(ctx, next); err != nil {
			return false, err
		}
	}
	if rows := r.rows - before; total >= 0 && rows != total {
		return false, &miscount{rows, total, ""}
	}
	return true, nil
}

// start opens the first page, or has it read ahead.
func (r *reading) start(ctx context.Context, soql string) (page, error) {
	if !r.opts.ReadAhead {
		return r.firstPage(ctx, soql)
	}
	a := r.begin(ctx, "", func(ctx context.Context) (page, error) { return r.firstPage(ctx, soql) })
	return page{ahead: a, body: a}, nil
}

// page is an open page of a query.
type page struct {
	reader *sobject.PageReader // of a page read ahead: after its end
	ahead  *aheadPage          // decodes the page; nil when nothing is read ahead
	body   io.Closer
	// again opens the same page once more; nil for a first page, because the
	// same query may then have another result.
	again func() (page, error)
}

// next returns the next records of the page, good until it is called again.
func (f *fetcher) next(ctx context.Context, p *page) ([]sobject.Record, error) {
	if p.ahead == nil {
		err := p.reader.ReadBatch(&f.batch)
		return f.batch.Records, err
	}
	records, following, err := p.ahead.next()
	if err != nil {
		p.reader = p.ahead.reader
		return nil, err
	}
	f.expect(ctx, following)
	return records, nil
}

// rereads is how often a page that breaks off is opened again.
const rereads = 2

// eachRecord passes on the records of one page and closes it. more is false
// when yield said no. A further page that breaks off is read again from where
// it broke, since the pages behind a cursor stay what they are.
func (f *fetcher) eachRecord(ctx context.Context, p *page, rows *int, yield func(sobject.Record) bool) (more bool, err error) {
	for skip, tries := 0, 0; ; tries++ {
		before := *rows
		more, err = f.readPage(ctx, p, skip, rows, yield)
		if err == nil || p.again == nil || p.reader == nil || tries == rereads || !IsRetryable(err) || ctx.Err() != nil {
			return more, err
		}
		skip += *rows - before
		fresh, openErr := p.again()
		if openErr != nil {
			return false, openErr
		}
		*p = fresh
	}
}

func (f *fetcher) readPage(ctx context.Context, p *page, skip int, rows *int, yield func(sobject.Record) bool) (more bool, err error) {
	defer p.body.Close()
	if f.last != nil && p.ahead == nil {
		p.reader.Continue(f.last)
		f.last = nil
	}
	for {
		records, err := f.next(ctx, p)
		if errors.Is(err, io.EOF) {
			f.last = p.reader
			return true, nil
		}
		if err != nil {
			if p.reader == nil {
				return false, err // it could not be opened
			}
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return false, fmt.Errorf("salesforce: query: after %d rows: %w", *rows, err)
		}
		n := min(skip, len(records))
		skip -= n
		for _, rec := range records[n:] {
			if rec.Partial() {
				if rec, err = f.client.complete(ctx, rec); err != nil {
					return false, err
				}
			}
			*rows++
			if !yield(rec) {
				return false, nil
			}
		}
	}
}

// Count runs a query of the form SELECT COUNT() FROM ... and returns its
// number. An answer with rows is an error.
func (c *Client) Count(ctx context.Context, soql string) (int64, error) {
	return (&fetcher{client: c}).count(ctx, soql)
}

func (f *fetcher) count(ctx context.Context, soql string) (int64, error) {
	p, err := f.firstPage(ctx, soql)
	if err != nil {
		return 0, err
	}
	defer p.body.Close()
	if _, err := p.reader.Read(); !errors.Is(err, io.EOF) {
		if err == nil {
			err = errors.New("the query returns rows; use SELECT COUNT() without a field")
		}
		return 0, fmt.Errorf("salesforce: count: %w", err)
	}
	n, ok := p.reader.TotalSize()
	if !ok || n < 0 {
		return 0, fmt.Errorf("salesforce: count: the answer has no totalSize: %w", ErrIncomplete)
	}
	return int64(n), nil
}
