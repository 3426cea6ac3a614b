package exporter

import (
	"context"
	"fmt"

	"github.com/orglink/orglink/salesforce"
)

// divideBudget bounds the requests that a batch may spend on finding the rows
// for which it is refused as a whole.
const divideBudget = 32

// request sends rows and returns one outcome for each.
type request func(ctx context.Context, rows []*Item) ([]salesforce.Outcome, error)

// judgement gives a row its fate by the org's result for it. The error ends
// the step.
type judgement func(r *Item, o salesforce.Outcome) error

// try sends rows in one request and judges what comes back. A request that is
// refused as a whole is divided until the rows that it is refused for are
// alone.
func (b *Batch) try(ctx context.Context, rows []*Item, send request, judge judgement) error {
	if len(rows) == 0 {
		return nil
	}
	outcomes, err := send(ctx, rows)
	if err == nil {
		return b.judgeAll(rows, outcomes, judge)
	}
	v := judgeRequest(err)
	if v == fix && divisible(err) && len(rows) > 1 && b.requests < divideBudget {
		b.requests += 2
		half := len(rows) / 2
		if err := b.try(ctx, rows[:half], send, judge); err != nil {
			return err
		}
		return b.try(ctx, rows[half:], send, judge)
	}
	reason := reasonFor(err)
	for i, r := range rows {
		sent := i < len(outcomes) && outcomes[i].Sent
		switch {
		case i < len(outcomes) && (outcomes[i].Success || len(outcomes[i].Errors) > 0):
			if err := judge(r, outcomes[i]); err != nil {
				return err
			}
		case sent && v != fix:
			// It may have been written: look before the next attempt, at once
			// when this was the first.
			b.retry(r, later, reason, true)
			if r.entry.Attempts == 1 && !r.blind {
				r.done.Wait = 0
			}
		case v == fix && (len(rows) == 1 || !divisible(err)):
			r.settle(Settlement{State: Rejected, Reason: reason})
		case v == fix:
			// Too many rows of the batch are refused to tell them apart; each
			// is tried in a smaller company later.
			b.retry(r, later, reason, false)
		case v == stop:
			continue // released, uncounted
		default:
			b.retry(r, v, reason, false)
		}
	}
	if v == stop {
		return fmt.Errorf("write %s: %w", b.object, err)
	}
	return nil
}

func (b *Batch) judgeAll(rows []*Item, outcomes []salesforce.Outcome, judge judgement) error {
	var stopped error
	for i, r := range rows {
		if i >= len(outcomes) { // it has settled itself, or nobody knows
			if r.done == nil {
				b.retry(r, later, reasonOf(salesforce.Outcome{}), true)
			}
			continue
		}
		if err := judge(r, outcomes[i]); err != nil {
			stopped = err
		}
	}
	return stopped
}

// judgeOne settles a row by the org's own result for it.
func (b *Batch) judgeOne(r *Item, o salesforce.Outcome) error {
	if o.Success {
		switch {
		case r.entry.Op == Delete:
			r.succeed(Deleted, o.ID)
		case o.Created:
			r.succeed(Created, o.ID)
		default:
			r.succeed(Updated, o.ID)
		}
		return nil
	}
	if len(o.Errors) == 0 {
		b.retry(r, later, reasonOf(o), o.Sent)
		return nil
	}
	switch v := judgeRow(o); {
	case v == stop:
		return fmt.Errorf("write %s: %w", b.object, o.Err())
	case v == fix, v == soon && duplicateTwice(o, r.entry.Attempts):
		r.settle(Settlement{State: Rejected, Reason: reasonOf(o)})
	default:
		b.retry(r, v, reasonOf(o), false)
	}
	return nil
}
