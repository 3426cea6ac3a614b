package usersynctest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/usersync"
)

// The tenants and org that the suites write to.
const (
	Tenant = orglink.TenantID("tenant-1")
	Other  = orglink.TenantID("tenant-2")
	org    = sobject.ID("00D000000000001AAA")
)

type check[S any] struct {
	name string
	run  func(ctx context.Context, s S) error
}

// TestPairStore runs the suite for pair stores, with an empty one for each
// check.
func TestPairStore(t *testing.T, open func(t *testing.T) usersync.PairStore) {
	t.Helper()
	test(t, pairChecks, open)
}

// PairStoreFailures runs the suite without a *testing.T and returns what
// failed, by the name of the check. It is how the suite itself is tested.
func PairStoreFailures(ctx context.Context, open func() usersync.PairStore) map[string]error {
	return failures(ctx, pairChecks, open)
}

// Directory is a directory under test and the means to prepare it.
type Directory struct {
	usersync.Directory
	// Add puts existing users into the directory.
	Add func(ctx context.Context, tenant orglink.TenantID, users ...usersync.HostUser) error
	// LimitSeats allows n more accounts; nil when the host has no limit, and
	// then the check is left out.
	LimitSeats func(ctx context.Context, tenant orglink.TenantID, n int) error
	// Ignores are the identities that the product does not keep.
	Ignores []usersync.Identity
}

// TestDirectory runs the suite for directories, with an empty one for each
// check.
func TestDirectory(t *testing.T, open func(t *testing.T) Directory) {
	t.Helper()
	test(t, directoryChecks, open)
}

// DirectoryFailures is PairStoreFailures for directories.
func DirectoryFailures(ctx context.Context, open func() Directory) map[string]error {
	return failures(ctx, directoryChecks, open)
}

// BenchmarkPairStore measures saving a pair and reading 200.
func BenchmarkPairStore(b *testing.B, open func(b *testing.B) usersync.PairStore) {
	s := open(b)
	ids := make([]sobject.ID, 200)
	for i := range ids {
		ids[i] = user(i)
		if err := s.Put(b.Context(), pair(i, i)); err != nil {
			b.Fatal(err)
		}
	}
	for n := len(ids); b.Loop(); n++ {
		if err := s.Put(b.Context(), pair(n, n)); err != nil {
			b.Fatal(err)
		}
		if _, err := s.BySalesforce(b.Context(), Tenant, org, ids); err != nil {
			b.Fatal(err)
		}
	}
}

func test[S any](t *testing.T, checks []check[S], open func(t *testing.T) S) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			if err := c.run(t.Context(), open(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

func failures[S any](ctx context.Context, checks []check[S], open func() S) map[string]error {
	out := make(map[string]error)
	for _, c := range checks {
		if err := c.run(ctx, open()); err != nil {
			out[c.name] = err
		}
	}
	return out
}

func user(n int) sobject.ID { return sobject.MustID(fmt.Sprintf("005A%011d", n)) }

func first(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// together runs n calls at once.
func together(n int, call func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = call(i) })
	}
	wg.Wait()
	return errs
}

func canceled(name string, err error) error {
	if !errors.Is(err, context.Canceled) {
		return wrong(err, "%s with an ended context", name)
	}
	return nil
}

// wrong is what a check found, and the error that came with it, if any.
func wrong(err error, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	return errors.New(text)
}
