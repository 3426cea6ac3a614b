package integrationtest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/sync/integration"
)

// note is the trail entry of changes that are not about the trail.
var note = integration.TrailEntry{By: "ada", Group: "sales", At: time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC), Kind: "k", Message: "it's \"ü\" 🚀"}

// entry is note about one change.
func entry(id string, version int64, message string) integration.TrailEntry {
	e := note
	e.Integration, e.Version, e.Message = orglink.IntegrationID(id), version, message
	return e
}

func told(ctx context.Context, s integration.Store, of orglink.TenantID, id string, want ...integration.TrailEntry) error {
	got, err := s.Trail(ctx, of, orglink.IntegrationID(id), 0, 100)
	if err != nil {
		return err
	}
	if len(got) != len(want) {
		return fmt.Errorf("the trail of %s %s has %d entries, want %d: %+v", of, id, len(got), len(want), got)
	}
	for n := range want {
		if !got[n].At.Equal(want[n].At) {
			return fmt.Errorf("entry %d of the trail of %s is of %v, want %v", n, id, got[n].At, want[n].At)
		}
		got[n].At = want[n].At
		if got[n] != want[n] {
			return fmt.Errorf("entry %d of the trail of %s is %+v, want %+v", n, id, got[n], want[n])
		}
	}
	return nil
}

func trails(ctx context.Context, s integration.Store) error {
	say := func(message string) integration.TrailEntry {
		e := note
		e.Message = message
		return e
	}
	i, theirs := sample("a"), sample("a")
	theirs.Tenant = "tenant-2"
	second := i
	second.Version = 2
	err := errors.Join(s.Create(ctx, i, say("made")), s.Create(ctx, theirs, say("theirs")), s.Update(ctx, i, say("changed")),
		s.Update(ctx, second, say("again")), s.Delete(ctx, tenant, "a", 3, say("deleted")))
	if err != nil {
		return err
	}
	if err := wantErr("Create of a deleted id", s.Create(ctx, i, note), integration.ErrExists); err != nil {
		return err
	}
	if err := errors.Join(
		told(ctx, s, tenant, "a", entry("a", 1, "made"), entry("a", 2, "changed"), entry("a", 3, "again"), entry("a", 4, "deleted")),
		told(ctx, s, "tenant-2", "a", entry("a", 1, "theirs")),
		told(ctx, s, tenant, "A"),
	); err != nil {
		return err
	}
	page, err := s.Trail(ctx, tenant, "a", 1, 2)
	if err != nil {
		return err
	}
	if len(page) != 2 || page[0].Version != 2 || page[1].Version != 3 {
		return fmt.Errorf("two entries after version 1 are %+v", page)
	}
	if err := s.Erase(ctx, tenant); err != nil {
		return err
	}
	return errors.Join(told(ctx, s, tenant, "a"), told(ctx, s, "tenant-2", "a", entry("a", 1, "theirs")))
}

func refusedLeavesNone(ctx context.Context, s integration.Store) error {
	i := sample("a")
	if err := s.Create(ctx, i, note); err != nil {
		return err
	}
	stale := i
	stale.Version = 7
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if s.Create(ctx, i, note) == nil || s.Update(ctx, stale, note) == nil || s.Delete(ctx, tenant, "a", 7, note) == nil || s.Update(ended, i, note) == nil {
		return errors.New("a change that had to be refused was made")
	}
	want := note
	want.Integration, want.Version = "a", 1
	return told(ctx, s, tenant, "a", want)
}
