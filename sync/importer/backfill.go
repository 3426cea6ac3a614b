package importer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/bulk"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// backfill reads all records by Id, a Bulk job for each chunk. The position
// names the job before it is waited for, so that whoever goes on after a crash
// waits for the same one.
func (s *step) backfill(ctx context.Context) error {
	s.did.phase = "backfill"
	switch {
	case s.place.Backfill.Compare:
		s.did.phase = "compare calculated fields"
	case s.place.Backfill.Added != nil:
		s.did.phase = "read added fields"
	}
	switch b := s.place.Backfill; {
	case b.REST:
		return s.backfillREST(ctx)
	case b.Job == "":
		return s.startChunk(ctx)
	case b.Done:
		return s.endChunk(ctx)
	default:
		return s.chunkPage(ctx)
	}
}

// backfillColumns are what the backfill reads: of an object's first one what
// was selected when it began and still is; later additions are read by a
// backfill of their own.
func (s *step) backfillColumns() []sobject.DescribeField {
	list := s.place.Fields
	if s.place.Backfill.Added != nil {
		list = nil
		for _, f := range s.place.Fields {
			for _, name := range s.place.Backfill.Added {
				if strings.HasPrefix(f, name+"#") {
					list = append(list, f)
				}
			}
		}
		list = append(list, "Id#t", "SystemModstamp#s")
	}
	return keep(s.stream.Columns, list)
}

// backfillQuery is the query of a chunk. Archived activities are not deleted:
// where there are any, all rows are asked for but the deleted ones.
func (s *step) backfillQuery(columns []sobject.DescribeField, limit int) (text string, all bool) {
	q := soql.Select(names(columns)...).From(s.stream.Object)
	if s.im.cfg.Owners != nil && s.place.Backfill.Added == nil {
		q.AddFields(extra(s.describe, columns, "OwnerId")...)
	}
	return s.byID(q, s.place.Backfill.After, limit)
}

// byID makes a query one of the present records behind an id, in order.
func (s *step) byID(q *soql.Query, after sobject.ID, limit int) (text string, all bool) {
	if after != "" {
		q.AndWhere(soql.Compare("Id", soql.OpGt, soql.ID(after)))
	}
	q, all = s.present(q)
	return q.OrderBy(soql.Asc("Id")).Limit(limit).String(), all
}

// present leaves out deleted records. all tells that the query has to ask for
// all rows, because some are archived.
func (s *step) present(q *soql.Query) (_ *soql.Query, all bool) {
	if _, all = s.describe.Field("IsArchived"); all {
		_, all = s.describe.Field("IsDeleted")
	}
	if all {
		q.AndWhere(soql.Compare("IsDeleted", soql.OpEq, soql.Bool(false)))
	}
	return q, all
}

func (s *step) startChunk(ctx context.Context) error {
	now, err := s.clock(ctx)
	if err != nil {
		return err
	}
	columns := s.backfillColumns()
	limit := s.im.cfg.ChunkRows
	text, all := s.backfillQuery(columns, limit)
	job, err := bulk.StartQuery(ctx, s.client, text, bulk.QueryConfig{All: all})
	s.did.calls++
	b := s.place.Backfill
	if notInBulk(err) {
		b.REST = true
		return s.commit(ctx, nil, true)
	}
	if err != nil {
		return err
	}
	s.did.jobs++
	*b = backfill{Added: b.Added, Compare: b.Compare, Differ: b.Differ, After: b.After, Job: job.ID(), Limit: limit, Fields: names(columns), ReadAt: now}
	if err := s.commit(ctx, nil, true); err != nil {
		// Nobody will know the job: do not leave it to run for nothing.
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		return errors.Join(err, ignoreAbort(job.Abort(end)))
	}
	return nil
}

// ignoreAbort drops the refusal to abort a job that is already complete.
func ignoreAbort(err error) error {
	var refused *salesforce.Error
	if errors.As(err, &refused) {
		return nil
	}
	return err
}

// notInBulk tells that the Bulk API does not know the object at all.
func notInBulk(err error) bool {
	var e *salesforce.Error
	return errors.As(err, &e) && (e.Code == "INVALIDENTITY" || e.Code == "InvalidEntity")
}

// chunkPage stores one page of the running job, once it is complete: in parts,
// so that neither many nor wide rows fill the memory.
func (s *step) chunkPage(ctx context.Context) error {
	b := s.place.Backfill
	job, err := bulk.OpenQueryWith(s.client, b.Job, bulk.QueryConfig{MaxRecords: s.im.cfg.PageRows})
	if err != nil {
		return err
	}
	if b.Locator == "" && b.Skip == 0 {
		total, ready, err := s.await(ctx, job)
		if err != nil || !ready {
			return s.lost(ctx, err)
		}
		b.Total = total
	}
	p := &pageReader{s: s, b: b, reader: s.backfillReader(), skip: b.Skip}
	next, err := job.ReadPage(ctx, b.Locator, s.im.cfg.PageRows, func(rec sobject.Record) error { return p.add(ctx, rec) })
	s.did.calls++
	switch {
	case p.failed != nil: // not the job's fault
		return p.failed
	case err != nil:
		return s.lost(ctx, err)
	}
	if p.skip > 0 {
		return s.again(ctx, fmt.Errorf("%w: a page of Bulk job %s has become shorter by %d rows", ErrMiscount, b.Job, p.skip))
	}
	p.take()
	b.Locator, b.Skip = next, 0
	b.Done = next == ""
	s.did.done, s.did.total = b.Rows, b.Total
	if b.Done && b.Rows != b.Total {
		got, want := b.Rows, b.Total
		return s.again(ctx, fmt.Errorf("%w: %d rows of Bulk job %s, %d counted", ErrMiscount, got, b.Job, want))
	}
	return s.store(ctx, b, p.rows)
}

// pageReader gathers the rows of a page into parts.
type pageReader struct {
	s      *step
	b      *backfill
	reader *reader
	skip   int        // rows still to pass over: stored before a restart
	passed sobject.ID // the highest of those passed over
	rows   []row
	bytes  int
	failed error // of storing a part
}

func (p *pageReader) add(ctx context.Context, rec sobject.Record) error {
	if p.skip > 0 {
		id, err := rec.Ref("Id")
		if err != nil {
			return err
		}
		p.passed = max(p.passed, id)
		if p.skip--; p.skip == 0 && p.passed != p.b.Last {
			return fmt.Errorf("%w: rows of Bulk job %s are not where they were", errMoved, p.b.Job)
		}
		return nil
	}
	if len(p.rows) > 0 && p.bytes >= p.s.im.cfg.BatchBytes {
		p.take()
		if p.failed = p.s.store(ctx, p.b, p.rows); p.failed != nil {
			return p.failed
		}
		p.rows, p.bytes = p.rows[:0], 0
	}
	one, err := p.reader.row(rec)
	if err != nil {
		return err
	}
	p.rows = append(p.rows, one)
	p.bytes += p.reader.size(one)
	return nil
}

// take counts the gathered rows as stored by the coming commit.
func (p *pageReader) take() {
	for _, r := range p.rows {
		p.b.Last = max(p.b.Last, r.change.ID)
	}
	p.b.Skip += len(p.rows)
	p.b.Rows += int64(len(p.rows))
	if f := p.s.place.First; f != nil {
		f.Rows += int64(len(p.rows))
	}
}

// backfillReader reads the rows of the running chunk: the fields that it was
// begun with, as far as they are still there.
func (s *step) backfillReader() *reader {
	b := s.place.Backfill
	columns := slices.DeleteFunc(slices.Clone(s.stream.Columns), func(c sobject.DescribeField) bool { return !slices.Contains(b.Fields, c.Name) })
	r := newReader(s.stream.Object, columns, b.ReadAt)
	if b.Added != nil {
		r.partial = []string{}
		for _, c := range columns {
			if slices.Contains(b.Added, c.Name) {
				r.partial = append(r.partial, c.Name)
			}
		}
	}
	return r
}

// await looks at the job until it is complete or the step has lasted long
// enough. total is how many rows it has.
func (s *step) await(ctx context.Context, job *bulk.QueryJob) (total int64, ready bool, err error) {
	begun, pause := time.Now(), s.im.cfg.PollMin
	for {
		info, err := job.Info(ctx)
		s.did.calls++
		if err == nil {
			err = info.Err()
		}
		if err != nil {
			return 0, false, err
		}
		s.did.total = info.NumberRecordsProcessed
		if info.State == bulk.JobComplete {
			return info.NumberRecordsProcessed, true, nil
		}
		if time.Since(begun)+pause > s.im.cfg.StepTime {
			s.did.wait = pause
			return 0, false, nil
		}
		select {
		case <-ctx.Done():
			return 0, false, context.Cause(ctx)
		case <-time.After(pause):
		}
		pause = min(pause+pause/2, s.im.cfg.PollMax)
	}
}

// lost handles a job that failed, or that the org no longer has: its chunk is
// begun again. Other errors pass through and leave the job.
func (s *step) lost(ctx context.Context, err error) error {
	if lost, told := jobLost(err); lost {
		return s.again(ctx, told)
	}
	return err
}

// jobLost tells whether a job is of no more use, and what is to be told about
// it.
func jobLost(err error) (lost bool, told error) {
	switch {
	case errors.Is(err, salesforce.ErrNotFound):
		return true, nil
	case errors.Is(err, bulk.ErrFailed), errors.Is(err, bulk.ErrAborted), errors.Is(err, errMoved):
		return true, err
	}
	// A locator or job that means nothing to the org any more: asking the
	// same again would never end.
	var refused *salesforce.Error
	return errors.As(err, &refused) && refused.StatusCode == http.StatusBadRequest, err
}

// again forgets the running job, so that the next step begins the chunk anew,
// and returns err.
func (s *step) again(ctx context.Context, err error) error {
	b := s.place.Backfill
	if f := s.place.First; f != nil {
		f.Rows = max(0, f.Rows-b.Rows)
	}
	*b = backfill{Added: b.Added, Compare: b.Compare, Differ: b.Differ, After: b.After}
	if failed := s.commit(ctx, nil, true); failed != nil {
		return errors.Join(err, failed)
	}
	return err
}

// endChunk deletes the job and goes on to the next chunk, or to increments.
func (s *step) endChunk(ctx context.Context) error {
	b := s.place.Backfill
	if err := s.deleteJob(ctx, b.Job); err != nil {
		return err
	}
	// The limit is the job's own: the configuration may be another by now.
	s.nextChunk(b.Rows >= int64(b.Limit), b.Last)
	return s.commit(ctx, nil, true)
}

// deleteJob deletes a job that is read. One that Salesforce refuses to delete
// goes by itself after 7 days.
func (s *step) deleteJob(ctx context.Context, id string) error {
	err := bulk.OpenQuery(s.client, id).Delete(ctx)
	s.did.calls++
	var refused *salesforce.Error
	if errors.As(err, &refused) {
		return nil
	}
	return err
}

func (s *step) nextChunk(more bool, last sobject.ID) {
	b := s.place.Backfill
	if !more || last == "" {
		if s.place.Backfill = nil; b.Compare {
			s.endCalculated(b.Differ)
		}
		if b.Added == nil {
			s.place.First = nil
		}
		return
	}
	*b = backfill{Added: b.Added, Compare: b.Compare, Differ: b.Differ, After: last, REST: b.REST}
}

// backfillREST reads objects that Bulk does not know, a page a step.
func (s *step) backfillREST(ctx context.Context) error {
	now, err := s.clock(ctx)
	if err != nil {
		return err
	}
	b := s.place.Backfill
	columns := s.backfillColumns()
	b.Fields, b.ReadAt = names(columns), now
	limit := s.im.cfg.QueryRows
	text, all := s.backfillQuery(columns, limit)
	rows, more, err := s.gather(s.backfillReader(), limit, s.client.QueryWith(ctx, text, salesforce.QueryOptions{All: all}))
	if err != nil {
		return err
	}
	var last sobject.ID
	if len(rows) > 0 {
		last = rows[len(rows)-1].change.ID
	}
	compare := b.Compare
	if compare && len(rows) > 0 {
		if rows, err = s.differing(ctx, rows); err != nil {
			return err
		}
		b.Differ += int64(len(rows))
	}
	if f := s.place.First; f != nil {
		f.Rows += int64(len(rows))
	}
	s.nextChunk(more, last)
	return s.commit(ctx, rows, !compare)
}
