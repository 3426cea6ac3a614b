package soql

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxLength is how many characters a statement may have (SOQL and SOSL
// Reference, "SOQL and SOSL limits"); Parse refuses longer ones.
const MaxLength = 100_000

// maxDepth bounds how deep parentheses, functions and sub-queries may nest in
// what Parse accepts, so that hostile text cannot exhaust the stack.
const maxDepth = 100

// SyntaxError tells where and why Parse refused a text.
type SyntaxError struct {
	// Row and Column count from 1, in characters.
	Row, Column int
	// Token is the offending text, "<EOF>" at the end of the statement.
	Token string
	// Message is worded as Salesforce words it where that is known.
	Message string
}

// Error implements error.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("soql: row %d, column %d: %s", e.Row, e.Column, e.Message)
}

// Report returns the message in the form of an org's answer to the text: the
// row cut around the error, a caret under it, the position, and the message.
func (e *SyntaxError) Report(text string) string {
	return Report(text, e.Row, e.Column, e.Message)
}

// Report words any complaint about a place in a text as an org does: the row
// cut around the place, a caret under it, the position, and the message. Row
// and column count from 1.
func Report(text string, row, column int, message string) string {
	const before, after = 32, 40
	lines := strings.Split(text, "\n")
	line := []rune(lines[min(max(row, 1), len(lines))-1])
	at := min(max(column, 1)-1, len(line))
	from, to := max(0, at-before), min(len(line), at+after)
	return fmt.Sprintf("\n%s\n%s^\nERROR at Row:%d:Column:%d\n%s",
		string(line[from:to]), strings.Repeat(" ", at-from), row, column, message)
}

// Position returns the row and column, from 1 and in characters, of a byte
// offset.
func Position(text string, offset int) (row, column int) {
	offset = min(max(offset, 0), len(text))
	row = 1 + strings.Count(text[:offset], "\n")
	return row, 1 + utf8.RuneCountInString(text[strings.LastIndexByte(text[:offset], '\n')+1:offset])
}
