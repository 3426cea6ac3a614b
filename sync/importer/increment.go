package importer

import (
	"context"
	"time"

	"github.com/orglink/orglink/salesforce/soql"
)

// increment reads a page of what changed in a window of SystemModstamp. The
// window's end is fixed before the first query: the org's clock less the lag.
// Rows are read in the order (SystemModstamp, Id) and resumed after the last
// pair, so that neither ties nor a crash skip a row; a row that changes
// meanwhile moves behind the end, into the next window.
func (s *step) increment(ctx context.Context) error {
	s.did.phase = "increment"
	w := s.place.Window
	if w == nil {
		a, err := s.ask(ctx)
		if err != nil {
			return err
		}
		if a == nil || !a.to.After(s.place.Covered) {
			s.did.covered = s.place.Covered
			return nil
		}
		w = &window{From: s.place.Covered.Add(-s.im.cfg.Overlap), To: a.to, Rows: a.noRows, Log: a.log}
		if w.Rows && (!s.describe.Replicateable || !w.Log.IsZero()) {
			if s.describe.Replicateable {
				s.place.DeletesThrough = w.Log
			}
			return s.covered(ctx, w, nil)
		}
		s.place.Window = w
	}
	now, err := s.clock(ctx)
	if err != nil {
		return err
	}
	var rows []row
	if !w.Rows {
		var more bool
		if rows, more, err = s.readWindow(ctx, w, now); err != nil {
			return err
		}
		if more {
			last := rows[len(rows)-1].change
			w.At, w.ID = last.SystemModstamp, last.ID
			return s.commit(ctx, rows, false)
		}
		w.Rows, w.At, w.ID = true, time.Time{}, ""
	}
	gone, more, err := s.readDeletions(ctx, w, now, rows)
	if err != nil {
		return err
	}
	rows = append(rows, gone...)
	if more {
		return s.commit(ctx, rows, false)
	}
	return s.covered(ctx, w, rows)
}

// covered ends a window.
func (s *step) covered(ctx context.Context, w *window, rows []row) error {
	s.place.Covered, s.place.Window = w.To, nil
	if err := s.commit(ctx, rows, false); err != nil {
		return err
	}
	s.did.covered = w.To
	if len(added(s.place.Fields, signature(s.stream.Columns))) > 0 {
		s.did.covered = time.Time{} // the added fields come next
	}
	s.did.unfinished = s.unfinished()
	return nil
}

// soon tells that the time somebody waits for is a moment away: one window up
// to it then serves better than one now and another in a moment.
func (s *step) soon(to time.Time) bool {
	return s.until.After(to) && s.until.Sub(to) <= 5*time.Second
}

// readWindow reads one page of the window: present, archived and deleted
// records in one query.
func (s *step) readWindow(ctx context.Context, w *window, now time.Time) (rows []row, more bool, err error) {
	q := s.selectAll()
	q.AndWhere(soql.Compare("SystemModstamp", soql.OpLt, soql.DateTime(w.To)))
	if w.ID == "" {
		q.AndWhere(soql.Compare("SystemModstamp", soql.OpGe, soql.DateTime(w.From)))
	} else {
		at := soql.DateTime(w.At)
		q.AndWhere(soql.AnyOf(soql.Compare("SystemModstamp", soql.OpGt, at),
			soql.AllOf(soql.Compare("SystemModstamp", soql.OpEq, at), soql.Compare("Id", soql.OpGt, soql.ID(w.ID)))))
	}
	limit := s.im.cfg.QueryRows
	q.OrderBy(soql.Asc("SystemModstamp"), soql.Asc("Id")).Limit(limit)
	return s.gather(newReader(s.stream.Object, s.stream.Columns, now), limit, s.client.QueryAll(ctx, q.String()))
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
