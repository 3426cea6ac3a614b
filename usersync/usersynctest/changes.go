package usersynctest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/usersync"
)

func str(s string) *string { return &s }

func account1(ctx context.Context, d Directory, tenant orglink.TenantID) (usersync.HostUser, error) {
	u, err := d.Create(ctx, tenant, "key-1", account(1))
	return u, err
}

func byID(ctx context.Context, d Directory, tenant orglink.TenantID, id orglink.UserID) (usersync.HostUser, error) {
	users, err := d.Find(ctx, tenant, usersync.ByID, []string{string(id)})
	if err == nil && len(users) != 1 {
		err = fmt.Errorf("by id %q: %d accounts", id, len(users))
	}
	if err != nil {
		return usersync.HostUser{}, err
	}
	return users[0], nil
}

func wantAccount(ctx context.Context, d Directory, tenant orglink.TenantID, w usersync.HostUser) error {
	got, err := byID(ctx, d, tenant, w.ID)
	if err == nil && got != w {
		err = fmt.Errorf("the account is %+v, want %+v", got, w)
	}
	return err
}

func updated(ctx context.Context, d Directory) error {
	u, err := account1(ctx, d, Tenant)
	if err != nil {
		return err
	}
	if u, err = byID(ctx, d, Tenant, u.ID); err != nil {
		return err
	}
	theirs, err := account1(ctx, d, Other)
	if err != nil {
		return err
	}
	if theirs, err = byID(ctx, d, Other, theirs.ID); err != nil {
		return err
	}
	yes := true
	c := usersync.Change{Name: str("Renamed"), FirstName: str("R"), LastName: str("Enamed"), SalesforceUser: &yes}
	u.Name, u.SalesforceUser = "Renamed", true
	if err := first(
		func() error { return d.Update(ctx, Tenant, u.ID, c) },
		func() error { return d.Update(ctx, Tenant, u.ID, c) },
		func() error { return wantAccount(ctx, d, Tenant, u) },
	); err != nil {
		return err
	}
	c, no := usersync.Change{Email: str("moved@example.com")}, false
	c.SalesforceUser = &no
	u.Email, u.SalesforceUser = "moved@example.com", false
	if !slices.Contains(d.Ignores, usersync.ByUsername) {
		c.Username, u.Username = str("moved@example.com.prod"), "moved@example.com.prod"
	}
	if !slices.Contains(d.Ignores, usersync.ByFederationID) {
		c.FederationID, u.FederationID = str("F-moved"), "F-moved"
	}
	return first(
		func() error { return d.Update(ctx, Tenant, u.ID, c) },
		func() error { return wantAccount(ctx, d, Tenant, u) },
		func() error { return wantFound(ctx, d, Tenant, usersync.ByEmail, "moved@example.com", u.ID) },
		func() error { return wantFound(ctx, d, Tenant, usersync.ByEmail, "new1@example.com") },
		func() error { return wantAccount(ctx, d, Other, theirs) },
		func() error { return noUser("Update", d.Update(ctx, Tenant, "nobody", c)) },
	)
}

func noUser(what string, err error) error {
	if !errors.Is(err, usersync.ErrNoUser) {
		return wrong(err, "%s of an account that is not there: want ErrNoUser", what)
	}
	return nil
}

func deactivated(ctx context.Context, d Directory) error {
	u, err := account1(ctx, d, Tenant)
	if err != nil {
		return err
	}
	if u, err = byID(ctx, d, Tenant, u.ID); err != nil {
		return err
	}
	if u.Inactive {
		return errors.New("a new account is inactive")
	}
	theirs, err := account1(ctx, d, Other)
	if err != nil {
		return err
	}
	back := u
	u.Inactive = true
	return first(
		func() error { return d.Deactivate(ctx, Tenant, u.ID) },
		func() error { return d.Deactivate(ctx, Tenant, u.ID) },
		func() error { return wantAccount(ctx, d, Tenant, u) },
		func() error { return wantFound(ctx, d, Tenant, usersync.ByEmail, "new1@example.com", u.ID) },
		func() error {
			again, err := account1(ctx, d, Tenant)
			if err == nil && again.ID != u.ID {
				err = fmt.Errorf("the key of an inactive account made another: %q", again.ID)
			}
			return err
		},
		func() error { return d.Update(ctx, Tenant, u.ID, usersync.Change{Name: &u.Name}) },
		func() error { return wantAccount(ctx, d, Tenant, u) },
		func() error { return d.Update(ctx, Tenant, u.ID, usersync.Change{Reactivate: true}) },
		func() error { return d.Update(ctx, Tenant, u.ID, usersync.Change{Reactivate: true}) },
		func() error { return wantAccount(ctx, d, Tenant, back) },
		func() error {
			t, err := byID(ctx, d, Other, theirs.ID)
			if err == nil && t.Inactive {
				err = errors.New("another tenant's account was deactivated")
			}
			return err
		},
		func() error { return noUser("Deactivate", d.Deactivate(ctx, Tenant, "nobody")) },
	)
}

func seatsOfInactive(ctx context.Context, d Directory) error {
	if d.LimitSeats == nil {
		return nil
	}
	if err := d.LimitSeats(ctx, Tenant, 1); err != nil {
		return err
	}
	u, err := account1(ctx, d, Tenant)
	if err != nil {
		return err
	}
	seats := func(used, left int) error {
		s, err := d.Seats(ctx, Tenant)
		if err == nil && (s.Used != used || s.Left != left) {
			err = fmt.Errorf("seats: %+v, want %d used and %d left", s, used, left)
		}
		return err
	}
	return first(
		func() error { return seats(1, 0) },
		func() error { return d.Deactivate(ctx, Tenant, u.ID) },
		func() error { return seats(0, 1) },
		func() error { _, err := d.Create(ctx, Tenant, "key-2", account(2)); return err },
		func() error {
			if err := d.Update(ctx, Tenant, u.ID, usersync.Change{Reactivate: true}); !errors.Is(err, usersync.ErrNoSeats) {
				return wrong(err, "reactivated beyond the last seat: want ErrNoSeats")
			}
			return nil
		},
		func() error { return seats(1, 0) },
	)
}

func deleted(ctx context.Context, d Directory) error {
	del, ok := d.Directory.(usersync.Deleter)
	if !ok {
		return nil
	}
	u, err := account1(ctx, d, Tenant)
	if err != nil {
		return err
	}
	theirs, err := account1(ctx, d, Other)
	if err != nil {
		return err
	}
	return first(
		func() error { return del.Delete(ctx, Tenant, u.ID) },
		func() error { return del.Delete(ctx, Tenant, u.ID) },
		func() error { return wantFound(ctx, d, Tenant, usersync.ByEmail, "new1@example.com") },
		func() error { return wantFound(ctx, d, Other, usersync.ByID, string(theirs.ID), theirs.ID) },
		func() error {
			again, err := account1(ctx, d, Tenant)
			if err == nil {
				_, err = byID(ctx, d, Tenant, again.ID)
			}
			return err
		},
	)
}
