package engine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// A person account is an account with a record type for persons, and a contact
// of its own, the person contact, which has the values of the account's fields
// that mirror a contact's (SOAP API Developer Guide, "Person Account Record
// Types"). The org has them if Account has the field IsPersonAccount.

// shared are the fields that both have under one name.
var shared = []string{"OwnerId", "Phone", "Fax", "CurrencyIsoCode"}

// persons reports whether an object takes part in this.
func (o *object) persons() bool { return o.person != nil }

// twins are the fields of an account and of its person contact that have the
// same values.
func (o *Org) twins() map[*field]*field {
	accounts, contacts := o.object("Account"), o.object("Contact")
	out := map[*field]*field{}
	for _, f := range accounts.fields {
		name := f.Mirrors
		if slices.Contains(shared, f.Name) {
			name = f.Name
		}
		if g := contacts.field(name); g != nil && f.pos >= 0 && g.pos >= 0 {
			out[f] = g
		}
	}
	return out
}

// mirrorOnAccount gives the account a custom field of the contact: X__c
// becomes X__pc. The caller holds the lock.
func (o *Org) mirrorOnAccount(obj *object, f Field) error {
	base, custom := strings.CutSuffix(f.Name, "__c")
	accounts := o.object("Account")
	if obj.def.Name != "Contact" || !custom || accounts == nil || !accounts.persons() {
		return nil
	}
	f.Name, f.Mirrors = base+"__pc", f.Name
	f.Unique, f.ExternalID, f.Required, f.Formula, f.Rollup = false, false, false, nil, nil
	f.ChildRelationshipName, f.CascadeDelete, f.MasterDetail = "", false, false
	if f.Type == sobject.TypeReference {
		f.RelationshipName = base + "__pr"
	}
	if err := accounts.add(f); err != nil {
		return err
	}
	accounts.def.Fields = append(accounts.def.Fields, f)
	accounts.bind()
	return nil
}

// personBefore keeps the rules of both kinds of accounts, and of contacts.
func (tx *Tx) personBefore(obj *object, d *Draft) []RowError {
	if !obj.persons() {
		return nil
	}
	if obj.def.Name == "Contact" {
		return tx.personContact(d)
	}
	t := obj.recordType(d.Text("RecordTypeId"))
	is, was := t != nil && t.Person, d.Update && d.Old.Bool("IsPersonAccount")
	var given []string
	for _, f := range obj.fields {
		if f.Mirrors != "" && f.pos >= 0 && d.v.cells[f.pos] != "" && d.v.cells[f.pos] != "false" {
			given = append(given, f.Name)
		}
	}
	switch {
	case is && d.Update && !was:
		if errs := tx.becomesPerson(obj, d); errs != nil {
			return errs
		}
	case is && !tx.loading && (d.Update && d.Changed("Name") || !d.Update && !d.Null("Name")):
		return badNames(obj, "Name")
	case is && d.Null("LastName"):
		return []RowError{{Code: "REQUIRED_FIELD_MISSING", Message: "Required fields are missing: [LastName]", Fields: []string{"LastName"}}}
	case is:
		d.Set("Name", strings.TrimSpace(d.Text("FirstName")+" "+d.Text("LastName")))
	case was:
		for _, name := range append(given, "PersonContactId") {
			empty := ""
			if obj.field(name).kind == kindBool {
				empty = "false"
			}
			d.Set(name, empty)
		}
	case given != nil:
		return badNames(obj, given...)
	}
	d.Set("IsPersonAccount", strconv.FormatBool(is))
	return nil
}

func badNames(obj *object, names ...string) []RowError {
	return []RowError{{Code: "INVALID_FIELD_FOR_INSERT_UPDATE", Message: obj.def.Name + ": bad field names on insert/update call: " + strings.Join(names, ", "), Fields: names}}
}

// becomesPerson checks a business account that gets a record type for persons,
// and takes over what its only contact has.
func (tx *Tx) becomesPerson(obj *object, d *Draft) []RowError {
	var others []string
	for _, f := range obj.fields {
		if f.pos >= 0 && !f.system && f.Name != "RecordTypeId" && d.Text(f.Name) != d.Old.Text(f.Name) && (f.kind != kindBool || d.Bool(f.Name) != d.Old.Bool(f.Name)) {
			others = append(others, f.Name)
		}
	}
	if others != nil {
		return badNames(obj, others...)
	}
	var contacts []Row
	d.Children("Contact", "AccountId", func(c Row) bool {
		contacts = append(contacts, c)
		return len(contacts) < 2
	})
	switch {
	case len(contacts) == 0:
		d.Set("LastName", d.Text("Name"))
	case len(contacts) > 1 || contacts[0].Text("OwnerId") != d.Text("OwnerId"):
		return []RowError{{Code: "FIELD_INTEGRITY_EXCEPTION", Message: "A business account becomes a person account with one contact at most, which has the same owner", Fields: []string{"RecordTypeId"}}}
	default:
		for f, g := range tx.org.twins() {
			d.v.cells[f.pos] = contacts[0].v.cell(g)
		}
		d.Set("PersonContactId", string(contacts[0].ID()))
		d.Set("Name", strings.TrimSpace(d.Text("FirstName")+" "+d.Text("LastName")))
	}
	return nil
}

// personContact keeps other contacts away from person accounts, and person
// contacts where they are.
func (tx *Tx) personContact(d *Draft) []RowError {
	moved := !d.Update && !d.Bool("IsPersonAccount") || d.Update && d.Changed("AccountId")
	if parent, ok := d.Parent("Account"); moved && !tx.s.System && (d.Bool("IsPersonAccount") || ok && parent.Bool("IsPersonAccount")) {
		return []RowError{{Code: "FIELD_INTEGRITY_EXCEPTION", Message: "Account ID: a person account has its own contact and no other", Fields: []string{"AccountId"}}}
	}
	return nil
}

// personAfter makes the account and the person contact agree.
func (tx *Tx) personAfter(c *Change, r *record) []RowError {
	if !r.obj.persons() || c.Op != OpInsert && c.Op != OpUpdate {
		return nil
	}
	var err error
	if r.obj.def.Name == "Contact" {
		err = tx.fromContact(c)
	} else {
		err = tx.toContact(c, r)
	}
	if err != nil {
		return []RowError{{Code: "FIELD_INTEGRITY_EXCEPTION", Message: fmt.Sprintf("the person account and its contact: %v", err), Fields: []string{}}}
	}
	return nil
}

func (tx *Tx) toContact(c *Change, r *record) error {
	is, was := c.New.Bool("IsPersonAccount"), c.Op == OpUpdate && c.Old.Bool("IsPersonAccount")
	flag := sobject.F("IsPersonAccount", sobject.BoolValue(is))
	if !is {
		if was {
			return c.Update(sobject.ID(c.Old.Text("PersonContactId")), flag)
		}
		return nil
	}
	twin := tx.org.find(c.New.Text("PersonContactId"))
	var fields []sobject.Field
	for f, g := range tx.org.twins() {
		if text := r.cur.cell(f); twin == nil && text != "" || twin != nil && twin.cur.cell(g) != text {
			fields = append(fields, sobject.F(g.Name, sobject.TextValue(text)))
		}
	}
	if twin != nil {
		if !was {
			fields = append(fields, flag)
		}
		if fields == nil {
			return nil
		}
		return c.Update(twin.id, fields...)
	}
	id, err := c.Insert("Contact", append(fields, flag, sobject.F("AccountId", sobject.IDValue(r.id)))...)
	if err != nil {
		return err
	}
	v := tx.change(r)
	v.cells[r.obj.field("PersonContactId").pos] = string(id)
	tx.put(r, v)
	return nil
}

func (tx *Tx) fromContact(c *Change) error {
	account := tx.org.find(c.New.Text("AccountId"))
	if c.Op != OpUpdate || !c.New.Bool("IsPersonAccount") || !c.Old.Bool("IsPersonAccount") || account == nil || account.cur.deleted {
		return nil
	}
	var fields []sobject.Field
	for f, g := range tx.org.twins() {
		if text := c.New.v.cell(g); account.cur.cell(f) != text {
			fields = append(fields, sobject.F(f.Name, sobject.TextValue(text)))
		}
	}
	if fields == nil {
		return nil
	}
	return c.Update(account.id, fields...)
}

// isPerson reports whether a record is a person account or a person contact.
func (r *record) isPerson() bool {
	return r.obj.persons() && r.cur.cell(r.obj.person) == "true"
}

// absorbPerson merges the contact of a person account into another's.
func (tx *Tx) absorbPerson(win, lose *record) *RowError {
	if win.isPerson() != lose.isPerson() || win.isPerson() && win.obj.def.Name == "Contact" {
		return &RowError{Code: "INVALID_OPERATION", Message: "person accounts are merged with person accounts only, their contacts with them", Fields: []string{}}
	}
	if !win.isPerson() {
		return nil
	}
	twin := func(r *record) *record { return tx.org.find(r.cur.cell(r.obj.field("PersonContactId"))) }
	if a, b := twin(win), twin(lose); a != nil && b != nil {
		tx.absorb(a, b)
	}
	return nil
}
