package exportertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/sync/exporter"
)

func takenOver(ctx context.Context, s Subject) error {
	if err := s.Add(ctx, change("a", "n", "1"), change("b", "n", "2"), change("c", "n", "3")); err != nil {
		return err
	}
	if _, err := claimed(ctx, s, 3, "dead", 2, "a", "b"); err != nil {
		return err
	}
	if err := s.Add(ctx, change("a", "n", "4")); err != nil {
		return err
	}
	wait, ok, err := s.Next(ctx, tenant, conn)
	if err != nil || !ok || wait != 0 {
		return wrong(err, "next, with entries in flight: %s, %t", wait, ok)
	}
	// The same fence is enough: a process may die and keep its lease.
	entries, err := claimed(ctx, s, 3, "next", 10, "a", "b", "c")
	if err != nil {
		return err
	}
	for i, e := range entries {
		if e.Unsure != (i < 2) {
			return fmt.Errorf("%s: unsure is %t", e.Key, e.Unsure)
		}
	}
	if err := sameRow(entries[0].Row, mapping.Row{"n": "1"}); err != nil {
		return fmt.Errorf("what was in flight is handed out as it was: %w", err)
	}
	if _, err := claimed(ctx, s, 3, "next", 10); err != nil {
		return fmt.Errorf("own entries are not handed out again: %w", err)
	}
	return settle(ctx, s, 3, "next", succeed(entries...)...)
}

func superseded(ctx context.Context, s Subject) error {
	if err := s.Add(ctx, change("a")); err != nil {
		return err
	}
	entries, err := claimed(ctx, s, 1, "dead", 1, "a")
	if err != nil {
		return err
	}
	if _, err := claimed(ctx, s, 1, "next", 1, "a"); err != nil {
		return err
	}
	return first(
		func() error { return wantFenced("settle", settle(ctx, s, 1, "dead", succeed(entries...)...)) },
		func() error { return counts(ctx, s, exporter.Counts{InFlight: 1}) },
		func() error { return settle(ctx, s, 1, "next", succeed(entries...)...) },
		func() error { return wantFenced("settle twice", settle(ctx, s, 1, "next", succeed(entries...)...)) },
	)
}

func lowerFence(ctx context.Context, s Subject) error {
	if err := s.Add(ctx, change("a"), change("b")); err != nil {
		return err
	}
	old, err := claimed(ctx, s, 5, "old", 1, "a")
	if err != nil {
		return err
	}
	entries, err := claimed(ctx, s, 7, "new", 2, "a", "b")
	if err != nil {
		return err
	}
	return first(
		func() error { _, err := claim(ctx, s, 6, "x", 1); return wantFenced("claim", err) },
		func() error { return wantFenced("settle", settle(ctx, s, 5, "old", succeed(old...)...)) },
		// Whoever owns the entry: a low fence is refused.
		func() error { return wantFenced("settle as owner", settle(ctx, s, 6, "new", succeed(entries...)...)) },
		func() error {
			fence, err := s.Fence(ctx, tenant, conn)
			if err == nil && fence != 7 {
				err = fmt.Errorf("the fence is %d, want 7", fence)
			}
			return err
		},
		func() error { return settle(ctx, s, 7, "new", succeed(entries...)...) },
		func() error { return counts(ctx, s, exporter.Counts{Succeeded: 2}) },
	)
}

func settleAll(ctx context.Context, s Subject) error {
	if err := s.Add(ctx, change("a"), change("b")); err != nil {
		return err
	}
	entries, err := claimed(ctx, s, 1, "o", 1, "a")
	if err != nil {
		return err
	}
	both := append(succeed(entries...), exporter.Settlement{ID: entries[0].ID + 1000, State: exporter.Succeeded})
	odd := exporter.Settlement{ID: entries[0].ID, State: exporter.InFlight}
	return first(
		func() error { return wantFenced("settle an unknown entry", settle(ctx, s, 1, "o", both...)) },
		func() error { return counts(ctx, s, exporter.Counts{Pending: 1, InFlight: 1}) },
		func() error {
			if err := settle(ctx, s, 1, "o", odd); err == nil {
				return errors.New("settled as in flight")
			}
			return nil
		},
		func() error { return settle(ctx, s, 1, "o", succeed(entries...)...) },
	)
}

func claimOnce(ctx context.Context, s Subject) error {
	const rows, workers = 40, 4
	for i := range rows {
		if err := s.Add(ctx, change(fmt.Sprint(i))); err != nil {
			return err
		}
	}
	// All claim as one owner, so that nothing counts as left behind.
	var mu sync.Mutex
	seen := make(map[int64]int)
	if err := together(workers, func(w int) error {
		for {
			entries, err := claim(ctx, s, 1, "shared", 3)
			if err != nil || len(entries) == 0 {
				return err
			}
			mu.Lock()
			for _, e := range entries {
				seen[e.ID]++
			}
			mu.Unlock()
		}
	}); err != nil {
		return err
	}
	for id, n := range seen {
		if n != 1 {
			return fmt.Errorf("entry %d was handed out %d times", id, n)
		}
	}
	if len(seen) != rows {
		return fmt.Errorf("%d of %d entries were handed out", len(seen), rows)
	}
	return nil
}

func addAtOnce(ctx context.Context, s Subject) error {
	const writers, changes = 4, 10
	final := mapping.Row{}
	done := make(chan error, 1)
	go func() {
		done <- together(writers, func(w int) error {
			for i := range changes {
				if err := s.Add(ctx, change("k", fmt.Sprintf("f%d-%d", w, i), "x")); err != nil {
					return err
				}
			}
			return nil
		})
	}()
	// A worker drains meanwhile; every field must pass by.
	var added error
	for finished := false; ; {
		entries, err := claim(ctx, s, 1, "o", 10)
		if err != nil {
			return errors.Join(err, <-done)
		}
		for _, e := range entries {
			for f, v := range e.Row {
				final[f] = v
			}
		}
		if err := settle(ctx, s, 1, "o", succeed(entries...)...); err != nil {
			return errors.Join(err, <-done)
		}
		if finished && len(entries) == 0 {
			break
		}
		select {
		case added = <-done:
			finished = true
			done <- nil
		case <-time.After(time.Millisecond):
		}
	}
	if added == nil && len(final) != writers*changes {
		return fmt.Errorf("%d of %d fields were handed out", len(final), writers*changes)
	}
	return added
}

func people(ctx context.Context, s Subject) error {
	long := orglink.UserID(strings.Repeat("ü", exporter.MaxKey/2))
	if err := s.Add(ctx, change("k", "n", "1"), by("it's ü", change("k", "n", "2")), by("other", change("k", "n", "3")), by(long, change("l"))); err != nil {
		return err
	}
	if err := s.Add(ctx, by(long+"xx", change("m"))); err == nil {
		return errors.New("a user that is too long was accepted")
	}
	e, err := one(ctx, s, exporter.Filter{Key: "k"})
	if err != nil || e.User != "it's ü" || e.As != (orglink.WriteAs{}) {
		return wrong(err, "waits for %q as %+v; want the first who is named", e.User, e.As)
	}
	if _, err := claimed(ctx, s, 1, "dead", 10, "k", "l"); err != nil {
		return err
	}
	entries, err := claimed(ctx, s, 1, "o", 10, "k", "l") // the joined user was stored
	if err != nil {
		return err
	}
	if entries[0].User != "it's ü" || entries[1].User != long {
		return fmt.Errorf("handed out for %q and %q", entries[0].User, entries[1].User)
	}
	as := orglink.WriteAs{Connection: "conn-ü", Owner: "005000000000001AAA", Reason: "it's \"her\" own: " + strings.Repeat("ü", 300)}
	settlements := succeed(entries...)
	settlements[0].As = as
	if err := settle(ctx, s, 1, "o", settlements...); err != nil {
		return err
	}
	for key, want := range map[string]orglink.WriteAs{"k": as, "l": {}} {
		if e, err := one(ctx, s, exporter.Filter{Key: key}); err != nil || e.As != want {
			return wrong(err, "%s is kept as written as %+v, want %+v", key, e.As, want)
		}
	}
	return nil
}
