package importer

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Job imports one object of one connection, step by step. It is a runner.Job,
// and keeps nothing between steps that the sink's position does not hold.
type Job struct {
	im     *Importer
	tenant orglink.TenantID
	conn   orglink.ConnectionID
	object string
}

// Jobs lists one job for each object that is selected on a connection.
func (im *Importer) Jobs(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) ([]*Job, error) {
	objects, _, err := im.wanted(ctx, tenant, conn)
	if err != nil {
		return nil, err
	}
	jobs := make([]*Job, len(objects))
	for i, o := range objects {
		jobs[i] = &Job{im, tenant, conn, o}
	}
	return jobs, nil
}

// Key implements runner.Job.
func (j *Job) Key() string {
	return Stream{Tenant: j.tenant, Connection: j.conn, Object: j.object}.Key()
}

// Object returns the object's API name.
func (j *Job) Object() string { return j.object }

// Step implements runner.Job: it begins, waits for, or stores a page of a
// backfill, or reads a page of changes.
func (j *Job) Step(ctx context.Context, fence uint64) (next time.Time, err error) {
	d, err := j.step(ctx, fence, nil, mode{background: true})
	switch {
	case err != nil:
		return time.Time{}, err
	case d.wait > 0:
		return time.Now().Add(d.wait), nil
	case d.covered.IsZero() || d.unfinished:
		return time.Time{}, nil
	}
	return j.tick(time.Now()), nil
}

// tick is when the streams of the connection are due next: all at one time, so
// that they share the question whether anything changed, and each connection
// at a time of its own.
func (j *Job) tick(now time.Time) time.Time {
	h := fnv.New64a()
	_, _ = h.Write([]byte(string(j.tenant) + "\x00" + string(j.conn)))
	every := j.im.cfg.Interval
	next := now.Truncate(every).Add(time.Duration(h.Sum64() % uint64(every))) //nolint:gosec // positive
	if !next.After(now) {
		next = next.Add(every)
	}
	return next
}

// did is what a step did.
type did struct {
	// covered is set when nothing is left to do up to it.
	covered time.Time
	// unfinished tells that work besides is waiting.
	unfinished bool
	// wait asks to come back later, for a Bulk job that is not done.
	wait  time.Duration
	phase string
	rows  int64 // read
	kinds map[Kind]int64
	calls int64
	jobs  int64
	drift int64 // rows that an audit found missing or old
	// done and total are the rows of the running chunk, as far as known.
	done, total int64
	// What is told beside, see account.
	usage  salesforce.Usage
	behind time.Duration
	first  *firstRead
}

// clients is told each client that a step uses.
type clients func(c *salesforce.Client)

// mode is for whom a step is done.
type mode struct {
	// background steps leave a reserve of the quota.
	background bool
	// until is the time that somebody waits for; zero when nobody does.
	until time.Time
}

// step does one step.
func (j *Job) step(ctx context.Context, fence uint64, using clients, m mode) (did, error) {
	begun := time.Now()
	d, err := j.once(ctx, fence, using, m, true)
	before := d.calls
	if errors.Is(err, errStale) {
		d, err = j.once(ctx, fence, using, m, false)
		d.calls += before
		before = d.calls
	}
	if errors.Is(err, salesforce.ErrInvalidField) || errors.Is(err, salesforce.ErrInvalidType) {
		// The org changed after it was described: look again, once.
		j.im.schemas.of(j.tenant, j.conn).forget()
		d, err = j.once(ctx, fence, using, m, false)
		d.calls += before
	}
	if err != nil {
		var named *ObjectError
		if !errors.As(err, &named) {
			err = &ObjectError{Object: j.object, Doing: d.phase, Err: err}
		}
	} else if p := j.im.cfg.Progress; p != nil {
		p(j.progress(d))
	}
	if o := j.im.cfg.Observer; o != nil {
		o(j.observed(d, time.Since(begun), err))
	}
	return d, err
}

// errStale: the description that a step began with is to be asked for anew.
var errStale = errors.New("importer: the description of the object is old")

func (j *Job) once(ctx context.Context, fence uint64, using clients, m mode, lenient bool) (did, error) {
	s := &step{im: j.im, job: j, fence: fence, lenient: lenient, background: m.background, until: m.until, did: did{phase: "begin", kinds: map[Kind]int64{}}}
	err := s.prepare(ctx, using, m.background)
	if err == nil {
		err = s.advance(ctx)
	}
	s.account()
	return s.did, err
}

// step is one step at work.
type step struct {
	im         *Importer
	job        *Job
	fence      uint64
	background bool      // nobody waits for it
	lenient    bool      // it began with whatever description was kept
	patient    bool      // see unfinished
	now        time.Time // the org's clock, when it was last asked
	until      time.Time // see mode
	client     *salesforce.Client
	schema     *schema
	objects    []string // all that are selected on the connection
	describe   *sobject.Describe
	stream     Stream
	position   Position
	place      place
	did        did
}

// prepare gets a client, the columns and the position.
func (s *step) prepare(ctx context.Context, using clients, background bool) error {
	j := s.job
	objects, fields, err := s.im.wanted(ctx, j.tenant, j.conn)
	if err != nil {
		return err
	}
	if !slices.Contains(objects, j.object) {
		return ErrNotSelected
	}
	if s.client, err = s.im.cfg.Clients.Client(ctx, j.tenant, j.conn); err != nil {
		return fmt.Errorf("client of connection %s: %w", j.conn, err)
	}
	if using != nil {
		using(s.client)
	}
	if background {
		if err := s.im.reserve(ctx, s.client); err != nil {
			return err
		}
	}
	s.did.phase = "describe"
	s.schema, s.objects = s.im.schemas.of(j.tenant, j.conn), objects
	d, calls, err := s.schema.describe(ctx, s.client, j.object, objects, fields, s.im.cfg.DescribeEvery, s.lenient)
	s.did.calls += calls
	if err != nil {
		return err
	}
	columns, err := s.im.columns(j.tenant, j.conn, d, fields[j.object])
	if err != nil {
		return err
	}
	s.describe = d
	s.stream = Stream{Tenant: j.tenant, Connection: j.conn, Object: j.object, Columns: columns}
	s.did.phase = "open the sink"
	if s.position, err = s.im.cfg.Sink.Open(ctx, s.stream, s.fence); err != nil {
		return err
	}
	s.place, err = s.position.decode()
	return err
}

// advance does what is next.
func (s *step) advance(ctx context.Context) error {
	now := signature(s.stream.Columns)
	if s.position == "" {
		if s.stale() {
			return errStale
		}
		return s.begin(ctx, now)
	}
	// What is no longer selected or shown is forgotten, so that it is read
	// again should it come back: also during a backfill, of which only some
	// pages would have it.
	s.place.Fields = slices.DeleteFunc(s.place.Fields, func(f string) bool { return !slices.Contains(now, f) })
	if !s.plain(now) && s.stale() {
		return errStale
	}
	if b := s.place.Backfill; b != nil && !b.Compare {
		return s.backfill(ctx)
	}
	if fresh := added(s.place.Fields, now); len(fresh) > 0 && s.place.Window == nil {
		if b := s.place.Backfill; b != nil && b.Job != "" { // a comparison, which begins anew later
			if err := s.deleteJob(ctx, b.Job); err != nil {
				return err
			}
		}
		s.did.phase = "read added fields"
		s.place.Fields, s.place.Backfill = now, &backfill{Added: fresh}
		return s.commit(ctx, nil, true)
	}
	if chore := s.chore(); chore != nil {
		now, err := s.clock(ctx)
		if err != nil {
			return err
		}
		if now.Add(-s.im.cfg.Lag).Sub(s.place.Covered) <= s.im.cfg.Interval {
			return chore(ctx, now)
		}
	}
	return s.increment(ctx)
}

// plain tells that nothing but the next window of changes is to be read.
func (s *step) plain(fields []string) bool {
	running := s.place.Backfill != nil && !s.place.Backfill.Compare
	return !running && s.place.Window == nil && len(added(s.place.Fields, fields)) == 0 && s.chore() == nil
}

// stale tells that the step's description has to be asked for first.
func (s *step) stale() bool {
	return s.lenient && !s.schema.fresh(s.job.object, s.im.cfg.DescribeEvery)
}

// begin fixes what the backfill covers, before anything is read.
func (s *step) begin(ctx context.Context, fields []string) error {
	now, err := s.clock(ctx)
	if err != nil {
		return err
	}
	cutoff := now.Add(-s.im.cfg.Lag).Truncate(time.Second)
	s.place = place{Fields: fields, Backfill: &backfill{}, First: s.expect(ctx), Covered: cutoff, Reconciled: cutoff, Calculated: cutoff, Audited: cutoff}
	if s.describe.Replicateable {
		s.place.DeletesThrough = cutoff
	}
	return s.commit(ctx, nil, true)
}

// commit hands changes and the new place to the sink.
func (s *step) commit(ctx context.Context, rows []row, initial bool) error {
	next, err := s.place.encode()
	if err != nil {
		return err
	}
	return s.commitTo(ctx, rows, next, initial)
}

// commitTo hands changes and a position to the sink.
func (s *step) commitTo(ctx context.Context, rows []row, next Position, initial bool) error {
	changes, err := s.im.owned(ctx, s.stream, rows)
	if err != nil {
		return err
	}
	b := Batch{Stream: s.stream, Fence: s.fence, Prev: s.position, Next: next, Initial: initial, Changes: changes}
	if err := s.im.cfg.Sink.Apply(ctx, b); err != nil {
		return fmt.Errorf("store %d changes: %w", len(changes), err)
	}
	s.position = next
	s.did.rows += int64(len(rows))
	for _, c := range changes {
		s.did.kinds[c.Kind]++
	}
	return nil
}

// owned resolves owners, before the sink opens its transaction.
func (im *Importer) owned(ctx context.Context, stream Stream, rows []row) ([]Change, error) {
	var users map[sobject.ID]orglink.UserID
	if im.cfg.Owners != nil {
		seen := map[sobject.ID]bool{}
		var ids []sobject.ID
		for _, r := range rows {
			if r.owner != "" && !seen[r.owner] {
				seen[r.owner] = true
				ids = append(ids, r.owner)
			}
		}
		if len(ids) > 0 {
			var err error
			if users, err = im.cfg.Owners.ResolveOwners(ctx, stream.Tenant, stream.Connection, ids); err != nil {
				return nil, fmt.Errorf("find the host users of %d owners: %w", len(ids), err)
			}
		}
	}
	changes := make([]Change, len(rows))
	for i, r := range rows {
		changes[i] = r.change
		changes[i].Owner = users[r.owner]
	}
	return changes, nil
}
