package engine

import (
	"slices"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// goneEntry is one line of an object's delete log.
type goneEntry struct {
	id      sobject.ID
	sec     int64
	visible int64
}

// replica checks the window of getUpdated and getDeleted (REST API guide,
// "Get Updated", "Get Deleted": seconds are ignored, start before end, at most
// so many days back).
func (o *Org) replica(s Session, object string, start, end *time.Time, days int) (*object, error) {
	obj := o.object(object)
	if obj == nil || !o.grants(s).object(obj).Read {
		return nil, notFound()
	}
	if obj.def.NoReplicate || obj.stamp == nil {
		return nil, &Error{Status: 400, Code: "INVALID_TYPE", Message: "object type is not replicable: " + obj.def.Name}
	}
	*start, *end = start.UTC().Truncate(time.Minute), end.UTC().Truncate(time.Minute)
	now := o.clock()
	switch {
	case !start.Before(*end):
		return nil, replicaDate("startDate must be at least one minute greater than endDate")
	case start.Before(now.AddDate(0, 0, -days)):
		return nil, replicaDate("startDate before org replication enabled date, or older than the allowed window")
	case start.After(now):
		return nil, replicaDate("startDate cannot be in the future")
	}
	return obj, nil
}

func replicaDate(text string) *Error {
	return &Error{Status: 400, Code: "INVALID_REPLICATION_DATE", Message: text}
}

// covered is latestDateCovered: the end of the window, or now if that is
// earlier.
func (o *Org) covered(end time.Time) time.Time {
	now := o.clock().Truncate(time.Second)
	if end.After(now) {
		return now
	}
	return end
}

// Updated returns the ids of the records created or updated in [start, end],
// and the time up to which the answer is complete.
func (o *Org) Updated(s Session, object string, start, end time.Time) ([]sobject.ID, time.Time, error) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	obj, err := o.replica(s, object, &start, &end, 30)
	if err != nil {
		return nil, time.Time{}, err
	}
	now := o.clock().UnixNano()
	sees := o.sees(s, obj)
	out := []sobject.ID{}
	for _, v := range obj.log.window(start.Unix(), end.Unix()+1) {
		if v.rec.at(now) == v && !v.deleted && (sees == nil || sees(v)) {
			out = append(out, v.rec.id)
		}
	}
	slices.Sort(out)
	if len(out) > 600_000 {
		return nil, time.Time{}, &Error{Status: 400, Code: "EXCEEDED_ID_LIMIT", Message: "too many ids in the window; ask for a shorter one"}
	}
	return out, o.covered(end), nil
}

// Deleted returns the records deleted in [start, end], hard deleted and merged
// ones included, the earliest date the log holds, and the time up to which the
// answer is complete.
func (o *Org) Deleted(s Session, object string, start, end time.Time) (out []Deleted, earliest, latest time.Time, err error) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	obj, err := o.replica(s, object, &start, &end, 15)
	if err != nil {
		return nil, time.Time{}, time.Time{}, err
	}
	now := o.clock()
	at := map[sobject.ID]int{}
	out = []Deleted{}
	for _, g := range obj.gone {
		if g.sec < start.Unix() || g.sec > end.Unix() || g.visible > now.UnixNano() {
			continue
		}
		if r := o.find(string(g.id)); r != nil && !r.cur.deleted {
			continue // undeleted, or the deletion was rolled back
		}
		d := Deleted{g.id, time.Unix(g.sec, 0).UTC()}
		if i, again := at[g.id]; again {
			out[i] = d
			continue
		}
		at[g.id] = len(out)
		out = append(out, d)
	}
	earliest = now.AddDate(0, 0, -15).Truncate(time.Minute)
	return out, earliest, o.covered(end), nil
}
