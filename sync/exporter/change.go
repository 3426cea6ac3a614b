package exporter

import (
	"errors"
	"fmt"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Op is what a change does to its record.
type Op string

// The operations.
const (
	// Upsert updates the record with the row's external id, or creates it. It
	// is what the empty Op means.
	Upsert Op = "upsert"
	// Update changes the record and never creates one.
	Update Op = "update"
	// Delete moves the record to the org's recycle bin.
	Delete Op = "delete"
)

// MaxKey is the longest key, in bytes.
const MaxKey = 191

// Change is news of one row of the host.
type Change struct {
	Tenant     orglink.TenantID
	Connection orglink.ConnectionID
	// Object names the map (Config.Maps) that translates the row.
	Object string
	// Key is the row's key in the host, 1 to MaxKey bytes. It is the value of
	// the external id field unless the map fills that field from the row.
	Key string
	// Row holds the fields that changed, or all; nothing for Delete. Absent
	// fields are left alone. It waits as JSON and loses nothing by it, see
	// mapping.Row.
	Row mapping.Row
	// Op defaults to Upsert.
	Op Op
	// User is the host user who caused the change, up to MaxKey bytes; "" for
	// nobody in particular. Config.Identity makes of it as whom to write.
	User orglink.UserID
}

// State is where a change stands.
type State string

// The states.
const (
	// Pending waits for its turn, or for its next attempt.
	Pending State = "pending"
	// InFlight was claimed by a worker.
	InFlight State = "in_flight"
	// Succeeded is in the org.
	Succeeded State = "succeeded"
	// Rejected cannot be written as it is; the reason says what to do.
	Rejected State = "rejected"
	// Parked was tried too often and waits for a person.
	Parked State = "parked"
)

// Outcome is how a change ended, or that it has not yet.
type Outcome string

// The outcomes.
const (
	Created   Outcome = "created"
	Updated   Outcome = "updated"
	Unchanged Outcome = "unchanged" // the record has the values; nothing was sent
	Deleted   Outcome = "deleted"
)

// Reason says why a change is rejected or parked, or failed for now.
type Reason struct {
	// Code is Salesforce's word, or one of this package's beginning with
	// ORGLINK_.
	Code    string   `json:"code"`
	Message string   `json:"message"`
	Fields  []string `json:"fields,omitempty"`
	// Remedy says what to do, where that is known.
	Remedy string `json:"remedy,omitempty"`
}

// Codes of reasons that are found before anything is sent.
const (
	CodeNoMap      = "ORGLINK_NO_MAP"      // Config.Maps has no map of that name
	CodeMap        = "ORGLINK_MAP"         // the map does not fit the org's object
	CodeUnmappable = "ORGLINK_UNMAPPABLE"  // a value does not fit its field
	CodeKey        = "ORGLINK_KEY"         // the key is no value of the external id field
	CodeNotFound   = "ORGLINK_NOT_FOUND"   // an update of a record that is not there
	CodeAmbiguous  = "ORGLINK_AMBIGUOUS"   // several records have the external id
	CodeUnanswered = "ORGLINK_UNANSWERED"  // the org's answer did not arrive
	CodeMerged     = "ORGLINK_MERGED"      // the record was merged into another
	CodeIdentity   = "ORGLINK_NO_IDENTITY" // nobody to write as
)

// Entry is a change in the outbox.
type Entry struct {
	// ID is unique in the outbox and grows with the order of arrival.
	ID int64
	Change
	State State
	// Outcome and Record are set for Succeeded.
	Outcome Outcome
	Record  sobject.ID
	// As is as whom the last attempt was made, and why; zero before any.
	As orglink.WriteAs
	// Reason is that of the last failed attempt; nil when there was none.
	Reason *Reason
	// Attempts counts the claims that may have reached the org.
	Attempts int
	// Unsure tells that an earlier attempt may have been done by the org.
	Unsure bool
	// Attempted is when the attempt that may have been done began, by the
	// org's clock.
	Attempted time.Time
	// Added, Due and Settled are by the outbox's clock; Due is the earliest
	// time of the next attempt.
	Added, Due, Settled time.Time
}

// check refuses a change that no outbox could keep as it is, and fills in Op.
func (c *Change) check() error {
	if c.Op == "" {
		c.Op = Upsert
	}
	var errs []error
	for _, f := range []struct{ name, value string }{{"Tenant", string(c.Tenant)}, {"Connection", string(c.Connection)}, {"Object", c.Object}, {"Key", c.Key}} {
		if f.value == "" || len(f.value) > MaxKey {
			errs = append(errs, fmt.Errorf("%s %.40q has %d bytes; it needs 1 to %d", f.name, f.value, len(f.value), MaxKey))
		}
	}
	if len(c.User) > MaxKey {
		errs = append(errs, fmt.Errorf("User %.40q has %d bytes; at most %d are kept", c.User, len(c.User), MaxKey))
	}
	if c.Op != Upsert && c.Op != Update && c.Op != Delete {
		errs = append(errs, fmt.Errorf("Op is %q; there are upsert, update and delete", c.Op))
	}
	if len(errs) > 0 {
		return fmt.Errorf("exporter: add %.40q %.40q: %w", c.Object, c.Key, errors.Join(errs...))
	}
	return nil
}
