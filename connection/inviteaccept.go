package connection

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/orglink/orglink"
)

// invitedState begins the state parameter of an invited person's
// authorisation: the callback has no actor to ask for.
const invitedState = "invited."

// OpenInvitation returns the invitation of a link, for the page that names
// tenant and inviter before the person goes on. A link that was used, taken
// back or has expired is an error that explains itself.
func (m *Manager) OpenInvitation(ctx context.Context, token orglink.Secret) (Invitation, error) {
	i, err := m.byToken(ctx, token)
	if err != nil || !i.Opened.IsZero() {
		return i, err
	}
	return m.updateInvitation(ctx, i.Tenant, i.ID, func(now *Invitation) error {
		if now.Opened.IsZero() {
			now.Opened = time.Now().UTC()
		}
		return nil
	})
}

func (m *Manager) byToken(ctx context.Context, token orglink.Secret) (Invitation, error) {
	raw := token.Reveal()
	if raw == "" || len(raw) > maxParameter {
		return Invitation{}, fail("invitation", "", ErrInvitationUnknown, nil)
	}
	i, err := m.cfg.Store.InvitationByHash(ctx, hashState(raw))
	if errors.Is(err, ErrNotFound) || err == nil && i.Hash != hashState(raw) {
		return Invitation{}, fail("invitation", "", ErrInvitationUnknown, nil)
	}
	if err != nil {
		return Invitation{}, storeError("invitation", "", err)
	}
	return i, i.usable()
}

// StartInvitation begins the authorisation of an invited person and returns
// the address to send the browser to. session is a secret of that browser,
// usually a cookie, that FinishInvitation must get too; zero for none.
func (m *Manager) StartInvitation(ctx context.Context, token, session orglink.Secret) (Authorization, error) {
	i, err := m.byToken(ctx, token)
	if err != nil {
		return Authorization{}, err
	}
	return m.startInvited(ctx, i, session, m.cfg.StateLifetime)
}

// AuthorizeInvitation returns the bare authorization URL of an invitation, to
// hand over instead of its link. It works once, until the invitation expires.
func (m *Manager) AuthorizeInvitation(ctx context.Context, actor orglink.Actor, id InvitationID) (Authorization, error) {
	i, err := m.invitationOf(ctx, actor, id)
	if err != nil {
		return Authorization{}, err
	}
	if err := i.usable(); err != nil {
		return Authorization{}, err
	}
	return m.startInvited(ctx, i, orglink.Secret{}, time.Until(i.Expires))
}

func (m *Manager) startInvited(ctx context.Context, i Invitation, session orglink.Secret, lifetime time.Duration) (Authorization, error) {
	actor := i.actor()
	actor.Session = session
	state, typ, app, err := m.begin(ctx, "start", actor, i.start())
	if err != nil {
		return Authorization{}, err
	}
	state.Invitation, state.Expires = i.ID, state.Created.Add(lifetime)
	if state.Expires.After(i.Expires) {
		state.Expires = i.Expires
	}
	return m.authorize(ctx, "start", state, typ, app, i.start(), invitedState)
}

// Invited reports whether the query of a callback belongs to FinishInvitation;
// the others belong to Finish.
func (*Manager) Invited(query url.Values) bool {
	return strings.HasPrefix(query.Get("state"), invitedState)
}

// Confirmation is what the invited person has to answer, on a page that names
// the tenant, the inviter and the org of Invitation.Candidate.
type Confirmation struct {
	Invitation Invitation
	// Token is for that page only; give it to ConfirmInvitation.
	Token orglink.Secret
	// Expires is when the answer comes too late; the person starts again.
	Expires time.Time
}

// FinishInvitation completes the authorisation of an invited person with the
// query of the callback. Nothing is connected yet: the tokens are kept, sealed
// and unused, until ConfirmInvitation. So nobody who was lured into signing in
// has connected an org without having seen to whom.
func (m *Manager) FinishInvitation(ctx context.Context, session orglink.Secret, query url.Values) (Confirmation, error) {
	state, err := m.takeInvited(ctx, session, query.Get("state"))
	if err != nil {
		return Confirmation{}, err
	}
	i, err := m.invitation(ctx, state.Tenant, state.Invitation)
	if err == nil {
		err = i.usable()
	}
	if err != nil {
		return Confirmation{}, err
	}
	typ, app, err := m.reopen(ctx, state)
	if err == nil {
		err = m.mayFinish(ctx, i.actor(), typ, state)
	}
	if err != nil {
		return Confirmation{}, err
	}
	answer, err := m.exchange(ctx, state, app, query)
	if err != nil {
		return Confirmation{}, err
	}
	t := attempt{actor: i.actor(), state: state, typ: typ, app: app, next: credential{answer.refresh, state.LoginHost}}
	out, err := m.hold(ctx, t, i, answer)
	if err != nil {
		m.discard(ctx, state, answer)
	}
	return out, err
}

// takeInvited finds and uses up the state of an invited person's callback.
func (m *Manager) takeInvited(ctx context.Context, session orglink.Secret, raw string) (AuthState, error) {
	const op = "finish"
	if raw == "" || len(raw) > maxParameter {
		return AuthState{}, fail(op, "", ErrStateUnknown, nil)
	}
	now := time.Now().UTC()
	state, err := m.cfg.Store.TakeState(ctx, hashState(raw), now)
	switch {
	case errors.Is(err, ErrNotFound):
		return AuthState{}, fail(op, "", ErrStateUnknown, nil)
	case err != nil:
		return AuthState{}, storeError(op, "state", err)
	case state.Invitation == "" || state.Confirms != "":
		return AuthState{}, fail(op, "", ErrStateUnknown, nil)
	case state.Session != "" && state.Session != hashSession(orglink.Actor{Session: session}):
		return AuthState{}, fail(op, "", ErrOtherSession, nil)
	case !state.Used.IsZero():
		return AuthState{}, fail(op, "", ErrStateUsed, nil)
	case !now.Before(state.Expires):
		return AuthState{}, fail(op, "", ErrStateExpired, nil)
	}
	return state, nil
}

// hold verifies the tokens, stores them as a grant that no connection has, and
// makes what they lead to the invitation's candidate.
func (m *Manager) hold(ctx context.Context, t attempt, i Invitation, a tokenAnswer) (Confirmation, error) {
	fresh, err := m.verify(ctx, t, a)
	if err != nil {
		return Confirmation{}, err
	}
	if err := m.mayPlace(ctx, t, fresh); err != nil {
		return Confirmation{}, err
	}
	grant := Grant{Tenant: i.Tenant, ID: GrantID(newID()), App: t.app.Name, ClientID: t.app.ClientID, Flow: t.flow, Org: a.org, User: a.user}
	if err := m.setTokens(&grant, a, a.instance, &t.next); err != nil {
		return Confirmation{}, err
	}
	if _, err := m.cfg.Tokens.CompareAndSwap(ctx, grant); err != nil {
		return Confirmation{}, storeError("finish", string(grant.ID), err)
	}
	var before GrantID
	i, err = m.updateInvitation(ctx, i.Tenant, i.ID, func(now *Invitation) error {
		if err := now.usable(); err != nil {
			return err
		}
		if before = ""; now.Candidate != nil { // somebody closed the page and began anew
			before = now.Candidate.Grant
		}
		now.State, now.Candidate = InvitationAccepted, &Candidate{Connection: fresh, Grant: grant.ID, Accepted: time.Now().UTC()}
		m.addInvitationEvent(now, EventInvitationAccepted, fresh.Title()+" was offered by "+now.recipient()+"; it is not confirmed yet.")
		return nil
	})
	if err != nil {
		_ = m.cfg.Tokens.Delete(context.WithoutCancel(ctx), t.state.Tenant, grant.ID)
		return Confirmation{}, err
	}
	if before != "" {
		m.drop(ctx, i.Tenant, before)
	}
	secret := random(32)
	confirm := AuthState{Hash: hashState(secret), Tenant: i.Tenant, User: t.state.User, Type: i.Type, Invitation: i.ID, Confirms: grant.ID, Created: time.Now().UTC()}
	confirm.Expires = confirm.Created.Add(m.cfg.StateLifetime)
	if err := m.cfg.Store.PutState(ctx, confirm); err != nil {
		return Confirmation{}, storeError("finish", "state", err)
	}
	return Confirmation{Invitation: i, Token: orglink.NewSecret(secret), Expires: confirm.Expires}, nil
}

// mayPlace asks what place will ask, before anybody is bothered with a page.
func (m *Manager) mayPlace(ctx context.Context, t attempt, fresh Connection) error {
	all, err := m.List(ctx, fresh.Tenant)
	if err != nil {
		return err
	}
	old, others, err := pick(t.typ, t.state.Connection, fresh, all)
	if err != nil {
		return err
	}
	if old != nil {
		if err := t.typ.MayStart(ctx, t.actor, old); err != nil {
			return fail("finish", string(old.ID), err, nil)
		}
		if old.Org.ID != fresh.Org.ID {
			return otherOrg(*old, fresh, "")
		}
	}
	if err := t.typ.Admit(ctx, fresh, others); err != nil {
		return fail("finish", string(fresh.Org.ID), err, nil)
	}
	return nil
}
