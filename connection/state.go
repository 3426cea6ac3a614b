package connection

// State tells whether a connection works, and if not, why.
type State string

// The states of a connection. Only the first lets work go on.
const (
	// Healthy: the last call or refresh worked.
	Healthy State = "healthy"
	// NeedsReauthorization: the grant is revoked or expired for good.
	NeedsReauthorization State = "needs_reauthorization"
	// AppBlocked: the org does not let this app in.
	AppBlocked State = "app_blocked"
	// AppRejected: the app's client id or secret is not accepted.
	AppRejected State = "app_rejected"
	// IPRestricted: login IP ranges or login hours refuse the user.
	IPRestricted State = "ip_restricted"
	// APIDisabled: the user lacks API Enabled or the edition has no API.
	APIDisabled State = "api_disabled"
	// UserInactive: the Salesforce user is deactivated or frozen.
	UserInactive State = "user_inactive"
	// OrgChanged: the grant answers for another org than was connected.
	OrgChanged State = "org_changed"
	// OrgGone: the org is closed, locked or its trial ended.
	OrgGone State = "org_gone"
	// QuotaExhausted: the daily API calls are used up.
	QuotaExhausted State = "quota_exhausted"
	// LoginRate: too many logins of the user in an hour.
	LoginRate State = "login_rate"
	// Unreachable: Salesforce did not answer.
	Unreachable State = "unreachable"
	// Suspended: refused for a reason that this library does not know. No
	// refresh is tried until somebody checks or authorises the connection.
	Suspended State = "suspended"
	// Disconnected: somebody disconnected it here.
	Disconnected State = "disconnected"
)

var stateErrors = map[State]error{
	NeedsReauthorization: ErrNeedsReauthorization,
	AppBlocked:           ErrAppBlocked,
	AppRejected:          ErrAppRejected,
	IPRestricted:         ErrIPRestricted,
	APIDisabled:          ErrAPIDisabled,
	UserInactive:         ErrUserInactive,
	OrgChanged:           ErrOrgChanged,
	OrgGone:              ErrOrgGone,
	QuotaExhausted:       ErrQuotaExhausted,
	LoginRate:            ErrLoginRate,
	Unreachable:          ErrUnreachable,
	Suspended:            ErrSuspended,
	Disconnected:         ErrDisconnected,
}

// Err returns the error that goes with a state, nil for Healthy.
func (s State) Err() error { return stateErrors[s] }

// Sentence says to a person what the state means and what to do.
func (s State) Sentence() string {
	if s == Healthy {
		return "The connection works."
	}
	if err := s.Err(); err != nil {
		return Explain(err)
	}
	return "The state of the connection is not known. Check it."
}

// NeedsPerson reports whether the state lasts until a person does something.
// The other states may pass by themselves.
func (s State) NeedsPerson() bool {
	switch s {
	case Healthy, QuotaExhausted, LoginRate, Unreachable:
		return false
	}
	return true
}

// final tells the states that no refresh gets out of, so that none is tried.
func (s State) final() bool {
	switch s {
	case Disconnected, NeedsReauthorization, OrgChanged, Suspended:
		return true
	}
	return false
}
