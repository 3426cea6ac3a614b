package bulk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"regexp"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/internal/readahead"
	"github.com/orglink/orglink/salesforce/sobject"
)

// QueryConfig configures a query job. The zero value is ready to use.
type QueryConfig struct {
	// All includes deleted and archived records.
	All bool
	// MaxRecords is how many rows a page has at most. Defaults to
	// DefaultMaxRecords. The org decides it where Readers is more than 1; a page
	// that stands still is then read in smaller parts.
	MaxRecords int
	// Readers is how many pages Records reads at once. Defaults to 1. More
	// need API version 58.0; where the org does not list its pages, and where
	// reading begins at a locator, they are read one after the other.
	Readers int
	// Buffer bounds the bytes of rows that are decoded ahead when Readers is
	// more than 1. Defaults to 32 MiB.
	Buffer int64
	// AnyOrder lets Records pass on rows of any page as they come, when
	// Readers is more than 1. By default they keep the order of the result.
	AnyOrder bool
	// PageStall is how long a page may stand still, without a byte, before it
	// is asked for again. Defaults to 3 minutes.
	PageStall time.Duration
	// ReuseRecords makes Records and ReadPage faster by putting all rows in the
	// same memory: a record, and every text taken from it, is then good only
	// until the next one is asked for. Clone keeps one. It has no effect where
	// Readers is more than 1. By default records may be kept.
	ReuseRecords bool
	// ReadAhead receives and decompresses up to about 2 MB of a page in the
	// background while its rows are consumed; nothing goes on there after the
	// loop. By default bytes are received when they are needed.
	ReadAhead bool
	// AllowInvalid reads bytes that are no UTF-8 as U+FFFD. By default they
	// are an error (ErrEncoding).
	AllowInvalid bool
	// APIVersion is the version, such as "60.0", that a job opened by its id
	// was made in. Defaults to the client's own; a wrong one costs one more
	// call, because the org tells. A new job always takes the client's.
	APIVersion string
	// PageDone is called by Records, on the goroutine that ranges, after the
	// last row of a page was used: the moment to store PageInfo.Next. With
	// AnyOrder or an early stop, pages that were begun may be missing.
	// Defaults to none.
	PageDone func(PageInfo)
	PollConfig
}

// PageInfo tells what a page was.
type PageInfo struct {
	// Locator is the page's own, "" for the first; Next is that of the page
	// that follows, "" after the last.
	Locator, Next string
	Records       int
	// Bytes is the size of its CSV, NULs how many stray NUL bytes were dropped
	// from it.
	Bytes, NULs int64
}

// QueryJob is a query of Bulk API 2.0. Its methods may be called
// concurrently.
type QueryJob struct {
	job
	cfg   QueryConfig
	spare readahead.Spare // of all pages
}

// DefaultMaxRecords is how many rows a page of Records has at most by default:
// the size in the guide's own examples (Bulk API 2.0 guide, "Get Results for a
// Query Job"). Each page is an API call. Rows of many kilobytes may take longer
// than Salesforce holds an answer open; it then stands still (PageStall), and is
// asked for in smaller pages from there on.
const DefaultMaxRecords = 50_000

const (
	defaultBuffer    = 32 << 20
	defaultPageStall = 3 * time.Minute
)

// Query runs a query job from its start to its end: the job is made when the
// sequence is ranged over, waited for, read, and deleted; a job that does not
// come to its end is aborted. An error comes once and last.
func Query(ctx context.Context, c *salesforce.Client, soql string, cfg QueryConfig) iter.Seq2[sobject.Record, error] {
	return func(yield func(sobject.Record, error) bool) {
		cfg := cfg
		cfg.AbortOnCancel = true
		q, err := StartQuery(ctx, c, soql, cfg)
		if err == nil {
			_, err = q.Wait(ctx)
		}
		if err != nil {
			if q != nil && ctx.Err() == nil && !errors.Is(err, ErrStalled) && !errors.Is(err, ErrFailed) && !errors.Is(err, ErrAborted) {
				// Waiting aborts the job itself where it stalls or is cancelled.
				err = errors.Join(err, q.abortAtEnd(ctx))
			}
			yield(sobject.Record{}, err)
			return
		}
		defer func() {
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
			defer cancel()
			_ = q.Delete(end) // the org does it itself in 7 days
		}()
		for rec, err := range q.Records(ctx) {
			if !yield(rec, err) {
				return
			}
		}
	}
}

// StartQuery makes a job of a query. Bulk API 2.0 refuses aggregates, OFFSET,
// sub-queries, TYPEOF and compound fields.
func StartQuery(ctx context.Context, c *salesforce.Client, soql string, cfg QueryConfig) (*QueryJob, error) {
	cfg.APIVersion = ""
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
// request: whether there is such a job, the first one tells.
func OpenQuery(c *salesforce.Client, id string) *QueryJob {
	q := &QueryJob{job: job{client: c, kind: "query", id: id}}
	_ = q.cfg.setDefaults() // the defaults are in order
	q.poll = q.cfg.PollConfig
	return q
}

// OpenQueryWith is OpenQuery with a configuration. A text that is no id is an
// error.
func OpenQueryWith(c *salesforce.Client, id string, cfg QueryConfig) (*QueryJob, error) {
	q, err := newQuery(c, cfg)
	if err != nil {
		return nil, err
	}
	if _, err := sobject.ParseID(id); err != nil {
		return nil, fmt.Errorf("bulk: job id: %w", err)
	}
	q.id = id
	return q, nil
}

var versionForm = regexp.MustCompile(`^[1-9][0-9]{1,2}\.0$`)

func newQuery(c *salesforce.Client, cfg QueryConfig) (*QueryJob, error) {
	if c == nil {
		return nil, errors.New("bulk: the client is missing")
	}
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	q := &QueryJob{job: job{client: c, kind: "query", poll: cfg.PollConfig}, cfg: cfg}
	if cfg.APIVersion != "" {
		q.version.Store(&cfg.APIVersion)
	}
	return q, nil
}

func (cfg *QueryConfig) setDefaults() error {
	if cfg.MaxRecords == 0 {
		cfg.MaxRecords = DefaultMaxRecords
	}
	if cfg.Readers == 0 {
		cfg.Readers = 1
	}
	if cfg.Buffer == 0 {
		cfg.Buffer = defaultBuffer
	}
	if cfg.PageStall == 0 {
		cfg.PageStall = defaultPageStall
	}
	var errs []error
	if cfg.MaxRecords < 0 || cfg.Readers < 0 || cfg.Buffer < 0 || cfg.PageStall < 0 {
		errs = append(errs, fmt.Errorf("MaxRecords %d, Readers %d, Buffer %d, PageStall %v: none may be negative",
			cfg.MaxRecords, cfg.Readers, cfg.Buffer, cfg.PageStall))
	}
	if cfg.APIVersion != "" && !versionForm.MatchString(cfg.APIVersion) {
		errs = append(errs, fmt.Errorf("APIVersion %q is not of the form 66.0", cfg.APIVersion))
	}
	if err := errors.Join(append(errs, cfg.PollConfig.setDefaults())...); err != nil {
		return fmt.Errorf("bulk: query job: %w", err)
	}
	return nil
}
