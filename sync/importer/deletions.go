package importer

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// deletedReach is how far back the log of deletions is asked for. Salesforce
// keeps 15 days at most.
const deletedReach = 14 * 24 * time.Hour

// readDeletions reads the log of deletions up to the end of the window, a
// bounded part at a time; more tells that the next step is to go on. The log
// also knows records that are no longer in the recycle bin, but not why a
// record went: what the query of the same window saw is better informed. seen
// are the rows of the same step.
func (s *step) readDeletions(ctx context.Context, w *window, now time.Time, seen []row) (rows []row, more bool, err error) {
	if !s.describe.Replicateable {
		return nil, false, nil
	}
	if !w.Log.IsZero() {
		s.place.DeletesThrough = w.Log
		return nil, false, nil
	}
	through := s.place.DeletesThrough
	start := through.Add(-s.im.cfg.Overlap)
	if through.IsZero() {
		start = s.place.Covered.Add(-s.im.cfg.Overlap)
	}
	hole := !through.IsZero() && through.Before(now.Add(-deletedReach))
	if start.Before(now.Add(-deletedReach)) {
		start = now.Add(-deletedReach)
	}
	if !start.Before(w.To) {
		return nil, false, nil
	}
	log, end, err := s.deletionLog(ctx, start, w.To)
	if err != nil {
		return nil, false, err
	}
	if log == nil || hole || !through.IsZero() && log.EarliestAvailable.After(through) {
		s.im.event(s.stream.Tenant, s.stream.Connection, "import.deletions.unknown", s.stream.Object,
			s.stream.Object+": the org does not tell about all deletions since the last import; records emptied from the recycle bin meanwhile remain until all ids are compared")
		if s.place.Covered.Sub(s.place.Reconciled) > time.Hour {
			s.place.Reconciled = time.Time{} // the next step compares them
		}
	}
	if log == nil {
		s.place.DeletesThrough = end
		return nil, end.Before(w.To), nil
	}
	doubtful, more := unseen(log.Records, w, seen, s.im.cfg.QueryRows)
	if rows, err = s.confirm(ctx, doubtful, now); err != nil {
		return nil, false, err
	}
	if more {
		last := doubtful[len(doubtful)-1]
		w.GoneAt, w.GoneID = last.At, last.ID
		return rows, true, nil
	}
	w.GoneAt, w.GoneID = time.Time{}, ""
	s.place.DeletesThrough = log.LatestCovered
	if end.Before(log.LatestCovered) {
		s.place.DeletesThrough = end
	}
	return rows, end.Before(w.To), nil
}

// deletionLog asks for the log from start to end, or to an earlier end when
// the org refuses so much at once, and returns the end. The log is nil when
// the org does not tell about the time at all.
func (s *step) deletionLog(ctx context.Context, start, end time.Time) (*salesforce.DeletedResult, time.Time, error) {
	const shortest = 2 * time.Minute
	whole, asked := false, end
	for {
		log, err := s.client.Deleted(ctx, s.stream.Object, start, asked)
		s.did.calls++
		var refused *salesforce.Error
		switch {
		case err == nil:
			return &log, asked, nil
		case !errors.As(err, &refused):
			return nil, end, err
		case refused.Code == "INVALID_REPLICATION_DATE" && !whole:
			// An org that takes no window into the running minute, or none
			// as short as this.
			whole, asked = true, asked.Truncate(time.Minute)
			if asked.Sub(start) < shortest {
				start = asked.Add(-shortest)
			}
		case refused.Code == "INVALID_REPLICATION_DATE":
			// An org that began to keep a log later than start: a new one.
			return nil, end, nil
		case refused.Code == "EXCEEDED_ID_LIMIT":
			through := s.place.DeletesThrough
			low := start
			if through.After(low) {
				low = through
			}
			switch half := low.Add(asked.Sub(low) / 2).Truncate(time.Minute); {
			case half.After(low):
				asked = half
			case start.Before(through):
				start = through // without the overlap, which is read already
			default:
				return nil, asked, nil
			}
		default:
			return nil, end, err
		}
	}
}

// unseen picks what the log knows beyond the rows just seen: behind the last
// entry that was looked at, in order, and at most limit.
func unseen(log []salesforce.DeletedRecord, w *window, seen []row, limit int) (out []salesforce.DeletedRecord, more bool) {
	known := make(map[sobject.ID]bool, len(seen))
	for _, r := range seen {
		known[r.change.ID] = true
	}
	slices.SortFunc(log, func(a, b salesforce.DeletedRecord) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
	})
	for _, d := range log {
		switch c := d.At.Compare(w.GoneAt); {
		case w.GoneID != "" && (c < 0 || c == 0 && d.ID <= w.GoneID):
		case known[d.ID] || !d.At.Before(w.To):
		case len(out) == limit:
			return out, true
		default:
			known[d.ID] = true
			out = append(out, d)
		}
	}
	return out, false
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
		rows, found, err := s.lookUp(ctx, ids, now)
		if err != nil {
			return nil, err
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

// lookUp reads records by their ids, deleted ones included, in one query.
func (s *step) lookUp(ctx context.Context, ids []sobject.ID, now time.Time) (rows []row, found map[sobject.ID]bool, err error) {
	r := newReader(s.stream.Object, s.stream.Columns, now)
	q := s.selectAll().AndWhere(soql.InList("Id", soql.IDs(ids...)...))
	found = make(map[sobject.ID]bool, len(ids))
	s.did.calls++
	for rec, err := range s.client.QueryAll(ctx, q.String()) {
		if err != nil {
			return nil, nil, err
		}
		one, err := r.row(rec)
		if err != nil {
			return nil, nil, err
		}
		found[one.change.ID] = true
		rows = append(rows, one)
	}
	return rows, found, nil
}
