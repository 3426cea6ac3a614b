package salesforce

import (
	"errors"
	"strings"
)

// Hint says what to do about the error where Salesforce's own text does not,
// such as which permission an admin of the org has to give; "" otherwise. It is
// a part of the error's text, and is worded for developers and admins.
func (e *Error) Hint() string {
	switch strings.ToUpper(e.Code) {
	case "INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE":
		if strings.Contains(e.Message, "No such column") {
			return "the field may exist and be hidden from this user by field-level security"
		}
	case "INVALID_TYPE":
		return "the object may exist and be hidden from this user"
	case "TXN_SECURITY_METERING_ERROR":
		return "try again later; if it stays, have an admin give the user the permission Exempt from Transaction Security"
	case "API_DISABLED_FOR_ORG":
		return "the edition of the org has no API, or the user lacks the permission API Enabled"
	case "API_CURRENTLY_DISABLED":
		return "have an admin give the user the permission API Enabled"
	case "QUERY_TIMEOUT":
		return "select less at once: narrow the condition, leave out formula fields, or use the package bulk"
	case "OPERATION_TOO_LARGE":
		return "a user who sees all records (View All Data) can run it; otherwise ask in parts, by the parent's id"
	case "INVALID_QUERY_LOCATOR":
		return "run the query again, from the last Id that was read"
	}
	switch {
	case errors.Is(e, ErrAPIDisabled) && noAPIAccess(e.Message):
		return "the token is good, but lacks the scope api"
	case errors.Is(e, ErrDailyLimit):
		return "the limit counts the last 24 hours and all programs of the org: see Limits, and try again in some hours"
	case errors.Is(e, ErrAmbiguousExternalID):
		return "have an admin make the field unique, or write by id: see Candidates and Matches"
	}
	return ""
}
