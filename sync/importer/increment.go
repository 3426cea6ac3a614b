package importer

import (
	"context"
	"errors"
	"slices"
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
	gone, err := s.readDeletions(ctx, w.To, now, rows)
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
	q := s.selectAll()
	q.AndWhere(soql.Compare("SystemModstamp", soql.OpLt, soql.DateTime(w.To)))
	if w.ID == "" {
		q.AndWhere(soql.Compare("SystemModstamp", soql.OpGe, soql.DateTime(w.From)))
	} else {
		at := soql.DateTime(w.At)
		q.AndWhere(soql.AnyOf(soql.Compare("SystemModstamp", soql.OpGt, at),
			soql.AllOf(soql.Compare("SystemModstamp", soql.OpEq, at), soql.Compare("Id", soql.OpGt, soql.ID(w.ID)))))
	}
	q.OrderBy(soql.Asc("SystemModstamp"), soql.Asc("Id")).Limit(s.im.cfg.QueryRows)
	return s.readRows(ctx, q, now)
}

// selectAll selects the columns, and what tells whether a record is gone and
// whose it is.
func (s *step) selectAll() *soql.Query {
	q := soql.Select(names(s.stream.Columns)...).From(s.stream.Object)
	more := []string{"IsDeleted", "MasterRecordId"}
	if s.im.cfg.Owners != nil {
		more = append(more, "OwnerId")
	}
	return q.AddFields(extra(s.describe, s.stream.Columns, more...)...)
}

func (s *step) readRows(ctx context.Context, q *soql.Query, now time.Time) ([]row, error) {
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

// readDeletions reads the log of deletions up to the end of the window. The log
// also knows records that are no longer in the recycle bin, but not why a record
// went: what the query of the same window saw is better informed. seen are the
// rows of the same step.
func (s *step) readDeletions(ctx context.Context, to, now time.Time, seen []row) ([]row, error) {
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
	if !start.Before(to) {
		return nil, nil
	}
	log, err := s.client.Deleted(ctx, s.stream.Object, start, to)
	s.did.calls++
	var refused *salesforce.Error
	if whole := to.Truncate(time.Minute); errors.As(err, &refused) && refused.Code == "INVALID_REPLICATION_DATE" && whole.Sub(start) > time.Minute {
		// An org that takes no window into the running minute.
		log, err = s.client.Deleted(ctx, s.stream.Object, start, whole)
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
	if to.Before(log.LatestCovered) {
		s.place.DeletesThrough = to
	}
	known := map[sobject.ID]bool{}
	for _, r := range seen {
		known[r.change.ID] = true
	}
	var doubtful []salesforce.DeletedRecord
	for _, d := range log.Records {
		if !known[d.ID] && d.At.Before(to) {
			known[d.ID] = true
			doubtful = append(doubtful, d)
		}
	}
	return s.confirm(ctx, doubtful, now)
}

// confirmChunk is how many ids one query asks for; well below every limit of
// a statement's length.
const confirmChunk = 200

// confirm asks for the records themselves before it believes the log: one may
// be back from the recycle bin, and one in the bin tells more. Only what
// nobody finds is gone for good.
func (s *step) confirm(ctx context.Context, list []salesforce.DeletedRecord, now time.Time) ([]row, error) {
	var out []row
	for chunk := range slices.Chunk(list, confirmChunk) {
		ids := make([]sobject.ID, len(chunk))
		for i, d := range chunk {
			ids[i] = d.ID
		}
		rows, err := s.readRows(ctx, s.selectAll().AndWhere(soql.InList("Id", soql.IDs(ids...)...)), now)
		if err != nil {
			return nil, err
		}
		found := map[sobject.ID]bool{}
		for _, r := range rows {
			found[r.change.ID] = true
		}
		out = append(out, rows...)
		for _, d := range chunk {
			if found[d.ID] {
				continue
			}
			at := d.At
			if at.Nanosecond() == 0 {
				// The log may cut fractions of a second: a deletion must not
				// look older than the change just before it.
				at = at.Add(time.Second - time.Millisecond)
			}
			out = append(out, row{change: Change{Kind: Deleted, Object: s.stream.Object, ID: d.ID, SystemModstamp: at, ReadAt: now}})
		}
	}
	return out, nil
}
