package link

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Action is what a plan does with an account.
type Action string

// The actions.
const (
	// Kept is paired already.
	Kept Action = "kept"
	// Paired is surely one of the host's companies.
	Paired Action = "paired"
	// Review may be one or several of them: a person decides, by
	// Matcher.Pair, Matcher.Refuse or Matcher.Add.
	Review Action = "review"
	// Added is none of them and becomes one.
	Added Action = "added"
	// Left is none of them and stays alone (MatcherConfig.LeaveNew).
	Left Action = "left"
)

// Candidate is a company that an account may be.
type Candidate struct {
	Company Company `json:"company"`
	// Score is 0 to 1; Why says what it is made of.
	Score float64 `json:"score"`
	Why   string  `json:"why"`
}

// Match is one account of a plan.
type Match struct {
	Account Account `json:"account"`
	Action  Action  `json:"action"`
	// Key is the company of Kept and Paired.
	Key string `json:"key,omitempty"`
	Why string `json:"why"`
	// Candidates are the best ones, at most ten.
	Candidates []Candidate `json:"candidates,omitempty"`
}

// MatcherConfig configures a Matcher. Store, Refusals and Companies are
// required.
type MatcherConfig struct {
	Store     Store
	Refusals  Refusals
	Companies Companies
	// Object is the object of the pairs. Defaults to "Account".
	Object string
	// Sure is the score from which a match needs no person, above 0 to 1.
	// Defaults to 0.9: the same website and a similar name. Doubtful is the
	// score from which it is shown to one. Defaults to 0.6: the same name.
	Sure, Doubtful float64
	// LeaveNew leaves accounts alone that are none of the host's companies.
	// Defaults to adding them.
	LeaveNew bool
}

// Matcher recognises the host's companies among imported accounts. It is safe
// for concurrent use.
type Matcher struct{ cfg MatcherConfig }

// NewMatcher returns a Matcher. All problems of the configuration are reported
// together.
func NewMatcher(cfg MatcherConfig) (*Matcher, error) {
	if cfg.Object == "" {
		cfg.Object = "Account"
	}
	if cfg.Sure == 0 {
		cfg.Sure = 0.9
	}
	if cfg.Doubtful == 0 {
		cfg.Doubtful = 0.6
	}
	var errs []error
	if cfg.Store == nil || cfg.Refusals == nil || cfg.Companies == nil {
		errs = append(errs, errors.New("Store, Refusals and Companies are required: a Memory or SQLStore is the first two"))
	}
	if cfg.Doubtful <= 0 || cfg.Doubtful > cfg.Sure || cfg.Sure > 1 {
		errs = append(errs, fmt.Errorf("Doubtful, %g, and Sure, %g, must be above 0, in this order, and at most 1", cfg.Doubtful, cfg.Sure))
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("link: matcher: %w", errors.Join(errs...))
	}
	return &Matcher{cfg}, nil
}

// planBatch is how many accounts are looked up at once.
const planBatch = 500

// tooClose is the distance of scores below which the better one proves nothing.
const tooClose = 0.05

// Plan compares accounts with the host's companies and says what it would do;
// it changes nothing. It holds one entry for each account, so give a large org
// in parts that belong together. Two accounts that could both be one company
// are for a person to decide, and so is one that could be two companies.
func (m *Matcher) Plan(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, accounts iter.Seq2[Account, error]) ([]Match, error) {
	var out []Match
	var batch []Account
	flush := func() error {
		part, err := m.compare(ctx, tenant, conn, batch)
		out, batch = append(out, part...), batch[:0]
		return err
	}
	for a, err := range accounts {
		if err != nil {
			return nil, fmt.Errorf("link: read accounts: %w", err)
		}
		if batch = append(batch, a); len(batch) == planBatch {
			if err := flush(); err != nil {
				return nil, err
			}
		}
	}
	if err := flush(); err != nil {
		return nil, err
	}
	m.rivals(out)
	return out, nil
}

// compare plans accounts one by one.
func (m *Matcher) compare(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, accounts []Account) ([]Match, error) {
	ids := make([]sobject.ID, len(accounts))
	for i, a := range accounts {
		ids[i] = a.ID
	}
	paired, err := m.cfg.Store.ByRecords(ctx, tenant, conn, m.cfg.Object, ids)
	if err != nil {
		return nil, err
	}
	refused, err := m.cfg.Refusals.Refused(ctx, tenant, conn, m.cfg.Object, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Match, len(accounts))
	var open []int
	for i, a := range accounts {
		if p, ok := paired[a.ID]; ok {
			out[i] = Match{Account: a, Action: Kept, Key: p.Key, Why: "paired already"}
			continue
		}
		out[i] = Match{Account: a}
		open = append(open, i)
	}
	found, err := m.find(ctx, tenant, accounts, open)
	if err != nil {
		return nil, err
	}
	taken, err := m.cfg.Store.ByKeys(ctx, tenant, conn, m.cfg.Object, found.keys())
	if err != nil {
		return nil, err
	}
	for _, i := range open {
		a := &out[i]
		for _, c := range found.of(a.Account) {
			if _, other := taken[c.Key]; other || slices.Contains(refused[a.Account.ID], c.Key) {
				continue
			}
			if s := score(a.Account, c); s.Score >= m.cfg.Doubtful {
				a.Candidates = append(a.Candidates, s)
			}
		}
		slices.SortStableFunc(a.Candidates, func(x, y Candidate) int {
			switch {
			case x.Score > y.Score:
				return -1
			case x.Score < y.Score:
				return 1
			}
			return strings.Compare(x.Company.Key, y.Company.Key)
		})
		m.decide(a)
	}
	return out, nil
}

func (m *Matcher) decide(a *Match) {
	switch {
	case len(a.Candidates) == 0 && m.cfg.LeaveNew:
		a.Action, a.Why = Left, "none of the companies is like it"
	case len(a.Candidates) == 0:
		a.Action, a.Why = Added, "none of the companies is like it"
	case len(a.Candidates) > 1 && a.Candidates[0].Score-a.Candidates[1].Score < tooClose:
		a.Action, a.Why = Review, "several companies are like it"
	case a.Candidates[0].Score < m.cfg.Sure:
		a.Action, a.Why = Review, a.Candidates[0].Why
	default:
		a.Action, a.Key, a.Why = Paired, a.Candidates[0].Company.Key, a.Candidates[0].Why
	}
	if len(a.Candidates) > 10 {
		a.Candidates = a.Candidates[:10]
	}
}

// rivals leaves to a person what several accounts could be. One that is surely
// better than all others keeps the company.
func (m *Matcher) rivals(all []Match) {
	best := map[string][]*Match{}
	for i := range all {
		for _, c := range all[i].Candidates {
			best[c.Company.Key] = append(best[c.Company.Key], &all[i])
		}
	}
	for key, list := range best {
		scoreOf := func(a *Match) float64 {
			for _, c := range a.Candidates {
				if c.Company.Key == key {
					return c.Score
				}
			}
			return 0
		}
		slices.SortStableFunc(list, func(x, y *Match) int {
			if scoreOf(x) > scoreOf(y) {
				return -1
			} else if scoreOf(x) < scoreOf(y) {
				return 1
			}
			return 0
		})
		for i, a := range list {
			if a.Action != Paired || a.Key != key || len(list) == 1 {
				continue
			}
			if i > 0 || scoreOf(a)-scoreOf(list[1]) < tooClose {
				a.Action, a.Key, a.Why = Review, "", fmt.Sprintf("%d accounts are like company %s", len(list), key)
			}
		}
	}
}

// score compares one account with one company.
func score(a Account, c Company) Candidate {
	out := Candidate{Company: c}
	like := likeness(FoldName(a.Name), FoldName(c.Name))
	domain := FoldDomain(a.Website)
	switch {
	case c.Record != "" && c.Record == a.ID:
		out.Score, out.Why = 1, "the company names the account"
	case domain != "" && domain == FoldDomain(c.Website):
		out.Score, out.Why = 0.8+0.19*like, fmt.Sprintf("both have the website %s, and names that are %d %% alike", domain, int(100*like))
	case like == 1 && domain != "" && FoldDomain(c.Website) != "":
		out.Score, out.Why = 0.6, "both have the same name, but different websites"
	case like == 1:
		out.Score, out.Why = 0.75, "both have the same name"
	default:
		out.Score, out.Why = 0.5*like, fmt.Sprintf("their names are %d %% alike", int(100*like))
	}
	return out
}
