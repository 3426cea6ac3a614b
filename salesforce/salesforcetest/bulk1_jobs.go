package salesforcetest

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// async answers a request below /services/async.
func (c *call) async(segs []string) answer {
	if a := c.asyncSession(); a != nil {
		return *a
	}
	now := c.s.org.Now()
	if _, ok := c.s.usage.count(now); !ok {
		return c.exception(http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
	}
	c.counted()
	version := strings.TrimPrefix(segs[0], "v")
	if !c.s.serves(version) || len(segs) < 2 || segs[1] != "job" {
		c.unsupported()
		return c.exception(http.StatusBadRequest, "InvalidUrl", "Invalid URL")
	}
	c.version = version
	rest := segs[2:]
	switch {
	case len(rest) == 0:
		return c.asyncAllow(map[string]handler{"POST": (*call).createJob1})
	case len(rest) == 1:
		return c.asyncJob(rest, map[string]func(*call, *job1) answer{"GET": (*call).showJob1, "POST": (*call).changeJob1})
	case len(rest) == 2 && rest[1] == "batch":
		return c.asyncJob(rest, map[string]func(*call, *job1) answer{"GET": (*call).listBatches, "POST": (*call).createBatch})
	case len(rest) >= 3 && len(rest) <= 5 && rest[1] == "batch":
		return c.asyncBatch(rest)
	}
	c.unsupported()
	return c.exception(http.StatusBadRequest, "InvalidUrl", "Invalid URL")
}

// asyncSession finds the session, of which X-SFDC-Session holds the token; some
// clients send Authorization besides.
func (c *call) asyncSession() *answer {
	token := c.header.Get("X-SFDC-Session")
	if token == "" {
		token, _ = bearer(c.header.Get("Authorization"))
	}
	ses, ok := c.s.id.find(token)
	if ok {
		u, err := c.s.userByID(ses.user)
		ok = err == nil && u.active
	}
	if !ok {
		a := c.exception(http.StatusBadRequest, "InvalidSessionId", "Invalid session id")
		return &a
	}
	c.session, c.user = &ses, engine.Session{User: ses.user}
	if !c.s.org.SystemPermission(c.user, "ApiEnabled") {
		a := c.exception(http.StatusBadRequest, "InvalidUser", "API is disabled for this user")
		return &a
	}
	return nil
}

func (c *call) asyncAllow(methods map[string]handler) answer {
	if h, ok := methods[c.method]; ok {
		return h(c)
	}
	return c.exception(http.StatusMethodNotAllowed, "InvalidOperation", "HTTP Method '"+c.method+"' not allowed.")
}

// asyncJob finds the job of the path and calls the method's handler while
// nothing else touches the jobs.
func (c *call) asyncJob(rest []string, methods map[string]func(*call, *job1) answer) answer {
	c.s.bulk1.mu.Lock()
	defer c.s.bulk1.mu.Unlock()
	id, err := sobject.ParseID(rest[0])
	if err != nil {
		return c.exception(http.StatusBadRequest, "InvalidJob", "Invalid job id: "+rest[0])
	}
	j, ok := c.s.bulk1.jobs[id]
	if !ok {
		return c.exception(http.StatusBadRequest, "InvalidJob", "Unable to find job for id: "+rest[0])
	}
	h, ok := methods[c.method]
	if !ok {
		return c.exception(http.StatusMethodNotAllowed, "InvalidOperation", "HTTP Method '"+c.method+"' not allowed.")
	}
	for _, f := range c.act.job {
		f(&j.plan)
	}
	c.params = map[string]string{"format": j.content}
	return h(c, j)
}

var operations1 = []string{"insert", "update", "upsert", "delete", "hardDelete", "query", "queryAll"}

func (c *call) createJob1() answer {
	req, refused := c.jobRequest()
	if refused != nil {
		return *refused
	}
	bad := func(message string) answer { return c.exception(http.StatusBadRequest, "InvalidJob", message) }
	content := cmp.Or(req["contentType"], "XML")
	concurrent := cmp.Or(req["concurrencyMode"], "Parallel")
	o, visible := c.visible(req["object"])
	switch {
	case !slices.Contains(operations1, req["operation"]):
		return bad("Invalid operation: " + req["operation"])
	case req["object"] == "" || !visible:
		return bad("Unable to find object: " + req["object"])
	case content != "CSV" && content != "JSON" && content != "XML":
		return c.exception(http.StatusBadRequest, "FeatureNotEnabled", "Binary content type not enabled: "+content)
	case concurrent != "Parallel" && concurrent != "Serial":
		return bad("Invalid concurrencyMode: " + concurrent)
	case req["operation"] == "hardDelete" && !c.s.org.SystemPermission(c.user, "BulkApiHardDelete"):
		return c.exception(http.StatusBadRequest, "FeatureNotEnabled", "hardDelete operation requires special user profile permission, please contact your system administrator")
	case req["operation"] != "upsert" && req["externalIdFieldName"] != "":
		return bad("External ID field can only be specified for upsert")
	}
	now := c.s.org.Now()
	j := &job1{content: content, concurrent: concurrent, job: job{
		user: c.user.User, operation: req["operation"], object: o.Name, version: c.version, created: now, changed: now, state: stateOpen,
		delimiter: "COMMA", lineEnd: "LF", extField: req["externalIdFieldName"],
	}}
	if req["operation"] == "upsert" {
		name, ok := c.s.org.CanonicalField(c.user, o.Name, j.extField)
		if j.extField == "" || !ok || !isKey(o, name) {
			return bad("External ID was blank or is not an indexed field for " + o.Name + ": " + j.extField)
		}
	}
	if text := c.header.Get("Sforce-Enable-PKChunking"); text != "" && !strings.EqualFold(text, "false") {
		if j.chunk = chunkSize(text); j.chunk == 0 {
			return bad("Invalid Sforce-Enable-PKChunking header: " + text)
		}
	}
	for _, f := range c.act.job {
		f(&j.plan)
	}
	c.s.jobs.mu.Lock() // both APIs number their jobs together
	c.s.jobs.seq++
	j.id = numbered("750", c.s.jobs.seq)
	c.s.jobs.mu.Unlock()
	k := c.s.bulk1
	k.mu.Lock()
	defer k.mu.Unlock()
	k.jobs[j.id] = j
	k.order = append(k.order, j)
	return c.infoAnswer(http.StatusCreated, "jobInfo", j.info1(), c.wantsJSON())
}

// chunkSize reads the PK chunking header; 0: it is malformed.
func chunkSize(header string) int {
	size := 100000
	for _, part := range strings.Split(header, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if strings.EqualFold(strings.TrimSpace(key), "chunkSize") {
			n, err := strconv.Atoi(strings.TrimSpace(value))
			if err != nil || n < 1 || n > 250000 {
				return 0
			}
			size = n
		}
	}
	return size
}

func (c *call) showJob1(j *job1) answer {
	return c.infoAnswer(http.StatusOK, "jobInfo", j.info1(), j.content == "JSON")
}

// changeJob1 closes or aborts a job.
func (c *call) changeJob1(j *job1) answer {
	req, refused := c.jobRequest()
	if refused != nil {
		return *refused
	}
	bad := func(message string) answer { return c.exception(http.StatusBadRequest, "InvalidJobState", message) }
	switch req["state"] {
	case stateClosed, stateAborted:
	default:
		return bad("Invalid job state: " + req["state"])
	}
	if j.state != stateOpen && (j.state != stateClosed || req["state"] != stateAborted) {
		return bad("Job is in invalid state: " + j.state + ", cannot be set to " + req["state"])
	}
	if req["state"] == stateClosed && j.user != c.user.User {
		return c.exception(http.StatusBadRequest, "InvalidUser", "Only the user who created a job can close it")
	}
	j.state, j.changed = req["state"], c.s.org.Now()
	if j.state == stateAborted {
		for _, b := range j.batches {
			if b.state == stateQueued {
				b.state, b.changed = stateNotProcessed, j.changed
			}
		}
	}
	return c.showJob1(j)
}
