package salesforce

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// How far back an org tells of changes.
const (
	UpdatedReach = 30 * 24 * time.Hour
	DeletedReach = 15 * 24 * time.Hour
)

// ErrOutOfReach: a window lies wholly before what the org remembers.
var ErrOutOfReach = errors.New("older than the org remembers")

// UpdatedResult is what Updated found.
type UpdatedResult struct {
	// IDs are the records, each once, in the order of the answer.
	IDs []sobject.ID
	// From is where the window began: later than asked for when the org does
	// not remember so far back, and then what lies before is unknown.
	From time.Time
	// LatestCovered is where the next window begins.
	LatestCovered time.Time
}

// DeletedResult is what Deleted found.
type DeletedResult struct {
	Records []DeletedRecord
	// From is where the window began, as in UpdatedResult.
	From time.Time
	// EarliestAvailable is how far back the org remembers deletions; a window
	// that begins before it has holes.
	EarliestAvailable time.Time
	// LatestCovered is where the next window begins.
	LatestCovered time.Time
}

// DeletedRecord is one deleted record.
type DeletedRecord struct {
	ID sobject.ID
	At time.Time
}

// Updated lists the records of an object that were created or changed between
// two instants of the org's clock, by SystemModstamp. The org ignores seconds,
// so the window is widened to whole minutes; it tells of 30 days, so an older
// start is moved to the oldest minute there is (see From); and it tells of
// 600,000 records at once, so a fuller window is halved until it fits.
func (c *Client) Updated(ctx context.Context, object string, start, end time.Time) (UpdatedResult, error) {
	w, err := c.window(ctx, "updated", object, start, end, UpdatedReach)
	if err != nil {
		return UpdatedResult{}, err
	}
	out, seen := UpdatedResult{From: w.start}, map[sobject.ID]bool{}
	out.LatestCovered, err = w.each(func(path string, query url.Values) (time.Time, error) {
		var raw struct {
			IDs    []string `json:"ids"`
			Latest string   `json:"latestDateCovered"`
		}
		if _, err := c.call(ctx, Request{Path: path, Query: query, Operation: "updated", Object: object}, &raw); err != nil {
			return time.Time{}, err
		}
		for _, text := range raw.IDs {
			id, err := sobject.ParseID(text)
			if err != nil {
				return time.Time{}, w.damaged(err)
			}
			if !seen[id] {
				seen[id] = true
				out.IDs = append(out.IDs, id)
			}
		}
		return w.date(raw.Latest)
	})
	if err != nil {
		return UpdatedResult{}, err
	}
	return out, nil
}

// Deleted lists the records of an object that were deleted between two instants
// of the org's clock. The rules of the window are those of Updated, with 15
// days instead of 30. The org may have forgotten more (see EarliestAvailable):
// it prunes a log that grows too long.
func (c *Client) Deleted(ctx context.Context, object string, start, end time.Time) (DeletedResult, error) {
	w, err := c.window(ctx, "deleted", object, start, end, DeletedReach)
	if err != nil {
		return DeletedResult{}, err
	}
	out, seen := DeletedResult{From: w.start}, map[DeletedRecord]bool{}
	out.LatestCovered, err = w.each(func(path string, query url.Values) (time.Time, error) {
		var raw wireDeleted
		if _, err := c.call(ctx, Request{Path: path, Query: query, Operation: "deleted", Object: object}, &raw); err != nil {
			return time.Time{}, err
		}
		part, err := raw.result(w)
		if err != nil {
			return time.Time{}, err
		}
		for _, d := range part.Records {
			if !seen[d] {
				seen[d] = true
				out.Records = append(out.Records, d)
			}
		}
		if part.EarliestAvailable.After(out.EarliestAvailable) {
			out.EarliestAvailable = part.EarliestAvailable
		}
		return part.LatestCovered, nil
	})
	if err != nil {
		return DeletedResult{}, err
	}
	return out, nil
}

// wireDeleted is an answer of the log of deletions.
type wireDeleted struct {
	Records []struct {
		ID string `json:"id"`
		At string `json:"deletedDate"`
	} `json:"deletedRecords"`
	Earliest string `json:"earliestDateAvailable"`
	Latest   string `json:"latestDateCovered"`
}

func (raw *wireDeleted) result(w window) (DeletedResult, error) {
	out := DeletedResult{From: w.start}
	for _, r := range raw.Records {
		id, err1 := sobject.ParseID(r.ID)
		at, err2 := sobject.ParseDateTime(r.At)
		if err := errors.Join(err1, err2); err != nil {
			return out, w.damaged(err)
		}
		out.Records = append(out.Records, DeletedRecord{id, at})
	}
	var err error
	if out.EarliestAvailable, err = w.date(raw.Earliest); err != nil {
		return out, err
	}
	out.LatestCovered, err = w.date(raw.Latest)
	return out, err
}

// window is the span of one question to an object's log.
type window struct {
	kind, object string
	start, end   time.Time
}

// newWindow aligns a span to whole minutes.
func newWindow(kind, object string, start, end time.Time) (window, error) {
	w := window{kind, object, start.UTC().Truncate(time.Minute), end.UTC()}
	if up := w.end.Truncate(time.Minute); up.Before(w.end) {
		w.end = up.Add(time.Minute)
	}
	if object == "" || !w.start.Before(w.end) {
		return w, fmt.Errorf("salesforce: %s %s: the object is not named, or the window from %v to %v is empty", kind, object, w.start, w.end)
	}
	return w, nil
}

// Deleted lists deletions as Client.Deleted does, in one question: a window
// that the org refuses, as too old or too full, is an error of the step. It is
// not one of the steps that only five are allowed of. The result's Deletions
// reads the answer.
func (b *Composite) Deleted(object string, start, end time.Time) Ref {
	w, err := newWindow("deleted", object, start, end)
	return b.add(step{operation: "deleted", object: object, method: http.MethodGet, path: w.path() + "?" + w.query().Encode()}, err)
}

// Deletions reads the answer to a Deleted, whose From it leaves zero.
func (r StepResult) Deletions() (DeletedResult, error) {
	var raw wireDeleted
	if err := r.Decode(&raw); err != nil {
		return DeletedResult{}, err
	}
	return raw.result(window{kind: "deleted", object: r.step.object})
}

// window aligns a span to whole minutes and to the org's memory.
func (c *Client) window(ctx context.Context, kind, object string, start, end time.Time, reach time.Duration) (window, error) {
	w, err := newWindow(kind, object, start, end)
	if err != nil {
		return w, err
	}
	// The org's clock decides, and is asked only where the answer may matter.
	if time.Since(w.start) < reach-24*time.Hour {
		return w, nil
	}
	now, err := c.ServerTime(ctx)
	if err != nil {
		return w, err
	}
	// A minute of margin for the call itself.
	oldest := now.Add(-reach).Truncate(time.Minute).Add(2 * time.Minute)
	if w.start.Before(oldest) {
		w.start = oldest
	}
	if !w.start.Before(w.end) {
		return w, fmt.Errorf("salesforce: %s %s: the window ends %v, the log begins %v: reconcile by reading the records: %w", kind, object, w.end, oldest, ErrOutOfReach)
	}
	return w, nil
}

func (w window) path() string { return "sobjects/" + url.PathEscape(w.object) + "/" + w.kind + "/" }

func (w window) query() url.Values {
	const minute = "2006-01-02T15:04:00+00:00"
	return url.Values{"start": {w.start.Format(minute)}, "end": {w.end.Format(minute)}}
}

// each asks for the window, in halves where the org finds it too full, and
// returns up to when the answers are complete.
func (w window) each(ask func(path string, query url.Values) (covered time.Time, err error)) (time.Time, error) {
	covered, err := ask(w.path(), w.query())
	var refused *Error
	if !errors.As(err, &refused) || refused.Code != "EXCEEDED_ID_LIMIT" || w.end.Sub(w.start) < 2*time.Minute {
		return covered, err
	}
	middle := w.start.Add(w.end.Sub(w.start) / 2).Truncate(time.Minute)
	covered, err = window{w.kind, w.object, w.start, middle}.each(ask)
	if err != nil || covered.Before(middle) {
		return covered, err // what follows would leave a hole
	}
	return window{w.kind, w.object, middle, w.end}.each(ask)
}

func (w window) date(text string) (time.Time, error) {
	at, err := sobject.ParseDateTime(text)
	if err != nil {
		return at, w.damaged(err)
	}
	return at, nil
}

func (w window) damaged(err error) error {
	return fmt.Errorf("salesforce: %s %s: %w: %w", w.kind, w.object, ErrIncomplete, err)
}
