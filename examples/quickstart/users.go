package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/usersync"
)

// strangers is how many of the org's users the product does not know yet.
const strangers = 2

// knowColleagues gives the product the users that it had before it met
// Salesforce: most of the people who are in the org too.
func (j *job) knowColleagues(ctx context.Context) error {
	if !j.o.Fake {
		return nil // a real product has its users
	}
	client, err := j.Connections.Client(ctx, tenant, j.connection.ID)
	if err != nil {
		return err
	}
	people, err := standardUsers(ctx, client)
	if err != nil {
		return err
	}
	known := directory{j.db}
	for _, email := range people[:max(0, len(people)-strangers)] {
		name, _, _ := strings.Cut(email, "@")
		if err := known.known(ctx, usersync.HostUser{ID: orglink.UserID("user-" + strings.ToLower(email)), Name: name, Email: email}); err != nil {
			return err
		}
	}
	return nil
}

// standardUsers lists the e-mail addresses of the org's active standard users.
func standardUsers(ctx context.Context, client *salesforce.Client) ([]string, error) {
	var out []string
	for rec, err := range client.Query(ctx, "SELECT Email FROM User WHERE IsActive = TRUE AND UserType = 'Standard' ORDER BY CreatedDate, Username") {
		if err != nil {
			return nil, err
		}
		email, err := rec.Text("Email")
		if err != nil {
			return nil, err
		}
		out = append(out, email)
	}
	return out, nil
}

// pairUsers plans, shows and makes the pairs of users, and lets a new owner's
// account appear with their first record.
func (j *job) pairUsers(ctx context.Context) error {
	plan, err := j.Users.Plan(ctx, tenant, j.connection.ID)
	if err != nil {
		return err
	}
	j.p.Done("\nusers       the plan: %d are paired, %d will be, %d accounts to create, %d ambiguous, %d refused",
		plan.Count(usersync.ActionPaired), plan.Count(usersync.ActionPair), plan.Count(usersync.ActionCreate), plan.Count(usersync.ActionAmbiguous), plan.Count(usersync.ActionRefuse))
	done, err := j.Users.Apply(ctx, plan)
	if err != nil {
		return err
	}
	for _, f := range done.Failed {
		return fmt.Errorf("pair user %s: %w", f.User, f.Err)
	}
	if j.people != nil {
		if err := j.newOwner(ctx); err != nil {
			return err
		}
	}
	return j.countUsers(ctx)
}

// newOwner has the administrator hire somebody and hand over a first account.
func (j *job) newOwner(ctx context.Context) error {
	email, err := j.people.hire(ctx, j.plan.Round)
	if err != nil {
		return err
	}
	if _, err := j.sync(ctx); err != nil {
		return err
	}
	appeared, err := directory{j.db}.users(ctx, "WHERE email = ? AND creation_key IS NOT NULL", email)
	if err != nil {
		return err
	}
	j.result.expect("accounts of the new owner "+email, len(appeared), 1)
	if len(appeared) == 0 {
		return nil
	}
	j.result.Users.NewOwner = newOwner{Email: email, ProductUser: string(appeared[0].ID)}
	entries, err := j.changes(ctx, j.plan.After)
	if err != nil {
		return err
	}
	owned := 0
	for _, e := range entries {
		if e.Object == "Account" && e.Owner == appeared[0].ID {
			owned++
		}
	}
	j.result.expect("changes that name the new owner", owned, 1)
	j.p.Done("appeared    %s, with a first record", email)
	return nil
}

// countUsers compares the pairs with the people in the org.
func (j *job) countUsers(ctx context.Context) error {
	client, err := j.Connections.Client(ctx, tenant, j.connection.ID)
	if err != nil {
		return err
	}
	emails, err := standardUsers(ctx, client)
	if err != nil {
		return err
	}
	after, err := j.Users.Plan(ctx, tenant, j.connection.ID)
	if err != nil {
		return err
	}
	both := map[orglink.UserID]bool{}
	for _, email := range emails {
		found, err := directory{j.db}.users(ctx, "WHERE email = ?", email)
		if err != nil {
			return err
		}
		for _, u := range found {
			both[u.ID] = true
		}
	}
	if err := j.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM product_user WHERE creation_key IS NOT NULL").Scan(&j.result.Users.Created); err != nil {
		return err
	}
	j.result.Users.Paired, j.result.Users.Refused = after.Count(usersync.ActionPaired), after.Count(usersync.ActionRefuse)
	j.result.expect("users of the org with an account in the product", j.result.Users.Paired, len(both))
	j.result.expect("users left to pair or create", after.Count(usersync.ActionPair)+after.Count(usersync.ActionCreate), 0)
	return nil
}
