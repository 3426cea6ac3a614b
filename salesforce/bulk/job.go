package bulk

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
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
	CreatedByID            string  `json:"createdById"`
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
	// TotalProcessingTime, and the parts of it spent in the API and in Apex,
	// are in milliseconds.
	TotalProcessingTime     int64  `json:"totalProcessingTime"`
	APIActiveProcessingTime int64  `json:"apiActiveProcessingTime"`
	ApexProcessingTime      int64  `json:"apexProcessingTime"`
	ErrorMessage            string `json:"errorMessage"`
}

// Done reports whether the job is in one of the three final states.
func (i JobInfo) Done() bool {
	return i.State == JobComplete || i.State == Failed || i.State == Aborted
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
	// for, or when it stalls; otherwise it goes on and can be opened again by
	// its id.
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
		return errors.New("PollMin, PollMax and StallAfter must be positive and in order")
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
	// version is the API version of the job where it is known: results are
	// answered in no other.
	version atomic.Pointer[string]
	// total is how many records a complete job processed, plus one; 0 while
	// that is unknown.
	total atomic.Int64
}

// speaks returns the API version in which requests about the job are made.
func (j *job) speaks() string {
	if v := j.version.Load(); v != nil {
		return *v
	}
	return j.client.APIVersion()
}

func (j *job) path(parts string) string {
	path := "jobs/" + j.kind + "/" + url.PathEscape(j.id) + parts
	if v := j.speaks(); v != j.client.APIVersion() {
		return "/services/data/v" + v + "/" + path
	}
	return path
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
		return info, explain(err)
	}
	if info.State == "" {
		return info, fmt.Errorf("bulk: job %s: the answer names no state: %w", j.id, ErrUnknownState)
	}
	if info.APIVersion > 0 {
		version := strconv.FormatFloat(info.APIVersion, 'f', 1, 64)
		j.version.Store(&version)
	}
	if info.State == JobComplete {
		j.total.Store(info.NumberRecordsProcessed + 1)
	}
	return info, nil
}

// fetch asks for what a finished job left, in the version that the job was
// made in.
func (j *job) fetch(ctx context.Context, parts, operation string, query url.Values, accept string) (*salesforce.Response, error) {
	send := func() (*salesforce.Response, error) {
		req := j.request(http.MethodGet, parts, operation)
		req.Query, req.Header = query, http.Header{"Accept": {accept}}
		return j.client.Do(ctx, req)
	}
	version := j.speaks()
	resp, err := send()
	var refused *salesforce.Error
	if err == nil || !errors.As(err, &refused) || refused.StatusCode != http.StatusConflict {
		return resp, explain(err)
	}
	if _, infoErr := j.Info(ctx); infoErr == nil && j.speaks() != version {
		resp, err = send()
		return resp, explain(err)
	}
	return nil, fmt.Errorf("bulk: job %s: its results are answered only in the API version that it was made in, which is not %s: %w", j.id, version, err)
}

// Wait looks at the job until it is complete. A job that fails, is aborted,
// stands still or is in an unknown state is an error; the last info comes with
// it. A look that fails in a way that passes is repeated as long as a job may
// stand still.
func (j *job) Wait(ctx context.Context) (JobInfo, error) {
	info, err := j.wait(ctx)
	if (ctx.Err() != nil || errors.Is(err, ErrStalled)) && j.poll.AbortOnCancel {
		err = errors.Join(err, j.abortAtEnd(ctx))
	}
	return info, err
}

// abortAtEnd aborts a job though the context may have ended. A job that came
// to its own end meanwhile is no failure.
func (j *job) abortAtEnd(ctx context.Context) error {
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	err := j.Abort(end)
	if err == nil {
		return nil
	}
	if info, infoErr := j.Info(end); infoErr == nil && info.Done() || errors.Is(infoErr, salesforce.ErrNotFound) {
		return nil
	}
	return err
}

func (j *job) wait(ctx context.Context) (JobInfo, error) {
	var last JobInfo
	moved, pause := time.Now(), j.poll.PollMin
	for {
		info, err := j.Info(ctx)
		still := time.Since(moved)
		switch {
		case err != nil && (!salesforce.IsRetryable(err) || ctx.Err() != nil || still >= j.poll.StallAfter):
			return last, err
		case err == nil:
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
				moved, still = time.Now(), 0
			}
			if still >= j.poll.StallAfter {
				return info, fmt.Errorf("bulk: job %s: %w: %s with %d records for %s", j.id, ErrStalled, info.State, info.NumberRecordsProcessed, still.Round(time.Second))
			}
			last = info
		}
		timer := time.NewTimer(pause - rand.N(pause/4+1))
		select {
		case <-ctx.Done():
			timer.Stop()
			return last, fmt.Errorf("bulk: job %s: wait: %w", j.id, ctx.Err())
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
