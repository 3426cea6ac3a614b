package usersync

import (
	"context"
	"errors"
	"fmt"

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
	// Host is the partner for ActionPaired and ActionPair.
	Host orglink.UserID
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
	// Entries are all users of the org, in order of id.
	Entries []Entry
	// Needed is how many accounts, and so seats, would be created.
	Needed int
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

// GoAhead confirms that the plan may create this many accounts, which must be
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
	entries, err := s.decide(ctx, tenant, org, users, false)
	if err != nil {
		return nil, err
	}
	p := &Plan{Tenant: tenant, Connection: conn, Org: org, Strategy: s.cfg.Strategy.Name(), Entries: entries,
		NeedsGoAhead: s.cfg.Strategy.GoAhead(), Warnings: warnings}
	if p.Seats, err = s.cfg.Directory.Seats(ctx, tenant); err != nil {
		return nil, fmt.Errorf("usersync: count seats: %w", err)
	}
	for i := range p.Entries {
		e := &p.Entries[i]
		if e.Action != ActionCreate {
			continue
		}
		if p.Seats.Limited && p.Needed >= p.Seats.Left {
			e.Action, e.Why = ActionRefuse, fmt.Sprintf("no seats left: %d are free and all are spent on users before this one", p.Seats.Left)
			continue
		}
		p.Needed++
	}
	return p, nil
}

// decide says what is to happen to each user.
func (s *Service) decide(ctx context.Context, tenant orglink.TenantID, org sobject.ID, users []SalesforceUser, arrived bool) ([]Entry, error) {
	ids := make([]sobject.ID, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	known, err := s.cfg.Pairs.BySalesforce(ctx, tenant, org, ids)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, len(users))
	var open []SalesforceUser
	for i, u := range users {
		entries[i].User = u
		if p, ok := known[u.ID]; ok {
			entries[i].Action, entries[i].Host, entries[i].Why = ActionPaired, p.User, "paired "+p.How
			continue
		}
		if why := refusal(u); why != "" {
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
		s.choose(e, found.doubt(e.User), arrived)
	}
	return entries, nil
}

// choose asks the strategy about one eligible user.
func (s *Service) choose(e *Entry, doubt string, arrived bool) {
	if doubt != "" {
		e.Action, e.Why = ActionAmbiguous, doubt
		return
	}
	c := Candidate{User: e.User, Arrived: arrived}
	if len(e.Matches) == 1 {
		c.Match = &e.Matches[0]
	}
	decision := s.cfg.Strategy.Decide(c)
	switch {
	case decision == Leave && c.Match != nil:
		e.Action, e.Why = ActionLeave, fmt.Sprintf("the strategy %q leaves it to a person; user %s matches by %s", s.cfg.Strategy.Name(), c.Match.User.ID, join(c.Match.By))
	case decision == Leave:
		e.Action, e.Why = ActionLeave, fmt.Sprintf("the strategy %q leaves it to a person", s.cfg.Strategy.Name())
	case c.Match != nil:
		e.Action, e.Host, e.Why = ActionPair, c.Match.User.ID, "matched by "+join(c.Match.By)
	case decision == PairOrCreate:
		e.Action, e.Why = ActionCreate, "no user matches"
	default:
		e.Action, e.Why = ActionLeave, "no user matches; an account is created when data of this user first comes in"
	}
}

// refusal says why a user cannot have an account, or "".
func refusal(u SalesforceUser) string {
	switch {
	case !u.Active:
		return "inactive in Salesforce"
	case u.Type != standardUser:
		return fmt.Sprintf("not a standard user but %s", u.Type)
	case u.Frozen:
		return "frozen in Salesforce"
	}
	return ""
}
