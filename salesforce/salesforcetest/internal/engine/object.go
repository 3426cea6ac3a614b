package engine

import (
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// object is a defined object with its records. Everything in it is guarded by
// the org's lock.
type object struct {
	def    Object
	org    *Org
	fields []*field // in describe order
	byName map[string]*field
	byRel  map[string]*field // parent paths
	kids   map[string]*field // sub-queries: the child's reference field
	links  []*field          // all reference fields that point here, in order of definition

	id, deleted, owner, created, createdBy, modified, modifiedBy, stamp, master *field
	name                                                                        *field // the name field, may be nil
	archive                                                                     *field // of rows that queries leave out, may be nil
	person                                                                      *field // IsPersonAccount, may be nil

	slots    int                // cells of a row
	flags    []bool             // by cell: a boolean, whose false needs no place
	shapes   map[string]*shape  // of packed rows, by the set of cells that have a value
	recs     []*record          // by sequence number - 1; nil: hard deleted or rolled back
	far      map[string]*record // by id: those whose given id does not tell their number
	live     int
	log      stampLog
	pending  []*record // with a version that is not visible yet
	gone     []goneEntry
	counter  map[*field]int // auto numbers
	shares   map[sobject.ID]map[sobject.ID]bool
	dups     []DuplicateRule
	triggers []Trigger
	assigns  sobject.ID // the owner that the active assignment rule names
}

// field is a field of a defined object.
type field struct {
	Field
	obj    *object
	kind   kind
	pos    int // cell; -1: computed
	index  *index
	custom bool
	system bool
	parts  *compound
	ranks  map[string]int // picklist order for ORDER BY
}

func (f *field) String() string { return f.obj.def.Name + "." + f.Name }

// polymorphic reports whether the field may point to several objects.
func (f *field) polymorphic() bool { return len(f.ReferenceTo) > 1 }

func (o *object) field(name string) *field { return o.byName[strings.ToLower(name)] }

func (o *Org) object(name string) *object { return o.objects[strings.ToLower(name)] }
