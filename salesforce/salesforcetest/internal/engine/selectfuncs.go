package engine

import (
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// function adds FIELDS(), toLabel(), FORMAT(), convertCurrency() and
// DISTANCE().
func (s *selection) function(x soql.FuncItem) *Error {
	c, name := s.c, strings.ToUpper(x.Func.Name)
	switch name {
	case "FIELDS":
		return s.expand(x.Func)
	case "DISTANCE":
		return s.computed(x)
	case "TOLABEL", "FORMAT", "CONVERTCURRENCY":
	default:
		return c.complain("INVALID_FIELD", x.Func.Name, "", "unsupported function in SELECT: "+x.Func.Name)
	}
	if len(x.Func.Args) != 1 {
		return c.complain("INVALID_FIELD", x.Func.Name, "", "function "+x.Func.Name+" takes a field")
	}
	arg, convert := x.Func.Args[0], name == "CONVERTCURRENCY"
	if inner, ok := arg.(soql.Func); ok && name == "FORMAT" && strings.EqualFold(inner.Name, "convertCurrency") && len(inner.Args) == 1 {
		arg, convert = inner.Args[0], true
	}
	written, ok := arg.(soql.Path)
	if !ok {
		return c.complain("INVALID_FIELD", x.Func.Name, "", "function "+x.Func.Name+" takes a field")
	}
	p, err := c.resolve(string(written))
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
		return c.complain("INVALID_FIELD", string(written), "", "function "+x.Func.Name+" does not take a polymorphic field")
	}
	if convert {
		if p.leaf == nil || p.leaf.Type != sobject.TypeCurrency || len(p.steps) > 0 {
			return c.complain("INVALID_FIELD", x.Func.Name, "", "convertCurrency() takes a currency field of "+c.obj.def.Name)
		}
		if c.obj.field("CurrencyIsoCode") == nil {
			return c.complain("INVALID_FIELD", x.Func.Name, "", "convertCurrency() needs an org with multiple currencies")
		}
	}
	if err := s.add(p, header, x.Alias); err != nil {
		return err
	}
	csv := s.columns[len(s.columns)-1]
	for _, col := range []*column{csv, s.lastCell()} {
		inner, f, k := col.value, p.shape, col.kind
		if convert {
			raw := inner
			inner = func(v *version) string { return c.inUserCurrency(v, raw(v)) }
		}
		switch name {
		case "TOLABEL":
			col.value, col.kind = func(v *version) string { return f.label(inner(v)) }, kindText
		case "FORMAT":
			col.value, col.kind = func(v *version) string { return formatted(k, inner(v)) }, kindText
		default:
			col.value = inner
		}
	}
	return nil
}

// computed adds a value that is no field's; without an alias it is expr0.
func (s *selection) computed(x soql.FuncItem) *Error {
	o, err := s.c.rowFunc(x.Func)
	if err != nil {
		return err
	}
	key := x.Alias
	if key == "" {
		key = "expr" + itoa(s.exprs)
		s.exprs++
	}
	if s.seen[strings.ToLower(key)] {
		return plain("INVALID_FIELD", "duplicate field selected: "+key)
	}
	s.seen[strings.ToLower(key)] = true
	col := &column{name: key, value: o.value, kind: o.kind, typ: o.typ}
	s.root.items = append(s.root.items, item{key: key, col: col})
	s.columns = append(s.columns, col)
	return nil
}

// inUserCurrency converts an amount of a record by the rates of CurrencyType,
// the number of units that one unit of the corporate currency is worth.
func (c *compiler) inUserCurrency(v *version, amount string) string {
	iso := v.rec.obj.field("CurrencyIsoCode")
	if amount == "" || iso == nil {
		return amount
	}
	own := ""
	if r := c.org.find(string(c.s.User)); r != nil && r.cur != nil {
		for _, name := range []string{"CurrencyIsoCode", "DefaultCurrencyIsoCode"} {
			if f := r.obj.field(name); f != nil && own == "" {
				own = r.cur.cell(f)
			}
		}
	}
	from, to := c.org.rate(c.env.read(v, iso)), c.org.rate(own)
	if from == 0 || to == 0 || from == to {
		return amount
	}
	return formatNumber(parseNumber(amount)/from*to, sobject.TypeCurrency, -1)
}

// rate is the conversion rate of a currency; 0: none is known.
func (o *Org) rate(iso string) float64 {
	obj := o.object("CurrencyType")
	if obj == nil || iso == "" {
		return 0
	}
	code, rate := obj.field("IsoCode"), obj.field("ConversionRate")
	if code == nil || rate == nil {
		return 0
	}
	for _, r := range obj.recs {
		if r != nil && r.cur != nil && !r.cur.deleted && strings.EqualFold(r.cur.cell(code), iso) {
			return parseNumber(r.cur.cell(rate))
		}
	}
	return 0
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
