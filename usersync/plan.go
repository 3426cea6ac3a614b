package usersync

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Action is what a plan means to do with a Salesforce user.
type Action string

// The actions.
const (
	// ActionPaired: the user has a pair already.
	ActionPaired Action = "paired"
	// ActionPair: the user will be paired with its match.
	ActionPair Action = "pair"
	// ActionCreate: an account will be created and paired.
	ActionCreate Action = "create"
	// ActionUpdate: the account of a paired user will be changed.
	ActionUpdate Action = "update"
	// ActionDeactivate: the user left, and the account will be deactivated.
	ActionDeactivate Action = "deactivate"
	// ActionReactivate: the user is back, and so will be the account.
	ActionReactivate Action = "reactivate"
	// ActionDelete: the user left, and the account will be deleted.
	ActionDelete Action = "delete"
	// ActionAmbiguous: a person has to decide; Matches are the choices.
	ActionAmbiguous Action = "ambiguous"
	// ActionRefuse: the user cannot have an account; Why says why.
	ActionRefuse Action = "refuse"
	// ActionLeave: the strategy leaves the user alone.
	ActionLeave Action = "leave"
)

// Entry is one Salesforce user in a plan.
type Entry struct {
	User   SalesforceUser
	Action Action
	// Why is a reason for people.
	Why string
	// Host is the partner: the one that the user has, or will have.
	Host orglink.UserID
	// Change is what will change of the account; nil for nothing.
	Change *Change `json:",omitempty"`
	// Matches are the host users that may be the same person.
	Matches []Match
}

// Plan is what Apply would do. It is plain data: it may be shown, stored as
// JSON, and applied later.
type Plan struct {
	Tenant     orglink.TenantID
	Connection orglink.ConnectionID
	Org        sobject.ID
	Strategy   string
	// Entries are all users of the org, in order of id, and then the paired
	// ones that it does not show.
	Entries []Entry
	// Needed is how many accounts would be created or reactivated, each of
	// which takes a seat; Freed is how many would be deactivated or deleted.
	Needed, Freed int
	// Seats are those that were left when the plan was made.
	Seats Seats
	// NeedsGoAhead tells that Apply refuses the plan before GoAhead.
	NeedsGoAhead bool
	// Confirmed is the number that GoAhead was called with.
	Confirmed int
	// Warnings say what could not be seen and so was not considered.
	Warnings []string
}

// ErrGoAhead is wrapped when a plan that spends seats was not confirmed, or
// with another number.
var ErrGoAhead = errors.New("the number of seats is not confirmed")

// GoAhead confirms that the plan may take this many seats, which must be
// exactly Needed.
func (p *Plan) GoAhead(seats int) error {
	if seats != p.Needed {
		return fmt.Errorf("usersync: go ahead with %d seats: the plan spends %d: %w", seats, p.Needed, ErrGoAhead)
	}
	p.Confirmed = seats
	return nil
}

// Count returns how many entries have an action.
func (p *Plan) Count(a Action) int {
	n := 0
	for _, e := range p.Entries {
		if e.Action == a {
			n++
		}
	}
	return n
}

// Plan reads the org's users and says what Apply would do. It changes nothing.
func (s *Service) Plan(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (*Plan, error) {
	org, err := s.org(ctx, tenant, conn)
	if err != nil {
		return nil, err
	}
	users, warnings, err := s.readUsers(ctx, tenant, conn, nil)
	if err != nil {
		return nil, err
	}
	entries, err := s.decide(ctx, tenant, org, users, s.cfg.Strategy, false)
	if err != nil {
		return nil, err
	}
	gone, err := s.gone(ctx, tenant, conn, org, users)
	if err != nil {
		return nil, err
	}
	p := &Plan{Tenant: tenant, Connection: conn, Org: org, Strategy: s.cfg.Strategy.Name(), Entries: append(entries, gone...),
		NeedsGoAhead: s.cfg.Strategy.GoAhead(), Warnings: warnings}
	return p, s.seat(ctx, p)
}

// seat counts the seats that a plan takes and refuses what finds none.
func (s *Service) seat(ctx context.Context, p *Plan) (err error) {
	if p.Seats, err = s.cfg.Directory.Seats(ctx, p.Tenant); err != nil {
		return fmt.Errorf("usersync: count seats: %w", err)
	}
	for i := range p.Entries {
		e := &p.Entries[i]
		if e.Action == ActionDeactivate || e.Action == ActionDelete {
			p.Freed++
		}
		if e.Action != ActionCreate && e.Action != ActionReactivate {
			continue
		}
		if p.Seats.Limited && p.Needed >= p.Seats.Left {
			e.Action, e.Why = ActionRefuse, fmt.Sprintf("no seats left: %d are free and all are spent on users before this one", p.Seats.Left)
			continue
		}
		p.Needed++
	}
	return nil
}

// gone finds the paired users whom the org did not show, and asks for them
// once more.
func (s *Service) gone(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, org sobject.ID, users []SalesforceUser) ([]Entry, error) {
	shown := make(map[sobject.ID]bool, len(users))
	for _, u := range users {
		shown[u.ID] = true
	}
	var missing []sobject.ID
	for after := sobject.ID(""); ; {
		page, err := s.cfg.Pairs.List(ctx, tenant, org, after, 1000)
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			break
		}
		for _, p := range page {
			if after = p.Salesforce; !shown[after] {
				missing = append(missing, after)
			}
		}
	}
	return s.reread(ctx, tenant, conn, org, missing)
}

// reread asks once more for paired users whom the org did not show.
func (s *Service) reread(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, org sobject.ID, missing []sobject.ID) ([]Entry, error) {
	if len(missing) == 0 {
		return nil, nil
	}
	late, _, err := s.readUsers(ctx, tenant, conn, missing)
	if err != nil {
		return nil, err
	}
	now, err := s.followNow(ctx, tenant, org, missing, late)
	if err != nil {
		return nil, err
	}
	out := make([]Entry, len(now))
	for i, e := range now {
		out[i] = e.Entry
	}
	return out, nil
}

// decide says what is to happen to each user.
func (s *Service) decide(ctx context.Context, tenant orglink.TenantID, org sobject.ID, users []SalesforceUser, by Strategy, arrived bool) ([]Entry, error) {
	ids := make([]sobject.ID, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	known, err := s.cfg.Pairs.BySalesforce(ctx, tenant, org, ids)
	if err != nil {
		return nil, err
	}
	partners := make([]orglink.UserID, 0, len(known))
	for _, p := range known {
		partners = append(partners, p.User)
	}
	hosts, err := s.hosts(ctx, tenant, partners)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, len(users))
	var open []SalesforceUser
	for i, u := range users {
		entries[i].User = u
		if p, ok := known[u.ID]; ok {
			paired := pairedUser{pair: p}
			if h, ok := hosts[p.User]; ok {
				paired.host = &h
			}
			s.follow(&entries[i], paired)
			continue
		}
		if why := s.refusal(u); why != "" {
			entries[i].Action, entries[i].Why = ActionRefuse, why
			continue
		}
		open = append(open, u)
	}
	found, err := s.candidates(ctx, tenant, org, open)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		e := &entries[i]
		if e.Action != "" {
			continue
		}
		e.Matches = found.matches[e.User.ID]
		choose(e, found.doubt(e.User), by, arrived)
	}
	return entries, nil
}

// choose asks the strategy about one eligible user.
func choose(e *Entry, doubt string, by Strategy, arrived bool) {
	if doubt != "" {
		e.Action, e.Why = ActionAmbiguous, doubt
		return
	}
	c := Candidate{User: e.User, Arrived: arrived}
	if len(e.Matches) == 1 {
		c.Match = &e.Matches[0]
	}
	decision := by.Decide(c)
	switch {
	case decision == Leave && c.Match != nil:
		e.Action, e.Why = ActionLeave, fmt.Sprintf("the strategy %q leaves it to a person; user %s matches by %s", by.Name(), c.Match.User.ID, join(c.Match.By))
	case decision == Leave:
		e.Action, e.Why = ActionLeave, fmt.Sprintf("the strategy %q leaves it to a person", by.Name())
	case c.Match != nil:
		e.Action, e.Host, e.Why = ActionPair, c.Match.User.ID, "matched by "+join(c.Match.By)
	case decision == PairOrCreate:
		e.Action, e.Why = ActionCreate, "no user matches"
	default:
		e.Action, e.Why = ActionLeave, "no user matches; an account is created when data of this user first comes in"
	}
}

// refusal says why a user cannot have an account, or "".
func (s *Service) refusal(u SalesforceUser) string {
	switch {
	case !u.Active:
		return "inactive in Salesforce"
	case !slices.Contains(s.cfg.UserTypes, u.Type):
		return fmt.Sprintf("not a standard user but %s", u.Type)
	case u.License == integrationLicense && !s.cfg.IntegrationUsers:
		return "an integration user, who is no person"
	case u.Frozen:
		return "frozen in Salesforce"
	case s.cfg.Refuse != nil:
		return s.cfg.Refuse(u)
	}
	return ""
}
