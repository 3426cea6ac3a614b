package usersync

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// ByHostRule marks matches of Config.HostRule.
const ByHostRule Identity = "host rule"

// Match is a host user who seems to be the same person.
type Match struct {
	User HostUser
	// By are the rules that found the user, strongest first.
	By []Identity
}

// findSize is how many values a Directory is asked about at once.
const findSize = 1000

// match finds the host users that each Salesforce user may be.
func (s *Service) match(ctx context.Context, tenant orglink.TenantID, users []SalesforceUser) (map[sobject.ID][]Match, error) {
	out := make(map[sobject.ID][]Match, len(users))
	for _, rule := range s.cfg.Rules {
		found, err := s.findBy(ctx, tenant, rule, users)
		if err != nil {
			return nil, err
		}
		for _, u := range users {
			for _, h := range found[u.value(rule)] {
				out[u.ID] = addMatch(out[u.ID], h, rule)
			}
		}
	}
	if s.cfg.HostRule == nil || len(users) == 0 {
		return out, nil
	}
	found, err := s.cfg.HostRule(ctx, tenant, users)
	if err != nil {
		return nil, fmt.Errorf("usersync: the host's match rule: %w", err)
	}
	for id, hosts := range found {
		for _, h := range hosts {
			out[id] = addMatch(out[id], h, ByHostRule)
		}
	}
	return out, nil
}

func (s *Service) findBy(ctx context.Context, tenant orglink.TenantID, rule Identity, users []SalesforceUser) (map[string][]HostUser, error) {
	seen := make(map[string]bool)
	var values []string
	for _, u := range users {
		if v := u.value(rule); v != "" && !seen[v] {
			seen[v] = true
			values = append(values, v)
		}
	}
	out := make(map[string][]HostUser)
	for part := range slices.Chunk(values, findSize) {
		found, err := s.cfg.Directory.Find(ctx, tenant, rule, part)
		if err != nil {
			return nil, fmt.Errorf("usersync: find users by %s: %w", rule, err)
		}
		for _, h := range found {
			if v := h.value(rule); v != "" {
				out[v] = append(out[v], h)
			}
		}
	}
	return out, nil
}

func addMatch(to []Match, h HostUser, by Identity) []Match {
	for i := range to {
		if to[i].User.ID == h.ID {
			if !slices.Contains(to[i].By, by) {
				to[i].By = append(to[i].By, by)
			}
			return to
		}
	}
	return append(to, Match{User: h, By: []Identity{by}})
}

// candidates are the matches of some Salesforce users and what speaks against
// them.
type candidates struct {
	matches map[sobject.ID][]Match
	wanted  map[orglink.UserID][]sobject.ID // who matches a host user
	taken   map[orglink.UserID]Pair         // of host users that match
}

func (s *Service) candidates(ctx context.Context, tenant orglink.TenantID, org sobject.ID, users []SalesforceUser) (c candidates, err error) {
	if c.matches, err = s.match(ctx, tenant, users); err != nil {
		return c, err
	}
	c.wanted = make(map[orglink.UserID][]sobject.ID)
	var hosts []orglink.UserID
	for _, u := range users {
		for _, m := range c.matches[u.ID] {
			if c.wanted[m.User.ID] == nil {
				hosts = append(hosts, m.User.ID)
			}
			c.wanted[m.User.ID] = append(c.wanted[m.User.ID], u.ID)
		}
	}
	c.taken, err = s.cfg.Pairs.ByUsers(ctx, tenant, org, hosts)
	return c, err
}

// doubt says why a user's match is not certain, or "".
func (c candidates) doubt(user SalesforceUser) string {
	matches := c.matches[user.ID]
	switch {
	case len(matches) == 0:
		return ""
	case len(matches) > 1:
		names := make([]string, len(matches))
		for i, m := range matches {
			names[i] = fmt.Sprintf("%s (%s)", m.User.ID, join(m.By))
		}
		return "several users match: " + strings.Join(names, ", ")
	}
	m := matches[0]
	if p, ok := c.taken[m.User.ID]; ok && p.Salesforce != user.ID {
		return fmt.Sprintf("user %s matches by %s and is paired with Salesforce user %s", m.User.ID, join(m.By), p.Salesforce)
	}
	if len(c.wanted[m.User.ID]) > 1 {
		return fmt.Sprintf("user %s is matched by several Salesforce users: %s", m.User.ID, joinIDs(c.wanted[m.User.ID]))
	}
	return ""
}

func join(rules []Identity) string {
	out := make([]string, len(rules))
	for i, r := range rules {
		out[i] = string(r)
	}
	return strings.Join(out, " and ")
}

func joinIDs(ids []sobject.ID) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return strings.Join(out, ", ")
}
