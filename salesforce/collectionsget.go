package salesforce

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// retrieveSize is how many ids one retrieval carries.
const retrieveSize = 2000

// GetAll reads records of one object by their ids, 2000 a call. There is one
// record for each id at its index; it is the zero Record (IsZero) where there
// is no such record, or it was deleted, or the user may not see it: Salesforce
// does not tell which, Fates does. The given fields are read, and Id.
func (c *Client) GetAll(ctx context.Context, object string, ids []sobject.ID, fields ...string) ([]sobject.Record, error) {
	if object == "" || len(fields) == 0 {
		return nil, errors.New("salesforce: collections.get: the object and the fields must be named")
	}
	if !slices.ContainsFunc(fields, func(f string) bool { return strings.EqualFold(f, "Id") }) {
		fields = append([]string{"Id"}, fields...)
	}
	out := make([]sobject.Record, 0, len(ids))
	for chunk := range slices.Chunk(ids, retrieveSize) {
		body := struct {
			IDs    []sobject.ID `json:"ids"`
			Fields []string     `json:"fields"`
		}{make([]sobject.ID, len(chunk)), fields}
		for i, id := range chunk {
			canonical, err := sobject.ParseID(string(id))
			if err != nil {
				return nil, fmt.Errorf("salesforce: collections.get %s: id %d: %w", object, len(out)+i, err)
			}
			body.IDs[i] = canonical
		}
		var got []*sobject.Record
		_, err := c.call(ctx, Request{Method: http.MethodPost, Path: "composite/sobjects/" + url.PathEscape(object), JSON: body,
			Operation: "collections.get", Object: object, Idempotent: true}, &got)
		if err != nil {
			return nil, err
		}
		if len(got) != len(chunk) {
			return nil, fmt.Errorf("salesforce: collections.get %s: %d results for %d ids: %w", object, len(got), len(chunk), ErrIncomplete)
		}
		for i, rec := range got {
			switch {
			case rec == nil:
				out = append(out, sobject.Record{})
			case rec.ID() != body.IDs[i]:
				return nil, fmt.Errorf("salesforce: collections.get %s: result %d is about %s, not %s: %w", object, i, rec.ID(), body.IDs[i], ErrIncomplete)
			default:
				out = append(out, *rec)
			}
		}
	}
	return out, nil
}
