package salesforce

import (
	"bytes"
	"context"
	"encoding/json"
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

// collectionBytes is how large a collection request grows by more than one row.
// Messages above 50 MB are refused (SOAP API guide, "Core Data Types Used in API
// Calls"), and which megabytes are meant is left open.
const collectionBytes = 45_000_000

// collectionTypes is how many runs of records of one object a request may hold.
const collectionTypes = 10

// CreateAll inserts records of any objects, in order, up to 200 and 45 million
// bytes a request, and fewer where objects alternate more often than Salesforce
// allows in one. A record that alone is larger than MaxBody is ErrTooLarge.
// There is one outcome for each record at its index. The error is that of a
// request that failed as a whole; the rows of the requests after it were not
// sent. A request whose answer was lost is not repeated.
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
// which each record holds, as CreateAll does. A key in two rows of one request
// is refused by Salesforce row by row. A key that matches several records
// makes its row's Err ErrAmbiguousExternalID. By the field Id, rows with a null
// Id are created.
//
// Rows refused because another writer created their key at the same moment are
// sent once more, which finds the record, unless the request is all-or-none.
func (c *Client) UpsertAll(ctx context.Context, object, extField string, recs []sobject.Record, opts WriteOptions) ([]Outcome, error) {
	for i, r := range recs {
		if r.Object() != object {
			return make([]Outcome, len(recs)), fmt.Errorf("salesforce: collections.upsert %s: record %d is of %s", object, i, r.Object())
		}
		v, ok := r.Value(extField)
		if byID := strings.EqualFold(extField, "Id"); !ok || v.Raw() == "" && !(byID && v.IsNull()) {
			return make([]Outcome, len(recs)), fmt.Errorf("salesforce: collections.upsert %s: record %d has no %s", object, i, extField)
		}
	}
	path := "composite/sobjects/" + url.PathEscape(object) + "/" + url.PathEscape(extField)
	return c.collect(ctx, collection{method: http.MethodPatch, path: path, operation: "collections.upsert", object: object, key: extField}, recs, opts)
}

type collection struct {
	method, path, operation, object string
	// created: the request only creates, and its results do not say so.
	created bool
	key     string // external id field of an upsert
}

func (c *Client) collect(ctx context.Context, col collection, recs []sobject.Record, opts WriteOptions) ([]Outcome, error) {
	outcomes := make([]Outcome, len(recs))
	for at := 0; at < len(recs); {
		body, n, err := collectionBody(recs[at:], opts.AllOrNone)
		if err != nil {
			return outcomes, fmt.Errorf("salesforce: %s: record %d: %w", col.operation, at+n, err)
		}
		if err := c.collectChunk(ctx, col, body, recs[at:at+n], outcomes[at:at+n], opts); err != nil {
			return outcomes, err
		}
		at += n
	}
	return outcomes, nil
}

// collectionBody encodes as many of the records as fit into one request, and
// returns how many they are: at least one, or the error of the record at that
// place.
func collectionBody(recs []sobject.Record, allOrNone bool) (body []byte, n int, err error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"allOrNone":%t,"records":[`, allOrNone)
	runs := 0
	for i, r := range recs[:min(len(recs), CollectionSize)] {
		if i == 0 || r.Object() != recs[i-1].Object() {
			if runs++; runs > collectionTypes {
				break
			}
		}
		text, err := r.MarshalJSON()
		if err != nil {
			return nil, n, err
		}
		if n > 0 && b.Len()+len(text) > collectionBytes {
			break
		}
		if n > 0 {
			b.WriteByte(',')
		}
		b.Write(text)
		n++
	}
	b.WriteString("]}")
	if b.Len() > MaxBody {
		return nil, 0, fmt.Errorf("it alone has %d bytes, and a request takes %d: %w", b.Len(), MaxBody, ErrTooLarge)
	}
	return b.Bytes(), n, nil
}

func (c *Client) collectChunk(ctx context.Context, col collection, body []byte, recs []sobject.Record, outcomes []Outcome, opts WriteOptions) error {
	object := col.object
	if object == "" {
		object = recs[0].Object()
	}
	req := Request{Method: col.method, Path: col.path, Body: body, Header: opts.header(), Operation: col.operation, Object: object}
	if err := c.chunk(ctx, req, outcomes, col.created); err != nil {
		return err
	}
	if col.key == "" || opts.AllOrNone {
		return nil
	}
	return c.again(ctx, req, col.key, recs, outcomes)
}

// again sends the rows of an upsert that lost a race for their key once more.
func (c *Client) again(ctx context.Context, req Request, key string, recs []sobject.Record, outcomes []Outcome) error {
	var rows []int
	var losers []sobject.Record
	for i, o := range outcomes {
		if raced(o.Errors, key) {
			rows, losers = append(rows, i), append(losers, recs[i])
		}
	}
	if len(rows) == 0 {
		return nil
	}
	body, _, err := collectionBody(losers, false) // they fitted before
	if err != nil {
		return err
	}
	req.Body = body
	second := make([]Outcome, len(rows))
	err = c.chunk(ctx, req, second, false)
	for i, row := range rows {
		if err == nil || second[i].Sent { // else the first refusal stands
			outcomes[row] = second[i]
		}
	}
	return err
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
	arrived := err == nil || mayHaveArrived(err)
	for i := range outcomes {
		outcomes[i].Sent = arrived
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
