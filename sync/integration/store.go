package integration

import (
	"context"
	"errors"
	"fmt"

	"github.com/orglink/orglink"
)

// Store keeps integrations. Implementations are safe for concurrent use,
// compare ids byte for byte, keep times to the microsecond, share no memory
// with their callers, and return an error that wraps the context's when it has
// ended. They never show one tenant's integrations to another.
type Store interface {
	// Create stores a new integration at Version 1. ErrExists when the id is
	// taken, also by one that was deleted.
	Create(ctx context.Context, i Integration, why TrailEntry) error
	// Get returns an integration, or ErrNotFound.
	Get(ctx context.Context, tenant orglink.TenantID, id orglink.IntegrationID) (Integration, error)
	// List returns the integrations of a tenant in bytewise order of their
	// ids.
	List(ctx context.Context, tenant orglink.TenantID) ([]Integration, error)
	// Update replaces an integration whose stored Version is i.Version, and
	// stores it with the next one. ErrConflict when the stored one differs,
	// ErrNotFound when there is none.
	Update(ctx context.Context, i Integration, why TrailEntry) error
	// Delete removes an integration under the same conditions.
	Delete(ctx context.Context, tenant orglink.TenantID, id orglink.IntegrationID, version int64, why TrailEntry) error
	// Trail returns up to limit entries of an integration with versions
	// greater than after, in their order, also of one that was deleted. Create,
	// Update and Delete store theirs with the change or not at all: with the
	// version that the change made, which for Delete is the next one.
	Trail(ctx context.Context, tenant orglink.TenantID, id orglink.IntegrationID, after int64, limit int) ([]TrailEntry, error)
	// Erase removes everything of a tenant.
	Erase(ctx context.Context, tenant orglink.TenantID) error
}

// maxID is how many bytes an id may have.
const maxID = 191

// check refuses what no store can keep as it is.
func check(i Integration) error {
	if i.Tenant == "" || i.ID == "" || len(i.Tenant) > maxID || len(i.ID) > maxID {
		return fmt.Errorf("tenant and id must have 1 to %d bytes", maxID)
	}
	if i.Version < 1 {
		return errors.New("the version must be at least 1")
	}
	return nil
}
