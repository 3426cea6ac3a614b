// Package bulk reads and writes through Bulk API 2.0, which suits more than a
// few thousand rows.
//
// A query is a job that the org works on in its own time and whose result is
// then read in pages of CSV:
//
//	job, err := bulk.StartQuery(ctx, client, "SELECT Id, Name FROM Account", bulk.QueryConfig{})
//	if err != nil { ... }
//	if _, err := job.Wait(ctx); err != nil { ... }
//	for rec, err := range job.Records(ctx) { ... }
//
// The pair (job id, locator) says how far reading came: [OpenQuery] and
// [QueryJob.Page] resume there while the job lives, which is 7 days.
//
// An ingest job takes rows, and answers for every one of them in one of three
// result sets:
//
//	job, err := bulk.StartIngest(ctx, client, bulk.IngestConfig{Object: "Account",
//		Operation: bulk.Upsert, ExternalID: "Ext__c", Columns: []string{"Ext__c", "Name"}})
//	err = job.Upload(ctx, rows)
//	err = job.Close(ctx)
//	info, err := job.Wait(ctx)
//	for result, err := range job.Failed(ctx) { ... }
//
// CSV knows no types: values read are text or null; sobject.Value.As gives
// them the type that a describe names. When rows are written, a null clears
// its field (#N/A) and an absent field is left alone.
package bulk
