package mapping

import (
	"fmt"
	"strings"
)

// Problem is something that is wrong with a selection, a map or a row, worded
// for the person who can mend it.
type Problem struct {
	Object string `json:"object"`
	// Field is "" when the object as a whole is meant.
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
	// Remedy says what to do about it.
	Remedy string `json:"remedy,omitempty"`
	// Note is true when nothing has to be done: the rest works without it.
	Note bool `json:"note,omitempty"`
}

// Error implements error.
func (p Problem) Error() string {
	where := p.Object
	if p.Field != "" {
		where += "." + p.Field
	}
	s := fmt.Sprintf("mapping: %s: %s", where, p.Reason)
	if p.Remedy != "" {
		s += ": " + p.Remedy
	}
	return s
}

// Problems are several of them as one error.
type Problems []Problem

// Error implements error.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Blocking returns the problems that are no notes.
func Blocking(problems []Problem) []Problem {
	var out []Problem
	for _, p := range problems {
		if !p.Note {
			out = append(out, p)
		}
	}
	return out
}

// An org answers alike for what does not exist and for what the connected user
// may not see, so that both causes are always named.

func unknownObject(object string) Problem {
	return Problem{Object: object, Reason: "the object does not exist, or the connected Salesforce user may not see it",
		Remedy: "check the API name (custom objects end in __c), or have a Salesforce admin grant Read on " + object + " by a permission set or profile"}
}

func unknownField(object, field string) Problem {
	return Problem{Object: object, Field: field, Reason: "the field does not exist, or field-level security hides it from the connected Salesforce user",
		Remedy: "check the API name (custom fields end in __c), or have a Salesforce admin grant Read on " + object + "." + field + " by a permission set or profile"}
}
