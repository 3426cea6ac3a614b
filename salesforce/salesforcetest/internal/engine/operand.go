package engine

import (
	"strconv"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

func itoa(n int) string { return strconv.Itoa(n) }

// operand is something that has a value for a row (or for a group of rows).
type operand[T any] struct {
	value func(T) string
	kind  kind
	exact bool   // text compared with regard to case
	name  string // as Salesforce names it in messages
	token string // as written, to find its place
	p     *path  // nil for functions
	multi bool   // a multi-select picklist
	// distance can be compared by < and > alone
	distance bool
	typ      sobject.FieldType
}

// rowOperand resolves a field or a date function of a field.
func (c *compiler) rowOperand(op soql.Operand) (operand[*version], *Error) {
	switch x := op.(type) {
	case soql.Path:
		p, err := c.resolve(string(x))
		if err != nil {
			return operand[*version]{}, err
		}
		o := operand[*version]{kind: p.kind, name: p.canon, token: string(x), p: p, typ: p.fieldType()}
		if f := p.direct(); f != nil && f.pos >= 0 && f.kind != kindBool {
			o.value = func(v *version) string { return v.cell(f) }
		} else {
			o.value = func(v *version) string { return p.value(c.env, v) }
		}
		if p.shape != nil {
			o.exact = p.shape.CaseSensitive
			o.multi = p.shape.Type == sobject.TypeMultiPicklist
		}
		return o, nil
	case soql.Func:
		return c.rowFunc(x)
	}
	return operand[*version]{}, malformed("a literal cannot stand here")
}

// typeName is how messages call a kind.
func typeName(k kind, t sobject.FieldType) string {
	switch k {
	case kindNumber:
		if t == sobject.TypeInt || t == sobject.TypeLong {
			return string(t)
		}
		return "double"
	case kindBool:
		return "boolean"
	case kindDate:
		return "date"
	case kindDateTime:
		return "dateTime"
	case kindTime:
		return "time"
	}
	return "string"
}
