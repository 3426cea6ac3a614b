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

// group is one group and what was accumulated of its rows.
type group struct {
	keys []string
	mask int // which keys CUBE or ROLLUP summed over
	accs []accumulator
}

type accumulator struct {
	n        int
	sum      float64
	min, max string
	seen     map[string]struct{}
}

var aggregates = []string{"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX", "GROUPING"}

func isAggregate(fn soql.Func) bool { return slices.Contains(aggregates, strings.ToUpper(fn.Name)) }

// aggregated reports whether a query yields aggregates instead of records.
func aggregated(q *soql.Query) bool {
	if len(q.Groups) > 0 {
		return true
	}
	for _, it := range q.Fields {
		if f, ok := it.(soql.FuncItem); ok && isAggregate(f.Func) {
			return true
		}
	}
	return false
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
		alias := ""
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

// add accumulates one row.
func (g *group) add(a *aggregation, v *version) {
	for i := range a.funcs {
		f, acc := &a.funcs[i], &g.accs[i]
		if f.all {
			acc.n++
			continue
		}
		s := f.arg.value(v)
		if s == "" {
			continue
		}
		acc.n++
		switch f.name {
		case "SUM", "AVG":
			acc.sum += parseNumber(s)
		case "COUNT_DISTINCT":
			if acc.seen == nil {
				acc.seen = map[string]struct{}{}
			}
			if !f.arg.exact && f.arg.kind == kindText {
				s = fold(s)
			}
			acc.seen[s] = struct{}{}
		case "MIN", "MAX":
			cmp := comparer(f.arg.kind, f.arg.exact)
			if acc.n == 1 || cmp(s, acc.min) < 0 {
				acc.min = s
			}
			if acc.n == 1 || cmp(s, acc.max) > 0 {
				acc.max = s
			}
		}
	}
}

// masks returns the sets of keys to sum over: none, each tail for ROLLUP, each
// subset for CUBE.
func (a *aggregation) masks() []int {
	n := len(a.keys)
	switch a.grouper {
	case soql.GroupRollup:
		out := []int{0}
		mask := 0
		for i := n - 1; i >= 0; i-- {
			mask |= 1 << i
			out = append(out, mask)
		}
		return out
	case soql.GroupCube:
		out := make([]int, 1<<n)
		for i := range out {
			out[i] = i
		}
		return out
	}
	return []int{0}
}

// groups runs an aggregation over rows.
func (a *aggregation) groups(rows []*version, limit, skip int) []*group {
	byKey := map[string]*group{}
	var out []*group
	if len(a.keys) == 0 {
		g := &group{accs: make([]accumulator, len(a.funcs))}
		byKey["\x000"] = g
		out = append(out, g)
	}
	masks := a.masks()
	values, parts := make([]string, len(a.keys)), make([]string, len(a.keys)+1)
	for _, v := range rows {
		for i := range a.keys {
			values[i] = a.keys[i].value(v)
		}
		for _, mask := range masks {
			for i, s := range values {
				switch {
				case mask>>i&1 == 1:
					s = ""
				case a.keys[i].kind == kindText && !a.keys[i].exact:
					s = fold(s)
				}
				parts[i] = s
			}
			parts[len(parts)-1] = itoa(mask)
			key := strings.Join(parts, "\x00")
			if len(a.keys) == 0 {
				key = "\x000"
			}
			g := byKey[key]
			if g == nil {
				g = &group{keys: slices.Clone(values), mask: mask, accs: make([]accumulator, len(a.funcs))}
				for i := range g.keys {
					if mask>>i&1 == 1 {
						g.keys[i] = ""
					}
				}
				byKey[key] = g
				out = append(out, g)
			}
			g.add(a, v)
		}
	}
	if a.having != nil {
		out = slices.DeleteFunc(out, func(g *group) bool { return !a.having(g) })
	}
	a.sort(out)
	if skip > 0 {
		out = out[min(skip, len(out)):]
	}
	if limit >= 0 && len(out) > limit {
		out = out[:limit]
	}
	return out
}

// sort orders groups by ORDER BY, then by their keys, totals last.
func (a *aggregation) sort(out []*group) {
	slices.SortStableFunc(out, func(x, y *group) int {
		for _, k := range a.order {
			if n := compareKeys(k.value(x), k.value(y), k.kind, false, k.ranks, k.desc, k.last); n != 0 {
				return n
			}
		}
		for i, k := range a.keys {
			if n := x.mask>>i&1 - y.mask>>i&1; n != 0 {
				return n
			}
			if n := compareKeys(x.keys[i], y.keys[i], k.kind, k.exact, nil, false, false); n != 0 {
				return n
			}
		}
		return 0
	})
}
