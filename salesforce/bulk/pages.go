package bulk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Page is one page of a job's result, held in memory.
type Page struct {
	Records []sobject.Record
	// Count is how many records the page has.
	Count int
	// Next is the locator of the next page, or "" after the last.
	Next string
}

// Page reads one page of a complete job: the first for an empty locator, at
// most maxRecords rows (0: the job's own bound; the org may return fewer). A
// page can be read again while the job lives. A page whose rows are not as
// many as the org said is an error.
func (q *QueryJob) Page(ctx context.Context, locator string, maxRecords int) (*Page, error) {
	out := &Page{}
	info, _, err := q.page(ctx, locator, maxRecords, func(rows sobject.Rows) bool {
		for r := range rows.All() {
			if q.cfg.ReuseRecords {
				r = r.Clone()
			}
			out.Records = append(out.Records, r)
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	out.Next, out.Count = info.Next, len(out.Records)
	return out, nil
}

// Records streams the whole result of a complete job, from the beginning each
// time it is ranged over. An error comes once and last; rows that are fewer or
// more than the org counted are one (salesforce.ErrIncomplete). Records may be
// kept.
func (q *QueryJob) Records(ctx context.Context) iter.Seq2[sobject.Record, error] {
	return func(yield func(sobject.Record, error) bool) {
		if q.cfg.Readers > 1 {
			switch pages, err := q.firstPages(ctx); {
			case err != nil:
				yield(sobject.Record{}, err)
				return
			case pages != nil:
				q.parallel(ctx, pages, yield)
				return
			}
		}
		q.serial(ctx, "", yield)
	}
}

// RecordsFrom streams the rest of the result from a locator on.
func (q *QueryJob) RecordsFrom(ctx context.Context, locator string) iter.Seq2[sobject.Record, error] {
	if locator == "" {
		return q.Records(ctx)
	}
	return func(yield func(sobject.Record, error) bool) { q.serial(ctx, locator, yield) }
}

// serial reads page after page.
func (q *QueryJob) serial(ctx context.Context, locator string, yield func(sobject.Record, error) bool) {
	seen := map[string]bool{locator: true}
	whole, rows, size := locator == "", 0, q.cfg.MaxRecords
	each := func(rows sobject.Rows) bool {
		for r := range rows.All() {
			if !yield(r, nil) {
				return false
			}
		}
		return true
	}
	for {
		t := q.pageTable(locator, size)
		info, more, err := q.readPage(ctx, t, locator, each)
		if err == nil && !more {
			return
		}
		rows += info.Records
		switch {
		case err != nil:
		case info.Next == "" && whole:
			err = q.checkTotal(rows)
		case info.Next != "" && seen[info.Next]:
			err = fmt.Errorf("bulk: job %s: the locator %q comes again: %w", q.id, info.Next, salesforce.ErrIncomplete)
		}
		if err != nil {
			yield(sobject.Record{}, err)
			return
		}
		if q.cfg.PageDone != nil {
			q.cfg.PageDone(info)
		}
		if info.Next == "" {
			return
		}
		seen[info.Next] = true
		locator, size = info.Next, min(size, t.fits)
	}
}

// checkTotal compares the rows of a whole result with the job's own number,
// where that is known.
func (q *QueryJob) checkTotal(rows int) error {
	if said := q.total.Load() - 1; said >= 0 && said != int64(rows) {
		return fmt.Errorf("bulk: job %s: %d rows, but the job counted %d: %w", q.id, rows, said, salesforce.ErrIncomplete)
	}
	return nil
}

// page streams one page of at most maxRecords rows (0: the job's own bound).
func (q *QueryJob) page(ctx context.Context, locator string, maxRecords int, yield func(sobject.Rows) bool) (info PageInfo, more bool, err error) {
	if maxRecords <= 0 {
		maxRecords = q.cfg.MaxRecords
	}
	return q.readPage(ctx, q.pageTable(locator, maxRecords), locator, yield)
}

// pageTable is one page of at most maxRecords rows, or of as many as the org
// likes for 0.
func (q *QueryJob) pageTable(locator string, maxRecords int) *table {
	t := &table{job: &q.job, parts: "/results", op: "results", what: fmt.Sprintf("page %q", locator), query: url.Values{}, fits: maxRecords,
		limits: limits{pageStall: q.cfg.PageStall, lax: q.cfg.AllowInvalid, reuse: q.cfg.ReuseRecords && q.cfg.Readers <= 1, ahead: q.cfg.ReadAhead, spare: &q.spare}}
	if maxRecords > 0 {
		t.query.Set("maxRecords", strconv.Itoa(maxRecords))
	}
	if locator != "" {
		t.query.Set("locator", locator)
	}
	t.again = func(err error) {
		if !errors.Is(err, errSilent) {
			return
		}
		if maxRecords <= 0 { // the org chose the size, and may have told it
			n, err := strconv.Atoi(t.header.Get("Sforce-NumberOfRecords"))
			if err != nil || n <= 0 {
				return
			}
			maxRecords, t.fits, t.whole = n, n, n
		}
		maxRecords, t.fits = smaller(maxRecords, t.done, t.fits)
		t.query.Set("maxRecords", strconv.Itoa(maxRecords))
	}
	return t
}

// fewest is the size from which pages are not made smaller still.
const fewest = 1000

// smaller returns how many rows to ask for after a page of size rows stood still
// when done of them had come, and how many the pages after it should have.
// Salesforce cuts long answers off without a word, and the same page would
// stand still at the same row: what came before is asked for alone, or a quarter
// where nothing came.
func smaller(size, done, fits int) (again, next int) {
	if size <= fewest || done > size {
		return size, fits
	}
	if again = done; done == 0 {
		again = max(size/4, fewest)
	}
	return again, min(fits, max(again/2, fewest))
}

// readPage streams one page to yield, and compares its rows with the org's own
// number.
func (q *QueryJob) readPage(ctx context.Context, t *table, locator string, yield func(sobject.Rows) bool) (info PageInfo, more bool, err error) {
	rows, more, err := t.each(ctx, yield)
	if err != nil || !more {
		return PageInfo{Locator: locator, Records: rows}, false, err
	}
	info = PageInfo{Locator: locator, Next: t.header.Get("Sforce-Locator"), Records: rows, Bytes: t.bytes, NULs: t.nuls}
	if info.Next == "null" {
		info.Next = ""
	}
	return info, true, q.checkCount(t.header, locator, rows)
}

// checkCount compares the rows of a page with the org's own number.
func (q *QueryJob) checkCount(h http.Header, locator string, rows int) error {
	text := h.Get("Sforce-NumberOfRecords")
	said, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("bulk: job %s: page %q: no usable Sforce-NumberOfRecords (%q), so that %d rows cannot be checked: %w",
			q.id, locator, text, rows, salesforce.ErrIncomplete)
	}
	if said != rows {
		return fmt.Errorf("bulk: job %s: page %q: %d rows, but the org counted %d: %w", q.id, locator, rows, said, salesforce.ErrIncomplete)
	}
	return nil
}
