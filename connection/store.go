package connection

import (
	"context"
	"time"

	"github.com/orglink/orglink"
)

// Store keeps connections, invitations and the states of authorisations under way. It never
// sees a token. Package connectiontest holds the suite that an implementation
// must pass; [NewMemoryStore] and [NewSQLStore] are ready ones.
//
// Every method honours its context, compares identifiers byte for byte and
// shares no memory with its callers.
type Store interface {
	// Connection returns one connection, or ErrNotFound.
	Connection(ctx context.Context, tenant orglink.TenantID, id orglink.ConnectionID) (Connection, error)
	// Connections returns a tenant's connections in the order of their ids.
	Connections(ctx context.Context, tenant orglink.TenantID) ([]Connection, error)
	// PutConnection writes c if the stored version is still c.Version (0:
	// if there is none yet) and returns the new version, which is
	// c.Version+1; otherwise ErrConflict and nothing is written.
	PutConnection(ctx context.Context, c Connection) (version int64, err error)

	// PutState writes a state whose hash must not exist yet (ErrConflict).
	PutState(ctx context.Context, s AuthState) error
	// TakeState marks a state as used and returns it as it was before: the
	// first caller gets Used zero, every later one the time of the first.
	// ErrNotFound if there is none.
	TakeState(ctx context.Context, hash string, now time.Time) (AuthState, error)
	// DeleteStates removes states that expired before a time and tells how
	// many they were.
	DeleteStates(ctx context.Context, before time.Time) (int, error)

	// Invitation returns one invitation, or ErrNotFound.
	Invitation(ctx context.Context, tenant orglink.TenantID, id InvitationID) (Invitation, error)
	// InvitationByHash returns the invitation of any tenant whose Hash it is,
	// or ErrNotFound.
	InvitationByHash(ctx context.Context, hash string) (Invitation, error)
	// Invitations returns a tenant's invitations in the order of their ids.
	Invitations(ctx context.Context, tenant orglink.TenantID) ([]Invitation, error)
	// PutInvitation writes i as PutConnection does. A Hash that another
	// invitation has is ErrConflict too.
	PutInvitation(ctx context.Context, i Invitation) (version int64, err error)

	// Forget removes everything of a tenant.
	Forget(ctx context.Context, tenant orglink.TenantID) error
}

// AuthState is one authorisation under way: who started it, for what, and the
// sealed PKCE verifier. Only a hash of the state parameter is kept.
type AuthState struct {
	// Hash is the SHA-256 of the state parameter in hexadecimal.
	Hash   string           `json:"hash"`
	Tenant orglink.TenantID `json:"tenant"`
	User   orglink.UserID   `json:"user"`
	Group  orglink.GroupID  `json:"group,omitempty"`
	// Session is a hash of the actor's session, "" where it had none.
	Session string `json:"session,omitempty"`
	Type    string `json:"type"`
	App     string `json:"app"`
	// LoginHost is where the browser was sent.
	LoginHost string `json:"login_host"`
	// Connection is the one to authorise again, or "".
	Connection orglink.ConnectionID `json:"connection,omitempty"`
	// AllowOtherOrg lets Connection move to another org.
	AllowOtherOrg bool `json:"allow_other_org,omitempty"`
	// Invitation is the one that is being accepted, "" for an actor's own
	// authorisation, and Confirms the grant that waits for the person's yes.
	Invitation InvitationID `json:"invitation,omitempty"`
	Confirms   GrantID      `json:"confirms,omitempty"`
	// Verifier is sealed.
	Verifier []byte    `json:"verifier"`
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires"`
	// Used is when a callback came, zero before.
	Used time.Time `json:"used,omitzero"`
}
