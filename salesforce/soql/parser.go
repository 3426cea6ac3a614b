package soql

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Parse reads one SELECT statement. Keywords are taken in any case; object,
// field and function names keep theirs. AND beside OR, and NOT beside either,
// need parentheses, as in an org. Parentheses without meaning are dropped, so
// that printing what was parsed is the shortest equal text, and parsing that
// gives an equal tree. The error is a *SyntaxError.
//
// What only an org can know is not checked: whether names exist, whether a
// function may stand where it does, how many rows LIMIT allows.
func Parse(text string) (*Query, error) { return parse(text, nil) }

func parse(text string, args *binder) (*Query, error) {
	if len(text) > MaxLength && utf8.RuneCountInString(text) > MaxLength {
		return nil, &SyntaxError{Row: 1, Column: 1, Message: "SOQL statements can not be longer than 100,000 characters."}
	}
	p := &parser{lex: lexer{text: text}, args: args}
	_ = p.advance() // fills the look-ahead; its error comes with the next
	if err := p.advance(); err != nil {
		return nil, err
	}
	q, err := p.query(false)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokEOF {
		return nil, p.unexpected()
	}
	return q, nil
}

// parser holds the current token and the one after it.
type parser struct {
	lex      lexer
	tok      token
	ahead    token
	aheadErr error
	depth    int
	args     *binder
}

// advance moves one token on. An error in the token after next waits until
// that one is reached, so that the leftmost error is reported.
func (p *parser) advance() error {
	if p.aheadErr != nil {
		return p.aheadErr
	}
	p.tok = p.ahead
	p.ahead, p.aheadErr = p.lex.next()
	return nil
}

func (p *parser) unexpected() error { return p.lex.unexpected(p.tok) }

func (p *parser) failAt(t token, message string) error { return p.lex.fail(t.pos, t.text, message) }

// down enters a nested construct; the caller defers up.
func (p *parser) down() error {
	if p.depth++; p.depth > maxDepth {
		return p.failAt(p.tok, "the statement nests deeper than "+strconv.Itoa(maxDepth)+" levels")
	}
	return nil
}

func (p *parser) up() { p.depth-- }

// at reports whether the current token is the given keyword.
func (p *parser) at(word string) bool {
	return p.tok.kind == tokIdent && strings.EqualFold(p.tok.text, word)
}

func (p *parser) aheadIs(word string) bool {
	return p.aheadErr == nil && p.ahead.kind == tokIdent && strings.EqualFold(p.ahead.text, word)
}

func (p *parser) atPunct(c string) bool { return p.tok.kind == tokPunct && p.tok.text == c }

// accept takes the keyword if it is there.
func (p *parser) accept(word string) (bool, error) {
	if !p.at(word) {
		return false, nil
	}
	return true, p.advance()
}

func (p *parser) acceptPunct(c string) (bool, error) {
	if !p.atPunct(c) {
		return false, nil
	}
	return true, p.advance()
}

func (p *parser) expect(word string) error {
	if !p.at(word) {
		return p.unexpected()
	}
	return p.advance()
}

func (p *parser) expectPunct(c string) error {
	if !p.atPunct(c) {
		if c == ")" {
			return p.failAt(p.tok, "expecting a right parentheses, found '"+clip(p.tok.text)+"'")
		}
		return p.unexpected()
	}
	return p.advance()
}

// path reads a field path.
func (p *parser) path() (string, error) {
	if p.tok.kind != tokIdent || !isPath(p.tok.text) || reserved[strings.ToUpper(p.tok.text)] {
		return "", p.unexpected()
	}
	text := p.tok.text
	return text, p.advance()
}

// name reads a single word that is no reserved one.
func (p *parser) name() (string, error) {
	if strings.Contains(p.tok.text, ".") {
		return "", p.unexpected()
	}
	return p.path()
}

// alias reads an alias if one follows.
func (p *parser) alias() (string, error) {
	if p.tok.kind != tokIdent || !isName(p.tok.text) {
		return "", nil
	}
	if upper := strings.ToUpper(p.tok.text); reserved[upper] || clauseWords[upper] {
		return "", nil
	}
	text := p.tok.text
	return text, p.advance()
}

// list reads one or more items between commas.
func (p *parser) list(item func() error) error {
	for {
		if err := item(); err != nil {
			return err
		}
		if more, err := p.acceptPunct(","); err != nil || !more {
			return err
		}
	}
}
