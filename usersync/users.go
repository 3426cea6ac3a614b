package usersync

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// SalesforceUser is a user of an org as the org describes it.
type SalesforceUser struct {
	ID        sobject.ID
	Username  string
	Email     string
	Name      string
	FirstName string
	LastName  string
	// FederationID is the org's name for the user in single sign-on; often "".
	FederationID string
	Active       bool
	// Frozen users cannot log in although they are active. FrozenHidden tells
	// that the connected user may not know who is.
	Frozen, FrozenHidden bool
	// Modified is the user's SystemModstamp.
	Modified time.Time
	// Type is Salesforce's UserType, such as Standard or Guest.
	Type string
	// License is the name of the user's licence; "" when it is not visible.
	License string
}

// HostUser is a user of the host product.
type HostUser struct {
	ID           orglink.UserID
	Email        string
	Username     string
	FederationID string
	Name         string
	// Inactive accounts exist and let nobody in.
	Inactive bool
	// SalesforceUser tells that the account's person works in Salesforce: what
	// signin.User.SalesforceUser is read from.
	SalesforceUser bool
}

// Clients hands out the client of a connection; *connection.Manager does.
type Clients interface {
	Client(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (*salesforce.Client, error)
}

// Identity is what two users are recognised as one by.
type Identity string

// The identities that a Directory is asked about. E-mail addresses and user
// names are compared without regard to case, federation ids exactly.
const (
	ByFederationID Identity = "federation id"
	ByEmail        Identity = "e-mail"
	ByUsername     Identity = "user name"
	// ByID asks for accounts by their own id, compared byte for byte.
	ByID Identity = "id"
)

// ErrNoSeats is wrapped by Directory.Create, and by an Update that reactivates,
// when the tenant has no seat left.
var ErrNoSeats = errors.New("no seats left")

// NewUser is an account that is to be created for a Salesforce user.
type NewUser struct {
	Email, Username, FederationID string
	Name, FirstName, LastName     string
	// Org and Salesforce tell whose account it will be.
	Org        sobject.ID
	Salesforce sobject.ID
	// SalesforceUser is the account's flag to begin with.
	SalesforceUser bool
}

// Change is what has to change of an account. What is nil stays as it is.
type Change struct {
	Email          *string `json:",omitempty"`
	Username       *string `json:",omitempty"`
	FederationID   *string `json:",omitempty"`
	Name           *string `json:",omitempty"`
	FirstName      *string `json:",omitempty"`
	LastName       *string `json:",omitempty"`
	SalesforceUser *bool   `json:",omitempty"`
	// Reactivate lets the person in again. It may need a seat.
	Reactivate bool `json:",omitempty"`
}

// Seats is how many accounts a tenant has and may still create.
type Seats struct {
	// Used is how many are taken; 0 when the host does not count them.
	Used int
	// Limited is false when there is no limit; Left means nothing then.
	Limited bool
	Left    int
}

// Directory is the host's list of users. Implementations are safe for
// concurrent use and never answer about another tenant.
type Directory interface {
	// Find returns the users that have one of the values as the identity, in
	// any order, each once, inactive ones too. Values are not empty.
	Find(ctx context.Context, tenant orglink.TenantID, by Identity, values []string) ([]HostUser, error)
	// Create makes an active account, unless an earlier call with the same tenant
	// and key made it: then it returns that one, also when the calls run at
	// once. An error wraps ErrNoSeats when no seat is left.
	Create(ctx context.Context, tenant orglink.TenantID, key string, user NewUser) (HostUser, error)
	// Update changes an account; repeating a call changes nothing. What the
	// product does not keep, it ignores. An error wraps ErrNoUser when there is
	// no such account, and ErrNoSeats when it cannot be reactivated.
	Update(ctx context.Context, tenant orglink.TenantID, user orglink.UserID, c Change) error
	// Deactivate lets an account's person in no more and keeps all the rest.
	// Repeating it is no error; an error wraps ErrNoUser when there is no such
	// account.
	Deactivate(ctx context.Context, tenant orglink.TenantID, user orglink.UserID) error
	// List returns up to limit users with ids greater than after, in
	// ascending bytewise order of the id.
	List(ctx context.Context, tenant orglink.TenantID, after orglink.UserID, limit int) ([]HostUser, error)
	// Seats tells how many accounts may still be created.
	Seats(ctx context.Context, tenant orglink.TenantID) (Seats, error)
}

// Deleter is what a Directory has too when the host lets its accounts be
// deleted, which a Policy must ask for.
type Deleter interface {
	// Delete removes an account and forgets its key, so that Create makes a
	// new one. An account that is not there is no error.
	Delete(ctx context.Context, tenant orglink.TenantID, user orglink.UserID) error
}

// value returns what a Salesforce user has as an identity, in the form in
// which it is compared.
func (u SalesforceUser) value(by Identity) string {
	return identity(by, u.FederationID, u.Email, u.Username)
}

func (u HostUser) value(by Identity) string {
	if by == ByID {
		return string(u.ID)
	}
	return identity(by, u.FederationID, u.Email, u.Username)
}

func identity(by Identity, federationID, email, username string) string {
	switch by {
	case ByFederationID:
		return strings.TrimSpace(federationID)
	case ByEmail:
		return fold(email)
	case ByUsername:
		return fold(username)
	}
	return ""
}

func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
