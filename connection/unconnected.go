package connection

import (
	"context"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Unconnected is a host user without a personal connection that works.
type Unconnected struct {
	User orglink.UserID `json:"user"`
	// Connection and State are those of one that does not work; "" when the
	// user has none.
	Connection orglink.ConnectionID `json:"connection,omitempty"`
	State      State                `json:"state,omitempty"`
	// Invitation is one that is still open for the user, "" if none: Resend
	// reminds. Invite with For invites.
	Invitation InvitationID `json:"invitation,omitempty"`
}

// Unconnected returns those of some host users, in their order, who have no
// personal connection to the org of a team connection that works, or would by
// itself soon. It reads the stores only.
func (m *Manager) Unconnected(ctx context.Context, tenant orglink.TenantID, team orglink.ConnectionID, users []orglink.UserID) ([]Unconnected, error) {
	t, err := m.Get(ctx, tenant, team)
	if err != nil {
		return nil, err
	}
	list, err := m.List(ctx, tenant)
	if err != nil {
		return nil, err
	}
	invited, err := m.Invitations(ctx, tenant)
	if err != nil {
		return nil, err
	}
	own := make(map[orglink.UserID]Connection)
	for _, c := range list {
		if have, ok := own[c.Owner]; c.Type == (Personal{}).Name() && c.Org.ID == t.Org.ID && (!ok || have.State.NeedsPerson()) {
			own[c.Owner] = c
		}
	}
	open := make(map[orglink.UserID]InvitationID)
	for _, i := range invited {
		if i.For != "" && i.usable() == nil {
			open[i.For] = i.ID
		}
	}
	var out []Unconnected
	for _, u := range users {
		c, ok := own[u]
		if ok && !c.State.NeedsPerson() {
			continue
		}
		out = append(out, Unconnected{User: u, Connection: c.ID, State: c.State, Invitation: open[u]})
	}
	return out, nil
}

// Logins returns which Salesforce user each host user's personal connection to
// the org of a team connection logs in as; connections that need a person are
// left out. It reads the store only.
func (m *Manager) Logins(ctx context.Context, tenant orglink.TenantID, team orglink.ConnectionID) (map[orglink.UserID]sobject.ID, error) {
	t, err := m.Get(ctx, tenant, team)
	if err != nil {
		return nil, err
	}
	list, err := m.List(ctx, tenant)
	if err != nil {
		return nil, err
	}
	out := make(map[orglink.UserID]sobject.ID)
	for _, c := range list {
		if c.Type == (Personal{}).Name() && c.Org.ID == t.Org.ID && !c.State.NeedsPerson() {
			out[c.Owner] = c.User.ID
		}
	}
	return out, nil
}
