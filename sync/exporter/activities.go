package exporter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Activities logs product events in the activity timeline: tasks or events
// with who, what and attendees.
//
//	exporter.Activities{
//		Records: exporter.Records{
//			Map:       mapping.Map{Object: "Event", Fields: fields},
//			Reference: "Product_Key__c",
//			Refs:      []exporter.Ref{{Host: "person", Salesforce: "WhoId", Of: "people"}, {Host: "company", Salesforce: "WhatId", Of: "companies"}},
//		},
//		Attendees: []exporter.Ref{{Host: "guests", Of: "people"}},
//	}
//
// Tasks and events have no external id of their own; a custom field of
// Activity, which both share, serves as ExternalID or Reference.
type Activities struct {
	Records
	// Attendees name fields of the row with lists of keys of contacts, leads
	// or users who are invited to an event; Salesforce stays empty. A row that
	// holds such a field says who is invited: the missing are added, and where
	// the org tells invitees apart the others are removed. The row succeeds
	// when its attendees do. Events only.
	Attendees []Ref
}

var _ Exporter = Activities{}

func (a Activities) check() error {
	var errs []error
	if len(a.Attendees) > 0 && !strings.EqualFold(a.Map.Object, "Event") {
		errs = append(errs, fmt.Errorf("Attendees: %s has none; events have", a.Map.Object))
	}
	for _, r := range a.Attendees {
		if r.Host == "" || r.Salesforce != "" {
			errs = append(errs, fmt.Errorf("Attendees: %+v must name a Host and no Salesforce field", r))
		}
	}
	return errors.Join(append(errs, a.Records.check())...)
}

// Export implements Exporter.
func (a Activities) Export(ctx context.Context, b *Batch) error {
	if err := a.invited(ctx, b); err != nil {
		return err
	}
	part := &records{Batch: b, cfg: a.Records}
	if err := part.export(ctx); err != nil {
		return err
	}
	var rows []*Item
	for _, r := range b.rows {
		if r.guests != nil && r.done.State == Succeeded && r.done.Outcome != Deleted && (r.write != nil || r.verified) {
			rows = append(rows, r)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return part.invite(ctx, rows)
}

// invited finds the records of the attendees, or lets rows wait for them.
func (a Activities) invited(ctx context.Context, b *Batch) error {
	known, err := b.lookRefs(ctx, a.Attendees)
	if err != nil {
		return err
	}
	for _, r := range b.open() {
		for _, ref := range a.Attendees {
			x, set := r.entry.Row[ref.Host]
			if !set || r.done != nil || r.entry.Op == Delete {
				continue
			}
			if r.guests == nil {
				r.guests = []sobject.ID{}
			}
			keys, err := refKeys(x)
			if err != nil {
				r.reject(CodeUnmappable, fmt.Sprintf("%s: %v", ref.Host, err), "correct the value in the product")
			}
			for _, k := range keys {
				id, err := known.id(ref, k)
				if err != nil {
					b.waitFor(r, Ref{Salesforce: ref.Host}, err)
					break
				}
				if !slices.Contains(r.guests, id) {
					r.guests = append(r.guests, id)
				}
			}
		}
	}
	return nil
}

// guest is an attendee of a row's event.
type guest struct {
	row  *Item
	id   sobject.ID // who
	link sobject.ID // the EventRelation, of one that is removed
}

// invite makes the attendees of events those of their rows.
func (b *records) invite(ctx context.Context, rows []*Item) error {
	missing, extra, err := b.guestList(ctx, rows)
	if err == nil {
		err = b.change(ctx, missing, func(part []guest) ([]salesforce.Outcome, error) {
			recs := make([]sobject.Record, len(part))
			for i, g := range part {
				recs[i] = sobject.NewRecord("EventRelation", sobject.F("EventId", sobject.IDValue(g.row.done.Record)), sobject.F("RelationId", sobject.IDValue(g.id)))
			}
			return b.client.CreateAll(ctx, recs, b.options())
		})
	}
	if err == nil {
		err = b.change(ctx, extra, func(part []guest) ([]salesforce.Outcome, error) {
			ids := make([]sobject.ID, len(part))
			for i, g := range part {
				ids[i] = g.link
			}
			return b.client.DeleteAll(ctx, ids, b.options())
		})
	}
	if err == nil {
		return nil
	}
	// The events are there, their attendees are not known to be.
	for _, r := range rows {
		if r.done.State == Succeeded {
			b.unfinished(r, func() { b.retry(r, later, reasonFor(err), false) })
		}
	}
	if judgeRequest(err) == stop {
		return fmt.Errorf("invite the attendees of events: %w", err)
	}
	return nil
}

// guestList compares the attendees that the org has with those of the rows.
func (b *records) guestList(ctx context.Context, rows []*Item) (missing, extra []guest, err error) {
	d, err := b.Describe(ctx, "EventRelation")
	if err != nil {
		return nil, nil, err
	}
	fields := "Id, EventId, RelationId"
	_, tells := d.Field("IsInvitee")
	if _, parent := d.Field("IsParent"); tells && parent {
		fields += ", IsInvitee, IsParent"
	} else {
		tells = false
	}
	byEvent := make(map[sobject.ID]*Item, len(rows))
	ids := make([]string, 0, len(rows))
	for _, r := range rows {
		byEvent[r.done.Record] = r
		ids = append(ids, "'"+string(r.done.Record)+"'")
	}
	have := make(map[*Item][]sobject.ID)
	for rec, err := range b.client.Query(ctx, "SELECT "+fields+" FROM EventRelation WHERE EventId IN ("+strings.Join(ids, ",")+")") {
		if err != nil {
			return nil, nil, err
		}
		event, errEvent := rec.Ref("EventId")
		who, errWho := rec.Ref("RelationId")
		r := byEvent[event]
		if errEvent != nil || errWho != nil || r == nil {
			continue
		}
		have[r] = append(have[r], who)
		if !tells || slices.Contains(r.guests, who) {
			continue
		}
		invitee, errInvitee := rec.Bool("IsInvitee")
		parent, errParent := rec.Bool("IsParent")
		if errInvitee == nil && errParent == nil && invitee && !parent {
			extra = append(extra, guest{r, who, rec.ID()})
		}
	}
	for _, r := range rows {
		for _, id := range r.guests {
			if !slices.Contains(have[r], id) {
				missing = append(missing, guest{row: r, id: id})
			}
		}
	}
	return missing, extra, nil
}

// change writes attendees; a row whose attendees are refused is not done.
func (b *records) change(ctx context.Context, guests []guest, write func([]guest) ([]salesforce.Outcome, error)) error {
	for part := range slices.Chunk(guests, salesforce.CollectionSize) {
		outcomes, err := write(part)
		if err != nil {
			return err
		}
		for i, o := range outcomes {
			r := part[i].row
			if o.Success || r.done.State != Succeeded || part[i].link != "" && errors.Is(o.Err(), salesforce.ErrNotFound) {
				continue
			}
			reason := reasonOf(o)
			reason.Message = fmt.Sprintf("attendee %s: %s", part[i].id, reason.Message)
			b.unfinished(r, func() {
				if v := judgeRow(o); v == soon || v == later {
					b.retry(r, v, reason, false)
				} else {
					r.settle(Settlement{State: Rejected, Reason: reason})
				}
			})
		}
	}
	return nil
}

// unfinished takes back the success of a row whose record is written and whose
// rest is not: it is linked, and the next attempt skips nothing.
func (b *records) unfinished(r *Item, settle func()) {
	id := r.done.Record
	settle()
	r.write = &mapping.Written{Key: r.entry.Key, Record: id}
}
