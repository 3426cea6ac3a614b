package importer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Holder is implemented by sinks that can tell what they hold. Only their
// streams are compared value by value (Config.CalculatedEvery) and counted
// (Config.AuditEvery).
type Holder interface {
	// Held returns what is held of some records of a stream, at most a few
	// hundred: the version, and of present ones at least the fields. Unknown
	// records are absent.
	Held(ctx context.Context, s Stream, ids []sobject.ID, fields []string) (map[sobject.ID]Stored, error)
	// HeldBetween counts the present records whose SystemModstamp is from one
	// time on and before another.
	HeldBetween(ctx context.Context, s Stream, from, to time.Time) (int64, error)
}

// timed are fields that Salesforce changes as time passes, without a new
// SystemModstamp, although the describe does not call them calculated.
var timed = []string{"Contract.Status", "ServiceContract.Status", "ContractLineItem.Status"}

// calculated lists the selected fields whose changes no increment sees.
func (s *step) calculated() []string {
	var out []string
	for _, c := range s.stream.Columns {
		is := func(name string) bool { return strings.EqualFold(name, s.stream.Object+"."+c.Name) }
		if c.Calculated || slices.ContainsFunc(timed, is) || slices.ContainsFunc(s.im.cfg.Calculated, is) {
			out = append(out, c.Name)
		}
	}
	return out
}

func (s *step) calculatedDue() bool {
	if !s.due(s.place.Calculated, s.im.cfg.CalculatedEvery) {
		return false
	}
	fields := s.calculated()
	if len(fields) == 0 {
		return false
	}
	if _, ok := s.im.cfg.Sink.(Holder); !ok {
		s.im.tell(s.stream.Tenant, s.stream.Connection, "import.calculated.unwatched", s.stream.Object, fields[0],
			"changes without a new SystemModstamp; the sink cannot tell what it holds, so that it is brought up to date with its record only")
		return false
	}
	return true
}

// beginCalculated begins a reading of the calculated fields alone, of which
// what differs is stored.
func (s *step) beginCalculated(ctx context.Context, _ time.Time) error {
	s.did.phase = "compare calculated fields"
	s.place.Backfill = &backfill{Added: s.calculated(), Compare: true}
	return s.commit(ctx, nil, false)
}

// endCalculated tells the host what the reading found.
func (s *step) endCalculated(differ int64) {
	s.place.Calculated = s.place.Covered
	if differ > 0 {
		s.im.event(s.stream.Tenant, s.stream.Connection, "import.calculated.changed", s.stream.Object, fmt.Sprintf(
			"%s: formula, roll-up or timed fields of %d records had changed without a change of the record; they are stored", s.stream.Object, differ))
	}
}

// heldChunk is how many records a sink is asked about at once.
const heldChunk = 500

// held asks the sink about the records of rows.
func (s *step) held(ctx context.Context, rows []row, fields []string) (map[sobject.ID]Stored, error) {
	holder := s.im.cfg.Sink.(Holder) // as was seen when the chore began
	ids := make([]sobject.ID, len(rows))
	for i, r := range rows {
		ids[i] = r.change.ID
	}
	held, err := holder.Held(ctx, s.stream, ids, fields)
	if err != nil {
		return nil, fmt.Errorf("look up %d stored records: %w", len(rows), err)
	}
	return held, nil
}

// differing drops what the sink holds already, and makes of the others partial
// changes of what differs.
func (s *step) differing(ctx context.Context, rows []row) ([]row, error) {
	out := rows[:0]
	for chunk := range slices.Chunk(rows, heldChunk) {
		held, err := s.held(ctx, chunk, chunk[0].change.Fields)
		if err != nil {
			return nil, err
		}
		for _, r := range chunk {
			have := held[r.change.ID]
			if !have.Applies(r.change) {
				continue // unknown, gone, or newer
			}
			var fields []sobject.Field
			var names []string
			for _, name := range r.change.Fields {
				now, _ := r.change.Record.Value(name)
				before, _ := have.Record.Value(name)
				if now.IsNull() != before.IsNull() || !now.IsNull() && !now.Equal(before) {
					fields, names = append(fields, sobject.F(name, now)), append(names, name)
				}
			}
			if len(names) > 0 {
				r.change.Record, r.change.Fields = sobject.NewRecord(s.stream.Object, fields...), names
				out = append(out, r)
			}
		}
	}
	return out, nil
}

// store commits rows of a backfill: all of them, or of a comparison those that
// differ.
func (s *step) store(ctx context.Context, b *backfill, rows []row) error {
	if b.Compare && len(rows) > 0 {
		var err error
		if rows, err = s.differing(ctx, rows); err != nil {
			return err
		}
		b.Differ += int64(len(rows))
	}
	return s.commit(ctx, rows, !b.Compare)
}
