package connection

import (
	"context"
	"errors"
	"time"

	"github.com/orglink/orglink"
)

// The kinds of events of invitations. Their Subject is the invitation's id.
const (
	EventInvited             = "connection.invited"
	EventInvitationAccepted  = "connection.invitation_accepted"
	EventInvitationDeclined  = "connection.invitation_declined"
	EventInvitationConfirmed = "connection.invitation_confirmed"
	EventInvitationRevoked   = "connection.invitation_revoked"
)

func (m *Manager) addInvitationEvent(i *Invitation, kind, message string) {
	if m.cfg.Events == nil {
		return
	}
	i.Pending = append(i.Pending, orglink.Event{ID: newID(), Kind: kind, Tenant: i.Tenant, Connection: i.Connection, Subject: string(i.ID), Message: message, At: time.Now().UTC()})
	if n := len(i.Pending) - maxPending; n > 0 {
		i.Pending = i.Pending[n:]
	}
}

// putInvitation writes an invitation and delivers its events.
func (m *Manager) putInvitation(ctx context.Context, i Invitation) (Invitation, error) {
	var err error
	if i.Version, err = m.cfg.Store.PutInvitation(ctx, i); err != nil {
		return Invitation{}, storeError("invitation", string(i.ID), err)
	}
	return m.deliverInvitation(ctx, i), nil
}

// deliverInvitation emits what is pending and removes it from the stored
// invitation. What is not taken stays for the next write or the keeper; what
// somebody else wrote over meanwhile is emitted once more: at least once.
func (m *Manager) deliverInvitation(ctx context.Context, i Invitation) Invitation {
	if m.cfg.Events == nil {
		return i
	}
	sent := 0
	for _, e := range i.Pending {
		if err := m.cfg.Events.Emit(ctx, e); err != nil {
			m.warn(ctx, "an event was not taken and will be emitted again", "event", e.ID, "kind", e.Kind, "invitation", string(i.ID))
			break
		}
		sent++
	}
	if sent == 0 {
		return i
	}
	next := i.clone()
	next.Pending = next.Pending[sent:]
	version, err := m.cfg.Store.PutInvitation(ctx, next)
	if err != nil {
		return i
	}
	next.Version = version
	return next
}

// updateInvitation reads an invitation, lets change modify it and writes it,
// again when somebody else wrote meanwhile.
func (m *Manager) updateInvitation(ctx context.Context, tenant orglink.TenantID, id InvitationID, change func(*Invitation) error) (Invitation, error) {
	for {
		i, err := m.invitation(ctx, tenant, id)
		if err != nil {
			return Invitation{}, err
		}
		if err := change(&i); err != nil {
			return Invitation{}, err
		}
		i, err = m.putInvitation(ctx, i)
		if errors.Is(err, ErrConflict) {
			continue
		}
		return i, err
	}
}

func (m *Manager) invitation(ctx context.Context, tenant orglink.TenantID, id InvitationID) (Invitation, error) {
	i, err := m.cfg.Store.Invitation(ctx, tenant, id)
	if err != nil {
		return Invitation{}, storeError("invitation", string(id), err)
	}
	if i.Tenant != tenant || i.ID != id { // a store that forgot to filter
		return Invitation{}, fail("invitation", string(id), ErrNotFound, nil)
	}
	return i, nil
}

// invitationOf returns an invitation that an actor may manage: the inviter, or
// an admin of the tenant.
func (m *Manager) invitationOf(ctx context.Context, actor orglink.Actor, id InvitationID) (Invitation, error) {
	if actor.Tenant == "" || actor.User == "" {
		return Invitation{}, failDetail("invitation", string(id), ErrNotAllowed, "the actor has no tenant or user")
	}
	i, err := m.invitation(ctx, actor.Tenant, id)
	if err != nil {
		return Invitation{}, err
	}
	if i.Inviter != actor.User && !actor.Admin {
		return Invitation{}, fail("invitation", string(id), ErrNotAllowed, nil)
	}
	return i, nil
}

// drop revokes and removes a grant that no connection has; what fails is swept
// later.
func (m *Manager) drop(ctx context.Context, tenant orglink.TenantID, id GrantID) {
	if err := m.retireGrant(context.WithoutCancel(ctx), tenant, id); err != nil {
		m.warn(ctx, "tokens of an invitation could not be revoked and will be tried again", "grant", string(id))
	}
}
