package integration

import (
	"crypto/rand"
	"encoding/base32"
	"slices"
	"strings"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
)

// Integration is a named selection on a connection.
type Integration struct {
	Tenant orglink.TenantID      `json:"tenant"`
	ID     orglink.IntegrationID `json:"id"`
	// Version counts writes; stores use it for compare-and-swap.
	Version    int64                `json:"version"`
	Name       string               `json:"name"`
	Connection orglink.ConnectionID `json:"connection"`
	// Owner is the group whose admins manage it.
	Owner orglink.GroupID `json:"owner"`
	// Chosen is the choice as it was made, Selections what it came to when
	// the org was last asked.
	Chosen     []mapping.ObjectSelection `json:"chosen"`
	Selections []mapping.Selection       `json:"selections"`
	Shares     []Share                   `json:"shares,omitempty"`
	State      State                     `json:"state"`
	CreatedBy  orglink.UserID            `json:"created_by"`
	Created    time.Time                 `json:"created"`
	ChangedBy  orglink.UserID            `json:"changed_by"`
	Changed    time.Time                 `json:"changed"`
}

// State tells whether an integration is imported.
type State string

// The states of an integration.
const (
	// Active integrations are imported.
	Active State = "active"
	// Paused ones are not; what was imported stays visible.
	Paused State = "paused"
)

// Share is what another group may see of an integration.
type Share struct {
	Group orglink.GroupID `json:"group"`
	// Objects are what is shared; nil is everything, also what is added
	// later, and an empty slice is nothing. An element without fields shares
	// all fields of its object.
	Objects []mapping.Selection `json:"objects"` // null is not []
	// Passive is what the receiver has turned off for itself; an element
	// without fields turns its object off.
	Passive []mapping.Selection `json:"passive,omitempty"`
	Since   time.Time           `json:"since"`
	By      orglink.UserID      `json:"by"`
}

// Clone returns a copy that shares nothing with i but the selectors of Chosen,
// which are not changed by anybody. Stores need it.
func (i Integration) Clone() Integration {
	i.Chosen = slices.Clone(i.Chosen)
	i.Selections = cloneSelections(i.Selections)
	i.Shares = slices.Clone(i.Shares)
	for n := range i.Shares {
		i.Shares[n].Objects = cloneSelections(i.Shares[n].Objects)
		i.Shares[n].Passive = cloneSelections(i.Shares[n].Passive)
	}
	return i
}

func cloneSelections(list []mapping.Selection) []mapping.Selection {
	out := slices.Clone(list)
	for n := range out {
		out[n] = out[n].Clone()
	}
	return out
}

// Draft returns a draft with which the integration can be edited.
func (i Integration) Draft() Draft {
	d := Draft{Version: i.Version, Name: i.Name, Connection: i.Connection, Owner: i.Owner, Objects: slices.Clone(i.Chosen)}
	for _, s := range i.Shares {
		d.Groups = append(d.Groups, s.Group)
	}
	return d
}

// share returns the share of a group.
func (i *Integration) share(group orglink.GroupID) (*Share, bool) {
	for n := range i.Shares {
		if i.Shares[n].Group == group {
			return &i.Shares[n], true
		}
	}
	return nil, false
}

// sees reports whether a group may know of the integration.
func (i *Integration) sees(group orglink.GroupID) bool {
	_, shared := i.share(group)
	return group != "" && (group == i.Owner || shared)
}

// newID returns 128 random bits in lower-case base32.
func newID() orglink.IntegrationID {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return orglink.IntegrationID(strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:])))
}

// now is the present to the microsecond, which every store keeps.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
