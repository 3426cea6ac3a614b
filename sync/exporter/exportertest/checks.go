package exportertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/sync/exporter"
)

var checks = []check{
	{"a change is handed out as it was added", handedOut},
	{"changes come in order, up to the limit", inOrder},
	{"waiting changes lose no field", folded},
	{"a deletion is not joined with what follows", deletions},
	{"a row in flight has a successor", successor},
	{"a rejected change is carried along", carried},
	{"a failed change is joined with its successor", failedJoins},
	{"outcomes and reasons are kept", outcomes},
	{"who caused and who wrote a change is kept", people},
	{"a wait is waited for", waits},
	{"unsure stays unsure", unsure},
	{"a dead worker's entries are taken over", takenOver},
	{"a taken-over worker settles nothing", superseded},
	{"a lower fence does nothing", lowerFence},
	{"settling is all or nothing", settleAll},
	{"at once, no entry is handed out twice", claimOnce},
	{"at once, no change is lost", addAtOnce},
	{"tenants and connections are apart", apart},
	{"keys are bytes", keysAreBytes},
	{"limits are refused, not cut", limits},
	{"lists are pages in order", pages},
	{"rejected and parked entries are retried", retries},
	{"entries are edited and tried again", edits},
	{"entries are found by reason", reasons},
	{"entries are discarded", discards},
	{"old successes are purged", purges},
	{"what is returned is the caller's", aliases},
	{"an ended context ends the call", endedContext},
}

func handedOut(ctx context.Context, s Subject) error {
	row := mapping.Row{"name": "it's \"A\" % ü 🚀\n", "blank": nil, "big": int64(9007199254740993), "yes": true, "tags": []string{"a", "b"}, "null byte": "a\x00b"}
	c := exporter.Change{Tenant: tenant, Connection: conn, Object: object, Key: "k'1", Row: row, Op: exporter.Update}
	if err := s.Add(ctx, c); err != nil {
		return err
	}
	wait, ok, err := s.Next(ctx, tenant, conn)
	if err != nil || !ok || wait > 0 {
		return wrong(err, "next: %s, %t", wait, ok)
	}
	entries, err := claimed(ctx, s, 1, "a", 10, "k'1")
	if err != nil {
		return err
	}
	e := entries[0]
	if e.ID == 0 || e.Tenant != tenant || e.Connection != conn || e.Object != object || e.Op != exporter.Update || e.State != exporter.InFlight || e.Attempts != 1 || e.Unsure {
		return fmt.Errorf("handed out as %+v", e)
	}
	if !e.Attempted.Equal(started) {
		return fmt.Errorf("attempted at %s, want %s", e.Attempted, started)
	}
	if e.Added.IsZero() || time.Since(e.Added).Abs() > 24*time.Hour {
		return fmt.Errorf("added at %s", e.Added)
	}
	return sameRow(e.Row, row)
}

func inOrder(ctx context.Context, s Subject) error {
	if err := s.Add(ctx, change("c"), change("a"), change("b")); err != nil {
		return err
	}
	if err := s.Add(ctx, change("d")); err != nil {
		return err
	}
	if _, err := claimed(ctx, s, 1, "a", 3, "c", "a", "b"); err != nil {
		return err
	}
	return counts(ctx, s, exporter.Counts{Pending: 1, InFlight: 3})
}

func folded(ctx context.Context, s Subject) error {
	steps := []exporter.Change{change("k", "name", "Acme", "city", "Rome"), change("other"), change("k", "city", nil, "phone", "1"), change("k", "phone", "2")}
	steps[2].Op = exporter.Update // must not lose that the record may have to be created
	for _, c := range steps {
		if err := s.Add(ctx, c); err != nil {
			return err
		}
	}
	want := mapping.Row{"name": "Acme", "city": nil, "phone": "2"}
	if err := counts(ctx, s, exporter.Counts{Pending: 2}); err != nil {
		return err
	}
	e, err := one(ctx, s, exporter.Filter{State: exporter.Pending, Key: "k"})
	if err != nil {
		return fmt.Errorf("listed: %w", err)
	}
	if err := sameRow(e.Row, want); err != nil {
		return fmt.Errorf("listed: %w", err)
	}
	entries, err := claimed(ctx, s, 1, "a", 10, "k", "other")
	if err != nil {
		return err
	}
	if entries[0].Op != exporter.Upsert {
		return fmt.Errorf("upsert and update became %s", entries[0].Op)
	}
	return first(
		func() error { return sameRow(entries[0].Row, want) },
		func() error { return settle(ctx, s, 1, "a", succeed(entries...)...) },
		func() error { _, err := claimed(ctx, s, 1, "b", 10); return err },
		func() error { return counts(ctx, s, exporter.Counts{Succeeded: 2}) },
	)
}

func deletions(ctx context.Context, s Subject) error {
	gone := change("k")
	gone.Op = exporter.Delete
	for _, c := range []exporter.Change{change("k", "name", "old"), gone, change("k", "name", "new")} {
		if err := s.Add(ctx, c); err != nil {
			return err
		}
	}
	entries, err := claimed(ctx, s, 1, "a", 10, "k")
	if err != nil {
		return err
	}
	if entries[0].Op != exporter.Delete {
		return fmt.Errorf("first %s was handed out, want the deletion", entries[0].Op)
	}
	if err := settle(ctx, s, 1, "a", succeed(entries...)...); err != nil {
		return err
	}
	if entries, err = claimed(ctx, s, 1, "b", 10, "k"); err != nil {
		return err
	}
	if entries[0].Op != exporter.Upsert {
		return fmt.Errorf("then %s was handed out, want the upsert", entries[0].Op)
	}
	return sameRow(entries[0].Row, mapping.Row{"name": "new"})
}

func successor(ctx context.Context, s Subject) error {
	if err := s.Add(ctx, change("k", "name", "one")); err != nil {
		return err
	}
	entries, err := claimed(ctx, s, 1, "a", 10, "k")
	if err != nil {
		return err
	}
	return first(
		func() error { return s.Add(ctx, change("k", "phone", "2")) },
		func() error { _, err := claimed(ctx, s, 1, "a", 10); return err }, // not before the first is settled
		func() error { return counts(ctx, s, exporter.Counts{Pending: 1, InFlight: 1}) },
		func() error { return settle(ctx, s, 1, "a", succeed(entries...)...) },
		func() error {
			next, err := claimed(ctx, s, 1, "a", 10, "k")
			if err != nil {
				return err
			}
			return sameRow(next[0].Row, mapping.Row{"phone": "2"})
		},
	)
}

func carried(ctx context.Context, s Subject) error {
	for _, state := range []exporter.State{exporter.Rejected, exporter.Parked} {
		key := string(state)
		if err := s.Add(ctx, change(key, "name", "Acme", "phone", "bad")); err != nil {
			return err
		}
		entries, err := claimed(ctx, s, 1, "a", 10, key)
		if err != nil {
			return err
		}
		if err := settle(ctx, s, 1, "a", exporter.Settlement{ID: entries[0].ID, State: state, Reason: &exporter.Reason{Code: "X"}}); err != nil {
			return err
		}
		if err := s.Add(ctx, change(key, "phone", "good")); err != nil {
			return err
		}
		if entries, err = claimed(ctx, s, 1, "a", 10, key); err != nil {
			return err
		}
		if err := sameRow(entries[0].Row, mapping.Row{"name": "Acme", "phone": "good"}); err != nil {
			return fmt.Errorf("after %s: %w", state, err)
		}
		if entries[0].Attempts != 1 {
			return fmt.Errorf("after %s: attempt %d, want a fresh start", state, entries[0].Attempts)
		}
		if err := settle(ctx, s, 1, "a", succeed(entries...)...); err != nil {
			return err
		}
	}
	return counts(ctx, s, exporter.Counts{Succeeded: 2})
}

func failedJoins(ctx context.Context, s Subject) error {
	if err := s.Add(ctx, change("k", "name", "one", "city", "Rome")); err != nil {
		return err
	}
	entries, err := claimed(ctx, s, 1, "a", 10, "k")
	if err != nil {
		return err
	}
	return first(
		func() error { return s.Add(ctx, change("k", "name", "two")) },
		func() error {
			return settle(ctx, s, 1, "a", exporter.Settlement{ID: entries[0].ID, State: exporter.Pending, Unsure: true})
		},
		func() error {
			again, err := claimed(ctx, s, 1, "b", 10, "k")
			if err != nil {
				return err
			}
			if !again[0].Unsure {
				return errors.New("the joined entry is not unsure")
			}
			return sameRow(again[0].Row, mapping.Row{"name": "two", "city": "Rome"})
		},
	)
}

func outcomes(ctx context.Context, s Subject) error {
	if err := s.Add(ctx, change("good"), change("bad"), change("tired")); err != nil {
		return err
	}
	entries, err := claimed(ctx, s, 1, "a", 10, "good", "bad", "tired")
	if err != nil {
		return err
	}
	reason := &exporter.Reason{Code: "FIELD_CUSTOM_VALIDATION_EXCEPTION", Message: "it's \"no\" ü", Fields: []string{"Name", "Phone"}, Remedy: "fix"}
	settlements := succeed(entries...)
	settlements[1] = exporter.Settlement{ID: entries[1].ID, State: exporter.Rejected, Reason: reason}
	settlements[2] = exporter.Settlement{ID: entries[2].ID, State: exporter.Parked, Reason: reason}
	if err := settle(ctx, s, 1, "a", settlements...); err != nil {
		return err
	}
	good, err := one(ctx, s, exporter.Filter{State: exporter.Succeeded})
	if err != nil {
		return err
	}
	if good.Outcome != exporter.Created || good.Record != "001000000000001AAA" || good.Reason != nil || good.Settled.IsZero() {
		return fmt.Errorf("the success is kept as %+v", good)
	}
	for _, state := range []exporter.State{exporter.Rejected, exporter.Parked} {
		e, err := one(ctx, s, exporter.Filter{State: state, Object: object})
		if err != nil {
			return err
		}
		if e.Reason == nil || fmt.Sprint(*e.Reason) != fmt.Sprint(*reason) || e.Settled.IsZero() {
			return fmt.Errorf("%s is kept as %+v with %+v", state, e, e.Reason)
		}
	}
	if _, ok, err := s.Next(ctx, tenant, conn); err != nil || ok {
		return wrong(err, "next, when all is settled: %t", ok)
	}
	return counts(ctx, s, exporter.Counts{Succeeded: 1, Rejected: 1, Parked: 1})
}

func waits(ctx context.Context, s Subject) error {
	if err := s.Add(ctx, change("k")); err != nil {
		return err
	}
	entries, err := claimed(ctx, s, 1, "a", 10, "k")
	if err != nil {
		return err
	}
	err = settle(ctx, s, 1, "a", exporter.Settlement{ID: entries[0].ID, State: exporter.Pending, Wait: time.Hour, Uncounted: true, Reason: &exporter.Reason{Code: "LATER"}})
	if err != nil {
		return err
	}
	if _, err := claimed(ctx, s, 1, "a", 10); err != nil {
		return err
	}
	wait, ok, err := s.Next(ctx, tenant, conn)
	if err != nil || !ok || wait < 59*time.Minute || wait > time.Hour+time.Second {
		return wrong(err, "next: %s, %t; want about an hour", wait, ok)
	}
	e, err := one(ctx, s, exporter.Filter{State: exporter.Pending})
	if err == nil && (e.Attempts != 0 || e.Reason == nil || e.Reason.Code != "LATER" || e.Due.Sub(e.Added) < 59*time.Minute) {
		err = fmt.Errorf("waits as %+v", e)
	}
	return err
}

func unsure(ctx context.Context, s Subject) error {
	if err := s.Add(ctx, change("k")); err != nil {
		return err
	}
	entries, err := claimed(ctx, s, 1, "a", 10, "k")
	if err != nil {
		return err
	}
	if err := settle(ctx, s, 1, "a", exporter.Settlement{ID: entries[0].ID, State: exporter.Pending, Unsure: true}); err != nil {
		return err
	}
	later := exporter.Claim{Tenant: tenant, Connection: conn, By: exporter.Claimant{Fence: 1, Owner: "b"}, Limit: 1, Now: started.Add(time.Minute)}
	again, err := s.Claim(ctx, later)
	if err != nil || len(again) != 1 {
		return wrong(err, "claimed %d", len(again))
	}
	if !again[0].Unsure || again[0].Attempts != 2 || !again[0].Attempted.Equal(started) {
		return fmt.Errorf("handed out again as %+v; it must be unsure since %s", again[0], started)
	}
	// An attempt that surely did nothing ends the doubt.
	if err := settle(ctx, s, 1, "b", exporter.Settlement{ID: again[0].ID, State: exporter.Pending}); err != nil {
		return err
	}
	if again, err = s.Claim(ctx, later); err != nil || len(again) != 1 {
		return wrong(err, "claimed %d", len(again))
	}
	if again[0].Unsure || !again[0].Attempted.Equal(later.Now) {
		return fmt.Errorf("handed out as %+v; nothing is unsure", again[0])
	}
	return nil
}

func limits(ctx context.Context, s Subject) error {
	long := change(strings.Repeat("k", exporter.MaxKey))
	if err := s.Add(ctx, long); err != nil {
		return err
	}
	if _, err := claimed(ctx, s, 1, "a", 10, long.Key); err != nil {
		return err
	}
	longer, nobody, odd := change(long.Key+"k"), change("k"), change("k")
	nobody.Tenant, odd.Op = "", "merge"
	value := change("k", "x", struct{}{})
	for _, bad := range []exporter.Change{longer, change(""), nobody, odd, value} {
		if err := s.Add(ctx, change("fine"), bad); err == nil {
			return fmt.Errorf("%+v was accepted", bad)
		}
	}
	return counts(ctx, s, exporter.Counts{InFlight: 1})
}

func keysAreBytes(ctx context.Context, s Subject) error {
	keys := []string{"a", "A", "a ", "ä", "a\u0308"}
	for i, k := range keys {
		if err := s.Add(ctx, change(k, "n", i)); err != nil {
			return err
		}
	}
	entries, err := claimed(ctx, s, 1, "o", 10, keys...)
	if err != nil {
		return err
	}
	for i := range entries {
		if err := sameRow(entries[i].Row, mapping.Row{"n": i}); err != nil {
			return fmt.Errorf("key %q: %w", keys[i], err)
		}
	}
	return nil
}
