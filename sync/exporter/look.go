package exporter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// lookBytes bounds the keys in one query's filter, so that it fits into an
// address.
const lookBytes = 6000

// look reads the records of rows for which that has to be known before
// anything is sent: those that may have been written already, those whose map
// has fields for creates only, and those that need the record's id.
func (b *records) look(ctx context.Context) error {
	var keys []string
	rows := make(map[string][]*Item)
	for _, r := range b.open() {
		if r.looked || !r.look && !b.mustLook(r) {
			continue
		}
		r.looked = true
		if rows[r.key] == nil {
			v, _ := r.rec.Value(b.ext.Name)
			lit := v.Canonical()
			if v.Kind() == sobject.Text {
				lit = soql.Quote(lit)
			}
			keys = append(keys, lit)
		}
		rows[r.key] = append(rows[r.key], r)
	}
	if len(keys) == 0 {
		return nil
	}
	fields := b.lookFields()
	for len(keys) > 0 {
		n := fitting(keys)
		err := b.lookUp(ctx, fields, keys[:n], rows)
		if errors.Is(err, salesforce.ErrInvalidField) {
			// The map follows a lookup to a field that is not there. The org
			// will say so of each row; here it is enough to know what exists.
			fields = fields[:min(len(fields), 2)]
			err = b.lookUp(ctx, fields, keys[:n], rows)
		}
		if err != nil {
			return fmt.Errorf("read back records of %s: %w", b.describe.Name, err)
		}
		keys = keys[n:]
	}
	return nil
}

// fitting is how many keys go into one query, at least one.
func fitting(keys []string) int {
	n, size := 0, 0
	for n < len(keys) && (n == 0 || size+len(keys[n]) < lookBytes) {
		size += len(keys[n]) + 1
		n++
	}
	return n
}

func (b *records) lookUp(ctx context.Context, fields, keys []string, rows map[string][]*Item) error {
	q := "SELECT " + strings.Join(fields, ", ") + " FROM " + b.describe.Name + " WHERE " + b.ext.Name + " IN (" + strings.Join(keys, ",") + ")"
	for rec, err := range b.client.Query(ctx, q) {
		if err != nil {
			return err
		}
		v, _ := rec.Value(b.ext.Name)
		for _, r := range rows[b.foldKey(v.As(b.ext.Type))] {
			b.foundOne(r, rec)
		}
	}
	return nil
}

func (b *records) foundOne(r *Item, rec sobject.Record) {
	if r.done != nil {
		return
	}
	if !r.found.IsZero() && r.found.ID() != rec.ID() {
		r.reject(CodeAmbiguous, fmt.Sprintf("%s and %s both have the external id", r.found.ID(), rec.ID()),
			"merge the records in Salesforce, and have an admin make the field unique", b.ext.Name)
		return
	}
	r.found = rec
}

func (b *records) mustLook(r *Item) bool {
	known := r.last.Record != ""
	switch {
	case b.ext.Name == "Id":
		return r.entry.Unsure // the key is the record
	case r.entry.Unsure:
		return true
	case r.entry.Op != Upsert, b.blind():
		return !known
	}
	return !known && (b.mapper.ForUpdate(r.rec).Len() != r.rec.Len() || b.mapper.ForCreate(r.rec).Len() != r.rec.Len())
}

// lookFields are the fields that are read back: those that any row may write.
func (b *records) lookFields() []string {
	out := []string{"Id"}
	add := func(name string) {
		if !slices.ContainsFunc(out, func(have string) bool { return strings.EqualFold(have, name) }) {
			out = append(out, name)
		}
	}
	add(b.ext.Name)
	for _, name := range []string{"CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById"} {
		if _, ok := b.describe.Field(name); ok {
			add(name)
		}
	}
	for _, r := range b.cfg.Refs {
		add(r.Salesforce)
	}
	for _, f := range b.mapper.Map().Fields {
		add(f.Salesforce)
		if relation, _, dotted := strings.Cut(f.Salesforce, "."); dotted {
			for _, d := range b.describe.Fields {
				if strings.EqualFold(d.RelationshipName, relation) {
					add(d.Name) // what a null clears
				}
			}
		}
	}
	return out
}

// holds reports whether the org's record has every value that an update would
// write.
func (b *records) holds(r *Item) bool {
	for name, want := range b.mapper.ForUpdate(r.rec).Fields() {
		if strings.EqualFold(name, b.ext.Name) {
			continue // it is how the record was found
		}
		if parent, ok := want.Record(); ok {
			for inner, v := range parent.Fields() {
				got, _ := r.found.Path(name + "." + inner)
				if !strings.EqualFold(got.Canonical(), v.Canonical()) {
					return false
				}
			}
			continue
		}
		got, ok := r.found.Value(name)
		field, known := b.describe.Field(name)
		if !ok || !known || !sameValue(got, want, field.Type) {
			return false
		}
	}
	return true
}

// sameValue compares what was written with what an org stores of it.
func sameValue(got, want sobject.Value, t sobject.FieldType) bool {
	got, want = got.As(t), want.As(t)
	if got.IsNull() || want.IsNull() {
		return strings.TrimSpace(got.Raw()) == strings.TrimSpace(want.Raw())
	}
	switch t {
	case sobject.TypeDateTime:
		a, errA := got.Time()
		b, errB := want.Time()
		return errA == nil && errB == nil && a.Truncate(time.Second).Equal(b.Truncate(time.Second))
	case sobject.TypeMultiPicklist:
		a, b := strings.Split(got.Raw(), ";"), strings.Split(want.Raw(), ";")
		slices.Sort(a)
		slices.Sort(b)
		return slices.Equal(a, b)
	}
	if got.Kind() == sobject.Text && want.Kind() == sobject.Text {
		return kept(got.Raw()) == kept(want.Raw())
	}
	return got.Equal(want)
}

// kept is a text as Salesforce keeps it: without white space around it, and
// with the line ends of its own choice.
func kept(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
}

// decide settles what looking has answered.
func (b *records) decide(ctx context.Context, r *Item) error {
	exists := !r.found.IsZero()
	switch {
	case r.entry.Op == Delete && r.looked && !exists:
		o := Unchanged
		if r.verified = r.entry.Unsure; r.verified {
			o = Deleted // by the attempt whose answer was lost
		}
		r.succeed(o, "")
		r.write = nil
		if r.last.Record != "" {
			w := r.last
			w.Record, w.Hash = "", ""
			r.write = &w
		}
	case r.entry.Op == Update && r.looked && !exists && r.last.Record == "" && b.ext.Name != "Id":
		r.reject(CodeNotFound, fmt.Sprintf("no record of %s has the external id %q", b.describe.Name, r.entry.Key), "create the record first, or send the row as an upsert", b.ext.Name)
	case r.entry.Op != Delete && r.entry.Unsure && exists && b.holds(r):
		o := Updated
		created, err := b.createdNow(ctx, r)
		if err != nil {
			return err
		}
		if created {
			o = Created
		} else if touched, err := b.touchedNow(ctx, r); err != nil {
			return err
		} else if !touched {
			o = Unchanged // as the last write left it; the attempt had nothing to send
		}
		r.verified = true
		r.succeed(o, r.found.ID())
	}
	return nil
}

// touchedNow tells whether the attempt that is being verified may have written
// the record: a row whose values were written by an earlier change already was
// not sent, unless the record was changed by this user since.
func (b *records) touchedNow(ctx context.Context, r *Item) (bool, error) {
	if r.last.Hash != r.hash {
		return true, nil
	}
	at, err := r.found.Time("LastModifiedDate")
	if err != nil {
		return true, nil // the org does not say
	}
	if at.Before(r.entry.Attempted.Truncate(time.Second)) {
		return false, nil
	}
	return b.byUs(ctx, r, "LastModifiedById")
}

// byUs tells whether a field of a record that was read back names the user of
// the connection that writes the row, or of the one that would create it; true
// when the org does not say.
func (b *records) byUs(ctx context.Context, r *Item, field string) (bool, error) {
	by, ok := r.found.Value(field)
	if !ok {
		return true, nil
	}
	who, err := by.ID()
	if err != nil {
		return true, nil
	}
	clients := []*salesforce.Client{b.client}
	if c := r.create.as.Connection; c != "" && c != b.writer {
		// A connection that does not work now may have worked then.
		if other, err := b.step.client(ctx, c); err == nil {
			clients = append(clients, other)
		}
	}
	for i, c := range clients {
		us, err := c.Identity(ctx)
		if err != nil && (i == 0 || ctx.Err() != nil) {
			return false, fmt.Errorf("learn the user of connection %s: %w", b.writer, err)
		}
		if err == nil && us.UserID == who {
			return true, nil
		}
	}
	return false, nil
}

// createdNow tells whether a record that was read back came into being by the
// attempt that is being verified: the row was not written before, and the
// record is not older than the attempt. The org's times are whole seconds, so
// somebody else may have created it in that second; the creator tells.
func (b *records) createdNow(ctx context.Context, r *Item) (bool, error) {
	if r.last.Record != "" && r.last.Hash != r.hash {
		return false, nil
	}
	at, err := r.found.Time("CreatedDate")
	if err != nil || at.Before(r.entry.Attempted.Truncate(time.Second)) {
		return false, nil
	}
	if ours, err := b.byUs(ctx, r, "CreatedById"); err != nil || !ours {
		return false, err
	}
	// What was last written may be this very attempt, whose worker died between
	// remembering and settling; the outbox knows of earlier ones.
	before := false
	for f := (Filter{State: Succeeded, Object: r.entry.Object, Key: r.entry.Key}); ; {
		page, err := b.s.cfg.Outbox.List(ctx, b.tenant, b.conn, f)
		if err != nil {
			return false, storeError{err}
		}
		for _, e := range page {
			before, f.After = e.Outcome != Deleted, e.ID
		}
		if len(page) == 0 {
			return !before, nil
		}
	}
}
