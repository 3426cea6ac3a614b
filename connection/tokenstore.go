package connection

import (
	"context"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// TokenStore keeps grants. What it holds of a token is sealed. It must commit
// on its own, never inside a host's transaction: a rotated refresh token that
// is rolled back is lost. Package connectiontest holds the suite that an
// implementation must pass; [NewMemoryTokenStore] and [NewSQLTokenStore] are
// ready ones.
//
// Every method honours its context, compares identifiers byte for byte and
// shares no memory with its callers.
type TokenStore interface {
	// Load returns a grant, or ErrNotFound. It reads what was last
	// committed, never an older replica.
	Load(ctx context.Context, tenant orglink.TenantID, id GrantID) (Grant, error)
	// Grants returns a tenant's grants in the order of their ids.
	Grants(ctx context.Context, tenant orglink.TenantID) ([]Grant, error)
	// CompareAndSwap writes g if the stored version is still g.Version (0:
	// if there is none yet) and returns the new version, which is
	// g.Version+1; otherwise ErrConflict. A g.Fence below the stored one is
	// refused with ErrFenced. Nothing is written on an error.
	CompareAndSwap(ctx context.Context, g Grant) (version int64, err error)
	// Acquire takes the lease on a grant for ttl by the store's own clock,
	// or fails with ErrLeaseHeld. Each lease of a grant has a higher fence
	// than all before it. The grant need not exist.
	Acquire(ctx context.Context, tenant orglink.TenantID, id GrantID, owner string, ttl time.Duration) (Lease, error)
	// Release ends a lease early. A lease that is no longer held, by owner
	// and fence, is left as it is, without an error.
	Release(ctx context.Context, l Lease) error
	// Delete removes a grant and its lease; removing none is no error.
	Delete(ctx context.Context, tenant orglink.TenantID, id GrantID) error
	// Forget removes all grants of a tenant.
	Forget(ctx context.Context, tenant orglink.TenantID) error
}

// Lease is the right to refresh one grant for a while.
type Lease struct {
	Tenant orglink.TenantID
	Grant  GrantID
	Owner  string
	Fence  uint64
	// Until is when it ends, by the store's clock.
	Until time.Time
}

// Grant is the tokens of one (app, org, Salesforce user) for one tenant, as
// they are stored.
type Grant struct {
	Tenant orglink.TenantID `json:"tenant"`
	ID     GrantID          `json:"id"`
	// Version counts writes; see TokenStore.CompareAndSwap.
	Version int64 `json:"version"`
	// Connection is the one that lives by it.
	Connection orglink.ConnectionID `json:"connection"`
	// App is the Name of the App, ClientID its consumer key, Flow how it was
	// authorised, Org and User what it is bound to.
	App      string     `json:"app"`
	ClientID string     `json:"client_id"`
	Flow     Flow       `json:"flow,omitempty"`
	Org      sobject.ID `json:"org"`
	User     sobject.ID `json:"user"`
	// Access and Refresh are sealed, each together with the host it may be
	// sent to. Refresh is what the next access token is asked for with: the
	// refresh token, or the username of the JWT bearer flow. It may be empty:
	// then the grant ends with its session.
	Access  []byte `json:"access"`
	Refresh []byte `json:"refresh,omitempty"`
	// Generation counts the token answers that were stored.
	Generation int64 `json:"generation"`
	// Issued is when Salesforce issued Access.
	Issued time.Time `json:"issued"`
	// Intent is written before a refresh is sent and removed with its
	// answer. One that is found was left by a worker whose fate is unknown.
	Intent *Intent `json:"intent,omitempty"`
	// Fence is that of the lease under which the last intent was written.
	Fence uint64 `json:"fence"`
	// State, Detail and RetryAt tell whether and when a refresh may be tried.
	// Disconnected is final: the grant is being revoked and removed.
	State   State     `json:"state"`
	Detail  string    `json:"detail,omitempty"`
	RetryAt time.Time `json:"retry_at,omitzero"`
}

// Intent says that a refresh was about to be sent.
type Intent struct {
	At    time.Time `json:"at"`
	Owner string    `json:"owner"`
	// Attempt counts refreshes of this generation whose outcome is unknown,
	// this one included.
	Attempt int `json:"attempt"`
}

// clone copies what g points to.
func (g Grant) clone() Grant {
	g.Access = append([]byte(nil), g.Access...)
	g.Refresh = append([]byte(nil), g.Refresh...)
	if g.Intent != nil {
		i := *g.Intent
		g.Intent = &i
	}
	return g
}
