package bulk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Rows is a sequence of records to be written.
type Rows = iter.Seq2[sobject.Record, error]

// DefaultLoadBytes is how many bytes of CSV a job of a load has at most by
// default.
const DefaultLoadBytes = 90_000_000

// LoadConfig configures a load.
type LoadConfig struct {
	// Object and Operation are required.
	Object    string
	Operation Operation
	// ExternalID is the field that an upsert matches by. Required for it.
	ExternalID string
	// Key is the column by which results are matched with rows; every row
	// must have it. Defaults to ExternalID for an upsert and to Id for an
	// update or a delete. An insert without one is only counted.
	Key string
	// Columns are the fields that are uploaded; see IngestConfig. Empty means
	// those that the rows have, for which all rows are ranged over once more
	// beforehand. An insert then makes jobs for each set of columns, because
	// it would store null where a row lacks a field; the others leave such a
	// field alone.
	Columns []string
	// MaxBytes is how many bytes of CSV a job has at most. Defaults to
	// DefaultLoadBytes; at most MaxUpload.
	MaxBytes int
	// MaxRefused is how many rows that cannot be sent at all are put aside as
	// failed; one more ends the load. Defaults to 1,000.
	MaxRefused int
	// OneAtATime waits for each job before the next is made. Jobs that write
	// children of the same parents lock each other out otherwise; rows that
	// are sorted by their parent help too. Defaults to false.
	OneAtATime bool
	// AssignmentRuleID and Describe are as in IngestConfig.
	AssignmentRuleID string
	Describe         *sobject.Describe
	// Saved is called with the load's handle whenever it changes: when a job
	// was made and when its rows are complete. An error ends the load.
	// Defaults to none.
	Saved func(handle string) error
	PollConfig
}

func (cfg *LoadConfig) check(c *salesforce.Client) error {
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = DefaultLoadBytes
	}
	if cfg.MaxRefused == 0 {
		cfg.MaxRefused = 1000
	}
	if cfg.Key == "" {
		switch cfg.Operation {
		case Upsert:
			cfg.Key = cfg.ExternalID
		case Update, Delete, HardDelete:
			cfg.Key = "Id"
		}
	}
	var errs []error
	if cfg.MaxBytes < 0 || cfg.MaxBytes > MaxUpload || cfg.MaxRefused < 0 {
		errs = append(errs, fmt.Errorf("MaxBytes %d must be between 1 and %d, MaxRefused %d not negative", cfg.MaxBytes, MaxUpload, cfg.MaxRefused))
	}
	if cfg.Operation == Upsert && cfg.ExternalID == "" {
		errs = append(errs, errors.New("an upsert needs ExternalID"))
	}
	if len(cfg.Columns) > 0 && cfg.Key != "" && !containsFold(cfg.Columns, cfg.Key) {
		errs = append(errs, fmt.Errorf("Columns lack the Key %q", cfg.Key))
	}
	columns := cfg.Columns
	if len(columns) == 0 {
		columns = []string{"Id"} // known later
		if cfg.Operation == Upsert {
			columns = []string{cfg.ExternalID}
		}
	}
	probe := cfg.ingest(columns)
	if len(cfg.Columns) == 0 {
		probe.Describe = nil
	}
	errs = append(errs, probe.check(c))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("bulk: load: %w", err)
	}
	cfg.PollConfig = probe.PollConfig
	return nil
}

func (cfg *LoadConfig) ingest(columns []string) IngestConfig {
	return IngestConfig{Object: cfg.Object, Operation: cfg.Operation, ExternalID: cfg.ExternalID, Columns: columns,
		AssignmentRuleID: cfg.AssignmentRuleID, Describe: cfg.Describe, PollConfig: cfg.PollConfig}
}

// Load is a sequence of rows of any length on its way into an org, in as many
// ingest jobs as its bytes need. It is not safe for concurrent use.
type Load struct {
	client  *salesforce.Client
	cfg     LoadConfig
	jobs    []*loadJob
	ledger  *ledger // nil without a key, and after OpenLoad
	refused []Row
}

// loadJob is one job of a load.
type loadJob struct {
	ID string `json:"id"`
	// Rows is how many were uploaded; -1 while that is not known.
	Rows int64 `json:"rows"`
	// Void: the job was given up while it was open, and its rows went into
	// another one.
	Void bool `json:"void,omitempty"`
}

// StartLoad uploads rows, which are ranged over as they are sent, and cuts them
// into jobs, which the org works on from then on: see Load.Wait and
// Load.Results. Memory holds one row at a time and, to account for each, the
// keys of all.
//
// rows must give the same rows whenever it is ranged over: an upload that
// breaks is sent again, in a new job where the org may have got a part of the
// old one. A job is worked on only after it was closed, so that no row is
// written twice. rows should end when ctx does, if it can block.
//
// With an error the load is not nil once a job was closed or a row refused:
// what was closed goes on and can be waited for; the open job was aborted.
func StartLoad(ctx context.Context, c *salesforce.Client, cfg LoadConfig, rows Rows) (*Load, error) {
	if err := cfg.check(c); err != nil {
		return nil, err
	}
	sets, err := plan(cfg, rows)
	if err != nil {
		return nil, err
	}
	l := &Load{client: c, cfg: cfg}
	if cfg.Key != "" {
		l.ledger = newLedger()
	}
	err = l.walk(sets, rows, func(f *feeder) error {
		for {
			if more, err := f.peek(ctx); err != nil || !more {
				return err
			}
			if err := l.segment(ctx, f); err != nil {
				return err
			}
		}
	})
	if err != nil {
		err = fmt.Errorf("bulk: load of %s: %w", cfg.Object, err)
		if len(l.jobs) == 0 && len(l.refused) == 0 {
			return nil, err
		}
	}
	return l, err
}

// walk lets each set of columns be worked on by a feeder of its rows.
func (l *Load) walk(sets []columnSet, rows Rows, work func(*feeder) error) error {
	for i, set := range sets {
		f, err := newFeeder(l.cfg, set, rows)
		if err != nil {
			return err
		}
		f.first = i == 0
		f.refuse = l.refuse
		f.accept = func(key string) {
			if l.ledger != nil {
				l.ledger.add(key)
			}
		}
		err = work(f)
		f.close()
		if err != nil {
			return err
		}
	}
	return nil
}

// refuse puts a row aside that cannot be sent.
func (l *Load) refuse(rec sobject.Record, key string, why error) error {
	if len(l.refused) >= l.cfg.MaxRefused {
		return fmt.Errorf("more than %d rows cannot be sent; the last: %w", l.cfg.MaxRefused, why)
	}
	l.refused = append(l.refused, Row{Status: RowFailed, Key: key,
		Result: Result{Record: rec, Error: &salesforce.ErrorDetail{Message: why.Error()}}})
	return nil
}

// segment sends the next rows, as many as one job takes.
func (l *Load) segment(ctx context.Context, f *feeder) error {
	start, base := f.at, 0
	if l.ledger != nil {
		base = l.ledger.len() - f.most // where the feeder's rows begin
	}
	for tries := 0; ; tries++ {
		resend, err := l.send(ctx, f, start)
		if err == nil {
			return nil
		}
		if !resend || tries == rereads || ctx.Err() != nil || !salesforce.IsRetryable(err) && !errors.Is(err, salesforce.ErrIncomplete) {
			if l.ledger != nil && resend {
				l.ledger.mark(base+start, l.ledger.len(), rowNotSent)
			}
			return err
		}
	}
}

// send makes one job, uploads to it and closes it. resend tells, with an error,
// that the org will certainly not work on its rows.
func (l *Load) send(ctx context.Context, f *feeder, start int) (resend bool, err error) {
	job, err := StartIngest(ctx, l.client, l.cfg.ingest(f.enc.set.columns))
	if err != nil {
		return true, err
	}
	entry := &loadJob{ID: job.ID(), Rows: -1}
	l.jobs = append(l.jobs, entry)
	err = l.save()
	if err == nil {
		err = job.upload(ctx, func(w io.Writer) error {
			n, err := f.write(ctx, w, start)
			entry.Rows = int64(n)
			return err
		})
	}
	if err == nil {
		err = l.save()
	}
	if err != nil {
		// Nobody closes the job: its rows will not be worked on.
		entry.Void, entry.Rows = true, -1
		if job.abortAtEnd(ctx) == nil {
			l.jobs = slices.DeleteFunc(l.jobs, func(j *loadJob) bool { return j == entry })
		}
		return true, errors.Join(err, l.save())
	}
	if err := job.Close(ctx); err != nil {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		// The request may arrive yet, unless the job is aborted before.
		if info, abortErr := job.Info(end); abortErr != nil || info.State != Open || job.Abort(end) != nil {
			return false, err
		}
		l.jobs = slices.DeleteFunc(l.jobs, func(j *loadJob) bool { return j == entry })
		return true, errors.Join(err, l.save())
	}
	if l.cfg.OneAtATime {
		if _, err := job.Wait(ctx); err != nil && !errors.Is(err, ErrFailed) && !errors.Is(err, ErrAborted) {
			return false, err
		}
	}
	return false, nil
}

func (l *Load) save() error {
	if l.cfg.Saved == nil {
		return nil
	}
	return l.cfg.Saved(l.Handle())
}

// Jobs returns the ids of the jobs whose results count.
func (l *Load) Jobs() []string {
	var ids []string
	for _, j := range l.jobs {
		if !j.Void {
			ids = append(ids, j.ID)
		}
	}
	return ids
}

func (l *Load) open(j *loadJob) (*IngestJob, error) {
	columns := []string{"Id"} // not needed for what follows an upload
	if l.cfg.Operation == Upsert {
		columns = []string{l.cfg.ExternalID}
	}
	cfg := l.cfg.ingest(columns)
	cfg.Describe = nil
	return OpenIngest(l.client, j.ID, cfg)
}
