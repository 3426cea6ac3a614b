package connection

import (
	"errors"
	"fmt"
)

// kind is one of the package's sentinel errors. Its sentence is for the person
// on whose screen the problem appears, not for a log.
type kind struct{ text, sentence string }

func (k *kind) Error() string { return "connection: " + k.text }

func newKind(text, sentence string) error { return &kind{text, sentence} }

// What can go wrong while somebody authorises a connection.
var (
	ErrDenied = newKind("the authorisation was denied",
		"Access was not granted on the Salesforce page, so nothing was connected. Start again and choose Allow when Salesforce asks.")
	ErrAuthorization = newKind("Salesforce refused the authorisation",
		"Salesforce did not complete the authorisation. Start again; if it happens twice, ask your Salesforce administrator whether this app is installed and approved for your user.")
	ErrStateUnknown = newKind("the state parameter is unknown or was altered",
		"This sign-in was not started here, or its link was altered. Start the connection again from the product.")
	ErrStateUsed = newKind("the state parameter was used before",
		"This sign-in link has been used already. If you do not see the connection, start it again from the product.")
	ErrStateExpired = newKind("the state parameter has expired",
		"This sign-in took too long and has expired. Start the connection again from the product.")
	ErrOtherActor = newKind("the authorisation was started by another user",
		"This sign-in was started by another user. Sign in to the product as that user, or start the connection again yourself.")
	ErrOtherSession = newKind("the authorisation was started in another browser session",
		"This sign-in was started in another browser or session. Start the connection again here.")
	ErrApprovals = newKind("the Salesforce user has five live authorisations of the app, and one more would end the oldest",
		"This Salesforce user has authorised this product five times, which is all that Salesforce keeps. Disconnect one of those connections first, or sign in as another Salesforce user.")
	ErrOtherTenant = newKind("the authorisation was started for another tenant",
		"This sign-in was started for another company's account. Start the connection again from your own account.")
	ErrOtherOrg = newKind("the authorisation is for another org than the connection's",
		"You signed in to a different Salesforce org than the one that is connected here. Sign out of Salesforce and sign in to the connected org, or ask for the org to be changed.")
	ErrForeignOrg = newKind("the org is not one that the tenant has connected",
		"Your company has not connected the Salesforce org that you signed in to. Sign in with your user of the connected org.")
	ErrNotAllowed = newKind("the actor may not do this",
		"Only an administrator can do this. Ask an administrator of your team.")
	ErrScopes = newKind("Salesforce did not grant the scopes that the connection needs",
		"Salesforce granted fewer permissions than this connection needs. Ask the vendor to check the scopes of its Salesforce app.")
	ErrSignature = newKind("the signature of the token response is wrong",
		"The answer from Salesforce could not be verified, so it was not used. Start the connection again.")
	ErrUntrustedHost = newKind("the address is not a Salesforce login or My Domain host",
		"That address is not a Salesforce login address. Use login.salesforce.com, test.salesforce.com or your My Domain, such as acme.my.salesforce.com.")
	ErrBadAnswer = newKind("Salesforce's answer could not be understood",
		"Salesforce answered in a way that was not expected. Try again in a few minutes.")
)

// What can be wrong with an invitation.
var (
	ErrInvitation = newKind("the invitation cannot be made or answered like this",
		"The invitation could not be made. Check the address and try again.")
	ErrInvitationUnknown = newKind("the invitation's link is unknown or was altered",
		"This link does not belong to an invitation. Use the newest message that you got, or ask for another.")
	ErrInvitationUsed = newKind("the invitation has been accepted before",
		"This invitation has been accepted already. Nothing is left to do; if Salesforce is not connected, ask for another invitation.")
	ErrInvitationExpired = newKind("the invitation has expired",
		"This invitation has expired. Ask the person who invited you for another.")
	ErrInvitationRevoked = newKind("the invitation was taken back",
		"This invitation was taken back by the person who sent it.")
	ErrNotSent = newKind("the invitation was made but could not be sent",
		"The invitation could not be sent by e-mail. Send it again later, or hand its link over yourself.")
)

// What keeps an authorised connection from working. Each goes with a State.
var (
	ErrNeedsReauthorization = newKind("the grant is no longer valid; somebody has to authorise again",
		"The Salesforce authorisation has expired or was revoked. Authorise the connection again.")
	ErrAppBlocked = newKind("the org blocks the app",
		"The Salesforce org blocks this app. In Salesforce Setup open Connected Apps OAuth Usage, then install or unblock the app and admit the user.")
	ErrAppRejected = newKind("Salesforce does not accept the app's own credentials",
		"Salesforce does not accept this product's app credentials. Ask the vendor; your authorisation is kept.")
	ErrIPRestricted = newKind("the org's IP ranges or login hours refuse the login",
		"Salesforce refused the login because of IP ranges or login hours. Allow the product's addresses in the user's profile or relax the app's IP policy.")
	ErrAPIDisabled = newKind("the user or org may not use the API",
		"The Salesforce user may not use the API. Give it a profile or permission set with API Enabled.")
	ErrUserInactive = newKind("the Salesforce user is not active",
		"The Salesforce user of this connection is deactivated or frozen. Activate it, or authorise the connection as another user.")
	ErrOrgChanged = newKind("the grant now answers for another org",
		"The Salesforce org behind this connection has changed, as after a sandbox refresh. Nothing is read or written until somebody authorises it again and confirms the org.")
	ErrOrgGone = newKind("the org is closed, locked or expired",
		"The Salesforce org is closed, locked, or its trial has ended.")
	ErrQuotaExhausted = newKind("the org's daily API calls are used up",
		"The Salesforce org has used its API calls of the last 24 hours. Work goes on by itself when calls are free again.")
	ErrLoginRate = newKind("the user logs in too often",
		"Salesforce limits how often this user may log in. Work goes on by itself later.")
	ErrUnreachable = newKind("Salesforce could not be reached",
		"Salesforce could not be reached. This is usually over soon; nothing has been lost.")
	ErrSuspended = newKind("Salesforce refused the grant for a reason that is not known here",
		"Salesforce refused access for an unusual reason. Check the connection, or authorise it again.")
	ErrDisconnected = newKind("the connection was disconnected",
		"This connection has been disconnected. Connect it again to use it.")
	ErrStorage = newKind("the store failed",
		"Something went wrong on our side while saving. Try again in a few minutes.")
)

// What a store or a lookup answers.
var (
	// ErrNotFound: no such connection or grant for this tenant.
	ErrNotFound = newKind("not found for this tenant", "There is no such connection.")
	// ErrConflict: somebody else wrote first; read again.
	ErrConflict = newKind("somebody else changed it meanwhile", "Somebody else changed this at the same time. Try again.")
	// ErrFenced: a later holder of the lease has written.
	ErrFenced = newKind("a later holder of the lease has written", "Somebody else changed this at the same time. Try again.")
	// ErrLeaseHeld: another worker holds the lease.
	ErrLeaseHeld = newKind("another worker holds the lease", "This is being worked on right now. Try again in a minute.")
)

// Error is what a Manager returns: what was being done, on what, which kind of
// problem it was, and the cause if there is one. No Error holds a secret.
type Error struct {
	// Op is the step, such as "finish" or "refresh".
	Op string
	// Subject names the connection, host or org concerned. May be empty.
	Subject string
	// Kind is one of the package's Err values; errors.Is finds it.
	Kind error
	// Detail adds what Salesforce said. May be empty.
	Detail string
	// Err is the cause, or nil.
	Err error
}

// Error implements error.
func (e *Error) Error() string {
	var k *kind
	text := "failed"
	if errors.As(e.Kind, &k) {
		text = k.text
	} else if e.Kind != nil {
		text = e.Kind.Error()
	}
	out := "connection: " + e.Op
	if e.Subject != "" {
		out += ": " + e.Subject
	}
	out += ": " + text
	if e.Detail != "" {
		out += " (" + e.Detail + ")"
	}
	if e.Err != nil {
		out += ": " + e.Err.Error()
	}
	return out
}

// Unwrap gives errors.Is and errors.As the kind and the cause.
func (e *Error) Unwrap() []error {
	var out []error
	if e.Kind != nil {
		out = append(out, e.Kind)
	}
	if e.Err != nil {
		out = append(out, e.Err)
	}
	return out
}

// Sentence says what happened and what to do, to the person concerned.
func (e *Error) Sentence() string { return Explain(e.Kind) }

// Explain returns a sentence for the person concerned by an error of this
// package, and a general one for any other error. It never repeats text that
// came from outside.
func Explain(err error) string {
	var k *kind
	if errors.As(err, &k) {
		return k.sentence
	}
	return "Something went wrong. Try again in a few minutes."
}

func fail(op, subject string, kind, cause error) *Error {
	return &Error{Op: op, Subject: subject, Kind: kind, Err: cause}
}

func failDetail(op, subject string, kind error, format string, args ...any) *Error {
	return &Error{Op: op, Subject: subject, Kind: kind, Detail: fmt.Sprintf(format, args...)}
}
