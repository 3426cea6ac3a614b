package engine

import (
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/soql"
)

// plan is a compiled query. It is immutable and may be run many times.
type plan struct {
	c       *compiler
	obj     *object
	filter  test[*version] // nil: all
	sees    test[*version]
	bounds  []bound // what an index can answer
	order   []orderKey
	limit   int // -1: none
	skip    int
	sel     *selection
	agg     *aggregation
	count   bool
	through *field // sub-query: the child's reference
}

// orderKey is one element of ORDER BY.
type orderKey struct {
	by    operand[*version]
	desc  bool
	last  bool // nulls last
	ranks map[string]int
}

const maxOffset = 2000

// now is the time of date literals.
func (c *compiler) now() time.Time { return c.org.clock() }

// plan compiles the query.
func (c *compiler) plan() (*plan, *Error) {
	q := c.q
	for _, with := range q.With {
		switch with {
		case "SECURITY_ENFORCED", "USER_MODE", "SYSTEM_MODE":
		default: // data categories and feeds are none of the fake's objects
			return nil, c.complain("MALFORMED_QUERY", "WITH", "FROM", "unexpected token: 'WITH'")
		}
	}
	c.aliases = map[string]string{}
	if c.obj.byRel[strings.ToLower(c.obj.def.Name)] == nil {
		c.aliases[strings.ToLower(c.obj.def.Name)] = ""
	}
	if q.Alias != "" {
		c.aliases[strings.ToLower(q.Alias)] = ""
	}
	for _, also := range q.Also {
		_, rest, _ := strings.Cut(also.Path, ".")
		if rest == "" {
			rest = also.Path
		}
		if also.Alias != "" {
			c.aliases[strings.ToLower(also.Alias)] = rest
		}
	}
	p := &plan{c: c, obj: c.obj, limit: -1, sees: c.org.sees(c.s, c.obj)}
	if q.MaxRows != nil {
		p.limit = *q.MaxRows
	}
	if q.Skip != nil {
		p.skip = *q.Skip
		if p.skip > maxOffset && c.obj.def.Page == 0 { // OauthToken may go further
			return nil, plain("NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
		}
		if c.opt.Bulk {
			return nil, malformed("OFFSET is not supported in Bulk Query")
		}
	}
	var err *Error
	if aggregated(q) {
		if c.opt.Bulk {
			return nil, malformed("Aggregate functions, GROUP BY and COUNT() are not supported in Bulk Query")
		}
		err = c.aggregate(p)
	} else {
		p.sel, err = c.selection()
		if err == nil && q.Having != nil {
			err = malformed("HAVING needs GROUP BY")
		}
	}
	if err != nil {
		return nil, err
	}
	if err = c.where(p); err != nil {
		return nil, err
	}
	if p.agg == nil && !p.count {
		if err = c.orderBy(p); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// where compiles the filter and the scope.
func (c *compiler) where(p *plan) *Error {
	q := c.q
	if q.Filter != nil {
		joins := 0
		t, err := condition(c, q.Filter, c.rowOperand, func(j soql.SemiJoin) (test[*version], *Error) {
			if joins++; joins > 2 {
				return nil, malformed("Maximum of two semi join sub-selects are allowed in a WHERE clause")
			}
			return c.semiJoin(j, p)
		})
		if err != nil {
			return err
		}
		p.filter = t
		p.bounds = append(p.bounds, c.bounds(q.Filter)...)
	}
	switch strings.ToLower(q.Scope) {
	case "", "everything":
	case "mine":
		if c.obj.owner == nil {
			return malformed("scope mine is not supported by " + c.obj.def.Name)
		}
		user, owner, inner := string(c.s.User), c.obj.owner, p.filter
		p.filter = func(v *version) bool { return v.cell(owner) == user && (inner == nil || inner(v)) }
	default:
		return malformed("scope " + q.Scope + " is not supported by " + c.obj.def.Name)
	}
	return nil
}

func (c *compiler) orderBy(p *plan) *Error {
	for _, item := range c.q.Order {
		by, err := c.rowOperand(item.By)
		if err != nil {
			return err
		}
		key := orderKey{by: by, desc: item.Desc, last: strings.EqualFold(item.Nulls, "LAST")}
		if by.p != nil && by.p.shape != nil {
			f := by.p.shape
			if f.NotSortable || f.kind == kindCompound || by.multi {
				return c.complain("INVALID_FIELD", by.token, "ORDER", "field '"+by.name+"' can not be sorted in a query call")
			}
			key.ranks = f.ranks
		}
		p.order = append(p.order, key)
	}
	return nil
}

// semiJoin compiles Id IN (SELECT ...). The sub-query is run at once.
func (c *compiler) semiJoin(j soql.SemiJoin, p *plan) (test[*version], *Error) {
	if c.semi > 0 {
		return nil, malformed("Nesting of semi join sub-selects is not supported")
	}
	if !topLevel(c.q.Filter, j) {
		return nil, malformed("Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested WHERE expressions.")
	}
	left, err := c.rowOperand(j.Left)
	if err != nil {
		return nil, err
	}
	if left.kind != kindID || left.p == nil || len(left.p.steps) > 0 {
		return nil, malformed("The left operand '" + left.token + "' of a semi join must be an id or reference field of " + c.obj.def.Name)
	}
	inner, err := c.org.compile(c.s, c.env, j.Query, QueryOptions{Text: c.text, All: c.opt.All, Scan: c.opt.Scan}, 1)
	if err != nil {
		return nil, err
	}
	q := j.Query
	if inner.agg != nil || inner.count || len(q.Order) > 0 || q.MaxRows != nil || q.Skip != nil {
		return nil, malformed("COUNT, ORDER BY and LIMIT are not supported in a semi join sub-select")
	}
	if len(inner.sel.columns) != 1 || len(inner.sel.root.items) != 1 || inner.sel.columns[0].kind != kindID || strings.Contains(inner.sel.columns[0].name, ".") {
		return nil, malformed("The inner select of a semi join must select one id or reference field of its own object")
	}
	if noInner[inner.obj.def.Name] {
		return nil, malformed("Entity '" + inner.obj.def.Name + "' is not supported for semi join inner selects")
	}
	if inner.obj == c.obj {
		return nil, malformed("The inner and outer selects should not be on the same object type")
	}
	col := inner.sel.columns[0]
	set := map[string]struct{}{}
	for _, v := range inner.run() {
		if s := col.value(v); s != "" {
			set[s] = struct{}{}
		}
	}
	want := j.Op == soql.OpIn
	if f := left.p.leaf; want && (f == c.obj.id || f.index != nil) {
		ids := make([]string, 0, len(set))
		for id := range set {
			ids = append(ids, id)
		}
		p.bounds = append(p.bounds, bound{f: f, values: ids})
	}
	return func(v *version) bool {
		_, ok := set[left.value(v)]
		return ok == want
	}, nil
}

// noInner are objects that no inner select may read ("Comparison Operators").
var noInner = map[string]bool{"ActivityHistory": true, "Attachment": true, "Event": true, "EventAttendee": true, "Note": true, "OpenActivity": true, "Task": true}

// topLevel reports whether a semi-join is the filter or a term of its AND.
func topLevel(filter soql.Expr, j soql.SemiJoin) bool {
	same := func(x soql.Expr) bool { s, ok := x.(soql.SemiJoin); return ok && s.Query == j.Query }
	if same(filter) {
		return true
	}
	and, _ := filter.(soql.And)
	for _, t := range and {
		if same(t) {
			return true
		}
	}
	return false
}
