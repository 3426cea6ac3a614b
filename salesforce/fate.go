package salesforce

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Fate is what became of a record.
type Fate struct {
	Object string
	ID     sobject.ID
	// Found tells that the org knows the record: false when it never existed,
	// is gone from the recycle bin, or is hidden from the user.
	Found   bool
	Deleted bool
	// Survivor is the record that it was merged into, at the end of all
	// merges; "" when it was not merged. The survivor may be deleted itself:
	// see SurvivorGone.
	Survivor     sobject.ID
	SurvivorGone bool
}

// Err returns nil for a record that is there, a *MergedError for one that
// lives on in another, and otherwise an error that is ErrDeleted or
// ErrNotFound.
func (f Fate) Err() error {
	switch {
	case !f.Found:
		return fmt.Errorf("salesforce: %s %s: unknown to the org, or hidden from this user: %w", f.Object, f.ID, ErrNotFound)
	case !f.Deleted:
		return nil
	case f.Survivor != "" && !f.SurvivorGone:
		return &MergedError{Object: f.Object, ID: f.ID, Survivor: f.Survivor}
	default:
		return fmt.Errorf("salesforce: %s %s: in the recycle bin: %w", f.Object, f.ID, errors.Join(ErrDeleted, ErrNotFound))
	}
}

// Survivor returns the record to use in place of one that a write found gone
// (ErrDeleted): the record itself when it is there after all, the one that it
// was merged into, or the error of its Fate.
func (c *Client) Survivor(ctx context.Context, object string, id sobject.ID) (sobject.ID, error) {
	fates, err := c.Fates(ctx, object, id)
	if err != nil {
		return "", err
	}
	canonical, _ := sobject.ParseID(string(id))
	f := fates[canonical]
	err = f.Err()
	var merged *MergedError
	switch {
	case errors.As(err, &merged):
		return merged.Survivor, nil
	case err != nil:
		return "", err
	}
	return canonical, nil
}

const (
	fateChunk = 200
	// mergeChain bounds the merges that are followed: each costs a call.
	mergeChain = 20
)

// objectForm is the form of API names, which stand in SOQL unquoted.
var objectForm = regexp.MustCompile(`^[A-Za-z]\w*$`)

// Fates looks up what became of records of one object, in the recycle bin
// too, and follows merges to the record that lives on. The result has an entry
// for each id, under its 18 characters.
func (c *Client) Fates(ctx context.Context, object string, ids ...sobject.ID) (map[sobject.ID]Fate, error) {
	if !objectForm.MatchString(object) {
		return nil, fmt.Errorf("salesforce: fate: %q is no API name of an object", object)
	}
	start := make([]sobject.ID, len(ids))
	for i, id := range ids {
		canonical, err := sobject.ParseID(string(id))
		if err != nil {
			return nil, fmt.Errorf("salesforce: fate of %s: %w", object, err)
		}
		start[i] = canonical
	}
	seen := map[sobject.ID]state{}
	for todo, rounds := start, 0; len(todo) > 0; rounds++ {
		if rounds > mergeChain {
			return nil, fmt.Errorf("salesforce: fate of %s: more than %d merges in a row, beginning at %s: %w", object, mergeChain, start[0], ErrIncomplete)
		}
		found, err := c.states(ctx, object, todo)
		if err != nil {
			return nil, err
		}
		var next []sobject.ID
		for _, id := range todo {
			s := found[id]
			seen[id] = s
			if _, known := seen[s.master]; s.master != "" && !known && !slices.Contains(next, s.master) {
				next = append(next, s.master)
			}
		}
		todo = next
	}
	out := make(map[sobject.ID]Fate, len(start))
	for _, id := range start {
		f := Fate{Object: object, ID: id, Found: seen[id].found, Deleted: seen[id].deleted}
		for at, hops := seen[id], 0; at.master != "" && hops <= mergeChain; hops++ {
			f.Survivor = at.master
			at = seen[at.master]
			f.SurvivorGone = !at.found || at.deleted
		}
		out[id] = f
	}
	return out, nil
}

// state is one row of the recycle bin or of the living.
type state struct {
	found, deleted bool
	master         sobject.ID
}

func (c *Client) states(ctx context.Context, object string, ids []sobject.ID) (map[sobject.ID]state, error) {
	out := make(map[sobject.ID]state, len(ids))
	fields := "Id, IsDeleted, MasterRecordId"
	for chunk := range slices.Chunk(ids, fateChunk) {
		got, err := c.statesOf(ctx, object, fields, chunk)
		if errors.Is(err, ErrInvalidField) && strings.Contains(fields, "MasterRecordId") {
			fields = "Id, IsDeleted" // an object that cannot be merged
			got, err = c.statesOf(ctx, object, fields, chunk)
		}
		if err != nil {
			return nil, err
		}
		for id, s := range got {
			out[id] = s
		}
	}
	return out, nil
}

func (c *Client) statesOf(ctx context.Context, object, fields string, ids []sobject.ID) (map[sobject.ID]state, error) {
	out := make(map[sobject.ID]state, len(ids))
	for rec, err := range c.QueryAll(ctx, "SELECT "+fields+" FROM "+object+" WHERE Id IN ("+quotedIDs(ids)+")") {
		if err != nil {
			return nil, err
		}
		s := state{found: true}
		if s.deleted, err = rec.Bool("IsDeleted"); err != nil {
			return nil, fmt.Errorf("salesforce: fate of %s %s: %w", object, rec.ID(), err)
		}
		if s.deleted {
			s.master, err = optionalRef(rec, "MasterRecordId")
		}
		if err != nil {
			return nil, fmt.Errorf("salesforce: fate of %s %s: %w", object, rec.ID(), err)
		}
		out[rec.ID()] = s
	}
	return out, nil
}

// quotedIDs writes ids that were parsed as a list of SOQL.
func quotedIDs(ids []sobject.ID) string {
	var b strings.Builder
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("'" + string(id) + "'")
	}
	return b.String()
}

// optionalRef reads a lookup that may be null or absent.
func optionalRef(rec sobject.Record, field string) (sobject.ID, error) {
	v, ok := rec.Value(field)
	if !ok || v.IsNull() || v.Raw() == "" {
		return "", nil
	}
	return v.ID()
}
