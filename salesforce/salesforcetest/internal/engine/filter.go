package engine

import (
	"sort"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
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

// compareSpan compares a date or date-time with a relative date.
func compareSpan[T any](c *compiler, left operand[T], op soql.Op, lit soql.Value) (test[T], *Error) {
	from, to, ok := span(lit, c.now().In(c.env.loc))
	if !ok {
		return nil, malformed("unknown date literal " + lit.Text)
	}
	var a, b string
	switch left.kind {
	case kindDate:
		a, b = from.Format("2006-01-02"), to.Format("2006-01-02")
	case kindDateTime:
		a, b = formatStamp(from), formatStamp(to)
	default:
		return nil, c.wrongType(left.token, left.name, left.kind, left.typ)
	}
	get := left.value
	holds := map[soql.Op]func(s string) bool{
		soql.OpEq: func(s string) bool { return s >= a && s < b }, soql.OpNe: func(s string) bool { return s < a || s >= b },
		soql.OpLt: func(s string) bool { return s < a }, soql.OpLe: func(s string) bool { return s < b },
		soql.OpGt: func(s string) bool { return s >= b }, soql.OpGe: func(s string) bool { return s >= a },
	}[op]
	if holds == nil {
		return nil, malformed("unexpected operator " + string(op))
	}
	return func(v T) bool {
		s := get(v)
		if s == "" {
			return op == soql.OpNe
		}
		return holds(s)
	}, nil
}

func (c *compiler) wrongType(token, name string, k kind, t sobject.FieldType) *Error {
	quotes := "should not be enclosed in quotes"
	if k == kindText || k == kindID {
		quotes = "should be enclosed in quotes"
	}
	return c.complain("INVALID_FIELD", token, "WHERE", "value of filter criterion for field '"+name+"' must be of type "+typeName(k, t)+" and "+quotes)
}

// literal turns a literal into the stored form of an operand's kind.
func literal[T any](c *compiler, left operand[T], lit soql.Value) (string, *Error) {
	bad := func() (string, *Error) { return "", c.wrongType(left.token, left.name, left.kind, left.typ) }
	switch left.kind {
	case kindText:
		if lit.Kind != soql.StringLiteral {
			return bad()
		}
		return lit.Text, nil
	case kindID:
		if lit.Kind != soql.StringLiteral {
			return bad()
		}
		if lit.Text == "" {
			return "", nil
		}
		id, err := sobject.ParseID(lit.Text)
		if err != nil {
			return "", c.complain("INVALID_QUERY_FILTER_OPERATOR", left.token, "WHERE", "invalid ID field: "+lit.Text)
		}
		return string(id), nil
	case kindNumber:
		if lit.Kind == soql.CurrencyLiteral {
			return lit.Text[3:], nil
		}
		if lit.Kind != soql.NumberLiteral {
			return bad()
		}
		return lit.Text, nil
	case kindBool:
		if lit.Kind != soql.BoolLiteral {
			return bad()
		}
		return strings.ToLower(lit.Text), nil
	case kindDate:
		if lit.Kind != soql.DateLiteral {
			return bad()
		}
		return lit.Text, nil
	case kindDateTime:
		if lit.Kind != soql.DateTimeLiteral {
			return bad()
		}
		t, err := sobject.ParseDateTime(lit.Text)
		if err != nil {
			return bad()
		}
		return formatStamp(t), nil
	case kindTime:
		if s, ok := (&field{kind: kindTime}).temporal(lit.Text); ok {
			return s, nil
		}
	}
	return bad()
}

// inList compiles IN, NOT IN, INCLUDES and EXCLUDES.
func inList[T any](c *compiler, left operand[T], e soql.In) (test[T], *Error) {
	if err := filterable(c, left); err != nil {
		return nil, err
	}
	if e.Op == soql.OpIncludes || e.Op == soql.OpExcludes {
		return includes(c, left, e)
	}
	set := make(map[string]struct{}, len(e.Values))
	key := func(s string) string { return s }
	switch {
	case left.kind == kindNumber:
		key = func(s string) string { return canonicalDecimal(s, -1) }
	case left.kind == kindText && !left.exact:
		key = fold
	}
	var spans []test[T]
	null := false
	for _, lit := range e.Values {
		switch lit.Kind {
		case soql.NullLiteral:
			null = true
			continue
		case soql.RelativeDate:
			t, err := compareSpan(c, left, soql.OpEq, lit)
			if err != nil {
				return nil, err
			}
			spans = append(spans, t)
			continue
		}
		s, err := literal(c, left, lit)
		if err != nil {
			return nil, err
		}
		if s == "" {
			null = true
			continue
		}
		set[key(s)] = struct{}{}
	}
	get, want := left.value, e.Op == soql.OpIn
	return func(v T) bool {
		s := get(v)
		if s == "" {
			return null == want
		}
		if _, ok := set[key(s)]; ok {
			return want
		}
		for _, t := range spans {
			if t(v) {
				return want
			}
		}
		return !want
	}, nil
}

// includes compiles the operators of multi-select picklists.
func includes[T any](c *compiler, left operand[T], e soql.In) (test[T], *Error) {
	if !left.multi {
		return nil, c.complain("INVALID_QUERY_FILTER_OPERATOR", left.token, "WHERE", "invalid operator on "+operatorKind(left.kind)+" field")
	}
	var groups [][]string
	for _, lit := range e.Values {
		if lit.Kind != soql.StringLiteral {
			return nil, c.wrongType(left.token, left.name, left.kind, left.typ)
		}
		groups = append(groups, strings.Split(fold(lit.Text), ";"))
	}
	want := e.Op == soql.OpIncludes
	return func(v T) bool {
		s := left.value(v)
		if s == "" {
			return !want
		}
		have := ";" + fold(s) + ";"
		for _, group := range groups {
			all := true
			for _, one := range group {
				all = all && strings.Contains(have, ";"+one+";")
			}
			if all {
				return want
			}
		}
		return !want
	}, nil
}

func sortedPicks(s string) string {
	if !strings.Contains(s, ";") {
		return s
	}
	parts := strings.Split(s, ";")
	sort.Strings(parts)
	return strings.Join(parts, ";")
}
