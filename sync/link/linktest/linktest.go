package linktest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/link"
)

const (
	tenant = orglink.TenantID("tenant-1")
	conn   = orglink.ConnectionID("conn-1")
	object = "Account"
)

type check struct {
	name string
	run  func(ctx context.Context, s link.Store) error
}

var checks = []check{
	{"a pair is kept as it was put", kept},
	{"a pair is replaced", replaced},
	{"a record has one key", oneKey},
	{"a put is all or nothing", allOrNothing},
	{"scopes are apart", scopesApart},
	{"keys are bytes", keysAreBytes},
	{"limits are refused, not cut", limits},
	{"written rows are read back", writtenBack},
	{"a written record moves", writtenMoves},
	{"a deleted record is forgotten", writtenForgets},
	{"lists are pages in order", pages},
	{"a tenant is erased alone", erased},
	{"an ended context ends the call", endedContext},
	{"writers at once lose nothing", concurrent},
	{"many keys at once", many},
}

// TestStore runs the suite, with an empty store for each check.
func TestStore(t *testing.T, open func(t *testing.T) link.Store) {
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
func Failures(ctx context.Context, open func() link.Store) map[string]error {
	out := make(map[string]error)
	for _, c := range checks {
		if err := c.run(ctx, open()); err != nil {
			out[c.name] = err
		}
	}
	return out
}

// BenchmarkStore measures saving and reading batches of 200 written rows.
func BenchmarkStore(b *testing.B, open func(b *testing.B) link.Store) {
	s := open(b)
	batch := make([]mapping.Written, 200)
	keys := make([]string, len(batch))
	for i := range batch {
		keys[i] = fmt.Sprintf("key-%04d", i)
		batch[i] = mapping.Written{Key: keys[i], Record: id(i), Hash: "hash"}
	}
	for b.Loop() {
		if err := s.SaveWritten(b.Context(), tenant, conn, object, batch); err != nil {
			b.Fatal(err)
		}
		if _, err := s.Written(b.Context(), tenant, conn, object, keys); err != nil {
			b.Fatal(err)
		}
	}
}

func id(n int) sobject.ID { return sobject.MustID(fmt.Sprintf("001A%011d", n)) }

func pair(key string, n int) link.Pair {
	return link.Pair{Tenant: tenant, Connection: conn, Object: object, Key: key, Record: id(n), Hash: "hash",
		Written: time.Date(2026, 3, 29, 1, 30, 15, 123456000, time.UTC)}
}

// get reads one key's pair.
func get(ctx context.Context, s link.Store, key string) (link.Pair, bool, error) {
	found, err := s.ByKeys(ctx, tenant, conn, object, []string{key})
	p, ok := found[key]
	return p, ok, err
}

// want checks that a key has exactly this pair.
func want(ctx context.Context, s link.Store, w link.Pair) error {
	p, ok, err := get(ctx, s, w.Key)
	switch {
	case err != nil:
		return err
	case !ok:
		return fmt.Errorf("key %q has no pair", w.Key)
	case !p.Written.Equal(w.Written):
		return fmt.Errorf("key %q was written at %s, not %s", w.Key, p.Written, w.Written)
	}
	p.Written = w.Written
	if p != w {
		return fmt.Errorf("key %q has %+v, not %+v", w.Key, p, w)
	}
	return nil
}

func absent(ctx context.Context, s link.Store, key string) error {
	p, ok, err := get(ctx, s, key)
	if err == nil && ok {
		return fmt.Errorf("key %q still has %+v", key, p)
	}
	return err
}

// first runs steps until one fails.
func first(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// concurrently runs n calls at once and joins their errors.
func concurrently(n int, call func(i int) error) error {
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
