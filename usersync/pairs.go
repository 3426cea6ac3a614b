package usersync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// ErrPaired is wrapped when one side of a pair belongs to another pair.
var ErrPaired = errors.New("already paired with somebody else")

// maxID is the longest id, in bytes, that a pair may hold.
const maxID = 191

// Pair is a Salesforce user and the host user who is the same person. Within
// a tenant and an org each of them has at most one partner.
type Pair struct {
	Tenant orglink.TenantID
	// Org is the org's id (00D...), because a user id means nothing without.
	Org        sobject.ID
	Salesforce sobject.ID
	User       orglink.UserID
	// How says what made the pair: a match rule, "created", or who did it.
	How string
	// At is when, in whole microseconds.
	At time.Time
	// Seen is what the org said of the user when it was last followed.
	Seen Seen
}

// Seen is the base that changes in the org, and in the product, are told by.
// The zero Seen is of a pair that was never followed.
type Seen struct {
	Username     string `json:"username,omitempty"`
	Email        string `json:"email,omitempty"`
	FederationID string `json:"federation_id,omitempty"`
	Name         string `json:"name,omitempty"`
	FirstName    string `json:"first_name,omitempty"`
	LastName     string `json:"last_name,omitempty"`
	Frozen       bool   `json:"frozen,omitempty"`
	// Left is how far the account's deactivation is that followed the user's.
	Left Left `json:"left,omitempty"`
}

// Left is how far a deactivation is that usersync made. Only such accounts are
// reactivated.
type Left string

// The stages; "" is none.
const (
	LeftBegun Left = "begun"
	LeftDone  Left = "done"
)

// PairStore keeps pairs. Implementations are safe for concurrent use, return
// an error that wraps the context's when it has ended, and never show one
// tenant's pairs to another. Ids are compared byte for byte. What they return
// may be changed by the caller.
type PairStore interface {
	// Put saves a pair. Putting the same two users again changes nothing and
	// is no error; an error wraps ErrPaired when one of them has another
	// partner. Of several calls at once for one user only one wins.
	Put(ctx context.Context, p Pair) error
	// Note keeps p.Seen when p.Salesforce and p.User are paired with each
	// other, and changes nothing otherwise.
	Note(ctx context.Context, p Pair) error
	// BySalesforce returns the pairs of the Salesforce users that have one.
	BySalesforce(ctx context.Context, tenant orglink.TenantID, org sobject.ID, ids []sobject.ID) (map[sobject.ID]Pair, error)
	// ByUsers returns the pairs of the host users that have one.
	ByUsers(ctx context.Context, tenant orglink.TenantID, org sobject.ID, ids []orglink.UserID) (map[orglink.UserID]Pair, error)
	// Remove dissolves the pair of a Salesforce user; none is no error.
	Remove(ctx context.Context, tenant orglink.TenantID, org sobject.ID, id sobject.ID) error
	// List returns up to limit pairs with Salesforce ids greater than after,
	// in ascending bytewise order of that id.
	List(ctx context.Context, tenant orglink.TenantID, org sobject.ID, after sobject.ID, limit int) ([]Pair, error)
	// Erase removes everything of a tenant.
	Erase(ctx context.Context, tenant orglink.TenantID) error
}

// check refuses a pair that no store could keep as it is.
func (p Pair) check() error {
	for name, v := range map[string]string{"tenant": string(p.Tenant), "org": string(p.Org), "Salesforce user": string(p.Salesforce), "host user": string(p.User)} {
		if v == "" || len(v) > maxID {
			return fmt.Errorf("usersync: pair: the %s %.40q has %d bytes; it needs 1 to %d", name, v, len(v), maxID)
		}
	}
	if len(p.How) > maxID {
		return fmt.Errorf("usersync: pair: How has %d bytes, at most %d are kept", len(p.How), maxID)
	}
	return nil
}

func paired(want, have Pair) error {
	return fmt.Errorf("usersync: pair Salesforce user %s with user %q: %s is paired with %q; remove that pair first: %w",
		want.Salesforce, want.User, have.Salesforce, have.User, ErrPaired)
}
