package salesforcetest

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Bulk API (version 1): jobs of CSV, JSON or XML batches under
// /services/async. It knows no uploads, and its results come in the order of
// the input.

// The states of jobs and batches, besides those of Bulk API 2.0.
const (
	stateClosed       = "Closed"
	stateQueued       = "Queued"
	stateCompleted    = "Completed"
	stateNotProcessed = "NotProcessed"
)

// job1 is one Bulk API job.
type job1 struct {
	job
	content    string // CSV, JSON or XML
	concurrent string // Parallel or Serial
	chunk      int    // rows of a chunk with PK chunking; 0: none
	batches    []*batch1
}

// batch1 is one batch of a job.
type batch1 struct {
	id      sobject.ID
	created time.Time
	changed time.Time
	state   string
	message string
	request []byte
	rows    int
	failed  int

	outs []engine.Outcome // of records
	res  *engine.Result   // of a query: its rows from to to-1
	from int
	to   int
}

type bulk1 struct {
	mu      sync.Mutex
	delay   time.Duration
	jobs    map[sobject.ID]*job1
	order   []*job1
	batches int // numbers ids
}

func newBulk1(delay time.Duration) *bulk1 {
	return &bulk1{delay: delay, jobs: map[sobject.ID]*job1{}}
}

const (
	maxBatchRows = 10000
	maxBatchText = 10000000
)

// numbered makes an id of a kind of which Salesforce shows only ids.
func numbered(prefix string, n int) sobject.ID {
	tail := []byte("000000000")
	for i := len(tail) - 1; n > 0; n, i = n/62, i-1 {
		tail[i] = base62[n%62]
	}
	return sobject.MustID(prefix + "ak0" + string(tail))
}

// today counts the batches of the last 24 hours.
func (k *bulk1) today(now time.Time) (n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, j := range k.order {
		for _, b := range j.batches {
			if now.Sub(b.created) < day {
				n++
			}
		}
	}
	return n
}

// settle moves every batch on that is due.
func (k *bulk1) settle(s *Server) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := s.org.Now()
	kept := k.order[:0]
	for _, j := range k.order {
		if j.state != stateOpen && now.Sub(j.changed) > resultLife {
			delete(k.jobs, j.id)
			continue
		}
		kept = append(kept, j)
		for _, b := range append([]*batch1(nil), j.batches...) {
			if b.state != stateQueued && b.state != stateInProgress {
				continue
			}
			switch due := now.Sub(b.created); {
			case j.plan.hang:
				b.state = stateInProgress
			case due >= k.delay:
				b.changed = b.created.Add(k.delay)
				k.process(s, j, b)
			case due >= k.delay/4 && b.state == stateQueued:
				b.state, b.changed = stateInProgress, b.created.Add(k.delay/4)
			}
		}
	}
	clear(k.order[len(kept):])
	k.order = kept
}

// add makes a batch of a job. The caller holds mu.
func (k *bulk1) add(j *job1, now time.Time, request []byte) *batch1 {
	k.batches++
	b := &batch1{id: numbered("751", k.batches), created: now, changed: now, state: stateQueued, request: request}
	j.batches = append(j.batches, b)
	return b
}

// process does the work of one batch.
func (k *bulk1) process(s *Server, j *job1, b *batch1) {
	b.state = stateCompleted
	fail := func(message string) { b.state, b.message = stateFailed, message }
	if j.plan.state != "" && j.plan.rows == 0 {
		b.state, b.message = j.plan.state, j.plan.message
		return
	}
	if j.operation == "query" || j.operation == "queryAll" {
		if err := k.query(s, j, b); err != "" {
			fail("InvalidBatch : Failed to process query: " + err)
		}
		return
	}
	if err := b.write(s, j); err != "" {
		fail(err)
	}
	if j.plan.state != "" {
		b.state, b.message = j.plan.state, j.plan.message
	}
}

// query runs a batch's query. With PK chunking the batch is put aside for one
// batch per chunk ("PK Chunking").
func (k *bulk1) query(s *Server, j *job1, b *batch1) string {
	res, err := s.org.QueryText(engine.Session{User: j.user}, strings.TrimSpace(string(b.request)),
		engine.QueryOptions{All: j.operation == "queryAll", Bulk: true})
	var e *engine.Error
	switch {
	case errors.As(err, &e):
		return e.Code + ": " + e.Message
	case err != nil:
		return "UNKNOWN_EXCEPTION: An unexpected error occurred."
	case !strings.EqualFold(res.Object(), j.object):
		return "INVALID_TYPE: The query is about " + res.Object() + ", the job about " + j.object
	}
	b.res, b.to, b.rows = res, res.Len(), res.Len()
	if j.chunk == 0 {
		return ""
	}
	b.state, b.res, b.to, b.rows = stateNotProcessed, nil, 0, 0
	for from := 0; from < res.Len() || from == 0; from += j.chunk {
		part := k.add(j, b.created, b.request)
		part.state, part.changed = stateCompleted, b.changed
		part.res, part.from, part.to = res, from, min(from+j.chunk, res.Len())
		part.rows = part.to - part.from
	}
	return ""
}

// write stores the records of a batch, 200 at a time.
func (b *batch1) write(s *Server, j *job1) string {
	recs, text, problem := b.records(s, j)
	if problem != "" {
		return problem
	}
	if len(recs) > maxBatchRows {
		return "InvalidBatch : Exceeded max limit of 10000 records"
	}
	if j.plan.state != "" {
		recs = recs[:min(j.plan.rows, len(recs))]
	}
	as := engine.Session{User: j.user}
	for from := 0; from < len(recs); from += 200 {
		outs, err := j.apply(s, as, recs[from:min(from+200, len(recs))], text)
		var e *engine.Error
		if errors.As(err, &e) {
			return "InvalidBatch : " + e.Message
		}
		if err != nil {
			return "InvalidBatch : the batch could not be processed"
		}
		b.outs = append(b.outs, outs...)
	}
	for _, o := range b.outs {
		b.rows++
		if !o.Success {
			b.failed++
		}
	}
	return ""
}

// object tells what a request of this API is about, for faults.
func (k *bulk1) object(path string, body []byte) string {
	segs := strings.Split(path, "/") // 66.0/job/750...
	if len(segs) < 3 {
		if m := objectElement.FindSubmatch(body); m != nil {
			return string(m[1]) + string(m[2])
		}
		return ""
	}
	id, err := sobject.ParseID(segs[2])
	if err != nil {
		return ""
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if j, ok := k.jobs[id]; ok {
		return j.object
	}
	return ""
}

var objectElement = regexp.MustCompile(`<object>\s*(\w+)\s*</object>|"object"\s*:\s*"(\w+)"`)
