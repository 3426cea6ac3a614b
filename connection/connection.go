package connection

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// GrantID names the tokens of one authorisation. A connection keeps its id for
// life and changes its grant with every new authorisation.
type GrantID string

// Connection is a tenant's authorised link to a Salesforce org. It holds no
// secrets and may be shown, logged and serialised.
type Connection struct {
	Tenant orglink.TenantID     `json:"tenant"`
	ID     orglink.ConnectionID `json:"id"`
	// Version counts writes; stores use it for compare-and-swap.
	Version int64 `json:"version"`
	// Type is the Name of the Type it was made with, such as "team".
	Type string `json:"type"`
	// App is the Name of the App that was authorised, Flow how.
	App  string `json:"app"`
	Flow Flow   `json:"flow,omitempty"`
	// Owner is the host's user who authorised it first, Group the group that
	// user acted for.
	Owner orglink.UserID  `json:"owner"`
	Group orglink.GroupID `json:"group,omitempty"`
	// Grant holds its tokens in the TokenStore; "" when disconnected.
	Grant GrantID `json:"grant,omitempty"`
	// Invitation is the one that somebody accepted to make it, "" if none.
	Invitation InvitationID `json:"invitation,omitempty"`
	// Retired are former grants that Salesforce has not yet been told to
	// revoke.
	Retired []GrantID `json:"retired,omitempty"`
	// LoginHost is where it was authorised, as a URL without a path.
	LoginHost string `json:"login_host"`
	// InstanceURL is where the org's API answers.
	InstanceURL string `json:"instance_url"`
	Org         Org    `json:"org"`
	// OrgGeneration counts the orgs that the connection has led to, from 1.
	// Whatever was remembered by the connection under another generation is
	// of another org.
	OrgGeneration int64          `json:"org_generation"`
	User          SalesforceUser `json:"user"`
	// Scopes are those that Salesforce granted, sorted.
	Scopes []string `json:"scopes,omitempty"`
	State  State    `json:"state"`
	// StateDetail is what Salesforce said, where it said something.
	StateDetail string    `json:"state_detail,omitempty"`
	StateSince  time.Time `json:"state_since"`
	Created     time.Time `json:"created"`
	// Authorized is when the present grant was given.
	Authorized time.Time `json:"authorized"`
	// Pending are events of this connection that Events has not yet taken.
	Pending []orglink.Event `json:"pending,omitempty"`
}

// Org is what is known of a Salesforce organization.
type Org struct {
	ID sobject.ID `json:"id"`
	// Name and Edition are "" where the user may not read Organization.
	Name    string `json:"name,omitempty"`
	Edition string `json:"edition,omitempty"`
	// Sandbox is read from Organization, or told from the host name where
	// that is not permitted.
	Sandbox bool `json:"sandbox"`
}

// SalesforceUser is the user who authorised.
type SalesforceUser struct {
	ID          sobject.ID `json:"id"`
	Username    string     `json:"username"`
	DisplayName string     `json:"display_name,omitempty"`
	Email       string     `json:"email,omitempty"`
}

// title names an org in a sentence.
func (o Org) title() string {
	name := o.Name
	if name == "" {
		name = string(o.ID)
	}
	if o.Sandbox {
		name += " (sandbox)"
	}
	return name
}

// Title names the connection in a sentence.
func (c Connection) Title() string {
	name := c.Org.title()
	if c.User.Username != "" {
		name += " as " + c.User.Username
	}
	return name
}

// clone copies the slices, so that no caller shares memory with a store.
func (c Connection) clone() Connection {
	c.Retired = append([]GrantID(nil), c.Retired...)
	c.Scopes = append([]string(nil), c.Scopes...)
	c.Pending = append([]orglink.Event(nil), c.Pending...)
	return c
}

// newID returns 128 random bits in lower-case base32.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}
