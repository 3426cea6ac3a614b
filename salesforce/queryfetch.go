package salesforce

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"unicode/utf8"

	"github.com/orglink/orglink/salesforce/internal/readahead"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// fetcher opens the pages of one query, ahead of their reader where the options
// say so.
type fetcher struct {
	client *Client
	opts   QueryOptions
	spare  readahead.Spare
	ahead  *aheadPage
	last   *sobject.PageReader // the page that was read before
}

// aheadPage is a further page that is being opened.
type aheadPage struct {
	url    string
	cancel context.CancelFunc
	done   chan struct{} // closed when the rest is set
	page   page
	err    error
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

// expect begins to open a further page, unless that was done already.
func (f *fetcher) expect(ctx context.Context, next string) {
	if next == "" || f.ahead != nil {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	a := &aheadPage{url: next, cancel: cancel, done: make(chan struct{})}
	f.ahead = a
	go func() {
		defer close(a.done)
		a.page, a.err = f.openNext(ctx, next)
	}()
}

// nextPage follows a nextRecordsUrl as it came.
func (f *fetcher) nextPage(ctx context.Context, next string) (page, error) {
	a := f.ahead
	if a == nil || a.url != next {
		f.stop()
		return f.openNext(ctx, next)
	}
	<-a.done // which ctx ends too
	f.ahead = nil
	if a.err != nil {
		a.cancel()
		return page{}, a.err
	}
	a.page.body = closeBoth{a.page.body, a.cancel}
	a.page.again = func() (page, error) { return f.openNext(ctx, next) }
	return a.page, nil
}

// stop lets go of a page that was opened ahead and waits until it is gone.
func (f *fetcher) stop() {
	if a := f.ahead; a != nil {
		a.cancel()
		if <-a.done; a.err == nil {
			a.page.body.Close()
		}
		f.ahead = nil
	}
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
	body := resp.Body
	if err = resp.page(&req); err == nil && f.opts.ReadAhead {
		body = readahead.New(body, cancel, &f.spare)
	}
	var reader *sobject.PageReader
	if err == nil {
		reader, err = read(body)
	}
	if err != nil {
		body.Close()
		cancel()
		return page{}, err
	}
	if f.opts.ReuseRecords {
		reader.Reuse()
	}
	return page{reader: reader, body: closeBoth{body, cancel}}, nil
}
