package usersync

import (
	"context"
	"errors"
	"fmt"
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

// rivalSize is how many e-mail addresses, of at most 128 characters, go into
// one query's filter.
const rivalSize = 60

var userFields = []string{"Id", "Username", "Email", "Name", "FirstName", "LastName", "FederationIdentifier", "IsActive", "UserType", licenseField}

// readUsers reads users by id, or all users when ids is nil. The warnings say
// what could not be seen.
func (s *Service) readUsers(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, ids []sobject.ID) ([]SalesforceUser, []string, error) {
	client, err := s.cfg.Clients.Client(ctx, tenant, conn)
	if err != nil {
		return nil, nil, fmt.Errorf("usersync: read users: client of connection %s: %w", conn, err)
	}
	fields := userFields
	var warnings []string
	users, err := queryUsers(ctx, client, fields, ids)
	if errors.Is(err, salesforce.ErrInvalidField) || errors.Is(err, salesforce.ErrInvalidType) {
		// Some of the fields are hidden from the connected user.
		if fields, warnings, err = visibleFields(ctx, client); err == nil {
			users, err = queryUsers(ctx, client, fields, ids)
		}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("usersync: read users: %w", err)
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

// readRivals reads the other active users that share an e-mail address with
// users. User names and federation ids are unique in an org.
func (s *Service) readRivals(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, users []SalesforceUser) ([]SalesforceUser, error) {
	if !slices.Contains(s.cfg.Rules, ByEmail) {
		return nil, nil
	}
	var emails []string
	have := make(map[sobject.ID]bool, len(users))
	for _, u := range users {
		have[u.ID] = true
		if u.Email != "" && s.refusal(u) == "" && !slices.Contains(emails, u.Email) {
			emails = append(emails, u.Email)
		}
	}
	if len(emails) == 0 {
		return nil, nil
	}
	client, err := s.cfg.Clients.Client(ctx, tenant, conn)
	if err != nil {
		return nil, fmt.Errorf("usersync: read users: client of connection %s: %w", conn, err)
	}
	var ids []sobject.ID
	for part := range slices.Chunk(emails, rivalSize) {
		quoted := make([]string, len(part))
		for i, e := range part {
			quoted[i] = soql.Quote(e)
		}
		q := "SELECT Id FROM User WHERE IsActive = true AND Email IN (" + strings.Join(quoted, ",") + ")"
		for rec, err := range client.Query(ctx, q) {
			if err != nil {
				return nil, fmt.Errorf("usersync: read users with the same e-mail address: %w", err)
			}
			if id := rec.ID(); id != "" && !have[id] {
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
	for _, f := range []string{"Id", "IsActive", "UserType"} {
		if !slices.Contains(fields, f) {
			return nil, nil, fmt.Errorf("the connected user cannot see User.%s, without which nobody can be paired: grant the permission", f)
		}
	}
	return fields, warnings, nil
}

func queryUsers(ctx context.Context, client *salesforce.Client, fields []string, ids []sobject.ID) ([]SalesforceUser, error) {
	var out []SalesforceUser
	query := "SELECT " + strings.Join(fields, ", ") + " FROM User"
	err := eachQuery(ctx, client, query, "Id", ids, func(r sobject.Record) error {
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
		out = append(out, u)
		return nil
	})
	return out, err
}

// markFrozen reads UserLogin, which needs the permission to manage users.
func markFrozen(ctx context.Context, client *salesforce.Client, users []SalesforceUser, ids []sobject.ID) (string, error) {
	frozen := make(map[sobject.ID]bool)
	// The filter is on UserId for ids; all frozen users are few.
	query := "SELECT UserId, IsFrozen FROM UserLogin"
	if ids == nil {
		query += " WHERE IsFrozen = true"
	}
	err := eachQuery(ctx, client, query, "UserId", ids, func(r sobject.Record) error {
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
		return "The connected user cannot see UserLogin, so frozen users count as active: grant Manage Users to tell them apart.", nil
	}
	for i := range users {
		users[i].Frozen = frozen[users[i].ID]
	}
	return "", err
}

// eachQuery runs a query, in pieces when it is filtered by ids.
func eachQuery(ctx context.Context, client *salesforce.Client, query, field string, ids []sobject.ID, each func(sobject.Record) error) error {
	queries := []string{query + " ORDER BY " + field}
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
