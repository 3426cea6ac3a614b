package salesforce

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Blob opens the content of a base64 field of a record, such as VersionData of
// a ContentVersion or Body of an Attachment. The body of the answer streams and
// must be closed; a read that ends early fails. Its Content-Type is the org's
// guess.
func (c *Client) Blob(ctx context.Context, object string, id sobject.ID, field string) (*Response, error) {
	path, err := recordPath(object, id)
	if err != nil {
		return nil, err
	}
	if field == "" {
		return nil, fmt.Errorf("salesforce: blob of %s %s: the field is not named", object, id)
	}
	return c.openBlob(ctx, path+"/"+url.PathEscape(field), object)
}

// BlobAt opens a blob by the path that stands as the value of a base64 field
// in a record.
func (c *Client) BlobAt(ctx context.Context, path string) (*Response, error) {
	if !strings.HasPrefix(path, "/services/data/") {
		return nil, errors.New("salesforce: blob: the path is not the value of a base64 field: select the field and pass its text")
	}
	return c.openBlob(ctx, path, "")
}

func (c *Client) openBlob(ctx context.Context, path, object string) (*Response, error) {
	return c.Do(ctx, Request{Path: path, Operation: "blob", Object: object, Header: http.Header{"Accept": {"*/*"}}})
}
