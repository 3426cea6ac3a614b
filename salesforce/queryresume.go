package salesforce

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// reading is a query on its way to all its rows. When its pages break off it
// goes on by a query of its own behind the last row, once from each place.
//
// Only rows in the order of their ids allow that: whatever is missing then has
// a larger id than all that came. In any other order, and in none, rows that
// were not returned may stand anywhere, and ids alone do not tell.
type reading struct {
	*fetcher
	text  string
	yield func(sobject.Record) bool
	keys  *soql.Query // text, when its rows come by id; else nil
	last  []byte      // id of the last row passed on, with keys
	rows  int         // passed on
	total int         // as the org counted at first; -1: it did not say
}

func newReading(f *fetcher, text string, yield func(sobject.Record) bool) *reading {
	return &reading{fetcher: f, text: text, yield: yield, keys: byID(text), total: -1}
}

// byID parses a query whose rows come in the order of their ids; nil for any
// other.
func byID(text string) *soql.Query {
	q, err := soql.Parse(text)
	if err != nil || !q.Selects("Id") || !plainRows(q) || len(q.Order) == 0 {
		return nil
	}
	if path, ok := q.Order[0].By.(soql.Path); !ok || !strings.EqualFold(string(path), "Id") || q.Order[0].Desc {
		return nil
	}
	return q
}

// plainRows reports whether a query's rows are records that its condition
// alone chooses, so that a further condition, or a count, is about them.
func plainRows(q *soql.Query) bool {
	for _, item := range q.Fields {
		if f, ok := item.(soql.FuncItem); ok && aggregates[strings.ToUpper(f.Func.Name)] {
			return false
		}
	}
	return len(q.Groups) == 0 && q.Having == nil && q.Skip == nil
}

// aggregates are the functions that make one row of many (SOQL and SOSL
// Reference, "Aggregate Functions").
var aggregates = map[string]bool{"AVG": true, "COUNT": true, "COUNT_DISTINCT": true, "MIN": true, "MAX": true, "SUM": true}

func (r *reading) run(ctx context.Context) error {
	text, from := r.text, ""
	for {
		more, err := r.pages(ctx, text)
		if err == nil && !more {
			return nil
		}
		if err != nil && ctx.Err() == nil && breaks(err) {
			if rest := r.rest(from); rest != "" {
				r.stop()
				text, from = rest, string(r.last)
				continue
			}
		}
		var miss *miscount
		if err != nil && !errors.As(err, &miss) {
			return r.explain(err)
		}
		if r.total < 0 || r.rows >= r.total {
			return err
		}
		return r.recount(ctx)
	}
}

// breaks tells the failures after which the rest may still be had.
func breaks(err error) bool {
	var miss *miscount
	if errors.As(err, &miss) {
		return miss.rows < miss.total
	}
	return errors.Is(err, ErrCursorGone) || errors.Is(err, ErrIncomplete) || IsRetryable(err)
}

// pass notes where the reading stands.
func (r *reading) pass(rec sobject.Record) bool {
	if r.keys != nil {
		id, _ := rec.Value("Id")
		r.last = append(r.last[:0], id.Raw()...)
	}
	return r.yield(rec)
}

// rest returns the query for the rows behind the last one; "" when there is
// none, or when nothing came since it was asked for the last time.
func (r *reading) rest(asked string) string {
	if r.keys == nil || len(r.last) == 0 || string(r.last) == asked {
		return ""
	}
	q := r.keys.Clone().AndWhere(soql.Compare("Id", soql.OpGt, soql.String(string(r.last))))
	if q.MaxRows != nil {
		if *q.MaxRows <= r.rows {
			return ""
		}
		q.Limit(*q.MaxRows - r.rows)
	}
	return q.String()
}

// recount tells rows that vanished from rows that were lost: when the org, asked
// once more, counts as many as were returned, the others were deleted, or left
// the query's condition, while the pages were read.
func (r *reading) recount(ctx context.Context) error {
	lost := fmt.Errorf("salesforce: query: %d rows, but the org counted %d: %w", r.rows, r.total, ErrIncomplete)
	q, err := soql.Parse(r.text)
	if err != nil || !plainRows(q) {
		return lost
	}
	q = q.Clone()
	q.Fields, q.Order, q.For, q.Update = soql.SelectCount().Fields, nil, nil, nil
	n, err := r.count(ctx, q.String())
	switch {
	case err != nil:
		return fmt.Errorf("%w; counting again failed: %w", lost, err)
	case n != int64(r.rows):
		return fmt.Errorf("%w, and then %d", lost, n)
	}
	return nil
}

// explain adds what would have let the reading go on.
func (r *reading) explain(err error) error {
	if r.keys == nil && r.rows > 0 && errors.Is(err, ErrCursorGone) {
		return fmt.Errorf("%w; after %d rows, and only a query with Id and ORDER BY Id can go on from there", err, r.rows)
	}
	return err
}

// miscount is a query that ended with other than the rows that it counted.
type miscount struct {
	rows, total int
	more        string
}

func (m *miscount) Error() string {
	return fmt.Sprintf("salesforce: query: %d rows, but the org counted %d%s: %v", m.rows, m.total, m.more, ErrIncomplete)
}

func (m *miscount) Unwrap() error { return ErrIncomplete }
