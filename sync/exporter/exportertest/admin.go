package exportertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/sync/exporter"
)

func apart(ctx context.Context, s Subject) error {
	mine, theirs, other := change("k", "n", "mine"), change("k", "n", "theirs"), change("k", "n", "other")
	theirs.Tenant, other.Connection = "tenant-2", "conn-2"
	if err := s.Add(ctx, theirs, other, mine); err != nil {
		return err
	}
	entries, err := claimed(ctx, s, 9, "o", 10, "k")
	if err != nil {
		return err
	}
	if err := sameRow(entries[0].Row, mapping.Row{"n": "mine"}); err != nil {
		return err
	}
	for _, c := range []exporter.Change{theirs, other} {
		by := exporter.Claimant{Fence: 1, Owner: "o"} // lower than the other's
		if err := wantFenced("settle another's entry", s.Settle(ctx, c.Tenant, c.Connection, by, succeed(entries...))); err != nil {
			return err
		}
		if n, err := s.Discard(ctx, c.Tenant, c.Connection, entries[0].ID); err != nil || n != 0 {
			return wrong(err, "discarded %d of another's", n)
		}
		got, err := s.Counts(ctx, c.Tenant, c.Connection)
		if err != nil || got != (exporter.Counts{Pending: 1}) {
			return wrong(err, "another's counts: %+v", got)
		}
		all, err := s.List(ctx, c.Tenant, c.Connection, exporter.Filter{})
		if err != nil || len(all) != 1 || all[0].Row["n"] != c.Row["n"] {
			return wrong(err, "another's list: %+v", all)
		}
	}
	if err := settle(ctx, s, 9, "o", exporter.Settlement{ID: entries[0].ID, State: exporter.Rejected}); err != nil {
		return err
	}
	if done, err := s.Edit(ctx, theirs.Tenant, conn, entries[0].ID, mapping.Row{}); err != nil || done {
		return wrong(err, "edited another's: %t", done)
	}
	if n, err := s.Retry(ctx, theirs.Tenant, conn, entries[0].ID); err != nil || n != 0 {
		return wrong(err, "retried %d of another's", n)
	}
	if err := s.Erase(ctx, tenant); err != nil {
		return err
	}
	if err := counts(ctx, s, exporter.Counts{}); err != nil {
		return err
	}
	got, err := s.Counts(ctx, theirs.Tenant, conn)
	if err == nil && got.Pending != 1 {
		err = fmt.Errorf("erasing one tenant left another %+v", got)
	}
	return err
}

func pages(ctx context.Context, s Subject) error {
	var want []string
	for i := range 7 {
		key := fmt.Sprint(6 - i)
		want = append(want, key)
		if err := s.Add(ctx, change(key, "n", "1")); err != nil {
			return err
		}
	}
	for i := range 7 { // a second change of each row, far from the first
		if err := s.Add(ctx, change(fmt.Sprint(i), "m", "2")); err != nil {
			return err
		}
	}
	var got []string
	for after := int64(0); ; {
		page, err := list(ctx, s, exporter.Filter{After: after, Limit: 2})
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		if len(page) > 2 || len(got) > 14 {
			return fmt.Errorf("a page of %d, %d so far", len(page), len(got))
		}
		for _, e := range page {
			got = append(got, e.Key)
			if err := sameRow(e.Row, mapping.Row{"n": "1", "m": "2"}); err != nil {
				return err
			}
		}
		after = page[len(page)-1].ID
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("listed %q, want %q", got, want)
	}
	none, err := list(ctx, s, exporter.Filter{Object: "people"})
	if err == nil && len(none) != 0 {
		err = fmt.Errorf("the filter let %d through", len(none))
	}
	return err
}

// reject adds a change and settles it as rejected.
func reject(ctx context.Context, s Subject, key string) (exporter.Entry, error) {
	if err := s.Add(ctx, change(key, "n", "1")); err != nil {
		return exporter.Entry{}, err
	}
	entries, err := claimed(ctx, s, 1, "o", 10, key)
	if err != nil {
		return exporter.Entry{}, err
	}
	return entries[0], settle(ctx, s, 1, "o", exporter.Settlement{ID: entries[0].ID, State: exporter.Rejected, Reason: &exporter.Reason{Code: "X"}})
}

func retries(ctx context.Context, s Subject) error {
	a, err := reject(ctx, s, "a")
	if err != nil {
		return err
	}
	b, err := reject(ctx, s, "b")
	if err != nil {
		return err
	}
	if n, err := s.Retry(ctx, tenant, conn, a.ID, a.ID+1000); err != nil || n != 1 {
		return wrong(err, "retried %d", n)
	}
	if n, err := s.Retry(ctx, tenant, conn, a.ID); err != nil || n != 0 {
		return wrong(err, "a pending entry was retried: %d", n)
	}
	entries, err := claimed(ctx, s, 1, "o", 10, "a")
	if err != nil {
		return err
	}
	if entries[0].Attempts != 1 || entries[0].ID != a.ID {
		return fmt.Errorf("retried as %+v", entries[0])
	}
	if err := sameRow(entries[0].Row, mapping.Row{"n": "1"}); err != nil {
		return err
	}
	e, err := one(ctx, s, exporter.Filter{State: exporter.Rejected})
	if err == nil && e.ID != b.ID {
		err = fmt.Errorf("the other rejected entry is %d, want %d", e.ID, b.ID)
	}
	return err
}

func edits(ctx context.Context, s Subject) error {
	a, err := reject(ctx, s, "a")
	if err != nil {
		return err
	}
	row := mapping.Row{"n": "it's 2", "big": int64(9007199254740993)}
	if done, err := s.Edit(ctx, tenant, conn, a.ID, mapping.Row{"n": struct{}{}}); err == nil || done {
		return wrong(err, "a value that cannot be kept was accepted")
	}
	if done, err := s.Edit(ctx, tenant, conn, a.ID+1000, row); err != nil || done {
		return wrong(err, "edited an entry that is not there: %t", done)
	}
	if done, err := s.Edit(ctx, tenant, conn, a.ID, row); err != nil || !done {
		return wrong(err, "edited: %t", done)
	}
	if done, err := s.Edit(ctx, tenant, conn, a.ID, mapping.Row{}); err != nil || done {
		return wrong(err, "a pending entry was edited: %t", done)
	}
	row["n"] = "changed"
	entries, err := claimed(ctx, s, 1, "o", 10, "a")
	if err != nil {
		return err
	}
	if e := entries[0]; e.Attempts != 1 || e.ID != a.ID || e.Op != a.Op {
		return fmt.Errorf("edited and handed out as %+v", e)
	}
	if done, err := s.Edit(ctx, tenant, conn, a.ID, mapping.Row{}); err != nil || done {
		return wrong(err, "an entry in flight was edited: %t", done)
	}
	return sameRow(entries[0].Row, mapping.Row{"n": "it's 2", "big": int64(9007199254740993)})
}

func reasons(ctx context.Context, s Subject) error {
	codes := []string{"A_B", "AxB", "a_b", `A"B`, "A_B_C", "Ü"}
	for _, code := range codes {
		if err := s.Add(ctx, change(code, "n", "1")); err != nil {
			return err
		}
		entries, err := claimed(ctx, s, 1, "o", 10, code)
		if err != nil {
			return err
		}
		if err := settle(ctx, s, 1, "o", exporter.Settlement{ID: entries[0].ID, State: exporter.Rejected, Reason: &exporter.Reason{Code: code, Message: "A_B"}}); err != nil {
			return err
		}
	}
	if err := s.Add(ctx, change("fresh")); err != nil {
		return err
	}
	for _, code := range codes {
		for _, state := range []exporter.State{"", exporter.Rejected} {
			e, err := one(ctx, s, exporter.Filter{State: state, Code: code})
			if err != nil || e.Key != code {
				return wrong(err, "by the code %q: %q", code, e.Key)
			}
		}
		parked, err := list(ctx, s, exporter.Filter{State: exporter.Parked, Code: code})
		if err != nil || len(parked) > 0 {
			return wrong(err, "parked by the code %q: %d", code, len(parked))
		}
	}
	return nil
}

func discards(ctx context.Context, s Subject) error {
	a, err := reject(ctx, s, "a")
	if err != nil {
		return err
	}
	if err := s.Add(ctx, change("flying")); err != nil {
		return err
	}
	flying, err := claimed(ctx, s, 1, "o", 10, "flying")
	if err != nil {
		return err
	}
	if err := s.Add(ctx, change("b", "n", "1"), change("b", "m", "2"), change("c")); err != nil {
		return err
	}
	b, err := one(ctx, s, exporter.Filter{Key: "b"})
	if err != nil {
		return err
	}
	if n, err := s.Discard(ctx, tenant, conn, a.ID, b.ID, flying[0].ID, b.ID+1000); err != nil || n != 2 {
		return wrong(err, "discarded %d; want 2", n)
	}
	return counts(ctx, s, exporter.Counts{Pending: 1, InFlight: 1})
}

func purges(ctx context.Context, s Subject) error {
	if _, err := reject(ctx, s, "bad"); err != nil {
		return err
	}
	if err := s.Add(ctx, change("good"), change("late")); err != nil {
		return err
	}
	entries, err := claimed(ctx, s, 1, "o", 1, "good")
	if err != nil {
		return err
	}
	if err := settle(ctx, s, 1, "o", succeed(entries...)...); err != nil {
		return err
	}
	if n, err := s.Purge(ctx, tenant, conn, time.Hour); err != nil || n != 0 {
		return wrong(err, "purged %d that are younger than an hour", n)
	}
	if n, err := s.Purge(ctx, tenant, conn, -time.Hour); err != nil || n != 1 {
		return wrong(err, "purged %d; want 1", n)
	}
	return counts(ctx, s, exporter.Counts{Pending: 1, Rejected: 1})
}

func aliases(ctx context.Context, s Subject) error {
	c := change("k", "tags", []string{"a"}, "n", "1")
	if err := s.Add(ctx, c); err != nil {
		return err
	}
	c.Row["n"] = "changed"
	c.Row["tags"].([]string)[0] = "changed"
	want := mapping.Row{"tags": []string{"a"}, "n": "1"}
	for range 2 {
		e, err := one(ctx, s, exporter.Filter{})
		if err != nil {
			return err
		}
		if err := sameRow(e.Row, want); err != nil {
			return err
		}
		e.Row["n"] = "changed"
		if tags, ok := e.Row["tags"].([]string); ok {
			tags[0] = "changed"
		}
	}
	entries, err := claimed(ctx, s, 1, "o", 1, "k")
	if err != nil {
		return err
	}
	if err := sameRow(entries[0].Row, want); err != nil {
		return err
	}
	reason := &exporter.Reason{Code: "X", Fields: []string{"Name"}}
	if err := settle(ctx, s, 1, "o", exporter.Settlement{ID: entries[0].ID, State: exporter.Rejected, Reason: reason}); err != nil {
		return err
	}
	reason.Fields[0], reason.Code = "changed", "changed"
	e, err := one(ctx, s, exporter.Filter{})
	if err == nil && (e.Reason == nil || e.Reason.Code != "X" || e.Reason.Fields[0] != "Name") {
		err = fmt.Errorf("the reason became %+v", e.Reason)
	}
	return err
}

func endedContext(ctx context.Context, s Subject) error {
	if err := s.Add(ctx, change("k")); err != nil {
		return err
	}
	entries, err := claimed(ctx, s, 1, "o", 1, "k")
	if err != nil {
		return err
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	calls := map[string]func() error{
		"Add":    func() error { return s.Add(ended, change("l")) },
		"Claim":  func() error { _, err := claim(ended, s, 1, "o", 1); return err },
		"Settle": func() error { return settle(ended, s, 1, "o", succeed(entries...)...) },
		"Next":   func() error { _, _, err := s.Next(ended, tenant, conn); return err },
		"Fence":  func() error { _, err := s.Fence(ended, tenant, conn); return err },
		"Counts": func() error { _, err := s.Counts(ended, tenant, conn); return err },
		"List":   func() error { _, err := list(ended, s, exporter.Filter{}); return err },
		"Retry":  func() error { _, err := s.Retry(ended, tenant, conn, 1); return err },
		"Edit":   func() error { _, err := s.Edit(ended, tenant, conn, 1, nil); return err },
		"Discard": func() error {
			_, err := s.Discard(ended, tenant, conn, 1)
			return err
		},
		"Purge": func() error { _, err := s.Purge(ended, tenant, conn, 0); return err },
		"Erase": func() error { return s.Erase(ended, tenant) },
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, context.Canceled) {
			return wrong(err, "%s with an ended context", name)
		}
	}
	return counts(ctx, s, exporter.Counts{InFlight: 1})
}
