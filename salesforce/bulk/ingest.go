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
	"unicode/utf8"

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
	// AssignmentRuleID is the rule that assigns owners to Cases or Leads.
	// Defaults to none.
	AssignmentRuleID string
	// Describe makes StartIngest refuse columns that the object lacks or that
	// cannot be written, before anything is sent. Defaults to no check; the
	// org then fails the whole job.
	Describe *sobject.Describe
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
	if cfg.AssignmentRuleID != "" {
		create["assignmentRuleId"] = cfg.AssignmentRuleID
	}
	// A job made twice does no harm: the one without rows does nothing.
	info, err := j.ask(ctx, salesforce.Request{Method: http.MethodPost, Path: "jobs/ingest", JSON: create, Operation: "bulk.ingest.create", Object: cfg.Object, Idempotent: true})
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
	if err := cfg.check(c); err != nil {
		return nil, fmt.Errorf("bulk: ingest job: %w", err)
	}
	return &IngestJob{job: job{client: c, kind: "ingest", object: cfg.Object, poll: cfg.PollConfig}, cfg: cfg}, nil
}

// check sets the defaults, and returns all problems.
func (cfg *IngestConfig) check(c *salesforce.Client) error {
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
	return errors.Join(append(errs, checkColumns(*cfg), cfg.PollConfig.setDefaults())...)
}

func containsFold(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// Upload streams the rows as CSV; once a job. A null clears its field on
// update and upsert; an absent field is left alone. rows must be restartable
// if a dead session is to be survived, because the upload is then sent again.
// A row of another object is refused, and so is a row that is no UTF-8.
func (j *IngestJob) Upload(ctx context.Context, rows iter.Seq2[sobject.Record, error]) error {
	return j.upload(ctx, func(w io.Writer) error { return j.writeRows(w, rows) })
}

// upload sends what write writes. write is called once for every attempt, and
// never twice at once.
func (j *IngestJob) upload(ctx context.Context, write func(io.Writer) error) error {
	var outcome atomic.Pointer[error]
	var writer sync.WaitGroup
	req := j.request(http.MethodPut, "/batches", "upload")
	req.ContentType = "text/csv; charset=UTF-8"
	req.Stream = func() (io.ReadCloser, error) {
		writer.Wait()
		r, w := io.Pipe()
		writer.Go(func() {
			err := write(w)
			outcome.Store(&err)
			w.CloseWithError(err)
		})
		return r, nil
	}
	resp, err := j.client.Do(ctx, req)
	if resp != nil {
		err = errors.Join(err, resp.Body.Close())
	}
	writer.Wait()
	cause := outcome.Load()
	switch {
	case cause != nil && *cause != nil && !errors.Is(*cause, io.ErrClosedPipe):
		return fmt.Errorf("bulk: job %s: upload: %w", j.id, *cause)
	case err != nil:
		return explain(err)
	case cause == nil || *cause != nil:
		return fmt.Errorf("bulk: job %s: upload: answered before all rows were sent: %w", j.id, salesforce.ErrIncomplete)
	}
	return nil
}

func (j *IngestJob) writeRows(w io.Writer, rows iter.Seq2[sobject.Record, error]) error {
	csv := sobject.NewCSVWriter(&boundedWriter{w: w, left: MaxUpload}, j.cfg.Columns...)
	for rec, err := range rows {
		if err == nil {
			err = fits(j.cfg.Object, rec)
		}
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

// fits refuses a row of another object and text that is no UTF-8.
func fits(object string, rec sobject.Record) error {
	if rec.Object() != "" && !strings.EqualFold(rec.Object(), object) {
		return fmt.Errorf("a record of %s in a job of %s", rec.Object(), object)
	}
	for name, v := range rec.Fields() {
		if !utf8.ValidString(v.Raw()) {
			return fmt.Errorf("%s.%s: %w", object, name, ErrEncoding)
		}
		if parent, ok := v.Record(); ok {
			if err := fits(parent.Object(), parent); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close ends the upload and starts the work. A request that may or may not
// have arrived is settled by asking the org.
func (j *IngestJob) Close(ctx context.Context) error {
	req := j.request(http.MethodPatch, "", "close")
	req.JSON = map[string]string{"state": string(UploadComplete)}
	info, err := j.ask(ctx, req)
	for tries := 0; err != nil; tries++ {
		var infoErr error
		if info, infoErr = j.Info(ctx); infoErr != nil {
			return errors.Join(err, infoErr)
		}
		if info.State != Open {
			return info.Err() // it did arrive
		}
		if !salesforce.IsRetryable(err) || tries == rereads {
			return err
		}
		info, err = j.ask(ctx, req)
	}
	return info.Err()
}
