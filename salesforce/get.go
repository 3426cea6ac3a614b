package salesforce

import (
	"context"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Get reads one record by id: the given fields, or all that the user may see.
func (c *Client) Get(ctx context.Context, object string, id sobject.ID, fields ...string) (sobject.Record, error) {
	path, err := recordPath(object, id)
	if err != nil {
		return sobject.Record{}, err
	}
	return c.getRecord(ctx, Request{Path: path, Operation: "get", Object: object}, fields)
}
