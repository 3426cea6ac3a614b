// Package exporter writes a host's rows to Salesforce and accounts for each
// of them.
//
// The host puts a [Change] into an [Outbox] in the transaction that changes
// its own row, so that both happen or neither:
//
//	tx, err := db.BeginTx(ctx, nil)
//	// ... the host's own statements ...
//	err = outbox.Add(ctx, tx, exporter.Change{Tenant: tenant, Connection: conn, Object: "companies", Key: "c-42", Row: row})
//	err = tx.Commit()
//
// A name stands for an [Exporter]: [Records] of any object, [Activities] for
// product events, platform [Events], [Files], or one of the host's own.
//
// A [Service] takes changes out in batches, translates them by the
// [mapping.Map] of their name, decides as whom to write ([Identity]), skips what has not changed since it was last
// written, upserts the rest by external id, and settles each row: succeeded
// (created, updated, unchanged, deleted), rejected or parked with a reason, or
// pending again. [Service.Job] is a job for the runner; [Service.Run] works
// until nothing is due.
//
// # What holds whatever happens
//
//   - Only a result for that very row makes it a success.
//   - Changes to a row keep their order. Those that wait together are written
//     together, the later value of each field winning and no field lost; a
//     rejected change is carried along by the next change of its row.
//   - A process may die at any point. A row that may have reached the org is
//     first read back by its external id or reference; where the org has the
//     values, it is settled without a second write. (A platform event cannot
//     be read back: see [Events].)
//   - A worker that lost its lease can settle nothing (see [Claimant]).
package exporter
