package exportertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/sync/exporter"
)

// Subject is an outbox under test and the way changes get into it.
type Subject struct {
	exporter.Outbox
	// Add adds changes and commits them.
	Add func(ctx context.Context, changes ...exporter.Change) error
}

const (
	tenant = orglink.TenantID("tenant-1")
	conn   = orglink.ConnectionID("conn-1")
	object = "companies"
)

// started is the org's clock in claims.
var started = time.Date(2026, 3, 29, 1, 30, 15, 123456000, time.UTC)

type check struct {
	name string
	run  func(ctx context.Context, s Subject) error
}

// TestOutbox runs the suite, with an empty outbox for each check.
func TestOutbox(t *testing.T, open func(t *testing.T) Subject) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			if err := c.run(t.Context(), open(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// Failures runs the suite without a *testing.T and returns what failed, by
// the name of the check. It is how the suite itself is tested.
func Failures(ctx context.Context, open func() Subject) map[string]error {
	out := make(map[string]error)
	for _, c := range checks {
		if err := c.run(ctx, open()); err != nil {
			out[c.name] = err
		}
	}
	return out
}

// BenchmarkOutbox measures adding, claiming and settling 200 changes.
func BenchmarkOutbox(b *testing.B, open func(b *testing.B) Subject) {
	s := open(b)
	changes := make([]exporter.Change, 200)
	for round := 0; b.Loop(); round++ {
		for i := range changes {
			changes[i] = change(fmt.Sprintf("%d-%d", round, i), "name", "Acme")
		}
		if err := s.Add(b.Context(), changes...); err != nil {
			b.Fatal(err)
		}
		entries, err := claim(b.Context(), s, 1, "owner", len(changes))
		if err == nil {
			err = settle(b.Context(), s, 1, "owner", succeed(entries...)...)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// change is an upsert of a row with pairs of fields and values.
func change(key string, pairs ...any) exporter.Change {
	row := mapping.Row{}
	for i := 0; i < len(pairs); i += 2 {
		row[pairs[i].(string)] = pairs[i+1]
	}
	return exporter.Change{Tenant: tenant, Connection: conn, Object: object, Key: key, Row: row}
}

func claim(ctx context.Context, s Subject, fence uint64, owner string, limit int) ([]exporter.Entry, error) {
	return s.Claim(ctx, exporter.Claim{Tenant: tenant, Connection: conn, By: exporter.Claimant{Fence: fence, Owner: owner}, Limit: limit, Now: started})
}

func settle(ctx context.Context, s Subject, fence uint64, owner string, list ...exporter.Settlement) error {
	return s.Settle(ctx, tenant, conn, exporter.Claimant{Fence: fence, Owner: owner}, list)
}

func succeed(entries ...exporter.Entry) []exporter.Settlement {
	out := make([]exporter.Settlement, len(entries))
	for i, e := range entries {
		out[i] = exporter.Settlement{ID: e.ID, State: exporter.Succeeded, Outcome: exporter.Created, Record: "001000000000001AAA"}
	}
	return out
}

// claimed claims and checks the keys that are handed out, in order.
func claimed(ctx context.Context, s Subject, fence uint64, owner string, limit int, keys ...string) ([]exporter.Entry, error) {
	entries, err := claim(ctx, s, fence, owner, limit)
	if err != nil {
		return nil, err
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Key)
	}
	if fmt.Sprint(got) != fmt.Sprint(keys) {
		return nil, fmt.Errorf("claimed %q, want %q", got, keys)
	}
	return entries, nil
}

// by is a change that a user caused.
func by(user orglink.UserID, c exporter.Change) exporter.Change {
	c.User = user
	return c
}

// sameRow compares rows as they would be sent.
func sameRow(got, want mapping.Row) error {
	a, err := json.Marshal(got)
	if err != nil {
		return err
	}
	b, err := json.Marshal(want)
	if err != nil {
		return err
	}
	if string(a) != string(b) {
		return fmt.Errorf("the row is %s, want %s", a, b)
	}
	return nil
}

func counts(ctx context.Context, s Subject, want exporter.Counts) error {
	got, err := s.Counts(ctx, tenant, conn)
	if err == nil && got != want {
		err = fmt.Errorf("counts are %+v, want %+v", got, want)
	}
	return err
}

func list(ctx context.Context, s Subject, f exporter.Filter) ([]exporter.Entry, error) {
	return s.List(ctx, tenant, conn, f)
}

func one(ctx context.Context, s Subject, f exporter.Filter) (exporter.Entry, error) {
	entries, err := list(ctx, s, f)
	if err == nil && len(entries) != 1 {
		return exporter.Entry{}, fmt.Errorf("%d entries match %+v, want 1", len(entries), f)
	}
	if err != nil {
		return exporter.Entry{}, err
	}
	return entries[0], nil
}

func wantFenced(what string, err error) error {
	if !errors.Is(err, exporter.ErrFenced) {
		return wrong(err, "%s: want ErrFenced", what)
	}
	return nil
}

func first(steps ...func() error) error {
	for i, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return nil
}

func together(n int, call func(i int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = call(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// wrong is what a check found, and the error that came with it, if any.
func wrong(err error, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	return errors.New(text)
}
