package exporter

import (
	"context"
	"errors"
	"fmt"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// divideBudget bounds the requests that a batch may spend on finding the rows
// for which it is refused as a whole.
const divideBudget = 32

// request sends rows and returns one outcome for each.
type request func(ctx context.Context, rows []*row) ([]salesforce.Outcome, error)

// send writes the rows that are left: upserts, then changes by id, then
// deletions.
func (b *batch) send(ctx context.Context) error {
	var upserts, updates, deletes []*row
	for _, r := range b.open() {
		switch {
		case r.entry.Op == Delete:
			deletes = append(deletes, r)
		case r.entry.Op == Update || b.ext.Name == "Id" || b.linked(r):
			updates = append(updates, r)
		default:
			upserts = append(upserts, r)
		}
	}
	// Two rows may have one external id for the org (it may ignore case); in
	// one request it would refuse both. They go one after the other.
	for len(upserts) > 0 {
		var now, next []*row
		seen := make(map[string]bool)
		for _, r := range upserts {
			if seen[r.key] {
				next = append(next, r)
				continue
			}
			seen[r.key] = true
			now = append(now, r)
		}
		if err := b.try(ctx, now, b.upsert); err != nil {
			return err
		}
		upserts = next
	}
	if err := b.try(ctx, updates, b.update); err != nil {
		return err
	}
	return b.try(ctx, deletes, b.delete)
}

// linked tells a row that is written to the record it is linked to, by its id.
// An upsert would make a record anew that was deleted meanwhile, without the
// fields that travel on creates only, and as whom records are updated.
func (b *batch) linked(r *row) bool {
	return r.last.Record != "" && !r.looked && (r.picky || b.mapper.ForUpdate(r.rec).Len() != r.rec.Len())
}

func (b *batch) options() salesforce.WriteOptions {
	return salesforce.WriteOptions{AllowDuplicates: b.s.cfg.AllowDuplicates}
}

func (b *batch) upsert(ctx context.Context, rows []*row) ([]salesforce.Outcome, error) {
	recs := make([]sobject.Record, len(rows))
	for i, r := range rows {
		switch {
		case r.looked && r.found.IsZero():
			recs[i] = b.own(r, b.mapper.ForCreate(r.rec))
		case r.last.Record != "" || r.looked:
			recs[i] = b.mapper.ForUpdate(r.rec)
		default:
			recs[i] = r.rec // no field of it depends on that
		}
	}
	return b.client.UpsertAll(ctx, b.describe.Name, b.ext.Name, recs, b.options())
}

// own makes the Salesforce user whom the policy named the owner of a new
// record, unless the map fills the owner or the object takes none.
func (b *batch) own(r *row, rec sobject.Record) sobject.Record {
	if r.as.Owner == "" {
		return rec
	}
	f, ok := b.describe.Field("OwnerId")
	if _, set := rec.Value("OwnerId"); set || !ok || !f.Createable {
		return rec
	}
	return rec.With(sobject.F("OwnerId", sobject.IDValue(sobject.ID(r.as.Owner))))
}

func (b *batch) update(ctx context.Context, rows []*row) ([]salesforce.Outcome, error) {
	recs := make([]sobject.Record, len(rows))
	for i, r := range rows {
		var fields []sobject.Field
		for name, v := range b.mapper.ForUpdate(r.rec).Fields() {
			if name != b.ext.Name {
				fields = append(fields, sobject.F(name, v))
			}
		}
		recs[i] = sobject.NewRecord(b.describe.Name, append([]sobject.Field{sobject.F("Id", sobject.IDValue(b.id(r)))}, fields...)...)
	}
	return b.client.UpdateAll(ctx, recs, b.options())
}

func (b *batch) delete(ctx context.Context, rows []*row) ([]salesforce.Outcome, error) {
	ids := make([]sobject.ID, len(rows))
	for i, r := range rows {
		ids[i] = b.id(r)
	}
	return b.client.DeleteAll(ctx, ids, b.options())
}

// id is the record of a row that is written by id.
func (b *batch) id(r *row) sobject.ID {
	if b.ext.Name == "Id" {
		return r.rec.ID()
	}
	if id := r.found.ID(); id != "" {
		return id
	}
	return r.last.Record
}

// try sends rows in one request and judges what comes back. A request that is
// refused as a whole is divided until the rows that it is refused for are
// alone.
func (b *batch) try(ctx context.Context, rows []*row, send request) error {
	if len(rows) == 0 {
		return nil
	}
	outcomes, err := send(ctx, rows)
	if err == nil {
		return b.judge(rows, outcomes)
	}
	v := judgeRequest(err)
	if v == fix && divisible(err) && len(rows) > 1 && b.requests < divideBudget {
		b.requests += 2
		half := len(rows) / 2
		if err := b.try(ctx, rows[:half], send); err != nil {
			return err
		}
		return b.try(ctx, rows[half:], send)
	}
	reason := reasonFor(err)
	for i, r := range rows {
		sent := i < len(outcomes) && outcomes[i].Sent
		switch {
		case i < len(outcomes) && (outcomes[i].Success || len(outcomes[i].Errors) > 0):
			if err := b.judgeOne(r, outcomes[i]); err != nil {
				return err
			}
		case sent && v != fix:
			// It may have been written: look before the next attempt, at once
			// when this was the first.
			b.retry(r, later, reason, true)
			if r.entry.Attempts == 1 {
				r.done.Wait = 0
			}
		case v == fix && (len(rows) == 1 || !divisible(err)):
			r.settle(Settlement{State: Rejected, Reason: reason})
		case v == fix:
			// Too many rows of the batch are refused to tell them apart; each
			// is tried in a smaller company later.
			b.retry(r, later, reason, false)
		case v == stop:
			continue // released, uncounted
		default:
			b.retry(r, v, reason, false)
		}
	}
	if v == stop {
		return fmt.Errorf("write %s: %w", b.describe.Name, err)
	}
	return nil
}

func (b *batch) judge(rows []*row, outcomes []salesforce.Outcome) error {
	var stopped error
	for i, r := range rows {
		if err := b.judgeOne(r, outcomes[i]); err != nil {
			stopped = err
		}
	}
	return stopped
}

// judgeOne settles a row by the org's own result for it.
func (b *batch) judgeOne(r *row, o salesforce.Outcome) error {
	if o.Success {
		id := o.ID
		if id == "" {
			id = b.id(r)
		}
		switch {
		case r.entry.Op == Delete:
			r.succeed(Deleted, id)
		case o.Created:
			r.succeed(Created, id)
		default:
			r.succeed(Updated, id)
		}
		return nil
	}
	if len(o.Errors) == 0 {
		b.retry(r, later, reasonOf(o), o.Sent)
		return nil
	}
	// NOT_FOUND may be about a lookup, unless the row was written by id.
	gone := errors.Is(o.Err(), salesforce.ErrDeleted) || (r.entry.Op != Upsert || b.linked(r)) && errors.Is(o.Err(), salesforce.ErrNotFound)
	if gone && r.entry.Op == Delete {
		r.succeed(Deleted, "")
		return nil
	}
	if gone && r.last.Record != "" && b.ext.Name != "Id" && !r.looked {
		// The record that the row was linked to is gone; forget it, so that
		// the next attempt asks the org by the external id.
		b.retry(r, soon, reasonOf(o), false)
		r.write = &mapping.Written{Key: r.entry.Key}
		return nil
	}
	switch v := judgeRow(o); {
	case v == stop:
		return fmt.Errorf("write %s: %w", b.describe.Name, o.Err())
	case v == fix, v == soon && duplicateTwice(o, r.entry.Attempts):
		r.settle(Settlement{State: Rejected, Reason: reasonOf(o)})
	default:
		b.retry(r, v, reasonOf(o), false)
	}
	return nil
}
