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
	// Already counts entries that somebody had paired since the plan.
	Already int
	// Failed lists the entries that could not be done; the rest was.
	Failed []Failure
}

// Failure is an entry that could not be done.
type Failure struct {
	User sobject.ID
	Err  error
}

// Apply makes the pairs and accounts of a plan. It may be stopped at any point
// and repeated: what is done stays done and is not done twice. An entry that
// fails does not stop the others; the error is for what stops all.
func (s *Service) Apply(ctx context.Context, p *Plan) (Result, error) {
	var res Result
	if p.NeedsGoAhead && p.Confirmed != p.Needed {
		return res, fmt.Errorf("usersync: apply: the plan creates %d accounts; call Plan.GoAhead(%d) when that is wanted: %w", p.Needed, p.Needed, ErrGoAhead)
	}
	org, err := s.org(ctx, p.Tenant, p.Connection)
	if err != nil {
		return res, err
	}
	if org != p.Org {
		return res, fmt.Errorf("usersync: apply: the plan is for org %s, connection %s leads to %s: plan again", p.Org, p.Connection, org)
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
	for _, e := range p.Entries {
		if e.Action != ActionPair && e.Action != ActionCreate {
			continue
		}
		if err := ctx.Err(); err != nil {
			return res, fmt.Errorf("usersync: apply: stopped after %d of %d: %w", res.Paired+res.Created+res.Already+len(res.Failed), len(ids), err)
		}
		if _, ok := known[e.User.ID]; ok {
			res.Already++
			continue
		}
		if _, err := s.join(ctx, p.Tenant, p.Connection, p.Org, e); err != nil {
			if ctx.Err() != nil {
				return res, err
			}
			res.Failed = append(res.Failed, Failure{e.User.ID, err})
			continue
		}
		if e.Action == ActionCreate {
			res.Created++
		} else {
			res.Paired++
		}
	}
	return res, nil
}

// join makes one pair, and the account first where the entry says so. The
// account's key makes a repetition find the same account.
func (s *Service) join(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, org sobject.ID, e Entry) (orglink.UserID, error) {
	pair := Pair{Tenant: tenant, Org: org, Salesforce: e.User.ID, User: e.Host, How: clip(e.Why), At: time.Now()}
	if e.Action == ActionCreate {
		u := e.User
		created, err := s.cfg.Directory.Create(ctx, tenant, "salesforce:"+string(org)+":"+string(u.ID), NewUser{Email: u.Email, Username: u.Username,
			FederationID: u.FederationID, Name: u.Name, FirstName: u.FirstName, LastName: u.LastName, Org: org, Salesforce: u.ID})
		if err != nil {
			return "", fmt.Errorf("usersync: create an account for %s (%s): %w", u.Username, u.ID, err)
		}
		if created.ID == "" {
			return "", fmt.Errorf("usersync: create an account for %s (%s): %w", u.Username, u.ID, errors.New("the directory returned no id"))
		}
		pair.User, pair.How = created.ID, "created"
	}
	return pair.User, s.put(ctx, conn, pair)
}
