package salesforce

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// CollectionSize is how many rows one collection request carries.
const CollectionSize = 200

// WriteOptions are the choices of a write of many rows.
type WriteOptions struct {
	// AllOrNone makes each request of 200 rows succeed or fail as one.
	AllOrNone bool
	// AutoAssign allows active assignment rules to change owners. Defaults to
	// false, and the refusal is always sent.
	AutoAssign *bool
	// AllowDuplicates saves rows that a duplicate rule would only warn about.
	AllowDuplicates bool
}

func (o WriteOptions) header() http.Header {
	h := noAutoAssign()
	if o.AutoAssign != nil && *o.AutoAssign {
		h.Set("Sforce-Auto-Assign", "TRUE")
	}
	if o.AllowDuplicates {
		h.Set("Sforce-Duplicate-Rule-Header", "allowSave=true")
	}
	return h
}

// CreateAll inserts records, 200 a request, in order. There is one outcome for
// each record at its index. The error is that of a request that failed as a
// whole; the rows of the requests after it were not sent.
func (c *Client) CreateAll(ctx context.Context, recs []sobject.Record, opts WriteOptions) ([]Outcome, error) {
	return c.collect(ctx, collection{method: http.MethodPost, path: "composite/sobjects", operation: "collections.create", created: true}, recs, opts)
}

// UpdateAll changes records, each of which has its Id, as CreateAll does.
func (c *Client) UpdateAll(ctx context.Context, recs []sobject.Record, opts WriteOptions) ([]Outcome, error) {
	for i, r := range recs {
		if r.ID() == "" {
			return make([]Outcome, len(recs)), fmt.Errorf("salesforce: collections.update: record %d of %d has no Id", i, len(recs))
		}
	}
	return c.collect(ctx, collection{method: http.MethodPatch, path: "composite/sobjects", operation: "collections.update"}, recs, opts)
}

// UpsertAll updates or creates records of one object by an external id field,
// which each record holds, as CreateAll does.
func (c *Client) UpsertAll(ctx context.Context, object, extField string, recs []sobject.Record, opts WriteOptions) ([]Outcome, error) {
	for i, r := range recs {
		if r.Object() != object {
			return make([]Outcome, len(recs)), fmt.Errorf("salesforce: collections.upsert %s: record %d is of %s", object, i, r.Object())
		}
		if v, ok := r.Value(extField); !ok || v.Raw() == "" {
			return make([]Outcome, len(recs)), fmt.Errorf("salesforce: collections.upsert %s: record %d has no %s", object, i, extField)
		}
	}
	path := "composite/sobjects/" + url.PathEscape(object) + "/" + url.PathEscape(extField)
	return c.collect(ctx, collection{method: http.MethodPatch, path: path, operation: "collections.upsert", object: object}, recs, opts)
}

type collection struct {
	method, path, operation, object string
	// created: the request only creates, and its results do not say so.
	created bool
}

func (c *Client) collect(ctx context.Context, col collection, recs []sobject.Record, opts WriteOptions) ([]Outcome, error) {
	outcomes := make([]Outcome, len(recs))
	at := 0
	for chunk := range slices.Chunk(recs, CollectionSize) {
		body, err := collectionBody(chunk, opts.AllOrNone)
		if err != nil {
			return outcomes, fmt.Errorf("salesforce: %s: rows from %d: %w", col.operation, at, err)
		}
		object := col.object
		if object == "" {
			object = chunk[0].Object()
		}
		req := Request{Method: col.method, Path: col.path, Body: body, Header: opts.header(), Operation: col.operation, Object: object}
		if err := c.chunk(ctx, req, outcomes[at:at+len(chunk)], col.created); err != nil {
			return outcomes, err
		}
		at += len(chunk)
	}
	return outcomes, nil
}

func collectionBody(chunk []sobject.Record, allOrNone bool) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"allOrNone":%t,"records":[`, allOrNone)
	for i, r := range chunk {
		if i > 0 {
			b.WriteByte(',')
		}
		text, err := r.MarshalJSON()
		if err != nil {
			return nil, err
		}
		b.Write(text)
	}
	b.WriteString("]}")
	return b.Bytes(), nil
}

// DeleteAll deletes records of any objects by id, as CreateAll does.
func (c *Client) DeleteAll(ctx context.Context, ids []sobject.ID, opts WriteOptions) ([]Outcome, error) {
	outcomes := make([]Outcome, len(ids))
	at := 0
	for chunk := range slices.Chunk(ids, CollectionSize) {
		texts := make([]string, len(chunk))
		for i, id := range chunk {
			canonical, err := sobject.ParseID(string(id))
			if err != nil {
				return outcomes, fmt.Errorf("salesforce: collections.delete: row %d: %w", at+i, err)
			}
			texts[i] = string(canonical)
		}
		req := Request{Method: http.MethodDelete, Path: "composite/sobjects", Operation: "collections.delete",
			Query: url.Values{"ids": {strings.Join(texts, ",")}, "allOrNone": {strconv.FormatBool(opts.AllOrNone)}}}
		if err := c.chunk(ctx, req, outcomes[at:at+len(chunk)], false); err != nil {
			return outcomes, err
		}
		at += len(chunk)
	}
	return outcomes, nil
}

// chunk sends one collection request and fills in its outcomes. Rows that are
// not accounted for keep a bare Sent.
func (c *Client) chunk(ctx context.Context, req Request, outcomes []Outcome, created bool) error {
	var results []json.RawMessage
	_, err := c.call(ctx, req, &results)
	for i := range outcomes {
		outcomes[i].Sent = true
	}
	var refused *Error
	if errors.As(err, &refused) && refused.StatusCode >= 400 && refused.StatusCode < 500 {
		for i := range outcomes {
			outcomes[i].Sent = false // refused before any row was looked at
		}
	}
	if err != nil {
		return err
	}
	if len(results) != len(outcomes) {
		return fmt.Errorf("salesforce: %s: %d results for %d rows: %w", req.what(), len(results), len(outcomes), ErrIncomplete)
	}
	for i, raw := range results {
		var w wireOutcome
		if err := json.Unmarshal(raw, &w); err != nil {
			return fmt.Errorf("salesforce: %s: result %d is malformed: %w", req.what(), i, ErrIncomplete)
		}
		outcomes[i] = w.outcome()
		if created {
			outcomes[i].Created = outcomes[i].Success
		}
	}
	return nil
}
