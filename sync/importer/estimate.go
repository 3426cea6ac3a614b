package importer

import (
	"context"
	"fmt"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/soql"
)

// What a first import is expected to take; measured, and rough.
const (
	estimatePolls   = 3
	estimateJobTime = 3 * time.Second
	estimateRowTime = 100 * time.Microsecond
)

// Estimate says what a first import of the selections would cost. It counts
// the rows in the org: one call for each object.
func (im *Importer) Estimate(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, selections []mapping.Selection) (orglink.Estimate, error) {
	client, err := im.cfg.Clients.Client(ctx, tenant, conn)
	if err != nil {
		return orglink.Estimate{}, fmt.Errorf("importer: client of connection %s: %w", conn, err)
	}
	objects, _ := union(selections)
	var sum orglink.Estimate
	for _, object := range objects {
		rows, err := client.Count(ctx, soql.SelectCount().From(object).String())
		if err != nil {
			return orglink.Estimate{}, &ObjectError{Object: object, Doing: "count", Err: err}
		}
		sum = sum.Add(im.bulkEstimate(rows))
	}
	sum.Calls += int64((len(objects) + 24) / 25) // describes
	return sum, nil
}

// bulkEstimate is what reading so many rows by Bulk takes.
func (im *Importer) bulkEstimate(rows int64) orglink.Estimate {
	// A last chunk that is full is followed by an empty one.
	jobs := rows/int64(im.cfg.ChunkRows) + 1
	pages := rows/int64(im.cfg.PageRows) + jobs
	return orglink.Estimate{Rows: rows, Jobs: jobs, Calls: jobs*(2+estimatePolls) + pages,
		Time: time.Duration(jobs)*estimateJobTime + time.Duration(rows)*estimateRowTime}
}
