package salesforce

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"github.com/orglink/orglink/salesforce/sobject"
)

// QueryOptions are the choices of a query.
type QueryOptions struct {
	// All includes deleted and archived records.
	All bool
	// BatchSize is how many rows a page should have, 200 to 2000; Salesforce
	// takes it as advice. Defaults to 0, its own choice of up to 2000.
	BatchSize int
}

// Query runs a SOQL query and returns its records, page after page. Child
// records of sub-queries are fetched to their end, so that each record is
// whole. No request is made before the first pull; ranging again runs the
// query again; leaving early frees the connection. An error comes once and
// last: without one, every row that the org counted has been returned. Records
// may be kept.
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
	page, err := c.firstPage(ctx, soql, opts)
	if err != nil {
		return err
	}
	total, rows := -1, 0
	for {
		more, err := c.eachRecord(ctx, &page, &rows, yield)
		if err != nil || !more {
			return err
		}
		if n, ok := page.reader.TotalSize(); ok && total < 0 {
			total = n
		}
		next := page.reader.NextURL()
		if page.reader.Done() {
			break
		}
		if next == "" {
			return fmt.Errorf("salesforce: query: page without done and without nextRecordsUrl after %d rows: %w", rows, ErrIncomplete)
		}
		if total >= 0 && rows >= total {
			return fmt.Errorf("salesforce: query: further pages after all %d rows: %w", total, ErrIncomplete)
		}
		if page, err = c.nextPage(ctx, next, opts); err != nil {
			return err
		}
	}
	if total >= 0 && rows != total {
		return fmt.Errorf("salesforce: query: %d rows, but the org counted %d: %w", rows, total, ErrIncomplete)
	}
	return nil
}

// page is an open page of a query.
type page struct {
	reader *sobject.PageReader
	body   io.Closer
	// again opens the same page once more; nil for a first page, because the
	// same query may then have another result.
	again func() (page, error)
}

// rereads is how often a page that breaks off is opened again.
const rereads = 2

// eachRecord passes on the records of one page and closes it. more is false
// when yield said no. A further page that breaks off is read again from where
// it broke, since the pages behind a cursor stay what they are.
func (c *Client) eachRecord(ctx context.Context, p *page, rows *int, yield func(sobject.Record) bool) (more bool, err error) {
	for skip, tries := 0, 0; ; tries++ {
		before := *rows
		more, err = c.readPage(ctx, *p, skip, rows, yield)
		if err == nil || p.again == nil || tries == rereads || !IsRetryable(err) || ctx.Err() != nil {
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

func (c *Client) readPage(ctx context.Context, p page, skip int, rows *int, yield func(sobject.Record) bool) (more bool, err error) {
	defer p.body.Close()
	for {
		rec, err := p.reader.Read()
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return false, fmt.Errorf("salesforce: query: after %d rows: %w", *rows, err)
		}
		if skip > 0 {
			skip--
			continue
		}
		if rec.Partial() {
			if rec, err = c.complete(ctx, rec); err != nil {
				return false, err
			}
		}
		*rows++
		if !yield(rec) {
			return false, nil
		}
	}
}

// maxQueryURL is the longest address that a query is sent in. Salesforce takes
// 16,384 bytes of address and headers together.
const maxQueryURL = 12_000

func (c *Client) firstPage(ctx context.Context, soql string, opts QueryOptions) (page, error) {
	if opts.BatchSize != 0 && (opts.BatchSize < 200 || opts.BatchSize > 2000) {
		return page{}, fmt.Errorf("salesforce: query: BatchSize %d is not between 200 and 2000", opts.BatchSize)
	}
	resource, operation := "query", "query"
	if opts.All {
		resource, operation = "queryAll", "queryAll"
	}
	path := resource + "?q=" + url.QueryEscape(soql)
	if len(path) > maxQueryURL {
		return c.longQuery(ctx, c.base+"/"+path, operation, opts)
	}
	return c.openPage(ctx, Request{Path: path, Operation: operation, Header: opts.header()})
}

// nextPage follows a nextRecordsUrl as it came.
func (c *Client) nextPage(ctx context.Context, next string, opts QueryOptions) (page, error) {
	p, err := c.openPage(ctx, Request{Path: next, Operation: "query.more", Header: opts.header()})
	p.again = func() (page, error) { return c.nextPage(ctx, next, opts) }
	return p, err
}

func (o QueryOptions) header() http.Header {
	if o.BatchSize == 0 {
		return nil
	}
	return http.Header{"Sforce-Query-Options": {"batchSize=" + strconv.Itoa(o.BatchSize)}}
}

func (c *Client) openPage(ctx context.Context, req Request) (page, error) {
	resp, err := c.Do(ctx, req)
	if err != nil {
		return page{}, err
	}
	if err := resp.page(&req); err != nil {
		return page{}, err
	}
	return page{reader: sobject.NewPageReader(resp.Body), body: resp.Body}, nil
}

// Count runs a query of the form SELECT COUNT() FROM ... and returns its
// number.
func (c *Client) Count(ctx context.Context, soql string) (int64, error) {
	p, err := c.firstPage(ctx, soql, QueryOptions{})
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
