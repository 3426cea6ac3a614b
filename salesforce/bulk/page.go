package bulk

import (
	"context"

	"github.com/orglink/orglink/salesforce/sobject"
)

// ReadPage is Page for rows that need not be in memory at once: it hands them
// to yield one by one as they arrive, while the answer is open. It ends when
// yield returns an error, with that error. next is only meaningful without an
// error.
func (q *QueryJob) ReadPage(ctx context.Context, locator string, maxRecords int, yield func(sobject.Record) error) (next string, err error) {
	var stop error
	next, _, err = q.page(ctx, locator, maxRecords, func(r sobject.Record) bool {
		stop = yield(r)
		return stop == nil
	})
	if stop != nil {
		return "", stop
	}
	return next, err
}
