package connection

import (
	"context"

	"github.com/orglink/orglink"
)

// Type is a kind of connection: who may make one, which authorisations are one
// and the same connection, and what an org must be. [Team] and [Personal] are
// ready; a host may add its own. Implementations are safe for concurrent use.
type Type interface {
	// Name is stored with each connection; never change it. Lower-case.
	Name() string
	// MayStart returns nil if the actor may authorise such a connection, or
	// renew the given one; otherwise an error, usually ErrNotAllowed. It is
	// asked when an authorisation starts and again when it finishes.
	MayStart(ctx context.Context, actor orglink.Actor, renew *Connection) error
	// Slot names the place that a connection fills in its tenant: an
	// authorisation whose slot is filled renews the connection that is
	// there. It must not change while a connection lives.
	Slot(c Connection) string
	// Admit returns nil if the freshly authorised connection may be kept
	// beside the tenant's others, otherwise an error such as ErrForeignOrg. It
	// is asked again when another is disconnected or moved; ErrForeignOrg then
	// disconnects c, other errors do nothing.
	Admit(ctx context.Context, c Connection, others []Connection) error
	// Scopes are those to ask for and to insist on. "refresh_token" and its
	// other name "offline_access" are always asked for.
	Scopes() []string
}

// Team is the connection of a whole tenant: one for each org it connects,
// made by an admin, used for everything that is not personal.
type Team struct{}

// Name is "team".
func (Team) Name() string { return "team" }

// MayStart admits admins.
func (Team) MayStart(_ context.Context, actor orglink.Actor, _ *Connection) error {
	if !actor.Admin {
		return ErrNotAllowed
	}
	return nil
}

// Slot is the org.
func (Team) Slot(c Connection) string { return string(c.Org.ID) }

// Admit admits every org.
func (Team) Admit(context.Context, Connection, []Connection) error { return nil }

// Scopes are those of the data APIs and of the identity.
func (Team) Scopes() []string { return []string{"api", "id"} }

// Personal is the connection of one user of the host, in an org that the
// tenant has connected by a Team connection.
type Personal struct {
	// AnyOrg admits orgs that the tenant has not connected.
	AnyOrg bool
}

// Name is "personal".
func (Personal) Name() string { return "personal" }

// MayStart admits every user, each to a connection of his own.
func (Personal) MayStart(_ context.Context, actor orglink.Actor, renew *Connection) error {
	if actor.User == "" || renew != nil && renew.Owner != actor.User {
		return ErrNotAllowed
	}
	return nil
}

// Slot is the host's user in the org: one who works in two orgs of the tenant
// has a connection to each.
func (Personal) Slot(c Connection) string { return string(c.Org.ID) + " " + string(c.Owner) }

// Admit insists on an org that the tenant has connected.
func (p Personal) Admit(_ context.Context, c Connection, others []Connection) error {
	if p.AnyOrg {
		return nil
	}
	for _, o := range others {
		if o.Type == (Team{}).Name() && o.State != Disconnected && o.Org.ID == c.Org.ID {
			return nil
		}
	}
	return ErrForeignOrg
}

// Scopes are those of the data APIs and of the identity.
func (Personal) Scopes() []string { return []string{"api", "id"} }
