package salesforce

import (
	"context"
	"iter"
	"net/url"

	"github.com/orglink/orglink/salesforce/sobject"
)

// ToolingQuery runs a SOQL query against the Tooling API, which knows the
// objects of an org's own build, such as ApexClass, FieldDefinition and
// InstalledSubscriberPackage. It keeps the rules of Query, but for child
// records: those of sub-queries are not fetched beyond their first page, which
// is an ErrIncomplete. Some Tooling objects have no further pages; page through
// those by DurableId or Id with LIMIT 2000.
func (c *Client) ToolingQuery(ctx context.Context, soql string) iter.Seq2[sobject.Record, error] {
	return func(yield func(sobject.Record, error) bool) {
		req := Request{Path: "tooling/query", Query: url.Values{"q": {soql}}, Operation: "tooling.query"}
		c.eachPage(ctx, req, func(rec sobject.Record, err error) bool {
			if err == nil && rec.Partial() {
				yield(sobject.Record{}, incompleteChildren("tooling.query"))
				return false
			}
			return yield(rec, err)
		})
	}
}
