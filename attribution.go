package orglink

// Write is a change of a record that a host user caused, before it is decided
// as whom the org will see it.
type Write struct {
	Tenant TenantID
	// Team is the connection that works for the whole tenant.
	Team ConnectionID
	// Object is the Salesforce object, such as "Lead".
	Object string
	// Create tells that the record does not exist yet.
	Create bool
	// User is the host user who caused it; "" for nobody in particular.
	User UserID
}

// WriteAs is the answer: as whom a record is written, and why.
type WriteAs struct {
	// Connection is the one to write by: Write.Team, or the user's own.
	Connection ConnectionID
	// Owner is the Salesforce user to make the owner of a new record, "" to
	// leave it to the org.
	Owner string
	// Reason says in one sentence why, for people and for the record.
	Reason string
}
