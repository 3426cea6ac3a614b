package signin

import (
	"context"
	"fmt"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce/sobject"
)

// find returns the host user that is paired with who signed in, in a tenant
// that has connected the org.
func (s *Service) find(ctx context.Context, tenant orglink.TenantID, out Result) (Result, error) {
	tenants := []orglink.TenantID{tenant}
	if tenant == "" {
		var err error
		if tenants, err = s.cfg.Tenants(ctx, out.Identity.Org); err != nil {
			return Result{}, fmt.Errorf("signin: tenants of %s: %w", out.Identity.Org, err)
		}
	}
	connected := false
	var found []Result
	for _, t := range tenants {
		conn, err := s.connected(ctx, t, out.Identity.Org)
		if err != nil {
			return Result{}, err
		}
		if conn == "" {
			continue
		}
		connected = true
		user, err := s.cfg.Pairs.PairedUser(ctx, t, out.Identity.Org, out.Identity.User)
		if err != nil {
			return Result{}, fmt.Errorf("signin: find the user of %s: %w", out.Identity.User, err)
		}
		if user != "" {
			r := out
			r.Tenant, r.User, r.Connection = t, user, conn
			found = append(found, r)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		e := &ChooseTenantError{}
		for _, r := range found {
			e.Tenants = append(e.Tenants, r.Tenant)
		}
		return Result{}, e
	case !connected:
		return Result{}, fmt.Errorf("signin: %s: %w", out.Identity.Org, connection.ErrForeignOrg)
	}
	return Result{}, fmt.Errorf("%w: %s of %s", ErrNotPaired, out.Identity.User, out.Identity.Org)
}

// link pairs a signed-in user with the Salesforce user that he has just proved
// to be.
func (s *Service) link(ctx context.Context, actor orglink.Actor, out Result) (Result, error) {
	conn, err := s.connected(ctx, actor.Tenant, out.Identity.Org)
	if err != nil {
		return Result{}, err
	}
	if conn == "" {
		return Result{}, fmt.Errorf("signin: %s: %w", out.Identity.Org, connection.ErrForeignOrg)
	}
	out.Tenant, out.User, out.Connection = actor.Tenant, actor.User, conn
	if done, err := s.paired(ctx, actor, out.Identity); err != nil || done {
		return out.unless(err)
	}
	if err := s.cfg.Pairs.Pair(ctx, actor.Tenant, conn, out.Identity.User, actor.User, actor); err != nil {
		// Somebody may have been faster, and says more than a refusal does.
		if done, now := s.paired(ctx, actor, out.Identity); now != nil || done {
			return out.unless(now)
		}
		return Result{}, fmt.Errorf("signin: link: %w", err)
	}
	out.Linked = true
	return out, nil
}

func (r Result) unless(err error) (Result, error) {
	if err != nil {
		return Result{}, err
	}
	return r, nil
}

// paired reports whether an actor is paired with who signed in, and fails when
// one of the two has another partner.
func (s *Service) paired(ctx context.Context, actor orglink.Actor, who Identity) (bool, error) {
	user, err := s.cfg.Pairs.PairedUser(ctx, actor.Tenant, who.Org, who.User)
	if err != nil {
		return false, fmt.Errorf("signin: find the user of %s: %w", who.User, err)
	}
	if user != "" && user != actor.User {
		return false, fmt.Errorf("%w: %s", ErrPairedOther, who.User)
	}
	other, err := s.cfg.Pairs.SalesforceUser(ctx, actor.Tenant, who.Org, actor.User)
	if err != nil {
		return false, fmt.Errorf("signin: find the Salesforce user of %q: %w", actor.User, err)
	}
	if other != "" && other != who.User {
		return false, fmt.Errorf("%w: %s, not %s", ErrLinkedOther, other, who.User)
	}
	return user != "", nil
}

// connected returns the tenant's connection to an org, a team's before a
// person's, or "". One that was disconnected admits nobody.
func (s *Service) connected(ctx context.Context, tenant orglink.TenantID, org sobject.ID) (orglink.ConnectionID, error) {
	all, err := s.cfg.Connections.List(ctx, tenant)
	if err != nil {
		return "", fmt.Errorf("signin: connections of %s: %w", tenant, err)
	}
	for _, c := range all {
		// A person's own connection must not admit an org to the tenant.
		if c.Tenant == tenant && c.Org.ID == org && c.State != connection.Disconnected && c.Type != (connection.Personal{}).Name() {
			return c.ID, nil
		}
	}
	return "", nil
}
