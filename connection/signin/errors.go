package signin

import (
	"errors"
	"fmt"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
)

// problem is one of the package's sentinel errors, with a sentence for the
// person on whose screen it appears.
type problem struct{ text, sentence string }

func (p *problem) Error() string { return "signin: " + p.text }

// What can go wrong while somebody signs in. Besides these, errors wrap
// connection.ErrDenied, ErrForeignOrg, ErrOtherActor, ErrAuthorization,
// ErrUntrustedHost and ErrUnreachable.
var (
	// ErrTicket: the browser does not bring what Start gave it: the sign-in
	// was begun elsewhere, is finished already, or took too long.
	ErrTicket error = &problem{"the sign-in was not begun in this browser, is finished, or took too long",
		"This sign-in was not started in this browser or took too long. Start again from the sign-in page."}
	// ErrIDToken: the ID token is missing or proves nothing.
	ErrIDToken error = &problem{"the ID token is not valid",
		"The answer from Salesforce could not be verified, so you were not signed in. Start again from the sign-in page."}
	// ErrNotPaired: no host user is paired with the Salesforce user.
	ErrNotPaired error = &problem{"no user is paired with the Salesforce user",
		"Your Salesforce user is not linked to a user here. Sign in another way and link it in your settings, or ask an administrator to link it."}
	// ErrPairedOther: who links is not the Salesforce user's host user.
	ErrPairedOther error = &problem{"the Salesforce user is paired with another user",
		"This Salesforce user is linked to another user here. Ask an administrator."}
	// ErrLinkedOther: who links has another Salesforce user in this org.
	ErrLinkedOther error = &problem{"the user is paired with another Salesforce user of the org",
		"Your user here is linked to another Salesforce user. Sign in to Salesforce as that user, or remove the link first."}
	// ErrChooseTenant: the Salesforce user is paired in several tenants; see
	// ChooseTenantError.
	ErrChooseTenant error = &problem{"the Salesforce user is paired in several tenants",
		"You have several accounts here. Choose the one to sign in to."}
	// ErrReturnTo: the page to return to is not one of the host's.
	ErrReturnTo error = &problem{"the page to return to is not a path on this site",
		"The sign-in link is damaged. Open the sign-in page and start there."}
)

// ChooseTenantError tells between which accounts a person has to choose; start
// again with the tenant that was chosen. It wraps ErrChooseTenant.
type ChooseTenantError struct{ Tenants []orglink.TenantID }

// Error implements error.
func (e *ChooseTenantError) Error() string { return fmt.Sprintf("%v: %q", ErrChooseTenant, e.Tenants) }

// Unwrap gives errors.Is the sentinel.
func (e *ChooseTenantError) Unwrap() error { return ErrChooseTenant }

// Explain returns a sentence for the person concerned by an error of this
// package. It never repeats text that came from outside.
func Explain(err error) string {
	var p *problem
	if errors.As(err, &p) {
		return p.sentence
	}
	return connection.Explain(err)
}
