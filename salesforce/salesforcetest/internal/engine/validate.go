package engine

import (
	"fmt"
	"net/mail"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// validate checks a draft as Salesforce's system validation, the custom rules
// and the unique indexes do, in that order, and returns the errors of the
// first stage that has any. changed tells which cells the call set; nil means
// all.
func (tx *Tx) validate(obj *object, d *Draft, changed func(*field) bool) []RowError {
	v := d.v
	var missing []string
	for _, f := range obj.fields {
		if f.Required && f.pos >= 0 && !f.system && v.cells[f.pos] == "" && (!d.Update || changed(f)) {
			missing = append(missing, f.Name)
		}
	}
	if missing != nil {
		return []RowError{{Code: "REQUIRED_FIELD_MISSING", Message: "Required fields are missing: [" + strings.Join(missing, ", ") + "]", Fields: missing}}
	}
	var errs []RowError
	for _, f := range obj.fields {
		if f.pos < 0 || v.cells[f.pos] == "" || !changed(f) && !(d.Update && v.cells[f.pos] != d.Old.v.cell(f)) {
			continue
		}
		if e := tx.checkField(obj, f, v.cells[f.pos]); e != nil {
			errs = append(errs, *e)
		}
	}
	if e := tx.checkRecordType(obj, v, changed); e != nil {
		errs = append(errs, *e)
	}
	if errs != nil {
		return errs
	}
	for _, rule := range obj.def.Rules {
		if rule.Fails(d.Row) {
			e := RowError{Code: "FIELD_CUSTOM_VALIDATION_EXCEPTION", Message: rule.Message, Fields: []string{}}
			if rule.Field != "" {
				e.Fields = []string{rule.Field}
			}
			errs = append(errs, e)
		}
	}
	if errs != nil {
		return errs
	}
	if errs := tx.checkTogether(obj, v); errs != nil {
		return errs
	}
	return tx.checkUnique(obj, v)
}

// checkField checks one value against its field's definition.
func (tx *Tx) checkField(obj *object, f *field, s string) *RowError {
	if f.system && !tx.s.System {
		return nil
	}
	switch f.kind {
	case kindText:
		if f.Length > 0 && len(s) > f.Length && utf16Len(s) > f.Length && f.Type != sobject.TypeBase64 {
			return &RowError{Code: "STRING_TOO_LONG", Message: fmt.Sprintf("%s: data value too large: %s (max length=%d)", f.Label, s, f.Length), Fields: []string{f.Name}}
		}
		switch f.Type {
		case sobject.TypeEmail:
			if !validEmail(s) {
				return &RowError{Code: "INVALID_EMAIL_ADDRESS", Message: f.Label + ": invalid email address: " + s, Fields: []string{f.Name}}
			}
		case sobject.TypePicklist:
			if f.Restricted && !f.allows(s) {
				return badPick(f, s)
			}
		case sobject.TypeMultiPicklist:
			for _, one := range strings.Split(s, ";") {
				if f.Restricted && !f.allows(one) {
					return badPick(f, one)
				}
			}
		}
	case kindID:
		if f.Type == sobject.TypeReference {
			return tx.checkReference(obj, f, s)
		}
	}
	return nil
}

func badPick(f *field, s string) *RowError {
	return &RowError{Code: "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", Message: f.Label + ": bad value for restricted picklist field: " + s, Fields: []string{f.Name}}
}

// allows reports whether a restricted picklist takes a value.
func (f *field) allows(s string) bool {
	if f.Name == "SobjectType" { // custom objects too
		return f.obj.org.object(s) != nil
	}
	for _, p := range f.Picklist {
		if p.Active && strings.EqualFold(p.Value, s) {
			return true
		}
	}
	return false
}

func validEmail(s string) bool {
	if len(s) > 254 || strings.ContainsAny(s, " <>\t\r\n,;") {
		return false
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s {
		return false
	}
	_, domain, _ := strings.Cut(s, "@")
	return !strings.HasPrefix(domain, ".") && !strings.HasSuffix(domain, ".") && strings.Contains(domain, ".") && !strings.Contains(domain, "..")
}

// checkReference checks that an id leads to a record that is there.
func (tx *Tx) checkReference(obj *object, f *field, s string) *RowError {
	target := tx.org.prefixes[s[:3]]
	if target == nil || !refersTo(f, target.def.Name) {
		if target == nil && !f.knownTarget(tx.org) {
			return nil // points to an object that this org does not define
		}
		return &RowError{Code: "MALFORMED_ID", Message: f.Label + ": id value of incorrect type: " + s, Fields: []string{f.Name}}
	}
	r := tx.org.find(s)
	if r == nil || !tx.visible(r) {
		return &RowError{Code: "INVALID_CROSS_REFERENCE_KEY", Message: "invalid cross reference id", Fields: []string{}}
	}
	if r.cur.deleted && f != obj.master {
		return &RowError{Code: "ENTITY_IS_DELETED", Message: "entity is deleted", Fields: []string{}}
	}
	if f == obj.owner && target.def.Name == "User" {
		if active := target.field("IsActive"); active != nil && r.cur.cell(active) == "false" && !tx.s.System {
			return &RowError{Code: "INACTIVE_OWNER_OR_USER", Message: fmt.Sprintf("operation performed with inactive user [%s] as owner of %s",
				r.id.Short(), strings.ToLower(obj.def.Label)), Fields: []string{}}
		}
	}
	return nil
}

// knownTarget reports whether any object that the field may point to is
// defined.
func (f *field) knownTarget(o *Org) bool {
	for _, t := range f.ReferenceTo {
		if o.object(t) != nil {
			return true
		}
	}
	return false
}

func refersTo(f *field, object string) bool {
	for _, t := range f.ReferenceTo {
		if strings.EqualFold(t, object) {
			return true
		}
	}
	return false
}

// visible reports whether the session may see a record at all.
func (tx *Tx) visible(r *record) bool {
	sees := tx.org.sees(tx.s, r.obj)
	return sees == nil || r.cur == nil || sees(r.cur)
}

// checkUnique looks for another record with the same value of a unique field.
func (tx *Tx) checkUnique(obj *object, v *version) []RowError {
	for _, f := range obj.fields {
		if !f.Unique || f.index == nil {
			continue
		}
		s := v.cell(f)
		if s == "" {
			continue
		}
		for _, r := range f.index.get(s) {
			if r != v.rec && !r.cur.deleted {
				return []RowError{{Code: "DUPLICATE_VALUE", Message: fmt.Sprintf(
					"duplicate value found: %s duplicates value on record with id: %s", f.Name, r.id.Short()), Fields: []string{}}}
			}
		}
	}
	return nil
}
