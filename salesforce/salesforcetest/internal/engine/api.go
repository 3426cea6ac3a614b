package engine

import (
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Config configures New. The zero Config is ready for use.
type Config struct {
	// OrgID is the org's id; default 00Dak0000000001EAA's canonical form.
	OrgID sobject.ID
	// Now is the org's clock; default time.Now. The engine never goes back
	// in time even if Now does.
	Now func() time.Time
	// VisibilityDelay is how long after its SystemModstamp a committed change
	// becomes visible to readers; default 0. It imitates long transactions.
	VisibilityDelay time.Duration
	// HiddenWrites is a key of the variable of that name.
	HiddenWrites string
	// Infix is the three instance characters of every id; default "ak0".
	Infix string
	// TimeZone is used for date literals of users without TimeZoneSidKey;
	// default UTC.
	TimeZone *time.Location
}

// Session is who calls. System sees and may do everything, writes read-only
// and audit fields too, and is for seeding.
type Session struct {
	User   sobject.ID
	System bool
}

// Error is a failure of a whole request, or of the one record of a
// single-record call, as the REST API would answer it.
type Error struct {
	Status  int // HTTP status
	Code    string
	Message string
	Fields  []string // nil: the key is absent
	// Matches are the records that share an ambiguous external id (300).
	Matches []sobject.ID
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// RowError is one reason why a record was refused.
type RowError struct {
	Code    string
	Message string
	Fields  []string
	Matches []sobject.ID // records of an ambiguous external id
	Status  int          // HTTP status of a single-record call; 0 means 400
	// Duplicates is what a duplicate rule found.
	Duplicates *DuplicateResult
}

// Outcome is the result for one record, in the order of the input. A failed
// update carries the id it was asked for.
type Outcome struct {
	ID      sobject.ID
	Success bool
	Created bool
	Errors  []RowError
}

// WriteOptions are the options of DML calls.
type WriteOptions struct {
	// AllOrNone undoes everything when one record fails; the others then
	// carry ALL_OR_NONE_OPERATION_ROLLED_BACK.
	AllOrNone bool
	// Text says that values are CSV texts to be converted by field type.
	Text bool
	// AutoAssign runs the active assignment rule.
	AutoAssign bool
	// AllowDuplicates passes duplicate rules that only warn.
	AllowDuplicates bool
	// UpdateOnly makes an upsert without match fail with NOT_FOUND.
	UpdateOnly bool
}

// QueryOptions are the options of queries.
type QueryOptions struct {
	All  bool   // queryAll: deleted records too
	Text string // the query as written, for error positions; set by QueryText
	Bulk bool   // Bulk API 2.0's restrictions apply (no compound fields, sub-queries, aggregates ...)
	Scan bool   // never use an index; for tests of the planner
}

// Deleted is one entry of GetDeleted.
type Deleted struct {
	ID   sobject.ID
	Date time.Time
}

// Count is one entry of RecordCount.
type Count struct {
	Name  string
	Count int
}

// ObjectAccess is what one profile or permission set allows on an object.
type ObjectAccess struct {
	Read, Create, Edit, Delete, ViewAll, ModifyAll bool
}

// FieldAccess is what one profile or permission set allows on a field.
type FieldAccess struct{ Read, Edit bool }

// Access is a profile's or permission set's permissions. A user has the union
// of the profile's and the assigned permission sets'.
type Access struct {
	// System holds system permissions by API name without "Permissions":
	// ApiEnabled, ViewAllData, ModifyAllData, ViewSetup, ManageUsers ...
	System map[string]bool
	// Objects by API name; Default applies to those not listed.
	Objects map[string]ObjectAccess
	Default ObjectAccess
	// Fields by Object.Field; FieldDefault applies to those not listed.
	Fields       map[string]FieldAccess
	FieldDefault FieldAccess
}
