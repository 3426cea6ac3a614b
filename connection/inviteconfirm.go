package connection

import (
	"context"
	"errors"
	"time"

	"github.com/orglink/orglink"
)

// ConfirmInvitation takes the invited person's answer. With yes the connection
// is made, or waits for ApproveInvitation where the inviter asked for that.
// With no the tokens are revoked and the invitation is open again.
func (m *Manager) ConfirmInvitation(ctx context.Context, token orglink.Secret, yes bool) (Invitation, error) {
	const op = "confirm"
	raw := token.Reveal()
	if raw == "" || len(raw) > maxParameter {
		return Invitation{}, fail(op, "", ErrStateUnknown, nil)
	}
	now := time.Now().UTC()
	state, err := m.cfg.Store.TakeState(ctx, hashState(raw), now)
	switch {
	case errors.Is(err, ErrNotFound), err == nil && state.Confirms == "":
		return Invitation{}, fail(op, "", ErrStateUnknown, nil)
	case err != nil:
		return Invitation{}, storeError(op, "state", err)
	case !now.Before(state.Expires):
		return Invitation{}, fail(op, "", ErrStateExpired, nil)
	}
	// A repeated yes goes on where the first one stopped.
	if !state.Used.IsZero() && !yes {
		return Invitation{}, fail(op, "", ErrStateUsed, nil)
	}
	i, err := m.updateInvitation(ctx, state.Tenant, state.Invitation, func(i *Invitation) error {
		if i.Candidate == nil || i.Candidate.Grant != state.Confirms || i.State != InvitationAccepted {
			return fail(op, string(i.ID), ErrStateUsed, nil)
		}
		if i.Expired(now) {
			return fail(op, string(i.ID), ErrInvitationExpired, nil)
		}
		if !yes {
			m.addInvitationEvent(i, EventInvitationDeclined, i.recipient()+" did not confirm the connection to "+i.Candidate.Connection.Title()+".")
			i.State, i.Candidate = InvitationOpen, nil
			return nil
		}
		if i.Candidate.Confirmed.IsZero() {
			i.Candidate.Confirmed = now
			m.addInvitationEvent(i, EventInvitationConfirmed, i.recipient()+" confirmed the connection to "+i.Candidate.Connection.Title()+".")
		}
		return nil
	})
	switch {
	case err != nil:
		return Invitation{}, err
	case !yes:
		m.drop(ctx, i.Tenant, state.Confirms)
		return i, nil
	case i.Approve:
		return i, nil
	}
	return m.complete(ctx, i, "")
}

// ApproveInvitation is the inviter's word on who has accepted: an actor who
// may make such a connection himself says yes, and it is made, or no, and the
// invitation is revoked with the tokens.
func (m *Manager) ApproveInvitation(ctx context.Context, actor orglink.Actor, id InvitationID, yes bool) (Invitation, error) {
	const op = "approve"
	i, err := m.invitationOf(ctx, actor, id)
	if err != nil {
		return Invitation{}, err
	}
	if i.State != InvitationAccepted || i.Candidate == nil || i.Candidate.Confirmed.IsZero() {
		return Invitation{}, failDetail(op, string(id), ErrInvitation, "nobody has accepted and confirmed it, or it has ended")
	}
	if !yes {
		return m.endInvitation(ctx, actor, id)
	}
	if i.Expired(time.Now()) {
		return Invitation{}, fail(op, string(id), ErrInvitationExpired, nil)
	}
	if typ, ok := m.typeOf(i.Type); i.For == "" && ok {
		if err := typ.MayStart(ctx, actor, nil); err != nil {
			return Invitation{}, fail(op, typ.Name(), err, nil)
		}
	}
	return m.complete(ctx, i, actor.User)
}
