package integration

import (
	"errors"
	"fmt"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
)

// What errors of this package wrap.
var (
	// ErrNotFound: there is no such integration, or it is not the actor's to
	// know of.
	ErrNotFound = errors.New("there is no such integration")
	// ErrForbidden: the actor may see the integration but not do this.
	ErrForbidden = errors.New("this is for admins of the owning group")
	// ErrNotEnabled: Salesforce is not switched on for the group.
	ErrNotEnabled = errors.New("the group may not use Salesforce")
	// ErrNotConnected: the host does not let these groups share.
	ErrNotConnected = errors.New("the groups are not connected with each other")
	// ErrConflict: somebody else has changed it since it was read.
	ErrConflict = errors.New("the integration was changed meanwhile")
	// ErrExists: the id is taken already.
	ErrExists = errors.New("the integration exists already")
	// ErrPaused: a paused integration is not imported.
	ErrPaused = errors.New("the integration is paused")
	// ErrIncomplete: a draft misses something; see IncompleteError.
	ErrIncomplete = errors.New("the draft is not ready to be saved")
)

// IncompleteError tells why a draft cannot be saved. It is ErrIncomplete.
type IncompleteError struct {
	Missing  []Missing
	Problems []mapping.Problem
}

// Error implements error.
func (e *IncompleteError) Error() string {
	var parts []string
	for _, m := range e.Missing {
		parts = append(parts, m.Sentence())
	}
	for _, p := range e.Problems {
		parts = append(parts, p.Error())
	}
	return "integration: " + ErrIncomplete.Error() + ": " + strings.Join(parts, "; ")
}

// Is makes errors.Is(err, ErrIncomplete) true.
func (e *IncompleteError) Is(target error) bool { return target == ErrIncomplete }

func isNotFound(err error) bool { return errors.Is(err, ErrNotFound) }

func refuse(err error, doing string, id orglink.IntegrationID, format string, args ...any) error {
	return fmt.Errorf("integration: %s %s: %w: %s", doing, id, err, fmt.Sprintf(format, args...))
}

func failed(err error, doing string, id orglink.IntegrationID) error {
	return fmt.Errorf("integration: %s %s: %w", doing, id, err)
}
