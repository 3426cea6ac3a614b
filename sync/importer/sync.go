package importer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
)

// SyncOptions are the choices of Sync.
type SyncOptions struct {
	// Until is a time of the org's clock: every change committed before it is
	// stored when Sync returns. Defaults to now.
	Until time.Time
	// Objects limits the sync to some of the selected objects. Defaults to
	// all.
	Objects []string
}

// Report tells what a Sync did.
type Report struct {
	// Objects are in the order of the selections.
	Objects []ObjectReport
	// Calls is how many API requests the clients made meanwhile that count
	// against the org's daily limit, as they counted them: with work of
	// others, where a client is shared.
	Calls int64
	// Jobs of Bulk API 2.0 that were begun.
	Jobs     int64
	Duration time.Duration
}

// ObjectReport is the part of one object.
type ObjectReport struct {
	Object string
	// Rows that were read, some of them perhaps known before.
	Rows int64
	// Kinds counts the changes handed to the sink.
	Kinds map[Kind]int64
	// Calls that the object needed, without repetitions after failures.
	Calls    int64
	Jobs     int64
	Covered  time.Time
	Duration time.Duration
}

// Sync brings the selected objects of a connection up to a time now, whatever
// their schedule, and reports. It waits out Config.Lag. An object that fails
// does not stop the others; what was stored stays, and the next Sync goes on.
// The report is filled as far as it came also when there is an error.
func (im *Importer) Sync(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, opts SyncOptions) (Report, error) {
	if im.cfg.Leases == nil {
		return Report{}, errors.New("importer: Sync needs Config.Leases: give a runner.Runner")
	}
	begun := time.Now()
	jobs, err := im.Jobs(ctx, tenant, conn)
	if err != nil {
		return Report{}, err
	}
	for _, o := range opts.Objects {
		if !slices.ContainsFunc(jobs, func(j *Job) bool { return j.object == o }) {
			return Report{}, &ObjectError{Object: o, Doing: "sync", Err: ErrNotSelected}
		}
	}
	if opts.Objects != nil {
		jobs = slices.DeleteFunc(jobs, func(j *Job) bool { return !slices.Contains(opts.Objects, j.object) })
	}
	m := &meter{start: map[*salesforce.Client]int64{}}
	if opts.Until.IsZero() {
		client, err := im.cfg.Clients.Client(ctx, tenant, conn)
		if err != nil {
			return Report{}, fmt.Errorf("importer: client of connection %s: %w", conn, err)
		}
		m.using(client)
		now, err := client.ServerTime(ctx)
		if err != nil {
			return Report{}, err
		}
		// The clock is told in whole seconds: this one is not over yet.
		opts.Until = now.Add(time.Second)
	}
	im.schemas.of(tenant, conn).age()
	report := Report{Objects: make([]ObjectReport, len(jobs))}
	errs := make([]error, len(jobs))
	gate := make(chan struct{}, im.cfg.Parallel)
	var wg sync.WaitGroup
	for i, j := range jobs {
		report.Objects[i] = ObjectReport{Object: j.object, Kinds: map[Kind]int64{}}
		gate <- struct{}{} // here: objects begin in the order of the selections
		wg.Go(func() {
			defer func() { <-gate }()
			errs[i] = j.until(ctx, opts.Until, m, &report.Objects[i])
		})
	}
	wg.Wait()
	for _, o := range report.Objects {
		report.Jobs += o.Jobs
	}
	report.Calls = m.calls()
	report.Duration = time.Since(begun)
	return report, errors.Join(errs...)
}

// until steps a job until it covers a time.
func (j *Job) until(ctx context.Context, until time.Time, m *meter, r *ObjectReport) error {
	begun := time.Now()
	defer func() { r.Duration = time.Since(begun) }()
	return j.im.cfg.Leases.Do(ctx, j.Key(), func(ctx context.Context, fence uint64) error {
		for {
			d, err := j.step(ctx, fence, m.using, mode{until: until})
			r.add(d)
			if err != nil {
				return err
			}
			if d.covered.IsZero() {
				err = pause(ctx, d.wait)
			} else if r.Covered = d.covered; !d.covered.Before(until) {
				return nil
			} else {
				err = j.await(ctx, until.Add(j.im.cfg.Lag))
			}
			if err != nil {
				return &ObjectError{Object: j.object, Doing: d.phase, Err: err}
			}
		}
	})
}

// await waits until the org's clock has come to a time.
func (j *Job) await(ctx context.Context, at time.Time) error {
	client, err := j.im.cfg.Clients.Client(ctx, j.tenant, j.conn)
	if err != nil {
		return fmt.Errorf("client of connection %s: %w", j.conn, err)
	}
	for {
		if err := pause(ctx, j.im.cfg.SyncPoll); err != nil {
			return err
		}
		now, err := client.ServerTime(ctx)
		if err != nil || !now.Before(at) {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

func (r *ObjectReport) add(d did) {
	r.Rows += d.rows
	r.Calls += d.calls
	r.Jobs += d.jobs
	for k, n := range d.kinds {
		r.Kinds[k] += n
	}
}

// meter sums the calls of every client that a sync uses.
type meter struct {
	mu    sync.Mutex
	start map[*salesforce.Client]int64
}

func (m *meter) using(c *salesforce.Client) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.start[c]; !known {
		m.start[c] = c.Calls()
	}
}

func (m *meter) calls() (n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for c, before := range m.start {
		n += c.Calls() - before
	}
	return n
}
