package importer

import (
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Kind tells what happened to a record.
type Kind uint8

// The kinds of changes.
const (
	// Full carries every column of the stream as one read returned them.
	Full Kind = iota + 1
	// Partial carries some fields of a record that the sink may know.
	Partial
	// Deleted: the record is in the recycle bin or gone from it.
	Deleted
	// Merged: the record was deleted because Survivor took its place.
	Merged
	// NotVisible: the record is no longer shown to the connection's user.
	// Nobody knows whether it still exists.
	NotVisible
)

func (k Kind) String() string {
	switch k {
	case Full:
		return "full"
	case Partial:
		return "partial"
	case Deleted:
		return "deleted"
	case Merged:
		return "merged"
	case NotVisible:
		return "not visible"
	}
	return "unknown"
}

// Gone reports whether the kind is a tombstone.
func (k Kind) Gone() bool { return k == Deleted || k == Merged || k == NotVisible }

// Change is one record's news.
type Change struct {
	Kind   Kind
	Object string
	ID     sobject.ID
	// Record holds the columns of the stream (Full) or Fields (Partial), with
	// typed values: numbers as Number, date-times in UTC with a Z, however
	// they were read. Zero for tombstones.
	Record sobject.Record
	// Fields are the names that a Partial carries; nil for a Full.
	Fields []string
	// SystemModstamp is the record's own version: its last change, or its
	// deletion. Zero when a tombstone does not know it.
	SystemModstamp time.Time
	// ReadAt is the server's time just before the record was asked for.
	ReadAt time.Time
	// Survivor is the record that a merge kept; it may be empty even for a
	// Merged, when the connection's user may not see it.
	Survivor sobject.ID
	// Origin is the client that made the change, where events tell; empty for
	// what was polled.
	Origin string
	// Owner is the host user paired with the record's OwnerId; empty when
	// there is none, the record has no owner, or nobody was asked.
	Owner orglink.UserID
}

// Version is what a sink remembers of a record to decide whether a change
// applies.
type Version struct {
	// Exists is false for a record that the sink has never seen.
	Exists bool
	// Gone is true for a tombstone.
	Gone bool
	// Merged is true for the tombstone of a merge.
	Merged bool
	// SystemModstamp and ReadAt of the last change that set the version.
	SystemModstamp time.Time
	ReadAt         time.Time
}

// Applies is the version rule that every sink follows, so that changes may
// arrive twice and out of order:
//
//   - a Full applies to an unknown record; to a known one when it is not older
//     by (SystemModstamp, ReadAt); to a tombstone when it was read later or
//     carries a later SystemModstamp;
//   - a tombstone applies exactly when the stored Full would not beat it, and to
//     another tombstone when it is not older; but only a Merged replaces a
//     Merged, because the others do not know the survivor;
//   - a Partial applies to a known, present record whose SystemModstamp is not
//     later. It never creates one and never raises the version.
func (v Version) Applies(c Change) bool {
	switch {
	case c.Kind == Partial:
		return v.Exists && !v.Gone && !c.SystemModstamp.Before(v.SystemModstamp)
	case !v.Exists:
		return true
	case c.Kind.Gone() && v.Gone:
		if v.Merged && c.Kind != Merged {
			return false
		}
		return c.SystemModstamp.After(v.SystemModstamp) ||
			c.SystemModstamp.Equal(v.SystemModstamp) && !c.ReadAt.Before(v.ReadAt)
	case c.Kind.Gone():
		return !beats(v.SystemModstamp, v.ReadAt, c.SystemModstamp, c.ReadAt)
	case v.Gone:
		return beats(c.SystemModstamp, c.ReadAt, v.SystemModstamp, v.ReadAt)
	default:
		return c.SystemModstamp.After(v.SystemModstamp) ||
			c.SystemModstamp.Equal(v.SystemModstamp) && !c.ReadAt.Before(v.ReadAt)
	}
}

// beats tells whether a present record overrules a tombstone.
func beats(stamp, read, goneStamp, goneRead time.Time) bool {
	return read.After(goneRead) || !goneStamp.IsZero() && stamp.After(goneStamp)
}

// After returns the version of a record once c was applied.
func (v Version) After(c Change) Version {
	if c.Kind == Partial {
		return v
	}
	return Version{Exists: true, Gone: c.Kind.Gone(), Merged: c.Kind == Merged, SystemModstamp: c.SystemModstamp, ReadAt: c.ReadAt}
}
