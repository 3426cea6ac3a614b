package soql

import "slices"

// Clone returns a copy that shares nothing with q.
func (q *Query) Clone() *Query {
	if q == nil {
		return nil
	}
	c := *q
	c.Fields = each(q.Fields, cloneItem)
	c.Also = slices.Clone(q.Also)
	c.Filter = cloneExpr(q.Filter)
	c.With = slices.Clone(q.With)
	c.Groups = each(q.Groups, cloneOperand)
	c.Having = cloneExpr(q.Having)
	c.Order = each(q.Order, func(o OrderItem) OrderItem {
		o.By = cloneOperand(o.By)
		return o
	})
	c.MaxRows, c.Skip = cloneInt(q.MaxRows), cloneInt(q.Skip)
	c.For, c.Update = slices.Clone(q.For), slices.Clone(q.Update)
	return &c
}

// each copies a list; nil stays nil.
func each[T any](list []T, copy func(T) T) []T {
	if list == nil {
		return nil
	}
	out := make([]T, len(list))
	for i, x := range list {
		out[i] = copy(x)
	}
	return out
}

func cloneInt(n *int) *int {
	if n == nil {
		return nil
	}
	c := *n
	return &c
}

func cloneItem(item SelectItem) SelectItem {
	switch it := item.(type) {
	case FuncItem:
		it.Func = cloneOperand(it.Func).(Func)
		return it
	case SubQuery:
		return SubQuery{it.Query.Clone()}
	case TypeOf:
		it.Whens = each(it.Whens, func(w TypeOfWhen) TypeOfWhen {
			w.Fields = slices.Clone(w.Fields)
			return w
		})
		it.Else = slices.Clone(it.Else)
		return it
	}
	return item
}

func cloneOperand(op Operand) Operand {
	if f, ok := op.(Func); ok {
		f.Args = each(f.Args, cloneOperand)
		return f
	}
	return op
}

func cloneExpr(x Expr) Expr {
	switch e := x.(type) {
	case And:
		return And(each(e, cloneExpr))
	case Or:
		return Or(each(e, cloneExpr))
	case Not:
		return Not{cloneExpr(e.X)}
	case Comparison:
		e.Left = cloneOperand(e.Left)
		return e
	case In:
		e.Left, e.Values = cloneOperand(e.Left), slices.Clone(e.Values)
		return e
	case SemiJoin:
		e.Left, e.Query = cloneOperand(e.Left), e.Query.Clone()
		return e
	}
	return x
}
