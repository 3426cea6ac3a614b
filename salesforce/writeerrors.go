package salesforce

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/orglink/orglink/salesforce/sobject"
)

// What a refused write means, for errors.Is, besides the other Err variables.
var (
	// ErrPrecondition: the record changed since the time or the ETag that the
	// write named, and was left as it is. It is an ErrConflict too.
	ErrPrecondition = errors.New("precondition failed: the record changed meanwhile")
	// ErrConverted: the lead was converted and may no longer be written by
	// this user; Conversions tells what it became.
	ErrConverted = errors.New("lead was converted")
	// ErrMerged: the record was merged into another one; see MergedError. It
	// is an ErrDeleted too.
	ErrMerged = errors.New("merged into another record")
)

// MergedError says that a record is gone because it was merged, and into
// which. It is ErrMerged, ErrDeleted and ErrNotFound.
type MergedError struct {
	Object string
	ID     sobject.ID
	// Survivor is the record that lives on, at the end of all merges.
	Survivor sobject.ID
}

// Error implements error.
func (e *MergedError) Error() string {
	return fmt.Sprintf("salesforce: %s %s: merged into %s: use that record", e.Object, e.ID, e.Survivor)
}

// Is implements the comparison with the Err variables.
func (e *MergedError) Is(target error) bool {
	return target == ErrMerged || target == ErrDeleted || target == ErrNotFound
}

var (
	// The two refusals that name records in their text alone.
	takenBy   = regexp.MustCompile(`on record with id: ([a-zA-Z0-9]{15,18})\b`)
	ambiguous = regexp.MustCompile(`more than one record found for external id field: \[([^\]]*)\]`)
	idForm    = regexp.MustCompile(`\b[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?\b`)
)

// textMatches reads the ids out of the text of a duplicate's refusal.
func textMatches(code, message string) []sobject.ID {
	var texts []string
	switch code {
	case "DUPLICATE_VALUE":
		if m := takenBy.FindStringSubmatch(message); m != nil {
			texts = m[1:]
		}
	case "DUPLICATE_EXTERNAL_ID", "INVALID_FIELD":
		if m := ambiguous.FindStringSubmatch(message); m != nil {
			texts = idForm.FindAllString(m[1], -1)
		}
	}
	var ids []sobject.ID
	for _, text := range texts {
		if id, err := sobject.ParseID(text); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}
