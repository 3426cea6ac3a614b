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

// QueryConfig configures a query job. The zero value is ready to use.
type QueryConfig struct {
	// All includes deleted and archived records.
	All bool
	// MaxRecords is how many rows a page of Records has at most. Defaults to
	// 50,000.
	MaxRecords int
	PollConfig
}

// QueryJob is a query of Bulk API 2.0. Its methods may be called
// concurrently.
type QueryJob struct {
	job
	maxRecords int
}

// DefaultMaxRecords is how many rows a page of Records has at most by default.
const DefaultMaxRecords = 50_000

// StartQuery makes a job of a query. Bulk API 2.0 refuses aggregates, OFFSET,
// sub-queries, TYPEOF and compound fields.
func StartQuery(ctx context.Context, c *salesforce.Client, soql string, cfg QueryConfig) (*QueryJob, error) {
	q, err := newQuery(c, cfg)
	if err != nil {
		return nil, err
	}
	operation := "query"
	if cfg.All {
		operation = "queryAll"
	}
	info, err := q.ask(ctx, salesforce.Request{Method: http.MethodPost, Path: "jobs/query", Operation: "bulk.query.create",
		JSON: map[string]string{"operation": operation, "query": soql, "contentType": "CSV", "columnDelimiter": "COMMA", "lineEnding": "LF"}})
	if err != nil {
		return nil, err
	}
	if info.ID == "" {
		return nil, fmt.Errorf("bulk: create a query job: the answer has no id: %w", salesforce.ErrIncomplete)
	}
	q.id, q.object = info.ID, info.Object
	return q, info.Err()
}

// OpenQuery opens a job by its id, with the default configuration. It makes no
// request.
func OpenQuery(c *salesforce.Client, id string) *QueryJob {
	q := &QueryJob{job{client: c, kind: "query", id: id}, DefaultMaxRecords}
	_ = q.poll.setDefaults() // the defaults are in order
	return q
}

// OpenQueryWith is OpenQuery with a configuration.
func OpenQueryWith(c *salesforce.Client, id string, cfg QueryConfig) (*QueryJob, error) {
	q, err := newQuery(c, cfg)
	if err != nil {
		return nil, err
	}
	q.id = id
	return q, nil
}

func newQuery(c *salesforce.Client, cfg QueryConfig) (*QueryJob, error) {
	if c == nil {
		return nil, errors.New("bulk: the client is missing")
	}
	if cfg.MaxRecords == 0 {
		cfg.MaxRecords = DefaultMaxRecords
	}
	if cfg.MaxRecords < 0 {
		return nil, fmt.Errorf("bulk: MaxRecords %d is negative", cfg.MaxRecords)
	}
	err := cfg.setDefaults()
	return &QueryJob{job{client: c, kind: "query", poll: cfg.PollConfig}, cfg.MaxRecords}, err
}

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
	next, _, err := q.page(ctx, locator, maxRecords, func(r sobject.Record) bool {
		out.Records = append(out.Records, r)
		return true
	})
	if err != nil {
		return nil, err
	}
	out.Next, out.Count = next, len(out.Records)
	return out, nil
}

// Records streams the whole result of a complete job, page after page, from
// the beginning each time it is ranged over. An error comes once and last.
// Records may be kept.
func (q *QueryJob) Records(ctx context.Context) iter.Seq2[sobject.Record, error] {
	return q.RecordsFrom(ctx, "")
}

// RecordsFrom streams the rest of the result from a locator on.
func (q *QueryJob) RecordsFrom(ctx context.Context, locator string) iter.Seq2[sobject.Record, error] {
	return func(yield func(sobject.Record, error) bool) {
		seen := map[string]bool{locator: true}
		for at := locator; ; {
			next, more, err := q.page(ctx, at, 0, func(r sobject.Record) bool { return yield(r, nil) })
			if err == nil && next != "" && seen[next] {
				err = fmt.Errorf("bulk: job %s: the locator %q comes again: %w", q.id, next, salesforce.ErrIncomplete)
			}
			if err != nil {
				yield(sobject.Record{}, err)
				return
			}
			if !more || next == "" {
				return
			}
			seen[next] = true
			at = next
		}
	}
}

// rereads is how often a page that breaks off is asked for again.
const rereads = 2

// page streams one page to yield and returns the locator of the next; more is
// false when yield said no. A page that breaks off is read again from where it
// broke, because the pages of a job stay what they are.
func (q *QueryJob) page(ctx context.Context, locator string, maxRecords int, yield func(sobject.Record) bool) (next string, more bool, err error) {
	for rows, tries := 0, 0; ; tries++ {
		next, more, err = q.pageFrom(ctx, locator, maxRecords, &rows, yield)
		var broke brokenPage
		if !errors.As(err, &broke) || tries == rereads || !salesforce.IsRetryable(err) || ctx.Err() != nil {
			return next, more, err
		}
	}
}

// brokenPage is why reading a page ended after it had begun.
type brokenPage struct{ error }

func (b brokenPage) Unwrap() error { return b.error }

// pageFrom reads a page and passes on what follows its first *done rows.
func (q *QueryJob) pageFrom(ctx context.Context, locator string, maxRecords int, done *int, yield func(sobject.Record) bool) (next string, more bool, err error) {
	if maxRecords <= 0 {
		maxRecords = q.maxRecords
	}
	req := q.request(http.MethodGet, "/results", "results")
	req.Query = url.Values{"maxRecords": {strconv.Itoa(maxRecords)}}
	if locator != "" {
		req.Query.Set("locator", locator)
	}
	req.Header = http.Header{"Accept": {"text/csv"}}
	resp, err := q.client.Do(ctx, req)
	if err != nil {
		return "", false, err
	}
	defer resp.Body.Close()
	next = resp.Header.Get("Sforce-Locator")
	if next == "null" {
		next = ""
	}
	rows := 0
	for rec, err := range sobject.NewCSVReader(resp.Body, q.object).Records() {
		if err != nil {
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return "", false, brokenPage{fmt.Errorf("bulk: job %s: page %q: after %d rows: %w", q.id, locator, rows, err)}
		}
		if rows++; rows <= *done {
			continue
		}
		*done = rows
		if !yield(rec) {
			return "", false, nil
		}
	}
	return next, true, q.checkCount(resp.Header, locator, rows)
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
