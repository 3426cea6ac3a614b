package importer

import (
	"errors"
	"fmt"
)

var (
	// ErrNoObject: the org does not have the object, or does not show it to
	// the connection's user; Salesforce does not tell which.
	ErrNoObject = errors.New("no such object, or hidden from the connection's user: check its permissions, or take the object out of the selection")
	// ErrNoModstamp: the object has no usable SystemModstamp, so that changes
	// to it cannot be found.
	ErrNoModstamp = errors.New("the object has no SystemModstamp to find changes by; take it out of the selection")
	// ErrNotSelected: no integration selects the object any more.
	ErrNotSelected = errors.New("the object is not selected on this connection")
	// ErrQuotaReserve: the rest of the org's daily API requests is kept for
	// people; try again later.
	ErrQuotaReserve = errors.New("the org's daily API requests are nearly used up; background reading waits")
	// ErrMiscount: the rows read are not as many as the org counted. The chunk
	// is read again.
	ErrMiscount = errors.New("the rows read are not as many as the org counted")
)

// errMoved is a page that is not what it was when its first part was stored.
var errMoved = fmt.Errorf("%w before", ErrMiscount)

// ObjectError tells which object an import failed on. The position of its
// stream has not moved past what is stored.
type ObjectError struct {
	Object string
	// Doing says what was being done, such as "backfill".
	Doing string
	Err   error
}

func (e *ObjectError) Error() string {
	return fmt.Sprintf("importer: %s: %s: %v", e.Object, e.Doing, e.Err)
}

// Unwrap returns the cause.
func (e *ObjectError) Unwrap() error { return e.Err }
