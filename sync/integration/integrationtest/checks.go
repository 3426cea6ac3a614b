package integrationtest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/sync/integration"
)

func roundTrip(ctx context.Context, s integration.Store) error {
	full, empty := sample("full"), integration.Integration{Tenant: tenant, ID: "empty", Version: 1}
	for _, i := range []integration.Integration{full, empty} {
		if err := s.Create(ctx, i, note); err != nil {
			return err
		}
	}
	// Both again, so that a cache that answers with another row shows.
	for _, i := range []integration.Integration{full, empty, full} {
		if err := stored(ctx, s, i); err != nil {
			return err
		}
	}
	long := sample(strings.Repeat("x", 191))
	long.Name = strings.Repeat("ü", 40_000)
	if err := s.Create(ctx, long, note); err != nil {
		return fmt.Errorf("an id of 191 bytes and a long text: %w", err)
	}
	return stored(ctx, s, long)
}

func unknown(ctx context.Context, s integration.Store) error {
	_, err := s.Get(ctx, tenant, "nope")
	return errors.Join(
		wantErr("Get", err, integration.ErrNotFound),
		wantErr("Update", s.Update(ctx, sample("nope"), note), integration.ErrNotFound),
		wantErr("Delete", s.Delete(ctx, tenant, "nope", 1, note), integration.ErrNotFound),
	)
}

func takenOnce(ctx context.Context, s integration.Store) error {
	first := sample("a")
	if err := s.Create(ctx, first, note); err != nil {
		return err
	}
	second := sample("a")
	second.Name = "another"
	if err := wantErr("Create again", s.Create(ctx, second, note), integration.ErrExists); err != nil {
		return err
	}
	return stored(ctx, s, first)
}

func tenantsApart(ctx context.Context, s integration.Store) error {
	mine, theirs := sample("a"), sample("a")
	theirs.Tenant, theirs.Name = "tenant-2", "theirs"
	for _, i := range []integration.Integration{mine, theirs} {
		if err := s.Create(ctx, i, note); err != nil {
			return err
		}
	}
	list, err := s.List(ctx, tenant)
	if err != nil {
		return err
	}
	if len(list) != 1 || list[0].Name != mine.Name {
		return fmt.Errorf("the list of %s holds %d integrations, want its own one", tenant, len(list))
	}
	if err := s.Delete(ctx, "tenant-2", "a", 1, note); err != nil {
		return err
	}
	_, err = s.Get(ctx, "tenant-2", "a")
	return errors.Join(stored(ctx, s, mine), wantErr("Get of the deleted one", err, integration.ErrNotFound))
}

func idsAreBytes(ctx context.Context, s integration.Store) error {
	ids := []string{"Key", "KEY", "key", "key ", " key", "kéy", "ke\u0301y"}
	for n, id := range ids {
		i := sample(id)
		i.Name = fmt.Sprint(n)
		if err := s.Create(ctx, i, note); err != nil {
			return fmt.Errorf("id %q: %w", id, err)
		}
	}
	for n, id := range ids {
		got, err := s.Get(ctx, tenant, orglink.IntegrationID(id))
		if err != nil {
			return fmt.Errorf("id %q: %w", id, err)
		}
		if got.Name != fmt.Sprint(n) || string(got.ID) != id {
			return fmt.Errorf("id %q returned the integration of %q", id, got.ID)
		}
	}
	_, err := s.Get(ctx, "TENANT-1", "key")
	return wantErr("Get with a tenant in another case", err, integration.ErrNotFound)
}

func swaps(ctx context.Context, s integration.Store) error {
	i := sample("a")
	if err := s.Create(ctx, i, note); err != nil {
		return err
	}
	i.Name = "second"
	if err := s.Update(ctx, i, note); err != nil {
		return err
	}
	stale := i // still version 1
	stale.Name = "stale"
	i.Version = 2
	future := i
	future.Version = 7
	return errors.Join(
		stored(ctx, s, i),
		wantErr("Update of a stale version", s.Update(ctx, stale, note), integration.ErrConflict),
		wantErr("Update of a future version", s.Update(ctx, future, note), integration.ErrConflict),
		stored(ctx, s, i),
	)
}

func races(ctx context.Context, s integration.Store) error {
	i := sample("a")
	if err := s.Create(ctx, i, note); err != nil {
		return err
	}
	const rounds, writers = 3, 8
	for round := range rounds {
		won := 0
		for _, err := range concurrently(writers, func(n int) error {
			mine := i.Clone()
			mine.Version, mine.Name = int64(round+1), fmt.Sprint(n)
			return s.Update(ctx, mine, note)
		}) {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, integration.ErrConflict):
				return err
			}
		}
		if won != 1 {
			return fmt.Errorf("%d of %d writers of one version succeeded, want 1", won, writers)
		}
	}
	got, err := s.Get(ctx, tenant, "a")
	if err == nil && got.Version != rounds+1 {
		err = fmt.Errorf("the version is %d after %d updates, want %d", got.Version, rounds, rounds+1)
	}
	return err
}

func deletes(ctx context.Context, s integration.Store) error {
	i := sample("a")
	if err := s.Create(ctx, i, note); err != nil {
		return err
	}
	if err := s.Update(ctx, i, note); err != nil {
		return err
	}
	if err := wantErr("Delete of a stale version", s.Delete(ctx, tenant, "a", 1, note), integration.ErrConflict); err != nil {
		return err
	}
	if err := s.Delete(ctx, tenant, "a", 2, note); err != nil {
		return err
	}
	_, err := s.Get(ctx, tenant, "a")
	return wantErr("Get of the deleted one", err, integration.ErrNotFound)
}

func lists(ctx context.Context, s integration.Store) error {
	empty, err := s.List(ctx, tenant)
	if err != nil {
		return err
	}
	if len(empty) != 0 {
		return fmt.Errorf("an empty store lists %d integrations", len(empty))
	}
	want := []string{"B", "a", "b", "é"}
	for _, id := range []string{"b", "é", "a", "B"} {
		if err := s.Create(ctx, sample(id), note); err != nil {
			return err
		}
	}
	list, err := s.List(ctx, tenant)
	if err != nil {
		return err
	}
	var got []string
	for _, i := range list {
		got = append(got, string(i.ID))
		if err := same(i, sample(string(i.ID))); err != nil {
			return err
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		return fmt.Errorf("listed %q, want %q", got, want)
	}
	return nil
}

func aliases(ctx context.Context, s integration.Store) error {
	spoil := func(i integration.Integration) {
		i.Selections[0].Fields[0] = "spoiled"
		i.Shares[0].Objects[0].Fields[0] = "spoiled"
		i.Shares[0].Passive[0] = mapping.Selection{Object: "spoiled"}
		i.Chosen[0].Object = "spoiled"
	}
	given := sample("a")
	if err := s.Create(ctx, given, note); err != nil {
		return err
	}
	spoil(given)
	for range 2 {
		got, err := s.Get(ctx, tenant, "a")
		if err != nil {
			return err
		}
		if err := same(got, sample("a")); err != nil {
			return fmt.Errorf("what a caller changed is stored: %w", err)
		}
		spoil(got)
		list, err := s.List(ctx, tenant)
		if err != nil {
			return err
		}
		if err := same(list[0], sample("a")); err != nil {
			return fmt.Errorf("what a caller changed is listed: %w", err)
		}
		spoil(list[0])
	}
	update := sample("a")
	if err := s.Update(ctx, update, note); err != nil {
		return err
	}
	spoil(update)
	want := sample("a")
	want.Version = 2
	return stored(ctx, s, want)
}

func erases(ctx context.Context, s integration.Store) error {
	theirs := sample("a")
	theirs.Tenant = "tenant-2"
	for _, i := range []integration.Integration{sample("a"), sample("b"), theirs} {
		if err := s.Create(ctx, i, note); err != nil {
			return err
		}
	}
	if err := s.Erase(ctx, tenant); err != nil {
		return err
	}
	list, err := s.List(ctx, tenant)
	if err != nil {
		return err
	}
	if len(list) != 0 {
		return fmt.Errorf("%d integrations are left of the erased tenant", len(list))
	}
	return errors.Join(stored(ctx, s, theirs), s.Erase(ctx, "nobody"))
}

func endedContext(ctx context.Context, s integration.Store) error {
	if err := s.Create(ctx, sample("a"), note); err != nil {
		return err
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, get := s.Get(ended, tenant, "a")
	_, list := s.List(ended, tenant)
	return errors.Join(
		wantErr("Get", get, context.Canceled), wantErr("List", list, context.Canceled),
		wantErr("Create", s.Create(ended, sample("b"), note), context.Canceled),
		wantErr("Update", s.Update(ended, sample("a"), note), context.Canceled),
		wantErr("Delete", s.Delete(ended, tenant, "a", 1, note), context.Canceled),
		wantErr("Erase", s.Erase(ended, tenant), context.Canceled),
		stored(ctx, s, sample("a")),
	)
}
