// Package importer reads Salesforce objects and hands every change to a
// [Sink]: first everything there is (a backfill by Bulk API 2.0), then again
// and again what changed or was deleted since.
//
// Work is cut into steps: each is bounded, repeatable, and leaves a [Position]
// behind that the sink stores in the same transaction as the data. A process
// may die at any request and any commit; the next one opens the stream and
// reads on, and nothing is lost or applied wrongly.
//
//	im, err := importer.New(importer.Config{
//		Clients:    connections, // a salesforce.Client for a connection
//		Selections: integrations, // which objects and fields
//		Sink:       mirror,
//	})
//	jobs, err := im.Jobs(ctx, tenant, connection) // run them by sync/runner or any scheduler
//	report, err := im.Sync(ctx, tenant, connection, importer.SyncOptions{}) // or bring all up to now
//
// The package never writes to Salesforce, except for Bulk query jobs, which it
// deletes when they are read.
package importer
