package salesforcetest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// The states of bulk jobs.
const (
	stateOpen       = "Open"
	stateUploaded   = "UploadComplete"
	stateInProgress = "InProgress"
	stateComplete   = "JobComplete"
	stateFailed     = "Failed"
	stateAborted    = "Aborted"
)

// job is one Bulk API 2.0 job.
type job struct {
	id        sobject.ID
	ingest    bool
	user      sobject.ID
	operation string
	object    string
	extField  string
	lineEnd   string // LF or CRLF
	delimiter string // COMMA, TAB ...
	version   string
	created   time.Time
	changed   time.Time
	closed    time.Time // when it became UploadComplete
	ended     time.Time
	state     string
	err       string
	processed int
	failed    int
	plan      jobPlan // what faults decided

	res *engine.Result // of a query: the snapshot taken at creation

	uploaded    bool
	data        []byte
	successful  []byte
	failures    []byte
	unprocessed []byte
}

// jobs keeps the bulk jobs of an org. Jobs move on by the org's clock: whoever
// looks first after a job is due does its work.
type jobs struct {
	mu    sync.Mutex
	delay time.Duration
	seq   int
	byID  map[sobject.ID]*job
	order []*job
}

func newJobs(delay time.Duration) *jobs { return &jobs{delay: delay, byID: map[sobject.ID]*job{}} }

// resultLife is how long results are kept.
const resultLife = 7 * 24 * time.Hour

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// add stores a new job and gives it its id. Callers hold mu.
func (j *jobs) add(b *job, faults []func(*jobPlan)) {
	for _, f := range faults {
		f(&b.plan)
	}
	j.seq++
	b.id = numbered("750", j.seq)
	j.byID[b.id] = b
	j.order = append(j.order, b)
}

// settle moves every job on that is due.
func (j *jobs) settle(s *Server) {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := s.org.Now()
	for _, b := range j.order {
		if !b.ended.IsZero() && now.Sub(b.ended) > resultLife {
			delete(j.byID, b.id)
			b.res, b.data, b.successful, b.failures, b.unprocessed = nil, nil, nil, nil, nil
			continue
		}
		if b.state != stateUploaded && b.state != stateInProgress {
			continue
		}
		switch due := now.Sub(b.closed); {
		case b.plan.hang:
			b.state = stateInProgress
		case due >= j.delay:
			b.finish(s, b.closed.Add(j.delay))
		case due >= j.delay/4 && b.state == stateUploaded:
			b.state, b.changed = stateInProgress, b.closed.Add(j.delay/4)
		}
	}
	j.order = slices.DeleteFunc(j.order, func(b *job) bool { return j.byID[b.id] == nil })
}

// finish does a job's work.
func (b *job) finish(s *Server, at time.Time) {
	b.state, b.changed, b.ended = stateComplete, at, at
	if b.ingest {
		b.process(s)
		return
	}
	if b.plan.state != "" {
		b.state, b.err, b.processed = b.plan.state, b.plan.message, min(b.plan.rows, b.res.Len())
		return
	}
	if b.plan.shuffle != nil {
		b.res = b.res.Shuffled(*b.plan.shuffle)
	}
	b.processed = b.res.Len()
}

// plan tells the job that a request names what faults decided about it.
func (j *jobs) plan(path string, faults []func(*jobPlan)) {
	_, rest, ok := cutVersion(path)
	segs := strings.Split(rest, "/")
	if !ok || len(segs) < 3 || segs[0] != "jobs" {
		return
	}
	id, err := sobject.ParseID(segs[2])
	if err != nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if b := j.byID[id]; b != nil {
		for _, f := range faults {
			f(&b.plan)
		}
	}
}

// find returns the job of the path. The caller holds mu.
func (j *jobs) find(text string, ingest bool) (*job, *answer) {
	if id, err := sobject.ParseID(text); err == nil {
		if b, ok := j.byID[id]; ok && b.ingest == ingest {
			return b, nil
		}
	}
	a := notFound()
	return nil, &a
}

// object tells what a job is about, for faults.
func (j *jobs) object(text string) string {
	id, err := sobject.ParseID(text)
	if err != nil {
		return ""
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if b, ok := j.byID[id]; ok {
		return b.object
	}
	return ""
}

// today counts the query jobs and the ingest batches of the last 24 hours.
func (j *jobs) today(now time.Time) (queries, batches int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, b := range j.order {
		switch {
		case now.Sub(b.created) > 24*time.Hour:
		case b.ingest:
			batches += (b.processed + 9999) / 10000
		default:
			queries++
		}
	}
	return queries, batches
}

// jobInfo has the keys of a job's answer, in Salesforce's order; what a job
// does not have is absent.
type jobInfo struct {
	ID          string      `json:"id"`
	Operation   string      `json:"operation"`
	Object      string      `json:"object"`
	CreatedByID string      `json:"createdById"`
	CreatedDate string      `json:"createdDate"`
	Modstamp    string      `json:"systemModstamp"`
	State       string      `json:"state"`
	ExternalID  string      `json:"externalIdFieldName,omitempty"`
	Concurrency string      `json:"concurrencyMode"`
	ContentType string      `json:"contentType"`
	APIVersion  json.Number `json:"apiVersion"`
	ContentURL  string      `json:"contentUrl,omitempty"`
	JobType     string      `json:"jobType,omitempty"`
	LineEnding  string      `json:"lineEnding,omitempty"`
	Delimiter   string      `json:"columnDelimiter,omitempty"`
	*jobNumbers
}

type jobNumbers struct {
	Processed   int    `json:"numberRecordsProcessed"`
	Failed      *int   `json:"numberRecordsFailed,omitempty"`
	Retries     int    `json:"retries"`
	TotalTime   int    `json:"totalProcessingTime"`
	APITime     *int   `json:"apiActiveProcessingTime,omitempty"`
	ApexTime    *int   `json:"apexProcessingTime,omitempty"`
	PKChunking  *bool  `json:"isPkChunkingSupported,omitempty"`
	ErrorNotice string `json:"errorMessage,omitempty"`
}

// info describes a job as its creation does.
func (b *job) info() jobInfo {
	return jobInfo{
		ID: string(b.id), Operation: b.operation, Object: b.object, CreatedByID: string(b.user), CreatedDate: stamp(b.created),
		Modstamp: stamp(b.changed), State: b.state, ExternalID: b.extField, Concurrency: "Parallel", ContentType: "CSV",
		APIVersion: json.Number(b.version), LineEnding: b.lineEnd, Delimiter: b.delimiter,
	}
}

// full describes a job as a GET does.
func (b *job) full() jobInfo {
	out := b.info()
	took := 0
	if !b.ended.IsZero() {
		took = int(b.ended.Sub(b.closed).Milliseconds())
	}
	n := &jobNumbers{Processed: b.processed, TotalTime: took, ErrorNotice: b.err}
	if b.ingest {
		zero := 0
		out.JobType, n.Failed, n.APITime, n.ApexTime = "V2Ingest", &b.failed, &took, &zero
		if b.state == stateOpen {
			out.ContentURL = b.contentURL()
		}
	} else {
		yes := true
		out.JobType, n.PKChunking = "V2Query", &yes
	}
	out.jobNumbers = n
	return out
}

// contentURL has no leading slash.
func (b *job) contentURL() string {
	return "services/data/v" + b.version + "/jobs/ingest/" + string(b.id) + "/batches"
}

// format checks the parts of a creation that both kinds of jobs share.
func (b *job) format(contentType, delimiter, lineEnd string) *answer {
	b.delimiter, b.lineEnd = cmp.Or(delimiter, "COMMA"), cmp.Or(lineEnd, "LF")
	bad := func(what, value string) *answer {
		a := failure(http.StatusBadRequest, "INVALIDJOB", fmt.Sprintf("InvalidJob : %s is not a valid value for %s", value, what))
		return &a
	}
	if contentType != "" && contentType != "CSV" {
		return bad("contentType", contentType)
	}
	if _, ok := delimiters[b.delimiter]; !ok {
		return bad("columnDelimiter", b.delimiter)
	}
	if b.lineEnd != "LF" && b.lineEnd != "CRLF" {
		return bad("lineEnding", b.lineEnd)
	}
	return nil
}

// listJobs lists jobs, newest last, 1,000 a page.
func (c *call) listJobs(ingest bool) answer {
	const page = 1000
	from, _ := strconv.Atoi(c.query.Get("queryLocator"))
	c.s.jobs.mu.Lock()
	defer c.s.jobs.mu.Unlock()
	list := []jobInfo{}
	kind := map[bool]string{true: "V2Ingest", false: "V2Query"}[ingest]
	if want := c.query.Get("jobType"); want == "" || strings.EqualFold(want, kind) {
		for _, b := range c.s.jobs.order {
			if b.ingest == ingest {
				info := b.info()
				info.JobType = kind
				list = append(list, info)
			}
		}
	}
	from = min(max(from, 0), len(list))
	end := min(from+page, len(list))
	out := struct {
		Done    bool      `json:"done"`
		Records []jobInfo `json:"records"`
		Next    *string   `json:"nextRecordsUrl"`
	}{Done: end == len(list), Records: list[from:end]}
	if !out.Done {
		next := c.base() + "/jobs/" + map[bool]string{true: "ingest", false: "query"}[ingest] + "?queryLocator=" + strconv.Itoa(end)
		out.Next = &next
	}
	return jsonAnswer(http.StatusOK, out)
}

// deleteJob removes a job that is not running.
func (c *call) deleteJob(ingest bool) answer {
	c.s.jobs.mu.Lock()
	defer c.s.jobs.mu.Unlock()
	b, refused := c.s.jobs.find(c.params["job"], ingest)
	if refused != nil {
		return *refused
	}
	switch b.state {
	case stateComplete, stateAborted, stateFailed:
	case stateUploaded:
		if ingest {
			break
		}
		fallthrough
	default:
		return failure(http.StatusBadRequest, "API_ERROR", "Error encountered when deleting the job because the job is not terminated")
	}
	delete(c.s.jobs.byID, b.id)
	c.s.jobs.order = slices.DeleteFunc(c.s.jobs.order, func(o *job) bool { return o == b })
	return empty(http.StatusNoContent)
}
