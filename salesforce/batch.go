package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// batchSteps is how many requests a batch carries.
const batchSteps = 25

// Batch is up to 25 independent requests that travel in one call and are
// carried out one after the other, each for itself: what was done stays done
// when a later one fails. Nothing may refer to anything else; see Composite for
// that, and for duplicate and assignment options, which Salesforce does not
// take for the requests of a batch. Each method returns the place of its
// request. The zero Batch is empty and ready for use; it is not safe for
// concurrent use.
type Batch struct {
	// HaltOnError leaves out what comes after the first failure.
	HaltOnError bool

	steps Steps
}

// Create inserts a record. Assignment rules may change its owner.
func (b *Batch) Create(rec sobject.Record) int {
	st := step{operation: "create", object: rec.Object(), method: http.MethodPost, path: "sobjects/" + url.PathEscape(rec.Object()), kind: saveResult, write: true}
	return b.record(st, nil, rec)
}

// Update changes a record. An Id in rec is left out.
func (b *Batch) Update(id sobject.ID, rec sobject.Record) int {
	path, err := recordPath(rec.Object(), id)
	st := step{operation: "update", object: rec.Object(), method: http.MethodPatch, path: path, kind: noBody, write: true, id: canonical(id)}
	return b.record(st, err, rec, "Id")
}

// Upsert updates or creates the record whose external id has the value.
func (b *Batch) Upsert(extField, extValue string, rec sobject.Record) int {
	var err error
	if extField == "" || extValue == "" || rec.Object() == "" {
		err = errors.New("the object, the external id field and its value must not be empty")
	}
	st := step{operation: "upsert", object: rec.Object(), method: http.MethodPatch, kind: saveResult, write: true,
		path: "sobjects/" + url.PathEscape(rec.Object()) + "/" + url.PathEscape(extField) + "/" + escapeExternalID(extValue)}
	return b.record(st, err, rec, "Id", extField)
}

func (b *Batch) record(st step, err error, rec sobject.Record, without ...string) int {
	body, encodeErr := recordBody(rec, without...)
	st.body = body
	return b.steps.add(st, err, encodeErr).at
}

// Delete moves a record to the recycle bin.
func (b *Batch) Delete(object string, id sobject.ID) int {
	path, err := recordPath(object, id)
	return b.steps.add(step{operation: "delete", object: object, method: http.MethodDelete, path: path, kind: noBody, write: true, id: canonical(id)}, err).at
}

// Get reads a record: the given fields, or all that the user may see.
func (b *Batch) Get(object string, id sobject.ID, fields ...string) int {
	path, err := recordPath(object, id)
	return b.steps.add(step{operation: "get", object: object, method: http.MethodGet, path: withFields(path, fields), kind: oneRecord}, err).at
}

// Query runs SOQL of which one page, of up to 2000 rows, is answered.
func (b *Batch) Query(soql string) int {
	return b.steps.add(step{operation: "query", method: http.MethodGet, path: "query?q=" + url.QueryEscape(soql), kind: queryPage}).at
}

// Request adds any other request. path is below /services/data/vXX.X/; body is
// encoded as JSON, nil for none.
func (b *Batch) Request(method, path string, body any) int {
	st := step{operation: strings.ToLower(method) + " " + path, method: method, path: strings.TrimPrefix(path, "/"), write: method != http.MethodGet}
	var err error
	if body != nil {
		st.body, err = json.Marshal(body)
	}
	return b.steps.add(st, err).at
}

// Batch sends a batch and returns one result for each of its requests. The
// error is that of a call which failed as a whole or did not answer every
// request; a result's Err is that of its request. A batch that writes is not
// repeated when its answer is lost.
func (c *Client) Batch(ctx context.Context, b *Batch) ([]StepResult, error) {
	steps := b.steps.steps
	err := errors.Join(b.steps.errs...)
	if n := len(steps); n == 0 || n > batchSteps {
		err = errors.Join(err, fmt.Errorf("%d requests: a batch takes 1 to %d", n, batchSteps))
	}
	if err != nil {
		return nil, fmt.Errorf("salesforce: batch: nothing was sent: %w", err)
	}
	type wireRequest struct {
		Method string          `json:"method"`
		URL    string          `json:"url"`
		Body   json.RawMessage `json:"richInput,omitempty"`
	}
	req := struct {
		HaltOnError bool          `json:"haltOnError"`
		Requests    []wireRequest `json:"batchRequests"`
	}{HaltOnError: b.HaltOnError}
	reads := true
	for _, st := range steps {
		req.Requests = append(req.Requests, wireRequest{st.method, "v" + c.cfg.APIVersion + "/" + st.path, st.body})
		reads = reads && !st.write
	}
	var out struct {
		Results []struct {
			Status int             `json:"statusCode"`
			Result json.RawMessage `json:"result"`
		} `json:"results"`
	}
	_, err = c.call(ctx, Request{Method: http.MethodPost, Path: "composite/batch", JSON: req, Header: noAutoAssign(),
		Operation: "batch", Idempotent: reads}, &out)
	if err != nil {
		return nil, err
	}
	if len(out.Results) != len(steps) {
		return nil, fmt.Errorf("salesforce: batch: %d results for %d requests: %w", len(out.Results), len(steps), ErrIncomplete)
	}
	results := make([]StepResult, len(steps))
	for i, r := range out.Results {
		results[i] = StepResult{Status: r.Status, step: steps[i]}
		if len(r.Result) > 0 && string(r.Result) != "null" {
			results[i].Body = r.Result
		}
	}
	return results, nil
}
