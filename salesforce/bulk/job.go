package bulk

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/orglink/orglink/salesforce"
)

// State is where a job stands.
type State string

// The states of Bulk API 2.0. The last three are final.
const (
	Open           State = "Open"
	UploadComplete State = "UploadComplete"
	InProgress     State = "InProgress"
	JobComplete    State = "JobComplete"
	Failed         State = "Failed"
	Aborted        State = "Aborted"
)

// Errors of jobs, for errors.Is.
var (
	// ErrFailed: the org gave up the job; the message says why.
	ErrFailed = errors.New("bulk job failed")
	// ErrAborted: someone aborted the job.
	ErrAborted = errors.New("bulk job aborted")
	// ErrStalled: the job made no progress for as long as the config allows.
	ErrStalled = errors.New("bulk job makes no progress")
	// ErrUnknownState: the org named a state that this version does not know.
	ErrUnknownState = errors.New("bulk job in an unknown state")
)

// JobInfo is what the org says about a job.
type JobInfo struct {
	ID                     string  `json:"id"`
	Operation              string  `json:"operation"`
	Object                 string  `json:"object"`
	State                  State   `json:"state"`
	JobType                string  `json:"jobType"`
	APIVersion             float64 `json:"apiVersion"`
	CreatedDate            string  `json:"createdDate"`
	SystemModstamp         string  `json:"systemModstamp"`
	ExternalIDFieldName    string  `json:"externalIdFieldName"`
	LineEnding             string  `json:"lineEnding"`
	ColumnDelimiter        string  `json:"columnDelimiter"`
	ContentURL             string  `json:"contentUrl"`
	NumberRecordsProcessed int64   `json:"numberRecordsProcessed"`
	NumberRecordsFailed    int64   `json:"numberRecordsFailed"`
	Retries                int     `json:"retries"`
	// TotalProcessingTime is in milliseconds.
	TotalProcessingTime int64  `json:"totalProcessingTime"`
	ErrorMessage        string `json:"errorMessage"`
}

// Err returns nil for a job that completed or still may, and otherwise an
// error that wraps ErrFailed, ErrAborted or ErrUnknownState. Rows of a complete
// ingest job may have failed all the same; see NumberRecordsFailed.
func (i JobInfo) Err() error {
	switch i.State {
	case Open, UploadComplete, InProgress, JobComplete:
		return nil
	case Failed:
		return fmt.Errorf("bulk: job %s: %w after %d records: %s", i.ID, ErrFailed, i.NumberRecordsProcessed, orNone(i.ErrorMessage))
	case Aborted:
		return fmt.Errorf("bulk: job %s: %w after %d records", i.ID, ErrAborted, i.NumberRecordsProcessed)
	default:
		return fmt.Errorf("bulk: job %s: %w: %q", i.ID, ErrUnknownState, i.State)
	}
}

func orNone(message string) string {
	if message == "" {
		return "the org gives no reason"
	}
	return message
}

// PollConfig tells how a job is waited for.
type PollConfig struct {
	// PollMin and PollMax bound the wait between two looks at a job, which
	// grows by half each time. Each look is one API call. Default to 1 s and
	// 30 s.
	PollMin, PollMax time.Duration
	// StallAfter is how long a job may stand still: no change of state and no
	// further record. Defaults to 30 minutes.
	StallAfter time.Duration
	// AbortOnCancel aborts the job when the context ends while it is waited
	// for; otherwise it goes on and can be opened again by its id.
	AbortOnCancel bool
	// Progress is called after each look. Defaults to none.
	Progress func(JobInfo)
}

func (p *PollConfig) setDefaults() error {
	if p.PollMin == 0 {
		p.PollMin = time.Second
	}
	if p.PollMax == 0 {
		p.PollMax = max(30*time.Second, p.PollMin)
	}
	if p.StallAfter == 0 {
		p.StallAfter = 30 * time.Minute
	}
	if p.PollMin < 0 || p.PollMax < p.PollMin || p.StallAfter < 0 {
		return errors.New("bulk: PollMin, PollMax and StallAfter must be positive and in order")
	}
	return nil
}

// job is what query and ingest jobs have in common.
type job struct {
	client *salesforce.Client
	kind   string // "query" or "ingest"
	id     string
	object string
	poll   PollConfig
}

func (j *job) path(parts string) string {
	return "jobs/" + j.kind + "/" + url.PathEscape(j.id) + parts
}

func (j *job) request(method, parts, operation string) salesforce.Request {
	return salesforce.Request{Method: method, Path: j.path(parts), Operation: "bulk." + j.kind + "." + operation, Object: j.object}
}

// ID returns the job's id, by which it can be opened again.
func (j *job) ID() string { return j.id }

// Info asks the org about the job: one API call.
func (j *job) Info(ctx context.Context) (JobInfo, error) {
	return j.ask(ctx, j.request(http.MethodGet, "", "info"))
}

func (j *job) ask(ctx context.Context, req salesforce.Request) (JobInfo, error) {
	var info JobInfo
	if err := j.client.DoJSON(ctx, req, &info); err != nil {
		return info, err
	}
	if info.State == "" {
		return info, fmt.Errorf("bulk: job %s: the answer names no state: %w", j.id, ErrUnknownState)
	}
	return info, nil
}

// Wait looks at the job until it is complete. A job that fails, is aborted,
// stands still or is in an unknown state is an error; the last info comes with
// it.
func (j *job) Wait(ctx context.Context) (JobInfo, error) {
	info, err := j.wait(ctx)
	if ctx.Err() != nil && j.poll.AbortOnCancel {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		err = errors.Join(err, j.Abort(end))
	}
	return info, err
}

func (j *job) wait(ctx context.Context) (JobInfo, error) {
	var last JobInfo
	moved, pause := time.Now(), j.poll.PollMin
	for {
		info, err := j.Info(ctx)
		if err != nil {
			return last, err
		}
		if j.poll.Progress != nil {
			j.poll.Progress(info)
		}
		if info.State == JobComplete {
			return info, nil
		}
		if err := info.Err(); err != nil {
			return info, err
		}
		if info.State != last.State || info.NumberRecordsProcessed != last.NumberRecordsProcessed {
			moved = time.Now()
		}
		if still := time.Since(moved); still >= j.poll.StallAfter {
			return info, fmt.Errorf("bulk: job %s: %w: %s with %d records for %s", j.id, ErrStalled, info.State, info.NumberRecordsProcessed, still.Round(time.Second))
		}
		last = info
		timer := time.NewTimer(pause - rand.N(pause/4+1))
		select {
		case <-ctx.Done():
			timer.Stop()
			return info, fmt.Errorf("bulk: job %s: wait: %w", j.id, ctx.Err())
		case <-timer.C:
		}
		pause = min(pause+pause/2, j.poll.PollMax)
	}
}

// Abort stops the job. Rows that were written stay written. Aborting a job
// that is complete is an error (salesforce.ErrConflict).
func (j *job) Abort(ctx context.Context) error {
	req := j.request(http.MethodPatch, "", "abort")
	req.JSON = map[string]string{"state": string(Aborted)}
	_, err := j.ask(ctx, req)
	return err
}

// Delete removes a finished job and its results.
func (j *job) Delete(ctx context.Context) error {
	resp, err := j.client.Do(ctx, j.request(http.MethodDelete, "", "delete"))
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
