package exporter

import (
	"maps"

	"github.com/orglink/orglink/mapping"
)

// Fold joins two changes of one row into one with the same effect: of a field
// that both have, the later value counts, and a field that only the earlier
// one has stays. The user who came first stays, as the record may be new and
// his. A deletion replaces what was before it. What follows a
// deletion cannot be joined to it, and ok is false.
func Fold(earlier, later Change) (joined Change, ok bool) {
	switch {
	case later.Op == Delete:
		return later, true
	case earlier.Op == Delete:
		return Change{}, false
	}
	joined = later
	if earlier.User != "" {
		joined.User = earlier.User
	}
	joined.Row = make(mapping.Row, len(earlier.Row)+len(later.Row))
	maps.Copy(joined.Row, earlier.Row)
	maps.Copy(joined.Row, later.Row)
	if earlier.Op == Upsert {
		joined.Op = Upsert // it may have to create the record still
	}
	return joined, true
}

// claimable decides what of one row is handed out. Entries are those of the
// row that are not succeeded, in order of ID. The entry that is returned
// replaces those in gone. Rejected and parked changes are carried along by
// the next pending one, so that their fields are not lost; a deletion that was
// rejected is overtaken by it.
func claimable(entries []Entry) (claim Entry, gone []int64, ok bool) {
	last := -1
	for i, e := range entries {
		switch e.State {
		case InFlight:
			return Entry{}, nil, false
		case Pending:
			last = i
		}
	}
	if last < 0 {
		return Entry{}, nil, false
	}
	claim = entries[0]
	for _, e := range entries[1 : last+1] {
		joined, can := Fold(claim.Change, e.Change)
		if !can && claim.State == Pending {
			return claim, gone, true
		}
		if !can {
			gone = append(gone, claim.ID)
			claim = e
			continue
		}
		gone = append(gone, e.ID)
		before := claim
		claim.Change = joined
		if before.State != Pending {
			claim.State, claim.Attempts, claim.Reason = e.State, e.Attempts, e.Reason
		}
		if e.Unsure && !before.Unsure {
			claim.Unsure, claim.Attempted = true, e.Attempted
		}
	}
	return claim, gone, true
}

// visible joins the pending entries of each row as a Claim would, for lists.
func visible(entries []Entry) []Entry {
	var out []Entry
	at := make(map[rowKey]int)
	for _, e := range entries {
		if e.State != Pending {
			out = append(out, e)
			continue
		}
		k := rowKey{e.Object, e.Key}
		if i, ok := at[k]; ok {
			if joined, can := Fold(out[i].Change, e.Change); can {
				out[i].Change = joined
				continue
			}
		}
		at[k] = len(out)
		out = append(out, e)
	}
	return out
}

// rowKey is a row within a connection.
type rowKey struct{ object, key string }
