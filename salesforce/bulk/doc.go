// Package bulk reads and writes through Bulk API 2.0, which suits more than a
// few thousand rows.
//
// # Reading
//
// A query is a job that the org works on in its own time and whose result is
// then read in pages of CSV. [Query] does all of it:
//
//	for rec, err := range bulk.Query(ctx, client, "SELECT Id, Name FROM Account", bulk.QueryConfig{}) { ... }
//
// The steps by themselves are [StartQuery], [QueryJob.Wait] and
// [QueryJob.Records]. The pair (job id, locator) says how far reading came:
// [OpenQuery] with [QueryJob.Page] or [QueryJob.RecordsFrom] resumes there,
// also in another process, while the job lives, which is 7 days.
// QueryConfig.Readers reads several pages at once within a budget of memory;
// [QueryJob.WriteCSV] and [QueryJob.RawPage] pass the bytes on as they came.
//
// Nothing incomplete passes for a result: each page is compared with the org's
// own count, the whole with the job's, a page that breaks off or hangs is asked
// for again, and text that is no UTF-8 is an error.
//
// CSV knows no types: values read are text or null; sobject.Value.As gives
// them the type that a describe names.
//
// # Writing
//
// [StartLoad] sends rows of any number, in as many ingest jobs as they need,
// and accounts for each:
//
//	load, err := bulk.StartLoad(ctx, client, bulk.LoadConfig{Object: "Account",
//		Operation: bulk.Upsert, ExternalID: "Ext__c"}, rows)
//	_, err = load.Wait(ctx)
//	for row, err := range load.Results(ctx) { ... } // Status, Key, ID, Err()
//
// Every row ends as exactly one of succeeded, failed, unprocessed and unknown,
// matched by a key of the caller's own, because results come in any order.
// [Load.Handle] is the load as text: [OpenLoad] goes on in another process.
// [StartIngest] is one job alone, step by step.
//
// When rows are written, a null or an empty text clears its field (#N/A) and an
// absent field is left alone.
//
// # Jobs
//
// A job is waited for as long as it makes progress. One that fails, is aborted
// or is in a state that this version does not know is an error. Jobs that were
// left open are closed or aborted on every way out; [AbortStale] finds those of
// processes that died. A job belongs to the API version that it was made in,
// and is spoken of in that one.
package bulk
