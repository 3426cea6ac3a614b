package conformance

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/mirror"
	"github.com/orglink/orglink/sync/runner"
)

// history is one run of the model test: an org whose people work, and
// processes that import it and die.
type history struct {
	ctx    context.Context
	org    *modelOrg
	mirror *mirror.Mirror
	leases runner.LeaseStore
	conn   orglink.ConnectionID
	cfg    importer.Config
	late   time.Duration
	p      *modelProcess

	log     []string
	fences  map[string]uint64 // the highest one of a stream that was let in
	zombies []importer.Batch  // of processes that died before they stored them
	last    map[string]importer.Progress
	phases  map[string]int
	begun   map[string]bool // streams that have a position
	deaths  int             // of processes
	struck  int             // incidents that happened
	fenced  int             // zombies that were refused
}

func (h *history) note(s string) { h.log = append(h.log, s) }

func (h *history) progress(p importer.Progress) { h.last[p.Object] = p; h.phases[p.Phase]++ }

// seeded is the randomness of one operation: leaving one out does not change
// the others.
func seeded(seed uint64, op int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(op))) }

// openHistory chooses the org's and the importer's settings by the seed.
func openHistory(ctx context.Context, d modelDatabase, conn orglink.ConnectionID, seed uint64, bulkDelays ...time.Duration) (*history, error) {
	r := seeded(seed, 0)
	pick := func(list ...time.Duration) time.Duration { return list[r.IntN(len(list))] }
	h := &history{ctx: ctx, leases: d.leases, conn: conn, fences: map[string]uint64{}, last: map[string]importer.Progress{}, phases: map[string]int{}, begun: map[string]bool{}}
	h.cfg = importer.Config{
		Lag: pick(-1, 5*time.Second, time.Minute), Overlap: pick(-1, 2*time.Minute, 15*time.Minute),
		ChunkRows: 3 + r.IntN(20), PageRows: 2 + r.IntN(9), QueryRows: 1 + r.IntN(12), BatchBytes: 1 + r.IntN(3000),
		PollMin: time.Microsecond, StepTime: time.Microsecond, ReconcileEvery: pick(time.Hour, 24*time.Hour),
	}
	// Counting finds what increments missed: mostly it is to find nothing.
	h.cfg.CalculatedEvery, h.cfg.AuditEvery = h.cfg.ReconcileEvery, pick(-1, -1, h.cfg.ReconcileEvery)
	// A transaction becomes visible within lag and overlap, or nobody could
	// find it: the times that both promise are in whole seconds.
	if reach := max(h.cfg.Lag, 0) + max(h.cfg.Overlap, 0); reach > 0 && r.IntN(3) > 0 {
		h.late = time.Duration(r.Int64N(int64(reach - time.Second)))
	}
	var err error
	plain := r.IntN(2) == 0
	if plain {
		// Nothing is hidden, and nothing compared: increments and the log of
		// deletions have to find everything by themselves.
		h.cfg.ReconcileEvery, h.cfg.CalculatedEvery, h.cfg.AuditEvery = -1, -1, -1
	}
	if h.org, err = openModelOrg(r, plain, h.late, pick(append(bulkDelays, 0)...)); err != nil {
		return nil, err
	}
	h.mirror, err = mirror.New(d.DB, mirror.Config{SQL: d.Config, Views: h})
	return h, err
}

// View implements mirror.Views: what can be compared now.
func (h *history) View(context.Context, orglink.Actor, orglink.IntegrationID) (mapping.View, error) {
	v := mapping.View{Tenant: "t", Connection: h.conn, Integration: "i"}
	for _, object := range modelObjects {
		v.Objects = append(v.Objects, mapping.Selection{Object: object, Fields: h.org.comparable(object)})
	}
	return v, nil
}

// operation does one random thing.
func (h *history) operation(r *rand.Rand) error {
	switch n := r.IntN(100); {
	case n < 52:
		h.note(h.org.move(r))
	case n < 58:
		h.note(h.org.pass(r))
	case n < 63:
		return h.raise()
	case n < 64 && h.p != nil:
		h.note("restart")
		h.p = nil
	default:
		return h.work(r)
	}
	return nil
}

// work lets the process import for a while, in the face of incidents.
func (h *history) work(r *rand.Rand) error {
	if h.p == nil || h.p.dead {
		var err error
		if h.p, err = h.newProcess(); err != nil {
			return err
		}
	}
	p, what := h.p, ""
	clear(p.requests)
	clear(p.commits)
	for range r.IntN(3) {
		one := requestIncidents[r.IntN(len(requestIncidents))]
		n := 1 + r.IntN(14)
		p.requests[n] = one.make(h, r)
		what += fmt.Sprintf(", %s at %d", one.name, n)
	}
	if r.IntN(3) == 0 {
		one := commitIncidents[r.IntN(len(commitIncidents))]
		n := 1 + r.IntN(8)
		p.commits[n] = one.make(h)
		what += fmt.Sprintf(", %s at %d", one.name, n)
	}
	jobs, err := p.im.Jobs(p.ctx, "t", h.conn)
	if err != nil || len(jobs) == 0 {
		return err
	}
	job := jobs[r.IntN(len(jobs))]
	kind := r.IntN(10)
	switch steps := 1 + r.IntN(6); {
	case kind < 4:
		what = fmt.Sprintf("%d steps of %s%s", steps, job.Object(), what)
		err = p.run.Do(p.ctx, job.Key(), func(ctx context.Context, fence uint64) error {
			for range steps {
				if _, err := job.Step(ctx, fence); err != nil {
					return err
				}
			}
			return nil
		})
	case kind < 9:
		what = "run" + what
		if r.IntN(3) > 0 { // when all that was done is due
			d := max(h.cfg.Lag, 0) + h.late + 2*time.Second
			if r.IntN(4) == 0 {
				d += max(h.cfg.ReconcileEvery, 0)
			}
			h.org.data.Advance(d)
			what = fmt.Sprintf("after %s: %s", d, what)
		}
		for _, j := range jobs {
			err = errors.Join(err, p.run.RunDue(p.ctx, j))
		}
	default:
		ids := h.org.some(r, job.Object(), 1)
		if len(ids) == 0 || len(h.begun) < len(modelObjects) {
			// What a refresh stores before the first reading begins, and the
			// org deletes before it, only a comparison of ids finds.
			return nil
		}
		what = fmt.Sprintf("refresh of %s%s", ids[0], what)
		_, err = p.im.Refresh(p.ctx, "t", h.conn, importer.RefreshRequest{Object: job.Object(), ID: ids[0]})
	}
	if err != nil {
		what += ": " + err.Error()
	}
	h.note(what)
	return nil
}

// raise lets processes that died go on where they died: their batches must be
// refused as soon as another process has opened the stream.
func (h *history) raise() error {
	left := h.zombies[:0]
	for _, b := range h.zombies {
		if b.Fence != 0 && b.Fence >= h.fences[b.Stream.Object] {
			left = append(left, b)
			continue
		}
		err := h.mirror.Apply(h.ctx, b)
		h.note(fmt.Sprintf("a zombie's %d changes of %s: %v", len(b.Changes), b.Stream.Object, err))
		if b.Fence == 0 {
			continue // a refresh that comes late; the versions decide
		}
		if !errors.Is(err, importer.ErrFenced) {
			return fmt.Errorf("a worker with fence %d, where %d was let in, stored %d changes: %w", b.Fence, h.fences[b.Stream.Object], len(b.Changes), err)
		}
		if _, err := h.mirror.Open(h.ctx, b.Stream, b.Fence); !errors.Is(err, importer.ErrFenced) {
			return fmt.Errorf("a worker with fence %d, where %d was let in, could open the stream: %w", b.Fence, h.fences[b.Stream.Object], err)
		}
		h.fenced++
	}
	h.zombies = left
	return nil
}

// settle lets a healthy process import until nothing is left to do.
func (h *history) settle() error {
	if err := h.org.settleRights(); err != nil {
		return err
	}
	h.org.data.Advance(h.late + max(h.cfg.Lag, 0) + max(h.cfg.Overlap, 0) + 25*time.Hour)
	end := h.org.data.Now().Add(-max(h.cfg.Lag, 0) - 2*time.Second)
	p, err := h.newProcess()
	if err != nil {
		return err
	}
	h.p = p
	jobs, err := p.im.Jobs(p.ctx, "t", h.conn)
	if err != nil {
		return err
	}
	failures := []error{}
	for quiet, round := false, 0; !quiet; round++ {
		// What was left to be put right may fail once: a job that is gone.
		if round == 200 || len(failures) > 6 {
			return fmt.Errorf("the import does not come to an end: %v; %w", h.last, errors.Join(failures...))
		}
		quiet = true
		for _, j := range jobs {
			clear(h.phases)
			if err := p.run.RunDue(p.ctx, j); err != nil {
				failures, quiet = append(failures, err), false
			}
			if h.last[j.Object()].Covered.Before(end) || len(h.phases) > 1 || h.phases["increment"] == 0 {
				quiet = false
			}
		}
		h.org.data.Advance(3 * time.Second)
	}
	return h.raise()
}
