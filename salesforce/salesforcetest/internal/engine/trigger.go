package engine

import (
	"fmt"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// Op is what happened to a record.
type Op int

// The operations that run triggers.
const (
	OpInsert Op = iota
	OpUpdate
	OpDelete
	OpUndelete
)

// Trigger is code that runs when records of an object are written, one record
// at a time, with the rights of the system (Apex Developer Guide, "Triggers").
// Before runs on insert and update after the defaults are filled in and may
// change the record; After runs once the record is stored and may write
// others, in the same transaction. Errors refuse the record.
type Trigger struct {
	Name   string
	Before func(d *Draft) []RowError
	After  func(c *Change) []RowError
}

// maxTriggers is how deep triggers may cause each other to run (Apex
// Developer Guide, "Execution Governors and Limits": stack depth 16).
const maxTriggers = 16

// AddTrigger adds a trigger. It does not run on Load.
func (o *Org) AddTrigger(object string, t Trigger) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	obj := o.object(object)
	if obj == nil || t.Before == nil && t.After == nil {
		return fmt.Errorf("engine: AddTrigger: no object %s, or the trigger does nothing", object)
	}
	obj.triggers = append(obj.triggers, t)
	return nil
}

// Change is what happened to one record, as seen by a trigger that may act on
// it. It is only valid during the call that got it.
type Change struct {
	Op
	New Row // of a deleted record, its last state
	Old Row // only of an update
	tx  *Tx
}

// Insert creates a record.
func (c *Change) Insert(object string, fields ...sobject.Field) (sobject.ID, error) {
	if c.tx.loading {
		return c.load(object, fields)
	}
	out, err := c.tx.insert(object, []sobject.Record{sobject.NewRecord(object, fields...)}, WriteOptions{AllowDuplicates: true})
	if err != nil {
		return "", err
	}
	return out[0].ID, refused(out[0])
}

// load stores a record beside one that is being loaded, with its times and
// users.
func (c *Change) load(object string, fields []sobject.Field) (sobject.ID, error) {
	obj := c.tx.org.object(object)
	if obj == nil {
		return "", fmt.Errorf("there is no object %s", object)
	}
	for _, name := range []string{"CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"} {
		if text := c.New.Text(name); text != "" && obj.field(name) != nil {
			fields = append(fields, sobject.F(name, sobject.TextValue(text)))
		}
	}
	return c.tx.load(obj, sobject.NewRecord(object, fields...))
}

// Update changes a record.
func (c *Change) Update(id sobject.ID, fields ...sobject.Field) error {
	r := c.tx.org.find(string(id))
	if r == nil {
		return fmt.Errorf("there is no record %s", id)
	}
	name := r.obj.def.Name
	rec := sobject.NewRecord(name, append(fields, sobject.F("Id", sobject.IDValue(id)))...)
	out, err := c.tx.update(name, []sobject.Record{rec}, WriteOptions{AllowDuplicates: true})
	if err != nil {
		return err
	}
	return refused(out[0])
}

// Delete moves a record to the recycle bin.
func (c *Change) Delete(id sobject.ID) error {
	return refused(c.tx.Delete([]sobject.ID{id}, WriteOptions{})[0])
}

// Query runs SOQL inside the transaction.
func (c *Change) Query(text string) ([]sobject.Record, error) {
	q, err := soql.Parse(text)
	if err != nil {
		return nil, err
	}
	res, err := c.tx.Query(q, QueryOptions{Text: text})
	if err != nil {
		return nil, err
	}
	return res.Records(), nil
}

func refused(o Outcome) error {
	if len(o.Errors) == 0 {
		return nil
	}
	return &Error{Status: 400, Code: o.Errors[0].Code, Message: o.Errors[0].Message, Fields: o.Errors[0].Fields}
}

// asSystem runs f with the rights of the system and the same user.
func (tx *Tx) asSystem(f func() []RowError) []RowError {
	s, g := tx.s, tx.g
	tx.s.System, tx.g = true, allGrants
	defer func() { tx.s, tx.g = s, g }()
	return f()
}

// after runs what follows a stored change: the object's own hook, and its
// triggers unless records are being loaded.
func (tx *Tx) after(op Op, r *record, old *version) []RowError {
	obj := r.obj
	if obj.def.After == nil && !obj.persons() && (len(obj.triggers) == 0 || tx.loading) {
		return nil
	}
	if tx.depth++; tx.depth > maxTriggers {
		return []RowError{{Code: "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", Message: "Maximum trigger depth exceeded", Fields: []string{}}}
	}
	defer func() { tx.depth-- }()
	c := &Change{Op: op, tx: tx, Old: Row{obj, old, tx.env}}
	if c.New = (Row{obj, r.cur, tx.env}); r.cur == nil {
		c.New.v = old
	}
	return tx.asSystem(func() []RowError {
		if obj.def.After != nil {
			if errs := obj.def.After(c); len(errs) > 0 {
				return errs
			}
		}
		if errs := tx.personAfter(c, r); errs != nil {
			return errs
		}
		if tx.loading {
			return nil
		}
		for _, t := range obj.triggers {
			if t.After == nil {
				continue
			}
			if errs := t.After(c); len(errs) > 0 {
				return errs
			}
		}
		return nil
	})
}

// before runs the before-save triggers.
func (tx *Tx) before(obj *object, d *Draft) []RowError {
	if tx.loading {
		return nil
	}
	for _, t := range obj.triggers {
		if t.Before == nil {
			continue
		}
		if errs := tx.asSystem(func() []RowError { return t.Before(d) }); len(errs) > 0 {
			return errs
		}
	}
	return nil
}
