package connection

import (
	"context"
	"errors"
	"time"

	"github.com/orglink/orglink"
)

// errMade tells that an invitation has led to its connection already.
var errMade = errors.New("the connection is made already")

// complete makes the candidate a connection. It may be repeated after a crash,
// and by two who confirm at once: what the connection lives by since then is
// not touched, because its refresh token may have been rotated meanwhile.
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
	fresh.Invitation = i.ID
	state := AuthState{Tenant: i.Tenant, User: fresh.Owner, Group: fresh.Group, Type: i.Type, App: fresh.App, LoginHost: fresh.LoginHost, Connection: i.Connection}
	typ, app, err := m.reopen(ctx, state)
	if err != nil {
		return Invitation{}, err
	}
	a := tokenAnswer{access: access.Token, refresh: next.Token, instance: access.Host, org: held.Org, user: held.User, scopes: fresh.Scopes, issued: held.Issued}
	t := attempt{actor: i.actor(), state: state, typ: typ, app: app, flow: held.Flow, next: next}
	var was Connection
	c, err := m.store(ctx, t, fresh, a, func(ctx context.Context) error {
		now, err := m.invitation(ctx, i.Tenant, i.ID)
		if err != nil {
			return err
		}
		var made bool
		was, made, err = m.madeBy(ctx, now)
		switch {
		case err != nil:
			return err
		case made:
			return errMade
		}
		if now.State != InvitationAccepted || now.Candidate == nil || now.Candidate.Grant != held.ID {
			return fail(op, string(i.ID), ErrInvitationUsed, nil)
		}
		return nil
	})
	if was.ID != "" {
		c, err = was, nil
	}
	if err != nil {
		return Invitation{}, err
	}
	return m.done(ctx, i, c, by)
}

// madeBy finds the connection that an invitation has led to.
func (m *Manager) madeBy(ctx context.Context, i Invitation) (Connection, bool, error) {
	if i.Candidate == nil {
		return Connection{}, false, nil
	}
	list, err := m.List(ctx, i.Tenant)
	if err != nil {
		return Connection{}, false, err
	}
	for _, c := range list {
		if c.Invitation == i.ID {
			return c, true, nil
		}
	}
	return Connection{}, false, nil
}

// done ends an invitation whose connection is made. The connection lives by
// the tokens of the candidate: their row goes, not the tokens.
func (m *Manager) done(ctx context.Context, i Invitation, c Connection, by orglink.UserID) (Invitation, error) {
	out, err := m.updateInvitation(ctx, i.Tenant, i.ID, func(now *Invitation) error {
		if now.State != InvitationDone {
			now.State, now.Made, now.Ended = InvitationDone, c.ID, time.Now().UTC()
		}
		if by != "" {
			now.By = by
		}
		return nil
	})
	if err != nil {
		return Invitation{}, err
	}
	if out.Candidate != nil {
		if err := m.cfg.Tokens.Delete(ctx, i.Tenant, out.Candidate.Grant); err != nil {
			m.warn(ctx, "the grant of a finished invitation was not removed", "grant", string(out.Candidate.Grant))
		}
	}
	return out, nil
}

// resume ends what a process that died left open of the invitations of a
// tenant, and delivers their events.
func (m *Manager) resume(ctx context.Context, tenant orglink.TenantID) error {
	list, err := m.Invitations(ctx, tenant)
	if err != nil {
		return err
	}
	var errs []error
	for _, i := range list {
		i = m.deliverInvitation(ctx, i)
		if i.State != InvitationAccepted {
			continue
		}
		c, made, err := m.madeBy(ctx, i)
		if err == nil && made {
			_, err = m.done(ctx, i, c, "")
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
