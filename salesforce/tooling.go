package salesforce

import (
	"context"
	"iter"
	"net/url"

	"github.com/orglink/orglink/salesforce/sobject"
)

// ToolingQuery runs a SOQL query against the Tooling API, which knows the
// objects of an org's own build, such as ApexClass, FieldDefinition and
// InstalledSubscriberPackage. It keeps the rules of Query, though it holds a
// page at a time. Some of its objects, such as EntityDefinition, refuse further
// pages: go through those by DurableId or Id with LIMIT 2000.
func (c *Client) ToolingQuery(ctx context.Context, soql string) iter.Seq2[sobject.Record, error] {
	return func(yield func(sobject.Record, error) bool) {
		req := Request{Path: "tooling/query", Query: url.Values{"q": {soql}}, Operation: "tooling.query"}
		c.eachPage(ctx, req, yield)
	}
}
