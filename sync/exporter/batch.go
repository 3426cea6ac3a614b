package exporter

import (
	"context"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Batch is rows of one name that travel together, written by one connection.
// It belongs to the call that it is given to.
type Batch struct {
	*step
	name     string
	object   string
	writer   orglink.ConnectionID
	rows     []*Item
	requests int // spent on dividing refused requests
}

// Item is one row of a Batch. It has its fate once Succeed, Reject or
// Batch.Retry was called; the last call counts.
type Item struct {
	entry Entry

	as     orglink.WriteAs // as whom it is written
	create answer          // as whom it would be created

	recalled bool            // last was read
	last     mapping.Written // what was last written; zero when unknown

	rec    sobject.Record  // with the external id
	refs   []sobject.Field // lookups of it
	guests []sobject.ID    // attendees; nil when the row does not say
	key    string          // the external id as the org compares it
	hash   string

	blind  bool           // it is not safe to repeat without looking
	look   bool           // the record has to be known
	looked bool           // the org was asked for the record
	found  sobject.Record // its answer; zero when there is none

	adopt    bool // the record takes the external id of the row
	done     *Settlement
	write    *mapping.Written // what to remember; nil for nothing
	verified bool
}

func (r *Item) settle(s Settlement) {
	s.ID = r.entry.ID
	if s.As = r.as; s.As == (orglink.WriteAs{}) {
		s.As = r.entry.As
	}
	r.done = &s
}

func (r *Item) reject(code, message, remedy string, fields ...string) {
	r.settle(Settlement{State: Rejected, Reason: &Reason{Code: code, Message: message, Fields: fields, Remedy: remedy}})
}

// succeed settles a row whose record has its values, and remembers them.
func (r *Item) succeed(o Outcome, id sobject.ID) {
	r.settle(Settlement{State: Succeeded, Outcome: o, Record: id})
	switch {
	case o == Deleted:
		r.write = &mapping.Written{Key: r.entry.Key}
	case o != Unchanged && id != "":
		r.write = &mapping.Written{Key: r.entry.Key, Record: id, Hash: r.hash}
	}
}

// retry lets a row wait for another attempt, or parks it.
func (b *Batch) retry(r *Item, v verdict, reason *Reason, unsure bool) {
	s := Settlement{State: Pending, Reason: reason, Wait: wait(v, r.entry.Attempts), Unsure: unsure}
	if r.entry.Attempts >= b.s.cfg.MaxAttempts {
		s.State, s.Wait = Parked, 0
	}
	r.settle(s)
}

// open is the rows that have no fate yet.
func (b *Batch) open() []*Item {
	var out []*Item
	for _, r := range b.rows {
		if r.done == nil {
			out = append(out, r)
		}
	}
	return out
}

// release gives rows without a fate back. None of them was sent in this step,
// so what was unsure before is unsure still and nothing else is. They are due
// at once: how soon to come back after what stopped the step is for the caller
// to choose.
func (b *Batch) release(stopped error) {
	for _, r := range b.open() {
		s := Settlement{State: Pending, Unsure: r.entry.Unsure, Uncounted: true, Reason: r.entry.Reason}
		if stopped != nil {
			s.Reason = reasonFor(stopped)
		}
		r.settle(s)
	}
}

// rejectAll refuses the whole group for one reason.
func (b *Batch) rejectAll(code, message, remedy string) {
	for _, r := range b.open() {
		r.reject(code, message, remedy)
	}
}

// remember reads what was last written.
func (b *Batch) remember(ctx context.Context) error {
	keys := make([]string, len(b.rows))
	for i, r := range b.rows {
		keys[i] = r.entry.Key
	}
	last, err := b.recall(ctx, keys)
	if err != nil {
		return err
	}
	for _, r := range b.rows {
		r.recalled, r.last = true, last[r.entry.Key]
	}
	return nil
}
