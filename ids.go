package orglink

// Identifiers that the host chooses. They are opaque to the library, compared
// byte for byte, at most 191 bytes long, and never parsed.
type (
	// TenantID names one customer of the host product.
	TenantID string
	// GroupID names a team inside a tenant.
	GroupID string
	// UserID names a user of the host product.
	UserID string
)

// Identifiers that the library makes: lower-case base32 of 128 random bits
// unless a store says otherwise.
type (
	// ConnectionID names a tenant's authorised link to one org.
	ConnectionID string
	// IntegrationID names a selection of objects and fields on a connection.
	IntegrationID string
)

// Actor is who asks for something: a user of the host, in a tenant, acting for
// a group. The host authenticates; the library only compares.
type Actor struct {
	Tenant TenantID
	User   UserID
	Group  GroupID
	// Admin tells that the user administers Group.
	Admin bool
	// Session tells one browser of the user from others: a value that only
	// this browser can present again, such as the host's session id. What is
	// started with a session can be finished in the same one only. Optional.
	Session Secret
}
