package exporter

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/sobject"
)

// follow takes a second look at rows that were refused for what became of their
// record or owner. Rows keep the fate that they have unless it changes.
func (b *records) follow(ctx context.Context) error {
	gone, converted, ownerless := b.gone, b.converted, b.ownerless
	b.gone, b.converted, b.ownerless = nil, nil, nil
	if err := b.followMerges(ctx, gone); err != nil {
		return err
	}
	if err := b.withoutOwner(ctx, ownerless); err != nil {
		return err
	}
	return b.followConversions(ctx, converted)
}

// later lets rows that could not be looked after come again as they are. The
// error is one that ends the step.
func (b *records) later(rows []*Item, err error) error {
	for _, r := range rows {
		b.retry(r, later, reasonFor(err), false)
		r.write = nil
	}
	if judgeRequest(err) == stop {
		return fmt.Errorf("learn what became of records of %s: %w", b.object, err)
	}
	return nil
}

// followMerges writes rows whose records were merged to the survivors.
func (b *records) followMerges(ctx context.Context, rows []*Item) error {
	if len(rows) == 0 {
		return nil
	}
	ids := make([]sobject.ID, len(rows))
	for i, r := range rows {
		ids[i] = r.last.Record
	}
	fates, err := b.client.Fates(ctx, b.describe.Name, ids...)
	if err != nil {
		return b.later(rows, err)
	}
	merged := make(map[sobject.ID][]*Item)
	for _, r := range rows {
		id, err := sobject.ParseID(string(r.last.Record))
		if f := fates[id]; err == nil && f.Survivor != "" && !f.SurvivorGone {
			merged[f.Survivor] = append(merged[f.Survivor], r)
		}
	}
	if len(merged) == 0 {
		return nil
	}
	owners, err := b.keysOf(ctx, slices.Sorted(maps.Keys(merged)))
	if err != nil {
		return b.later(rows, err)
	}
	var follow []*Item
	for survivor, rows := range merged {
		owner := owners[survivor]
		for _, r := range rows {
			r.write = nil // it stays linked, so that nothing is made anew
			switch {
			case b.s.cfg.RejectMerged:
				r.reject(CodeMerged, fmt.Sprintf("%s was merged into %s", r.last.Record, survivor), "merge the rows in the product too, or discard the row")
				continue
			case owner != "" && owner != r.key:
				r.reject(CodeMerged, fmt.Sprintf("%s was merged into %s, which is the record of %q", r.last.Record, survivor, owner), "merge the rows in the product too, or discard the row")
				continue
			}
			r.adopt, owner = owner == "", r.key
			r.last, r.done = mapping.Written{Key: r.entry.Key, Record: survivor}, nil
			follow = append(follow, r)
		}
	}
	return b.try(ctx, follow, b.update, b.judge)
}

// keysOf reads the external ids of records, in the form of Item.key.
func (b *records) keysOf(ctx context.Context, ids []sobject.ID) (map[sobject.ID]string, error) {
	quoted := make([]string, len(ids))
	for i, id := range ids {
		quoted[i] = "'" + string(id) + "'"
	}
	out := make(map[sobject.ID]string)
	for rec, err := range b.client.Query(ctx, "SELECT Id, "+b.ext.Name+" FROM "+b.describe.Name+" WHERE Id IN ("+strings.Join(quoted, ",")+")") {
		if err != nil {
			return nil, err
		}
		if v, ok := rec.Value(b.ext.Name); ok && !v.IsNull() {
			out[rec.ID()] = b.foldKey(v.As(b.ext.Type))
		}
	}
	return out, nil
}

// withoutOwner creates rows again whose owner is inactive.
func (b *records) withoutOwner(ctx context.Context, rows []*Item) error {
	for _, r := range rows {
		r.as.Reason += fmt.Sprintf("; %s is inactive in Salesforce, so the writer owns it", r.as.Owner)
		r.as.Owner, r.done = "", nil
	}
	write := b.upsert
	if b.blind() {
		write = b.insert
	}
	return b.try(ctx, rows, write, b.judge)
}

// followConversions writes leads that were converted to their contacts, by the
// map of another name.
func (b *records) followConversions(ctx context.Context, rows []*Item) error {
	name := b.s.cfg.Converted[b.name]
	to, ok := b.s.exporters[name].(Records)
	if !ok || len(rows) == 0 {
		return nil
	}
	ids := make([]sobject.ID, len(rows))
	for i, r := range rows {
		ids[i] = b.id(r)
	}
	became, err := b.client.Conversions(ctx, slices.DeleteFunc(ids, func(id sobject.ID) bool { return id == "" })...)
	if err != nil {
		return b.later(rows, err)
	}
	part := &Batch{step: b.step, name: name, object: to.Object(), writer: b.writer}
	var leads []*Item
	for _, r := range rows {
		id, err := sobject.ParseID(string(b.id(r)))
		if c := became[id]; err == nil && c.Contact != "" {
			e := r.entry
			e.Op, e.Unsure = Update, false // an update by id is safe to repeat
			part.rows = append(part.rows, &Item{entry: e, as: r.as, create: r.create, recalled: true, last: mapping.Written{Key: e.Key, Record: c.Contact}})
			leads = append(leads, r)
		}
	}
	if len(leads) == 0 {
		return nil
	}
	if err := to.Export(ctx, part); err != nil {
		return err
	}
	var written []mapping.Written
	for i, r := range part.rows {
		if r.done == nil {
			continue
		}
		leads[i].done, leads[i].verified = r.done, r.verified
		if r.write != nil {
			written = append(written, *r.write)
		}
		if r.done.State == Succeeded { // as the lead's: a change back must not be skipped
			leads[i].write = &mapping.Written{Key: r.entry.Key, Record: b.id(leads[i]), Hash: leads[i].hash}
		}
	}
	if len(written) == 0 {
		return nil
	}
	if err := b.s.cfg.Links.SaveWritten(ctx, b.tenant, b.conn, name, written); err != nil {
		return storeError{fmt.Errorf("remember what was written to %s: %w", name, err)}
	}
	return nil
}
