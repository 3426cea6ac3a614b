package salesforce

import (
	"net/http"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// WriteOptions are the choices of a write of many records. The zero value is
// the careful one: rows stand for themselves, no assignment rule changes an
// owner, and duplicate rules refuse what they find.
type WriteOptions struct {
	// AllOrNone makes each request of up to 200 rows, or each composite
	// request, succeed or fail as one.
	AllOrNone bool
	// AutoAssign allows active assignment rules to change owners. Defaults to
	// false, and the refusal is always sent, because Salesforce's own default
	// is to run them.
	AutoAssign *bool
	// AssignmentRule is the id of one assignment rule to run. Defaults to
	// none; given, it wins over AutoAssign.
	AssignmentRule sobject.ID
	// AllowDuplicates saves rows that a duplicate rule would only warn about.
	// Rules that block cannot be overruled.
	AllowDuplicates bool
	// DuplicateDetails asks for all fields of the records that a duplicate
	// rule found, not only their ids.
	DuplicateDetails bool
	// DuplicatesAsUser lets duplicate rules see only what the user sees.
	DuplicatesAsUser bool
}

func (o WriteOptions) header() http.Header {
	h := noAutoAssign()
	switch {
	case o.AssignmentRule != "":
		h.Set("Sforce-Auto-Assign", string(o.AssignmentRule))
	case o.AutoAssign != nil && *o.AutoAssign:
		h.Set("Sforce-Auto-Assign", "TRUE")
	}
	rule := ""
	for _, part := range []struct {
		on   bool
		text string
	}{{o.AllowDuplicates, "allowSave=true"}, {o.DuplicateDetails, "includeRecordDetails=true"}, {o.DuplicatesAsUser, "runAsCurrentUser=true"}} {
		if !part.on {
			continue
		}
		if rule != "" {
			rule += "; "
		}
		rule += part.text
	}
	if rule != "" {
		h.Set("Sforce-Duplicate-Rule-Header", rule)
	}
	return h
}

// SaveOptions are the choices of a write of one record. The zero value is that
// of Create, Update and Upsert.
type SaveOptions struct {
	// AutoAssign, AssignmentRule, AllowDuplicates, DuplicateDetails and
	// DuplicatesAsUser are those of WriteOptions.
	AutoAssign       bool
	AssignmentRule   sobject.ID
	AllowDuplicates  bool
	DuplicateDetails bool
	DuplicatesAsUser bool
	// UpdateOnly keeps an upsert from creating: a key that matches nothing is
	// then ErrNotFound instead of one more record. UpsertWith only.
	UpdateOnly bool
	// IfUnmodifiedSince lets an update through only if the record's
	// LastModifiedDate is not later, and refuses it with ErrPrecondition
	// otherwise. Salesforce compares whole seconds: of two changes within one
	// second the second is not noticed. UpdateWith only; defaults to the zero
	// time, no condition.
	IfUnmodifiedSince time.Time
	// IfMatch lets an update through only if the record still has this ETag
	// (of GetRevision). Salesforce has ETags for Account alone. UpdateWith
	// only; defaults to "", no condition.
	IfMatch string
}

func (o SaveOptions) header() http.Header {
	h := WriteOptions{AutoAssign: &o.AutoAssign, AssignmentRule: o.AssignmentRule, AllowDuplicates: o.AllowDuplicates,
		DuplicateDetails: o.DuplicateDetails, DuplicatesAsUser: o.DuplicatesAsUser}.header()
	if !o.IfUnmodifiedSince.IsZero() {
		h.Set("If-Unmodified-Since", o.IfUnmodifiedSince.UTC().Format(http.TimeFormat))
	}
	if o.IfMatch != "" {
		h.Set("If-Match", o.IfMatch)
	}
	return h
}

func (o SaveOptions) conditional() bool { return !o.IfUnmodifiedSince.IsZero() || o.IfMatch != "" }

// noAutoAssign keeps active assignment rules from changing owners, which is
// what an absent header would allow.
func noAutoAssign() http.Header { return http.Header{"Sforce-Auto-Assign": {"FALSE"}} }
