package usersynctest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/usersync"
)

var directoryChecks = []check[Directory]{
	{"users are found by each identity", found},
	{"all users of an identity are found", foundAll},
	{"tenants are apart", directoryApart},
	{"one key makes one account", oneKey},
	{"one key at once makes one account", oneKeyAtOnce},
	{"seats run out", seatsRunOut},
	{"an account is changed, the rest of it stays", updated},
	{"a deactivated account stays and can be reactivated", deactivated},
	{"a deactivated account needs no seat, a reactivated one does", seatsOfInactive},
	{"a deleted account is gone with its key", deleted},
	{"users are listed in pages", listed},
	{"an ended context ends the call", directoryContext},
}

func account(n int) usersync.NewUser {
	return usersync.NewUser{Email: fmt.Sprintf("New%d@Example.com", n), Username: fmt.Sprintf("new%d@example.com.prod", n), FederationID: fmt.Sprint("F-", n),
		Name: fmt.Sprint("New ", n), LastName: fmt.Sprint(n), Org: org, Salesforce: user(n)}
}

func ids(users []usersync.HostUser) []orglink.UserID {
	var out []orglink.UserID
	for _, u := range users {
		out = append(out, u.ID)
	}
	slices.Sort(out)
	return out
}

func wantFound(ctx context.Context, d Directory, tenant orglink.TenantID, by usersync.Identity, value string, want ...orglink.UserID) error {
	users, err := d.Find(ctx, tenant, by, []string{value, "nobody-has-this"})
	if err == nil && !slices.Equal(ids(users), want) {
		err = fmt.Errorf("by %s %q: %v, want %v", by, value, ids(users), want)
	}
	return err
}

func found(ctx context.Context, d Directory) error {
	return first(
		func() error {
			return d.Add(ctx, Tenant, usersync.HostUser{ID: "h1", Email: "Ada@Example.com", Username: "Ada@Example.com.prod", FederationID: "F-Ada"},
				usersync.HostUser{ID: "h2"})
		},
		func() error { return wantFound(ctx, d, Tenant, usersync.ByEmail, "ada@example.com", "h1") },
		func() error { return wantFound(ctx, d, Tenant, usersync.ByUsername, "ada@example.com.prod", "h1") },
		func() error { return wantFound(ctx, d, Tenant, usersync.ByFederationID, "F-Ada", "h1") },
		func() error { return wantFound(ctx, d, Tenant, usersync.ByFederationID, "f-ada") },
		func() error { return wantFound(ctx, d, Tenant, usersync.ByEmail, "ada@example.com.prod") },
		func() error { return wantFound(ctx, d, Tenant, usersync.ByEmail, "%") },
		func() error { return wantFound(ctx, d, Tenant, usersync.ByID, "h2", "h2") },
		func() error { return wantFound(ctx, d, Tenant, usersync.ByID, "H2") },
		func() error { return wantFound(ctx, d, Other, usersync.ByID, "h2") },
	)
}

func foundAll(ctx context.Context, d Directory) error {
	return first(
		func() error {
			return d.Add(ctx, Tenant, usersync.HostUser{ID: "h1", Email: "team@example.com"}, usersync.HostUser{ID: "h2", Email: "TEAM@example.com"})
		},
		func() error { return wantFound(ctx, d, Tenant, usersync.ByEmail, "team@example.com", "h1", "h2") },
	)
}

func directoryApart(ctx context.Context, d Directory) error {
	a, b := usersync.HostUser{}, usersync.HostUser{}
	return first(
		func() error { return d.Add(ctx, Other, usersync.HostUser{ID: "h1", Email: "ada@example.com"}) },
		func() error { return wantFound(ctx, d, Tenant, usersync.ByEmail, "ada@example.com") },
		func() (err error) { a, err = d.Create(ctx, Tenant, "key", account(1)); return err },
		func() (err error) { b, err = d.Create(ctx, Other, "key", account(2)); return err },
		func() error { return wantFound(ctx, d, Tenant, usersync.ByEmail, "new1@example.com", a.ID) },
		func() error { return wantFound(ctx, d, Other, usersync.ByEmail, "new2@example.com", b.ID) },
		func() error { return wantFound(ctx, d, Tenant, usersync.ByEmail, "new2@example.com") },
		func() error {
			list, err := d.List(ctx, Tenant, "", 10)
			if err == nil && len(list) != 1 {
				err = fmt.Errorf("the list of one tenant has %v", ids(list))
			}
			return err
		},
	)
}

func oneKey(ctx context.Context, d Directory) error {
	a, err := d.Create(ctx, Tenant, "key-1", account(1))
	if err != nil {
		return err
	}
	again, err := d.Create(ctx, Tenant, "key-1", account(1))
	if err != nil {
		return err
	}
	other, err := d.Create(ctx, Tenant, "key-2", account(2))
	if err != nil {
		return err
	}
	if a.ID == "" || a.ID != again.ID || a.ID == other.ID {
		return fmt.Errorf("ids %q, again %q, another key %q", a.ID, again.ID, other.ID)
	}
	return wantFound(ctx, d, Tenant, usersync.ByEmail, "new1@example.com", a.ID)
}

func oneKeyAtOnce(ctx context.Context, d Directory) error {
	const n = 8
	made := make([]orglink.UserID, n)
	if err := errors.Join(together(n, func(i int) error {
		u, err := d.Create(ctx, Tenant, "key", account(1))
		made[i] = u.ID
		return err
	})...); err != nil {
		return err
	}
	slices.Sort(made)
	if all := slices.Compact(made); len(all) != 1 {
		return fmt.Errorf("one key made %v", all)
	}
	list, err := d.List(ctx, Tenant, "", 10)
	if err == nil && len(list) != 1 {
		err = fmt.Errorf("%d accounts exist", len(list))
	}
	return err
}

func seatsRunOut(ctx context.Context, d Directory) error {
	if d.LimitSeats == nil {
		return nil
	}
	if err := d.LimitSeats(ctx, Tenant, 1); err != nil {
		return err
	}
	if _, err := d.Create(ctx, Tenant, "key-1", account(1)); err != nil {
		return err
	}
	if _, err := d.Create(ctx, Tenant, "key-2", account(2)); !errors.Is(err, usersync.ErrNoSeats) {
		return wrong(err, "beyond the last seat: want ErrNoSeats")
	}
	if _, err := d.Create(ctx, Tenant, "key-1", account(1)); err != nil {
		return fmt.Errorf("a repeated key needs no seat: %w", err)
	}
	seats, err := d.Seats(ctx, Tenant)
	if err == nil && (!seats.Limited || seats.Left != 0) {
		err = fmt.Errorf("seats: %+v", seats)
	}
	return err
}

func listed(ctx context.Context, d Directory) error {
	want := []orglink.UserID{"B", "a", "b", "c", "ä"}
	for _, id := range want {
		if err := d.Add(ctx, Tenant, usersync.HostUser{ID: id}); err != nil {
			return err
		}
	}
	var got []orglink.UserID
	for after := orglink.UserID(""); len(got) <= len(want); after = got[len(got)-1] {
		page, err := d.List(ctx, Tenant, after, 2)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		for _, u := range page {
			got = append(got, u.ID)
		}
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("listed %q, want %q", got, want)
	}
	return nil
}

func directoryContext(ctx context.Context, d Directory) error {
	ended, cancel := context.WithCancel(ctx)
	cancel()
	return first(
		func() error {
			_, err := d.Find(ended, Tenant, usersync.ByEmail, []string{"x"})
			return canceled("Find", err)
		},
		func() error { _, err := d.Create(ended, Tenant, "key", account(1)); return canceled("Create", err) },
		func() error { return canceled("Update", d.Update(ended, Tenant, "u", usersync.Change{})) },
		func() error { return canceled("Deactivate", d.Deactivate(ended, Tenant, "u")) },
		func() error { _, err := d.List(ended, Tenant, "", 1); return canceled("List", err) },
		func() error { _, err := d.Seats(ended, Tenant); return canceled("Seats", err) },
	)
}
