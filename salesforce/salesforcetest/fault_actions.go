package salesforcetest

import (
	"io"
	"net/http"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// DelayAfter does the work at once and waits before the answer leaves, on Go's
// clock, or until the client gives up: a client that times out cannot know
// that its write happened, and others see it before the writer does.
func DelayAfter(d time.Duration) Action {
	a := action()
	a.delayAfter = d
	return a
}

// Stall does the work, sends n bytes of the answer's body and then nothing
// more, until the client gives up or the server closes.
func Stall(n int) Action {
	a := action()
	a.stall = max(n, 0)
	return a
}

// Trickle does the work and sends the body n bytes at a time, so that a client
// reads it in pieces that split lines, quotes and characters.
func Trickle(n int) Action {
	a := action()
	a.trickle = max(n, 1)
	return a
}

// Reply is an answer on its way to the client.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// Rewrite does the work and lets a function change the answer: lose a key,
// lie about a count, put a byte-order mark in front. It must not send requests
// to the same server.
func Rewrite(f func(*Reply)) Action {
	a := action()
	a.rewrite = append(a.rewrite, f)
	return a
}

// Corrupt does the work and inverts n bytes of the answer's body from the
// offset on.
func Corrupt(offset, n int) Action {
	return Rewrite(func(r *Reply) {
		for i := max(offset, 0); i < min(offset+n, len(r.Body)); i++ {
			r.Body[i] ^= 0xff
		}
	})
}

// Stream replaces the work by a body that is made while it is sent, of any
// size: the status is 200. An error of f cuts the connection.
func Stream(contentType string, f func(w io.Writer) error) Action {
	out := Answer(http.StatusOK, "")
	out.answer.contentType, out.stream = contentType, f
	return out
}

// LockRows holds records for as long as the request takes, as a transaction of
// somebody else does: writing them or their children fails with
// UNABLE_TO_LOCK_ROW, row by row.
func LockRows(ids ...sobject.ID) Action {
	a := action()
	a.lock = append(a.lock, ids...)
	return a
}

// Exhaust uses up a limit by its name in the limits resource (see
// Server.SetLimit), or ConcurrentRequests, which only this request meets.
func Exhaust(limit string) Action {
	if limit == limitConcurrent {
		return Refuse(http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")
	}
	a := action()
	a.exhaust = append(a.exhaust, limit)
	return a
}

// PageSize makes a page of a query hold as many rows as next says, at least
// one: Salesforce promises no page size.
func PageSize(next func() int) Action {
	a := action()
	a.page = next
	return a
}

// The actions below bear on the bulk job that the request creates or names.

// FailJob makes a bulk job fail as a whole when its time comes, with the
// message. Nothing of it is done.
func FailJob(message string) Action { return EndJob(stateFailed, 0, message) }

// EndJob makes a bulk job end in a state after rows of its rows: Failed,
// Aborted, or one that no document knows. The rows after those are
// unprocessed.
func EndJob(state string, rows int, message string) Action {
	return onJob(func(p *jobPlan) { p.state, p.rows, p.message = state, max(rows, 0), message })
}

// HangJob keeps a bulk job in InProgress for ever.
func HangJob() Action { return onJob(func(p *jobPlan) { p.hang = true }) }

// ShuffleJob gives the results of a bulk job in another order than the one
// that was asked for or uploaded; the same seed gives the same order.
func ShuffleJob(seed uint64) Action { return onJob(func(p *jobPlan) { p.shuffle = &seed }) }

func onJob(f func(*jobPlan)) Action {
	a := action()
	a.job = append(a.job, f)
	return a
}

// jobPlan is what faults decided about a bulk job.
type jobPlan struct {
	state   string // "": as usual
	rows    int
	message string
	hang    bool
	shuffle *uint64
}

// LockRows holds records until unlock is called; see the action LockRows.
func (o *Org) LockRows(ids ...sobject.ID) (unlock func()) {
	o.tb().Helper()
	for _, id := range ids {
		if _, err := o.objectOfID(id); err != nil {
			_ = o.check("LockRows", err)
			return func() {}
		}
	}
	return o.s.org.LockRows(ids...)
}
