package soql

import (
	"strconv"
	"strings"
)

// String prints the statement on one line with upper-case keywords and no
// parentheses beyond the needed ones. Strings are escaped; names are printed
// as they are, so check a tree whose names come from strangers with Check.
func (q *Query) String() string {
	if q == nil {
		return ""
	}
	var p printer
	p.query(q)
	return p.String()
}

type printer struct{ strings.Builder }

// list prints items between commas.
func list[T any](p *printer, items []T, each func(T)) {
	for i, item := range items {
		if i > 0 {
			p.WriteString(", ")
		}
		each(item)
	}
}

func (p *printer) words(parts ...string) {
	for _, s := range parts {
		if s != "" {
			p.WriteString(" ")
			p.WriteString(s)
		}
	}
}

func (p *printer) query(q *Query) {
	p.WriteString("SELECT ")
	list(p, q.Fields, p.selectItem)
	p.WriteString(" FROM " + q.Object)
	p.words(q.Alias)
	for _, also := range q.Also {
		p.WriteString(", " + also.Path)
		p.words(also.Alias)
	}
	if q.Scope != "" {
		p.words("USING SCOPE", q.Scope)
	}
	if x := simplify(q.Filter); x != nil {
		p.WriteString(" WHERE ")
		p.expr(x, false)
	}
	for _, w := range q.With {
		p.words("WITH", w)
	}
	p.groups(q)
	if len(q.Order) > 0 {
		p.WriteString(" ORDER BY ")
		list(p, q.Order, p.orderItem)
	}
	if q.MaxRows != nil {
		p.words("LIMIT", strconv.Itoa(*q.MaxRows))
	}
	if q.Skip != nil {
		p.words("OFFSET", strconv.Itoa(*q.Skip))
	}
	locked := false
	for _, f := range q.For {
		if strings.EqualFold(f, "UPDATE") {
			locked = true
			continue
		}
		p.words("FOR", f)
	}
	if len(q.Update) > 0 {
		p.words("UPDATE", strings.Join(q.Update, ", "))
	}
	if locked {
		p.words("FOR UPDATE")
	}
}

func (p *printer) groups(q *Query) {
	if len(q.Groups) == 0 {
		return
	}
	open, end := "", ""
	switch q.Grouper {
	case GroupRollup:
		open, end = "ROLLUP(", ")"
	case GroupCube:
		open, end = "CUBE(", ")"
	}
	p.WriteString(" GROUP BY " + open)
	list(p, q.Groups, p.operand)
	p.WriteString(end)
	if x := simplify(q.Having); x != nil {
		p.WriteString(" HAVING ")
		p.expr(x, false)
	}
}

func (p *printer) selectItem(item SelectItem) {
	switch it := item.(type) {
	case FieldItem:
		p.WriteString(it.Path)
		p.words(it.Alias)
	case FuncItem:
		p.operand(it.Func)
		p.words(it.Alias)
	case SubQuery:
		p.WriteString("(")
		p.query(it.Query)
		p.WriteString(")")
	case TypeOf:
		p.WriteString("TYPEOF " + it.Path)
		for _, w := range it.Whens {
			p.words("WHEN", w.Object, "THEN", strings.Join(w.Fields, ", "))
		}
		if len(it.Else) > 0 {
			p.words("ELSE", strings.Join(it.Else, ", "))
		}
		p.words("END")
	}
}

func (p *printer) operand(op Operand) {
	switch o := op.(type) {
	case Path:
		p.WriteString(string(o))
	case Func:
		p.WriteString(o.Name + "(")
		list(p, o.Args, p.operand)
		p.WriteString(")")
	case Value:
		p.WriteString(o.literal(false))
	}
}

func (p *printer) orderItem(o OrderItem) {
	p.operand(o.By)
	if o.Desc {
		p.words("DESC")
	}
	if o.Nulls != "" {
		p.words("NULLS", o.Nulls)
	}
}

// expr prints a simplified condition; inner tells that it stands beside others
// or under NOT, where only a comparison needs no parentheses.
func (p *printer) expr(x Expr, inner bool) {
	joined := func(terms []Expr, word string) {
		if inner || len(terms) == 0 {
			p.WriteString("(")
			defer p.WriteString(")")
		}
		for i, t := range terms {
			if i > 0 {
				p.WriteString(word)
			}
			p.expr(t, true)
		}
	}
	switch e := x.(type) {
	case And:
		joined(e, " AND ")
	case Or:
		joined(e, " OR ")
	case Not:
		if inner {
			p.WriteString("(")
			defer p.WriteString(")")
		}
		p.WriteString("NOT ")
		p.expr(e.X, true)
	case Comparison:
		p.operand(e.Left)
		p.words(string(e.Op), e.Value.literal(e.Op == OpLike))
	case In:
		p.operand(e.Left)
		p.words(string(e.Op), "")
		if len(e.Values) == 1 && e.Values[0].Kind == BindLiteral {
			p.words(e.Values[0].literal(false))
			return
		}
		p.WriteString(" (")
		list(p, e.Values, func(v Value) { p.WriteString(v.literal(false)) })
		p.WriteString(")")
	case SemiJoin:
		p.operand(e.Left)
		p.words(string(e.Op))
		p.WriteString(" (")
		p.query(e.Query)
		p.WriteString(")")
	}
}

func (v Value) literal(like bool) string {
	switch v.Kind {
	case NullLiteral:
		return "NULL"
	case StringLiteral:
		return quote(v.Text, like)
	case BindLiteral:
		return ":" + v.Text
	case RelativeDate:
		if countedWords[strings.ToUpper(v.Text)] {
			return v.Text + ":" + strconv.Itoa(v.N)
		}
	}
	return v.Text
}

// String prints the literal as it stands after any operator but LIKE.
func (v Value) String() string { return v.literal(false) }

// simplify drops lists of one term and empty And lists, which always hold, and
// joins lists of the same kind. An empty Or, which never holds, stays and
// prints as (), which Parse and every org refuse: no condition is lost.
func simplify(x Expr) Expr {
	switch e := x.(type) {
	case And:
		terms := simplifyAll[And](e)
		switch len(terms) {
		case 0:
			return nil
		case 1:
			return terms[0]
		}
		return And(terms)
	case Or:
		for _, t := range e {
			if t != nil && simplify(t) == nil { // a term that always holds
				return nil
			}
		}
		terms := simplifyAll[Or](e)
		if len(terms) == 1 {
			return terms[0]
		}
		return Or(terms)
	case Not:
		inner := simplify(e.X)
		if inner == nil {
			return Or{}
		}
		return Not{inner}
	}
	return x
}

func simplifyAll[L ~[]Expr](list []Expr) []Expr {
	var out []Expr
	for _, t := range list {
		if t = simplify(t); t == nil {
			continue
		}
		out = append(out, t)
	}
	return flatten[L](out)
}
