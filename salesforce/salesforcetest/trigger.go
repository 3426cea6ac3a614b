package salesforcetest

import (
	"fmt"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Trigger is code that runs when records of an object are written, one record
// at a time, with the rights of the system. An error refuses the record with
// FIELD_CUSTOM_VALIDATION_EXCEPTION and the error's text, as addError does.
type Trigger struct {
	Name string
	// Before runs on insert and update, before the record is checked and
	// stored, and may change it.
	Before func(*Draft) error
	// After runs once a record was inserted, updated, deleted or undeleted, in
	// the same transaction, and may write others.
	After func(*Change) error
}

// Draft is a record about to be stored. It is only valid during the call that
// got it.
type Draft struct {
	Row
	// Old is the stored record; nil on insert.
	Old Row
	d   *engine.Draft
}

// Set changes a field; the value is what the API would print, "" is null. An
// unknown or calculated field is ignored.
func (d *Draft) Set(field, value string) { d.d.Set(field, value) }

// Changed reports whether a field differs from what is stored; on insert,
// whether it has a value.
func (d *Draft) Changed(field string) bool { return d.d.Changed(field) }

// Op is what happened to a record.
type Op string

// The operations.
const (
	Insert   Op = "insert"
	Update   Op = "update"
	Delete   Op = "delete"
	Undelete Op = "undelete"
)

// Change is what happened to a record. It is only valid during the call that
// got it.
type Change struct {
	Row
	Op
	// Old is the record before an update; else nil.
	Old Row
	c   *engine.Change
}

// Create inserts a record in the same transaction.
func (c *Change) Create(object string, fields Fields) (sobject.ID, error) {
	rec, err := fields.record(object)
	if err != nil {
		return "", err
	}
	return c.c.Insert(object, listOf(rec)...)
}

// Update changes fields of a record in the same transaction.
func (c *Change) Update(id sobject.ID, fields Fields) error {
	rec, err := fields.record("")
	if err != nil {
		return err
	}
	return c.c.Update(id, listOf(rec)...)
}

// Delete moves a record to the recycle bin in the same transaction.
func (c *Change) Delete(id sobject.ID) error { return c.c.Delete(id) }

// Query runs SOQL that sees what the transaction wrote.
func (c *Change) Query(soql string) ([]sobject.Record, error) { return c.c.Query(soql) }

func listOf(rec sobject.Record) []sobject.Field {
	var out []sobject.Field
	for name, v := range rec.Fields() {
		out = append(out, sobject.F(name, v))
	}
	return out
}

// AddTrigger adds a trigger to an object. It does not run for what Load
// stores.
func (o *Org) AddTrigger(object string, t Trigger) error {
	o.tb().Helper()
	added := engine.Trigger{Name: t.Name}
	if t.Before != nil {
		added.Before = func(d *engine.Draft) []engine.RowError {
			draft := &Draft{Row: d.Row, d: d}
			if d.Update {
				draft.Old = d.Old
			}
			return addError(t.Before(draft))
		}
	}
	if t.After != nil {
		added.After = func(c *engine.Change) []engine.RowError {
			change := &Change{Row: c.New, Op: [...]Op{Insert, Update, Delete, Undelete}[c.Op], c: c}
			if c.Op == engine.OpUpdate {
				change.Old = c.Old
			}
			return addError(t.After(change))
		}
	}
	return o.check(fmt.Sprintf("AddTrigger %s %s", object, t.Name), o.s.org.AddTrigger(object, added))
}

func addError(err error) []engine.RowError {
	if err == nil {
		return nil
	}
	return []engine.RowError{{Code: "FIELD_CUSTOM_VALIDATION_EXCEPTION", Message: err.Error(), Fields: []string{}}}
}

// RecordType is a record type of an object.
type RecordType struct {
	DeveloperName string
	Name          string // default: DeveloperName
	// Default is what a record created without one gets.
	Default  bool
	Inactive bool
	// Person makes accounts of the type person accounts; see
	// Config.PersonAccounts.
	Person bool
	// Picklists are the values that its records may have, by field; for
	// fields not named, all. Restricted picklists refuse others.
	Picklists map[string][]string
}

// AddRecordType adds a record type: a RecordType record, the object's field
// RecordTypeId, an entry of the describe's recordTypeInfos.
func (o *Org) AddRecordType(object string, t RecordType) (sobject.ID, error) {
	o.tb().Helper()
	id, err := o.s.org.AddRecordType(object, engine.RecordType{Name: t.Name, DeveloperName: t.DeveloperName, Default: t.Default, Inactive: t.Inactive, Person: t.Person, Picklists: t.Picklists})
	return id, o.check("AddRecordType "+object, err)
}

// Rollup is what a roll-up summary field sums up: children that point to the
// record by a lookup.
type Rollup struct {
	Child  string // the children's object
	Lookup string // their reference field
	Func   string // COUNT, SUM, MIN or MAX
	Of     string // the child's field; none for COUNT
	Where  func(child Row) bool
}

func (r *Rollup) engine() *engine.Rollup {
	if r == nil {
		return nil
	}
	out := &engine.Rollup{Child: r.Child, Field: r.Lookup, Func: r.Func, Of: r.Of}
	if r.Where != nil {
		out.Where = func(row engine.Row) bool { return r.Where(row) }
	}
	return out
}
