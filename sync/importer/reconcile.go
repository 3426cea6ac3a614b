package importer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/orglink/orglink/salesforce/bulk"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// Lister is implemented by sinks that can tell what they hold. Their streams
// are reconciled: now and then all ids are compared with the org's, because no
// query of changes tells that a record was hidden or shown by sharing, or
// emptied from the recycle bin of an object without a log of deletions.
type Lister interface {
	// IDs returns the ids of present records of a stream that come after one,
	// in the order of their bytes, at most limit.
	IDs(ctx context.Context, s Stream, after sobject.ID, limit int) ([]sobject.ID, error)
}

// reconcileFloor is how many records of a chunk may be gone in any case: a part
// of very few records means nothing.
const reconcileFloor = 50

// reconcileDue tells that a comparison is running or is to be begun.
func (s *step) reconcileDue() bool {
	if _, ok := s.im.cfg.Sink.(Lister); !ok || s.im.cfg.ReconcileEvery == 0 || s.place.Window != nil {
		return false
	}
	return s.place.Listing != nil || s.due(s.place.Reconciled, s.im.cfg.ReconcileEvery)
}

// reconcile does the next piece of a comparison. A listing that is not complete
// removes nothing: all of a chunk is counted before anything of it is put right.
func (s *step) reconcile(ctx context.Context, now time.Time) error {
	s.did.phase = "reconcile"
	if s.place.Listing == nil {
		s.place.Listing = &listing{At: s.place.Covered}
	}
	switch l := s.place.Listing; {
	case l.Job == "":
		return s.startListing(ctx)
	case l.Done:
		return s.endListing(ctx)
	default:
		return s.listingPage(ctx, now)
	}
}

func (s *step) startListing(ctx context.Context) error {
	l, limit := s.place.Listing, s.im.cfg.ChunkRows
	text, all := s.byID(soql.Select("Id", "SystemModstamp").From(s.stream.Object), l.After, limit)
	job, err := bulk.StartQuery(ctx, s.client, text, bulk.QueryConfig{All: all})
	s.did.calls++
	if notInBulk(err) {
		return s.reconciled(ctx) // such objects are few and small, and not compared
	}
	if err != nil {
		return err
	}
	s.did.jobs++
	l.Job, l.Limit = job.ID(), limit
	return s.commit(ctx, nil, false)
}

// reconciled ends a comparison.
func (s *step) reconciled(ctx context.Context) error {
	s.place.Reconciled, s.place.Listing = s.place.Listing.At, nil
	return s.commit(ctx, nil, false)
}

func (s *step) endListing(ctx context.Context) error {
	l := s.place.Listing
	if err := s.deleteJob(ctx, l.Job); err != nil {
		return err
	}
	if l.Rows < int64(l.Limit) || l.Last == "" {
		return s.reconciled(ctx)
	}
	*l = listing{At: l.At, After: l.Last}
	return s.commit(ctx, nil, false)
}

// relist forgets the running job, so that its chunk is begun again.
func (s *step) relist(ctx context.Context, err error) error {
	l := s.place.Listing
	*l = listing{At: l.At, After: l.After}
	return errors.Join(err, s.commit(ctx, nil, false))
}

// listingPage compares one page of ids.
func (s *step) listingPage(ctx context.Context, now time.Time) error {
	l := s.place.Listing
	job, err := bulk.OpenQueryWith(s.client, l.Job, bulk.QueryConfig{MaxRecords: s.im.cfg.PageRows})
	if err != nil {
		return err
	}
	if l.Locator == "" && !l.Counted {
		total, ready, err := s.await(ctx, job)
		if lost, told := jobLost(err); err != nil && lost {
			return s.relist(ctx, told)
		}
		if err != nil || !ready {
			return err
		}
		l.Total = total
	}
	var ids []sobject.ID
	var stamps []time.Time
	next, err := job.ReadPage(ctx, l.Locator, s.im.cfg.PageRows, func(rec sobject.Record) error {
		id, err := rec.Ref("Id")
		at, _ := rec.Time("SystemModstamp") // zero, and so not news, in a job of an older release
		ids, stamps = append(ids, id), append(stamps, at)
		return err
	})
	s.did.calls++
	if lost, told := jobLost(err); err != nil && lost {
		return s.relist(ctx, told)
	}
	if err != nil {
		return err
	}
	l.Rows += int64(len(ids))
	if next == "" && l.Rows != l.Total {
		return s.relist(ctx, fmt.Errorf("%w: %d ids of Bulk job %s, %d counted", ErrMiscount, l.Rows, l.Job, l.Total))
	}
	// The last page of the last chunk answers for all ids behind it too.
	end := sobject.ID("")
	if next != "" || l.Rows >= int64(l.Limit) {
		end = l.Last
		if len(ids) > 0 {
			end = ids[len(ids)-1]
		}
	}
	begin := max(l.After, l.Last)
	if end != "" || next == "" {
		gone, fresh, stored, err := s.compare(ctx, ids, begin, end)
		if err != nil {
			return err
		}
		if l.Counted {
			late, err := s.older(ctx, ids, stamps)
			if err != nil {
				return err
			}
			if err := s.putRight(ctx, gone, append(fresh, late...), now); err != nil {
				return err
			}
		}
		l.Stored, l.Gone = l.Stored+int64(stored), l.Gone+int64(len(gone))
	}
	if len(ids) > 0 {
		l.Last = ids[len(ids)-1]
	}
	l.Locator = next
	if next == "" {
		s.turn()
	}
	return s.commit(ctx, nil, false)
}

// turn ends a pass over a chunk.
func (s *step) turn() {
	l := s.place.Listing
	if l.Counted {
		l.Done = true
		return
	}
	l.Counted, l.Rows, l.Last = true, 0, ""
	if most := max(reconcileFloor, int64(s.im.cfg.ReconcileRatio*float64(l.Stored))); l.Gone > most {
		l.Keep = true
		s.im.event(s.stream.Tenant, s.stream.Connection, "import.reconcile.refused", s.stream.Object, fmt.Sprintf(
			"%s: the org does not show %d of %d imported records any more, which is more than ReconcileRatio allows; nothing was removed: check what the connection's user may see",
			s.stream.Object, l.Gone, l.Stored))
	}
}

// compare compares a page of the org's ids with what the sink holds between
// begin (exclusive) and end (inclusive; "": without end).
func (s *step) compare(ctx context.Context, ids []sobject.ID, begin, end sobject.ID) (gone, fresh []sobject.ID, stored int, err error) {
	lister := s.im.cfg.Sink.(Lister) // as reconcileDue saw
	if !slices.IsSorted(ids) || len(ids) > 0 && ids[0] <= begin {
		return nil, nil, 0, fmt.Errorf("%w: the ids of Bulk job %s are not in order", ErrMiscount, s.place.Listing.Job)
	}
	at := 0
	for more := true; more; {
		have, err := lister.IDs(ctx, s.stream, begin, s.im.cfg.PageRows)
		if err != nil {
			return nil, nil, 0, fmt.Errorf("list the stored records: %w", err)
		}
		more = len(have) == s.im.cfg.PageRows
		for _, id := range have {
			if end != "" && id > end {
				more = false
				break
			}
			for ; at < len(ids) && ids[at] < id; at++ {
				fresh = append(fresh, ids[at])
			}
			if at < len(ids) && ids[at] == id {
				at++
			} else {
				gone = append(gone, id)
			}
			stored++
			begin = id
		}
	}
	return gone, append(fresh, ids[at:]...), stored, nil
}

// older returns the records that the sink holds an older version of, where it
// can tell: those that changed while they were hidden from the connection's
// user, so that no increment saw the change, and were shown again before
// anybody missed them.
func (s *step) older(ctx context.Context, ids []sobject.ID, stamps []time.Time) (out []sobject.ID, err error) {
	holder, ok := s.im.cfg.Sink.(Holder)
	if !ok {
		return nil, nil
	}
	for n := 0; n < len(ids); n += confirmChunk {
		chunk := ids[n:min(n+confirmChunk, len(ids))]
		held, err := holder.Held(ctx, s.stream, chunk, nil)
		if err != nil {
			return nil, fmt.Errorf("look up stored records: %w", err)
		}
		for i, id := range chunk {
			if h := held[id]; h.Exists && !h.Gone && stamps[n+i].After(h.SystemModstamp) {
				out = append(out, id)
			}
		}
	}
	return out, nil
}

// putRight looks up what differs, a query for some at a time: what the org
// does not show is no longer visible, what it shows is stored.
func (s *step) putRight(ctx context.Context, gone, fresh []sobject.ID, now time.Time) error {
	if s.place.Listing.Keep {
		gone = nil
	}
	wanted := slices.Concat(gone, fresh)
	for n := 0; n < len(wanted); n += confirmChunk {
		chunk := wanted[n:min(n+confirmChunk, len(wanted))]
		rows, found, err := s.lookUp(ctx, chunk, now)
		if err != nil {
			return err
		}
		for i, id := range chunk {
			if !found[id] && n+i < len(gone) {
				rows = append(rows, row{change: Change{Kind: NotVisible, Object: s.stream.Object, ID: id, ReadAt: now}})
			}
		}
		// The position stays: after a crash the page is compared again.
		if err := s.commitTo(ctx, rows, s.position, false); err != nil {
			return err
		}
	}
	return nil
}
