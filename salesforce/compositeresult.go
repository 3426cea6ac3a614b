package salesforce

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// CompositeResult is what became of the steps of a Composite or a Graph.
type CompositeResult struct {
	// Steps are the results in the order of the steps.
	Steps []StepResult
	of    *Steps
}

// Of returns the result of a step; that of a step of another request has
// Status 0.
func (r *CompositeResult) Of(ref Ref) StepResult {
	if ref.of != r.of || ref.at >= len(r.Steps) {
		return StepResult{}
	}
	return r.Steps[ref.at]
}

// Err returns nil when every step and every row in it went well, and otherwise
// the failures that were causes: steps undone or not begun because of another
// one are left out unless there is nothing else.
func (r *CompositeResult) Err() error {
	var causes, others []error
	for _, s := range r.Steps {
		for _, err := range s.failures() {
			if errors.Is(err, ErrRolledBack) {
				others = append(others, err)
			} else {
				causes = append(causes, err)
			}
		}
	}
	if len(causes) == 0 {
		causes = others
	}
	return errors.Join(causes...)
}

func (r *CompositeResult) anyFailed() bool { return r.Err() != nil }

// rollBack takes back what the steps say of their success: Salesforce answers
// the rows of a collection in a request that was undone as if they had been
// written, with ids that do not exist.
func (r *CompositeResult) rollBack() {
	for i := range r.Steps {
		r.Steps[i].undone = r.Steps[i].step.write
	}
}

// StepResult is what became of one step.
type StepResult struct {
	// Status is the HTTP status of the step.
	Status int
	Header http.Header
	// Body is the answer as it came; nil for none.
	Body json.RawMessage

	step   step
	undone bool
}

const rolledBack = "ALL_OR_NONE_OPERATION_ROLLED_BACK"

// Err returns nil when Salesforce said that the step was done, an *Error when
// it was refused, undone or not begun (ErrRolledBack), and an error that is
// ErrIncomplete when it did not say. A collection's own rows are in Outcomes.
func (r StepResult) Err() error {
	switch {
	case r.Status == 0:
		return fmt.Errorf("salesforce: no result of this step: %w", ErrIncomplete)
	case r.Status >= 300 && r.Status != http.StatusNotModified:
		e := parseError(r.Status, r.Body)
		if e.Message == "" {
			e.Message = statusText(r.Status)
			e.Details[0].Message = e.Message
		}
		e.Operation, e.Object = r.step.operation, r.step.object
		return e
	case r.undone:
		d := undoneDetail()
		return &Error{StatusCode: r.Status, Code: d.Code, Message: d.Message, Details: []ErrorDetail{d}, Operation: r.step.operation, Object: r.step.object}
	case r.step.kind == saveResult && r.Status != http.StatusNoContent:
		o, err := r.saved()
		if err != nil {
			return err
		}
		return o.Err()
	}
	return nil
}

func undoneDetail() ErrorDetail {
	return ErrorDetail{Code: rolledBack, Message: "undone, because another step of the request failed"}
}

// Halted reports whether the step was undone, or not begun, because of another
// one: it is not the cause.
func (r StepResult) Halted() bool { return errors.Is(r.Err(), ErrRolledBack) }

// Outcome returns what became of the record of a create, an update, an upsert
// or a deletion.
func (r StepResult) Outcome() Outcome {
	err := r.Err()
	var refused *Error
	switch {
	case errors.As(err, &refused):
		return Outcome{Sent: true, Errors: refused.Details}
	case err != nil || !r.step.write || r.step.kind == rowResults:
		return Outcome{Sent: r.Status != 0}
	case r.step.kind == saveResult && r.Status != http.StatusNoContent:
		o, _ := r.saved()
		o.Created = o.Success && (o.Created || r.Status == http.StatusCreated)
		return o
	}
	return Outcome{ID: r.step.id, Success: true, Sent: true}
}

// saved reads a save result.
func (r StepResult) saved() (Outcome, error) {
	var w wireOutcome
	if err := json.Unmarshal(r.Body, &w); err != nil {
		return Outcome{Sent: true}, fmt.Errorf("salesforce: %s: the result is malformed: %w", r.what(), ErrIncomplete)
	}
	return w.outcome(), nil
}

// Outcomes returns what became of the rows of a collection, in their order.
func (r StepResult) Outcomes() ([]Outcome, error) {
	if r.Status == 0 || r.Status >= 300 {
		return nil, r.Err()
	}
	var rows []*wireOutcome
	if err := json.Unmarshal(r.Body, &rows); err != nil || r.step.kind != rowResults || len(rows) != r.step.rows {
		return nil, fmt.Errorf("salesforce: %s: the answer does not hold the results of its rows: %w", r.what(), ErrIncomplete)
	}
	out := make([]Outcome, len(rows))
	for i, w := range rows {
		out[i] = w.outcome()
		if r.step.operation == "collections.create" {
			out[i].Created = out[i].Success
		}
		if r.undone && out[i].Success {
			out[i] = Outcome{Sent: true, Errors: []ErrorDetail{undoneDetail()}}
		}
	}
	return out, nil
}

// failures are the errors of the step, or of its rows.
func (r StepResult) failures() []error {
	if err := r.Err(); err != nil || r.step.kind != rowResults {
		if err == nil {
			return nil
		}
		return []error{err}
	}
	rows, err := r.Outcomes()
	if err != nil {
		return []error{err}
	}
	var out []error
	for i, row := range rows {
		if err := row.Err(); err != nil {
			out = append(out, fmt.Errorf("%s: row %d: %w", r.what(), i, err))
		}
	}
	return out
}

// Record returns the record that a Get read.
func (r StepResult) Record() (sobject.Record, error) {
	var rec sobject.Record
	return rec, r.Decode(&rec)
}

// Records returns the rows of a Query. A query with further pages is
// ErrIncomplete: run it by Client.Query.
func (r StepResult) Records() ([]sobject.Record, error) {
	if err := r.Err(); err != nil {
		return nil, err
	}
	page := sobject.NewPageReader(bytes.NewReader(r.Body))
	var out []sobject.Record
	for {
		rec, err := page.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("salesforce: %s: %w", r.what(), err)
		}
		if rec.Partial() {
			return nil, fmt.Errorf("salesforce: %s: record %s has further children: run the query by Client.Query: %w", r.what(), rec.ID(), ErrIncomplete)
		}
		out = append(out, rec)
	}
	if n, ok := page.TotalSize(); !page.Done() || !ok || n != len(out) {
		return nil, fmt.Errorf("salesforce: %s: %d of %d rows: run the query by Client.Query: %w", r.what(), len(out), n, ErrIncomplete)
	}
	return out, nil
}

// Decode decodes the answer to a step as JSON.
func (r StepResult) Decode(into any) error {
	if err := r.Err(); err != nil {
		return err
	}
	if err := json.Unmarshal(r.Body, into); err != nil {
		return fmt.Errorf("salesforce: %s: decode the answer: %w", r.what(), err)
	}
	return nil
}

func (r StepResult) what() string { return strings.TrimSpace(r.step.operation + " " + r.step.object) }

// wireResults is the answer to a composite request.
type wireResults struct {
	Responses []struct {
		Body        json.RawMessage   `json:"body"`
		Header      map[string]string `json:"httpHeaders"`
		Status      int               `json:"httpStatusCode"`
		ReferenceID string            `json:"referenceId"`
	} `json:"compositeResponse"`
}

// match brings the answers into the order of the steps. Each step must have
// exactly one.
func (w *wireResults) match(s *Steps) (*CompositeResult, error) {
	out := &CompositeResult{Steps: make([]StepResult, len(s.steps)), of: s}
	at := make(map[string]int, len(s.steps))
	for i := range s.steps {
		at[Ref{s, i}.name()] = i
		out.Steps[i].step = s.steps[i]
	}
	for _, r := range w.Responses {
		i, ok := at[r.ReferenceID]
		if !ok || r.Status == 0 {
			return nil, fmt.Errorf("the answer %q is to no step, twice to one, or has no status: %w", r.ReferenceID, ErrIncomplete)
		}
		delete(at, r.ReferenceID)
		res := &out.Steps[i]
		res.Status, res.Header = r.Status, http.Header{}
		if !bytes.Equal(r.Body, []byte("null")) {
			res.Body = r.Body
		}
		for name, v := range r.Header {
			res.Header.Set(name, v)
		}
	}
	for name, i := range at {
		return nil, fmt.Errorf("no answer to step %s (%s %s): %w", name, s.steps[i].operation, s.steps[i].object, ErrIncomplete)
	}
	return out, nil
}
