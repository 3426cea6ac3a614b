package soql

import (
	"strings"
	"unicode/utf8"

	"github.com/orglink/orglink/salesforce/sobject"
)

type tokenKind uint8

const (
	tokEOF    tokenKind = iota
	tokIdent            // a word or a dotted path
	tokString           // text is what stands between the quotes, undecoded
	tokNumber
	tokDate
	tokDateTime
	tokTime
	tokOp    // = != < <= > >=
	tokPunct // ( ) , : ?
)

type token struct {
	kind tokenKind
	text string
	pos  int // byte offset
}

// lexer cuts a text into tokens, one ahead of the parser.
type lexer struct {
	text string
	at   int
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isWord(c byte) bool   { return isLetter(c) || isDigit(c) || c == '_' }

// peek returns the byte at a distance from the current one, or 0.
func (l *lexer) peek(n int) byte {
	if l.at+n < len(l.text) {
		return l.text[l.at+n]
	}
	return 0
}

func (l *lexer) next() (token, error) {
	for l.at < len(l.text) && strings.IndexByte(" \t\r\n\f", l.text[l.at]) >= 0 {
		l.at++
	}
	start := l.at
	if start == len(l.text) {
		return token{tokEOF, "<EOF>", start}, nil
	}
	c := l.text[start]
	switch {
	case isLetter(c):
		return l.word(), nil
	case isDigit(c), (c == '-' || c == '+') && (isDigit(l.peek(1)) || l.peek(1) == '.'), c == '.' && isDigit(l.peek(1)):
		return l.number()
	case c == '\'':
		return l.quoted()
	}
	switch c {
	case '(', ')', ',', ':', '?':
		l.at++
		return token{tokPunct, l.text[start:l.at], start}, nil
	case '=':
		l.at++
		return token{tokOp, "=", start}, nil
	case '<', '>':
		l.at++
		if c == '<' && l.peek(0) == '>' { // an undocumented spelling of !=
			l.at++
			return token{tokOp, "!=", start}, nil
		}
		if l.peek(0) == '=' {
			l.at++
		}
		return token{tokOp, l.text[start:l.at], start}, nil
	case '!':
		if l.peek(1) == '=' {
			l.at += 2
			return token{tokOp, "!=", start}, nil
		}
	}
	r, _ := utf8.DecodeRuneInString(l.text[start:])
	return token{}, l.fail(start, string(r), "no viable alternative at character '"+string(r)+"'")
}

// word reads an identifier or a dotted path, or a currency literal such as
// USD10.50, whose dot is followed by a digit.
func (l *lexer) word() token {
	start := l.at
	for isWord(l.peek(0)) || l.peek(0) == '.' && isLetter(l.peek(1)) {
		l.at++
	}
	if isCurrency(l.text[start:l.at]) && l.peek(0) == '.' && isDigit(l.peek(1)) {
		l.at++
		for isDigit(l.peek(0)) {
			l.at++
		}
	}
	return token{tokIdent, l.text[start:l.at], start}
}

// number reads a number, a date, a date-time or a time.
func (l *lexer) number() (token, error) {
	start := l.at
	rest := l.text[start:]
	if shape(rest, "0000-00-00") {
		l.at += 10
		if c := l.peek(0); c != 'T' && c != 't' {
			return l.checked(tokDate, start)
		}
		for c := l.peek(0); isLetter(c) || isDigit(c) || c != 0 && strings.IndexByte(":.+-", c) >= 0; c = l.peek(0) {
			l.at++
		}
		return l.checked(tokDateTime, start)
	}
	if shape(rest, "00:00:00") {
		for c := l.peek(0); isDigit(c) || c == ':' || c == '.' || c == 'Z'; c = l.peek(0) {
			l.at++
		}
		return l.checked(tokTime, start)
	}
	if c := l.peek(0); c == '-' || c == '+' {
		l.at++
	}
	l.digits()
	if l.peek(0) == '.' {
		l.at++
		l.digits()
	}
	if c := l.peek(0); c == 'e' || c == 'E' {
		l.at++
		if c := l.peek(0); c == '-' || c == '+' {
			l.at++
		}
		l.digits()
	}
	if isWord(l.peek(0)) || l.peek(0) == '.' { // 12abc, 1.2.3
		for isWord(l.peek(0)) || l.peek(0) == '.' {
			l.at++
		}
	}
	return l.checked(tokNumber, start)
}

func (l *lexer) digits() {
	for isDigit(l.peek(0)) {
		l.at++
	}
}

// checked returns the token from start to here if its text is a value.
func (l *lexer) checked(kind tokenKind, start int) (token, error) {
	text := l.text[start:l.at]
	ok := true
	switch kind {
	case tokDate:
		_, err := sobject.ParseDate(text)
		ok = err == nil
	case tokDateTime:
		text = strings.ToUpper(text)
		_, err := sobject.ParseDateTime(text)
		ok = err == nil
	case tokTime:
		ok = validTime(text)
	case tokNumber:
		text, ok = plainNumber(text)
	}
	if !ok {
		return token{}, l.unexpected(token{kind, l.text[start:l.at], start})
	}
	return token{kind, text, start}, nil
}

// quoted reads a string and checks its characters; escapes are decoded by the
// parser, which knows whether the text is a pattern. A raw tab has one meaning
// and is printed as \t.
func (l *lexer) quoted() (token, error) {
	start := l.at
	for l.at++; l.at < len(l.text); l.at++ {
		switch c := l.text[l.at]; {
		case c == '\'':
			l.at++
			return token{tokString, l.text[start+1 : l.at-1], start}, nil
		case c == '\\':
			l.at++
		case c < ' ' && c != '\t':
			return token{}, l.fail(l.at, l.text[l.at:l.at+1], "control character in a string; write \\n, \\r, \\b, \\f or \\u0000")
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(l.text[l.at:])
			if r == utf8.RuneError && size == 1 {
				return token{}, l.fail(l.at, "", "the string is not UTF-8")
			}
			l.at += size - 1
		}
	}
	return token{}, l.fail(start, "'", "unexpected token: '''; the string is not closed")
}

func (l *lexer) unexpected(t token) error {
	return l.fail(t.pos, t.text, "unexpected token: '"+clip(t.text)+"'")
}

func (l *lexer) fail(pos int, tok, message string) error {
	row, column := Position(l.text, pos)
	return &SyntaxError{Row: row, Column: column, Token: clip(tok), Message: message}
}

// clip keeps hostile input out of messages.
func clip(s string) string {
	if len(s) <= 60 {
		return s
	}
	cut := 57
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}
