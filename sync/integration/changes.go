package integration

import (
	"fmt"
	"slices"
	"strings"

	"github.com/orglink/orglink/mapping"
)

// changes says what differs in a later form of an integration.
func (i Integration) changes(later Integration) string {
	var out []string
	if i.Name != later.Name {
		out = append(out, fmt.Sprintf("renamed to %s", later.Name))
	}
	if i.Connection != later.Connection {
		out = append(out, fmt.Sprintf("moved from connection %s to %s", i.Connection, later.Connection))
	}
	if more := fieldNames(differ(i.ID, later.Selections, i.Selections, true)); len(more) > 0 {
		out = append(out, "added "+strings.Join(more, ", "))
	}
	if less := fieldNames(differ(i.ID, i.Selections, later.Selections, false)); len(less) > 0 {
		out = append(out, "removed "+strings.Join(less, ", "))
	}
	if more := groupsOnlyIn(later, i); len(more) > 0 {
		out = append(out, "shared with "+strings.Join(more, ", "))
	}
	if less := groupsOnlyIn(i, later); len(less) > 0 {
		out = append(out, "no longer shared with "+strings.Join(less, ", "))
	}
	if len(out) == 0 {
		return "nothing that is imported or shared"
	}
	return strings.Join(out, "; ")
}

func fieldNames(changes []FieldChange) []string {
	var out []string
	for _, c := range changes {
		out = append(out, strings.TrimSuffix(c.Object+"."+c.Field, "."))
	}
	return out
}

func groupsOnlyIn(a, b Integration) []string {
	var out []string
	for _, s := range a.Shares {
		if !slices.ContainsFunc(b.Shares, func(o Share) bool { return o.Group == s.Group }) {
			out = append(out, string(s.Group))
		}
	}
	return out
}

// described names what a share covers or turns off.
func described(objects []mapping.Selection) string {
	if objects == nil {
		return "everything"
	}
	var out []string
	for _, sel := range objects {
		if len(sel.Fields) == 0 {
			out = append(out, sel.Object)
			continue
		}
		for _, f := range sel.Fields {
			out = append(out, sel.Object+"."+f)
		}
	}
	if len(out) == 0 {
		return "nothing"
	}
	return strings.Join(out, ", ")
}
