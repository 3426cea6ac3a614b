package importer

import (
	"context"
	"time"
)

// chore is background work besides the increments, cut into steps. Increments
// go first when they are due.
type chore func(ctx context.Context, now time.Time) error

// chore returns what is running, or due to begin; nil for nothing.
func (s *step) chore() chore {
	switch {
	case !s.background || s.place.Window != nil:
		return nil
	case s.place.Backfill != nil:
		return func(ctx context.Context, _ time.Time) error { return s.backfill(ctx) }
	case s.place.Listing != nil:
		return s.reconcile
	case s.place.Audit != nil:
		return s.audit
	case s.reconcileDue():
		return s.reconcile
	case s.calculatedDue():
		return s.beginCalculated
	case s.auditDue():
		return s.audit
	}
	return nil
}

// unfinished tells that a chore is half done, or has been waiting for a whole
// interval: the next step is to take it up, and not to wait for the time when
// increments are due again.
func (s *step) unfinished() bool {
	s.patient = true
	defer func() { s.patient = false }()
	return s.chore() != nil
}

// due tells that something was last done so long before what is covered now.
func (s *step) due(last time.Time, every time.Duration) bool {
	if s.patient && every > 0 {
		every = max(every, s.im.cfg.Interval)
	}
	return every > 0 && s.place.Covered.Sub(last) >= every
}
