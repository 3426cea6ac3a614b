package engine

import (
	"strings"

	"github.com/orglink/orglink/salesforce/soql"
)

// test decides about one row or group.
type test[T any] func(T) bool

// condition compiles a WHERE or HAVING expression. Null has two-valued logic,
// as in SOQL: != and NOT IN are true for it, all else but = null is false.
func condition[T any](c *compiler, x soql.Expr, resolve func(soql.Operand) (operand[T], *Error), join func(soql.SemiJoin) (test[T], *Error)) (test[T], *Error) {
	switch e := x.(type) {
	case soql.And:
		terms, err := conditions(c, e, resolve, join)
		if len(terms) == 2 {
			a, b := terms[0], terms[1]
			return func(v T) bool { return a(v) && b(v) }, err
		}
		return func(v T) bool {
			for _, t := range terms {
				if !t(v) {
					return false
				}
			}
			return true
		}, err
	case soql.Or:
		terms, err := conditions(c, e, resolve, join)
		return func(v T) bool {
			for _, t := range terms {
				if t(v) {
					return true
				}
			}
			return false
		}, err
	case soql.Not:
		t, err := condition(c, e.X, resolve, join)
		return func(v T) bool { return !t(v) }, err
	case soql.Comparison:
		left, err := resolve(e.Left)
		if err != nil {
			return nil, err
		}
		return compare(c, left, e.Op, e.Value)
	case soql.In:
		left, err := resolve(e.Left)
		if err != nil {
			return nil, err
		}
		return inList(c, left, e)
	case soql.SemiJoin:
		return join(e)
	}
	return nil, malformed("unexpected expression")
}

func conditions[T any](c *compiler, list []soql.Expr, resolve func(soql.Operand) (operand[T], *Error), join func(soql.SemiJoin) (test[T], *Error)) ([]test[T], *Error) {
	var out []test[T]
	for _, x := range list {
		t, err := condition(c, x, resolve, join)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// filterable refuses what cannot stand in a WHERE.
func filterable[T any](c *compiler, o operand[T]) *Error {
	if o.p != nil && o.p.shape != nil && (o.p.shape.NotFilterable || o.kind == kindCompound) {
		return c.complain("INVALID_FIELD", o.token, "WHERE", "field '"+o.name+"' can not be filtered in a query call")
	}
	return nil
}

func compare[T any](c *compiler, left operand[T], op soql.Op, lit soql.Value) (test[T], *Error) {
	if err := filterable(c, left); err != nil {
		return nil, err
	}
	switch {
	case lit.Kind == soql.BindLiteral:
		return nil, malformed("Bind variables only allowed in Apex code")
	case left.distance && op != soql.OpLt && op != soql.OpGt && op != soql.OpLe && op != soql.OpGe:
		return nil, c.complain("INVALID_QUERY_FILTER_OPERATOR", left.token, "WHERE", "invalid operator on DISTANCE")
	}
	get := left.value
	if lit.Kind == soql.NullLiteral {
		switch op {
		case soql.OpEq:
			return func(v T) bool { return get(v) == "" }, nil
		case soql.OpNe:
			return func(v T) bool { return get(v) != "" }, nil
		}
		return func(T) bool { return false }, nil
	}
	if op == soql.OpLike {
		if left.kind != kindText || lit.Kind != soql.StringLiteral {
			return nil, c.complain("INVALID_QUERY_FILTER_OPERATOR", left.token, "WHERE", "invalid operator on "+operatorKind(left.kind)+" field")
		}
		like := newPattern(lit.Text, left.exact)
		return func(v T) bool { s := get(v); return s != "" && like.matches(s) }, nil
	}
	if lit.Kind == soql.RelativeDate {
		return compareSpan(c, left, op, lit)
	}
	want, err := literal(c, left, lit)
	if err != nil {
		return nil, err
	}
	cmp := comparer(left.kind, left.exact)
	if left.kind == kindNumber {
		n := parseNumber(want)
		cmp = func(a, _ string) int {
			switch x := parseNumber(a); {
			case x < n:
				return -1
			case x > n:
				return 1
			}
			return 0
		}
	}
	if left.multi {
		want = sortedPicks(want)
		get = func(v T) string { return sortedPicks(left.value(v)) }
	}
	if want == "" { // an empty string is null
		switch op {
		case soql.OpEq:
			return func(v T) bool { return get(v) == "" }, nil
		case soql.OpNe:
			return func(v T) bool { return get(v) != "" }, nil
		}
	}
	holds := map[soql.Op]func(int) bool{
		soql.OpEq: func(n int) bool { return n == 0 }, soql.OpNe: func(n int) bool { return n != 0 },
		soql.OpLt: func(n int) bool { return n < 0 }, soql.OpLe: func(n int) bool { return n <= 0 },
		soql.OpGt: func(n int) bool { return n > 0 }, soql.OpGe: func(n int) bool { return n >= 0 },
	}[op]
	if holds == nil {
		return nil, malformed("unexpected operator " + string(op))
	}
	if (left.kind == kindBool || left.multi) && op != soql.OpEq && op != soql.OpNe {
		return nil, c.complain("INVALID_QUERY_FILTER_OPERATOR", left.token, "WHERE", "invalid operator on "+operatorKind(left.kind)+" field")
	}
	null := op == soql.OpNe
	return func(v T) bool {
		s := get(v)
		if s == "" {
			return null
		}
		return holds(cmp(s, want))
	}, nil
}

func operatorKind(k kind) string {
	if k == kindID {
		return "id"
	}
	return typeName(k, "")
}

// comparer orders stored values of a kind.
func comparer(k kind, exact bool) func(a, b string) int {
	switch {
	case k == kindNumber:
		return compareNumbers
	case k == kindText && !exact:
		return foldCompare
	}
	return strings.Compare
}
