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

// complete makes the candidate a connection. It may be repeated after a crash:
// the tokens are then those of the connection that is there.
func (m *Manager) complete(ctx context.Context, i Invitation, by orglink.UserID) (Invitation, error) {
	const op = "confirm"
	held, err := m.cfg.Tokens.Load(ctx, i.Tenant, i.Candidate.Grant)
	if err != nil {
		return Invitation{}, storeError(op, string(i.ID), err)
	}
	access, err1 := m.seal.openCredential(boundOf(held, fieldAccess), held.Access)
	next, err2 := m.seal.openCredential(boundOf(held, held.Flow.field()), held.Refresh)
	if err := errors.Join(err1, err2); err != nil {
		return Invitation{}, fail(op, string(i.ID), ErrStorage, err)
	}
	fresh := i.Candidate.Connection
	state := AuthState{Tenant: i.Tenant, User: fresh.Owner, Group: fresh.Group, Type: i.Type, App: fresh.App, LoginHost: fresh.LoginHost, Connection: i.Connection}
	typ, app, err := m.reopen(ctx, state)
	if err != nil {
		return Invitation{}, err
	}
	a := tokenAnswer{access: access.Token, refresh: next.Token, instance: access.Host, org: held.Org, user: held.User, scopes: fresh.Scopes, issued: held.Issued}
	t := attempt{actor: i.actor(), state: state, typ: typ, app: app, flow: held.Flow, next: next}
	c, err := m.store(ctx, t, fresh, a, func(ctx context.Context) error {
		now, err := m.invitation(ctx, i.Tenant, i.ID)
		if err == nil && (now.State != InvitationAccepted || now.Candidate == nil || now.Candidate.Grant != held.ID) {
			err = fail(op, string(i.ID), ErrInvitationUsed, nil)
		}
		return err
	})
	if err != nil {
		return Invitation{}, err
	}
	done, err := m.updateInvitation(ctx, i.Tenant, i.ID, func(now *Invitation) error {
		now.State, now.Made, now.Ended, now.By = InvitationDone, c.ID, time.Now().UTC(), by
		return nil
	})
	if err != nil {
		return Invitation{}, err
	}
	// The connection lives by the same tokens: the row goes, not the tokens.
	if err := m.cfg.Tokens.Delete(ctx, i.Tenant, held.ID); err != nil {
		m.warn(ctx, "the grant of a finished invitation was not removed", "grant", string(held.ID))
	}
	return done, nil
}
