package usersynctest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/usersync"
)

var positionChecks = []check[usersync.PositionStore]{
	{"a position is kept as it was set", positionKept},
	{"a stale worker commits nothing", positionFenced},
	{"positions of tenants and orgs are apart", positionsApart},
	{"an ended context ends the call", positionContext},
}

// TestPositionStore runs the suite for position stores, with an empty one for
// each check.
func TestPositionStore(t *testing.T, open func(t *testing.T) usersync.PositionStore) {
	t.Helper()
	test(t, positionChecks, open)
}

// PositionStoreFailures is PairStoreFailures for position stores.
func PositionStoreFailures(ctx context.Context, open func() usersync.PositionStore) map[string]error {
	return failures(ctx, positionChecks, open)
}

func position(n int) usersync.Position {
	at := time.Date(2026, 10, 25, 0, 30, n, 0, time.UTC)
	return usersync.Position{Done: at, FullAt: at.Add(time.Hour), Phase: "changed", From: at.Add(2 * time.Hour), Until: at.Add(3 * time.Hour),
		AfterAt: at.Add(4 * time.Hour), After: user(n), Retry: []sobject.ID{user(1), user(n)}}
}

func wantPosition(ctx context.Context, s usersync.PositionStore, fence uint64, want usersync.Position) error {
	got, err := s.OpenPosition(ctx, Tenant, org, fence)
	if err == nil && !reflect.DeepEqual(got, want) {
		err = fmt.Errorf("the position is %+v, want %+v", got, want)
	}
	return err
}

func positionKept(ctx context.Context, s usersync.PositionStore) error {
	return first(
		func() error { return wantPosition(ctx, s, 1, usersync.Position{}) },
		func() error { return s.SetPosition(ctx, Tenant, org, 1, position(5)) },
		func() error { return wantPosition(ctx, s, 1, position(5)) },
		func() error { return s.SetPosition(ctx, Tenant, org, 1, position(4)) },
		func() error { return wantPosition(ctx, s, 2, position(4)) },
		func() error { return s.SetPosition(ctx, Tenant, org, 2, usersync.Position{}) },
		func() error { return wantPosition(ctx, s, 2, usersync.Position{}) },
	)
}

func positionFenced(ctx context.Context, s usersync.PositionStore) error {
	if err := first(
		func() error { return wantPosition(ctx, s, 3, usersync.Position{}) },
		func() error { return s.SetPosition(ctx, Tenant, org, 3, position(1)) },
		func() error { return wantPosition(ctx, s, 4, position(1)) },
	); err != nil {
		return err
	}
	if err := s.SetPosition(ctx, Tenant, org, 3, position(2)); !errors.Is(err, usersync.ErrFenced) {
		return wrong(err, "a stale SetPosition: want ErrFenced")
	}
	if _, err := s.OpenPosition(ctx, Tenant, org, 3); !errors.Is(err, usersync.ErrFenced) {
		return wrong(err, "a stale OpenPosition: want ErrFenced")
	}
	return wantPosition(ctx, s, 4, position(1))
}

func positionsApart(ctx context.Context, s usersync.PositionStore) error {
	for _, at := range []struct {
		tenant orglink.TenantID
		org    sobject.ID
	}{{Other, org}, {Tenant, "00D000000000002AAA"}} {
		if _, err := s.OpenPosition(ctx, at.tenant, at.org, 9); err != nil {
			return err
		}
		if err := s.SetPosition(ctx, at.tenant, at.org, 9, position(9)); err != nil {
			return err
		}
	}
	return wantPosition(ctx, s, 1, usersync.Position{})
}

func positionContext(ctx context.Context, s usersync.PositionStore) error {
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err := s.OpenPosition(ended, Tenant, org, 1)
	return first(
		func() error { return canceled("OpenPosition", err) },
		func() error { return canceled("SetPosition", s.SetPosition(ended, Tenant, org, 1, position(1))) },
	)
}
