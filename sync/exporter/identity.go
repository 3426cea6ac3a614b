package exporter

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
)

// Identity decides as whom a change is written; *connection.Attributor does by
// the tenant's policy. Implementations are safe for concurrent use. It is asked
// for a change with and without Create, and where the answers differ the record
// is looked up first. An error with a method RetryAfter() time.Duration lets the
// row wait that long; another one rejects it (CodeIdentity).
type Identity interface {
	WriteAs(ctx context.Context, w orglink.Write) (orglink.WriteAs, error)
}

// TeamIdentity writes everything by the connection whose outbox it is in.
type TeamIdentity struct{}

// WriteAs implements Identity.
func (TeamIdentity) WriteAs(_ context.Context, w orglink.Write) (orglink.WriteAs, error) {
	return orglink.WriteAs{Connection: w.Team, Reason: "the team connection writes everything"}, nil
}

// answer is what an Identity said.
type answer struct {
	as  orglink.WriteAs
	err error
}

// differs reports whether it matters which of two answers counts.
func (a answer) differs(b answer) bool {
	return a.err != nil || b.err != nil || a.as.Connection != b.as.Connection || a.as.Owner != b.as.Owner
}

// ask asks the Identity, once in a step for each kind of write of each user.
// The error is of the step's own end, not of the answer.
func (st *step) ask(ctx context.Context, w orglink.Write) (answer, error) {
	w.Tenant, w.Team = st.tenant, st.conn
	a, known := st.answers[w]
	if known {
		return a, nil
	}
	a.as, a.err = st.s.cfg.Identity.WriteAs(ctx, w)
	if a.err != nil && (ctx.Err() != nil || errors.Is(a.err, context.Canceled) || errors.Is(a.err, context.DeadlineExceeded)) {
		return a, a.err // the worker ends, not the row
	}
	if a.err == nil && a.as.Connection == "" {
		a.err = errors.New("the policy names no connection")
	}
	st.answers[w] = a
	return a, nil
}

// assign gives a row its writer, or settles it for the lack of one.
func (r *Item) assign(a answer) {
	if a.err == nil {
		r.as = a.as
		return
	}
	reason := &Reason{Code: CodeIdentity, Message: "no connection to write by: " + a.err.Error(), Remedy: remedies[CodeIdentity]}
	var wait interface{ RetryAfter() time.Duration }
	if errors.As(a.err, &wait) {
		r.settle(Settlement{State: Pending, Reason: reason, Wait: max(wait.RetryAfter(), time.Second), Unsure: r.entry.Unsure, Uncounted: true})
		return
	}
	r.settle(Settlement{State: Rejected, Reason: reason})
}

// writerWait is how long the rows of a user wait whose own connection failed.
const writerWait = 5 * time.Minute

// storeError marks an error of a store, which is nobody's connection.
type storeError struct{ error }

func (e storeError) Unwrap() error { return e.error }

// clientError marks that there was no client of a connection.
type clientError struct{ error }

func (e clientError) Unwrap() error { return e.error }

// alone reports whether an error that ends a batch is about its writer's own
// connection, so that the rows of others go on.
func (b *Batch) alone(ctx context.Context, err error) bool {
	if err == nil || b.writer == b.conn || ctx.Err() != nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var store storeError
	var client clientError
	var refused *salesforce.Error
	switch {
	case errors.As(err, &store), errors.Is(err, salesforce.ErrDailyLimit):
		return false
	case errors.As(err, &client):
		return true
	case errors.As(err, &refused):
		return errors.Is(err, salesforce.ErrSessionExpired) || errors.Is(err, salesforce.ErrAPIDisabled) ||
			refused.StatusCode == http.StatusUnauthorized || refused.StatusCode == http.StatusForbidden
	}
	return !salesforce.IsRetryable(err) && !errors.Is(err, salesforce.ErrIncomplete) // no token
}

// postpone lets the rows that have no fate wait for their writer.
func (b *Batch) postpone(err error) {
	reason := reasonFor(err)
	reason.Code, reason.Remedy = CodeIdentity, "the user connects again; the row is tried again by itself"
	for _, r := range b.open() {
		r.settle(Settlement{State: Pending, Reason: reason, Wait: writerWait, Unsure: r.entry.Unsure, Uncounted: true})
	}
}
