package integrationtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/sync/integration"
)

const tenant = orglink.TenantID("tenant-1")

type check struct {
	name string
	run  func(ctx context.Context, s integration.Store) error
}

var checks = []check{
	{"what is stored comes back", roundTrip},
	{"an unknown one is not found", unknown},
	{"an id is taken once", takenOnce},
	{"tenants are apart", tenantsApart},
	{"ids are bytes", idsAreBytes},
	{"updates swap by version", swaps},
	{"one of many updates wins", races},
	{"deletes swap by version", deletes},
	{"lists are in order and complete", lists},
	{"no memory is shared", aliases},
	{"a tenant is erased alone", erases},
	{"the trail is of each change", trails},
	{"what is refused leaves no trail", refusedLeavesNone},
	{"an ended context ends the call", endedContext},
}

// TestStore runs the suite, with an empty store for each check.
func TestStore(t *testing.T, open func(t *testing.T) integration.Store) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			if err := c.run(t.Context(), open(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// Failures runs the suite without a *testing.T and returns what failed, by the
// name of the check. It is how the suite itself is tested.
func Failures(ctx context.Context, open func() integration.Store) map[string]error {
	out := make(map[string]error)
	for _, c := range checks {
		if err := c.run(ctx, open()); err != nil {
			out[c.name] = err
		}
	}
	return out
}

// BenchmarkStore measures an update and the list of 50 integrations.
func BenchmarkStore(b *testing.B, open func(b *testing.B) integration.Store) {
	s, ctx := open(b), b.Context()
	for n := range 50 {
		if err := s.Create(ctx, sample(fmt.Sprintf("i-%02d", n)), note); err != nil {
			b.Fatal(err)
		}
	}
	i, err := s.Get(ctx, tenant, "i-07")
	for b.Loop() {
		if err == nil {
			err = s.Update(ctx, i, note)
			i.Version++
		}
		if err == nil {
			_, err = s.List(ctx, tenant)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// sample has something in every field.
func sample(id string) integration.Integration {
	at := time.Date(2026, 3, 29, 1, 30, 15, 123456000, time.UTC)
	return integration.Integration{Tenant: tenant, ID: orglink.IntegrationID(id), Version: 1, Name: "Verkauf ünd 😀 'quotes'", Connection: "c-1", Owner: "sales",
		Chosen: []mapping.ObjectSelection{{Object: "Account", Fields: mapping.Combined(mapping.Listed("Name"), mapping.Pattern("X*")).Without("Y")}},
		Selections: []mapping.Selection{{Object: "Account", Fields: []string{"Id", "Name", "SystemModstamp"}},
			{Object: "Case", Fields: []string{"Id"}}},
		Shares: []integration.Share{{Group: "support", Objects: []mapping.Selection{{Object: "Account", Fields: []string{"Id", "Name"}}},
			Passive: []mapping.Selection{{Object: "Account", Fields: []string{"Name"}}}, Since: at, By: "u-1"},
			{Group: "everything", Since: at}, {Group: "nothing", Objects: []mapping.Selection{}, Since: at}},
		State: integration.Paused, CreatedBy: "u-1", Created: at, ChangedBy: "u-2", Changed: at.Add(time.Microsecond)}
}

// same compares with times as instants and selectors as data.
func same(got, want integration.Integration) error {
	a, errA := json.Marshal(inUTC(got))
	b, errB := json.Marshal(inUTC(want))
	if err := errors.Join(errA, errB); err != nil {
		return err
	}
	if string(a) != string(b) {
		return fmt.Errorf("got %s, want %s", a, b)
	}
	for n := range want.Shares {
		if (got.Shares[n].Objects == nil) != (want.Shares[n].Objects == nil) {
			return fmt.Errorf("the share with %s holds %#v, want %#v: nil is everything, empty is nothing", want.Shares[n].Group, got.Shares[n].Objects, want.Shares[n].Objects)
		}
	}
	if !reflect.DeepEqual(got.Selections, want.Selections) {
		return fmt.Errorf("got selections %v, want %v", got.Selections, want.Selections)
	}
	return nil
}

func inUTC(i integration.Integration) integration.Integration {
	i = i.Clone()
	i.Created, i.Changed = i.Created.UTC(), i.Changed.UTC()
	for n := range i.Shares {
		i.Shares[n].Since = i.Shares[n].Since.UTC()
	}
	return i
}

func wantErr(what string, err, want error) error {
	switch {
	case errors.Is(err, want):
		return nil
	case err == nil:
		return fmt.Errorf("%s: got no error, want one that is %q", what, want.Error())
	}
	return fmt.Errorf("%s: got another error than %q: %w", what, want.Error(), err)
}

// stored checks what is stored under the id of want.
func stored(ctx context.Context, s integration.Store, want integration.Integration) error {
	got, err := s.Get(ctx, want.Tenant, want.ID)
	if err != nil {
		return err
	}
	return same(got, want)
}

// concurrently runs n calls at once.
func concurrently(n int, call func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = call(i) })
	}
	wg.Wait()
	return errs
}
