package usersynctest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/usersync"
)

var pairChecks = []check[usersync.PairStore]{
	{"a pair is kept as it was put", pairKept},
	{"the same pair again changes nothing", pairAgain},
	{"each side has one partner", onePartner},
	{"what was seen is noted of the pair it is of", seenNoted},
	{"a removed pair is free again", removed},
	{"tenants and orgs are apart", orgsApart},
	{"ids are bytes", idsAreBytes},
	{"limits are refused, not cut", pairLimits},
	{"lists are pages in order", pairPages},
	{"a tenant is erased alone", pairErased},
	{"of many at once one wins", oneWins},
	{"the same pair at once is no conflict", sameAtOnce},
	{"an ended context ends the call", pairContext},
	{"many at once", manyPairs},
}

func pair(salesforce, host int) usersync.Pair {
	return usersync.Pair{Tenant: Tenant, Org: org, Salesforce: user(salesforce), User: orglink.UserID(fmt.Sprint("u", host)), How: "matched by e-mail",
		At: time.Date(2026, 10, 25, 0, 30, 1, 987654000, time.UTC)}
}

func wantPair(ctx context.Context, s usersync.PairStore, w usersync.Pair) error {
	a, err := s.BySalesforce(ctx, w.Tenant, w.Org, []sobject.ID{w.Salesforce})
	if err != nil {
		return err
	}
	b, err := s.ByUsers(ctx, w.Tenant, w.Org, []orglink.UserID{w.User})
	if err != nil {
		return err
	}
	for side, p := range map[string]usersync.Pair{"Salesforce": a[w.Salesforce], "host": b[w.User]} {
		if !p.At.Equal(w.At) {
			return fmt.Errorf("from the %s side: made at %s, not %s", side, p.At, w.At)
		}
		p.At = w.At
		if p != w {
			return fmt.Errorf("from the %s side: %+v, not %+v", side, p, w)
		}
	}
	return nil
}

func wantNone(ctx context.Context, s usersync.PairStore, p usersync.Pair) error {
	a, err := s.BySalesforce(ctx, p.Tenant, p.Org, []sobject.ID{p.Salesforce})
	if err == nil && len(a) > 0 {
		return fmt.Errorf("%s has %+v", p.Salesforce, a)
	}
	return err
}

func pairKept(ctx context.Context, s usersync.PairStore) error {
	p, q := pair(1, 1), pair(2, 2)
	q.How, q.User = "", "it's \"user\" 2 % ü 🚀"
	return first(
		func() error { return s.Put(ctx, p) },
		func() error { return s.Put(ctx, q) },
		func() error { return wantPair(ctx, s, p) },
		func() error { return wantPair(ctx, s, q) },
		func() error { return wantNone(ctx, s, pair(3, 3)) },
	)
}

func pairAgain(ctx context.Context, s usersync.PairStore) error {
	again := pair(1, 1)
	again.How, again.At = "other", again.At.Add(time.Hour)
	return first(
		func() error { return s.Put(ctx, pair(1, 1)) },
		func() error { return s.Put(ctx, again) },
		func() error { return wantPair(ctx, s, pair(1, 1)) },
	)
}

func seenNoted(ctx context.Context, s usersync.PairStore) error {
	p, other := pair(1, 1), pair(1, 1)
	other.Tenant = Other
	if err := first(func() error { return s.Put(ctx, p) }, func() error { return s.Put(ctx, other) }); err != nil {
		return err
	}
	p.Seen = usersync.Seen{Username: "ünï@example.com", Email: "Ada@example.com", FederationID: "F \"1\"", Name: strings.Repeat("n", 400), FirstName: "a", LastName: "b", Frozen: true, Left: usersync.LeftBegun}
	stale := pair(1, 2)
	stale.Seen.Username = "somebody else's"
	absent := pair(7, 7)
	return first(
		func() error { return s.Note(ctx, p) },
		func() error { return wantPair(ctx, s, p) },
		func() error { return s.Note(ctx, stale) },
		func() error { return s.Note(ctx, absent) },
		func() error { return wantPair(ctx, s, p) },
		func() error { return wantPair(ctx, s, other) },
		func() error { return wantNone(ctx, s, absent) },
		func() error { return s.Remove(ctx, Tenant, org, user(1)) },
		func() error { return s.Put(ctx, stale) },
		func() error { return wantPair(ctx, s, stale) },
	)
}

func onePartner(ctx context.Context, s usersync.PairStore) error {
	if err := s.Put(ctx, pair(1, 1)); err != nil {
		return err
	}
	for _, p := range []usersync.Pair{pair(1, 2), pair(2, 1)} {
		if err := s.Put(ctx, p); !errors.Is(err, usersync.ErrPaired) {
			return wrong(err, "%s with %s: want ErrPaired", p.Salesforce, p.User)
		}
	}
	return first(
		func() error { return wantPair(ctx, s, pair(1, 1)) },
		func() error { return wantNone(ctx, s, pair(2, 1)) },
	)
}

func removed(ctx context.Context, s usersync.PairStore) error {
	return first(
		func() error { return s.Put(ctx, pair(1, 1)) },
		func() error { return s.Put(ctx, pair(2, 2)) },
		func() error { return s.Remove(ctx, Tenant, org, user(1)) },
		func() error { return s.Remove(ctx, Tenant, org, user(1)) },
		func() error { return wantNone(ctx, s, pair(1, 1)) },
		func() error { return wantPair(ctx, s, pair(2, 2)) },
		func() error { return s.Put(ctx, pair(3, 1)) },
		func() error { return wantPair(ctx, s, pair(3, 1)) },
	)
}

func orgsApart(ctx context.Context, s usersync.PairStore) error {
	mine, tenant, sandbox := pair(1, 1), pair(1, 2), pair(1, 3)
	tenant.Tenant, sandbox.Org = Other, "00D000000000002AAA"
	return first(
		func() error { return s.Put(ctx, mine) },
		func() error { return s.Put(ctx, tenant) },
		func() error { return s.Put(ctx, sandbox) },
		func() error { return wantPair(ctx, s, mine) },
		func() error { return wantPair(ctx, s, tenant) },
		func() error { return wantPair(ctx, s, sandbox) },
		func() error {
			list, err := s.List(ctx, Tenant, org, "", 10)
			if err == nil && len(list) != 1 {
				err = fmt.Errorf("the list of one org has %+v", list)
			}
			return err
		},
		func() error { return s.Remove(ctx, Tenant, org, user(1)) },
		func() error { return wantPair(ctx, s, tenant) },
		func() error { return wantPair(ctx, s, sandbox) },
	)
}

func idsAreBytes(ctx context.Context, s usersync.PairStore) error {
	for i, id := range []orglink.UserID{"a", "A", "a ", "ä", "a\u0308"} {
		p := pair(i, 0)
		p.User = id
		if err := s.Put(ctx, p); err != nil {
			return fmt.Errorf("user %q: %w", id, err)
		}
		if err := wantPair(ctx, s, p); err != nil {
			return err
		}
	}
	return nil
}

func pairLimits(ctx context.Context, s usersync.PairStore) error {
	long := pair(1, 1)
	long.User = orglink.UserID(strings.Repeat("u", 191))
	if err := first(func() error { return s.Put(ctx, long) }, func() error { return wantPair(ctx, s, long) }); err != nil {
		return err
	}
	longer, nobody, nowhere := pair(2, 2), pair(2, 2), pair(2, 2)
	longer.User, nobody.User, nowhere.Org = long.User+"u", "", ""
	for _, bad := range []usersync.Pair{longer, nobody, nowhere} {
		if err := s.Put(ctx, bad); err == nil {
			return fmt.Errorf("%+v was accepted", bad)
		}
	}
	return nil
}

func pairPages(ctx context.Context, s usersync.PairStore) error {
	var want []sobject.ID
	for _, n := range []int{5, 3, 1, 4, 2} {
		want = append(want, user(n))
		if err := s.Put(ctx, pair(n, n)); err != nil {
			return err
		}
	}
	slices.Sort(want)
	var got []sobject.ID
	for after := sobject.ID(""); ; after = got[len(got)-1] {
		page, err := s.List(ctx, Tenant, org, after, 2)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		for _, p := range page {
			got = append(got, p.Salesforce)
		}
		if len(page) > 2 || len(got) > len(want) {
			return fmt.Errorf("a page of %d, %d so far", len(page), len(got))
		}
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("listed %v, want %v", got, want)
	}
	return nil
}

func pairErased(ctx context.Context, s usersync.PairStore) error {
	other := pair(1, 1)
	other.Tenant = Other
	return first(
		func() error { return s.Put(ctx, pair(1, 1)) },
		func() error { return s.Put(ctx, other) },
		func() error { return s.Erase(ctx, Other) },
		func() error { return wantPair(ctx, s, pair(1, 1)) },
		func() error { return wantNone(ctx, s, other) },
	)
}

func oneWins(ctx context.Context, s usersync.PairStore) error {
	const n = 8
	errs := together(n, func(i int) error { return s.Put(ctx, pair(1, i)) })
	won := -1
	for i, err := range errs {
		switch {
		case err == nil && won >= 0:
			return fmt.Errorf("both %d and %d were paired with the same user", won, i)
		case err == nil:
			won = i
		case !errors.Is(err, usersync.ErrPaired):
			return fmt.Errorf("want ErrPaired, got %w", err)
		}
	}
	if won < 0 {
		return errors.New("nobody won")
	}
	return wantPair(ctx, s, pair(1, won))
}

func sameAtOnce(ctx context.Context, s usersync.PairStore) error {
	if err := errors.Join(together(8, func(int) error { return s.Put(ctx, pair(1, 1)) })...); err != nil {
		return err
	}
	return wantPair(ctx, s, pair(1, 1))
}

func pairContext(ctx context.Context, s usersync.PairStore) error {
	if err := s.Put(ctx, pair(1, 1)); err != nil {
		return err
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	return first(
		func() error { return canceled("Put", s.Put(ended, pair(2, 2))) },
		func() error {
			_, err := s.BySalesforce(ended, Tenant, org, []sobject.ID{user(1)})
			return canceled("BySalesforce", err)
		},
		func() error {
			_, err := s.ByUsers(ended, Tenant, org, []orglink.UserID{"u1"})
			return canceled("ByUsers", err)
		},
		func() error { return canceled("Note", s.Note(ended, pair(1, 1))) },
		func() error { return canceled("Remove", s.Remove(ended, Tenant, org, user(1))) },
		func() error { _, err := s.List(ended, Tenant, org, "", 1); return canceled("List", err) },
		func() error { return canceled("Erase", s.Erase(ended, Tenant)) },
		func() error { return wantPair(ctx, s, pair(1, 1)) },
		func() error { return wantNone(ctx, s, pair(2, 2)) },
	)
}

func manyPairs(ctx context.Context, s usersync.PairStore) error {
	const n = 450
	ids := make([]sobject.ID, n)
	for i := range ids {
		ids[i] = user(i)
		if err := s.Put(ctx, pair(i, i)); err != nil {
			return err
		}
	}
	found, err := s.BySalesforce(ctx, Tenant, org, ids)
	if err == nil && len(found) != n {
		err = fmt.Errorf("%d of %d pairs were found", len(found), n)
	}
	return err
}
