package orglink

import "time"

// Event is something a host may want to tell its users or operators: a
// connection needs to be authorised again, a field disappeared, rows were
// rejected. Events never hold secrets or record data.
type Event struct {
	// ID is unique; a consumer that sees one twice may ignore the second.
	ID string
	// Kind is a dotted word such as "connection.state" or "import.finished".
	Kind       string
	Tenant     TenantID
	Connection ConnectionID
	// Subject names what the event is about within its kind: an object, a
	// row, a user. May be empty.
	Subject string
	// Message says in one sentence what happened and what to do.
	Message string
	At      time.Time
}
