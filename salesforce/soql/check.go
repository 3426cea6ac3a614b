package soql

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Check refuses a tree that does not print as what it is: a name that is no
// name, a literal whose text is not of its kind, an empty list, a condition
// that never holds. What Parse and Bind return always passes; call it on trees
// whose names come from a customer. The error joins all problems.
func (q *Query) Check() error {
	c := &checker{}
	c.query(q)
	if err := errors.Join(c.errs...); err != nil {
		return err
	}
	// The names and literals are sound, so that what is left, such as a
	// missing select list, shows in the grammar.
	if _, err := Parse(q.String()); err != nil {
		return err
	}
	return nil
}

type checker struct{ errs []error }

func (c *checker) bad(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("soql: "+format, args...))
}

func (c *checker) name(what, s string, optional bool) {
	if upper := strings.ToUpper(s); optional && s == "" || isName(s) && !reserved[upper] && !clauseWords[upper] {
		return
	}
	c.bad("%q is no %s", clip(s), what)
}

func (c *checker) path(s string) {
	if !isPath(s) || reserved[strings.ToUpper(s)] {
		c.bad("%q is no field path", clip(s))
	}
}

func (c *checker) object(s string) {
	if !strings.EqualFold(s, "Group") && (!isPath(s) || reserved[strings.ToUpper(s)]) {
		c.bad("%q is no object", clip(s))
	}
}

func (c *checker) query(q *Query) {
	if q == nil {
		c.bad("a query is missing")
		return
	}
	for _, item := range q.Fields {
		c.item(item)
	}
	c.object(q.Object)
	c.name("alias", q.Alias, true)
	for _, also := range q.Also {
		c.path(also.Path)
		c.name("alias", also.Alias, true)
	}
	c.name("scope", q.Scope, true)
	c.expr(simplify(q.Filter))
	for _, w := range q.With {
		if got, err := Parse("SELECT Id FROM A WITH " + w); err != nil || !slices.Equal(got.With, []string{w}) {
			c.bad("%q is no WITH clause", clip(w))
		}
	}
	for _, g := range q.Groups {
		c.operand(g)
	}
	c.expr(simplify(q.Having))
	for _, o := range q.Order {
		c.operand(o.By)
		if o.Nulls != "" && o.Nulls != "FIRST" && o.Nulls != "LAST" {
			c.bad("NULLS %q is neither FIRST nor LAST", clip(o.Nulls))
		}
	}
	for _, words := range [][]string{q.For, q.Update} {
		for _, w := range words {
			if !isName(w) {
				c.bad("%q is no word of FOR or UPDATE", clip(w))
			}
		}
	}
}

func (c *checker) item(item SelectItem) {
	switch it := item.(type) {
	case FieldItem:
		c.path(it.Path)
		c.name("alias", it.Alias, true)
	case FuncItem:
		c.operand(it.Func)
		c.name("alias", it.Alias, true)
	case SubQuery:
		c.query(it.Query)
	case TypeOf:
		c.path(it.Path)
		for _, w := range it.Whens {
			c.object(w.Object)
			for _, f := range w.Fields {
				c.path(f)
			}
		}
		for _, f := range it.Else {
			c.path(f)
		}
	default:
		c.bad("a %T cannot be selected", item)
	}
}

func (c *checker) operand(op Operand) {
	switch o := op.(type) {
	case Path:
		c.path(string(o))
	case Func:
		c.name("function", o.Name, false)
		for _, a := range o.Args {
			c.operand(a)
		}
	case Value:
		c.value(o)
	default:
		c.bad("a field or function is missing")
	}
}

func (c *checker) value(v Value) {
	if err := v.check(); err != nil {
		c.bad("%v", err)
	}
}

func (c *checker) expr(x Expr) {
	switch e := x.(type) {
	case nil:
	case And:
		for _, t := range e {
			c.expr(t)
		}
	case Or:
		if len(e) == 0 {
			c.bad("a condition never holds; leave the query out")
		}
		for _, t := range e {
			c.expr(t)
		}
	case Not:
		c.expr(e.X)
	case Comparison:
		c.operand(e.Left)
		c.value(e.Value)
		if !slices.Contains([]Op{OpEq, OpNe, OpLt, OpLe, OpGt, OpGe, OpLike}, e.Op) {
			c.bad("%q does not compare with one value", clip(string(e.Op)))
		}
	case In:
		c.operand(e.Left)
		if len(e.Values) == 0 {
			c.bad("a list is empty, which matches nothing; leave the query out")
		}
		for _, v := range e.Values {
			c.value(v)
		}
		if !slices.Contains([]Op{OpIn, OpNotIn, OpIncludes, OpExcludes}, e.Op) {
			c.bad("%q does not compare with a list", clip(string(e.Op)))
		}
	case SemiJoin:
		c.operand(e.Left)
		c.query(e.Query)
		if e.Op != OpIn && e.Op != OpNotIn {
			c.bad("%q does not compare with a sub-query", clip(string(e.Op)))
		}
	default:
		c.bad("a %T is no condition", x)
	}
}
