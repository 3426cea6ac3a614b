package salesforce

import (
	"context"
	"net/url"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Get reads one record by id: the given fields, or all that the user may see.
func (c *Client) Get(ctx context.Context, object string, id sobject.ID, fields ...string) (sobject.Record, error) {
	path, err := recordPath(object, id)
	if err != nil {
		return sobject.Record{}, err
	}
	req := Request{Path: path, Operation: "get", Object: object}
	if len(fields) > 0 {
		req.Query = url.Values{"fields": {strings.Join(fields, ",")}}
	}
	var rec sobject.Record
	_, err = c.call(ctx, req, &rec)
	return rec, err
}
