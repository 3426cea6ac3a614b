package engine

import (
	"strings"

	"github.com/orglink/orglink/salesforce/soql"
)

// complain words an error about a place in the query: the first place where
// the token stands as a word outside quotes, after the given word if that is
// not empty.
func (c *compiler) complain(code, token, after, message string) *Error {
	from := 0
	if after != "" {
		if i := wordIndex(c.text, after, 0); i >= 0 {
			from = i + len(after)
		}
	}
	i := wordIndex(c.text, token, from)
	if i < 0 {
		i = max(wordIndex(c.text, token, 0), 0)
	}
	row, col := soql.Position(c.text, i)
	return &Error{Status: 400, Code: code, Message: soql.Report(c.text, row, col, message)}
}

// plain is an error without a place.
func plain(code, message string) *Error { return &Error{Status: 400, Code: code, Message: message} }

// wordIndex finds a word without regard to case, outside quotes, at or after
// an offset; -1 when it is not there.
func wordIndex(text, word string, from int) int {
	if word == "" {
		return -1
	}
	quoted := false
	for i := 0; i+len(word) <= len(text); i++ {
		switch {
		case text[i] == '\\' && quoted:
			i++
			continue
		case text[i] == '\'':
			quoted = !quoted
			continue
		}
		if quoted || i < from || !strings.EqualFold(text[i:i+len(word)], word) {
			continue
		}
		if (i == 0 || !wordByte(text[i-1])) && (i+len(word) == len(text) || !wordByte(text[i+len(word)])) {
			return i
		}
	}
	return -1
}

func wordByte(b byte) bool {
	return b == '_' || b == '.' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

const describeHint = "Please reference your WSDL or the describe call for the appropriate names."

func (c *compiler) noColumn(token, name, entity string) *Error {
	return c.complain("INVALID_FIELD", token, "", "No such column '"+name+"' on entity '"+entity+
		"'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. "+describeHint)
}

func (c *compiler) noRelationship(token, name string) *Error {
	return c.complain("INVALID_FIELD", token, "", "Didn't understand relationship '"+name+
		"' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. "+describeHint)
}

func (c *compiler) noObject(name string) *Error {
	return c.complain("INVALID_TYPE", name, "FROM", "sObject type '"+name+
		"' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. "+describeHint)
}

func malformed(message string) *Error { return plain("MALFORMED_QUERY", message) }
