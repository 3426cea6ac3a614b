package usersync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Result is what Apply did.
type Result struct {
	// Paired and Created count the pairs made with existing and new accounts.
	Paired, Created int
	// Updated, Deactivated, Reactivated and Deleted count accounts of users
	// who were paired before.
	Updated, Deactivated, Reactivated, Deleted int
	// Already counts entries that were done since the plan.
	Already int
	// Failed lists the entries that could not be done; the rest was.
	Failed []Failure
}

// Failure is an entry that could not be done.
type Failure struct {
	User sobject.ID
	Err  error
}

// Apply makes the pairs of a plan, and creates, changes, deactivates,
// reactivates and, where the policy says so, deletes accounts. It may be stopped at any point
// and repeated: what is done stays done and is not done twice. An entry that
// fails does not stop the others; the error is for what stops all.
//
// A plan may be old by now. Users that have left the org or may not have an
// account any more fail, and so does an entry for whom no account was to be
// found when the plan was made and a doubtful match is now; with a certain one
// the user is paired and no second account made.
func (s *Service) Apply(ctx context.Context, p *Plan) (Result, error) {
	var res Result
	if p.NeedsGoAhead && p.Confirmed != p.Needed {
		return res, fmt.Errorf("usersync: apply: the plan creates or reactivates %d accounts, each of which takes a seat; call Plan.GoAhead(%d) when that is wanted: %w", p.Needed, p.Needed, ErrGoAhead)
	}
	org, err := s.org(ctx, p.Tenant, p.Connection)
	if err != nil {
		return res, err
	}
	if org != p.Org {
		return res, fmt.Errorf("usersync: apply: the plan is for org %s, connection %s leads to %s: plan again", p.Org, p.Connection, org)
	}
	if err := s.applyFollow(ctx, p, &res); err != nil {
		return res, err
	}
	var ids []sobject.ID
	for _, e := range p.Entries {
		if e.Action == ActionPair || e.Action == ActionCreate {
			ids = append(ids, e.User.ID)
		}
	}
	known, err := s.cfg.Pairs.BySalesforce(ctx, p.Tenant, p.Org, ids)
	if err != nil {
		return res, err
	}
	var open []Entry
	for _, e := range p.Entries {
		if e.Action != ActionPair && e.Action != ActionCreate {
			continue
		}
		if _, ok := known[e.User.ID]; ok {
			res.Already++
			continue
		}
		open = append(open, e)
	}
	open, old, err := s.renew(ctx, p, open)
	if err != nil {
		return res, err
	}
	res.Failed = append(res.Failed, old...)
	for _, e := range open {
		if err := ctx.Err(); err != nil {
			return res, fmt.Errorf("usersync: apply: stopped after %d of %d: %w", res.Paired+res.Created+res.Already+len(res.Failed), len(ids), err)
		}
		switch _, already, err := s.join(ctx, p.Tenant, p.Connection, p.Org, e); {
		case err != nil && ctx.Err() != nil:
			return res, err
		case err != nil:
			res.Failed = append(res.Failed, Failure{e.User.ID, err})
		case already:
			res.Already++
		case e.Action == ActionCreate:
			res.Created++
		default:
			res.Paired++
		}
	}
	return res, nil
}

// renew looks at the users of entries again, in the org and in the directory.
func (s *Service) renew(ctx context.Context, p *Plan, entries []Entry) (open []Entry, failed []Failure, err error) {
	if len(entries) == 0 {
		return nil, nil, nil
	}
	ids := make([]sobject.ID, len(entries))
	for i, e := range entries {
		ids[i] = e.User.ID
	}
	users, _, err := s.readUsers(ctx, p.Tenant, p.Connection, ids)
	if err != nil {
		return nil, nil, err
	}
	now := make(map[sobject.ID]SalesforceUser, len(users))
	for _, u := range users {
		now[u.ID] = u
	}
	var create []SalesforceUser
	for _, e := range entries {
		if u, ok := now[e.User.ID]; ok && e.Action == ActionCreate {
			create = append(create, u)
		}
	}
	found, err := s.candidates(ctx, p.Tenant, p.Org, create)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		id := e.User.ID
		u, ok := now[id]
		why := s.refusal(u)
		if !ok {
			why = "the org shows the user no more"
		}
		e.User = u
		if why == "" && e.Action == ActionCreate {
			if why = found.doubt(u); why == "" && len(found.matches[u.ID]) == 1 {
				m := found.matches[u.ID][0]
				e.Action, e.Host, e.Why = ActionPair, m.User.ID, "matched by "+join(m.By)
			}
		}
		if why != "" {
			failed = append(failed, Failure{id, fmt.Errorf("usersync: apply: the plan is old: %s: plan again", why)})
			continue
		}
		open = append(open, e)
	}
	return open, failed, nil
}

// join makes one pair, and the account first where the entry says so. The
// account's key makes a repetition find the same account. already tells that
// somebody has paired the user in between.
func (s *Service) join(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, org sobject.ID, e Entry) (user orglink.UserID, already bool, err error) {
	pair := Pair{Tenant: tenant, Org: org, Salesforce: e.User.ID, User: e.Host, How: clip(e.Why), At: time.Now()}
	pair.Seen = s.seen(Seen{}, e.User, pairedUser{})
	if e.Action != ActionCreate {
		if err := s.put(ctx, conn, pair); err != nil {
			return "", false, err
		}
		return pair.User, false, s.flag(ctx, tenant, pair.User, true)
	}
	// An account that nobody is paired with would stay behind.
	known, err := s.cfg.Pairs.BySalesforce(ctx, tenant, org, []sobject.ID{e.User.ID})
	if err != nil {
		return "", false, err
	}
	if p, ok := known[e.User.ID]; ok {
		return p.User, true, nil
	}
	u := e.User
	created, err := s.cfg.Directory.Create(ctx, tenant, "salesforce:"+string(org)+":"+string(u.ID), NewUser{Email: u.Email, Username: u.Username,
		FederationID: u.FederationID, Name: u.Name, FirstName: u.FirstName, LastName: u.LastName, Org: org, Salesforce: u.ID, SalesforceUser: !s.cfg.Policy.KeepFlag})
	if err == nil && created.ID == "" {
		err = errors.New("the directory returned no id")
	}
	if err != nil {
		return "", false, fmt.Errorf("usersync: create an account for %s (%s): %w", u.Username, u.ID, err)
	}
	pair.User, pair.How = created.ID, howCreated
	// An earlier call may have made the account, from what the org said then:
	// that is the base from which the next plan goes on.
	for _, f := range []struct {
		base *string
		have string
	}{{&pair.Seen.Email, created.Email}, {&pair.Seen.Username, created.Username}, {&pair.Seen.FederationID, created.FederationID}, {&pair.Seen.Name, created.Name}} {
		if f.have != "" {
			*f.base = f.have
		}
	}
	if err := s.put(ctx, conn, pair); err != nil {
		return "", false, fmt.Errorf("usersync: account %q was created for %s and is not paired: %w", created.ID, u.Username, err)
	}
	return created.ID, false, nil
}

// flag says whether an account's person works in Salesforce.
func (s *Service) flag(ctx context.Context, tenant orglink.TenantID, user orglink.UserID, is bool) error {
	if s.cfg.Policy.KeepFlag {
		return nil
	}
	if err := s.cfg.Directory.Update(ctx, tenant, user, Change{SalesforceUser: &is}); err != nil {
		return fmt.Errorf("usersync: mark user %q as working in Salesforce or not: %w", user, err)
	}
	return nil
}
