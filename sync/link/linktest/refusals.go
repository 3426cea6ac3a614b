package linktest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/link"
)

// RefusalStore is a store that keeps refusals too, and erases both together.
type RefusalStore interface {
	link.Store
	link.Refusals
}

// TestRefusals checks refusals, with an empty store.
func TestRefusals(t *testing.T, open func(t *testing.T) RefusalStore) {
	t.Helper()
	if err := RefusalFailure(t.Context(), open(t)); err != nil {
		t.Error(err)
	}
}

// RefusalFailure is TestRefusals without a *testing.T. It returns what failed.
func RefusalFailure(ctx context.Context, s RefusalStore) error {
	others := []struct {
		tenant orglink.TenantID
		conn   orglink.ConnectionID
		object string
	}{{"tenant-2", conn, object}, {tenant, "conn-2", object}, {tenant, conn, "Lead"}, {"Tenant-1", conn, object}}
	for _, o := range others {
		if err := s.Refuse(ctx, o.tenant, o.conn, o.object, id(1), "theirs"); err != nil {
			return fmt.Errorf("refuse: %w", err)
		}
	}
	for _, key := range []string{"b", "a", "A", "a", "it's % _ ü"} {
		if err := s.Refuse(ctx, tenant, conn, object, id(1), key); err != nil {
			return fmt.Errorf("refuse %q: %w", key, err)
		}
	}
	if err := s.Refuse(ctx, tenant, conn, object, id(2), "c"); err != nil {
		return fmt.Errorf("refuse: %w", err)
	}
	if err := s.Refuse(ctx, tenant, conn, object, id(3), ""); err == nil {
		return errors.New("an empty key was refused: want an error")
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.Refuse(ended, tenant, conn, object, id(2), "late"); !errors.Is(err, context.Canceled) {
		return fmt.Errorf("refuse with an ended context: %w", err)
	}
	// More records than a statement takes.
	ids := []sobject.ID{id(1), id(2)}
	for n := 10; n < 700; n++ {
		ids = append(ids, id(n))
	}
	got, err := s.Refused(ctx, tenant, conn, object, ids)
	if err != nil {
		return fmt.Errorf("read refusals: %w", err)
	}
	first := slices.Sorted(slices.Values(got[id(1)]))
	if len(got) != 2 || !slices.Equal(first, []string{"A", "a", "b", "it's % _ ü"}) || !slices.Equal(got[id(2)], []string{"c"}) {
		return fmt.Errorf("refusals are %q", got)
	}
	if err := s.Erase(ctx, tenant); err != nil {
		return fmt.Errorf("erase: %w", err)
	}
	if got, err = s.Refused(ctx, tenant, conn, object, ids); err != nil || len(got) != 0 {
		return fmt.Errorf("refusals of an erased tenant: %q, %w", got, err)
	}
	if got, err = s.Refused(ctx, "tenant-2", conn, object, ids); err != nil || len(got) != 1 {
		return fmt.Errorf("refusals of another tenant: %q, %w", got, err)
	}
	return nil
}
