package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/usersync"
)

// directory is the product's own list of users, as Orglink sees it.
type directory struct{ db *sql.DB }

var _ usersync.Directory = directory{}

// Find implements usersync.Directory. The product knows its users by id and
// e-mail address only.
func (d directory) Find(ctx context.Context, _ orglink.TenantID, by usersync.Identity, values []string) ([]usersync.HostUser, error) {
	column := map[usersync.Identity]string{usersync.ByEmail: "email", usersync.ByID: "id"}[by]
	if column == "" || len(values) == 0 {
		return nil, nil
	}
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	return d.users(ctx, "WHERE "+column+" IN (?"+strings.Repeat(", ?", len(values)-1)+") ORDER BY id", args...)
}

// List implements usersync.Directory.
func (d directory) List(ctx context.Context, _ orglink.TenantID, after orglink.UserID, limit int) ([]usersync.HostUser, error) {
	return d.users(ctx, "WHERE id > ? ORDER BY id LIMIT ?", string(after), limit)
}

// Seats implements usersync.Directory: this product does not count them.
func (d directory) Seats(context.Context, orglink.TenantID) (usersync.Seats, error) {
	return usersync.Seats{}, nil
}

// Update implements usersync.Directory.
func (d directory) Update(ctx context.Context, _ orglink.TenantID, user orglink.UserID, c usersync.Change) error {
	return d.change(ctx, user, `name = COALESCE(?, name), email = COALESCE(?, email), salesforce_user = COALESCE(?, salesforce_user), active = active OR ?`,
		c.Name, c.Email, c.SalesforceUser, c.Reactivate)
}

// Deactivate implements usersync.Directory.
func (d directory) Deactivate(ctx context.Context, _ orglink.TenantID, user orglink.UserID) error {
	return d.change(ctx, user, "active = FALSE")
}

func (d directory) change(ctx context.Context, user orglink.UserID, set string, args ...any) error {
	res, err := d.db.ExecContext(ctx, "UPDATE product_user SET "+set+" WHERE id = ?", append(args, string(user))...)
	if err != nil {
		return fmt.Errorf("change the account %q: %w", user, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(fmt.Errorf("change the account %q: %w", user, usersync.ErrNoUser), err)
	}
	return nil
}

// Create implements usersync.Directory. The key is unique, so that a repeated
// call finds the account that the first one made.
func (d directory) Create(ctx context.Context, _ orglink.TenantID, key string, u usersync.NewUser) (usersync.HostUser, error) {
	_, err := d.db.ExecContext(ctx, `INSERT INTO product_user (id, name, email, creation_key, salesforce_user) VALUES (?, ?, ?, ?, ?) ON CONFLICT (creation_key) DO NOTHING`,
		"user-"+strings.ToLower(u.Email), u.Name, u.Email, key, u.SalesforceUser)
	if err != nil {
		return usersync.HostUser{}, fmt.Errorf("create the account of %s: %w", u.Email, err)
	}
	users, err := d.users(ctx, "WHERE creation_key = ?", key)
	if err != nil || len(users) != 1 {
		return usersync.HostUser{}, fmt.Errorf("create the account of %s: %d found: %w", u.Email, len(users), err)
	}
	return users[0], nil
}

func (d directory) users(ctx context.Context, where string, args ...any) ([]usersync.HostUser, error) {
	rows, err := d.db.QueryContext(ctx, "SELECT id, name, email, NOT active, salesforce_user FROM product_user "+where, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []usersync.HostUser
	for rows.Next() {
		var u usersync.HostUser
		if err := rows.Scan(&u.ID, &u.Name, &u.Email, &u.Inactive, &u.SalesforceUser); err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	return out, rows.Err()
}

// known makes the product know users already, before it meets Salesforce.
func (d directory) known(ctx context.Context, users ...usersync.HostUser) error {
	for _, u := range users {
		_, err := d.db.ExecContext(ctx, `INSERT INTO product_user (id, name, email) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, string(u.ID), u.Name, u.Email)
		if err != nil {
			return err
		}
	}
	return nil
}
