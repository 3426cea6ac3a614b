package exporter

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// batch is the rows that travel together: one map, one writer.
type batch struct {
	*step
	name     string
	writer   orglink.ConnectionID
	client   *salesforce.Client
	describe *sobject.Describe
	mapper   *mapping.Mapper
	ext      sobject.DescribeField
	rows     []*row
	requests int // spent on dividing refused requests
}

// row is one entry and what is known of its record.
type row struct {
	entry Entry
	rec   sobject.Record // with the external id
	key   string         // the external id as the org compares it
	hash  string

	as     orglink.WriteAs // as whom it is written
	create answer          // as whom it would be created
	picky  bool            // it matters whether it is created

	recalled bool            // last was read
	last     mapping.Written // what was last written; zero when unknown

	look   bool           // the record has to be known
	looked bool           // the org was asked for the record
	found  sobject.Record // its answer; zero when there is none

	done     *Settlement
	write    *mapping.Written // what to remember; nil for nothing
	verified bool
}

func (r *row) settle(s Settlement) {
	s.ID = r.entry.ID
	if s.As = r.as; s.As == (orglink.WriteAs{}) {
		s.As = r.entry.As
	}
	r.done = &s
}

func (r *row) reject(code, message, remedy string, fields ...string) {
	r.settle(Settlement{State: Rejected, Reason: &Reason{Code: code, Message: message, Fields: fields, Remedy: remedy}})
}

// succeed settles a row whose record has its values, and remembers them.
func (r *row) succeed(o Outcome, id sobject.ID) {
	r.settle(Settlement{State: Succeeded, Outcome: o, Record: id})
	switch {
	case o == Deleted:
		r.write = &mapping.Written{Key: r.entry.Key}
	case o != Unchanged && id != "":
		r.write = &mapping.Written{Key: r.entry.Key, Record: id, Hash: r.hash}
	}
}

// retry lets a row wait for another attempt, or parks it.
func (b *batch) retry(r *row, v verdict, reason *Reason, unsure bool) {
	s := Settlement{State: Pending, Reason: reason, Wait: wait(v, r.entry.Attempts), Unsure: unsure}
	if r.entry.Attempts >= b.s.cfg.MaxAttempts {
		s.State, s.Wait = Parked, 0
	}
	r.settle(s)
}

// open is the rows that have no fate yet.
func (b *batch) open() []*row {
	var out []*row
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
func (b *batch) release(stopped error) {
	for _, r := range b.open() {
		s := Settlement{State: Pending, Unsure: r.entry.Unsure, Uncounted: true, Reason: r.entry.Reason}
		if stopped != nil {
			s.Reason = reasonFor(stopped)
		}
		r.settle(s)
	}
}

// export gives every row a fate, or returns what ended the step.
func (b *batch) export(ctx context.Context) error {
	if err := b.prepare(ctx); err != nil {
		return err
	}
	b.skip()
	if err := b.look(ctx); err != nil {
		return err
	}
	for _, r := range b.open() {
		if err := b.decide(ctx, r); err != nil {
			return err
		}
	}
	return b.send(ctx)
}

// rejectAll refuses the whole group for one reason.
func (b *batch) rejectAll(code, message, remedy string) {
	for _, r := range b.open() {
		r.reject(code, message, remedy)
	}
}

// prepare translates rows to records; what cannot be translated is rejected
// before anything is sent.
func (b *batch) prepare(ctx context.Context) error {
	m := b.s.cfg.Maps[b.name]
	var err error
	if b.client, err = b.step.client(ctx, b.writer); err != nil {
		return err
	}
	b.describe, err = b.s.describe(ctx, b.client, b.tenant, b.writer, m.Object)
	if errors.Is(err, salesforce.ErrNotFound) || errors.Is(err, salesforce.ErrInvalidType) {
		b.rejectAll(CodeMap, fmt.Sprintf("the object %s does not exist, or the connected user may not see it", m.Object), "correct the map, or have a Salesforce admin grant access to the object, and retry")
		return nil
	}
	if err != nil {
		return err
	}
	if b.mapper, err = mapping.Compile(m, b.describe); err != nil {
		b.rejectAll(CodeMap, err.Error(), "correct the map, or have a Salesforce admin grant access, and retry")
		return nil
	}
	b.ext = sobject.DescribeField{Name: "Id", Type: sobject.TypeID}
	if f, ok := b.describe.Field(m.ExternalID); ok {
		b.ext = *f
	}
	for _, r := range b.open() {
		b.translate(r)
	}
	return nil
}

func (b *batch) translate(r *row) {
	rec, problems := b.mapper.Record(r.entry.Row)
	if r.entry.Op == Delete {
		problems = nil // only the key counts
	}
	if bad := mapping.Blocking(problems); len(bad) > 0 {
		var reasons, fields, remedies []string
		for _, p := range bad {
			reasons, fields = append(reasons, p.Field+": "+p.Reason), append(fields, p.Field)
			if p.Remedy != "" {
				remedies = append(remedies, p.Remedy)
			}
		}
		if remedies == nil {
			remedies = []string{"correct the values in the product"}
		}
		r.reject(CodeUnmappable, strings.Join(reasons, "; "), strings.Join(remedies, "; "), fields...)
		return
	}
	v, ok := rec.Value(b.ext.Name)
	if !ok || v.IsNull() {
		v = sobject.TextValue(r.entry.Key)
	}
	v, err := keyValue(v, b.ext)
	if err != nil {
		r.reject(CodeKey, fmt.Sprintf("%q is no value of the external id field: %v", r.entry.Key, err), "correct the key in the product", b.ext.Name)
		return
	}
	r.rec = rec.With(sobject.F(b.ext.Name, v))
	r.key = foldKey(v, b.ext)
	r.hash = mapping.Hash(r.rec)
}

// keyValue gives an external id the type of its field.
func keyValue(v sobject.Value, f sobject.DescribeField) (sobject.Value, error) {
	switch {
	case f.Type == sobject.TypeID:
		id, err := v.ID()
		return sobject.IDValue(id), err
	case f.Type.Numeric():
		text, err := v.Decimal()
		if err != nil {
			return v, fmt.Errorf("the field is a number")
		}
		return sobject.NumberValue(text)
	}
	text := v.Canonical()
	if strings.TrimSpace(text) != text || text == "" {
		return v, errors.New("it is empty, or begins or ends with white space, which Salesforce would cut off")
	}
	if n := len([]rune(text)); f.Length > 0 && n > f.Length {
		return v, fmt.Errorf("it has %d characters, the field takes %d", n, f.Length)
	}
	return sobject.TextValue(text), nil
}

// foldKey is an external id as the org tells it from others.
func foldKey(v sobject.Value, f sobject.DescribeField) string {
	if f.Type == sobject.TypeID || f.CaseSensitive {
		return v.Canonical()
	}
	return strings.ToLower(v.Canonical())
}

// remember reads what was last written.
func (b *batch) remember(ctx context.Context) error {
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

// skip settles rows that have not changed since they were last written. A row
// that may have been written meanwhile is not among them.
func (b *batch) skip() {
	for _, r := range b.open() {
		if r.entry.Op != Delete && !r.entry.Unsure && r.last.Hash != "" && r.last.Hash == r.hash {
			r.succeed(Unchanged, r.last.Record)
		}
	}
}
