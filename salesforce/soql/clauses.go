package soql

import (
	"strconv"
	"strings"
)

// query reads a statement, or what stands between the parentheses of a
// sub-query.
func (p *parser) query(nested bool) (*Query, error) {
	if err := p.down(); err != nil {
		return nil, err
	}
	defer p.up()
	if err := p.expect("SELECT"); err != nil {
		return nil, err
	}
	q := &Query{}
	steps := []func(*Query) error{p.selectList, p.from, p.scope, p.where, p.with, p.groupBy, p.orderBy, p.limits, p.forAndUpdate}
	for _, step := range steps {
		if err := step(q); err != nil {
			return nil, err
		}
	}
	if nested && !p.atPunct(")") {
		return nil, p.expectPunct(")")
	}
	return q, nil
}

func (p *parser) selectList(q *Query) error {
	return p.list(func() error {
		item, err := p.selectItem()
		q.Fields = append(q.Fields, item)
		return err
	})
}

func (p *parser) selectItem() (SelectItem, error) {
	if p.atPunct("(") {
		sub, err := p.subQuery()
		return SubQuery{sub}, err
	}
	if p.at("TYPEOF") && p.aheadErr == nil && p.ahead.kind == tokIdent && !p.aheadIs("FROM") {
		return p.typeOf()
	}
	op, err := p.fieldOrFunc()
	if err != nil {
		return nil, err
	}
	alias, err := p.alias()
	if f, ok := op.(Func); ok {
		return FuncItem{f, alias}, err
	}
	return FieldItem{string(op.(Path)), alias}, err
}

func (p *parser) subQuery() (*Query, error) {
	if err := p.expectPunct("("); err != nil {
		return nil, err
	}
	q, err := p.query(true)
	if err != nil {
		return nil, err
	}
	return q, p.expectPunct(")")
}

func (p *parser) typeOf() (SelectItem, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	var out TypeOf
	var err error
	if out.Path, err = p.path(); err != nil {
		return nil, err
	}
	if !p.at("WHEN") {
		return nil, p.unexpected()
	}
	for p.at("WHEN") {
		var when TypeOfWhen
		if err = p.advance(); err != nil {
			return nil, err
		}
		if when.Object, err = p.objectName(); err != nil {
			return nil, err
		}
		if err = p.expect("THEN"); err != nil {
			return nil, err
		}
		if when.Fields, err = p.paths(); err != nil {
			return nil, err
		}
		out.Whens = append(out.Whens, when)
	}
	if found, err := p.accept("ELSE"); err != nil {
		return nil, err
	} else if found {
		if out.Else, err = p.paths(); err != nil {
			return nil, err
		}
	}
	return out, p.expect("END")
}

func (p *parser) paths() (out []string, err error) {
	err = p.list(func() error {
		path, err := p.path()
		out = append(out, path)
		return err
	})
	return out, err
}

// objectName reads an object, which alone may be called Group.
func (p *parser) objectName() (string, error) {
	if p.at("GROUP") {
		text := p.tok.text
		return text, p.advance()
	}
	return p.path()
}

func (p *parser) from(q *Query) (err error) {
	if err = p.expect("FROM"); err != nil {
		return err
	}
	if q.Object, err = p.objectName(); err != nil {
		return err
	}
	if q.Alias, err = p.alias(); err != nil {
		return err
	}
	for p.atPunct(",") {
		var also FromAlias
		if err = p.advance(); err != nil {
			return err
		}
		if also.Path, err = p.path(); err != nil {
			return err
		}
		if also.Alias, err = p.alias(); err != nil {
			return err
		}
		q.Also = append(q.Also, also)
	}
	return nil
}

func (p *parser) scope(q *Query) error {
	found, err := p.accept("USING")
	if err != nil || !found {
		return err
	}
	if err = p.expect("SCOPE"); err != nil {
		return err
	}
	q.Scope, err = p.name()
	return err
}

func (p *parser) where(q *Query) error {
	found, err := p.accept("WHERE")
	if err != nil || !found {
		return err
	}
	q.Filter, err = p.condition()
	return err
}

func (p *parser) groupBy(q *Query) error {
	found, err := p.accept("GROUP")
	if err != nil || !found {
		return err
	}
	if err = p.expect("BY"); err != nil {
		return err
	}
	closing := false
	if p.aheadErr == nil && p.ahead.text == "(" && (p.at("ROLLUP") || p.at("CUBE")) {
		q.Grouper = GroupRollup
		if p.at("CUBE") {
			q.Grouper = GroupCube
		}
		if err = p.advance(); err == nil {
			err = p.advance()
		}
		if err != nil {
			return err
		}
		closing = true
	}
	if err = p.list(func() error {
		item, err := p.fieldOrFunc()
		q.Groups = append(q.Groups, item)
		return err
	}); err != nil {
		return err
	}
	if closing {
		if err = p.expectPunct(")"); err != nil {
			return err
		}
	}
	if found, err = p.accept("HAVING"); err != nil || !found {
		return err
	}
	q.Having, err = p.condition()
	return err
}

func (p *parser) orderBy(q *Query) error {
	found, err := p.accept("ORDER")
	if err != nil || !found {
		return err
	}
	if err = p.expect("BY"); err != nil {
		return err
	}
	return p.list(func() error {
		item, err := p.orderItem()
		q.Order = append(q.Order, item)
		return err
	})
}

func (p *parser) orderItem() (item OrderItem, err error) {
	if item.By, err = p.fieldOrFunc(); err != nil {
		return item, err
	}
	if p.at("ASC") || p.at("DESC") {
		item.Desc = p.at("DESC")
		if err = p.advance(); err != nil {
			return item, err
		}
	}
	found, err := p.accept("NULLS")
	if err != nil || !found {
		return item, err
	}
	if !p.at("FIRST") && !p.at("LAST") {
		return item, p.unexpected()
	}
	item.Nulls = strings.ToUpper(p.tok.text)
	return item, p.advance()
}

func (p *parser) limits(q *Query) error {
	for _, clause := range []struct {
		word string
		to   **int
	}{{"LIMIT", &q.MaxRows}, {"OFFSET", &q.Skip}} {
		found, err := p.accept(clause.word)
		if err != nil {
			return err
		}
		if found {
			if *clause.to, err = p.count(); err != nil {
				return err
			}
		}
	}
	return nil
}

// count reads a whole number.
func (p *parser) count() (*int, error) {
	text := p.tok.text
	if p.atPunct("?") && p.args != nil {
		v, err := p.args.one(p)
		if err != nil {
			return nil, err
		}
		text = v.Text
		if v.Kind != NumberLiteral {
			return nil, p.failAt(p.tok, "LIMIT and OFFSET take a whole number")
		}
	} else if p.tok.kind != tokNumber {
		return nil, p.unexpected()
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return nil, p.unexpected()
	}
	count := int(n)
	return &count, p.advance()
}

// forAndUpdate reads FOR VIEW, FOR REFERENCE, UPDATE TRACKING, VIEWSTAT and
// FOR UPDATE in whatever order they stand.
func (p *parser) forAndUpdate(q *Query) error {
	locked := false
	for {
		switch {
		case p.at("FOR"):
			if err := p.advance(); err != nil {
				return err
			}
			switch {
			case p.at("UPDATE"):
				if locked {
					return p.unexpected()
				}
				locked = true
			case (p.at("VIEW") || p.at("REFERENCE")) && len(q.For) < 2:
				q.For = append(q.For, strings.ToUpper(p.tok.text))
			default:
				return p.unexpected()
			}
			if err := p.advance(); err != nil {
				return err
			}
		case p.at("UPDATE") && q.Update == nil:
			if err := p.advance(); err != nil {
				return err
			}
			if err := p.list(func() error {
				if !p.at("TRACKING") && !p.at("VIEWSTAT") {
					return p.unexpected()
				}
				q.Update = append(q.Update, strings.ToUpper(p.tok.text))
				return p.advance()
			}); err != nil {
				return err
			}
		default:
			if locked {
				q.For = append(q.For, "UPDATE")
			}
			return nil
		}
	}
}
