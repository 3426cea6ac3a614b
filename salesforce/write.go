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

// Outcome is what became of one row of a write.
type Outcome struct {
	// ID is the record's id; "" when there is none.
	ID sobject.ID
	// Success is true only when Salesforce said so of this very row.
	Success bool
	// Created tells an insert from an update; for upserts and creates.
	Created bool
	// Errors tell why the row was refused.
	Errors []ErrorDetail
	// Sent tells that the row left: a row that was sent and has neither
	// Success nor Errors may have been written. One that was not sent has not:
	// the request was given up before it left, or refused as a whole.
	Sent bool
}

// Err returns nil for a success and otherwise an *Error, or an error wrapping
// ErrIncomplete for a row that was never answered.
func (o Outcome) Err() error {
	switch {
	case o.Success:
		return nil
	case len(o.Errors) > 0:
		d := o.Errors[0]
		return &Error{StatusCode: http.StatusOK, Code: d.Code, Message: d.Message, Fields: d.Fields, Details: o.Errors}
	case !o.Sent:
		return fmt.Errorf("salesforce: the row was not sent: %w", ErrIncomplete)
	default:
		return fmt.Errorf("salesforce: the row was sent and not answered; it may have been written: %w", ErrIncomplete)
	}
}

// failedOutcome is the outcome of a single write whose request failed.
func failedOutcome(err error) Outcome {
	var refused *Error
	if errors.As(err, &refused) && refused.refuses() {
		return Outcome{Sent: true, Errors: refused.Details}
	}
	return Outcome{Sent: mayHaveArrived(err)}
}

// wireOutcome is one save result.
type wireOutcome struct {
	ID      string       `json:"id"`
	Success *bool        `json:"success"`
	Created *bool        `json:"created"`
	Errors  []*wireError `json:"errors"`
}

func (w *wireOutcome) outcome() Outcome {
	o := Outcome{Sent: true}
	if w == nil || w.Success == nil {
		return o // no statement about this row
	}
	o.ID, _ = sobject.ParseID(w.ID)
	for _, e := range w.Errors {
		if e != nil {
			o.Errors = append(o.Errors, e.detail())
		}
	}
	o.Success = *w.Success && len(o.Errors) == 0
	if !o.Success && len(o.Errors) == 0 {
		o.Errors = []ErrorDetail{{Message: "refused without a reason"}}
	}
	o.Created = o.Success && w.Created != nil && *w.Created
	return o
}

// recordBody encodes a record for a request about one record: without
// attributes, and without the fields that stand in the address.
func recordBody(rec sobject.Record, without ...string) ([]byte, error) {
	fields := make([]sobject.Field, 0, rec.Len())
next:
	for name, v := range rec.Fields() {
		for _, w := range without {
			if strings.EqualFold(name, w) {
				continue next
			}
		}
		fields = append(fields, sobject.F(name, v))
	}
	return json.Marshal(sobject.NewRecord("", fields...))
}

// Create inserts a record of rec.Object(). An Id in it is an error of the
// caller's and is refused by the org. After an error that IsRetryable the
// record may exist all the same: upsert by external id where that matters.
func (c *Client) Create(ctx context.Context, rec sobject.Record) (Outcome, error) {
	return c.CreateWith(ctx, rec, SaveOptions{})
}

// CreateWith is Create with options.
func (c *Client) CreateWith(ctx context.Context, rec sobject.Record, opts SaveOptions) (Outcome, error) {
	if opts.conditional() || opts.UpdateOnly {
		return Outcome{}, fmt.Errorf("salesforce: create %s: UpdateOnly, IfUnmodifiedSince and IfMatch are of updates", rec.Object())
	}
	if rec.Object() == "" {
		return Outcome{}, errors.New("salesforce: create: the record names no object")
	}
	body, err := recordBody(rec)
	if err != nil {
		return Outcome{}, err
	}
	var out wireOutcome
	_, err = c.call(ctx, Request{Method: http.MethodPost, Path: "sobjects/" + url.PathEscape(rec.Object()), Body: body,
		Header: opts.header(), Operation: "create", Object: rec.Object()}, &out)
	if err != nil {
		return failedOutcome(err), err
	}
	o := out.outcome()
	o.Created = o.Success
	return o, o.Err()
}

// Update changes the fields that rec has, null ones included, of one record.
// An Id in rec is left out.
func (c *Client) Update(ctx context.Context, id sobject.ID, rec sobject.Record) error {
	return c.UpdateWith(ctx, id, rec, SaveOptions{})
}

// UpdateWith is Update with options. With a condition that does not hold it
// changes nothing and fails with ErrPrecondition.
func (c *Client) UpdateWith(ctx context.Context, id sobject.ID, rec sobject.Record, opts SaveOptions) error {
	if opts.UpdateOnly {
		return fmt.Errorf("salesforce: update %s: UpdateOnly is of upserts", rec.Object())
	}
	body, err := recordBody(rec, "Id")
	if err != nil {
		return err
	}
	path, err := recordPath(rec.Object(), id)
	if err != nil {
		return err
	}
	_, err = c.call(ctx, Request{Method: http.MethodPatch, Path: path, Body: body, Header: opts.header(), Operation: "update", Object: rec.Object()}, nil)
	return err
}

// Upsert updates the record whose external id has the value, or creates it.
// Id and the external id field in rec are left out, since they stand in the
// address. Several matches are ErrAmbiguousExternalID.
//
// When another writer creates the same key at the same moment, Salesforce
// refuses the second with DUPLICATE_VALUE; the upsert is then sent once more
// and finds the record.
func (c *Client) Upsert(ctx context.Context, extField, extValue string, rec sobject.Record) (Outcome, error) {
	return c.UpsertWith(ctx, extField, extValue, rec, SaveOptions{})
}

// UpsertWith is Upsert with options. With UpdateOnly a key without a record is
// ErrNotFound.
func (c *Client) UpsertWith(ctx context.Context, extField, extValue string, rec sobject.Record, opts SaveOptions) (Outcome, error) {
	if extField == "" || extValue == "" || rec.Object() == "" {
		return Outcome{}, fmt.Errorf("salesforce: upsert %s: the object, the external id field and its value must not be empty", rec.Object())
	}
	if opts.conditional() {
		return Outcome{}, fmt.Errorf("salesforce: upsert %s: IfUnmodifiedSince and IfMatch are of updates by id", rec.Object())
	}
	body, err := recordBody(rec, "Id", extField)
	if err != nil {
		return Outcome{}, err
	}
	req := Request{Method: http.MethodPatch, Body: body, Header: opts.header(), Operation: "upsert", Object: rec.Object(),
		Path: "sobjects/" + url.PathEscape(rec.Object()) + "/" + url.PathEscape(extField) + "/" + escapeExternalID(extValue)}
	if opts.UpdateOnly {
		req.Query = url.Values{"updateOnly": {"true"}}
	}
	out, err := c.upsertOnce(ctx, req)
	var refused *Error
	if errors.As(err, &refused) && raced(refused.Details, extField) {
		return c.upsertOnce(ctx, req)
	}
	return out, err
}

func (c *Client) upsertOnce(ctx context.Context, req Request) (Outcome, error) {
	var out wireOutcome
	resp, err := c.call(ctx, req, &out)
	if err != nil {
		return failedOutcome(err), err
	}
	if resp.StatusCode == http.StatusNoContent { // an update, before version 46
		return Outcome{Sent: true, Success: true}, nil
	}
	o := out.outcome()
	o.Created = o.Success && (o.Created || resp.StatusCode == http.StatusCreated)
	return o, o.Err()
}

// raced reports whether an upsert was refused only because its own key
// appeared meanwhile. Nothing was written then.
func raced(details []ErrorDetail, extField string) bool {
	for _, d := range details {
		if d.Code != "DUPLICATE_VALUE" || !strings.Contains(strings.ToLower(d.Message), strings.ToLower(extField)+" duplicates value") {
			return false
		}
	}
	return len(details) > 0
}

// escapeExternalID escapes a value for one segment of a path. PathEscape
// leaves dots alone, and a segment of only dots would be taken for a step up.
func escapeExternalID(v string) string {
	if strings.Trim(v, ".") == "" {
		return strings.ReplaceAll(v, ".", "%2E")
	}
	return url.PathEscape(v)
}

// Delete moves a record to the recycle bin. The REST API cannot take it back:
// that needs the recycle bin's page, Apex or the SOAP API's undelete.
func (c *Client) Delete(ctx context.Context, object string, id sobject.ID) error {
	path, err := recordPath(object, id)
	if err != nil {
		return err
	}
	_, err = c.call(ctx, Request{Method: http.MethodDelete, Path: path, Operation: "delete", Object: object}, nil)
	return err
}

func recordPath(object string, id sobject.ID) (string, error) {
	if object == "" {
		return "", fmt.Errorf("salesforce: record %s: the object is not named", id)
	}
	canonical, err := sobject.ParseID(string(id))
	if err != nil {
		return "", fmt.Errorf("salesforce: record of %s: %w", object, err)
	}
	return "sobjects/" + url.PathEscape(object) + "/" + string(canonical), nil
}
