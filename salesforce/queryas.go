package salesforce

import (
	"context"
	"iter"

	"github.com/orglink/orglink/salesforce/sobject"
)

// QueryAs is Client.QueryWith into structs: fields of T take part by tags such
// as `salesforce:"Name"` (see [sobject.StructDecoder] for the types they may
// have). A tagged field that the query does not select is an error. With
// ReuseRecords, texts in a T are good only until the next one is asked for.
func QueryAs[T any](ctx context.Context, c *Client, soql string, opts QueryOptions) iter.Seq2[T, error] {
	return sobject.DecodeEach[T](c.QueryWith(ctx, soql, opts))
}
