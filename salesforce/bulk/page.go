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
	info, _, err := q.page(ctx, locator, maxRecords, func(rows sobject.Rows) bool {
		for r := range rows.All() {
			if stop = yield(r); stop != nil {
				return false
			}
		}
		return true
	})
	if stop != nil {
		return "", stop
	}
	return info.Next, err
}
