package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Share makes a record of a private object visible to a user, or takes that
// back.
func (o *Org) Share(record, user sobject.ID, visible bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := o.find(string(record))
	if r == nil {
		return fmt.Errorf("engine: Share: there is no record %s", record)
	}
	if r.obj.shares[record] == nil {
		r.obj.shares[record] = map[sobject.ID]bool{}
	}
	r.obj.shares[record][user] = visible
	return nil
}

// HiddenWrites are the refusals of writes to records that a session does not
// see, by the code that Config.HiddenWrites names.
var HiddenWrites = map[string]RowError{
	"":                                {Code: "INVALID_CROSS_REFERENCE_KEY", Message: "invalid cross reference id", Fields: []string{}, Status: 404},
	"INVALID_CROSS_REFERENCE_KEY":     {Code: "INVALID_CROSS_REFERENCE_KEY", Message: "invalid cross reference id", Fields: []string{}, Status: 404},
	"NOT_FOUND":                       {Code: "NOT_FOUND", Message: "The requested resource does not exist", Status: 404},
	"INSUFFICIENT_ACCESS_OR_READONLY": {Code: "INSUFFICIENT_ACCESS_OR_READONLY", Message: "insufficient access rights on object id", Fields: []string{}},
}

// SetPrivate makes an object's org-wide default private, or public again.
func (o *Org) SetPrivate(object string, private bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	obj := o.object(object)
	if obj == nil {
		return fmt.Errorf("engine: SetPrivate: there is no object %s", object)
	}
	obj.def.Private = private
	return nil
}

// sees returns the test for whether a session sees a record of an object, or
// nil when it sees all.
func (o *Org) sees(s Session, obj *object) func(v *version) bool {
	if whose := obj.field(obj.def.OwnRows); whose != nil && !s.System && !slices.ContainsFunc(obj.def.SeeAll, o.grants(s).system) {
		return func(v *version) bool { return v.cell(whose) == string(s.User) }
	}
	if s.System || !obj.def.Private || o.grants(s).object(obj).ViewAll {
		return nil
	}
	user := string(s.User)
	return func(v *version) bool {
		if obj.owner != nil && v.cell(obj.owner) == user {
			return true
		}
		return obj.shares[v.rec.id][s.User]
	}
}

// location returns the time zone of a session's user for date literals.
func (o *Org) location(s Session) *time.Location {
	if r := o.find(string(s.User)); r != nil && r.cur != nil {
		if f := r.obj.field("TimeZoneSidKey"); f != nil {
			if name := r.cur.cell(f); name != "" && !strings.EqualFold(name, "GMT") {
				if loc, err := time.LoadLocation(name); err == nil {
					return loc
				}
			}
		}
	}
	return o.cfg.TimeZone
}
