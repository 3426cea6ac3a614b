package exporter

import (
	"context"
	"errors"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/sobject"
)

// ErrFenced is wrapped when a claimant was superseded: another one with a
// higher fence came, or took its entries over. What it wanted was not done.
var ErrFenced = errors.New("superseded by another worker")

// Claimant is a worker in one step.
type Claimant struct {
	// Fence is that of the worker's lease. The outbox remembers the highest
	// one of each connection and refuses lower ones.
	Fence uint64
	// Owner is different for every step, so that entries left in flight by an
	// earlier one are recognised.
	Owner string
}

// Claim asks for work.
type Claim struct {
	Tenant     orglink.TenantID
	Connection orglink.ConnectionID
	By         Claimant
	// Limit is how many entries are wanted, at least 1.
	Limit int
	// Now is the org's clock; it becomes Attempted of entries that are new.
	Now time.Time
}

// Settlement is what became of a claimed entry.
type Settlement struct {
	ID int64
	// State is Succeeded, Rejected, Parked, or Pending for another attempt.
	State   State
	Outcome Outcome
	Record  sobject.ID
	Reason  *Reason
	// As is as whom the entry was written or tried.
	As orglink.WriteAs
	// Wait is how long a Pending entry waits for its next attempt.
	Wait time.Duration
	// Unsure tells of a Pending or Parked entry that the org may have done it.
	Unsure bool
	// Uncounted takes the attempt back: it never was one of this entry.
	Uncounted bool
}

// Counts are the rows of a connection by state. Changes of one row that wait
// together are one.
type Counts struct {
	Pending, InFlight, Succeeded, Rejected, Parked int64
}

// Filter chooses entries; zero fields choose all.
type Filter struct {
	State  State
	Object string
	Key    string
	// Code is that of the reason (Reason.Code).
	Code string
	// After is the ID after which the list continues.
	After int64
	// Limit is how many entries are wanted. Defaults to 100.
	Limit int
}

// Outbox is the queue that a Service works on. Implementations are safe for
// concurrent use, also by several processes, return an error that wraps the
// context's when it has ended, compare keys byte for byte, and never show or
// touch another tenant's entries. What they return may be changed by the
// caller. How changes get in is theirs.
type Outbox interface {
	// Claim hands out entries in order of arrival and marks them InFlight,
	// all at once or none: entries left in flight by other claimants first,
	// as Unsure, then pending ones that are due. Of one row (Object and Key)
	// only the first is handed out, and none while another is in flight.
	// Changes of a row that wait together are handed out as one, see Fold.
	// An error wraps ErrFenced when a higher fence was seen.
	Claim(ctx context.Context, c Claim) ([]Entry, error)
	// Settle records what became of claimed entries, all or none. An error
	// wraps ErrFenced when one of them is not in flight by this claimant, or
	// a higher fence was seen.
	Settle(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, by Claimant, s []Settlement) error
	// Next tells in how long something is to be claimed: 0 for now, and ok
	// false when nothing waits at all.
	Next(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (wait time.Duration, ok bool, err error)
	// Fence returns the highest fence seen, 0 before any.
	Fence(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (uint64, error)
	// Counts counts rows by state.
	Counts(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (Counts, error)
	// List returns entries in order of ID. Changes of one row that wait
	// together are listed as one, by the ID of the first.
	List(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, f Filter) ([]Entry, error)
	// Retry makes rejected and parked entries pending again, due now, and
	// returns how many there were among ids.
	Retry(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, ids ...int64) (int, error)
	// Edit replaces the fields of a rejected or parked entry and makes it
	// pending again like Retry. It reports false when id is of no such entry.
	Edit(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, id int64, row mapping.Row) (bool, error)
	// Discard removes entries that are not in flight and returns how many.
	// Of changes that wait together all are removed.
	Discard(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, ids ...int64) (int, error)
	// Purge removes succeeded entries that were settled longer ago than age,
	// and returns how many.
	Purge(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, age time.Duration) (int, error)
	// Erase removes everything of a tenant.
	Erase(ctx context.Context, tenant orglink.TenantID) error
}
