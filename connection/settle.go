package connection

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// settleFailure stores what a refresh without an answer means, by rules A2 and
// A3, and returns the error for the caller.
func (m *Manager) settleFailure(ctx context.Context, c Connection, g Grant, f *tokenFailure) error {
	var own *Error
	if errors.As(f.cause, &own) {
		// Salesforce answered with tokens that must not be used. They are
		// neither sent anywhere nor asked for again.
		return m.settleState(ctx, c, g, Suspended, own.Error(), time.Time{})
	}
	v, now := classify(f), time.Now().UTC()
	switch v.next {
	case nextPerson:
		return m.settleFinal(ctx, c, g, f)
	case nextSlow:
		return m.settleState(ctx, c, g, v.state, f.Error(), now.Add(m.cfg.SlowRetry))
	case nextStop:
		return m.settleState(ctx, c, g, v.state, f.Error(), time.Time{})
	}

	// Nothing was decided. The state stays; the intent stays too when
	// Salesforce may have rotated the token in spite of it.
	attempt, fence := g.Intent.Attempt, g.Fence
	_, err := m.write(ctx, g, func(g *Grant) error {
		if g.Fence != fence || g.State == Disconnected {
			return errAgain
		}
		g.RetryAt = now.Add(backoff(attempt))
		g.Detail = f.Error()
		if v.next == nextSoon {
			g.Intent = nil
		}
		if v.next == nextWait {
			g.RetryAt = now.Add(time.Second)
		}
		return nil
	})
	if again(err) {
		return errAgain
	}
	if err != nil {
		return storeError("refresh", string(c.ID), err)
	}
	if v.next == nextWait && attempt < 3 {
		if err := pause(ctx, time.Second+50*time.Millisecond); err != nil {
			return fail("refresh", string(c.ID), ErrUnreachable, err)
		}
		return errAgain
	}
	return fail("refresh", string(c.ID), ErrUnreachable, f)
}

// settleFinal ends a grant whose refresh token Salesforce calls expired or
// revoked, if that token is still the stored one.
func (m *Manager) settleFinal(ctx context.Context, c Connection, g Grant, f *tokenFailure) error {
	now, err := m.Get(ctx, c.Tenant, c.ID)
	if err != nil {
		return err
	}
	if now.Grant != c.Grant {
		return errAgain // authorised again meanwhile
	}
	detail := f.Error()
	if g.Intent != nil && g.Intent.Attempt > 1 {
		detail = fmt.Sprintf("%s; the outcome of %d earlier refresh(es) was never learnt, so Salesforce may have replaced the token then", detail, g.Intent.Attempt-1)
	}
	n, last := m.later(ctx, c)
	if n >= ApprovalLimit {
		m.evicted(ctx, c, last)
		return &Error{Op: "refresh", Subject: string(c.ID), Kind: ErrNeedsReauthorization, Detail: detail}
	}
	if n > 0 {
		detail = fmt.Sprintf("%s; %d authorisation(s) of the same user and app were made here since, the last for %s, and Salesforce keeps %d", detail, n, last.ID, ApprovalLimit)
	}
	return m.settleState(ctx, c, g, NeedsReauthorization, detail, time.Time{})
}

// settleState stores a state with the grant first, because it decides, and
// then shows it on the connection. The tokens are kept. A worker that was
// overtaken while it waited for the answer stores nothing: its refusal may be
// about the token that its successor has just replaced.
func (m *Manager) settleState(ctx context.Context, c Connection, g Grant, state State, detail string, retry time.Time) error {
	fence := g.Fence
	_, err := m.write(ctx, g, func(g *Grant) error {
		if g.Fence != fence || g.State == Disconnected {
			return errAgain
		}
		g.State, g.Detail, g.RetryAt, g.Intent = state, detail, retry, nil
		return nil
	})
	if again(err) {
		return errAgain
	}
	if err != nil {
		return storeError("refresh", string(c.ID), err)
	}
	m.showState(ctx, c, state, detail)
	return &Error{Op: "refresh", Subject: string(c.ID), Kind: state.Err(), Detail: detail}
}

// again tells the errors of write after which the store is to be read once more.
func again(err error) bool { return errors.Is(err, errAgain) || errors.Is(err, errEnded) }
