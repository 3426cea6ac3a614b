package usersync

import (
	"errors"
	"fmt"
)

// Leaving is what becomes of the product account of a user who left.
type Leaving string

// What may become of it.
const (
	// KeepAccount leaves the account as it is.
	KeepAccount Leaving = "keep"
	// DeactivateAccount lets the person in no more. The account is reactivated
	// when the user comes back.
	DeactivateAccount Leaving = "deactivate"
	// DeleteAccount deletes the account and dissolves the pair. The directory
	// must be a Deleter.
	DeleteAccount Leaving = "delete"
)

// Policy says how the accounts of paired users follow the org. The zero Policy
// deactivates and reactivates, renames, and deletes nothing.
type Policy struct {
	// Inactive is for users who were deactivated, or are no longer of a type
	// that gets accounts. Defaults to DeactivateAccount.
	Inactive Leaving
	// Frozen is for users who cannot log in for the time being; they cannot be
	// deleted for it. Defaults to DeactivateAccount.
	Frozen Leaving
	// Gone is for users whom the org no longer shows. Salesforce deletes no
	// users: mostly the connected user may not see them any more. Defaults to
	// KeepAccount.
	Gone Leaving
	// OnlyCreated keeps the accounts that were there before Salesforce was
	// connected, and deactivates or deletes only those that usersync created.
	OnlyCreated bool
	// KeepFields leaves names and addresses alone.
	KeepFields bool
	// KeepFlag leaves HostUser.SalesforceUser alone.
	KeepFlag bool
}

func (p *Policy) check(d Directory) error {
	if p.Inactive == "" {
		p.Inactive = DeactivateAccount
	}
	if p.Frozen == "" {
		p.Frozen = DeactivateAccount
	}
	if p.Gone == "" {
		p.Gone = KeepAccount
	}
	var errs []error
	deletes := false
	for _, f := range []struct {
		name string
		l    Leaving
	}{{"Inactive", p.Inactive}, {"Frozen", p.Frozen}, {"Gone", p.Gone}} {
		switch {
		case f.l != KeepAccount && f.l != DeactivateAccount && f.l != DeleteAccount:
			errs = append(errs, fmt.Errorf("Policy.%s is %q; there are %q, %q and %q", f.name, f.l, KeepAccount, DeactivateAccount, DeleteAccount))
		case f.l == DeleteAccount && f.name == "Frozen":
			errs = append(errs, errors.New("Policy.Frozen is \"delete\": freezing is for the time being; use \"deactivate\""))
		case f.l == DeleteAccount:
			deletes = true
		}
	}
	if _, ok := d.(Deleter); deletes && d != nil && !ok {
		errs = append(errs, errors.New("Policy deletes accounts, and the Directory is no usersync.Deleter: give it Delete"))
	}
	return errors.Join(errs...)
}
