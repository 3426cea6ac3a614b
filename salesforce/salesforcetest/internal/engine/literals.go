package engine

import (
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

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
