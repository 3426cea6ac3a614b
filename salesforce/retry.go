package salesforce

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// retrier returns the retry library with the client's policy for one call: it
// logs nothing, passes on the last answer, and repeats only what is safe.
func (c *Client) retrier(info *callInfo) *retryablehttp.Client {
	c.budget.deposit()
	return &retryablehttp.Client{
		HTTPClient:   c.http,
		RetryMax:     max(c.cfg.MaxRetries, 0),
		RetryWaitMin: c.cfg.RetryWaitMin,
		RetryWaitMax: c.cfg.RetryWaitMax,
		Backoff:      backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
		CheckRetry: func(ctx context.Context, resp *http.Response, err error) (bool, error) {
			if ctx.Err() != nil {
				return false, ctx.Err()
			}
			again, err := c.mayRepeat(ctx, info, resp, err)
			return again && int(info.attempts.Load()) <= c.cfg.MaxRetries && c.budget.withdraw(), err
		},
	}
}

// mayRepeat decides whether a failed attempt may be repeated without doing
// anything twice.
func (c *Client) mayRepeat(ctx context.Context, info *callInfo, resp *http.Response, err error) (bool, error) {
	if err != nil {
		if errors.Is(err, ErrUntrustedHost) {
			return false, err
		}
		// The library knows the failures that never go away: bad
		// certificates, malformed addresses, endless redirects.
		if recoverable, _ := retryablehttp.ErrorPropagatedRetryPolicy(ctx, nil, err); !recoverable {
			return false, err
		}
		return info.repeatable || neverSent(err), nil
	}
	if resp.StatusCode < 300 || resp.StatusCode == http.StatusNotModified {
		return false, nil
	}
	failed := readError(resp)
	if failed.RetryAfter > c.cfg.RetryAfterMax {
		return false, nil
	}
	return failed.unprocessed() || info.repeatable && failed.transient(), nil
}

// neverSent reports whether no connection was made, so that the org cannot
// have seen the request.
func neverSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// unsent is an error of a request that was given up before its first attempt.
type unsent struct{ error }

func (u unsent) Unwrap() error { return u.error }

// mayHaveArrived reports whether the org may have done what a request that
// failed asked for. It was not when the request never left, and when the org
// refused it.
func mayHaveArrived(err error) bool {
	var never unsent
	var refused *Error
	switch {
	case errors.As(err, &never), neverSent(err):
		return false
	case errors.As(err, &refused):
		return !refused.refuses()
	}
	return true
}

// refuses reports whether the status says that nothing was done. 5xx does not,
// and a page in the place of an answer (200) says nothing at all.
func (e *Error) refuses() bool { return e.StatusCode >= 300 && e.StatusCode < 500 }

// backoff waits as long as the answer asks, or doubles from low to high; both
// with jitter, so that clients that failed together do not return together.
func backoff(low, high time.Duration, attempt int, resp *http.Response) time.Duration {
	if resp != nil {
		if wait := retryAfter(resp.Header); wait > 0 {
			return wait + rand.N(wait/10+1)
		}
	}
	wait := min(low<<min(attempt, 20), high)
	if wait <= 0 {
		wait = high
	}
	return wait/2 + rand.N(wait/2+1)
}

// retryAfter reads a Retry-After of seconds or of a date.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	now := time.Now()
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return max(at.Sub(now), 0)
}

// retryBudget keeps retries to a tenth of a client's calls once a reserve of
// 20 is spent, so that an org in trouble is not buried under repetitions.
type retryBudget struct {
	mu    sync.Mutex
	spent float64
}

const (
	budgetReserve = 20
	budgetShare   = 0.1
)

func (b *retryBudget) deposit() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spent = max(0, b.spent-budgetShare)
}

func (b *retryBudget) withdraw() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.spent+1 > budgetReserve {
		return false
	}
	b.spent++
	return true
}
