package usersync

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/orglink/orglink"
)

// howCreated is the How of pairs whose account usersync made.
const howCreated = "created"

// hosts reads accounts by id.
func (s *Service) hosts(ctx context.Context, tenant orglink.TenantID, ids []orglink.UserID) (map[orglink.UserID]HostUser, error) {
	out := make(map[orglink.UserID]HostUser, len(ids))
	values := make([]string, len(ids))
	for i, id := range ids {
		values[i] = string(id)
	}
	for part := range slices.Chunk(values, findSize) {
		found, err := s.cfg.Directory.Find(ctx, tenant, ByID, part)
		if err != nil {
			return nil, fmt.Errorf("usersync: find users by id: %w", err)
		}
		for _, h := range found {
			out[h.ID] = h
		}
	}
	return out, nil
}

// paired is a pair and what both sides say of it now.
type pairedUser struct {
	pair Pair
	// host is nil when the directory no longer has the account.
	host *HostUser
	// gone tells that the org no longer shows the user.
	gone bool
}

// follow says what a paired user's account needs.
func (s *Service) follow(e *Entry, p pairedUser) {
	e.Action, e.Host, e.Why = ActionPaired, p.pair.User, "paired "+p.pair.How
	if e.User.FrozenHidden {
		e.User.Frozen = p.pair.Seen.Frozen // as it was when it was last known
	}
	why, how := s.leaving(e.User, p)
	switch {
	case p.host == nil && how == DeleteAccount: // dead between the deletion and the pair's end
		e.Action, e.Why = ActionDelete, why
		return
	case p.host == nil:
		e.Action, e.Why = ActionAmbiguous, fmt.Sprintf("paired with user %q, whom the directory no longer has: unpair, or restore the account", p.pair.User)
		return
	}
	var c Change
	var what []string
	if flag := why == ""; !p.gone && !s.cfg.Policy.KeepFlag && p.host.SalesforceUser != flag {
		c.SalesforceUser = &flag
		what = append(what, fmt.Sprintf("works in Salesforce: %t", flag))
	}
	if why != "" {
		s.left(e, p, why, how, c, what)
		return
	}
	if !s.cfg.Policy.KeepFields {
		what = append(what, c.fields(p.pair.Seen, e.User, *p.host)...)
	}
	if p.host.Inactive && p.pair.Seen.Left != "" {
		c.Reactivate = true
		e.Action, e.Change, e.Why = ActionReactivate, &c, strings.Join(append([]string{"back in Salesforce"}, what...), "; ")
		return
	}
	if c != (Change{}) {
		e.Action, e.Change = ActionUpdate, &c
	}
	if len(what) > 0 {
		e.Why = strings.Join(what, "; ")
	}
}

// left is follow for users who may not have an account.
func (s *Service) left(e *Entry, p pairedUser, why string, how Leaving, c Change, what []string) {
	switch {
	case how == DeleteAccount:
		e.Action, e.Why = ActionDelete, why
		return
	case how == DeactivateAccount && !p.host.Inactive && p.pair.Seen.Left == LeftDone:
		why += "; the product reactivated the account"
	case how == DeactivateAccount && !p.host.Inactive:
		e.Action = ActionDeactivate
	}
	e.Why += "; " + why
	if c != (Change{}) {
		e.Change = &c
		e.Why = strings.Join(append([]string{why}, what...), "; ")
		if e.Action == ActionPaired {
			e.Action = ActionUpdate
		}
	}
}

// leaving says why a paired user may not have an account, or "", and what the
// policy does about it.
func (s *Service) leaving(u SalesforceUser, p pairedUser) (why string, how Leaving) {
	why, how = s.refusal(u), s.cfg.Policy.Inactive
	switch {
	case p.gone:
		why, how = "the org no longer shows the user", s.cfg.Policy.Gone
	case why == "":
		return "", KeepAccount
	case u.Frozen && u.Active:
		how = s.cfg.Policy.Frozen
	}
	if s.cfg.Policy.OnlyCreated && p.pair.How != howCreated {
		how = KeepAccount
	}
	return why, how
}

// fields finds what the org changed since base and the product did not, and
// says it for people. The org's empty values are not followed: a field that
// the connected user may no longer see looks the same.
func (c *Change) fields(base Seen, u SalesforceUser, host HostUser) (what []string) {
	if base.Username == "" {
		return nil // never followed: there is nothing to tell a change by
	}
	one := func(name string, form func(string) string, was, now, have string, to **string) bool {
		b, n, h := form(was), form(now), form(have)
		switch {
		case n == "" || n == b || n == h || h == "" && b != "": // the last: the product does not keep it
			return false
		case h != b:
			what = append(what, fmt.Sprintf("%s %q became %q, and %q in the product, which stays", name, was, now, have))
			return false
		}
		v := strings.TrimSpace(now)
		*to = &v
		what = append(what, fmt.Sprintf("%s %q became %q", name, was, now))
		return true
	}
	one("e-mail", fold, base.Email, u.Email, host.Email, &c.Email)
	one("user name", fold, base.Username, u.Username, host.Username, &c.Username)
	one("federation id", strings.TrimSpace, base.FederationID, u.FederationID, host.FederationID, &c.FederationID)
	if one("name", strings.TrimSpace, base.Name, u.Name, host.Name, &c.Name) {
		c.FirstName, c.LastName = &u.FirstName, &u.LastName
	}
	return what
}

// seen is the base to keep after an entry was done. While a user is away, the
// base stays, so that what changed meanwhile is followed on return.
func (s *Service) seen(was Seen, u SalesforceUser, p pairedUser) Seen {
	why, _ := s.leaving(u, p)
	if p.gone {
		return was
	}
	now := was
	if why == "" {
		keep := func(now, was string) string {
			if now == "" {
				return was
			}
			return now
		}
		now = Seen{Username: keep(u.Username, was.Username), Email: keep(u.Email, was.Email), FederationID: keep(u.FederationID, was.FederationID),
			Name: keep(u.Name, was.Name), FirstName: u.FirstName, LastName: u.LastName, Left: was.Left}
		if p.host != nil && !p.host.Inactive {
			now.Left = ""
		}
	}
	now.Frozen = u.Frozen
	return now
}
