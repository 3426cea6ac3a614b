package integration_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/sync/integration"
)

// streams plays what was imported.
type streams struct {
	purged []string
	fail   map[string]error
	synced []string
}

func (s *streams) Purge(_ context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string) error {
	if err := s.fail[object]; err != nil {
		return err
	}
	s.purged = append(s.purged, string(tenant)+"/"+string(conn)+"/"+object)
	return nil
}

func (s *streams) sync(_ context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, objects []string) error {
	s.synced = append(s.synced, string(tenant)+"/"+string(conn)+"/"+strings.Join(objects, "+"))
	return nil
}

func newImported(t *testing.T) (*host, *streams) {
	t.Helper()
	h, s := newHost(t), &streams{fail: map[string]error{}}
	var err error
	h.service, err = integration.New(integration.Config{Store: h.store, Connections: h, Groups: groups, Events: h, Streams: s, Sync: s.sync})
	if err != nil {
		t.Fatal(err)
	}
	return h, s
}

func TestDeletePurgesWhatNobodyElseReads(t *testing.T) {
	h, s := newImported(t)
	ctx := t.Context()
	first := h.save(t, draft())
	other := draft()
	other.Name, other.Objects = "Accounts", other.Objects[:1]
	second := h.save(t, other)
	if _, err := h.service.Pause(ctx, boss, second.ID); err != nil { // a paused one counts
		t.Fatal(err)
	}
	uses, err := h.service.Uses(ctx, boss, first.ID)
	if diff := cmp.Diff([]integration.ObjectUse{{Object: "Account", Others: 1}, {Object: "Contact"}}, uses); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if _, err := h.service.Uses(ctx, clerk, first.ID); !errors.Is(err, integration.ErrForbidden) {
		t.Errorf("a clerk counts users: %v", err)
	}
	if err := h.service.Delete(ctx, boss, first.ID, "all"); err == nil {
		t.Error("a choice that is none was taken")
	}
	if err := h.service.Delete(ctx, boss, first.ID, integration.Purge); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.purged, []string{"acme/c-1/Contact"}) {
		t.Errorf("purged %v", s.purged)
	}
	broken := errors.New("disk full")
	s.fail["Account"] = broken
	err = h.service.Delete(ctx, boss, second.ID, integration.Purge)
	var left *integration.PurgeError
	if !errors.As(err, &left) || !errors.Is(err, broken) || !slices.Equal(left.Objects, []string{"Account"}) || left.Connection != "c-1" {
		t.Errorf("%v", err)
	}
	if _, err := h.service.Get(ctx, boss, second.ID); !errors.Is(err, integration.ErrNotFound) {
		t.Errorf("it is still there: %v", err)
	}
}

func TestDeleteKeeps(t *testing.T) {
	h, s := newImported(t)
	i := h.save(t, draft())
	if err := h.service.Delete(t.Context(), boss, i.ID, integration.Keep); err != nil || len(s.purged) != 0 {
		t.Errorf("%v, purged %v", err, s.purged)
	}
	bare := newHost(t)
	i = bare.save(t, draft())
	if err := bare.service.Delete(t.Context(), boss, i.ID, integration.Purge); err == nil {
		t.Error("a purge without Streams")
	}
	if _, err := bare.service.Get(t.Context(), boss, i.ID); err != nil {
		t.Errorf("it was deleted all the same: %v", err)
	}
}

func TestSyncNow(t *testing.T) {
	h, s := newImported(t)
	ctx := t.Context()
	i := h.save(t, draft())
	if err := h.service.SyncNow(ctx, boss, i.ID); err != nil || !slices.Equal(s.synced, []string{"acme/c-1/Account+Contact"}) {
		t.Errorf("%v, %v", err, s.synced)
	}
	for _, actor := range []orglink.Actor{clerk, receiver, lawyer, rival} {
		if err := h.service.SyncNow(ctx, actor, i.ID); err == nil {
			t.Errorf("%s of %s may sync", actor.User, actor.Group)
		}
	}
	if _, err := h.service.Pause(ctx, boss, i.ID); err != nil {
		t.Fatal(err)
	}
	if err := h.service.SyncNow(ctx, boss, i.ID); !errors.Is(err, integration.ErrPaused) || len(s.synced) != 1 {
		t.Errorf("a paused one: %v", err)
	}
	bare := newHost(t)
	if err := bare.service.SyncNow(ctx, boss, bare.save(t, draft()).ID); err == nil {
		t.Error("a sync that nobody does")
	}
}

func TestTrailTellsWhoDidWhat(t *testing.T) {
	h, _ := newImported(t)
	ctx := t.Context()
	i := h.save(t, draft())
	d := i.Draft()
	d.Name, d.Objects, d.Groups = "Kunden", d.Objects[:1], []orglink.GroupID{"support"}
	if _, err := h.service.Edit(ctx, boss, i.ID, d); err != nil {
		t.Fatal(err)
	}
	if _, err := h.service.SetPassive(ctx, receiver, i.ID, []mapping.Selection{{Object: "Account", Fields: []string{"Phone"}}}); err != nil {
		t.Fatal(err)
	}
	if err := h.service.Unshare(ctx, receiver, i.ID, "support"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.service.Pause(ctx, boss, i.ID); err != nil {
		t.Fatal(err)
	}
	read := func() (out []string) {
		t.Helper()
		list, err := h.service.Trail(ctx, boss, i.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if e.At.IsZero() || e.Integration != i.ID {
				t.Errorf("%+v", e)
			}
			out = append(out, string(e.By)+": "+e.Message)
		}
		return out
	}
	want := []string{
		"boss: Integration Customers was saved.",
		"boss: Integration Customers was changed: renamed to Kunden; removed Contact; shared with support.",
		"rita: Group support turned off of integration Kunden: Account.Phone.",
		"rita: Integration Kunden is no longer shared with group support.",
		"boss: Integration Kunden is paused now.",
	}
	if diff := cmp.Diff(want, read()); diff != "" {
		t.Error(diff)
	}
	for actor, want := range map[orglink.Actor]error{clerk: integration.ErrForbidden, receiver: integration.ErrNotFound, rival: integration.ErrNotFound} {
		if _, err := h.service.Trail(ctx, actor, i.ID, 0); !errors.Is(err, want) {
			t.Errorf("%s of %s: %v", actor.User, actor.Group, err)
		}
	}
	if err := h.service.Delete(ctx, boss, i.ID, integration.Keep); err != nil {
		t.Fatal(err)
	}
	if got := read(); len(got) != 6 || !strings.Contains(got[5], "was deleted") {
		t.Errorf("after the deletion: %q", got)
	}
	for _, actor := range []orglink.Actor{receiver, lawyer, rival} {
		if _, err := h.service.Trail(ctx, actor, i.ID, 0); !errors.Is(err, integration.ErrNotFound) {
			t.Errorf("%s of %s reads the trail of what was deleted: %v", actor.User, actor.Group, err)
		}
	}
}
