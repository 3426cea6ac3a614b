package connection

import (
	"net/http"
	"strings"
	"time"
)

// verdict is what a failed refresh means (rule A3).
type verdict struct {
	state State
	next  next
}

// next says what may be done after a failure.
type next int

const (
	nextPerson  next = iota // final: somebody has to authorise again
	nextSlow                // a state that may pass: the grant is kept, tried slowly
	nextStop                // unknown refusal: the grant is kept, not tried again
	nextSoon                // nothing was decided: tried again with a growing wait
	nextUnknown             // like nextSoon, but Salesforce may have done it
	nextWait                // another refresh is being processed: read again
)

// classify reads a refusal. Codes are not enough: invalid_grant alone has many
// meanings, and only one of them is final.
func classify(f *tokenFailure) verdict {
	text := strings.ToLower(f.code + " " + f.description)
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(text, p) {
				return true
			}
		}
		return false
	}
	switch {
	case f.code == "" && f.status == 0:
		if f.sent {
			return verdict{Unreachable, nextUnknown}
		}
		return verdict{Unreachable, nextSoon}
	case f.status >= 500 || f.status == http.StatusTooManyRequests && f.code == "" || f.code == "":
		// Also HTML of a maintenance page under any status.
		return verdict{Unreachable, nextUnknown}
	case has("already being processed"):
		return verdict{Unreachable, nextWait}
	case has("inactive user", "inactive_user", "user is frozen"):
		return verdict{UserInactive, nextSlow}
	case has("inactive org", "inactive_org", "org_locked", "trial_expired", "organization is locked"):
		return verdict{OrgGone, nextSlow}
	case has("ip restricted", "login hours", "ip_restricted"):
		return verdict{IPRestricted, nextSlow}
	case has("rate_limit_exceeded", "login rate exceeded"):
		return verdict{LoginRate, nextSlow}
	case has("oauth_app_blocked", "oauth_ec_app_not_found", "invalid_app_access", "not admin approved", "app must be installed", "blocked by admin",
		// JWT bearer: no admin and no person has approved the app for the user.
		"hasn't approved this consumer", "not approved this consumer",
		// Client credentials: the app's policy in the org names no user.
		"no client credentials user", "client credentials flow not enabled"):
		return verdict{AppBlocked, nextSlow}
	case has("invalid_client", "invalid assertion", "audience"): // also invalid_client_id and _credentials
		return verdict{AppRejected, nextSlow}
	case f.code == "invalid_grant" && has("expired access/refresh token", "expired or revoked", "token revoked", "invalid refresh token", "token is invalid"):
		return verdict{NeedsReauthorization, nextPerson}
	}
	return verdict{Suspended, nextStop}
}

// backoff is the wait after the n-th failure in a row that decided nothing.
func backoff(n int) time.Duration {
	return min(5*time.Second<<min(max(n-1, 0), 6), 5*time.Minute)
}
