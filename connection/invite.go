package connection

import (
	"context"
	"errors"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/orglink/orglink"
)

// InviteRequest says whom to invite to what. TenantName and InviterName are
// required: the pages name them to the invited person.
type InviteRequest struct {
	// Email is where to send it by Config.Mailer. "" only makes a link.
	Email string
	// TenantName and InviterName are what the person knows them by, at most
	// 200 bytes each. Message is the inviter's own, at most 2,000.
	TenantName, InviterName, Message string
	// Type, App, LoginHost, Connection and LoginHint are as in StartRequest.
	Type, App, LoginHost string
	Connection           orglink.ConnectionID
	LoginHint            string
	// For is the host's user whose personal connection it will be.
	For orglink.UserID
	// Approve makes the connection wait until the inviter, or another actor
	// who may, has confirmed who accepted.
	Approve bool
	// Lifetime is how long it can be accepted. Defaults to
	// Config.InvitationLifetime; at most 90 days.
	Lifetime time.Duration
}

// Invited is a new invitation with its link.
type Invited struct {
	Invitation Invitation
	// Link is for the invited person only: whoever has it can accept. It is
	// told once, and Resend makes another. "" without Config.InvitationURL.
	Link orglink.Secret
}

// Invite makes an invitation and sends it where an e-mail address is given. The
// actor must be allowed by the type to make the connection himself, or, for a
// connection of another user, be an admin. When it could not be sent the error
// is ErrNotSent and the invitation is there: hand the link over, or Resend.
func (m *Manager) Invite(ctx context.Context, actor orglink.Actor, req InviteRequest) (Invited, error) {
	const op = "invite"
	if err := req.check(m.cfg.InvitationURL, m.cfg.Mailer); err != nil {
		return Invited{}, err
	}
	i := Invitation{
		Tenant: actor.Tenant, ID: InvitationID(newID()), Type: req.Type, App: req.App, LoginHost: req.LoginHost, Connection: req.Connection,
		LoginHint: req.LoginHint, For: req.For, Email: req.Email, TenantName: req.TenantName, InviterName: req.InviterName, Message: req.Message,
		Inviter: actor.User, Group: actor.Group, Admin: actor.Admin, Approve: req.Approve,
		State: InvitationOpen, Created: time.Now().UTC(),
	}
	if req.For != "" && req.For != actor.User && !actor.Admin {
		return Invited{}, fail(op, "", ErrNotAllowed, nil)
	}
	// What Start would refuse is refused now, and not in front of a stranger.
	state, typ, _, err := m.begin(ctx, op, i.actor(), i.start())
	if err != nil {
		return Invited{}, err
	}
	i.Type = typ.Name()
	if err := m.mayApprove(ctx, state, typ, i.LoginHint); err != nil {
		return Invited{}, err
	}
	lifetime := req.Lifetime
	if lifetime == 0 {
		lifetime = m.cfg.InvitationLifetime
	}
	i.Expires = i.Created.Add(lifetime)
	return m.mail(ctx, i)
}

// Resend makes a new link, so that the old one dies, starts the invitation's
// time anew, and sends it again where it has an e-mail address.
func (m *Manager) Resend(ctx context.Context, actor orglink.Actor, id InvitationID) (Invited, error) {
	i, err := m.invitationOf(ctx, actor, id)
	if err != nil {
		return Invited{}, err
	}
	if err := i.usable(); err != nil && !errors.Is(err, ErrInvitationExpired) {
		return Invited{}, err
	}
	lifetime := i.Expires.Sub(i.Created)
	i.Created = time.Now().UTC()
	i.Expires = i.Created.Add(lifetime)
	return m.mail(ctx, i)
}

// mail stores an invitation with a new link and sends it.
func (m *Manager) mail(ctx context.Context, i Invitation) (Invited, error) {
	secret, again := random(32), i.Sends > 0
	i.Hash = hashState(secret)
	m.addInvitationEvent(&i, EventInvited, i.InviterName+" invited "+i.recipient()+" to connect Salesforce.")
	i, err := m.putInvitation(ctx, i)
	if err != nil {
		return Invited{}, err
	}
	out := Invited{Invitation: i}
	if m.cfg.InvitationURL != "" {
		out.Link = orglink.NewSecret(withToken(m.cfg.InvitationURL, secret))
	}
	if i.Email == "" {
		return out, nil
	}
	if err := m.cfg.Mailer.Send(ctx, invitationMail(i, out.Link.Reveal(), again)); err != nil {
		m.warn(ctx, "an invitation was not sent", "invitation", string(i.ID))
		return out, fail("invite", string(i.ID), ErrNotSent, nil) // the cause may repeat the text
	}
	sent, err := m.updateInvitation(ctx, i.Tenant, i.ID, func(now *Invitation) error {
		now.Sent, now.Sends = time.Now().UTC(), now.Sends+1
		return nil
	})
	if err == nil {
		out.Invitation = sent
	}
	return out, err
}

// RevokeInvitation takes an invitation back. Tokens of somebody who has
// accepted are revoked. One that has made its connection is not touched:
// Disconnect that.
func (m *Manager) RevokeInvitation(ctx context.Context, actor orglink.Actor, id InvitationID) (Invitation, error) {
	if _, err := m.invitationOf(ctx, actor, id); err != nil {
		return Invitation{}, err
	}
	return m.endInvitation(ctx, actor, id)
}

// endInvitation revokes an invitation and the grant that it holds, under the
// lock of those who make its connection.
func (m *Manager) endInvitation(ctx context.Context, actor orglink.Actor, id InvitationID) (i Invitation, err error) {
	used := fail("invitation", string(id), ErrInvitationUsed, nil)
	var held GrantID
	err = m.locked(ctx, actor.Tenant, func(ctx context.Context) error {
		if i, err = m.invitation(ctx, actor.Tenant, id); err != nil {
			return err
		}
		if _, made, err := m.madeBy(ctx, i); err != nil || made {
			return errors.Join(err, used)
		}
		i, err = m.updateInvitation(ctx, actor.Tenant, id, func(now *Invitation) error {
			if !now.alive() {
				return used
			}
			if held = ""; now.Candidate != nil {
				held = now.Candidate.Grant
			}
			now.State, now.Ended, now.By = InvitationRevoked, time.Now().UTC(), actor.User
			m.addInvitationEvent(now, EventInvitationRevoked, "The invitation of "+now.recipient()+" was taken back.")
			return nil
		})
		return err
	})
	if err != nil {
		return Invitation{}, err
	}
	if held != "" {
		m.drop(ctx, i.Tenant, held)
	}
	return i, nil
}

// Invitations returns a tenant's invitations, ended ones included, in the
// order of their ids.
func (m *Manager) Invitations(ctx context.Context, tenant orglink.TenantID) ([]Invitation, error) {
	list, err := m.cfg.Store.Invitations(ctx, tenant)
	if err != nil {
		return nil, storeError("invitations", string(tenant), err)
	}
	return slices.DeleteFunc(list, func(i Invitation) bool { return i.Tenant != tenant }), nil
}

// start is the invitation as a request.
func (i Invitation) start() StartRequest {
	return StartRequest{Type: i.Type, App: i.App, LoginHost: i.LoginHost, Connection: i.Connection, LoginHint: i.LoginHint}
}

// recipient names the invited person in a sentence.
func (i Invitation) recipient() string {
	switch {
	case i.Email != "":
		return i.Email
	case i.For != "":
		return string(i.For)
	}
	return "somebody"
}

func (r InviteRequest) check(address string, mailer Mailer) error {
	refuse := func(format string, args ...any) error {
		return failDetail("invite", "", ErrInvitation, format, args...)
	}
	for _, f := range []struct {
		name, value string
		max         int
		need        bool
	}{{"TenantName", r.TenantName, 200, true}, {"InviterName", r.InviterName, 200, true}, {"Message", r.Message, 2000, false}, {"LoginHint", r.LoginHint, 200, false}} {
		if f.need && strings.TrimSpace(f.value) == "" {
			return refuse("%s is missing: the page names it to the invited person", f.name)
		}
		if len(f.value) > f.max || !utf8.ValidString(f.value) || f.need && strings.ContainsAny(f.value, "\r\n") {
			return refuse("%s is longer than %d bytes, or not one line of text", f.name, f.max)
		}
	}
	if r.Lifetime < 0 || r.Lifetime > 90*24*time.Hour {
		return refuse("Lifetime is %s; it is at most 90 days", r.Lifetime)
	}
	if r.Email == "" {
		return nil
	}
	if a, err := mail.ParseAddress(r.Email); err != nil || a.Address != r.Email || len(r.Email) > 254 {
		return refuse("%q is no e-mail address", clip(r.Email))
	}
	if mailer == nil || address == "" {
		return refuse("an e-mail needs Config.Mailer and Config.InvitationURL")
	}
	return nil
}

func withToken(address, secret string) string {
	u, err := url.Parse(address)
	if err != nil { // was checked
		return ""
	}
	q := u.Query()
	q.Set("token", secret)
	u.RawQuery = q.Encode()
	return u.String()
}
