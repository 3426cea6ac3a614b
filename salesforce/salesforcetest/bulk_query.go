package salesforcetest

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

// The sizes of result pages: what is sent when the client names no maximum,
// and the most that is ever sent.
const (
	defaultPage = 50000
	largestPage = 250000
)

// notInBulk are objects that Bulk API 2.0 does not query, as real orgs told
// clients.
var notInBulk = map[string]bool{"Attachment": true, "CaseStatus": true, "ContractStatus": true, "EventWhoRelation": true, "OrderStatus": true,
	"PartnerRole": true, "RecentlyViewed": true, "SolutionStatus": true, "TaskPriority": true, "TaskStatus": true, "TaskWhoRelation": true, "UserRecordAccess": true}

func (c *call) createQueryJob() answer {
	var req struct {
		Operation       string `json:"operation"`
		Query           string `json:"query"`
		ContentType     string `json:"contentType"`
		ColumnDelimiter string `json:"columnDelimiter"`
		LineEnding      string `json:"lineEnding"`
	}
	if refused := c.decode(&req); refused != nil {
		return *refused
	}
	if req.Operation != "query" && req.Operation != "queryAll" {
		return failure(http.StatusBadRequest, "INVALIDJOB", "InvalidJob : "+req.Operation+" is not a valid value for operation")
	}
	if refused := c.s.queryJobQuota(); refused != nil {
		return *refused
	}
	now := c.s.org.Now()
	b := &job{user: c.user.User, operation: req.Operation, version: c.version, created: now, changed: now, closed: now, state: stateUploaded}
	if refused := b.format(req.ContentType, req.ColumnDelimiter, req.LineEnding); refused != nil {
		return *refused
	}
	res, err := c.data().QueryText(req.Query, engine.QueryOptions{All: req.Operation == "queryAll", Bulk: true})
	if err != nil {
		return c.refusal(err)
	}
	if notInBulk[res.Object()] {
		return failure(http.StatusBadRequest, "INVALIDENTITY", "Entity '"+res.Object()+"' is not supported by the Bulk API.")
	}
	b.res, b.object = res, res.Object()
	c.s.jobs.mu.Lock()
	defer c.s.jobs.mu.Unlock()
	c.s.jobs.add(b, c.act.job)
	return jsonAnswer(http.StatusOK, b.info())
}

func (c *call) listQueryJobs() answer  { return c.listJobs(false) }
func (c *call) deleteQueryJob() answer { return c.deleteJob(false) }

func (c *call) queryJob() answer {
	c.s.jobs.mu.Lock()
	defer c.s.jobs.mu.Unlock()
	b, refused := c.s.jobs.find(c.params["job"], false)
	if refused != nil {
		return *refused
	}
	return jsonAnswer(http.StatusOK, b.full())
}

func (c *call) abortQueryJob() answer {
	var req struct {
		State string `json:"state"`
	}
	if refused := c.decode(&req); refused != nil {
		return *refused
	}
	c.s.jobs.mu.Lock()
	defer c.s.jobs.mu.Unlock()
	b, refused := c.s.jobs.find(c.params["job"], false)
	switch {
	case refused != nil:
		return *refused
	case req.State != stateAborted:
		return failure(http.StatusBadRequest, "INVALIDJOBSTATE", "Invalid job state: "+req.State)
	case b.state != stateUploaded && b.state != stateInProgress:
		return failure(http.StatusBadRequest, "INVALIDJOBSTATE", "Aborting already Completed Job not allowed")
	}
	now := c.s.org.Now()
	b.state, b.changed, b.ended = stateAborted, now, now
	return jsonAnswer(http.StatusOK, b.info())
}

// readyJob returns a query job whose results may be read.
func (c *call) readyJob() (*job, *answer) {
	c.s.jobs.mu.Lock()
	defer c.s.jobs.mu.Unlock()
	b, refused := c.s.jobs.find(c.params["job"], false)
	if refused != nil {
		return nil, refused
	}
	if b.version != c.version {
		a := failure(http.StatusConflict, "API_ERROR", "The job was created with API version "+b.version+" and its results are not available in version "+c.version)
		return nil, &a
	}
	if b.state != stateComplete {
		a := failure(http.StatusBadRequest, "INVALIDJOBSTATE", "The results of a job in state "+b.state+" are not available")
		return nil, &a
	}
	done := *b // results of a finished job never change
	return &done, nil
}

// locator names a row to go on from; it is opaque to clients.
func locator(row int) string { return base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(row))) }

func locatorRow(text string, rows int) (int, bool) {
	if text == "" {
		return 0, true
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return 0, false
	}
	n, err := strconv.Atoi(string(raw))
	return n, err == nil && n > 0 && n <= rows
}

// queryResults sends one page of a finished query as CSV.
func (c *call) queryResults() answer {
	b, refused := c.readyJob()
	if refused != nil {
		return *refused
	}
	size := defaultPage
	if text := c.query.Get("maxRecords"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return failure(http.StatusBadRequest, "INVALIDJOB", "InvalidJob : maxRecords is not valid: "+text)
		}
		size = min(n, largestPage)
	}
	if c.act.page != nil {
		size = max(c.act.page(), 1)
	}
	from, ok := locatorRow(c.query.Get("locator"), b.res.Len())
	if !ok {
		return failure(http.StatusBadRequest, "INVALID_QUERY_LOCATOR", "invalid query locator")
	}
	end := min(from+size, b.res.Len())
	sep, eol := delimiters[b.delimiter], lineEnds[b.lineEnd]
	var body []byte
	for i, name := range b.res.Header() {
		if i > 0 {
			body = append(body, sep)
		}
		body = appendQuoted(body, name)
	}
	body = append(body, eol...)
	// The first rows tell how long the others will be.
	head, sample := len(body), min(from+100, end)
	body = b.res.AppendCSVRows(body, from, sample, sep, eol)
	if rows := sample - from; rows > 0 {
		body = slices.Grow(body, (len(body)-head)*(end-sample)/rows*21/20)
	}
	body = b.res.AppendCSVRows(body, sample, end, sep, eol)
	next := "null"
	if end < b.res.Len() {
		next = locator(end)
	}
	c.s.sendBytes(len(body))
	return answer{status: http.StatusOK, contentType: typeCSV, body: body}.
		with("Sforce-Locator", next).with("Sforce-NumberOfRecords", strconv.Itoa(end-from))
}

// queryResultPages lists up to five pages that may be fetched at the same
// time.
func (c *call) queryResultPages() answer {
	b, refused := c.readyJob()
	if refused != nil {
		return *refused
	}
	from, ok := locatorRow(c.query.Get("locator"), b.res.Len())
	if !ok {
		return failure(http.StatusBadRequest, "INVALID_QUERY_LOCATOR", "invalid query locator")
	}
	type entry struct {
		URL string `json:"resultUrl"`
	}
	out := struct {
		Pages []entry `json:"resultPages"`
		Next  string  `json:"nextRecordsUrl,omitempty"`
		Done  bool    `json:"done"`
	}{Pages: []entry{}}
	path := c.base() + "/jobs/query/" + string(b.id)
	at := func(row int) string {
		if row == 0 {
			return ""
		}
		return "?locator=" + locator(row)
	}
	row := from
	for len(out.Pages) < 5 && (row < b.res.Len() || row == 0) {
		out.Pages = append(out.Pages, entry{path + "/results" + at(row)})
		row += defaultPage
	}
	if out.Done = row >= b.res.Len(); !out.Done {
		out.Next = path + "/resultPages" + at(row)
	}
	return jsonAnswer(http.StatusOK, out)
}
