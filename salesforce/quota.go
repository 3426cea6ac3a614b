package salesforce

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// ErrQuotaFloor is what a background call is refused with, before it is sent,
// when Config.QuotaFloor is reached. The error is a *QuotaError.
var ErrQuotaFloor = errors.New("the share of the daily API requests for background work is used up")

// QuotaError tells how far an org's daily requests are used up. It is
// ErrQuotaFloor; IsRetryable is false, because the figure takes hours to fall.
type QuotaError struct {
	Usage Usage
	// Floor is Config.QuotaFloor.
	Floor float64
	// Operation and Object tell what was not sent.
	Operation, Object string
}

// Error implements error.
func (e *QuotaError) Error() string {
	what := e.Operation
	if e.Object != "" {
		what += " " + e.Object
	}
	return fmt.Sprintf("salesforce: %s: %d of %d daily API requests are used (floor %.0f%%): %v: try again in some hours or mark the call Interactive",
		what, e.Usage.Used, e.Usage.Max, e.Floor*100, ErrQuotaFloor)
}

// Is makes a QuotaError an ErrQuotaFloor.
func (e *QuotaError) Is(target error) bool { return target == ErrQuotaFloor }

// share is the larger of the org's and the app's used share, 0 when unknown.
func (u Usage) share() float64 {
	share := 0.0
	if u.Max > 0 {
		share = float64(u.Used) / float64(u.Max)
	}
	if u.AppMax > 0 {
		share = max(share, float64(u.AppUsed)/float64(u.AppMax))
	}
	return share
}

// quotaRecheck is how old figures may be that refuse a call. After it one call
// goes through to learn new ones, or nobody would ever see the quota recover.
const quotaRecheck = 5 * time.Minute

// quota remembers what the org said last about its daily requests.
type quota struct {
	newest atomic.Pointer[figures]
	probed atomic.Int64 // when a call last went through on old figures
}

type figures struct {
	Usage
	at time.Time
}

func (q *quota) learn(u Usage) { q.newest.Store(&figures{u, time.Now()}) }

func (q *quota) usage() Usage {
	if f := q.newest.Load(); f != nil {
		return f.Usage
	}
	return Usage{}
}

// refuses reports whether a background call must not be sent now.
func (q *quota) refuses(floor float64) bool {
	f := q.newest.Load()
	if floor <= 0 || f == nil || f.share() < floor {
		return false
	}
	now := time.Now()
	if now.Sub(f.at) < quotaRecheck {
		return true
	}
	last := q.probed.Load()
	return now.UnixNano()-last < int64(quotaRecheck) || !q.probed.CompareAndSwap(last, now.UnixNano())
}

// checkQuota refuses a background call that would count above the floor.
func (c *Client) checkQuota(ctx context.Context, req *Request, path string) error {
	if req.Interactive || IsInteractive(ctx) || !counts(path) || !c.quota.refuses(c.cfg.QuotaFloor) {
		return nil
	}
	return &QuotaError{Usage: c.Usage(), Floor: c.cfg.QuotaFloor, Operation: first(req.Operation, req.what()), Object: req.Object}
}

// counts reports whether requests to a path count against the daily limit:
// lists of versions, sign-in and identity do not.
func counts(path string) bool {
	return strings.HasPrefix(path, "/services/") && !strings.HasPrefix(path, "/services/oauth2/") &&
		strings.TrimSuffix(path, "/") != "/services/data"
}
