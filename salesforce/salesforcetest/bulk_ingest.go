package salesforcetest

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

func (c *call) createIngestJob() answer {
	var req struct {
		Object              string `json:"object"`
		Operation           string `json:"operation"`
		ExternalIDFieldName string `json:"externalIdFieldName"`
		ContentType         string `json:"contentType"`
		ColumnDelimiter     string `json:"columnDelimiter"`
		LineEnding          string `json:"lineEnding"`
	}
	content, refused := c.multipart()
	if refused != nil {
		return *refused
	}
	if refused := c.decode(&req); refused != nil {
		return *refused
	}
	bad := func(message string) answer {
		return failure(http.StatusBadRequest, "INVALIDJOB", "InvalidJob : "+message)
	}
	switch req.Operation {
	case "insert", "update", "upsert", "delete":
	case "hardDelete":
		if !c.s.org.SystemPermission(c.user, "BulkApiHardDelete") {
			return failure(http.StatusBadRequest, "FEATURENOTENABLED",
				"FeatureNotEnabled : hardDelete operation requires special user profile permission, please contact your system administrator")
		}
	default:
		return bad(req.Operation + " is not a valid value for operation")
	}
	o, ok := c.visible(req.Object)
	if !ok {
		return bad("Unable to find object: " + req.Object)
	}
	if c.s.batchQuota() {
		return failure(http.StatusBadRequest, "EXCEEDEDQUOTA", batchQuotaText)
	}
	now := c.s.org.Now()
	b := &job{ingest: true, user: c.user.User, operation: req.Operation, object: o.Name, version: c.version, created: now, changed: now, state: stateOpen}
	if req.Operation == "upsert" {
		if req.ExternalIDFieldName == "" {
			return bad("External ID was blank for " + o.Name + ". An External ID must be specified for upsert.")
		}
		name, ok := c.s.org.CanonicalField(c.user, o.Name, req.ExternalIDFieldName)
		if !ok || !isKey(o, name) {
			return bad("Field name provided, " + req.ExternalIDFieldName + " does not match an External ID, Salesforce Id, or indexed field for " + o.Name)
		}
		b.extField = req.ExternalIDFieldName
	}
	if refused := b.format(req.ContentType, req.ColumnDelimiter, req.LineEnding); refused != nil {
		return *refused
	}
	c.s.jobs.mu.Lock()
	defer c.s.jobs.mu.Unlock()
	c.s.jobs.add(b, c.act.job)
	if content != nil {
		b.data, b.uploaded, b.state, b.closed = content, true, stateUploaded, now
		return jsonAnswer(http.StatusOK, b.info())
	}
	out := b.info()
	out.ContentURL = b.contentURL()
	return jsonAnswer(http.StatusOK, out)
}

// multipart takes a creation with its data apart: the part job becomes the
// body, the part content is returned. Other requests are left as they are.
func (c *call) multipart() (content []byte, refused *answer) {
	kind, params, err := mime.ParseMediaType(c.header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return nil, nil
	}
	parts := map[string][]byte{}
	r := multipart.NewReader(bytes.NewReader(c.body), params["boundary"])
	for {
		part, err := r.NextPart()
		if err != nil {
			break
		}
		parts[part.FormName()], _ = io.ReadAll(part)
	}
	content, ok := parts["content"]
	switch {
	case !ok || parts["job"] == nil:
		a := failure(http.StatusBadRequest, "INVALIDJOB", "InvalidJob : The request must have the parts job and content")
		return nil, &a
	case len(content) > 100000:
		a := failure(http.StatusBadRequest, "INVALIDJOB", "InvalidJob : The content of a multipart request must not exceed 100,000 characters")
		return nil, &a
	}
	c.body = parts["job"]
	return content, nil
}

// isKey tells whether records may be found by a field.
func isKey(o engine.Object, name string) bool {
	if name == "Id" {
		return true
	}
	for _, f := range o.Fields {
		if f.Name == name {
			return f.ExternalID || f.IDLookup
		}
	}
	return false
}

func (c *call) listIngestJobs() answer  { return c.listJobs(true) }
func (c *call) deleteIngestJob() answer { return c.deleteJob(true) }

func (c *call) ingestJob() answer {
	c.s.jobs.mu.Lock()
	defer c.s.jobs.mu.Unlock()
	b, refused := c.s.jobs.find(c.params["job"], true)
	if refused != nil {
		return *refused
	}
	return jsonAnswer(http.StatusOK, b.full())
}

func (c *call) uploadIngest() answer {
	if t := c.header.Get("Content-Type"); !strings.HasPrefix(t, "text/csv") {
		return failure(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "Unsupported content type: "+t)
	}
	c.s.jobs.mu.Lock()
	defer c.s.jobs.mu.Unlock()
	b, refused := c.s.jobs.find(c.params["job"], true)
	switch {
	case refused != nil:
		return *refused
	case b.state != stateOpen || b.uploaded:
		return failure(http.StatusBadRequest, "INVALIDJOBSTATE", "InvalidJobState : Data was uploaded already, or the job is not open: "+b.state)
	}
	b.data, b.uploaded = c.body, true
	return empty(http.StatusCreated)
}

func (c *call) patchIngestJob() answer {
	var req struct {
		State string `json:"state"`
	}
	if refused := c.decode(&req); refused != nil {
		return *refused
	}
	c.s.jobs.mu.Lock()
	defer c.s.jobs.mu.Unlock()
	b, refused := c.s.jobs.find(c.params["job"], true)
	if refused != nil {
		return *refused
	}
	now := c.s.org.Now()
	switch {
	case req.State == stateUploaded && b.state == stateOpen:
		b.state, b.changed, b.closed = stateUploaded, now, now
	case req.State == stateAborted && (b.state == stateOpen || b.state == stateUploaded || b.state == stateInProgress):
		b.state, b.changed, b.ended, b.unprocessed = stateAborted, now, now, b.data
		if b.closed.IsZero() {
			b.closed = now
		}
	default:
		return failure(http.StatusBadRequest, "INVALIDJOBSTATE", "InvalidJobState : The job in state "+b.state+" cannot be set to "+req.State)
	}
	out := b.info()
	out.LineEnding, out.Delimiter = "", "" // as recorded
	return jsonAnswer(http.StatusOK, out)
}

func (c *call) ingestSuccessful() answer {
	return c.ingestResult(func(b *job) []byte { return b.successful })
}
func (c *call) ingestFailed() answer {
	return c.ingestResult(func(b *job) []byte { return b.failures })
}
func (c *call) ingestUnprocessed() answer {
	return c.ingestResult(func(b *job) []byte { return b.unprocessed })
}

func (c *call) ingestResult(part func(*job) []byte) answer {
	c.s.jobs.mu.Lock()
	defer c.s.jobs.mu.Unlock()
	b, refused := c.s.jobs.find(c.params["job"], true)
	if refused != nil {
		return *refused
	}
	switch b.state {
	case stateComplete, stateFailed, stateAborted:
		return answer{status: http.StatusOK, contentType: typeCSV, body: part(b)}
	default:
		return failure(http.StatusBadRequest, "INVALIDJOBSTATE", "The results of a job in state "+b.state+" are not available")
	}
}
