package salesforce

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"unicode/utf8"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// fetcher opens the pages of one query.
type fetcher struct {
	client *Client
	opts   QueryOptions
	batch  sobject.Batch // of a page that is not read ahead
	spare  spareBatches
	ahead  *aheadPage          // the page after the one being consumed
	last   *sobject.PageReader // of a page that was read to its end
}

// maxQueryURL is the longest address that a query is sent in. Salesforce takes
// 16,384 bytes of address and headers together.
const maxQueryURL = 12_000

// maxQuery is how many characters a query may have.
const maxQuery = soql.MaxLength

func (f *fetcher) firstPage(ctx context.Context, soql string) (page, error) {
	opts := f.opts
	if opts.BatchSize != 0 && (opts.BatchSize < 200 || opts.BatchSize > 2000) {
		return page{}, fmt.Errorf("salesforce: query: BatchSize %d is not between 200 and 2000", opts.BatchSize)
	}
	resource, operation := "query", "query"
	if opts.All {
		resource, operation = "queryAll", "queryAll"
	}
	path := resource + "?q=" + url.QueryEscape(soql)
	if len(path) > maxQueryURL {
		if n := utf8.RuneCountInString(soql); n > maxQuery {
			return page{}, fmt.Errorf("salesforce: %s: %d characters, and an org takes %d; ask in parts: %w", operation, n, maxQuery, ErrTooLarge)
		}
		return f.longQuery(ctx, f.client.base+"/"+path, operation)
	}
	return f.open(ctx, Request{Path: path, Operation: operation, Header: opts.header()}, plainPage)
}

// nextPage follows a nextRecordsUrl as it came.
func (f *fetcher) nextPage(ctx context.Context, next string) (page, error) {
	if !f.opts.ReadAhead {
		return f.openNext(ctx, next)
	}
	f.expect(ctx, next)
	p := page{ahead: f.ahead, body: f.ahead, again: func() (page, error) { return f.openNext(ctx, next) }}
	f.ahead = nil
	return p, nil
}

type closeBoth struct {
	io.Closer
	also func()
}

func (c closeBoth) Close() error {
	defer c.also()
	return c.Closer.Close()
}

func (f *fetcher) openNext(ctx context.Context, next string) (page, error) {
	p, err := f.open(ctx, Request{Path: next, Operation: "query.more", Header: f.opts.header()}, plainPage)
	p.again = func() (page, error) { return f.openNext(ctx, next) }
	return p, err
}

func (o QueryOptions) header() http.Header {
	if o.BatchSize == 0 {
		return nil
	}
	return http.Header{"Sforce-Query-Options": {"batchSize=" + strconv.Itoa(o.BatchSize)}}
}

func plainPage(body io.Reader) (*sobject.PageReader, error) { return sobject.NewPageReader(body), nil }

// open sends a request and makes a page of its answer.
func (f *fetcher) open(ctx context.Context, req Request, read func(io.Reader) (*sobject.PageReader, error)) (page, error) {
	ctx, cancel := context.WithCancel(ctx)
	resp, err := f.client.Do(ctx, req)
	if err != nil {
		cancel()
		return page{}, err
	}
	var reader *sobject.PageReader
	if err = resp.page(&req); err == nil {
		reader, err = read(resp.Body)
	}
	if err != nil {
		resp.Body.Close()
		cancel()
		return page{}, err
	}
	if f.opts.ReuseRecords {
		reader.Reuse()
	}
	return page{reader: reader, body: closeBoth{resp.Body, cancel}}, nil
}
