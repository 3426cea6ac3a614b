package bulk

import (
	"context"
	"iter"

	"github.com/orglink/orglink/salesforce/sobject"
)

// RecordsAs is QueryJob.Records into structs: fields of T take part by tags such
// as `salesforce:"Owner.Name"` (see [sobject.StructDecoder] for the types they
// may have). An empty value is null.
func RecordsAs[T any](ctx context.Context, q *QueryJob) iter.Seq2[T, error] {
	return sobject.DecodeEach[T](q.Records(ctx))
}
