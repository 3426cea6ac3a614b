package usersync

import (
	"context"
	"errors"
	"strings"

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
	// Frozen users cannot log in although they are active.
	Frozen bool
	// Type is Salesforce's UserType, such as Standard or Guest.
	Type string
}

// HostUser is a user of the host product.
type HostUser struct {
	ID           orglink.UserID
	Email        string
	Username     string
	FederationID string
	Name         string
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
)

// ErrNoSeats is wrapped by Directory.Create when the tenant has no seat left.
var ErrNoSeats = errors.New("no seats left")

// NewUser is an account that is to be created for a Salesforce user.
type NewUser struct {
	Email, Username, FederationID string
	Name, FirstName, LastName     string
	// Org and Salesforce tell whose account it will be.
	Org        sobject.ID
	Salesforce sobject.ID
}

// Seats is how many accounts a tenant may still create.
type Seats struct {
	// Limited is false when there is no limit; Left means nothing then.
	Limited bool
	Left    int
}

// Directory is the host's list of users. Implementations are safe for
// concurrent use and never answer about another tenant.
type Directory interface {
	// Find returns the users that have one of the values as the identity, in
	// any order, each once. Values are not empty.
	Find(ctx context.Context, tenant orglink.TenantID, by Identity, values []string) ([]HostUser, error)
	// Create makes an account, unless an earlier call with the same tenant
	// and key made it: then it returns that one, also when the calls run at
	// once. An error wraps ErrNoSeats when no seat is left.
	Create(ctx context.Context, tenant orglink.TenantID, key string, user NewUser) (HostUser, error)
	// List returns up to limit users with ids greater than after, in
	// ascending bytewise order of the id.
	List(ctx context.Context, tenant orglink.TenantID, after orglink.UserID, limit int) ([]HostUser, error)
	// Seats tells how many accounts may still be created.
	Seats(ctx context.Context, tenant orglink.TenantID) (Seats, error)
}

// value returns what a Salesforce user has as an identity, in the form in
// which it is compared.
func (u SalesforceUser) value(by Identity) string {
	return identity(by, u.FederationID, u.Email, u.Username)
}

func (u HostUser) value(by Identity) string {
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
