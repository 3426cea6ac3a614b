package usersync

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// standardUser is the UserType of people with a Salesforce licence; all other
// types are portals, guests, integrations and Chatter-only users.
const standardUser = "Standard"

// integrationLicense is the licence of users that are programs; their UserType
// is Standard too (Salesforce Help, "Give Integration Users API Only Access").
const integrationLicense = "Salesforce Integration"

// licenseField needs the permission to view setup.
const licenseField = "Profile.UserLicense.Name"

// readSize is how many ids go into one query's filter: 400 quoted ids take
// about 8,400 characters, well below what an address may hold.
const readSize = 400

// rivalSize is how many identities, of at most identityMax bytes, go into one
// query's filter.
const rivalSize = 60

// identityMax is more than any of Salesforce's identities has: FederationIdentifier
// may have 512 characters, the others 128 and fewer.
const identityMax = 2048

var userFields = []string{"Id", "Username", "Email", "Name", "FirstName", "LastName", "FederationIdentifier", "IsActive", "UserType", "SystemModstamp", licenseField}

// readUsers reads users by id, or all users when ids is nil. The warnings say
// what could not be seen.
func (s *Service) readUsers(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, ids []sobject.ID) ([]SalesforceUser, []string, error) {
	return s.readBy(ctx, tenant, conn, " ORDER BY Id", ids)
}

// readPage reads the users that the end of a query says.
func (s *Service) readPage(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, rest string) ([]SalesforceUser, []string, error) {
	return s.readBy(ctx, tenant, conn, rest, nil)
}

func (s *Service) readBy(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, rest string, ids []sobject.ID) ([]SalesforceUser, []string, error) {
	client, err := s.cfg.Clients.Client(ctx, tenant, conn)
	if err != nil {
		return nil, nil, fmt.Errorf("usersync: read users: client of connection %s: %w", conn, err)
	}
	fields := userFields
	var warnings []string
	users, err := queryUsers(ctx, client, fields, rest, ids)
	if errors.Is(err, salesforce.ErrInvalidField) || errors.Is(err, salesforce.ErrInvalidType) {
		// Some of the fields are hidden from the connected user.
		if fields, warnings, err = visibleFields(ctx, client); err == nil {
			users, err = queryUsers(ctx, client, fields, rest, ids)
		}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("usersync: read users: %w", err)
	}
	if ids == nil && strings.Contains(rest, " LIMIT ") { // a page: ask about its users only
		ids = make([]sobject.ID, len(users))
		for i, u := range users {
			ids[i] = u.ID
		}
	}
	warning, err := markFrozen(ctx, client, users, ids)
	if err != nil {
		return nil, nil, fmt.Errorf("usersync: read which users are frozen: %w", err)
	}
	if warning != "" {
		warnings = append(warnings, warning)
	}
	return users, warnings, nil
}

// readRivals reads the other active users that match the same host users as
// some users: among some, as among all, such a match is not certain.
func (s *Service) readRivals(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, users []SalesforceUser) ([]SalesforceUser, error) {
	have := make(map[sobject.ID]bool, len(users))
	var open []SalesforceUser
	for _, u := range users {
		have[u.ID] = true
		if s.refusal(u) == "" {
			open = append(open, u)
		}
	}
	matches, err := s.match(ctx, tenant, open)
	if err != nil {
		return nil, err
	}
	var ids []sobject.ID
	for _, rule := range s.cfg.Rules {
		found, err := s.sharing(ctx, tenant, conn, rule, matches)
		if err != nil {
			return nil, fmt.Errorf("usersync: read users with the same %s: %w", rule, err)
		}
		for _, id := range found {
			if !have[id] {
				have[id] = true
				ids = append(ids, id)
			}
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	rivals, _, err := s.readUsers(ctx, tenant, conn, ids)
	return rivals, err
}

// sharing finds the active users that have an identity of a matched host user.
func (s *Service) sharing(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, rule Identity, matches map[sobject.ID][]Match) ([]sobject.ID, error) {
	values := map[string]bool{}
	for _, list := range matches {
		for _, m := range list {
			if v := m.User.value(rule); v != "" && len(v) <= identityMax {
				values[v] = true
			}
		}
	}
	if len(values) == 0 {
		return nil, nil
	}
	client, err := s.cfg.Clients.Client(ctx, tenant, conn)
	if err != nil {
		return nil, fmt.Errorf("client of connection %s: %w", conn, err)
	}
	field := map[Identity]string{ByEmail: "Email", ByUsername: "Username", ByFederationID: "FederationIdentifier"}[rule]
	var ids []sobject.ID
	for part := range slices.Chunk(slices.Sorted(maps.Keys(values)), rivalSize) {
		quoted := make([]string, len(part))
		for i, v := range part {
			quoted[i] = soql.Quote(v)
		}
		for rec, err := range client.Query(ctx, "SELECT Id FROM User WHERE IsActive = true AND "+field+" IN ("+strings.Join(quoted, ",")+")") {
			if errors.Is(err, salesforce.ErrInvalidField) { // hidden: users are not matched by it either
				return ids, nil
			}
			if err != nil {
				return nil, err
			}
			if id := rec.ID(); id != "" {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}

func visibleFields(ctx context.Context, client *salesforce.Client) (fields, warnings []string, err error) {
	d, err := client.Describe(ctx, "User")
	if err != nil {
		return nil, nil, err
	}
	for _, f := range userFields {
		if f == licenseField {
			// A describe of User does not tell; whoever sees too little of
			// one seldom sees the other.
			warnings = append(warnings, "Licences were not read, so integration users count as people: grant View Setup and Configuration to tell them apart.")
			continue
		}
		if _, ok := d.Field(f); ok {
			fields = append(fields, f)
			continue
		}
		warnings = append(warnings, "The connected user cannot see User."+f+"; users are not matched or checked by it.")
	}
	for _, f := range []string{"Id", "IsActive", "UserType", "SystemModstamp"} {
		if !slices.Contains(fields, f) {
			return nil, nil, fmt.Errorf("the connected user cannot see User.%s, without which nobody can be paired: grant the permission", f)
		}
	}
	return fields, warnings, nil
}

func queryUsers(ctx context.Context, client *salesforce.Client, fields []string, rest string, ids []sobject.ID) ([]SalesforceUser, error) {
	var out []SalesforceUser
	query := "SELECT " + strings.Join(fields, ", ") + " FROM User"
	err := eachQuery(ctx, client, query, "Id", rest, ids, func(r sobject.Record) error {
		u := SalesforceUser{ID: r.ID(), Username: text(r, "Username"), Email: text(r, "Email"), Name: text(r, "Name"),
			FirstName: text(r, "FirstName"), LastName: text(r, "LastName"), FederationID: text(r, "FederationIdentifier"), Type: text(r, "UserType")}
		if v, ok := r.Path(licenseField); ok {
			u.License = v.Raw()
		}
		if u.ID == "" {
			return errors.New("a user came without an Id")
		}
		var err error
		if u.Active, err = r.Bool("IsActive"); err != nil {
			return err
		}
		if u.Modified, err = r.Time("SystemModstamp"); err != nil {
			return err
		}
		out = append(out, u)
		return nil
	})
	return out, err
}

// markFrozen reads UserLogin, which needs the permission to manage users.
func markFrozen(ctx context.Context, client *salesforce.Client, users []SalesforceUser, ids []sobject.ID) (string, error) {
	frozen, shown, err := frozenUsers(ctx, client, ids)
	if err == nil && !shown {
		for i := range users {
			users[i].FrozenHidden = true
		}
		return "The connected user cannot see UserLogin, so frozen users count as active, or as what they were: grant Manage Users to tell them apart.", nil
	}
	for i := range users {
		users[i].Frozen = frozen[users[i].ID]
	}
	return "", err
}

// frozenUsers are the frozen ones among some users, or all; shown is false
// when the connected user may not know.
func frozenUsers(ctx context.Context, client *salesforce.Client, ids []sobject.ID) (frozen map[sobject.ID]bool, shown bool, err error) {
	frozen = make(map[sobject.ID]bool)
	query, rest := "SELECT UserId, IsFrozen FROM UserLogin", ""
	if ids == nil {
		rest = " WHERE IsFrozen = true ORDER BY UserId"
	}
	err = eachQuery(ctx, client, query, "UserId", rest, ids, func(r sobject.Record) error {
		is, err := r.Bool("IsFrozen")
		if err != nil {
			return err
		}
		id, err := sobject.ParseID(text(r, "UserId"))
		if err == nil && is {
			frozen[id] = true
		}
		return err
	})
	if errors.Is(err, salesforce.ErrInvalidType) || errors.Is(err, salesforce.ErrInvalidField) || errors.Is(err, salesforce.ErrForbidden) {
		return nil, false, nil
	}
	return frozen, true, err
}

// eachQuery runs a query with its rest, or in pieces by ids instead.
func eachQuery(ctx context.Context, client *salesforce.Client, query, field, rest string, ids []sobject.ID, each func(sobject.Record) error) error {
	queries := []string{query + rest}
	if ids != nil {
		queries = nil
		for part := range slices.Chunk(ids, readSize) {
			quoted := make([]string, len(part))
			for i, id := range part {
				canonical, err := sobject.ParseID(string(id)) // nothing else is safe between quotes
				if err != nil {
					return err
				}
				quoted[i] = "'" + string(canonical) + "'"
			}
			queries = append(queries, query+" WHERE "+field+" IN ("+strings.Join(quoted, ",")+")")
		}
	}
	for _, q := range queries {
		for rec, err := range client.Query(ctx, q) {
			if err == nil {
				err = each(rec)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// text returns a text field; null and absent ones are "".
func text(r sobject.Record, name string) string {
	v, _ := r.Value(name)
	return v.Raw()
}
