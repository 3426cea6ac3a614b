package salesforcetest

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// The limits that refuse. Names are those of the limits resource, apart from
// the first, which only faults know.
const (
	limitConcurrent  = "ConcurrentRequests"
	limitRequests    = "DailyApiRequests"
	limitBatches     = "DailyBulkApiBatches"
	limitQueryJobs   = "DailyBulkV2QueryJobs"
	limitQueryBytes  = "DailyBulkV2QueryFileStorageMB"
	limitDataStorage = "DataStorageMB"
)

// quota is one limit: its maximum, and what others than the fake's own clients
// used of it, and when.
type quota struct {
	max  int
	used int
	at   time.Time
}

// quotas are the limits besides API calls, by name, at the values of a
// Developer Edition until SetLimit.
type quotas struct {
	mu     sync.Mutex
	byName map[string]quota
	bytes  []served // of bulk query results
}

type served struct {
	at time.Time
	n  int
}

const day = 24 * time.Hour

// edition are the limits of a Developer Edition as the limits resource tells
// them.
var edition = map[string]int{
	"ConcurrentAsyncGetReportInstances": 200, "ConcurrentSyncReportRuns": 20, "DailyAsyncApexExecutions": 250000,
	"DailyAsyncApexTests": 500, limitBatches: 15000, limitQueryBytes: 976562, limitQueryJobs: 10000,
	"DailyDeliveredPlatformEvents": 10000, "DailyStandardVolumePlatformEvents": 10000, "DailyStreamingApiEvents": 10000,
	"DailyWorkflowEmails": 8040, limitDataStorage: 5, "FileStorageMB": 20, "HourlyPublishedPlatformEvents": 50000,
	"HourlyTimeBasedWorkflow": 1000, "MassEmail": 10, "SingleEmail": 15, "StreamingApiConcurrentClients": 20,
}

// SetLimit sets a limit by its name in the limits resource, and how much of it
// others used just now. DailyApiRequests, DailyBulkApiBatches,
// DailyBulkV2QueryJobs, DailyBulkV2QueryFileStorageMB and DataStorageMB refuse
// what goes beyond them; the daily ones recover after 24 hours of the org's
// clock. The others are told and no more.
func (s *Server) SetLimit(name string, used, limit int) {
	if name == limitRequests {
		s.SetAPIUsage(used, limit)
		return
	}
	s.quotas.mu.Lock()
	defer s.quotas.mu.Unlock()
	if s.quotas.byName == nil {
		s.quotas.byName = map[string]quota{}
	}
	s.quotas.byName[name] = quota{max: limit, used: used, at: s.org.Now()}
	if name == limitDataStorage {
		s.org.SetFull(used >= limit)
	}
}

// exhaust uses a limit up.
func (s *Server) exhaust(name string) {
	limit, ok := edition[name]
	if name == limitRequests {
		_, limit = s.usage.snapshot(s.org.Now())
	}
	if q, set := s.quotas.get(name); set {
		limit = q.max
	} else if !ok && name != limitRequests {
		return
	}
	s.SetLimit(name, limit, limit)
}

func (q *quotas) get(name string) (quota, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	out, ok := q.byName[name]
	return out, ok
}

// state tells a limit and what is used of it by now; own is what the fake
// counted itself.
func (s *Server) quotaState(name string, own int) (used, limit int) {
	limit = edition[name]
	if q, ok := s.quotas.get(name); ok {
		limit = q.max
		if name == limitDataStorage || s.org.Now().Sub(q.at) < day {
			own += q.used
		}
	}
	return own, limit
}

// sendBytes counts what a bulk query's results took.
func (s *Server) sendBytes(n int) {
	s.quotas.mu.Lock()
	defer s.quotas.mu.Unlock()
	now := s.org.Now()
	if last := len(s.quotas.bytes) - 1; last >= 0 && now.Sub(s.quotas.bytes[last].at) < time.Hour {
		s.quotas.bytes[last].n += n
		return
	}
	s.quotas.bytes = append(s.quotas.bytes, served{now, n})
}

func (s *Server) sentMegabytes() int {
	s.quotas.mu.Lock()
	defer s.quotas.mu.Unlock()
	now, n := s.org.Now(), 0
	for _, b := range s.quotas.bytes {
		if now.Sub(b.at) < day {
			n += b.n
		}
	}
	return n >> 20
}

// queryJobQuota refuses another query job; the words are those of real orgs.
func (s *Server) queryJobQuota() *answer {
	queries, _ := s.jobs.today(s.org.Now())
	if used, limit := s.quotaState(limitQueryJobs, queries); used >= limit {
		a := failure(http.StatusBadRequest, "LIMIT_EXCEEDED", fmt.Sprintf("Max bulk v2 query jobs (%d) per 24 hrs has been reached (%d)", limit, used+1))
		return &a
	}
	if used, limit := s.quotaState(limitQueryBytes, s.sentMegabytes()); used >= limit {
		a := failure(http.StatusBadRequest, "LIMIT_EXCEEDED",
			fmt.Sprintf("Max bulk v2 query result size stored (%d) kb per 24 hrs has been exceeded (%d)", limit*1024, used*1024))
		return &a
	}
	return nil
}

// batchQuota reports whether another ingest batch is too many; the quota is
// shared by both Bulk APIs.
func (s *Server) batchQuota() bool {
	_, batches := s.jobs.today(s.org.Now())
	used, limit := s.quotaState(limitBatches, batches+s.bulk1.today(s.org.Now()))
	return used >= limit
}

const batchQuotaText = "ExceededQuota : ApiBatchItems Limit exceeded."

type limitEntry struct{ Max, Remaining int }

// limits tells the quotas (REST guide, "Limits"). Those that the fake counts
// go down.
func (c *call) limits() answer {
	if !c.s.org.SystemPermission(c.user, "ViewSetup") {
		return failure(http.StatusForbidden, "INSUFFICIENT_ACCESS", "You don't have permission to view the limits of this organization.")
	}
	now := c.s.org.Now()
	queries, batches := c.s.jobs.today(now)
	own := map[string]int{limitQueryJobs: queries, limitBatches: batches + c.s.bulk1.today(now), limitQueryBytes: c.s.sentMegabytes()}
	out := map[string]limitEntry{}
	for name := range edition {
		used, limit := c.s.quotaState(name, own[name])
		out[name] = limitEntry{limit, max(limit-used, 0)}
	}
	c.s.quotas.mu.Lock()
	for name, q := range c.s.quotas.byName {
		if _, known := edition[name]; !known {
			out[name] = limitEntry{q.max, max(q.max-q.used, 0)}
		}
	}
	c.s.quotas.mu.Unlock()
	used, limit := c.s.usage.snapshot(now)
	out[limitRequests] = limitEntry{limit, max(limit-used, 0)}
	return jsonAnswer(http.StatusOK, out)
}
