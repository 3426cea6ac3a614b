package engine

import (
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Row is one version of a record as formulas, rules and triggers see it.
type Row struct{}

// ID returns the record's id.
func (r Row) ID() sobject.ID { return "" }

// Text returns a field in API text form, "" for null. The name may be a path
// through parents, such as Account.Name.
func (r Row) Text(path string) string { return "" }

// Number returns a number field; false when it is null.
func (r Row) Number(path string) (float64, bool) { return 0, false }

// Bool returns a boolean field.
func (r Row) Bool(path string) bool { return false }

// Time returns a date or date-time field; the zero time for null.
func (r Row) Time(path string) time.Time { return time.Time{} }

// Null reports whether a field is null.
func (r Row) Null(path string) bool { return true }

// Now is the org's time.
func (r Row) Now() time.Time { return time.Time{} }

// Draft is a record about to be stored.
type Draft struct {
	Row        // the new values; Set changes them
	Old    Row // the stored values; only valid when Update
	Update bool
}

// Set changes a field; value is in API text form, "" is null.
func (d *Draft) Set(field, value string) {}
