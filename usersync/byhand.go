package usersync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// ErrNoUser is wrapped when one of the users to pair does not exist: in the
// org, or in the tenant's directory.
var ErrNoUser = errors.New("there is no such user")

// Pair pairs two users because somebody said so; by names who. Both must
// exist, the one in the org and the other in the tenant's directory
// (ErrNoUser), and be free (ErrPaired).
func (s *Service) Pair(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, id sobject.ID, user orglink.UserID, by orglink.Actor) error {
	if err := ofTenant(by, tenant); err != nil {
		return fmt.Errorf("usersync: pair %s with %q: %w", id, user, err)
	}
	org, err := s.org(ctx, tenant, conn)
	if err != nil {
		return err
	}
	users, _, err := s.readUsers(ctx, tenant, conn, []sobject.ID{id})
	if err != nil {
		return err
	}
	if len(users) == 0 {
		return fmt.Errorf("usersync: pair %s with %q: the org shows no such user: %w", id, user, ErrNoUser)
	}
	ok, err := s.member(ctx, tenant, user)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("usersync: pair %s with %q: the tenant's directory has no such user: %w", id, user, ErrNoUser)
	}
	pair := Pair{Tenant: tenant, Org: org, Salesforce: id, User: user, How: clip("by " + string(by.User)), At: time.Now(), Seen: s.seen(Seen{}, users[0], pairedUser{})}
	if err := s.put(ctx, conn, pair); err != nil || s.refusal(users[0]) != "" {
		return err
	}
	return s.flag(ctx, tenant, user, true)
}

// member reports whether the tenant's directory has a user. An id that came
// with a request may be another tenant's.
func (s *Service) member(ctx context.Context, tenant orglink.TenantID, user orglink.UserID) (bool, error) {
	hosts, err := s.hosts(ctx, tenant, []orglink.UserID{user})
	_, ok := hosts[user]
	return ok, err
}

// ofTenant refuses what an actor of another tenant asks for.
func ofTenant(by orglink.Actor, tenant orglink.TenantID) error {
	if by.Tenant != "" && by.Tenant != tenant {
		return fmt.Errorf("user %q is of tenant %q, not of %q: ask as a user of the tenant", by.User, by.Tenant, tenant)
	}
	return nil
}

// Unpair dissolves the pair of a Salesforce user. The accounts stay.
func (s *Service) Unpair(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, id sobject.ID, by orglink.Actor) error {
	if err := ofTenant(by, tenant); err != nil {
		return fmt.Errorf("usersync: unpair %s: %w", id, err)
	}
	org, err := s.org(ctx, tenant, conn)
	if err != nil {
		return err
	}
	pairs, err := s.cfg.Pairs.BySalesforce(ctx, tenant, org, []sobject.ID{id})
	if err != nil {
		return err
	}
	if p, ok := pairs[id]; ok { // before the pair's end: a crash between leaves what the next plan mends
		if err := s.flag(ctx, tenant, p.User, false); err != nil && !errors.Is(err, ErrNoUser) {
			return err
		}
	}
	if err := s.cfg.Pairs.Remove(ctx, tenant, org, id); err != nil {
		return err
	}
	s.event(tenant, conn, "usersync.unpaired", id, fmt.Sprintf("Salesforce user %s was unpaired by %s.", id, by.User))
	return nil
}

// PairedUser returns the host user that is paired with a Salesforce user, or
// "" when none is. It never makes a pair.
func (s *Service) PairedUser(ctx context.Context, tenant orglink.TenantID, org, id sobject.ID) (orglink.UserID, error) {
	pairs, err := s.cfg.Pairs.BySalesforce(ctx, tenant, org, []sobject.ID{id})
	if err != nil {
		return "", fmt.Errorf("usersync: pair of %s: %w", id, err)
	}
	return pairs[id].User, nil
}

// SalesforceUser returns the Salesforce user that a host user is paired with,
// or "" when none is.
func (s *Service) SalesforceUser(ctx context.Context, tenant orglink.TenantID, org sobject.ID, user orglink.UserID) (sobject.ID, error) {
	pairs, err := s.cfg.Pairs.ByUsers(ctx, tenant, org, []orglink.UserID{user})
	if err != nil {
		return "", fmt.Errorf("usersync: pair of %q: %w", user, err)
	}
	return pairs[user].Salesforce, nil
}
