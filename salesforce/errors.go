package salesforce

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// What an answer of Salesforce means, for errors.Is. An error may mean more
// than one of them.
var (
	// ErrNotFound: no such record, object, job or resource, or none that the
	// user may see.
	ErrNotFound = errors.New("not found")
	// ErrDeleted: the record was deleted.
	ErrDeleted = errors.New("deleted")
	// ErrSessionExpired: the token was rejected, and a refresh did not help.
	ErrSessionExpired = errors.New("session expired or invalid")
	// ErrDailyLimit: the org's API requests of 24 hours are used up.
	ErrDailyLimit = errors.New("daily API limit reached")
	// ErrConcurrentLimit: too many requests at once.
	ErrConcurrentLimit = errors.New("too many concurrent requests")
	// ErrBulkLimit: the Bulk API's own daily limits are used up.
	ErrBulkLimit = errors.New("daily Bulk API limit reached")
	// ErrInvalidField: a field does not exist, or is hidden from the user by
	// field-level security; Salesforce does not tell which.
	ErrInvalidField = errors.New("no such field, or hidden from this user")
	// ErrInvalidType: an object does not exist, or is hidden from the user.
	ErrInvalidType = errors.New("no such object, or hidden from this user")
	// ErrMalformedQuery: SOQL that does not parse.
	ErrMalformedQuery = errors.New("malformed query")
	// ErrMalformedID: an id that is none, or of another object.
	ErrMalformedID = errors.New("malformed id")
	// ErrLock: another transaction holds a record; the same request may
	// succeed later.
	ErrLock = errors.New("record locked by another transaction")
	// ErrDuplicate: a unique value exists already, or a duplicate rule
	// matched.
	ErrDuplicate = errors.New("duplicate")
	// ErrAmbiguousExternalID: an external id matches several records; see
	// Error.Candidates.
	ErrAmbiguousExternalID = errors.New("external id matches several records")
	// ErrAPIDisabled: the org or the user may not use the API, or the token
	// lacks the scope.
	ErrAPIDisabled = errors.New("API not enabled for this user or token")
	// ErrForbidden: the user lacks a permission.
	ErrForbidden = errors.New("insufficient access")
	// ErrUnavailable: the org or the way to it is temporarily out of service.
	ErrUnavailable = errors.New("temporarily unavailable")
	// ErrCursorGone: a query's further pages expired; run the query again.
	ErrCursorGone = errors.New("query cursor expired")
	// ErrTooLarge: the request, its address or its result is too large.
	ErrTooLarge = errors.New("too large or running too long")
	// ErrRequired: a required field is missing.
	ErrRequired = errors.New("required field missing")
	// ErrValidation: a rule of the customer's org refused the values.
	ErrValidation = errors.New("refused by a rule of the org")
	// ErrRolledBack: the row, or the step of a composite request, was not
	// itself at fault: another one of its request was, and it was undone or
	// not begun.
	ErrRolledBack = errors.New("rolled back with its request")
	// ErrConflict: the record changed meanwhile, or the state forbids it.
	ErrConflict = errors.New("conflict with the current state")
	// ErrIncomplete: an answer ended without all that it promised. What was
	// read before is not the whole result.
	ErrIncomplete = errors.New("incomplete result")
)

// ErrorDetail is one complaint of Salesforce.
type ErrorDetail struct {
	// Code is Salesforce's own word, such as REQUIRED_FIELD_MISSING.
	Code    string
	Message string
	Fields  []string
	// Matches are the records that stand in the way of a duplicate, as far as
	// told: those a duplicate rule found, the one that has a unique value, or
	// those that share an external id.
	Matches []sobject.ID
	// Duplicate is what a duplicate rule found; nil for other complaints.
	Duplicate *Duplicate
	// Reference is the referenceId of the record of a tree that it is about.
	Reference string
}

// Error is a request, or a row of one, that Salesforce refused, or an answer
// that is no answer of Salesforce at all. Compare it with the Err variables by
// errors.Is.
type Error struct {
	// StatusCode is the HTTP status; 200 for a row refused inside a request
	// that went through.
	StatusCode int
	// Code, Message and Fields are those of the first detail. Code is "" when
	// the answer held none, such as the HTML page of a proxy.
	Code    string
	Message string
	Fields  []string
	// Details are all complaints, at least one.
	Details []ErrorDetail
	// Method and Path tell the request; Operation and Object what it was for.
	Method, Path      string
	Operation, Object string
	// Candidates are the paths of the records that an external id matches.
	Candidates []string
	// RetryAfter is how long the answer asked to wait; 0 when it did not.
	RetryAfter time.Duration
}

// Error implements error. It tells the address only where nothing else tells
// what the request was about: the call has no Operation, or found nothing there.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("salesforce: ")
	switch {
	case e.Operation != "":
		b.WriteString(e.Operation)
		if e.Object != "" {
			b.WriteString(" " + e.Object)
		}
		b.WriteString(": ")
	case e.Path != "":
		b.WriteString(e.Method + " " + clip(e.Path, 200) + ": ")
	}
	if e.Code != "" {
		b.WriteString(e.Code + ": ")
	}
	b.WriteString(strings.TrimSpace(e.Message)) // of a query it begins with a line of its own
	if len(e.Fields) > 0 {
		b.WriteString(" (fields: " + strings.Join(e.Fields, ", ") + ")")
	}
	if n := len(e.Details); n > 1 {
		fmt.Fprintf(&b, " (and %d more)", n-1)
	}
	if e.StatusCode != 0 && e.StatusCode != http.StatusOK {
		fmt.Fprintf(&b, " (HTTP %d", e.StatusCode)
		if e.StatusCode == http.StatusNotFound && e.Operation != "" && e.Path != "" {
			b.WriteString(" at " + clip(e.Path, 200))
		}
		b.WriteString(")")
	}
	if hint := e.Hint(); hint != "" {
		b.WriteString("; " + hint)
	}
	return b.String()
}

// Is implements the comparison with the Err variables.
func (e *Error) Is(target error) bool { return slices.Contains(e.meanings(), target) }

// CandidateIDs returns the ids at the ends of Candidates that are ids.
func (e *Error) CandidateIDs() []sobject.ID {
	var ids []sobject.ID
	for _, path := range e.Candidates {
		if id, err := sobject.ParseID(path[strings.LastIndexByte(path, '/')+1:]); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// meanings lists every Err variable that e stands for.
func (e *Error) meanings() []error {
	var out []error
	for _, d := range e.Details {
		out = append(out, codeMeanings(d.Code, d.Message)...)
	}
	switch e.StatusCode {
	case http.StatusMultipleChoices:
		out = append(out, ErrAmbiguousExternalID)
	case http.StatusNotFound, http.StatusGone:
		if e.Code == "" {
			out = append(out, ErrNotFound)
		}
	case http.StatusUnauthorized:
		if e.Code == "" {
			out = append(out, ErrSessionExpired)
		}
	case http.StatusForbidden:
		if len(out) == 0 {
			out = append(out, ErrForbidden)
		}
	case http.StatusConflict:
		out = append(out, ErrConflict)
	case http.StatusPreconditionFailed:
		out = append(out, ErrConflict)
		if !slices.Contains(out, ErrRolledBack) { // a halted batch says 412 too
			out = append(out, ErrPrecondition)
		}
	case http.StatusTooManyRequests:
		out = append(out, ErrConcurrentLimit)
	case http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge, http.StatusRequestEntityTooLarge:
		out = append(out, ErrTooLarge)
	case http.StatusInternalServerError:
		if len(out) == 0 { // a SOAP fault is a 500 whatever it says
			out = append(out, ErrUnavailable)
		}
	case statusNoRoute, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		out = append(out, ErrUnavailable)
	}
	return out
}

// statusNoRoute is what Salesforce's edge answers while it does not know where
// an org lives.
const statusNoRoute = 420

// IsRetryable reports whether the same request may succeed within minutes
// without anyone doing anything: locks, overload, maintenance, a broken
// connection. A write that was cut off may have been done all the same. The
// daily limit (ErrDailyLimit) takes hours and is not among them; nor is the
// end of the caller's own context.
func IsRetryable(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, ErrUntrustedHost) {
		return false
	}
	var e *Error
	if errors.As(err, &e) {
		return !errors.Is(err, ErrDailyLimit) &&
			(errors.Is(err, ErrLock) || errors.Is(err, ErrUnavailable) || errors.Is(err, ErrConcurrentLimit))
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var netErr net.Error
	var urlErr *url.Error
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &netErr) || errors.As(err, &urlErr)
}
