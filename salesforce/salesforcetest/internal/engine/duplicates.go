package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// DuplicateRule refuses records that resemble others of the same object with
// DUPLICATES_DETECTED.
type DuplicateRule struct {
	Name      string // API name of the rule
	MatchRule string // API name of its matching rule
	Message   string // the text for users
	Fields    []string
	// Block refuses even those who ask to save duplicates; otherwise the rule
	// only warns.
	Block bool
}

// DuplicateResult is what a rule found.
type DuplicateResult struct {
	Rule    DuplicateRule
	Object  string
	Matches []sobject.ID
}

// AddDuplicateRule adds a duplicate rule. Records match that have the same
// text in all of its fields, apart from case, and none of them empty.
func (o *Org) AddDuplicateRule(object string, r DuplicateRule) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	obj := o.object(object)
	if obj == nil || len(r.Fields) == 0 {
		return fmt.Errorf("engine: AddDuplicateRule: no object %s, or the rule has no fields", object)
	}
	for _, name := range r.Fields {
		if obj.field(name) == nil {
			return fmt.Errorf("engine: AddDuplicateRule: %s has no field %s", object, name)
		}
	}
	r.Fields = slices.Clone(r.Fields)
	obj.dups = append(obj.dups, r)
	return nil
}

// duplicates runs the duplicate rules on a record about to be stored. They see
// all records, whoever calls, and seeding passes them by.
func (tx *Tx) duplicates(obj *object, d *Draft, opt WriteOptions) []RowError {
	if tx.s.System {
		return nil
	}
	for _, rule := range obj.dups {
		if opt.AllowDuplicates && !rule.Block {
			continue
		}
		if d.Update && !slices.ContainsFunc(rule.Fields, d.Changed) {
			continue
		}
		matches := obj.alike(d, rule.Fields)
		if len(matches) == 0 {
			continue
		}
		message := rule.Message
		if message == "" {
			message = "You're creating a duplicate record. We recommend you use an existing record instead."
		}
		return []RowError{{Code: "DUPLICATES_DETECTED", Message: message, Fields: []string{},
			Duplicates: &DuplicateResult{Rule: rule, Object: obj.def.Name, Matches: matches}}}
	}
	return nil
}

// alike finds the other records that have the draft's values.
func (o *object) alike(d *Draft, fields []string) []sobject.ID {
	want := make([]string, len(fields))
	for i, name := range fields {
		if want[i] = d.Text(name); want[i] == "" {
			return nil
		}
	}
	var out []sobject.ID
next:
	for _, r := range o.recs {
		if r == nil || r.cur == nil || r.cur.deleted || r == d.v.rec {
			continue
		}
		row := Row{o, r.cur, d.env}
		for i, name := range fields {
			if !strings.EqualFold(row.Text(name), want[i]) {
				continue next
			}
		}
		out = append(out, r.id)
	}
	return out
}
