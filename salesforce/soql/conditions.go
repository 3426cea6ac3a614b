package soql

import (
	"strconv"
	"strings"
)

// condition reads terms joined by AND, or by OR, or one after NOT.
func (p *parser) condition() (Expr, error) {
	if err := p.down(); err != nil {
		return nil, err
	}
	defer p.up()
	if p.at("NOT") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		x, err := p.term()
		return Not{x}, err
	}
	first, err := p.term()
	if err != nil {
		return nil, err
	}
	joiner := ""
	for _, word := range []string{"AND", "OR"} {
		if p.at(word) {
			joiner = word
		}
	}
	if joiner == "" {
		return first, nil
	}
	terms := []Expr{first}
	for p.at(joiner) {
		if err := p.advance(); err != nil {
			return nil, err
		}
		term, err := p.term()
		if err != nil {
			return nil, err
		}
		terms = append(terms, term)
	}
	if p.at("AND") || p.at("OR") {
		return nil, p.failAt(p.tok, "unexpected token: '"+p.tok.text+"'; AND and OR together need parentheses")
	}
	if joiner == "AND" {
		return And(flatten[And](terms)), nil
	}
	return Or(flatten[Or](terms)), nil
}

// flatten puts the terms of an inner list of the same kind in its place.
func flatten[L ~[]Expr](terms []Expr) []Expr {
	var out []Expr
	for _, t := range terms {
		if inner, ok := any(t).(L); ok {
			out = append(out, flatten[L](inner)...)
		} else if t != nil {
			out = append(out, t)
		}
	}
	return out
}

// term reads a comparison or a condition in parentheses.
func (p *parser) term() (Expr, error) {
	if p.atPunct("(") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		x, err := p.condition()
		if err != nil {
			return nil, err
		}
		return x, p.expectPunct(")")
	}
	left, err := p.fieldOrFunc()
	if err != nil {
		return nil, err
	}
	return p.comparison(left)
}

func (p *parser) comparison(left Operand) (Expr, error) {
	switch {
	case p.tok.kind == tokOp:
		op := Op(p.tok.text)
		if err := p.advance(); err != nil {
			return nil, err
		}
		v, err := p.value(false)
		return Comparison{left, op, v}, err
	case p.at("LIKE"):
		if err := p.advance(); err != nil {
			return nil, err
		}
		v, err := p.value(true)
		return Comparison{left, OpLike, v}, err
	case p.at("NOT"):
		if err := p.advance(); err != nil {
			return nil, err
		}
		if !p.at("IN") {
			return nil, p.unexpected()
		}
		return p.in(left, OpNotIn)
	case p.at("IN"), p.at("INCLUDES"), p.at("EXCLUDES"):
		return p.in(left, Op(strings.ToUpper(p.tok.text)))
	}
	return nil, p.unexpected()
}

// in reads a list of values or a sub-query; the operator's last word is the
// current token.
func (p *parser) in(left Operand, op Op) (Expr, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.atPunct(":") || p.atPunct("?") && p.args != nil {
		values, err := p.bound()
		return In{left, op, values}, err
	}
	if p.atPunct("(") && p.aheadIs("SELECT") && (op == OpIn || op == OpNotIn) {
		q, err := p.subQuery()
		return SemiJoin{left, op, q}, err
	}
	if err := p.expectPunct("("); err != nil {
		return nil, err
	}
	out := In{Left: left, Op: op}
	if err := p.list(func() error {
		values, err := p.bound()
		out.Values = append(out.Values, values...)
		return err
	}); err != nil {
		return nil, err
	}
	return out, p.expectPunct(")")
}

// fieldOrFunc reads a path or a function call.
func (p *parser) fieldOrFunc() (Operand, error) {
	if p.tok.kind == tokIdent && p.aheadErr == nil && p.ahead.kind == tokPunct && p.ahead.text == "(" &&
		isName(p.tok.text) && !reserved[strings.ToUpper(p.tok.text)] {
		return p.function()
	}
	path, err := p.path()
	return Path(path), err
}

func (p *parser) function() (Operand, error) {
	if err := p.down(); err != nil {
		return nil, err
	}
	defer p.up()
	f := Func{Name: p.tok.text}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if done, err := p.acceptPunct(")"); err != nil || done {
		return f, err
	}
	if err := p.list(func() error {
		arg, err := p.argument()
		f.Args = append(f.Args, arg)
		return err
	}); err != nil {
		return nil, err
	}
	return f, p.expectPunct(")")
}

func (p *parser) argument() (Operand, error) {
	if p.tok.kind == tokIdent && !isLiteralWord(p.tok.text) {
		return p.fieldOrFunc()
	}
	v, err := p.value(false)
	return v, err
}

func isLiteralWord(s string) bool {
	return strings.EqualFold(s, "NULL") || strings.EqualFold(s, "TRUE") || strings.EqualFold(s, "FALSE")
}

// bound reads one value, or all that a placeholder stands for.
func (p *parser) bound() ([]Value, error) {
	if p.atPunct("?") && p.args != nil {
		values, err := p.args.many(p)
		if err != nil {
			return nil, err
		}
		return values, p.advance()
	}
	v, err := p.value(false)
	return []Value{v}, err
}

// value reads a literal.
func (p *parser) value(like bool) (Value, error) {
	t := p.tok
	var v Value
	switch t.kind {
	case tokString:
		text, err := unquote(t.text, like)
		if err != nil {
			return v, p.failAt(t, "invalid string: "+err.Error())
		}
		v = Value{Kind: StringLiteral, Text: text}
	case tokNumber:
		v = Value{Kind: NumberLiteral, Text: t.text}
	case tokDate:
		v = Value{Kind: DateLiteral, Text: t.text}
	case tokDateTime:
		v = Value{Kind: DateTimeLiteral, Text: t.text}
	case tokTime:
		v = Value{Kind: TimeLiteral, Text: t.text}
	case tokIdent:
		return p.wordValue()
	default:
		switch {
		case t.text == "?" && p.args != nil:
			bound, err := p.args.one(p)
			if err != nil {
				return v, err
			}
			v = bound
		case t.text == ":" && t.kind == tokPunct:
			if err := p.advance(); err != nil {
				return v, err
			}
			name, err := p.path()
			return Value{Kind: BindLiteral, Text: name}, err
		default:
			return v, p.unexpected()
		}
	}
	return v, p.advance()
}

// wordValue reads null, a boolean, a relative date or a currency amount.
func (p *parser) wordValue() (Value, error) {
	upper := strings.ToUpper(p.tok.text)
	var v Value
	switch {
	case upper == "NULL":
	case upper == "TRUE", upper == "FALSE":
		v = Value{Kind: BoolLiteral, Text: upper}
	case relativeWords[upper]:
		v = Value{Kind: RelativeDate, Text: upper}
	case isCurrency(upper):
		v = Value{Kind: CurrencyLiteral, Text: upper}
	case countedWords[upper]:
		if err := p.advance(); err != nil {
			return v, err
		}
		if err := p.expectPunct(":"); err != nil {
			return v, err
		}
		n, err := strconv.ParseInt(p.tok.text, 10, 32)
		if p.tok.kind != tokNumber || err != nil || n < 0 {
			return v, p.unexpected()
		}
		v = Value{Kind: RelativeDate, Text: upper, N: int(n)}
	default:
		return v, p.unexpected()
	}
	return v, p.advance()
}
