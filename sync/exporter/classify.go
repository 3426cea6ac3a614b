package exporter

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce"
)

// verdict is what is to be done about a failure.
type verdict int

const (
	fix   verdict = iota // the data or the org's setup: reject
	soon                 // a lock or a race: again within seconds
	later                // overload, limits: again within minutes
	stop                 // nothing of this connection will work: end the step
)

// judgeRow classifies the failure of one row (Salesforce's statusCode).
func judgeRow(o salesforce.Outcome) verdict {
	err := o.Err()
	codes := make([]string, len(o.Errors))
	for i, d := range o.Errors {
		codes[i] = d.Code
		if strings.Contains(d.Message, "UNABLE_TO_LOCK_ROW") {
			return soon // passed on by a trigger or flow of the customer
		}
	}
	has := func(code string) bool { return slices.Contains(codes, code) }
	switch {
	case errors.Is(err, salesforce.ErrLock), errors.Is(err, salesforce.ErrRolledBack):
		return soon
	case has("DUPLICATE_VALUE"):
		// Two writers created the same external id at once; the next attempt
		// finds the record. A second refusal is about another unique field.
		return soon
	case errors.Is(err, salesforce.ErrUnavailable), errors.Is(err, salesforce.ErrConcurrentLimit), errors.Is(err, salesforce.ErrDailyLimit),
		has("STORAGE_LIMIT_EXCEEDED"), has("ENTITY_IS_LOCKED"):
		return later
	case errors.Is(err, salesforce.ErrSessionExpired), errors.Is(err, salesforce.ErrAPIDisabled):
		return stop
	}
	return fix
}

// judgeRequest classifies the failure of a whole request.
func judgeRequest(err error) verdict {
	var refused *salesforce.Error
	if !errors.As(err, &refused) {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || !salesforce.IsRetryable(err) && !errors.Is(err, salesforce.ErrIncomplete) {
			return stop // the caller ended, or there is no token
		}
		return later
	}
	switch {
	case errors.Is(err, salesforce.ErrLock):
		return soon
	case errors.Is(err, salesforce.ErrSessionExpired), errors.Is(err, salesforce.ErrAPIDisabled), errors.Is(err, salesforce.ErrDailyLimit),
		refused.StatusCode == http.StatusUnauthorized, refused.StatusCode == http.StatusForbidden:
		return stop
	case errors.Is(err, salesforce.ErrUnavailable), errors.Is(err, salesforce.ErrConcurrentLimit), refused.StatusCode >= 500:
		return later
	}
	return fix
}

// divisible reports whether a refused request may hold rows that are fine.
func divisible(err error) bool {
	var refused *salesforce.Error
	if !errors.As(err, &refused) {
		return false
	}
	switch refused.StatusCode {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong:
		return !errors.Is(err, salesforce.ErrNotFound) && !errors.Is(err, salesforce.ErrInvalidType)
	}
	return false
}

// duplicateTwice tells a refused unique value from a race.
func duplicateTwice(o salesforce.Outcome, attempts int) bool {
	return attempts > 1 && slices.ContainsFunc(o.Errors, func(d salesforce.ErrorDetail) bool { return d.Code == "DUPLICATE_VALUE" })
}

// wait is how long a row waits before its next attempt.
func wait(v verdict, attempts int) time.Duration {
	low, high := time.Second, time.Minute
	if v == later {
		low, high = 30*time.Second, time.Hour
	}
	d := min(low<<min(max(attempts-1, 0), 16), high)
	return d/2 + rand.N(d/2+1)
}

// remedies say what to do about refusals whose own text does not.
var remedies = map[string]string{
	"REQUIRED_FIELD_MISSING":                        "fill the named fields in the row, or give them a default in the map",
	"STRING_TOO_LONG":                               "shorten the value, or let the map truncate it",
	"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST":       "translate the value in the map, or have a Salesforce admin add it to the picklist",
	"FIELD_CUSTOM_VALIDATION_EXCEPTION":             "a validation rule of the org refused the values; change them, or have a Salesforce admin change the rule",
	"INVALID_FIELD_FOR_INSERT_UPDATE":               "have a Salesforce admin grant Edit on the named fields, or leave them out of the map",
	"INVALID_CROSS_REFERENCE_KEY":                   "the record that a lookup points to does not exist or is hidden; correct the reference",
	"INSUFFICIENT_ACCESS_OR_READONLY":               "have a Salesforce admin give the connected user Edit on the record",
	"INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": "have a Salesforce admin give the connected user access to the referenced record",
	"CANNOT_UPDATE_CONVERTED_LEAD":                  "the lead was converted; write to the contact or account that it became, or grant View and Edit Converted Leads",
	"INACTIVE_OWNER_OR_USER":                        "the owner is inactive in Salesforce; choose another owner",
	"DUPLICATES_DETECTED":                           "a duplicate rule found similar records; merge them in Salesforce, or set AllowDuplicates",
	"DUPLICATE_VALUE":                               "another record has the value of a unique field",
	"ENTITY_IS_DELETED":                             "the record was deleted in Salesforce; restore it there, or discard the row",
	"INVALID_EMAIL_ADDRESS":                         "correct the e-mail address",
	"STORAGE_LIMIT_EXCEEDED":                        "the org's storage is full; have a Salesforce admin free or buy some",
	"ENTITY_IS_LOCKED":                              "the record waits for an approval in Salesforce",
	CodeIdentity:                                    "connect a user who may write the row, or change the identity policy, and retry",
	CodeUnanswered:                                  "nothing; it is tried again after looking whether it arrived",
}

// reasonOf words the failure of a row.
func reasonOf(o salesforce.Outcome) *Reason {
	if len(o.Errors) == 0 {
		return &Reason{Code: CodeUnanswered, Message: "the org did not answer for this row", Remedy: remedies[CodeUnanswered]}
	}
	d := o.Errors[0]
	r := &Reason{Code: d.Code, Message: d.Message, Fields: d.Fields, Remedy: remedies[d.Code]}
	for _, more := range o.Errors[1:] {
		r.Message += "; " + more.Code + ": " + more.Message
		r.Fields = append(slices.Clone(r.Fields), more.Fields...)
	}
	return r
}

// reasonFor words the failure of a request.
func reasonFor(err error) *Reason {
	var refused *salesforce.Error
	if errors.As(err, &refused) {
		return &Reason{Code: refused.Code, Message: refused.Message, Fields: refused.Fields, Remedy: remedies[refused.Code]}
	}
	return &Reason{Code: CodeUnanswered, Message: err.Error(), Remedy: remedies[CodeUnanswered]}
}
