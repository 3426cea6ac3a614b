package usersync

import (
	"context"
	"fmt"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// Search is what an administrator looks for among an org's active users.
type Search struct {
	// Text is a part of the name, e-mail address or user name; "" for all.
	Text string
	// After is where the page begins: the Next of the page before.
	After sobject.ID
	// Limit is how many users a page has, 50 by default and 400 at most.
	Limit int
}

// Page is a part of the users that were found.
type Page struct {
	// Entries are users in order of id: who is paired, who matches whom, who
	// cannot have an account and why. ActionLeave is for those that can be
	// picked.
	Entries []Entry
	// Next begins the next page; "" when there is none.
	Next sobject.ID
	// Warnings say what could not be seen.
	Warnings []string
}

// Search finds users to pick from. It changes nothing and takes a few calls
// however big the org is.
func (s *Service) Search(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, q Search) (Page, error) {
	if q.Limit < 0 || q.Limit > readSize {
		return Page{}, fmt.Errorf("usersync: search: Limit is %d; it is 1 to %d, or 0 for 50", q.Limit, readSize)
	}
	if q.Limit == 0 {
		q.Limit = 50
	}
	org, err := s.org(ctx, tenant, conn)
	if err != nil {
		return Page{}, err
	}
	where := "IsActive = true AND UserType IN (" + quoted(s.cfg.UserTypes) + ")"
	if q.After != "" {
		after, err := sobject.ParseID(string(q.After)) // nothing else is safe between quotes
		if err != nil {
			return Page{}, fmt.Errorf("usersync: search: After: %w", err)
		}
		where += " AND Id > '" + string(after) + "'"
	}
	if text := strings.TrimSpace(q.Text); text != "" {
		like := " LIKE " + soql.QuoteLike("%"+soql.EscapeLike(text)+"%")
		where += " AND (Name" + like + " OR Email" + like + " OR Username" + like + ")"
	}
	users, warnings, err := s.readPage(ctx, tenant, conn, fmt.Sprintf(" WHERE %s ORDER BY Id LIMIT %d", where, q.Limit))
	if err != nil {
		return Page{}, err
	}
	entries, err := s.decidePart(ctx, tenant, conn, org, users, OnDemand(), false)
	if err != nil {
		return Page{}, err
	}
	p := Page{Entries: entries, Warnings: warnings}
	if len(users) == q.Limit {
		p.Next = users[len(users)-1].ID
	}
	return p, nil
}

// Pick plans accounts for some users, as OnDemand does, whatever the service's
// strategy: those without a match get an account. An error wraps ErrNoUser when
// the org does not show one of them.
func (s *Service) Pick(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, ids ...sobject.ID) (*Plan, error) {
	org, err := s.org(ctx, tenant, conn)
	if err != nil {
		return nil, err
	}
	var want []sobject.ID
	seen := make(map[sobject.ID]bool, len(ids))
	for _, id := range ids {
		canonical, err := sobject.ParseID(string(id))
		if err != nil {
			return nil, fmt.Errorf("usersync: pick: %w", err)
		}
		if !seen[canonical] {
			seen[canonical] = true
			want = append(want, canonical)
		}
	}
	users, warnings, err := s.readUsers(ctx, tenant, conn, append([]sobject.ID{}, want...))
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		delete(seen, u.ID)
	}
	for _, id := range want {
		if seen[id] {
			return nil, fmt.Errorf("usersync: pick %s: the org shows no such user: %w", id, ErrNoUser)
		}
	}
	by := OnDemand(want...)
	entries, err := s.decidePart(ctx, tenant, conn, org, users, by, false)
	if err != nil {
		return nil, err
	}
	p := &Plan{Tenant: tenant, Connection: conn, Org: org, Strategy: by.Name(), Entries: entries, Warnings: warnings}
	return p, s.seat(ctx, p)
}

// decidePart decides about some of an org's users as it would among all.
func (s *Service) decidePart(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, org sobject.ID, users []SalesforceUser, by Strategy, arrived bool) ([]Entry, error) {
	rivals, err := s.readRivals(ctx, tenant, conn, users)
	if err != nil {
		return nil, err
	}
	entries, err := s.decide(ctx, tenant, org, append(users[:len(users):len(users)], rivals...), by, arrived)
	if err != nil {
		return nil, err
	}
	return entries[:len(users)], nil
}

func quoted(values []string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = soql.Quote(v)
	}
	return strings.Join(out, ",")
}
