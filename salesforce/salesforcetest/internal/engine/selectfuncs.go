package engine

import (
	"strings"

	"github.com/orglink/orglink/salesforce/soql"
)

// function adds FIELDS(), toLabel(), FORMAT() and convertCurrency().
func (s *selection) function(x soql.FuncItem) *Error {
	name := strings.ToUpper(x.Func.Name)
	if name == "FIELDS" {
		return s.expand(x.Func)
	}
	if name != "TOLABEL" && name != "FORMAT" || len(x.Func.Args) != 1 {
		return s.c.complain("INVALID_FIELD", x.Func.Name, "", "unsupported function in SELECT: "+x.Func.Name)
	}
	arg, ok := x.Func.Args[0].(soql.Path)
	if !ok {
		return s.c.complain("INVALID_FIELD", x.Func.Name, "", "function "+x.Func.Name+" takes a field")
	}
	p, err := s.c.resolve(string(arg))
	if err != nil {
		return err
	}
	if x.Alias == "" && s.seen[strings.ToLower(p.canon)] {
		return plain("INVALID_FIELD", "duplicate field selected: "+p.canon)
	}
	header := p.canon
	if x.Alias != "" {
		header = x.Alias
	}
	if len(p.steps) > 0 && p.leaf == nil {
		return s.c.complain("INVALID_FIELD", string(arg), "", "function "+x.Func.Name+" does not take a polymorphic field")
	}
	if err := s.add(p, header, x.Alias); err != nil {
		return err
	}
	for _, col := range []*column{s.columns[len(s.columns)-1], s.lastCell()} {
		inner, f := col.value, p.shape
		if name == "TOLABEL" {
			col.value = func(v *version) string { return f.label(inner(v)) }
		} else {
			k := col.kind
			col.value = func(v *version) string { return formatted(k, inner(v)) }
		}
	}
	last := s.lastCell()
	last.kind = kindText
	s.columns[len(s.columns)-1].kind = kindText
	return nil
}

// lastCell returns the column printed in JSON for the newest item; it may be
// the same as the one for CSV, which must then not be wrapped twice.
func (s *selection) lastCell() *column {
	var last *column
	var walk func(n *node)
	walk = func(n *node) {
		it := n.items[len(n.items)-1]
		if it.col != nil {
			last = it.col
		} else if it.node != nil {
			walk(it.node)
		}
	}
	walk(s.root)
	if last == nil || last == s.columns[len(s.columns)-1] {
		return &column{value: func(*version) string { return "" }}
	}
	return last
}

// label returns the label of a picklist value.
func (f *field) label(value string) string {
	if f == nil || value == "" {
		return value
	}
	parts := strings.Split(value, ";")
	for i, one := range parts {
		for _, p := range f.Picklist {
			if strings.EqualFold(p.Value, one) && p.Label != "" {
				parts[i] = p.Label
			}
		}
	}
	return strings.Join(parts, ";")
}

// formatted is FORMAT()'s text in the locale en_US.
func formatted(k kind, s string) string {
	if s == "" {
		return s
	}
	switch k {
	case kindNumber:
		whole, frac, _ := strings.Cut(s, ".")
		neg := strings.HasPrefix(whole, "-")
		whole = strings.TrimPrefix(whole, "-")
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + "," + whole[i:]
		}
		if frac != "" && frac != "0" {
			whole += "." + frac
		}
		if neg {
			return "-" + whole
		}
		return whole
	case kindDate:
		return parseStamp(s).Format("1/2/2006")
	case kindDateTime:
		return parseStamp(s).Format("1/2/2006, 3:04 PM")
	}
	return s
}

// expand adds the fields of FIELDS(ALL), FIELDS(STANDARD) or FIELDS(CUSTOM).
func (s *selection) expand(fn soql.Func) *Error {
	which := ""
	if len(fn.Args) == 1 {
		if p, ok := fn.Args[0].(soql.Path); ok {
			which = strings.ToUpper(string(p))
		}
	}
	if which != "ALL" && which != "STANDARD" && which != "CUSTOM" {
		return malformed("FIELDS takes ALL, STANDARD or CUSTOM")
	}
	q := s.c.q
	if which != "STANDARD" {
		if s.c.opt.Bulk {
			return malformed("The SOQL FIELDS function is not supported in the Bulk API: FIELDS(" + which + ")")
		}
		if (q.MaxRows == nil || *q.MaxRows > 200) && !boundedIDs(q.Filter) {
			return malformed("The SOQL FIELDS function must have a LIMIT of at most 200")
		}
	}
	found := false
	for _, f := range s.c.obj.fields {
		if !s.c.g.read(f) || which == "STANDARD" && f.custom || which == "CUSTOM" && !f.custom || s.c.opt.Bulk && f.kind == kindCompound {
			continue
		}
		found = true
		if err := s.add(&path{leaf: f, shape: f, kind: f.kind, canon: f.Name}, f.Name, ""); err != nil {
			return err
		}
	}
	if !found {
		return malformed("The SOQL FIELDS function found no fields: FIELDS(" + which + ")")
	}
	return nil
}

// boundedIDs reports whether a filter names at most 200 ids.
func boundedIDs(x soql.Expr) bool {
	switch e := x.(type) {
	case soql.And:
		for _, t := range e {
			if boundedIDs(t) {
				return true
			}
		}
	case soql.Comparison:
		p, ok := e.Left.(soql.Path)
		return ok && strings.EqualFold(string(p), "Id") && e.Op == soql.OpEq
	case soql.In:
		p, ok := e.Left.(soql.Path)
		return ok && strings.EqualFold(string(p), "Id") && e.Op == soql.OpIn && len(e.Values) <= 200
	}
	return false
}
