package usersync

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Logins knows which Salesforce user each host user's personal connection logs
// in as. *connection.Manager satisfies it.
type Logins interface {
	// Logins returns the personal connections that work, to the org of a
	// connection of the tenant.
	Logins(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (map[orglink.UserID]sobject.ID, error)
}

// Rep is a host user, the Salesforce user that he is paired with, and the one
// that he logs in as; either may be "".
type Rep struct {
	User   orglink.UserID
	Paired sobject.ID
	Login  sobject.ID
	// LoginOf is the host user with whom Login is paired; "" when none is.
	LoginOf orglink.UserID
}

// Reps tells whose pair and whose personal connection do not go together. Each
// list is in order of User.
type Reps struct {
	// NotConnected are paired and have no personal connection that works.
	NotConnected []Rep
	// NotPaired are connected with a login that is nobody's.
	NotPaired []Rep
	// OthersLogin are connected with a login that is somebody else's, or that
	// is not the one they are paired with.
	OthersLogin []Rep
	// InOrder is how many are paired and connected as the same person.
	InOrder int
}

// Reps compares the pairs of a connection's org with the personal connections
// to it.
func (s *Service) Reps(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, logins Logins) (Reps, error) {
	var out Reps
	org, err := s.org(ctx, tenant, conn)
	if err != nil {
		return out, err
	}
	reps := make(map[orglink.UserID]*Rep)
	owner := make(map[sobject.ID]orglink.UserID)
	for after, more := sobject.ID(""), true; more; {
		page, err := s.cfg.Pairs.List(ctx, tenant, org, after, 1000)
		if err != nil {
			return out, err
		}
		more = len(page) > 0
		for _, p := range page {
			after = p.Salesforce
			reps[p.User], owner[p.Salesforce] = &Rep{User: p.User, Paired: p.Salesforce}, p.User
		}
	}
	connected, err := logins.Logins(ctx, tenant, conn)
	if err != nil {
		return out, fmt.Errorf("usersync: personal connections beside %s: %w", conn, err)
	}
	for user, login := range connected {
		if reps[user] == nil {
			reps[user] = &Rep{User: user}
		}
		reps[user].Login, reps[user].LoginOf = login, owner[login]
	}
	for _, user := range slices.Sorted(maps.Keys(reps)) {
		switch r := *reps[user]; {
		case r.Login == "":
			out.NotConnected = append(out.NotConnected, r)
		case r.Login == r.Paired:
			out.InOrder++
		case r.Paired == "" && r.LoginOf == "":
			out.NotPaired = append(out.NotPaired, r)
		default:
			out.OthersLogin = append(out.OthersLogin, r)
		}
	}
	return out, nil
}
