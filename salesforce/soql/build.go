package soql

import "strings"

// Select starts a query of field paths.
func Select(paths ...string) *Query { return (&Query{}).AddFields(paths...) }

// SelectCount starts SELECT COUNT(), whose answer is a number alone.
func SelectCount() *Query {
	return &Query{Fields: []SelectItem{FuncItem{Func: Func{Name: "COUNT"}}}}
}

// From sets the object.
func (q *Query) From(object string) *Query {
	q.Object = object
	return q
}

// AddFields adds the field paths that are not selected yet, without regard to
// case, so that a customer's query can be extended with what a program needs.
func (q *Query) AddFields(paths ...string) *Query {
	for _, path := range paths {
		if !q.Selects(path) {
			q.Fields = append(q.Fields, FieldItem{Path: path})
		}
	}
	return q
}

// AddItems adds functions, sub-queries or aliased fields to the select list.
func (q *Query) AddItems(items ...SelectItem) *Query {
	q.Fields = append(q.Fields, items...)
	return q
}

// Selects reports whether a plain field path is in the select list; what
// FIELDS(...) would add is not known here.
func (q *Query) Selects(path string) bool {
	for _, item := range q.Fields {
		if f, ok := item.(FieldItem); ok && strings.EqualFold(f.Path, path) {
			return true
		}
	}
	return false
}

// Paths returns the plain field paths of the select list in order.
func (q *Query) Paths() []string {
	var out []string
	for _, item := range q.Fields {
		if f, ok := item.(FieldItem); ok {
			out = append(out, f.Path)
		}
	}
	return out
}

// Where sets the condition, all of whose terms must hold; none removes it.
func (q *Query) Where(terms ...Expr) *Query {
	q.Filter = AllOf(terms...)
	return q
}

// AndWhere narrows the query by further conditions. It keeps the meaning of
// the condition that is there, whatever its shape.
func (q *Query) AndWhere(terms ...Expr) *Query {
	q.Filter = AllOf(append([]Expr{q.Filter}, terms...)...)
	return q
}

// OrderBy sets the order.
func (q *Query) OrderBy(items ...OrderItem) *Query {
	q.Order = items
	return q
}

// GroupBy sets the paths to group by.
func (q *Query) GroupBy(paths ...string) *Query {
	q.Groups = nil
	for _, path := range paths {
		q.Groups = append(q.Groups, Path(path))
	}
	return q
}

// Limit sets the highest number of rows.
func (q *Query) Limit(n int) *Query {
	q.MaxRows = &n
	return q
}

// Offset sets how many rows are skipped; orgs allow 2,000.
func (q *Query) Offset(n int) *Query {
	q.Skip = &n
	return q
}

// AllOf holds when all of its terms hold. Nil terms are left out; it is nil
// when none is left.
func AllOf(terms ...Expr) Expr {
	list := flatten[And](terms)
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	return And(list)
}

// AnyOf holds when one of its terms holds. Nil terms are left out. Without
// terms it never holds, which SOQL cannot say: a query with it is refused.
func AnyOf(terms ...Expr) Expr {
	list := flatten[Or](terms)
	if len(list) == 1 {
		return list[0]
	}
	return Or(list)
}

// Compare compares a field path with a value.
func Compare(path string, op Op, v Value) Expr { return Comparison{Path(path), op, v} }

// InList compares a field path with a list of values, which an org refuses
// when it is empty. The list is not copied.
func InList(path string, values ...Value) Expr { return In{Path(path), OpIn, values} }

// InQuery compares a field path with the one column of another query.
func InQuery(path string, q *Query) Expr { return SemiJoin{Path(path), OpIn, q} }

// Asc orders by a field path, nulls first.
func Asc(path string) OrderItem { return OrderItem{By: Path(path)} }

// Desc orders by a field path downwards, nulls last.
func Desc(path string) OrderItem { return OrderItem{By: Path(path), Desc: true, Nulls: "LAST"} }
