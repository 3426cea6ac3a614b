package connection

import (
	"context"
	"time"

	"github.com/orglink/orglink"
)

// Store keeps connections and the states of authorisations under way. It never
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
	// Verifier is sealed.
	Verifier []byte    `json:"verifier"`
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires"`
	// Used is when a callback came, zero before.
	Used time.Time `json:"used,omitzero"`
}
