package runner

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// DemandStore keeps requests that a job runs now, from any process and across
// restarts. The library's lease stores are ones. Implementations are safe for
// concurrent use; package runnertest checks one.
type DemandStore interface {
	// Demand asks for a run of a key that begins after this call.
	Demand(ctx context.Context, key string) error
	// Demanded returns which keys are asked for, each with a serial that
	// grows with every Demand of it.
	Demanded(ctx context.Context, keys []string) (map[string]uint64, error)
	// Meet forgets the demand for a key unless its serial has grown since.
	Meet(ctx context.Context, key string, serial uint64) error
}

// Demand makes a job due now, in whichever process runs it, also when none
// does at the moment: the request is stored until a run that began after it
// has succeeded and left nothing to do. Config.Leases must be a DemandStore.
func (r *Runner) Demand(ctx context.Context, key string) error {
	s, ok := r.cfg.Leases.(DemandStore)
	if !ok {
		return errors.New("runner: demand: the lease store keeps no demands; NewSQLStore and NewMemoryStore make ones that do")
	}
	if err := s.Demand(ctx, key); err != nil {
		return fmt.Errorf("runner: demand %s: %w", key, err)
	}
	select {
	case r.wake <- key: // at once, where this process runs it
	default:
	}
	return nil
}

// demanded makes jobs due that somebody asked for since the last look.
func (r *Runner) demanded(ctx context.Context, jobs map[string]*entry) {
	s, ok := r.cfg.Leases.(DemandStore)
	if !ok || len(jobs) == 0 {
		return
	}
	keys := make([]string, 0, len(jobs))
	for key := range jobs {
		keys = append(keys, key)
	}
	found, err := s.Demanded(ctx, keys)
	if err != nil {
		if ctx.Err() == nil {
			r.warn("look for demands", err)
		}
		return
	}
	for key, serial := range found {
		e := jobs[key]
		if e == nil || serial <= e.demand {
			continue // known; a failed run waits its time
		}
		e.demand = serial
		e.due, e.woken = time.Now(), e.running
	}
}

// meet forgets a demand that a turn has met.
func (r *Runner) meet(ctx context.Context, t turn, serial uint64) error {
	s, ok := r.cfg.Leases.(DemandStore)
	if !ok || serial == 0 || t.err != nil || !t.next.After(time.Now()) {
		return nil
	}
	if err := s.Meet(ctx, t.key, serial); err != nil {
		return fmt.Errorf("runner: note that %s ran as asked: %w", t.key, err)
	}
	return nil
}
