package salesforcetest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

func (c *call) listBatches(j *job1) answer {
	return c.batchList(j)
}

func (c *call) createBatch(j *job1) answer {
	now := c.s.org.Now()
	switch {
	case j.state != stateOpen:
		return c.exception(http.StatusBadRequest, "InvalidJobState", "Failed to create batch, since the Job is not Open. Current job state is '"+j.state+"'")
	case j.user != c.user.User:
		return c.exception(http.StatusBadRequest, "InvalidUser", "Only the user who created a job can add batches to it")
	case len(c.body) > maxBatchText:
		return c.exception(http.StatusBadRequest, "InvalidBatch", "Exceeded max size limit of 10000000")
	case len(bytes.TrimSpace(c.body)) == 0:
		return c.exception(http.StatusBadRequest, "InvalidBatch", "Batch is empty")
	case c.batchQuotaReached():
		return c.exception(http.StatusBadRequest, "ExceededQuota", strings.TrimPrefix(batchQuotaText, "ExceededQuota : "))
	}
	b := c.s.bulk1.add(j, now, c.body)
	j.changed = now
	return c.infoAnswer(http.StatusCreated, "batchInfo", j.batchInfo(b), j.content == "JSON")
}

// batchQuotaReached is Server.batchQuota for callers that hold the lock of the
// jobs.
func (c *call) batchQuotaReached() bool {
	c.s.bulk1.mu.Unlock()
	defer c.s.bulk1.mu.Lock()
	return c.s.batchQuota()
}

// asyncBatch answers a request about one batch, its request or its results.
func (c *call) asyncBatch(rest []string) answer {
	return c.asyncJob(rest, map[string]func(*call, *job1) answer{"GET": func(c *call, j *job1) answer {
		for _, b := range j.batches {
			if id, err := sobject.ParseID(rest[2]); err != nil || b.id != id {
				continue
			}
			switch {
			case len(rest) == 3:
				return c.infoAnswer(http.StatusOK, "batchInfo", j.batchInfo(b), j.content == "JSON")
			case len(rest) == 4 && rest[3] == "request":
				return answer{status: http.StatusOK, contentType: contentTypes[j.content], body: b.request}
			case rest[3] == "result":
				return c.batchResult(j, b, rest[4:])
			}
			c.unsupported()
			return c.exception(http.StatusBadRequest, "InvalidUrl", "Invalid URL")
		}
		return c.exception(http.StatusBadRequest, "InvalidBatch", "Unable to find batch for id: "+rest[2])
	}})
}

// batchResult answers what became of a batch.
func (c *call) batchResult(j *job1, b *batch1, result []string) answer {
	switch b.state {
	case stateQueued, stateInProgress, stateNotProcessed:
		return c.exception(http.StatusBadRequest, "InvalidBatch", "Batch not completed")
	}
	if b.res == nil {
		if len(result) > 0 || j.operation == "query" || j.operation == "queryAll" {
			return c.exception(http.StatusBadRequest, "InvalidBatch", "Unable to find result")
		}
		return c.rowResults(j, b)
	}
	id := numbered("752", seqOf(b.id))
	if len(result) == 0 {
		return c.resultList(j, id)
	}
	if got, err := sobject.ParseID(result[0]); err != nil || got != id {
		return c.exception(http.StatusBadRequest, "InvalidBatch", "Unable to find result for id: "+result[0])
	}
	return c.queryRows(j, b)
}

func seqOf(id sobject.ID) int {
	n := 0
	for _, b := range []byte(id.Short())[6:] {
		n = n*62 + strings.IndexByte(base62, b)
	}
	return n
}

// records reads a batch's content. text tells that values are texts to be
// converted by the type of their field.
func (b *batch1) records(s *Server, j *job1) (recs []sobject.Record, text bool, problem string) {
	switch j.content {
	case "JSON":
		recs, problem = jsonRecords(j.object, b.request)
		return recs, false, problem
	case "XML":
		recs, problem = xmlRecords(j.object, b.request)
		return recs, true, problem
	}
	r := csvReader{rest: bytes.TrimPrefix(b.request, []byte("\ufeff")), sep: ',', anyEnd: true}
	header, _, err := r.next()
	if err != nil || header == nil {
		return nil, true, "InvalidBatch : The CSV data could not be parsed"
	}
	columns, problem := j.columns(s, engine.Session{User: j.user}, header)
	if problem != "" {
		return nil, true, problem
	}
	for {
		row, _, err := r.next()
		switch {
		case err != nil:
			return nil, true, "InvalidBatch : The CSV data could not be parsed"
		case row == nil:
			return recs, true, ""
		case len(row) > len(columns):
			return nil, true, "InvalidBatch : Number of columns in row " + strconv.Itoa(len(recs)+1) + " is greater than the number of columns in the header"
		}
		recs = append(recs, rowRecord(j.object, columns, row))
	}
}

func jsonRecords(object string, body []byte) ([]sobject.Record, string) {
	var raws []json.RawMessage
	if err := json.Unmarshal(body, &raws); err != nil {
		return nil, "InvalidBatch : Failed to parse JSON content"
	}
	recs := make([]sobject.Record, len(raws))
	for i, raw := range raws {
		rec, err := engine.ParseRecord(object, raw)
		if err != nil {
			return nil, "InvalidBatch : Failed to parse JSON content"
		}
		recs[i] = sobject.NewRecord(object)
		for name, v := range rec.Fields() {
			recs[i] = recs[i].With(sobject.F(name, v))
		}
	}
	return recs, ""
}
