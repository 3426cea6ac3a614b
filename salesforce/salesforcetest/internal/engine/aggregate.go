package engine

import (
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// aggregation is a compiled query with aggregate functions or GROUP BY.
type aggregation struct {
	keys    []operand[*version] // GROUP BY
	names   []string            // canonical, lower case, for look-up
	funcs   []aggFunc
	outs    []aggOut
	having  test[*group]
	order   []groupOrder
	grouper soql.Grouping
}

// aggFunc is one aggregate to be computed; equal ones are computed once.
type aggFunc struct {
	name string // COUNT, SUM ...
	arg  operand[*version]
	all  bool // COUNT() without argument
	text string
}

// aggOut is one printed column.
type aggOut struct {
	key   string
	value func(g *group) string
	kind  kind
	typ   sobject.FieldType
}

type groupOrder struct {
	value func(g *group) string
	kind  kind
	ranks map[string]int
	desc  bool
	last  bool
}

var aggregates = []string{"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX", "GROUPING"}

func isAggregate(fn soql.Func) bool { return slices.Contains(aggregates, strings.ToUpper(fn.Name)) }

// aggregated reports whether a query yields aggregates instead of records.
func aggregated(q *soql.Query) bool {
	if len(q.Groups) > 0 {
		return true
	}
	for _, it := range q.Fields {
		if f, ok := it.(soql.FuncItem); ok && holdsAggregate(f.Func) {
			return true
		}
	}
	return false
}

// holdsAggregate looks inside of functions too: FORMAT(MIN(Amount)).
func holdsAggregate(fn soql.Func) bool {
	for _, arg := range fn.Args {
		if inner, ok := arg.(soql.Func); ok && holdsAggregate(inner) {
			return true
		}
	}
	return isAggregate(fn)
}

// aggregate compiles the SELECT, GROUP BY, HAVING and ORDER BY of such a query.
func (c *compiler) aggregate(p *plan) *Error {
	q := c.q
	if len(q.Fields) == 1 && len(q.Groups) == 0 {
		if f, ok := q.Fields[0].(soql.FuncItem); ok && strings.EqualFold(f.Func.Name, "COUNT") && len(f.Func.Args) == 0 {
			p.count = true
			if len(q.Order) > 0 {
				return malformed("ORDER BY is not supported with COUNT()")
			}
			return nil
		}
	}
	a := &aggregation{grouper: q.Grouper}
	p.agg = a
	for _, g := range q.Groups {
		o, err := c.rowOperand(g)
		if err != nil {
			return err
		}
		if o.p != nil && o.p.shape != nil && !o.p.shape.groupable() {
			return c.complain("MALFORMED_QUERY", o.token, "GROUP", "field '"+o.name+"' can not be grouped in a query call")
		}
		a.keys = append(a.keys, o)
		a.names = append(a.names, strings.ToLower(o.name))
	}
	if a.grouper != soql.GroupPlain && len(a.keys) > 3 {
		return malformed("at most 3 fields are allowed in ROLLUP and CUBE")
	}
	if len(q.Groups) == 0 && q.MaxRows != nil {
		return malformed("Non-grouped query that uses overall aggregate functions cannot also use LIMIT")
	}
	if err := c.aggregateOuts(a); err != nil {
		return err
	}
	if q.Having != nil {
		t, err := condition(c, q.Having, func(op soql.Operand) (operand[*group], *Error) { return c.groupOperand(a, op) },
			func(soql.SemiJoin) (test[*group], *Error) {
				return nil, malformed("a semi join cannot stand in HAVING")
			})
		if err != nil {
			return err
		}
		a.having = t
	}
	for _, item := range q.Order {
		o, err := c.groupOperand(a, item.By)
		if err != nil {
			return err
		}
		g := groupOrder{value: o.value, kind: o.kind, desc: item.Desc, last: strings.EqualFold(item.Nulls, "LAST")}
		if o.p != nil && o.p.shape != nil {
			g.ranks = o.p.shape.ranks
		}
		a.order = append(a.order, g)
	}
	return nil
}

func (c *compiler) aggregateOuts(a *aggregation) *Error {
	used := map[string]bool{}
	next := 0
	for _, it := range c.q.Fields {
		var op soql.Operand
		var alias string
		switch x := it.(type) {
		case soql.FieldItem:
			op, alias = soql.Path(x.Path), x.Alias
		case soql.FuncItem:
			op, alias = x.Func, x.Alias
		default:
			return malformed("sub-queries and TYPEOF cannot be combined with aggregates")
		}
		o, err := c.groupOperand(a, op)
		if err != nil {
			return err
		}
		key := alias
		if key == "" {
			if _, field := op.(soql.Path); field {
				key = o.name[strings.LastIndexByte(o.name, '.')+1:]
			} else {
				key = "expr" + itoa(next)
				next++
			}
		}
		if used[strings.ToLower(key)] {
			return malformed("duplicate alias: " + key)
		}
		used[strings.ToLower(key)] = true
		a.outs = append(a.outs, aggOut{key: key, value: o.value, kind: o.kind, typ: o.typ})
	}
	return nil
}

// groupOperand resolves a grouped field or an aggregate.
func (c *compiler) groupOperand(a *aggregation, op soql.Operand) (operand[*group], *Error) {
	if fn, ok := op.(soql.Func); ok && strings.EqualFold(fn.Name, "FORMAT") && len(fn.Args) == 1 {
		in, err := c.groupOperand(a, fn.Args[0])
		out := in
		out.kind = kindText
		out.value = func(g *group) string { return formatted(in.kind, in.value(g)) }
		return out, err
	}
	if fn, ok := op.(soql.Func); ok && isAggregate(fn) {
		return c.aggregateFunc(a, fn)
	}
	o, err := c.rowOperand(op)
	if err != nil {
		return operand[*group]{}, err
	}
	i := slices.Index(a.names, strings.ToLower(o.name))
	if i < 0 {
		return operand[*group]{}, c.complain("MALFORMED_QUERY", o.token, "", "Field must be grouped or aggregated: "+o.name)
	}
	return operand[*group]{value: func(g *group) string { return g.keys[i] }, kind: o.kind, exact: o.exact, name: o.name, token: o.token, p: o.p, typ: o.typ}, nil
}

func (c *compiler) aggregateFunc(a *aggregation, fn soql.Func) (operand[*group], *Error) {
	name := strings.ToUpper(fn.Name)
	f := aggFunc{name: name, text: name + "()", all: true}
	if len(fn.Args) > 1 || len(fn.Args) == 0 && name != "COUNT" {
		return operand[*group]{}, malformed("function " + fn.Name + " takes one field")
	}
	if len(fn.Args) == 1 {
		arg, err := c.rowOperand(fn.Args[0])
		if err != nil {
			return operand[*group]{}, err
		}
		if arg.p != nil && arg.p.shape != nil && !arg.p.shape.aggregatable() && name != "GROUPING" || (name == "SUM" || name == "AVG") && arg.kind != kindNumber {
			return operand[*group]{}, c.complain("MALFORMED_QUERY", fn.Name, "", "field "+arg.name+" does not support aggregate operator "+name)
		}
		f.arg, f.all, f.text = arg, false, name+"("+strings.ToLower(arg.name)+")"
	}
	out := operand[*group]{kind: kindNumber, name: f.text, token: fn.Name, typ: sobject.TypeInt}
	if name == "GROUPING" {
		i := slices.Index(a.names, strings.ToLower(f.arg.name))
		if i < 0 {
			return out, c.complain("MALFORMED_QUERY", fn.Name, "", "Field must be grouped: "+f.arg.name)
		}
		out.value = func(g *group) string { return itoa(g.mask >> i & 1) }
		return out, nil
	}
	i := slices.IndexFunc(a.funcs, func(have aggFunc) bool { return have.text == f.text })
	if i < 0 {
		i = len(a.funcs)
		a.funcs = append(a.funcs, f)
	}
	switch name {
	case "COUNT":
		out.value = func(g *group) string { return itoa(g.accs[i].n) }
	case "COUNT_DISTINCT":
		out.value = func(g *group) string { return itoa(len(g.accs[i].seen)) }
	case "SUM":
		out.typ = f.arg.typ
		out.value = func(g *group) string {
			if g.accs[i].n == 0 {
				return ""
			}
			return formatNumber(g.accs[i].sum, f.arg.typ, -1)
		}
	case "AVG":
		out.typ = sobject.TypeDouble
		out.value = func(g *group) string {
			if g.accs[i].n == 0 {
				return ""
			}
			return formatNumber(g.accs[i].sum/float64(g.accs[i].n), sobject.TypeDouble, -1)
		}
	default:
		out.kind, out.typ, out.p = f.arg.kind, f.arg.typ, f.arg.p
		out.value = func(g *group) string {
			if name == "MIN" {
				return g.accs[i].min
			}
			return g.accs[i].max
		}
	}
	return out, nil
}
