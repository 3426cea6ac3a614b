package usersync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// userPrefix begins the ids of users; records may also belong to queues (00G).
const userPrefix = "005"

// refusedMax bounds how many refused users are remembered.
const refusedMax = 10000

type (
	refusedKey struct {
		tenant orglink.TenantID
		org    sobject.ID
		id     sobject.ID
	}
	arrivalKey struct {
		tenant orglink.TenantID
		org    sobject.ID
	}
)

// ResolveOwners returns the host users of record owners. Ids of queues, and of
// users without a pair, are absent from the result. When the strategy wants to
// see arrivals (Automatic), users without a pair are looked up in the org and
// paired or given an account first, once, however many calls run.
//
// It may call the org and must not be called inside a transaction.
func (s *Service) ResolveOwners(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, ids []sobject.ID) (map[sobject.ID]orglink.UserID, error) {
	out := make(map[sobject.ID]orglink.UserID)
	var users []sobject.ID
	seen := make(map[sobject.ID]bool)
	for _, id := range ids {
		if id.Prefix() == userPrefix && !seen[id] {
			seen[id] = true
			users = append(users, id)
		}
	}
	if len(users) == 0 {
		return out, nil
	}
	org, err := s.org(ctx, tenant, conn)
	if err != nil {
		return nil, err
	}
	unknown, err := s.known(ctx, tenant, org, users, out)
	if err != nil || len(unknown) == 0 || !s.cfg.Strategy.Arrivals() {
		return out, err
	}
	// One arrival at a time for a tenant's org: two batches with the same new
	// owner must not both match or create. Other processes are held off by the
	// directory's idempotency key and the pair store's uniqueness.
	leave, err := s.enter(ctx, arrivalKey{tenant, org})
	if err != nil {
		return nil, err
	}
	defer leave()
	if unknown, err = s.known(ctx, tenant, org, unknown, out); err != nil || len(unknown) == 0 {
		return out, err
	}
	return out, s.arrive(ctx, tenant, conn, org, unknown, out)
}

// known fills in the pairs that exist and returns the users without one that
// were not refused lately.
func (s *Service) known(ctx context.Context, tenant orglink.TenantID, org sobject.ID, ids []sobject.ID, out map[sobject.ID]orglink.UserID) ([]sobject.ID, error) {
	pairs, err := s.cfg.Pairs.BySalesforce(ctx, tenant, org, ids)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var unknown []sobject.ID
	for _, id := range ids {
		if p, ok := pairs[id]; ok {
			out[id] = p.User
		} else if until, ok := s.refused[refusedKey{tenant, org, id}]; !ok || time.Now().After(until) {
			unknown = append(unknown, id)
		}
	}
	return unknown, nil
}

// arrive pairs or creates users whose data came in.
func (s *Service) arrive(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, org sobject.ID, ids []sobject.ID, out map[sobject.ID]orglink.UserID) error {
	users, _, err := s.readUsers(ctx, tenant, conn, ids)
	if err != nil {
		return err
	}
	// Others who match the same account make a match ambiguous, arrived or not.
	entries, err := s.decidePart(ctx, tenant, conn, org, users, s.cfg.Strategy, true)
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch e.Action {
		case ActionPaired, ActionUpdate, ActionDeactivate, ActionReactivate, ActionDelete:
			out[e.User.ID] = e.Host
			continue
		case ActionPair, ActionCreate:
			user, _, err := s.join(ctx, tenant, conn, org, e)
			if err == nil {
				out[e.User.ID] = user
				continue
			}
			if errors.Is(err, ErrPaired) { // by another process, meanwhile
				if left, err := s.known(ctx, tenant, org, []sobject.ID{e.User.ID}, out); err != nil {
					return err
				} else if len(left) == 0 {
					continue
				}
			} else if !errors.Is(err, ErrNoSeats) {
				return err
			}
			e.Why = err.Error()
		}
		s.refuse(refusedKey{tenant, org, e.User.ID})
		s.event(tenant, conn, "usersync.unresolved", e.User.ID, fmt.Sprintf("Data of Salesforce user %s came in; no account: %s.", e.User.Username, e.Why))
	}
	for _, id := range ids { // users that the org does not show
		if !slices.ContainsFunc(entries, func(e Entry) bool { return e.User.ID == id }) {
			s.refuse(refusedKey{tenant, org, id})
		}
	}
	return nil
}

func (s *Service) refuse(k refusedKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.refused) >= refusedMax {
		clear(s.refused)
	}
	s.refused[k] = time.Now().Add(s.cfg.RefusedFor)
}

// enter waits until no other call is in the same section.
func (s *Service) enter(ctx context.Context, k arrivalKey) (leave func(), err error) {
	for {
		s.mu.Lock()
		busy, taken := s.arrivals[k]
		if !taken {
			done := make(chan struct{})
			s.arrivals[k] = done
			s.mu.Unlock()
			return func() {
				s.mu.Lock()
				delete(s.arrivals, k)
				s.mu.Unlock()
				close(done)
			}, nil
		}
		s.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, fmt.Errorf("usersync: wait for another lookup of owners: %w", ctx.Err())
		}
	}
}
