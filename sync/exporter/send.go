package exporter

import (
	"context"
	"errors"
	"slices"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// send writes the rows that are left: upserts, then changes by id, then
// deletions.
func (b *records) send(ctx context.Context) error {
	var upserts, creates, updates, deletes []*Item
	for _, r := range b.open() {
		switch {
		case r.entry.Op == Delete:
			deletes = append(deletes, r)
		case b.byID(r):
			updates = append(updates, r)
		case b.blind():
			creates = append(creates, r)
		default:
			upserts = append(upserts, r)
		}
	}
	// Two rows may have one external id for the org (it may ignore case); in
	// one request it would refuse both. They go one after the other.
	for len(upserts) > 0 {
		var now, next []*Item
		seen := make(map[string]bool)
		for _, r := range upserts {
			if seen[r.key] {
				next = append(next, r)
				continue
			}
			seen[r.key] = true
			now = append(now, r)
		}
		if err := b.try(ctx, now, b.upsert, b.judge); err != nil {
			return err
		}
		upserts = next
	}
	if err := b.try(ctx, creates, b.insert, b.judge); err != nil {
		return err
	}
	if err := b.try(ctx, updates, b.update, b.judge); err != nil {
		return err
	}
	if err := b.try(ctx, deletes, b.delete, b.judge); err != nil {
		return err
	}
	return b.follow(ctx)
}

// linked tells a row that is written to the record it is linked to, by its id.
// An upsert would make a record anew that was merged or deleted meanwhile,
// without the fields that travel on creates only, and as whom records are
// updated.
func (b *records) linked(r *Item) bool {
	return r.last.Record != "" && r.found.IsZero()
}

// byID tells a row that is written to a known record.
func (b *records) byID(r *Item) bool {
	return r.entry.Op == Update || b.ext.Name == "Id" || b.linked(r) || b.blind() && !r.found.IsZero()
}

// blind tells that rows are created and not upserted, after looking for their
// reference.
func (b *records) blind() bool { return b.cfg.Map.ExternalID == "" }

func (b *Batch) options() salesforce.WriteOptions {
	return salesforce.WriteOptions{AllowDuplicates: b.s.cfg.AllowDuplicates}
}

func (b *records) upsert(ctx context.Context, rows []*Item) ([]salesforce.Outcome, error) {
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

func (b *records) insert(ctx context.Context, rows []*Item) ([]salesforce.Outcome, error) {
	recs := make([]sobject.Record, len(rows))
	for i, r := range rows {
		recs[i] = b.own(r, b.mapper.ForCreate(r.rec))
	}
	return b.client.CreateAll(ctx, recs, b.options())
}

// own makes the Salesforce user whom the policy named the owner of a new
// record, unless the map fills the owner or the object takes none.
func (b *records) own(r *Item, rec sobject.Record) sobject.Record {
	if r.as.Owner == "" {
		return rec
	}
	f, ok := b.describe.Field("OwnerId")
	if _, set := rec.Value("OwnerId"); set || !ok || !f.Createable {
		return rec
	}
	return rec.With(sobject.F("OwnerId", sobject.IDValue(sobject.ID(r.as.Owner))))
}

func (b *records) update(ctx context.Context, rows []*Item) ([]salesforce.Outcome, error) {
	recs := make([]sobject.Record, len(rows))
	for i, r := range rows {
		var fields []sobject.Field
		for name, v := range b.mapper.ForUpdate(r.rec).Fields() {
			if name != b.ext.Name || r.adopt {
				fields = append(fields, sobject.F(name, v))
			}
		}
		recs[i] = sobject.NewRecord(b.describe.Name, append([]sobject.Field{sobject.F("Id", sobject.IDValue(b.id(r)))}, fields...)...)
	}
	return b.client.UpdateAll(ctx, recs, b.options())
}

func (b *records) delete(ctx context.Context, rows []*Item) ([]salesforce.Outcome, error) {
	ids := make([]sobject.ID, len(rows))
	for i, r := range rows {
		ids[i] = b.id(r)
	}
	return b.client.DeleteAll(ctx, ids, b.options())
}

// id is the record of a row that is written by id.
func (b *records) id(r *Item) sobject.ID {
	if b.ext.Name == "Id" {
		return r.rec.ID()
	}
	if id := r.found.ID(); id != "" {
		return id
	}
	return r.last.Record
}

// judge gives a row its fate by the org's own result for it.
func (b *records) judge(r *Item, o salesforce.Outcome) error {
	if o.Success && o.ID == "" {
		o.ID = b.id(r)
	}
	if !o.Success && len(o.Errors) > 0 {
		// NOT_FOUND may be about a lookup, unless the row was written by id.
		gone := errors.Is(o.Err(), salesforce.ErrDeleted) || (b.byID(r) || r.entry.Op == Delete) && errors.Is(o.Err(), salesforce.ErrNotFound)
		if gone && r.entry.Op == Delete {
			r.succeed(Deleted, "")
			return nil
		}
		if gone && r.last.Record != "" && b.ext.Name != "Id" && r.found.IsZero() {
			// The record that the row was linked to is gone; unless it was
			// merged, forget it, so that the next attempt asks the org by the
			// external id.
			b.gone = append(b.gone, r)
			b.retry(r, soon, reasonOf(o), false)
			r.write = &mapping.Written{Key: r.entry.Key}
			return nil
		}
	}
	switch {
	case o.Success:
	case errors.Is(o.Err(), salesforce.ErrConverted):
		b.converted = append(b.converted, r)
	case r.as.Owner != "" && b.s.cfg.DropInactiveOwner && slices.ContainsFunc(o.Errors, func(d salesforce.ErrorDetail) bool { return d.Code == "INACTIVE_OWNER_OR_USER" }):
		b.ownerless = append(b.ownerless, r)
	}
	return b.judgeOne(r, o)
}
