package salesforce

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Revision tells one state of a record from another, for an update that must
// not overwrite what somebody else wrote meanwhile (SaveOptions).
type Revision struct {
	// ETag is for SaveOptions.IfMatch; "" for all objects but Account.
	ETag string
	// LastModified is for SaveOptions.IfUnmodifiedSince, to the second; the
	// zero time when the answer had none. A LastModifiedDate does as well.
	LastModified time.Time
}

// GetRevision is Get that also tells the record's revision.
func (c *Client) GetRevision(ctx context.Context, object string, id sobject.ID, fields ...string) (sobject.Record, Revision, error) {
	path, err := recordPath(object, id)
	if err != nil {
		return sobject.Record{}, Revision{}, err
	}
	req := Request{Path: path, Operation: "get", Object: object}
	if len(fields) > 0 {
		req.Query = url.Values{"fields": {strings.Join(fields, ",")}}
	}
	var rec sobject.Record
	resp, err := c.call(ctx, req, &rec)
	if err != nil {
		return sobject.Record{}, Revision{}, err
	}
	rev := Revision{ETag: resp.Header.Get("ETag")}
	if at, err := http.ParseTime(resp.Header.Get("Last-Modified")); err == nil {
		rev.LastModified = at.UTC()
	}
	return rec, rev, nil
}
