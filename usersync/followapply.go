package usersync

import (
	"context"
	"fmt"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// follows tells whether an action is about an account that is paired.
func (a Action) follows() bool {
	return a == ActionUpdate || a == ActionDeactivate || a == ActionReactivate || a == ActionDelete
}

// applyFollow does what accounts of paired users need. Each is looked at again
// first: a plan may be old.
func (s *Service) applyFollow(ctx context.Context, p *Plan, res *Result) error {
	var ids []sobject.ID
	var noted []Entry
	planned := map[sobject.ID]Action{}
	for _, e := range p.Entries {
		switch {
		case e.Action.follows():
			ids = append(ids, e.User.ID)
			planned[e.User.ID] = e.Action
		case e.Action == ActionPaired && e.User.Username != "":
			noted = append(noted, e)
		}
	}
	if err := s.noteAll(ctx, p, noted); err != nil {
		return err
	}
	if len(ids) == 0 {
		return nil
	}
	users, _, err := s.readUsers(ctx, p.Tenant, p.Connection, ids)
	if err != nil {
		return err
	}
	entries, err := s.followNow(ctx, p.Tenant, p.Org, ids, users)
	if err != nil {
		return err
	}
	// Those that free seats come before those that need one.
	for _, frees := range []bool{true, false} {
		for _, e := range entries {
			want := planned[e.User.ID]
			if frees != (want == ActionDeactivate || want == ActionDelete) {
				continue
			}
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("usersync: apply: stopped before user %s: %w", e.User.ID, err)
			}
			if e.Action != want {
				if e.Action == ActionPaired {
					res.Already++
				} else {
					res.Failed = append(res.Failed, Failure{e.User.ID, fmt.Errorf("usersync: apply: the plan is old: it was to %s, now it is %s (%s): plan again", want, e.Action, e.Why)})
				}
				continue
			}
			switch err := s.applyOne(ctx, p.Tenant, p.Connection, e); {
			case err != nil && ctx.Err() != nil:
				return err
			case err != nil:
				res.Failed = append(res.Failed, Failure{e.User.ID, err})
			default:
				res.count(want)
			}
		}
	}
	return nil
}

func (r *Result) count(a Action) {
	switch a {
	case ActionUpdate:
		r.Updated++
	case ActionDeactivate:
		r.Deactivated++
	case ActionReactivate:
		r.Reactivated++
	case ActionDelete:
		r.Deleted++
	}
}

// followEntry is an entry with the pair that it is about.
type followEntry struct {
	Entry
	paired pairedUser
}

// followNow says what the accounts of some paired users need now. Of the ids,
// those that are not among users are gone; those without a pair are left.
func (s *Service) followNow(ctx context.Context, tenant orglink.TenantID, org sobject.ID, ids []sobject.ID, users []SalesforceUser) ([]followEntry, error) {
	pairs, err := s.cfg.Pairs.BySalesforce(ctx, tenant, org, ids)
	if err != nil {
		return nil, err
	}
	var want []orglink.UserID
	for _, p := range pairs {
		want = append(want, p.User)
	}
	hosts, err := s.hosts(ctx, tenant, want)
	if err != nil {
		return nil, err
	}
	now := make(map[sobject.ID]SalesforceUser, len(users))
	for _, u := range users {
		now[u.ID] = u
	}
	var out []followEntry
	for _, id := range ids {
		u, shown := now[id]
		e := followEntry{Entry: Entry{User: u}}
		e.User.ID = id
		pair, ok := pairs[id]
		if !ok {
			e.Action, e.Why = ActionLeave, "no longer paired"
			out = append(out, e)
			continue
		}
		e.paired = pairedUser{pair: pair, gone: !shown}
		if h, ok := hosts[pair.User]; ok {
			e.paired.host = &h
		}
		s.follow(&e.Entry, e.paired)
		out = append(out, e)
	}
	return out, nil
}

// applyOne does one entry. Its steps are in such an order that the same entry,
// or the next plan, finishes what a crash between any two of them left.
func (s *Service) applyOne(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, e followEntry) error {
	pair, d := e.paired.pair, s.cfg.Directory
	failed := func(err error) error {
		return fmt.Errorf("usersync: %s user %q for %s: %w", e.Action, pair.User, pair.Salesforce, err)
	}
	next := s.seen(pair.Seen, e.User, e.paired)
	switch e.Action {
	case ActionDelete:
		del, ok := d.(Deleter)
		if !ok {
			return failed(fmt.Errorf("the directory is no usersync.Deleter"))
		}
		if err := del.Delete(ctx, tenant, pair.User); err != nil {
			return failed(err)
		}
		if err := s.cfg.Pairs.Remove(ctx, tenant, pair.Org, pair.Salesforce); err != nil {
			return failed(err)
		}
		s.tell(tenant, conn, "usersync.deleted", e)
		return nil
	case ActionDeactivate:
		pair.Seen, pair.Seen.Left = next, LeftBegun
		if err := s.cfg.Pairs.Note(ctx, pair); err != nil {
			return failed(err)
		}
		if e.Change != nil {
			if err := d.Update(ctx, tenant, pair.User, *e.Change); err != nil {
				return failed(err)
			}
		}
		if err := d.Deactivate(ctx, tenant, pair.User); err != nil {
			return failed(err)
		}
		next.Left = LeftDone
	case ActionReactivate, ActionUpdate:
		if err := d.Update(ctx, tenant, pair.User, *e.Change); err != nil {
			return failed(err)
		}
		if e.Action == ActionReactivate {
			next.Left = ""
		}
	}
	pair.Seen = next
	if err := s.cfg.Pairs.Note(ctx, pair); err != nil {
		return failed(err)
	}
	s.tell(tenant, conn, map[Action]string{ActionDeactivate: "usersync.deactivated", ActionReactivate: "usersync.reactivated", ActionUpdate: "usersync.updated"}[e.Action], e)
	return nil
}

func (s *Service) tell(tenant orglink.TenantID, conn orglink.ConnectionID, kind string, e followEntry) {
	s.event(tenant, conn, kind, e.User.ID, fmt.Sprintf("User %s of Salesforce user %s: %s (%s).", e.paired.pair.User, e.User.ID, e.Action, e.Why))
}

// noteAll keeps what was seen of paired users whose accounts need nothing.
func (s *Service) noteAll(ctx context.Context, p *Plan, entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	ids := make([]sobject.ID, len(entries))
	users := make([]SalesforceUser, len(entries))
	for i, e := range entries {
		ids[i], users[i] = e.User.ID, e.User
	}
	now, err := s.followNow(ctx, p.Tenant, p.Org, ids, users)
	if err != nil {
		return err
	}
	for _, e := range now {
		if e.Action != ActionPaired {
			continue // the next plan's work
		}
		pair := e.paired.pair
		if pair.Seen = s.seen(pair.Seen, e.User, e.paired); pair.Seen == e.paired.pair.Seen {
			continue
		}
		if err := s.cfg.Pairs.Note(ctx, pair); err != nil {
			return err
		}
	}
	return nil
}
