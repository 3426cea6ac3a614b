package signin

import (
	"errors"
	"fmt"
	"slices"

	"github.com/orglink/orglink"
)

// Force says who must sign in with Salesforce.
type Force string

// The settings of Force SSO. The zero Force is Off.
const (
	// Off: everybody may sign in either way.
	Off Force = "off"
	// SalesforceUsers must sign in with Salesforce, others as before.
	SalesforceUsers Force = "salesforce_users"
	// Everyone must sign in with Salesforce.
	Everyone Force = "everyone"
)

// Policy is a tenant's choice.
type Policy struct {
	Force Force `json:"force"`
	// BreakGlass are admins who may always sign in with a password. Everyone
	// needs at least one.
	BreakGlass []orglink.UserID `json:"break_glass,omitempty"`
}

// User is what a decision needs to know of a host user.
type User struct {
	ID orglink.UserID
	// Admin tells that the user administers the tenant. Only admins can
	// break the glass.
	Admin bool
	// SalesforceUser tells that the user works in Salesforce. Products let
	// an admin set it to false for people without a Salesforce login.
	SalesforceUser bool
	// Paired tells that the user is paired with a Salesforce user, without
	// which nobody can sign in with Salesforce.
	Paired bool
}

// Check reports what is wrong with a policy, before it is saved: a setting
// that does not exist, or Everyone without an admin who could break the glass.
// admins are those of the tenant. SalesforceUsers needs none, because some
// users are not forced; a tenant whose admins all work in Salesforce should
// name one all the same.
func (p Policy) Check(admins []orglink.UserID) error {
	switch p.Force {
	case "", Off, SalesforceUsers:
		return nil
	case Everyone:
	default:
		return fmt.Errorf("signin: Force is %q; it is one of %q, %q and %q", string(p.Force), Off, SalesforceUsers, Everyone)
	}
	for _, id := range p.BreakGlass {
		if slices.Contains(admins, id) {
			return nil
		}
	}
	return errors.New("signin: everyone would depend on Salesforce: name at least one admin who may still sign in with a password")
}

// Method is a way to sign in.
type Method string

// The ways to sign in.
const (
	Password   Method = "password"
	Salesforce Method = "salesforce"
)

// Decision says whether a user may sign in by a method, and why. Reason is for
// the person and for the audit log.
type Decision struct {
	Allowed bool
	// BreakGlass marks an admin who was let in past the setting. Log it.
	BreakGlass bool
	Reason     string
}

// Decide answers for one user and method.
func (p Policy) Decide(u User, by Method) Decision {
	if by == Salesforce {
		if !u.Paired {
			return Decision{Reason: "Your user is not linked to a Salesforce user. Ask an administrator to link it."}
		}
		return Decision{Allowed: true, Reason: "Signed in with Salesforce."}
	}
	if by != Password {
		return Decision{Reason: "This way of signing in is not known."}
	}
	if !p.forced(u) {
		return Decision{Allowed: true, Reason: "Your company allows passwords for you."}
	}
	if u.Admin && slices.Contains(p.BreakGlass, u.ID) {
		return Decision{Allowed: true, BreakGlass: true, Reason: "Signed in with the emergency access of an administrator."}
	}
	return Decision{Reason: "Your company requires you to sign in with Salesforce."}
}

// Methods lists the ways that a user may sign in, Salesforce first.
func (p Policy) Methods(u User) []Method {
	var out []Method
	for _, m := range []Method{Salesforce, Password} {
		if p.Decide(u, m).Allowed {
			out = append(out, m)
		}
	}
	return out
}

// forced reports whether the setting applies to a user. An unknown setting is
// the strictest: better locked out than let in.
func (p Policy) forced(u User) bool {
	switch p.Force {
	case "", Off:
		return false
	case SalesforceUsers:
		return u.SalesforceUser
	}
	return true
}
