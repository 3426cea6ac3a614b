package importer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/soql"
)

// audit is a comparison of counts in the position.
type audit struct {
	// Spans of SystemModstamp are still to be counted, Read to be read again.
	Spans []span `json:"spans,omitempty"`
	Read  []span `json:"read,omitempty"`
	// Window is the one of Read that is being read.
	Window *window `json:"window,omitempty"`
	// Found counts the records that were missing or old.
	Found int64 `json:"found,omitempty"`
}

// span is half open.
type span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// auditSpans is how many spans may wait; more are read again without being
// counted more closely.
const auditSpans = 40

func (s *step) auditDue() bool {
	_, ok := s.im.cfg.Sink.(Holder)
	return ok && s.due(s.place.Audited, s.im.cfg.AuditEvery)
}

// audit does the next piece of a comparison of counts by SystemModstamp: what
// the org has more of is counted in halves, until it is few enough to be read
// again. The org may have less, of what changed since it was imported.
func (s *step) audit(ctx context.Context, now time.Time) error {
	s.did.phase = "audit"
	a := s.place.Audit
	switch {
	case a == nil:
		// What the next increment reads anyway is not looked at.
		end := s.place.Covered.Add(-s.im.cfg.Overlap)
		s.place.Audit = &audit{Spans: []span{
			{time.Unix(0, 0).UTC(), end.AddDate(0, 0, -30)}, {end.AddDate(0, 0, -30), end.AddDate(0, 0, -7)},
			{end.AddDate(0, 0, -7), end.AddDate(0, 0, -1)}, {end.AddDate(0, 0, -1), end.Add(-time.Hour)}, {end.Add(-time.Hour), end}}}
		return s.auditCount(ctx)
	case a.Window != nil:
		return s.auditRead(ctx, now)
	case len(a.Read) > 0:
		a.Window = &window{From: a.Read[0].From, To: a.Read[0].To}
		a.Read = a.Read[1:]
		return s.auditRead(ctx, now)
	case len(a.Spans) > 0:
		return s.auditCount(ctx)
	}
	if a.Found > 0 {
		s.im.event(s.stream.Tenant, s.stream.Connection, "import.drift", s.stream.Object, fmt.Sprintf(
			"%s: %d records that no increment showed were found by counting, and are stored", s.stream.Object, a.Found))
	}
	s.place.Audited, s.place.Audit = s.place.Covered, nil
	return s.commit(ctx, nil, false)
}

// auditCount counts up to five spans, in one composite request.
func (s *step) auditCount(ctx context.Context) error {
	a := s.place.Audit
	spans := a.Spans[:min(probeObjects, len(a.Spans))]
	a.Spans = a.Spans[len(spans):]
	var b salesforce.Composite
	refs := make([]salesforce.Ref, len(spans))
	for i, sp := range spans {
		where := soql.AllOf(soql.Compare("SystemModstamp", soql.OpGe, soql.DateTime(sp.From)), soql.Compare("SystemModstamp", soql.OpLt, soql.DateTime(sp.To)))
		q, all := s.present(soql.SelectCount().From(s.stream.Object).Where(where))
		if all {
			refs[i] = b.QueryAll(q.String())
		} else {
			refs[i] = b.Query(q.String())
		}
	}
	s.did.calls++
	result, err := s.client.Composite(ctx, &b)
	if err != nil {
		return err
	}
	for i, sp := range spans {
		var count struct {
			Total int64 `json:"totalSize"`
		}
		err := result.Of(refs[i]).Decode(&count)
		var refused *salesforce.Error
		if err != nil && !errors.As(err, &refused) {
			return err
		}
		if err == nil {
			held, err := s.im.cfg.Sink.(Holder).HeldBetween(ctx, s.stream, sp.From, sp.To)
			if err != nil {
				return fmt.Errorf("count the stored records: %w", err)
			}
			if count.Total <= held {
				continue
			}
		}
		s.auditCloser(sp, count.Total, err)
	}
	return s.commit(ctx, nil, false)
}

// auditCloser looks closer at a span that differs, or that could not be
// counted.
func (s *step) auditCloser(sp span, total int64, err error) {
	a := s.place.Audit
	half := sp.From.Add(sp.To.Sub(sp.From) / 2).Truncate(time.Second)
	divisible := half.After(sp.From) && half.Before(sp.To)
	switch {
	case err == nil && (total <= int64(s.im.cfg.QueryRows) || !divisible || len(a.Spans) >= auditSpans):
		a.Read = append(a.Read, sp)
	case divisible && sp.To.Sub(sp.From) > time.Hour && len(a.Spans) < auditSpans:
		a.Spans = append(a.Spans, span{sp.From, half}, span{half, sp.To})
	case err == nil:
		a.Read = append(a.Read, sp)
	default:
		s.im.event(s.stream.Tenant, s.stream.Connection, "import.audit.failed", s.stream.Object, fmt.Sprintf(
			"%s: the org did not count the records from %s to %s, which were not compared: %v", s.stream.Object, sp.From.Format(time.RFC3339), sp.To.Format(time.RFC3339), err))
	}
}

// auditRead reads a page of a span again and stores what the sink lacks.
func (s *step) auditRead(ctx context.Context, now time.Time) error {
	w := s.place.Audit.Window
	rows, more, err := s.readWindow(ctx, w, now)
	if err != nil {
		return err
	}
	if s.place.Audit.Window = nil; more {
		last := rows[len(rows)-1].change
		next := *w
		next.At, next.ID = last.SystemModstamp, last.ID
		s.place.Audit.Window = &next
	}
	var lacking []row
	for chunk := range slices.Chunk(rows, heldChunk) {
		held, err := s.held(ctx, chunk, nil)
		if err != nil {
			return err
		}
		for _, r := range chunk {
			have := held[r.change.ID]
			if r.change.Kind.Gone() && !have.Exists || have.Exists && !r.change.SystemModstamp.After(have.SystemModstamp) {
				continue
			}
			lacking = append(lacking, r)
		}
	}
	s.place.Audit.Found += int64(len(lacking))
	s.did.drift = int64(len(lacking))
	return s.commit(ctx, lacking, false)
}
