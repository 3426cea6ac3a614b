package bulk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// pageList is the answer of resultPages: up to five pages that may be read at
// the same time. Salesforce's own pages spell the address of the next list in
// two ways.
type pageList struct {
	Pages []struct {
		URL string `json:"resultUrl"`
	} `json:"resultPages"`
	NextRecords string `json:"nextRecordsUrl"`
	NextRecord  string `json:"nextRecordUrl"`
	Done        bool   `json:"done"`
}

// next returns the locator of the next list, or "" after the last.
func (p *pageList) next() (string, error) {
	address := p.NextRecords
	if address == "" {
		address = p.NextRecord
	}
	if p.Done || address == "" || address == "null" {
		if !p.Done && len(p.Pages) > 0 {
			return "", errors.New("more pages are promised, but not where")
		}
		return "", nil
	}
	return locatorOf(address)
}

// locatorOf returns the locator of a page's address. Only it is used: where to
// send a token is not for an answer to say.
func locatorOf(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", errors.New("the address of a page is malformed")
	}
	return u.Query().Get("locator"), nil
}

// resultPagesSince is the first API version that lists pages.
const resultPagesSince = 58

// firstPages returns the first list of pages, or nil where the org has no such
// lists.
func (q *QueryJob) firstPages(ctx context.Context) (*pageList, error) {
	if q.total.Load() == 0 {
		// The total is the proof that the pages are all there are.
		if _, err := q.Info(ctx); err != nil {
			return nil, err
		}
	}
	if major, _, _ := strings.Cut(q.speaks(), "."); len(major) < 3 {
		if n, err := strconv.Atoi(major); err != nil || n < resultPagesSince {
			return nil, nil
		}
	}
	pages, err := q.listPages(ctx, "")
	var refused *salesforce.Error
	if errors.As(err, &refused) && (refused.StatusCode == http.StatusNotFound || refused.StatusCode == http.StatusMethodNotAllowed) {
		return nil, nil // the pages one by one will tell if the job is gone
	}
	return pages, err
}

func (q *QueryJob) listPages(ctx context.Context, locator string) (*pageList, error) {
	var query url.Values
	if locator != "" {
		query = url.Values{"locator": {locator}}
	}
	resp, err := q.fetch(ctx, "/resultPages", "pages", query, "application/json")
	if err != nil {
		return nil, err
	}
	var out pageList
	if err := resp.Decode(&out); err != nil {
		return nil, fmt.Errorf("bulk: job %s: list of pages: %w", q.id, err)
	}
	return &out, nil
}

// parallel reads the pages of a result with several readers.
func (q *QueryJob) parallel(outer context.Context, pages *pageList, yield func(sobject.Record, error) bool) {
	ctx, cancel := context.WithCancel(outer)
	f, unhook := newFlow(ctx, q.cfg.Buffer, q.cfg.AnyOrder)
	var work sync.WaitGroup
	defer func() {
		cancel()
		unhook()
		f.stop()
		work.Wait()
	}()
	work.Go(func() { q.dispatch(ctx, f, pages, &work) })
	rows := 0
	for {
		e := f.next()
		switch {
		case e.page != nil:
			rows += e.page.Records
			if q.cfg.PageDone != nil {
				q.cfg.PageDone(*e.page)
			}
		case e.end:
			err := e.err
			if err == nil {
				err = outer.Err()
			}
			if err == nil {
				err = q.checkTotal(rows)
			}
			if err != nil {
				yield(sobject.Record{}, err)
			}
			return
		}
		for rec := range e.rows.All() {
			if !yield(rec, nil) {
				return
			}
		}
	}
}

// dispatch lists the pages, and gives each to a reader as soon as one is free.
func (q *QueryJob) dispatch(ctx context.Context, f *flow, pages *pageList, work *sync.WaitGroup) {
	free := make(chan struct{}, q.cfg.Readers)
	seen := map[string]bool{}
	err := func() error {
		for {
			for _, p := range pages.Pages {
				locator, err := locatorOf(p.URL)
				if err == nil && seen[locator] {
					err = fmt.Errorf("the page %q is listed twice: %w", locator, salesforce.ErrIncomplete)
				}
				if err != nil {
					return err
				}
				seen[locator] = true
				select {
				case free <- struct{}{}:
				case <-ctx.Done():
					return ctx.Err()
				}
				page := f.add()
				work.Go(func() {
					defer func() { <-free }()
					info, err := q.fill(ctx, f, page, locator)
					f.end(page, info, err)
				})
			}
			next, err := pages.next()
			if err != nil || next == "" {
				return err
			}
			if seen["list "+next] {
				return fmt.Errorf("the list %q comes again: %w", next, salesforce.ErrIncomplete)
			}
			seen["list "+next] = true
			if pages, err = q.listPages(ctx, next); err != nil {
				return err
			}
		}
	}()
	if err != nil {
		err = fmt.Errorf("bulk: job %s: pages: %w", q.id, err)
	}
	f.close(err)
}

// fill reads one page into its lane. A page that stands still is read in
// smaller parts, as far as the org said that it goes: what follows is the next
// reader's.
func (q *QueryJob) fill(ctx context.Context, f *flow, page int, locator string) (PageInfo, error) {
	put := func(rows sobject.Rows) bool { return f.put(page, rows) }
	out := PageInfo{Locator: locator, Next: locator}
	t := q.pageTable(locator, 0)
	for whole, fits := 0, 0; ; {
		info, more, err := q.readPage(ctx, t, out.Next, put)
		if err == nil && !more {
			err = ctx.Err()
		}
		if err != nil {
			return out, err
		}
		out.Next, out.Records = info.Next, out.Records+info.Records
		out.Bytes, out.NULs = out.Bytes+info.Bytes, out.NULs+info.NULs
		if whole == 0 {
			whole, fits = t.whole, t.fits
		}
		if out.Records >= whole {
			return out, nil
		}
		if out.Next == "" {
			return out, fmt.Errorf("bulk: job %s: page %q: %d rows, but the org counted %d: %w", q.id, locator, out.Records, whole, salesforce.ErrIncomplete)
		}
		fits = min(fits, t.fits)
		t = q.pageTable(out.Next, min(fits, whole-out.Records))
	}
}
