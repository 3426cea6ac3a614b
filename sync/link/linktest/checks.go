package linktest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/link"
)

func kept(ctx context.Context, s link.Store) error {
	p := pair("it's \"key\" 1 % _ ü 🚀", 1)
	bare := link.Pair{Tenant: tenant, Connection: conn, Object: object, Key: "bare", Record: id(2)}
	return first(
		func() error { return s.Put(ctx, p, bare) },
		func() error { return want(ctx, s, p) },
		func() error { return want(ctx, s, bare) },
		func() error { return absent(ctx, s, "other") },
		func() error {
			found, err := s.ByRecords(ctx, tenant, conn, object, []sobject.ID{id(1), id(9)})
			if err == nil && (len(found) != 1 || found[id(1)].Key != p.Key) {
				err = fmt.Errorf("by record: %+v", found)
			}
			return err
		},
		func() error { return s.Remove(ctx, tenant, conn, object, []string{p.Key, "unknown"}) },
		func() error { return absent(ctx, s, p.Key) },
		func() error { return want(ctx, s, bare) },
	)
}

func replaced(ctx context.Context, s link.Store) error {
	p, q := pair("k", 1), pair("k", 2)
	q.Hash, q.Written = "other", q.Written.Add(time.Microsecond)
	return first(
		func() error { return s.Put(ctx, p) },
		func() error { return s.Put(ctx, p) },
		func() error { return s.Put(ctx, q) },
		func() error { return want(ctx, s, q) },
		func() error {
			found, err := s.ByRecords(ctx, tenant, conn, object, []sobject.ID{id(1)})
			if err == nil && len(found) != 0 {
				err = fmt.Errorf("the replaced record is still found: %+v", found)
			}
			return err
		},
		func() error { return s.Put(ctx, pair("l", 1)) }, // the old record is free again
	)
}

func oneKey(ctx context.Context, s link.Store) error {
	if err := s.Put(ctx, pair("k", 1)); err != nil {
		return err
	}
	if err := s.Put(ctx, pair("l", 1)); !errors.Is(err, link.ErrTaken) {
		return wrong(err, "a second key for one record: want ErrTaken")
	}
	return first(
		func() error { return want(ctx, s, pair("k", 1)) },
		func() error { return absent(ctx, s, "l") },
	)
}

func allOrNothing(ctx context.Context, s link.Store) error {
	if err := s.Put(ctx, pair("k", 1)); err != nil {
		return err
	}
	if err := s.Put(ctx, pair("a", 2), pair("z", 1)); !errors.Is(err, link.ErrTaken) {
		return wrong(err, "want ErrTaken")
	}
	return absent(ctx, s, "a")
}

func scopesApart(ctx context.Context, s link.Store) error {
	mine := pair("k", 1)
	others := []link.Pair{mine, mine, mine}
	others[0].Tenant, others[1].Connection, others[2].Object = "tenant-2", "conn-2", "Contact"
	for i := range others {
		others[i].Hash = fmt.Sprint("other", i)
	}
	if err := s.Put(ctx, append(others, mine)...); err != nil {
		return err
	}
	if err := want(ctx, s, mine); err != nil {
		return err
	}
	found, err := s.ByRecords(ctx, tenant, conn, object, []sobject.ID{id(1)})
	if err != nil || found[id(1)].Hash != mine.Hash {
		return wrong(err, "by record in one scope: %+v", found)
	}
	list, err := s.List(ctx, tenant, conn, object, "", 10)
	if err != nil || len(list) != 1 {
		return wrong(err, "list of one scope: %+v", list)
	}
	if err := s.Remove(ctx, tenant, conn, object, []string{"k"}); err != nil {
		return err
	}
	for _, o := range others {
		found, err := s.ByKeys(ctx, o.Tenant, o.Connection, o.Object, []string{"k"})
		if err != nil || found["k"].Hash != o.Hash {
			return wrong(err, "remove reached %s %s %s: %+v", o.Tenant, o.Connection, o.Object, found)
		}
	}
	return nil
}

func keysAreBytes(ctx context.Context, s link.Store) error {
	keys := []string{"a", "A", "a ", "ä", "a\u0308", "ａ"}
	for i, k := range keys {
		if err := s.Put(ctx, pair(k, i)); err != nil {
			return fmt.Errorf("key %q: %w", k, err)
		}
	}
	for i, k := range keys {
		if err := want(ctx, s, pair(k, i)); err != nil {
			return err
		}
	}
	return nil
}

func limits(ctx context.Context, s link.Store) error {
	long := pair(strings.Repeat("k", link.MaxKey), 1)
	if err := s.Put(ctx, long); err != nil {
		return err
	}
	if err := want(ctx, s, long); err != nil {
		return err
	}
	for _, bad := range []link.Pair{pair(long.Key+"k", 2), pair("", 2), {Tenant: tenant, Connection: conn, Object: object, Key: "x"}, {Key: "x", Record: id(3)}} {
		if err := s.Put(ctx, bad); err == nil {
			return fmt.Errorf("%+v was accepted", bad)
		}
	}
	if err := s.SaveWritten(ctx, tenant, conn, object, []mapping.Written{{Key: long.Key + "k", Record: id(2), Hash: "h"}}); err == nil {
		return errors.New("a written key that is too long was accepted")
	}
	return nil
}

func writtenBack(ctx context.Context, s link.Store) error {
	w := []mapping.Written{{Key: "k", Record: id(1), Hash: "h1"}, {Key: "l", Record: id(2), Hash: "h2"}}
	if err := s.SaveWritten(ctx, tenant, conn, object, w); err != nil {
		return err
	}
	w[0].Hash = "h3"
	if err := s.SaveWritten(ctx, tenant, conn, object, w[:1]); err != nil {
		return err
	}
	found, err := s.Written(ctx, tenant, conn, object, []string{"k", "l", "m"})
	if err != nil {
		return err
	}
	if len(found) != 2 || found["k"] != w[0] || found["l"] != w[1] {
		return fmt.Errorf("read back %+v, want %+v", found, w)
	}
	p, _, err := get(ctx, s, "k")
	if err == nil && (p.Written.IsZero() || time.Since(p.Written).Abs() > 24*time.Hour) {
		return fmt.Errorf("the time of the write is %s", p.Written)
	}
	return err
}

func writtenMoves(ctx context.Context, s link.Store) error {
	return first(
		func() error { return s.Put(ctx, pair("old", 1)) },
		func() error {
			return s.SaveWritten(ctx, tenant, conn, object, []mapping.Written{{Key: "new", Record: id(1), Hash: "h"}})
		},
		func() error { return absent(ctx, s, "old") },
		func() error {
			found, err := s.ByRecords(ctx, tenant, conn, object, []sobject.ID{id(1)})
			if err == nil && found[id(1)].Key != "new" {
				err = fmt.Errorf("the record is paired with %q", found[id(1)].Key)
			}
			return err
		},
	)
}

func writtenForgets(ctx context.Context, s link.Store) error {
	return first(
		func() error { return s.Put(ctx, pair("k", 1), pair("l", 2)) },
		func() error { return s.SaveWritten(ctx, tenant, conn, object, []mapping.Written{{Key: "k"}}) },
		func() error { return absent(ctx, s, "k") },
		func() error { return want(ctx, s, pair("l", 2)) },
	)
}

func pages(ctx context.Context, s link.Store) error {
	keys := []string{"b", "B", "a", "é", "z", "10", "9"}
	for i, k := range keys {
		if err := s.Put(ctx, pair(k, i)); err != nil {
			return err
		}
	}
	slices.Sort(keys)
	var got []string
	for after := ""; ; {
		page, err := s.List(ctx, tenant, conn, object, after, 2)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		if len(page) > 2 || len(got) > len(keys) {
			return fmt.Errorf("page of %d, %d so far", len(page), len(got))
		}
		for _, p := range page {
			got = append(got, p.Key)
		}
		after = page[len(page)-1].Key
	}
	if !slices.Equal(got, keys) {
		return fmt.Errorf("listed %q, want %q", got, keys)
	}
	return nil
}

func erased(ctx context.Context, s link.Store) error {
	other := pair("k", 1)
	other.Tenant = "tenant-2"
	return first(
		func() error { return s.Put(ctx, pair("k", 1), other) },
		func() error { return s.Erase(ctx, other.Tenant) },
		func() error { return want(ctx, s, pair("k", 1)) },
		func() error {
			found, err := s.ByKeys(ctx, other.Tenant, conn, object, []string{"k"})
			if err == nil && len(found) != 0 {
				err = fmt.Errorf("the erased tenant still has %+v", found)
			}
			return err
		},
	)
}

func endedContext(ctx context.Context, s link.Store) error {
	if err := s.Put(ctx, pair("k", 1)); err != nil {
		return err
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	calls := map[string]func() error{
		"ByKeys": func() error { _, err := s.ByKeys(ended, tenant, conn, object, []string{"k"}); return err },
		"ByRecords": func() error {
			_, err := s.ByRecords(ended, tenant, conn, object, []sobject.ID{id(1)})
			return err
		},
		"Put":     func() error { return s.Put(ended, pair("l", 2)) },
		"Remove":  func() error { return s.Remove(ended, tenant, conn, object, []string{"k"}) },
		"List":    func() error { _, err := s.List(ended, tenant, conn, object, "", 1); return err },
		"Written": func() error { _, err := s.Written(ended, tenant, conn, object, []string{"k"}); return err },
		"SaveWritten": func() error {
			return s.SaveWritten(ended, tenant, conn, object, []mapping.Written{{Key: "m", Record: id(3), Hash: "h"}})
		},
		"Erase": func() error { return s.Erase(ended, tenant) },
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, context.Canceled) {
			return wrong(err, "%s with an ended context", name)
		}
	}
	return want(ctx, s, pair("k", 1))
}

func concurrent(ctx context.Context, s link.Store) error {
	const writers, rows = 4, 20
	if err := concurrently(writers, func(w int) error {
		for r := range rows {
			n := w*rows + r
			if err := s.SaveWritten(ctx, tenant, conn, object, []mapping.Written{{Key: fmt.Sprint(n), Record: id(n), Hash: "h"}}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	list, err := s.List(ctx, tenant, conn, object, "", writers*rows+1)
	if err == nil && len(list) != writers*rows {
		err = fmt.Errorf("%d of %d pairs are there", len(list), writers*rows)
	}
	return err
}

func many(ctx context.Context, s link.Store) error {
	const n = 450
	w, keys := make([]mapping.Written, n), make([]string, n)
	for i := range w {
		keys[i] = fmt.Sprint("key-", i)
		w[i] = mapping.Written{Key: keys[i], Record: id(i), Hash: fmt.Sprint("h", i)}
	}
	if err := s.SaveWritten(ctx, tenant, conn, object, w); err != nil {
		return err
	}
	found, err := s.Written(ctx, tenant, conn, object, keys)
	if err != nil {
		return err
	}
	for i := range w {
		if found[keys[i]] != w[i] {
			return fmt.Errorf("key %s has %+v, want %+v", keys[i], found[keys[i]], w[i])
		}
	}
	return nil
}
