package usersync

import (
	"github.com/orglink/orglink/salesforce/sobject"
)

// Decision is what a Strategy wants for one user.
type Decision int

// The decisions. A pairing that is ambiguous, or a user that is refused, stays
// so whatever a strategy decides.
const (
	// Leave does nothing; the plan shows the match for a person to act on.
	Leave Decision = iota
	// PairOnly pairs the user with its match and creates no account.
	PairOnly
	// PairOrCreate pairs the user with its match, or creates an account.
	PairOrCreate
)

// Candidate is an eligible Salesforce user without a pair.
type Candidate struct {
	User SalesforceUser
	// Match is the certain match, nil when there is none.
	Match *Match
	// Arrived tells that the user's data just came in, and that the decision
	// is not part of a plan.
	Arrived bool
}

// Strategy decides which Salesforce users get an account. A host may bring its
// own. Implementations are safe for concurrent use.
type Strategy interface {
	// Name is shown in plans.
	Name() string
	// Decide says what should happen to a user.
	Decide(c Candidate) Decision
	// Arrivals tells whether Decide wants to see users when their data first
	// comes in.
	Arrivals() bool
	// GoAhead tells that a plan is applied only after Plan.GoAhead.
	GoAhead() bool
}

type manual struct{}

// Manual pairs nobody by itself: plans show matches, and an administrator
// pairs with Service.Pair.
func Manual() Strategy { return manual{} }

func (manual) Name() string              { return "manual" }
func (manual) Decide(Candidate) Decision { return Leave }
func (manual) Arrivals() bool            { return false }
func (manual) GoAhead() bool             { return false }

type onDemand map[sobject.ID]bool

// OnDemand gives accounts to the Salesforce users that somebody picked, and
// pairs nobody else.
func OnDemand(picked ...sobject.ID) Strategy {
	o := make(onDemand, len(picked))
	for _, id := range picked {
		o[id] = true
	}
	return o
}

func (onDemand) Name() string { return "on demand" }
func (o onDemand) Decide(c Candidate) Decision {
	if o[c.User.ID] {
		return PairOrCreate
	}
	return Leave
}
func (onDemand) Arrivals() bool { return false }
func (onDemand) GoAhead() bool  { return false }

type automatic struct{}

// Automatic pairs the users that the host has, and creates an account when
// the first data of its user comes in.
func Automatic() Strategy { return automatic{} }

func (automatic) Name() string { return "automatic" }
func (automatic) Decide(c Candidate) Decision {
	if c.Arrived {
		return PairOrCreate
	}
	return PairOnly
}
func (automatic) Arrivals() bool { return true }
func (automatic) GoAhead() bool  { return false }

type allActive struct{}

// AllActive gives an account to every active standard user. Its plans must be
// confirmed with the number of seats that they spend (Plan.GoAhead).
func AllActive() Strategy { return allActive{} }

func (allActive) Name() string              { return "all active" }
func (allActive) Decide(Candidate) Decision { return PairOrCreate }
func (allActive) Arrivals() bool            { return false }
func (allActive) GoAhead() bool             { return true }
