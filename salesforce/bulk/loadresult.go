package bulk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// RowStatus is what became of a row of a load.
type RowStatus string

// Every row of a load ends as exactly one of these.
const (
	// RowSucceeded: the org wrote it.
	RowSucceeded RowStatus = "succeeded"
	// RowFailed: the org refused it, or it could not be sent; Error says why.
	RowFailed RowStatus = "failed"
	// RowUnprocessed: its job ended before its turn. It can be sent again.
	RowUnprocessed RowStatus = "unprocessed"
	// RowUnknown: it was sent, and no result tells of it. Ask the org for the
	// record before it is sent again.
	RowUnknown RowStatus = "unknown"
)

// Row is the outcome of one row of a load.
type Row struct {
	Status RowStatus
	// Key is the row's value of LoadConfig.Key, ids in their long form.
	Key string
	// Job is the id of its job, or "" if it reached none, or none is known.
	Job string
	// Result.Record holds the uploaded columns where a result tells of the
	// row, or where the row could not be sent.
	Result
}

// handle is the text form of a load.
type handle struct {
	Object     string     `json:"object"`
	Operation  Operation  `json:"operation"`
	ExternalID string     `json:"externalId,omitempty"`
	Key        string     `json:"key,omitempty"`
	Jobs       []*loadJob `json:"jobs"`
}

// Handle returns the load as text, by which OpenLoad opens it in another
// process: what it does, and the ids of its jobs with their numbers of rows.
// It holds no record and no secret.
func (l *Load) Handle() string {
	h := handle{l.cfg.Object, l.cfg.Operation, l.cfg.ExternalID, l.cfg.Key, l.jobs}
	if h.Jobs == nil {
		h.Jobs = []*loadJob{}
	}
	text, err := json.Marshal(h)
	if err != nil {
		return "" // strings and numbers always encode
	}
	return string(text)
}

// OpenLoad opens a load by its handle, to wait for it and to read its results.
// Rows are then accounted for by their number; Expect makes it by their keys
// again. It makes no request.
func OpenLoad(c *salesforce.Client, text string, poll PollConfig) (*Load, error) {
	var h handle
	if err := json.Unmarshal([]byte(text), &h); err != nil {
		return nil, fmt.Errorf("bulk: the handle of a load is malformed: %w", err)
	}
	cfg := LoadConfig{Object: h.Object, Operation: h.Operation, ExternalID: h.ExternalID, Key: h.Key, PollConfig: poll}
	if err := cfg.check(c); err != nil {
		return nil, err
	}
	l := &Load{client: c, cfg: cfg, jobs: h.Jobs}
	for _, j := range l.jobs {
		if j == nil {
			return nil, errors.New("bulk: the handle of a load lacks a job")
		}
		if _, err := l.open(j); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// Expect tells a load that was opened by its handle which rows were uploaded,
// so that Results can name those that no result tells of. columns are those of
// LoadConfig.
func (l *Load) Expect(ctx context.Context, rows Rows, columns ...string) error {
	if l.ledger != nil || l.cfg.Key == "" {
		return errors.New("bulk: the load knows its rows, or has no key")
	}
	l.cfg.Columns = columns
	sets, err := plan(l.cfg, rows)
	if err != nil {
		return err
	}
	l.ledger, l.refused = newLedger(), nil
	return l.walk(sets, rows, func(f *feeder) error {
		for {
			if more, err := f.peek(ctx); err != nil || !more {
				return err
			}
			f.use()
		}
	})
}

// Wait waits until every job is in a final state, and returns what the org
// says about each. A job that failed or was aborted is no error: the results
// tell what became of its rows. A job that was left open by a process that
// died is aborted.
func (l *Load) Wait(ctx context.Context) ([]JobInfo, error) {
	var infos []JobInfo
	for _, j := range l.jobs {
		job, err := l.open(j)
		if err != nil {
			return infos, err
		}
		info, err := l.settleOpen(ctx, job, j)
		if err == nil && !info.Done() && !j.Void {
			info, err = job.Wait(ctx)
		}
		if err != nil && !errors.Is(err, ErrFailed) && !errors.Is(err, ErrAborted) {
			return infos, err
		}
		if !j.Void {
			infos = append(infos, info)
		}
	}
	return infos, nil
}

// settleOpen aborts a job that is open.
func (l *Load) settleOpen(ctx context.Context, job *IngestJob, j *loadJob) (JobInfo, error) {
	info, err := job.Info(ctx)
	if j.Void && errors.Is(err, salesforce.ErrNotFound) {
		return info, nil
	}
	if err != nil || info.State != Open {
		return info, err
	}
	if err := job.Abort(ctx); err != nil {
		return info, err
	}
	return job.Info(ctx)
}

// Abort aborts every job that is not done. Rows that were written stay
// written.
func (l *Load) Abort(ctx context.Context) error {
	var errs []error
	for _, j := range l.jobs {
		job, err := l.open(j)
		if err == nil {
			err = job.abortAtEnd(ctx)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Delete removes the finished jobs and their results.
func (l *Load) Delete(ctx context.Context) error {
	var errs []error
	for _, j := range l.jobs {
		job, err := l.open(j)
		if err == nil {
			if err = job.Delete(ctx); errors.Is(err, salesforce.ErrNotFound) {
				err = nil
			}
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Results streams the outcome of every row of a load whose jobs are done, in
// no particular order, each row exactly once: those that could not be sent,
// then job by job the successful, the failed and the unprocessed, then those
// that no result tells of. Results that no row can be found for are an error
// (salesforce.ErrIncomplete) at the end.
func (l *Load) Results(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		a := &accounting{load: l, yield: yield}
		if l.ledger != nil {
			l.ledger.reopen()
		}
		for _, row := range l.refused {
			if !yield(row, nil) {
				return
			}
		}
		for _, j := range l.jobs {
			if j.Void {
				continue
			}
			if err := a.job(ctx, j); err != nil {
				if !errors.Is(err, errEnough) {
					yield(Row{}, err)
				}
				return
			}
		}
		if !a.rest() {
			return
		}
		if a.stray > 0 {
			yield(Row{}, fmt.Errorf("bulk: load of %s: %d results belong to no row that was sent, or to one that has a result already; the first has the key %q: %w",
				l.cfg.Object, a.stray, a.strayKey, salesforce.ErrIncomplete))
		}
	}
}

var errEnough = errors.New("the caller stopped")

// accounting settles the rows of a load with its results.
type accounting struct {
	load     *Load
	yield    func(Row, error) bool
	stray    int
	strayKey string
}

func (a *accounting) job(ctx context.Context, j *loadJob) error {
	job, err := a.load.open(j)
	if err != nil {
		return err
	}
	info, err := job.Info(ctx)
	if err != nil {
		return err
	}
	if !info.Done() {
		return fmt.Errorf("bulk: job %s is %s: its results are there when it is done, see Load.Wait", j.ID, info.State)
	}
	var told int64
	for _, part := range []struct {
		results iter.Seq2[Result, error]
		status  RowStatus
	}{{job.Successful(ctx), RowSucceeded}, {job.Failed(ctx), RowFailed}, {job.Unprocessed(ctx), RowUnprocessed}} {
		for r, err := range part.results {
			if err != nil {
				return err
			}
			row := Row{Status: part.status, Job: j.ID, Result: r}
			if !a.settles(j, &row, told) {
				continue
			}
			told++
			if !a.yield(row, nil) {
				return errEnough
			}
		}
	}
	if a.load.ledger != nil {
		return nil
	}
	for ; told < j.Rows; told++ {
		if !a.yield(Row{Status: RowUnknown, Job: j.ID}, nil) {
			return errEnough
		}
	}
	return nil
}

// settles finds the row of a result; false if there is none left.
func (a *accounting) settles(j *loadJob, row *Row, told int64) bool {
	key, err := rowKey(a.load.cfg.Key, row.Record)
	if err == nil {
		row.Key = key
	}
	ok := j.Rows < 0 || told < j.Rows
	if a.load.ledger != nil {
		ok = err == nil && a.load.ledger.settle(key)
	}
	if !ok {
		if a.stray++; a.stray == 1 {
			a.strayKey = key
		}
	}
	return ok
}

// rest yields the rows of the ledger that no result told of.
func (a *accounting) rest() bool {
	led := a.load.ledger
	if led == nil {
		return true
	}
	for i, state := range led.state {
		row := Row{Key: string(led.key(i)), Result: Result{Record: sobject.NewRecord(a.load.cfg.Object)}}
		switch state {
		case rowSent:
			row.Status = RowUnknown
		case rowNotSent:
			row.Status = RowUnprocessed
		default:
			continue
		}
		if !a.yield(row, nil) {
			return false
		}
	}
	return true
}
