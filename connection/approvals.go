package connection

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/soql"
)

// ApprovalLimit is how many live refresh tokens Salesforce keeps of one user
// and app. One more silently ends one of them, the oldest or the least recently
// used (Salesforce's pages differ). Refreshing needs no new one.
const ApprovalLimit = 5

// Approvals are the live refresh tokens of one Salesforce user and app that a
// tenant has. Others may exist that nobody here knows; see Manager.OrgApprovals.
type Approvals struct {
	App  string         `json:"app"`
	Org  Org            `json:"org"`
	User SalesforceUser `json:"user"`
	// Connections live by them, the oldest authorisation first.
	Connections []Connection `json:"connections"`
	// Unrevoked are former ones that Salesforce could not yet be told of.
	Unrevoked int `json:"unrevoked"`
}

// Count is how many of the ApprovalLimit are taken.
func (a Approvals) Count() int { return len(a.Connections) + a.Unrevoked }

// Approvals counts a tenant's live refresh tokens by Salesforce user and app,
// those with the most first. It reads the stores only.
func (m *Manager) Approvals(ctx context.Context, tenant orglink.TenantID) ([]Approvals, error) {
	list, err := m.List(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return countApprovals(list), nil
}

func countApprovals(list []Connection) []Approvals {
	slices.SortStableFunc(list, func(a, b Connection) int { return a.Authorized.Compare(b.Authorized) })
	var out []Approvals
	for _, c := range list {
		alive := c.Flow == WebServer && c.Grant != "" && c.State != NeedsReauthorization && c.State != Disconnected
		if !alive && len(c.Retired) == 0 {
			continue
		}
		i := slices.IndexFunc(out, func(a Approvals) bool {
			return a.App == c.App && a.Org.ID == c.Org.ID && a.User.ID == c.User.ID
		})
		if i < 0 {
			i = len(out)
			out = append(out, Approvals{App: c.App, Org: c.Org, User: c.User})
		}
		out[i].Unrevoked += len(c.Retired)
		if alive {
			out[i].Connections = append(out[i].Connections, c)
		}
	}
	slices.SortStableFunc(out, func(a, b Approvals) int { return b.Count() - a.Count() })
	return out
}

// mayApprove refuses, before the redirect, an authorisation for which
// Salesforce would end another connection of the tenant. Whom to expect is told
// by the connection that is renewed or by the login hint; nobody knows
// otherwise, and Finish looks again.
func (m *Manager) mayApprove(ctx context.Context, state AuthState, typ Type, hint string) error {
	if state.Connection == "" && hint == "" {
		return nil
	}
	list, err := m.List(ctx, state.Tenant)
	if err != nil {
		return err
	}
	var renewed Connection
	for _, c := range list {
		if c.ID == state.Connection {
			renewed = c
		}
	}
	for _, a := range countApprovals(list) {
		expected := hint != "" && strings.EqualFold(a.User.Username, hint) || hint == "" && a.User.ID == renewed.User.ID
		if a.App != state.App || !expected || a.Count() < ApprovalLimit {
			continue
		}
		// The one that Salesforce ends may be the very one that is replaced.
		fresh := Connection{Tenant: state.Tenant, Type: state.Type, App: state.App, Owner: state.User, Group: state.Group, Org: a.Org, User: a.User}
		old, _, err := pick(typ, state.Connection, fresh, list)
		if err == nil && old != nil && a.Unrevoked == 0 && a.Count() == ApprovalLimit && a.Connections[0].ID == old.ID {
			continue
		}
		var titles []string
		for _, c := range a.Connections {
			titles = append(titles, string(c.ID)+" ("+c.Type+")")
		}
		return failDetail("start", clip(a.User.Username), ErrApprovals, "it has %d here: %s", a.Count(), strings.Join(titles, ", "))
	}
	return nil
}

// OrgApproval is one live refresh token of a user, as the org lists it.
type OrgApproval struct {
	// App is the label of the app.
	App      string    `json:"app"`
	LastUsed time.Time `json:"last_used,omitzero"`
	Uses     int64     `json:"uses"`
}

// OrgApprovals are the refresh tokens of a connection's user in its org, of
// this product and of others.
type OrgApprovals struct {
	// Readable tells whether the user may read OauthToken; a user without
	// Customize Application sees its own rows. Nothing else is known when not.
	Readable  bool          `json:"readable"`
	Approvals []OrgApproval `json:"approvals,omitempty"`
	// Known is how many of the connection's app the tenant has here.
	Known int `json:"known"`
	// OfApp is how many rows bear the app's Label, and Foreign how many of
	// these are not known here: authorisations of another tenant, another
	// installation, or forgotten ones. Both are -1 without a Label.
	OfApp   int `json:"of_app"`
	Foreign int `json:"foreign"`
}

// OrgApprovals asks the org which apps a connection's user has approved, with
// one query of OauthToken.
func (m *Manager) OrgApprovals(ctx context.Context, tenant orglink.TenantID, id orglink.ConnectionID) (OrgApprovals, error) {
	out := OrgApprovals{OfApp: -1, Foreign: -1}
	list, err := m.List(ctx, tenant)
	if err != nil {
		return out, err
	}
	at := slices.IndexFunc(list, func(c Connection) bool { return c.ID == id })
	if at < 0 {
		return out, fail("approvals", string(id), ErrNotFound, nil)
	}
	c := list[at]
	for _, a := range countApprovals(list) {
		if a.App == c.App && a.Org.ID == c.Org.ID && a.User.ID == c.User.ID {
			out.Known = a.Count()
		}
	}
	client, err := m.Client(ctx, tenant, id)
	if err != nil {
		return out, err
	}
	query, err := soql.Bind("SELECT AppName, LastUsedDate, UseCount FROM OauthToken WHERE UserId = ?", c.User.ID)
	if err != nil {
		return out, err
	}
	for rec, err := range client.Query(ctx, query.String()) {
		if err != nil && refusal(err) {
			return OrgApprovals{Known: out.Known, OfApp: -1, Foreign: -1}, nil
		}
		if err != nil {
			return out, err
		}
		var a OrgApproval
		if a.App, err = rec.Text("AppName"); err != nil {
			return out, err
		}
		a.LastUsed, _ = rec.Time("LastUsedDate") // null before the first use
		a.Uses, _ = rec.Int("UseCount")
		out.Approvals = append(out.Approvals, a)
	}
	out.Readable = true
	if app, err := m.app(ctx, tenant, c.App); err == nil && app.Label != "" {
		out.OfApp = 0
		for _, a := range out.Approvals {
			if a.App == app.Label {
				out.OfApp++
			}
		}
		out.Foreign = max(out.OfApp-out.Known, 0)
	}
	return out, nil
}
