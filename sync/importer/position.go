package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

const positionVersion = 1

// place is what a Position holds.
type place struct {
	Version int `json:"v"`
	// Fields are what the stored records hold: names with the class of their
	// type, sorted, so that an added, removed or retyped field is noticed.
	Fields []string `json:"fields,omitempty"`
	// Backfill is set while everything is read by Id.
	Backfill *backfill `json:"backfill,omitempty"`
	// First is what is known of the first reading of all, until it is done.
	First *firstRead `json:"first,omitempty"`
	// Covered: every change with a SystemModstamp before it is stored. It is
	// the backfill's cutoff until the backfill is done.
	Covered time.Time `json:"covered"`
	// Window is set while the changes between two times are read.
	Window *window `json:"window,omitempty"`
	// DeletesThrough is the time up to which the log of deletions was read;
	// zero where the object has none.
	DeletesThrough time.Time `json:"deletes,omitzero"`
	// Reconciled is the Covered of the last comparison of all ids.
	Reconciled time.Time `json:"reconciled,omitzero"`
	// Listing is set while the ids are compared.
	Listing *listing `json:"listing,omitempty"`
	// Calculated is the Covered of the last comparison of calculated fields.
	Calculated time.Time `json:"calculated,omitzero"`
	// Audited is the Covered of the last comparison of counts, Audit the one
	// that is running.
	Audited time.Time `json:"audited,omitzero"`
	Audit   *audit    `json:"audit,omitempty"`
}

// listing is a comparison of all ids, in chunks of one Bulk job each. A
// chunk's ids are read twice: first counted, then put right.
type listing struct {
	// At is the Covered when it began.
	At time.Time `json:"at"`
	// After is the last Id of the chunks that are done.
	After sobject.ID `json:"after,omitempty"`
	// Job is the running chunk's, and Limit how many rows it was asked for.
	Job   string `json:"job,omitempty"`
	Limit int    `json:"limit,omitempty"`
	// Locator is the page to read next; Rows and Last are the number and last
	// of the ids before it.
	Locator string     `json:"locator,omitempty"`
	Rows    int64      `json:"rows,omitempty"`
	Last    sobject.ID `json:"last,omitempty"`
	Total   int64      `json:"total,omitempty"`
	// Stored and Gone count what the sink holds of the chunk, and what of it
	// the org does not list.
	Stored int64 `json:"stored,omitempty"`
	Gone   int64 `json:"gone,omitempty"`
	// Counted: the chunk is complete, and now put right. Keep: too much is
	// gone to be believed. Done: the job is still to be deleted.
	Counted bool `json:"counted,omitempty"`
	Keep    bool `json:"keep,omitempty"`
	Done    bool `json:"done,omitempty"`
}

// backfill is a reading of all records by Id, in chunks of one Bulk job each.
type backfill struct {
	// Added are the only fields to read, when the rest is there already.
	Added []string `json:"added,omitempty"`
	// Compare: they are there, and only what differs is stored. Differ counts
	// the records that did.
	Compare bool  `json:"compare,omitempty"`
	Differ  int64 `json:"differ,omitempty"`
	// After is the last Id of the chunks that are done.
	After sobject.ID `json:"after,omitempty"`
	// Job is the running chunk's; "" when it is still to be begun.
	Job string `json:"job,omitempty"`
	// Limit is how many rows the job was asked for.
	Limit int `json:"limit,omitempty"`
	// Fields are the names that the job selects.
	Fields []string `json:"fields,omitempty"`
	// ReadAt is the server's time before the job was begun.
	ReadAt time.Time `json:"read,omitzero"`
	// Locator is the result page to read next, and Skip how many of its rows
	// are stored. Rows and Last are the number and highest Id of all stored
	// rows of the job.
	Locator string     `json:"locator,omitempty"`
	Skip    int        `json:"skip,omitempty"`
	Rows    int64      `json:"rows,omitempty"`
	Last    sobject.ID `json:"last,omitempty"`
	// Total is how many rows the complete job has.
	Total int64 `json:"total,omitempty"`
	// REST: the Bulk API does not know the object; pages of REST queries are
	// read instead.
	REST bool `json:"rest,omitempty"`
	// Done: the chunk's pages are all stored, the job is still to be deleted.
	Done bool `json:"done,omitempty"`
}

// window is a half-open span of SystemModstamp and how far it was read.
type window struct {
	From time.Time  `json:"from"`
	To   time.Time  `json:"to"`
	At   time.Time  `json:"at,omitzero"`
	ID   sobject.ID `json:"id,omitempty"`
	// Rows: they are all stored, the deletions are not yet.
	Rows bool `json:"rows,omitempty"`
	// Log: the log of deletions has nothing up to it, which is all of the
	// window.
	Log time.Time `json:"log,omitzero"`
	// GoneAt and GoneID are the last entry of the log of deletions that was
	// looked at.
	GoneAt time.Time  `json:"goneAt,omitzero"`
	GoneID sobject.ID `json:"gone,omitempty"`
}

func (p place) encode() (Position, error) {
	p.Version = positionVersion
	text, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("importer: encode a position: %w", err)
	}
	return Position(text), nil
}

// decode reads a position that a sink returned.
func (pos Position) decode() (place, error) {
	var p place
	if pos == "" {
		return p, nil
	}
	dec := json.NewDecoder(strings.NewReader(string(pos)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return place{}, fmt.Errorf("importer: the sink returned a position that is none: %w", err)
	}
	if dec.More() {
		return place{}, errors.New("importer: the sink returned a position with something behind it")
	}
	if err := p.check(); err != nil {
		return place{}, fmt.Errorf("importer: the sink returned a position that is none: %w", err)
	}
	return p, nil
}

func (p place) check() error {
	if p.Version != positionVersion {
		return fmt.Errorf("version %d; this release writes %d: was it stored by a newer one?", p.Version, positionVersion)
	}
	ids := []sobject.ID{}
	if p.Covered.IsZero() {
		return errors.New("no covered time")
	}
	if b := p.Backfill; b != nil {
		ids = append(ids, b.After, b.Last)
		if b.Rows < 0 || b.Total < 0 || b.Skip < 0 || (b.Job == "") != (b.Limit <= 0) || b.Job == "" && (b.Locator != "" || b.Skip != 0 || b.Rows != 0 || b.Done) || strings.ContainsAny(b.Job, "/?#% ") {
			return errors.New("a backfill without a job, or with a malformed one")
		}
	}
	if l := p.Listing; l != nil {
		ids = append(ids, l.After, l.Last)
		if l.Rows < 0 || l.Total < 0 || (l.Job == "") != (l.Limit <= 0) || l.Job == "" && (l.Locator != "" || l.Rows != 0 || l.Counted || l.Done) || strings.ContainsAny(l.Job, "/?#% ") {
			return errors.New("a comparison of ids without a job, or with a malformed one")
		}
	}
	if w := p.Window; w != nil {
		ids = append(ids, w.ID, w.GoneID)
		if w.From.IsZero() || w.To.Before(w.From) || (w.ID != "") != !w.At.IsZero() || (w.GoneID != "") != !w.GoneAt.IsZero() {
			return errors.New("a window that ends before it begins")
		}
	}
	if a := p.Audit; a != nil && a.Window != nil {
		ids = append(ids, a.Window.ID)
		if a.Window.To.Before(a.Window.From) || (a.Window.ID != "") != !a.Window.At.IsZero() {
			return errors.New("an audit with a window that ends before it begins")
		}
	}
	for _, id := range ids {
		if id == "" {
			continue
		}
		if canonical, err := sobject.ParseID(string(id)); err != nil || canonical != id {
			return fmt.Errorf("malformed id %q", id)
		}
	}
	return nil
}

// class groups field types by how their values are kept; a field that moves
// to another class has to be read again.
func class(t sobject.FieldType) string {
	switch {
	case t == sobject.TypeBoolean:
		return "b"
	case t == sobject.TypeInt || t == sobject.TypeLong:
		return "i"
	case t.Numeric():
		return "n"
	case t == sobject.TypeDate:
		return "d"
	case t == sobject.TypeDateTime:
		return "s"
	}
	return "t"
}

// signature lists columns as place.Fields keeps them.
func signature(columns []sobject.DescribeField) []string {
	out := make([]string, 0, len(columns))
	for _, c := range columns {
		out = append(out, c.Name+"#"+class(c.Type))
	}
	slices.Sort(out)
	return out
}

// added returns the names in now that before lacks.
func added(before, now []string) []string {
	var out []string
	for _, f := range now {
		if !slices.Contains(before, f) {
			name, _, _ := strings.Cut(f, "#")
			out = append(out, name)
		}
	}
	return out
}
