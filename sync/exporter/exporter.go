package exporter

import (
	"context"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Exporter writes the changes of one name (Change.Object) to an org. Records,
// Activities, Events and Files are ready; a host may add its own.
// Implementations are safe for concurrent use.
//
// The outbox, the order of changes to a row, who writes, waiting, and what to
// make of an org's refusals are the Service's. The exporter says what a row
// becomes, and whether the org has it already. A row may come again after its
// worker died or an answer was lost (Item.Unsure): then the org has to be asked
// before anything is sent that is not safe to repeat.
type Exporter interface {
	// Object is the Salesforce object that rows become.
	Object() string
	// Find calls Item.Exists for the rows whose records the org has. It is
	// called, with the team's connection, where the policy on as whom to write
	// tells creates from updates and no link says what a row is.
	Find(ctx context.Context, b *Batch) error
	// Export gives rows their fates. Rows left without one are tried again,
	// and the attempt does not count. An error ends the step: of the
	// connection or a store, never of one row.
	Export(ctx context.Context, b *Batch) error
}

// Tenant tells whose rows these are.
func (b *Batch) Tenant() orglink.TenantID { return b.tenant }

// Connection is the one whose outbox the rows are in.
func (b *Batch) Connection() orglink.ConnectionID { return b.conn }

// Writer is the connection to write by.
func (b *Batch) Writer() orglink.ConnectionID { return b.writer }

// Client returns the writer's client. Its calls are counted in the report.
func (b *Batch) Client(ctx context.Context) (*salesforce.Client, error) {
	return b.step.client(ctx, b.writer)
}

// Describe returns an object as the writer sees it, for Config.DescribeFor from
// memory.
func (b *Batch) Describe(ctx context.Context, object string) (*sobject.Describe, error) {
	c, err := b.Client(ctx)
	if err != nil {
		return nil, err
	}
	return b.s.describe(ctx, c, b.tenant, b.writer, object)
}

// Written returns what was last written for the keys of a name that are known:
// the records that rows point to.
func (b *Batch) Written(ctx context.Context, name string, keys ...string) (map[string]mapping.Written, error) {
	return b.recallOf(ctx, name, keys)
}

// Items returns the rows that have no fate yet, in order of arrival.
func (b *Batch) Items() []*Item { return b.open() }

// Send writes rows with one call of send, which returns an outcome for each,
// and gives each its fate by the org's own result for it: errors that pass are
// waited for, others reject the row, a request that is refused as a whole is
// divided until the rows that it is refused for are alone. The error ends the
// step.
func (b *Batch) Send(ctx context.Context, rows []*Item, send func(ctx context.Context, rows []*Item) ([]salesforce.Outcome, error)) error {
	return b.try(ctx, rows, send, b.judgeOne)
}

// Retry lets a row wait for another attempt, or parks it after
// Config.MaxAttempts. Unsure tells that the org may have done this one.
func (b *Batch) Retry(it *Item, reason Reason, unsure bool) { b.retry(it, later, &reason, unsure) }

// Entry is the change to write.
func (r *Item) Entry() Entry { return r.entry }

// As is as whom the row is written; zero in Find.
func (r *Item) As() orglink.WriteAs { return r.as }

// Unsure reports whether an earlier attempt may have been done by the org.
func (r *Item) Unsure() bool { return r.entry.Unsure }

// Last is what was last written for the row, zero when nothing is known.
func (r *Item) Last() mapping.Written { return r.last }

// Exists notes that the org has the row's record.
func (r *Item) Exists(id sobject.ID) {
	r.looked, r.found = true, sobject.NewRecord("", sobject.F("Id", sobject.IDValue(id)))
}

// Succeed settles a row that the org has, and links it with its record unless
// id is "". The hash is what Last tells of the next change of the row.
func (r *Item) Succeed(o Outcome, id sobject.ID, hash string) {
	r.hash = hash
	r.succeed(o, id)
}

// Reject settles a row that cannot be written as it is.
func (r *Item) Reject(reason Reason) { r.settle(Settlement{State: Rejected, Reason: &reason}) }
