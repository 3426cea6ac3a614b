package connection

import (
	"slices"
	"time"

	"github.com/orglink/orglink"
)

// InvitationID names an invitation; it is no secret.
type InvitationID string

// InvitationState is where an invitation stands.
type InvitationState string

// The states of an invitation. One that is open or accepted ends with its
// Expires.
const (
	// InvitationOpen waits for the invited person.
	InvitationOpen InvitationState = "open"
	// InvitationAccepted: somebody has signed in to an org; the Candidate
	// waits for that person's confirmation, then for the inviter's where it
	// was asked for.
	InvitationAccepted InvitationState = "accepted"
	// InvitationDone: the connection is made.
	InvitationDone InvitationState = "done"
	// InvitationRevoked: the inviter took it back, or refused the Candidate.
	InvitationRevoked InvitationState = "revoked"
)

// Invitation asks a person outside the product, such as the customer's
// Salesforce admin, to authorise a connection. It holds no secrets: of its link
// only a hash is kept.
type Invitation struct {
	Tenant  orglink.TenantID `json:"tenant"`
	ID      InvitationID     `json:"id"`
	Version int64            `json:"version"`
	// Type, App, LoginHost and Connection are as in StartRequest.
	Type       string               `json:"type"`
	App        string               `json:"app,omitempty"`
	LoginHost  string               `json:"login_host,omitempty"`
	Connection orglink.ConnectionID `json:"connection,omitempty"`
	// LoginHint is the Salesforce user who is expected, "" for nobody.
	LoginHint string `json:"login_hint,omitempty"`
	// For is the host's user whose personal connection it will be, "" for a
	// connection of the inviter's team.
	For orglink.UserID `json:"for,omitempty"`
	// Email is where it was sent, "" when the link was handed over.
	Email string `json:"email,omitempty"`
	// TenantName and InviterName are shown to the person; Message is the
	// inviter's own.
	TenantName  string `json:"tenant_name"`
	InviterName string `json:"inviter_name"`
	Message     string `json:"message,omitempty"`
	// Inviter, Group and Admin are the actor who invited.
	Inviter orglink.UserID  `json:"inviter"`
	Group   orglink.GroupID `json:"group,omitempty"`
	Admin   bool            `json:"admin,omitempty"`
	// Approve says that the inviter confirms who accepted before the
	// connection works.
	Approve bool `json:"approve,omitempty"`

	State   InvitationState `json:"state"`
	Created time.Time       `json:"created"`
	Expires time.Time       `json:"expires"`
	// Sent is when it was mailed last, Sends how often.
	Sent  time.Time `json:"sent,omitzero"`
	Sends int       `json:"sends,omitempty"`
	// Opened is when the link was first opened.
	Opened time.Time `json:"opened,omitzero"`
	// Candidate is who signed in, nil before somebody has.
	Candidate *Candidate `json:"candidate,omitempty"`
	// Made is the connection that it led to, when State is InvitationDone.
	Made orglink.ConnectionID `json:"made,omitempty"`
	// Ended is when it was done or revoked, and By who confirmed or revoked;
	// "" for the invited person.
	Ended time.Time      `json:"ended,omitzero"`
	By    orglink.UserID `json:"by,omitempty"`
	// Hash is that of the link's secret, unique.
	Hash string `json:"hash"`
	// Pending are events that Events has not yet taken.
	Pending []orglink.Event `json:"pending,omitempty"`
}

// Candidate is a connection that somebody has authorised and that is not yet
// confirmed. Its tokens are kept and used for nothing.
type Candidate struct {
	// Connection is what it will be; it has no id and no state.
	Connection Connection `json:"connection"`
	Grant      GrantID    `json:"grant"`
	Accepted   time.Time  `json:"accepted"`
	// Confirmed is when the person confirmed, zero before.
	Confirmed time.Time `json:"confirmed,omitzero"`
}

// Expired reports whether an invitation that is not ended is too old.
func (i Invitation) Expired(now time.Time) bool { return i.alive() && !now.Before(i.Expires) }

func (i Invitation) alive() bool {
	return i.State == InvitationOpen || i.State == InvitationAccepted
}

// usable returns why an invitation leads nowhere any more, nil if it does.
func (i Invitation) usable() error {
	switch {
	case i.State == InvitationRevoked:
		return fail("invitation", string(i.ID), ErrInvitationRevoked, nil)
	case i.State == InvitationDone, i.Candidate != nil && !i.Candidate.Confirmed.IsZero():
		return fail("invitation", string(i.ID), ErrInvitationUsed, nil)
	case i.Expired(time.Now()):
		return fail("invitation", string(i.ID), ErrInvitationExpired, nil)
	}
	return nil
}

// holds reports whether a grant waits for the invitation's confirmation.
func (i Invitation) holds(g GrantID) bool {
	return i.Candidate != nil && i.Candidate.Grant == g && i.alive() && !i.Expired(time.Now())
}

// actor is on whose behalf the invited person acts.
func (i Invitation) actor() orglink.Actor {
	if i.For != "" {
		return orglink.Actor{Tenant: i.Tenant, User: i.For, Group: i.Group}
	}
	return orglink.Actor{Tenant: i.Tenant, User: i.Inviter, Group: i.Group, Admin: i.Admin}
}

// clone copies what is behind pointers, so that no caller shares memory with a
// store.
func (i Invitation) clone() Invitation {
	i.Pending = slices.Clone(i.Pending)
	if i.Candidate != nil {
		c := *i.Candidate
		c.Connection = c.Connection.clone()
		i.Candidate = &c
	}
	return i
}
