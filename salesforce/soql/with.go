package soql

import (
	"slices"
	"strings"
)

// with reads the WITH clauses. They are kept as normalised text, because only
// special objects know most of them.
func (p *parser) with(q *Query) error {
	for p.at("WITH") {
		if err := p.advance(); err != nil {
			return err
		}
		text, err := p.withClause()
		if err != nil {
			return err
		}
		q.With = append(q.With, text)
	}
	return nil
}

func (p *parser) withClause() (string, error) {
	if p.at("DATA") && p.aheadIs("CATEGORY") {
		return p.dataCategory()
	}
	if p.tok.kind != tokIdent {
		return "", p.unexpected()
	}
	word := p.tok.text
	if upper := strings.ToUpper(word); upper == "SECURITY_ENFORCED" || upper == "USER_MODE" || upper == "SYSTEM_MODE" {
		return upper, p.advance()
	}
	name, err := p.path()
	if err != nil {
		return "", err
	}
	if p.tok.kind == tokOp { // WITH UserId = '005...'
		return p.withPair(name)
	}
	if !p.atPunct("(") { // WITH RecordVisibilityContext (maxDescriptorPerRecord = 100)
		return "", p.unexpected()
	}
	if err := p.advance(); err != nil {
		return "", err
	}
	var pairs []string
	if err := p.list(func() error {
		key, err := p.name()
		if err != nil {
			return err
		}
		pair, err := p.withPair(key)
		pairs = append(pairs, pair)
		return err
	}); err != nil {
		return "", err
	}
	return name + " (" + strings.Join(pairs, ", ") + ")", p.expectPunct(")")
}

func (p *parser) withPair(name string) (string, error) {
	if p.tok.kind != tokOp {
		return "", p.unexpected()
	}
	op := p.tok.text
	if err := p.advance(); err != nil {
		return "", err
	}
	v, err := p.value(false)
	if err != nil {
		return "", err
	}
	return name + " " + op + " " + v.literal(false), nil
}

var categorySelectors = []string{"AT", "ABOVE", "BELOW", "ABOVE_OR_BELOW"}

func (p *parser) dataCategory() (string, error) {
	if err := p.advance(); err != nil {
		return "", err
	}
	var terms []string
	for {
		if err := p.advance(); err != nil { // CATEGORY, then AND
			return "", err
		}
		group, err := p.name()
		if err != nil {
			return "", err
		}
		selector := strings.ToUpper(p.tok.text)
		if p.tok.kind != tokIdent || !slices.Contains(categorySelectors, selector) {
			return "", p.unexpected()
		}
		if err := p.advance(); err != nil {
			return "", err
		}
		names, err := p.categories()
		if err != nil {
			return "", err
		}
		terms = append(terms, group+" "+selector+" "+names)
		if !p.at("AND") {
			return "DATA CATEGORY " + strings.Join(terms, " AND "), nil
		}
	}
}

func (p *parser) categories() (string, error) {
	if !p.atPunct("(") {
		return p.name()
	}
	if err := p.advance(); err != nil {
		return "", err
	}
	var names []string
	if err := p.list(func() error {
		name, err := p.name()
		names = append(names, name)
		return err
	}); err != nil {
		return "", err
	}
	if err := p.expectPunct(")"); err != nil {
		return "", err
	}
	if len(names) == 1 {
		return names[0], nil
	}
	return "(" + strings.Join(names, ", ") + ")", nil
}
