package importer

import (
	"context"
	"errors"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// increment reads a page of what changed in a window of SystemModstamp. The
// window's end is fixed before the first query: the org's clock less the lag.
// Rows are read in the order (SystemModstamp, Id) and resumed after the last
// pair, so that neither ties nor a crash skip a row; a row that changes
// meanwhile moves behind the end, into the next window.
func (s *step) increment(ctx context.Context) error {
	s.did.phase = "increment"
	now, err := s.client.ServerTime(ctx)
	if err != nil {
		return err
	}
	w := s.place.Window
	if w == nil {
		to := now.Add(-s.im.cfg.Lag).Truncate(time.Second)
		if !to.After(s.place.Covered) {
			s.did.covered = s.place.Covered
			return nil
		}
		w = &window{From: s.place.Covered.Add(-s.im.cfg.Overlap), To: to}
		s.place.Window = w
	}
	rows, err := s.readWindow(ctx, w, now)
	if err != nil {
		return err
	}
	if len(rows) >= s.im.cfg.QueryRows {
		last := rows[len(rows)-1].change
		w.At, w.ID = last.SystemModstamp, last.ID
		return s.commit(ctx, rows, false)
	}
	gone, err := s.readDeletions(ctx, now, rows)
	if err != nil {
		return err
	}
	s.place.Covered, s.place.Window = w.To, nil
	if err := s.commit(ctx, append(rows, gone...), false); err != nil {
		return err
	}
	s.did.covered = w.To
	if len(added(s.place.Fields, signature(s.stream.Columns))) > 0 {
		s.did.covered = time.Time{} // the added fields come next
	}
	return nil
}

// readWindow reads one page of the window: present, archived and deleted
// records in one query.
func (s *step) readWindow(ctx context.Context, w *window, now time.Time) ([]row, error) {
	q := soql.Select(names(s.stream.Columns)...).From(s.stream.Object)
	more := []string{"IsDeleted", "MasterRecordId"}
	if s.im.cfg.Owners != nil {
		more = append(more, "OwnerId")
	}
	q.AddFields(extra(s.describe, s.stream.Columns, more...)...)
	q.AndWhere(soql.Compare("SystemModstamp", soql.OpLt, soql.DateTime(w.To)))
	if w.ID == "" {
		q.AndWhere(soql.Compare("SystemModstamp", soql.OpGe, soql.DateTime(w.From)))
	} else {
		at := soql.DateTime(w.At)
		q.AndWhere(soql.AnyOf(soql.Compare("SystemModstamp", soql.OpGt, at),
			soql.AllOf(soql.Compare("SystemModstamp", soql.OpEq, at), soql.Compare("Id", soql.OpGt, soql.ID(w.ID)))))
	}
	q.OrderBy(soql.Asc("SystemModstamp"), soql.Asc("Id")).Limit(s.im.cfg.QueryRows)
	r := newReader(s.stream.Object, s.stream.Columns, now)
	var rows []row
	s.did.calls++
	for rec, err := range s.client.QueryAll(ctx, q.String()) {
		if err != nil {
			return nil, err
		}
		one, err := r.row(rec)
		if err != nil {
			return nil, err
		}
		rows = append(rows, one)
	}
	return rows, nil
}

// deletedReach is how far back the log of deletions is asked for. Salesforce
// keeps 15 days at most.
const deletedReach = 14 * 24 * time.Hour

// readDeletions reads the log of deletions, which also knows records that are
// no longer in the recycle bin. seen are the rows of the same step.
func (s *step) readDeletions(ctx context.Context, now time.Time, seen []row) ([]row, error) {
	if !s.describe.Replicateable {
		return nil, nil
	}
	start := s.place.DeletesThrough.Add(-s.im.cfg.Overlap)
	if s.place.DeletesThrough.IsZero() {
		start = s.place.Covered.Add(-s.im.cfg.Overlap)
	}
	hole := !s.place.DeletesThrough.IsZero() && s.place.DeletesThrough.Before(now.Add(-deletedReach))
	if start.Before(now.Add(-deletedReach)) {
		start = now.Add(-deletedReach)
	}
	log, err := s.client.Deleted(ctx, s.stream.Object, start, now)
	s.did.calls++
	var refused *salesforce.Error
	if errors.As(err, &refused) && refused.Code == "INVALID_REPLICATION_DATE" && now.Truncate(time.Minute).Sub(start) > time.Minute {
		// An org that takes no window into the running minute.
		log, err = s.client.Deleted(ctx, s.stream.Object, start, now.Truncate(time.Minute))
		s.did.calls++
	}
	if err != nil {
		return nil, err
	}
	if hole || !s.place.DeletesThrough.IsZero() && log.EarliestAvailable.After(s.place.DeletesThrough) {
		s.im.event(s.stream.Tenant, s.stream.Connection, "import.deletions.unknown", s.stream.Object,
			s.stream.Object+" was not imported for so long that the org has forgotten part of its deletions; records emptied from the recycle bin meanwhile may remain")
	}
	s.place.DeletesThrough = log.LatestCovered
	if now.Before(log.LatestCovered) {
		s.place.DeletesThrough = now
	}
	known := map[sobject.ID]bool{}
	for _, r := range seen {
		known[r.change.ID] = r.change.Kind.Gone()
	}
	var out []row
	for _, d := range log.Records {
		if known[d.ID] {
			continue
		}
		at := d.At
		if at.Nanosecond() == 0 {
			// The log may cut fractions of a second: a deletion must not look
			// older than the change just before it.
			at = at.Add(time.Second - time.Millisecond)
		}
		out = append(out, row{change: Change{Kind: Deleted, Object: s.stream.Object, ID: d.ID, SystemModstamp: at, ReadAt: now}})
	}
	return out, nil
}
