package bulk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Operation is what an ingest job does with its rows.
type Operation string

// The operations of ingest jobs.
const (
	Insert     Operation = "insert"
	Update     Operation = "update"
	Upsert     Operation = "upsert"
	Delete     Operation = "delete"
	HardDelete Operation = "hardDelete"
)

// MaxUpload is how many bytes of CSV one job takes.
const MaxUpload = 100_000_000

// ErrUploadTooLarge: the rows are more than one job takes. Nothing of them is
// processed: the job is still open and can be aborted.
var ErrUploadTooLarge = fmt.Errorf("more than %d bytes of CSV: use several jobs", MaxUpload)

// IngestConfig configures an ingest job.
type IngestConfig struct {
	// Object and Operation are required.
	Object    string
	Operation Operation
	// ExternalID is the field that an upsert matches by. Required for it.
	ExternalID string
	// Columns are the fields that are uploaded, such as Name, or
	// Account.Ext__c for a parent by its external id. A row that has a field
	// beyond them is refused, never cut. Required, but for deletes, which
	// upload Id.
	Columns []string
	PollConfig
}

// IngestJob is an ingest of Bulk API 2.0.
type IngestJob struct {
	job
	cfg IngestConfig
}

// StartIngest makes a job that awaits one upload.
func StartIngest(ctx context.Context, c *salesforce.Client, cfg IngestConfig) (*IngestJob, error) {
	j, err := newIngest(c, cfg)
	if err != nil {
		return nil, err
	}
	create := map[string]string{"object": cfg.Object, "operation": string(cfg.Operation), "contentType": "CSV", "lineEnding": "LF", "columnDelimiter": "COMMA"}
	if cfg.Operation == Upsert {
		create["externalIdFieldName"] = cfg.ExternalID
	}
	info, err := j.ask(ctx, salesforce.Request{Method: http.MethodPost, Path: "jobs/ingest", JSON: create, Operation: "bulk.ingest.create", Object: cfg.Object})
	if err != nil {
		return nil, err
	}
	if info.ID == "" {
		return nil, fmt.Errorf("bulk: create an ingest job of %s: the answer has no id: %w", cfg.Object, salesforce.ErrIncomplete)
	}
	j.id = info.ID
	return j, info.Err()
}

// OpenIngest opens a job by its id with the configuration that it was started
// with. It makes no request.
func OpenIngest(c *salesforce.Client, id string, cfg IngestConfig) (*IngestJob, error) {
	j, err := newIngest(c, cfg)
	if err != nil {
		return nil, err
	}
	if _, err := sobject.ParseID(id); err != nil {
		return nil, fmt.Errorf("bulk: job id: %w", err)
	}
	j.id = id
	return j, nil
}

func newIngest(c *salesforce.Client, cfg IngestConfig) (*IngestJob, error) {
	var errs []error
	if c == nil {
		errs = append(errs, errors.New("the client is missing"))
	}
	if cfg.Object == "" {
		errs = append(errs, errors.New("Object is missing"))
	}
	switch cfg.Operation {
	case Delete, HardDelete:
		if len(cfg.Columns) == 0 {
			cfg.Columns = []string{"Id"}
		}
		if len(cfg.Columns) != 1 || !strings.EqualFold(cfg.Columns[0], "Id") {
			errs = append(errs, errors.New("a delete has the one column Id"))
		}
	case Insert, Update, Upsert:
		if len(cfg.Columns) == 0 {
			errs = append(errs, errors.New("Columns is missing"))
		}
	default:
		errs = append(errs, fmt.Errorf("Operation %q is none of insert, update, upsert, delete and hardDelete", cfg.Operation))
	}
	if cfg.Operation == Upsert && !containsFold(cfg.Columns, cfg.ExternalID) {
		errs = append(errs, fmt.Errorf("Columns lack the ExternalID field %q", cfg.ExternalID))
	}
	if cfg.Operation == Update && !containsFold(cfg.Columns, "Id") {
		errs = append(errs, errors.New("an update needs the column Id"))
	}
	errs = append(errs, cfg.setDefaults())
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("bulk: ingest job: %w", err)
	}
	return &IngestJob{job{client: c, kind: "ingest", object: cfg.Object, poll: cfg.PollConfig}, cfg}, nil
}

func containsFold(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// Upload streams the rows as CSV; once a job. A null clears its field on
// update and upsert; an absent field is left alone. rows must be restartable
// if a dead session is to be survived, because the upload is then sent again.
func (j *IngestJob) Upload(ctx context.Context, rows iter.Seq2[sobject.Record, error]) error {
	var failed atomic.Pointer[error]
	var writer sync.WaitGroup // at most one at a time, and none after Upload
	defer writer.Wait()
	req := j.request(http.MethodPut, "/batches", "upload")
	req.ContentType = "text/csv"
	req.Stream = func() (io.ReadCloser, error) {
		writer.Wait()
		r, w := io.Pipe()
		writer.Go(func() {
			err := j.writeRows(w, rows)
			if err != nil {
				failed.Store(&err)
			}
			w.CloseWithError(err)
		})
		return r, nil
	}
	resp, err := j.client.Do(ctx, req)
	if cause := failed.Load(); err != nil && cause != nil && !errors.Is(*cause, io.ErrClosedPipe) {
		return fmt.Errorf("bulk: job %s: upload: %w", j.id, *cause)
	}
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

func (j *IngestJob) writeRows(w io.Writer, rows iter.Seq2[sobject.Record, error]) error {
	csv := sobject.NewCSVWriter(&boundedWriter{w: w, left: MaxUpload}, j.cfg.Columns...)
	for rec, err := range rows {
		if err == nil {
			err = csv.Write(rec)
		}
		if err != nil {
			return err
		}
	}
	return csv.Flush()
}

// boundedWriter refuses what exceeds an upload.
type boundedWriter struct {
	w    io.Writer
	left int
}

func (b *boundedWriter) Write(p []byte) (int, error) {
	if len(p) > b.left {
		return 0, ErrUploadTooLarge
	}
	b.left -= len(p)
	return b.w.Write(p)
}

// Close ends the upload and starts the work.
func (j *IngestJob) Close(ctx context.Context) error {
	req := j.request(http.MethodPatch, "", "close")
	req.JSON = map[string]string{"state": string(UploadComplete)}
	info, err := j.ask(ctx, req)
	if err != nil {
		return err
	}
	return info.Err()
}

// Result is what became of one uploaded row.
type Result struct {
	// ID is the record's id, or "".
	ID sobject.ID
	// Created tells an insert from an update, for successful rows.
	Created bool
	// Error is why a row failed; nil for the others.
	Error *salesforce.ErrorDetail
	// Record holds the columns as they were uploaded. Results come in no
	// particular order: match them by a key of your own among the columns.
	Record sobject.Record
}

// Successful streams the rows that were written.
func (j *IngestJob) Successful(ctx context.Context) iter.Seq2[Result, error] {
	return j.results(ctx, "/successfulResults", "successful")
}

// Failed streams the rows that were refused.
func (j *IngestJob) Failed(ctx context.Context) iter.Seq2[Result, error] {
	return j.results(ctx, "/failedResults", "failed")
}

// Unprocessed streams the rows that a failed or aborted job never reached.
func (j *IngestJob) Unprocessed(ctx context.Context) iter.Seq2[Result, error] {
	return j.results(ctx, "/unprocessedrecords", "unprocessed")
}

func (j *IngestJob) results(ctx context.Context, part, operation string) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		req := j.request(http.MethodGet, part, operation)
		req.Header = http.Header{"Accept": {"text/csv"}}
		resp, err := j.client.Do(ctx, req)
		if err != nil {
			yield(Result{}, err)
			return
		}
		defer resp.Body.Close()
		reader := sobject.NewCSVReader(resp.Body, j.cfg.Object)
		for {
			rec, err := reader.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(Result{}, fmt.Errorf("bulk: job %s: %s rows: %w", j.id, operation, err))
				return
			}
			if !yield(parseResult(rec), nil) {
				return
			}
		}
	}
}

// parseResult takes Salesforce's own columns out of a result row.
func parseResult(rec sobject.Record) Result {
	var out Result
	fields := make([]sobject.Field, 0, rec.Len())
	for name, v := range rec.Fields() {
		switch strings.ToLower(name) {
		case "sf__id":
			out.ID, _ = sobject.ParseID(v.Raw())
		case "sf__created":
			out.Created = strings.EqualFold(v.Raw(), "true")
		case "sf__error":
			d := parseRowError(v.Raw())
			out.Error = &d
		default:
			fields = append(fields, sobject.F(name, v))
		}
	}
	out.Record = sobject.NewRecord(rec.Object(), fields...)
	return out
}

// parseRowError reads CODE:message:FieldA FieldB --. The message may hold
// colons of its own.
func parseRowError(text string) salesforce.ErrorDetail {
	code, rest, ok := strings.Cut(text, ":")
	if !ok || strings.ContainsAny(code, " \t") {
		return salesforce.ErrorDetail{Message: text}
	}
	d := salesforce.ErrorDetail{Code: code, Message: rest}
	if i := strings.LastIndexByte(rest, ':'); i >= 0 {
		if fields, ended := strings.CutSuffix(strings.TrimSpace(rest[i+1:]), "--"); ended {
			d.Message, d.Fields = rest[:i], strings.FieldsFunc(fields, func(r rune) bool { return r == ' ' || r == ',' })
		}
	}
	return d
}
