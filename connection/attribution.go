package connection

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Rule says as whom records are written.
type Rule string

// The rules.
const (
	// TeamOnly: the team connection writes everything, the org's rules choose
	// owners. It is what the empty Rule means.
	TeamOnly Rule = "team"
	// TeamWithOwner: the team connection writes everything, the paired user
	// owns what is created. Reps need no permissions of their own.
	TeamWithOwner Rule = "team_with_owner"
	// PersonalCreates: the user's own connection creates, so that Created By
	// names the person; the team connection updates.
	PersonalCreates Rule = "personal_creates"
	// PersonalAlways: the user's own connection writes everything.
	PersonalAlways Rule = "personal"
)

// Fallback says what happens to a write that should be made by a user's own
// connection which is not there or does not work.
type Fallback string

// The fallbacks.
const (
	// FallbackTeam: as with TeamWithOwner. It is what the empty Fallback means.
	FallbackTeam Fallback = "team_with_owner"
	// FallbackFail: the write is refused (ErrNoIdentity).
	FallbackFail Fallback = "fail"
	// FallbackWait: the write waits (WaitError) until the user has connected.
	FallbackWait Fallback = "wait"
)

// Attribution is a tenant's policy on as whom its records are written. It is
// plain data.
type Attribution struct {
	Rule Rule `json:"rule,omitempty"`
	// Objects holds rules that differ, by API name.
	Objects  map[string]Rule `json:"objects,omitempty"`
	Fallback Fallback        `json:"fallback,omitempty"`
}

// Check reports words that are not known.
func (a Attribution) Check() error {
	var problems []error
	rule := func(where string, r Rule) {
		switch r {
		case "", TeamOnly, TeamWithOwner, PersonalCreates, PersonalAlways:
		default:
			problems = append(problems, fmt.Errorf("%s is %q; there are %q, %q, %q and %q", where, clip(string(r)), TeamOnly, TeamWithOwner, PersonalCreates, PersonalAlways))
		}
	}
	rule("Rule", a.Rule)
	for object, r := range a.Objects {
		rule("the rule of "+clip(object), r)
	}
	switch a.Fallback {
	case "", FallbackTeam, FallbackFail, FallbackWait:
	default:
		problems = append(problems, fmt.Errorf("Fallback is %q; there are %q, %q and %q", clip(string(a.Fallback)), FallbackTeam, FallbackFail, FallbackWait))
	}
	if len(problems) > 0 {
		return fmt.Errorf("connection: attribution: %w", errors.Join(problems...))
	}
	return nil
}

// ErrNoIdentity is returned when a write has to be made by a user's own
// connection and there is none that works.
var ErrNoIdentity = newKind("the user has no connection of his own that works",
	"This change has to be made with your own Salesforce login. Connect it in your settings.")

// WaitError tells that a write has to wait: for its user, when it wraps
// ErrNoIdentity, or for a store that failed.
type WaitError struct {
	// After is when to ask again.
	After time.Duration
	err   error
}

// Error implements error.
func (e *WaitError) Error() string { return e.err.Error() }

// Unwrap gives errors.Is the reason.
func (e *WaitError) Unwrap() error { return e.err }

// RetryAfter returns After, for callers that do not know this package.
func (e *WaitError) RetryAfter() time.Duration { return e.After }

// waitFor is how long a write waits before its user is looked for again.
const waitFor = 5 * time.Minute

// waitForStore lets a write wait for a store that failed: the row is not to
// blame.
func waitForStore(err error) error { return &WaitError{After: 30 * time.Second, err: err} }

// SalesforceUsers knows which Salesforce user a host user is paired with.
// *usersync.Service satisfies it.
type SalesforceUsers interface {
	// SalesforceUser returns the Salesforce user, or "".
	SalesforceUser(ctx context.Context, tenant orglink.TenantID, org sobject.ID, user orglink.UserID) (sobject.ID, error)
}

// Attributor decides as whom records are written. It is safe for concurrent
// use and remembers a tenant's connections for the Manager's Staleness.
type Attributor struct {
	m      *Manager
	policy func(context.Context, orglink.TenantID) (Attribution, error)
	users  SalesforceUsers

	mu    sync.Mutex
	lists map[orglink.TenantID]listed
}

type listed struct {
	at    time.Time
	conns []Connection
}

// Attributor returns one that asks policy for a tenant's policy and users for
// who is paired with whom; without users, owners are known of people with a
// connection of their own only.
func (m *Manager) Attributor(policy func(context.Context, orglink.TenantID) (Attribution, error), users SalesforceUsers) *Attributor {
	return &Attributor{m: m, policy: policy, users: users, lists: map[orglink.TenantID]listed{}}
}

// WriteAs decides for one write and says why. An error wraps ErrNoIdentity
// when nobody may write it, and is a *WaitError when it should wait.
func (a *Attributor) WriteAs(ctx context.Context, w orglink.Write) (orglink.WriteAs, error) {
	p, err := a.policy(ctx, w.Tenant)
	if err != nil {
		return orglink.WriteAs{}, waitForStore(fail("attribution", string(w.Tenant), ErrStorage, err))
	}
	if err := p.Check(); err != nil {
		return orglink.WriteAs{}, fail("attribution", string(w.Tenant), ErrStorage, err)
	}
	rule := p.Rule
	for object, r := range p.Objects {
		if strings.EqualFold(object, w.Object) {
			rule = r
		}
	}
	if w.User == "" || rule == "" || rule == TeamOnly {
		why := "the team connection writes " + w.Object
		if rule != "" && rule != TeamOnly {
			why = "no user is named, so the team connection writes"
		}
		return orglink.WriteAs{Connection: w.Team, Reason: why}, nil
	}
	conns, err := a.connections(ctx, w.Tenant)
	if err != nil {
		return orglink.WriteAs{}, waitForStore(err)
	}
	team, own := teamAndOwn(conns, w)
	if team == nil {
		return orglink.WriteAs{}, fail("attribution", string(w.Team), ErrNotFound, nil)
	}
	personal := rule == PersonalAlways || rule == PersonalCreates && w.Create
	if personal && own != nil && !own.State.NeedsPerson() {
		return orglink.WriteAs{Connection: own.ID, Reason: fmt.Sprintf("%s writes by the own connection as %s", w.User, own.User.Username)}, nil
	}
	why := "the team connection writes " + w.Object
	if personal {
		why = fmt.Sprintf("%s has no own connection to %s", w.User, team.Org.ID)
		if own != nil {
			why = fmt.Sprintf("the own connection of %s is %s", w.User, own.State)
		}
		switch p.Fallback {
		case FallbackFail:
			return orglink.WriteAs{}, failDetail("attribution", string(w.User), ErrNoIdentity, "%s", why)
		case FallbackWait:
			return orglink.WriteAs{}, &WaitError{After: waitFor, err: failDetail("attribution", string(w.User), ErrNoIdentity, "%s", why)}
		}
		why += ", so the team connection writes"
	}
	out := orglink.WriteAs{Connection: w.Team, Reason: why}
	if !w.Create {
		return out, nil
	}
	owner, err := a.owner(ctx, w, team.Org.ID, own)
	if err != nil {
		return orglink.WriteAs{}, waitForStore(err)
	}
	if out.Owner = string(owner); owner != "" {
		out.Reason += fmt.Sprintf(", owned by %s of %s", owner, w.User)
	} else {
		out.Reason += fmt.Sprintf("; %s is paired with nobody, so the org chooses the owner", w.User)
	}
	return out, nil
}

// owner is the pair's Salesforce user: an admin or a match made it. Without
// one, it is who the user has proved to be by connecting.
func (a *Attributor) owner(ctx context.Context, w orglink.Write, org sobject.ID, own *Connection) (sobject.ID, error) {
	if a.users != nil {
		id, err := a.users.SalesforceUser(ctx, w.Tenant, org, w.User)
		if err != nil || id != "" {
			return id, err
		}
	}
	if own != nil {
		return own.User.ID, nil
	}
	return "", nil
}

// teamAndOwn finds the team connection and the user's own one to its org.
func teamAndOwn(conns []Connection, w orglink.Write) (team, own *Connection) {
	for i := range conns {
		if conns[i].ID == w.Team {
			team = &conns[i]
		}
	}
	if team == nil {
		return nil, nil
	}
	for i := range conns {
		c := &conns[i]
		if c.Type == (Personal{}).Name() && c.Owner == w.User && c.Org.ID == team.Org.ID && (own == nil || own.State.NeedsPerson()) {
			own = c
		}
	}
	return team, own
}

func (a *Attributor) connections(ctx context.Context, tenant orglink.TenantID) ([]Connection, error) {
	a.mu.Lock()
	l, ok := a.lists[tenant]
	a.mu.Unlock()
	if ok && time.Since(l.at) < a.m.cfg.Staleness {
		return l.conns, nil
	}
	conns, err := a.m.List(ctx, tenant)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.lists) > 10_000 {
		clear(a.lists)
	}
	a.lists[tenant] = listed{time.Now(), conns}
	return conns, nil
}
