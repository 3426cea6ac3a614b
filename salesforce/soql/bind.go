package soql

import (
	"fmt"
	"strconv"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Bind parses a statement in which each ? outside quotes stands for the next
// argument, where a literal may stand: behind an operator, inside or instead
// of the parentheses of IN, as an argument of a function, after LIMIT and
// OFFSET. Arguments become literals of the tree and are never parsed, so that
// no text can change the statement.
//
// Arguments may be nil, strings, booleans, whole numbers, floats, time.Time
// (a date-time), sobject.Date, sobject.ID and Value; for IN also slices of
// strings, ids and Values, which must not be empty. A string after LIKE is a
// pattern: pass user text through EscapeLike.
func Bind(text string, args ...any) (*Query, error) {
	b := &binder{args: args}
	q, err := parse(text, b)
	if err != nil {
		return nil, err
	}
	if b.used != len(args) {
		return nil, fmt.Errorf("soql: %d arguments for %d placeholders", len(args), b.used)
	}
	return q, nil
}

// binder hands out the arguments of Bind in order.
type binder struct {
	args []any
	used int
}

func (b *binder) take(p *parser) (any, error) {
	if b.used == len(b.args) {
		return nil, p.failAt(p.tok, fmt.Sprintf("there is no argument for placeholder %d", b.used+1))
	}
	b.used++
	return b.args[b.used-1], nil
}

func (b *binder) one(p *parser) (Value, error) {
	arg, err := b.take(p)
	if err != nil {
		return Value{}, err
	}
	v, err := literalOf(arg)
	if err != nil {
		return Value{}, p.failAt(p.tok, fmt.Sprintf("argument %d: %v", b.used, err))
	}
	return v, nil
}

func (b *binder) many(p *parser) ([]Value, error) {
	if b.used < len(b.args) {
		var values []Value
		switch list := b.args[b.used].(type) {
		case []string:
			values = Strings(list...)
		case []sobject.ID:
			values = IDs(list...)
		case []Value:
			values = append(values, list...)
		default:
			v, err := b.one(p)
			return []Value{v}, err
		}
		b.used++
		if len(values) == 0 {
			return nil, p.failAt(p.tok, fmt.Sprintf("argument %d: an empty list matches nothing and cannot be written; leave the query out", b.used))
		}
		return values, nil
	}
	v, err := b.one(p)
	return []Value{v}, err
}

func literalOf(arg any) (Value, error) {
	switch a := arg.(type) {
	case nil:
		return Null(), nil
	case Value:
		return a, a.check()
	case string:
		return String(a), nil
	case bool:
		return Bool(a), nil
	case int:
		return Number(a), nil
	case int32:
		return Number(a), nil
	case int64:
		return Number(a), nil
	case uint:
		return Number(a), nil
	case uint32:
		return Number(a), nil
	case uint64:
		return Number(a), nil
	case float32:
		return checked(Number(a))
	case float64:
		return checked(Number(a))
	case time.Time:
		return DateTime(a), nil
	case sobject.Date:
		return Date(a), nil
	case sobject.ID:
		return ID(a), nil
	}
	return Value{}, fmt.Errorf("a %T cannot be a literal", arg)
}

func checked(v Value) (Value, error) { return v, v.check() }

// check refuses a hand-made Value whose text is not what its kind says, which
// could otherwise change the statement.
func (v Value) check() error {
	if v.Kind == StringLiteral || v.Kind == NullLiteral && v.Text == "" {
		return nil
	}
	p := &parser{lex: lexer{text: v.literal(false)}}
	_ = p.advance()
	if err := p.advance(); err == nil {
		if got, err := p.value(false); err == nil && p.tok.kind == tokEOF && got.Kind == v.Kind {
			return nil
		}
	}
	return fmt.Errorf("%s is no literal of its kind", strconv.Quote(clip(v.literal(false))))
}
