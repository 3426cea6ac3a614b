package engine

import (
	"sort"
	"strings"

	"github.com/orglink/orglink/salesforce/soql"
)

// inList compiles IN, NOT IN, INCLUDES and EXCLUDES.
func inList[T any](c *compiler, left operand[T], e soql.In) (test[T], *Error) {
	if err := filterable(c, left); err != nil {
		return nil, err
	}
	if e.Op == soql.OpIncludes || e.Op == soql.OpExcludes {
		return includes(c, left, e)
	}
	for _, v := range e.Values {
		if v.Kind == soql.BindLiteral {
			return nil, malformed("Bind variables only allowed in Apex code")
		}
	}
	set := make(map[string]struct{}, len(e.Values))
	key := func(s string) string { return s }
	switch {
	case left.kind == kindNumber:
		key = func(s string) string { return canonicalDecimal(s, -1) }
	case left.kind == kindText && !left.exact:
		key = fold
	}
	var spans []test[T]
	null := false
	for _, lit := range e.Values {
		switch lit.Kind {
		case soql.NullLiteral:
			null = true
			continue
		case soql.RelativeDate:
			t, err := compareSpan(c, left, soql.OpEq, lit)
			if err != nil {
				return nil, err
			}
			spans = append(spans, t)
			continue
		}
		s, err := literal(c, left, lit)
		if err != nil {
			return nil, err
		}
		if s == "" {
			null = true
			continue
		}
		set[key(s)] = struct{}{}
	}
	get, want := left.value, e.Op == soql.OpIn
	return func(v T) bool {
		s := get(v)
		if s == "" {
			return null == want
		}
		if _, ok := set[key(s)]; ok {
			return want
		}
		for _, t := range spans {
			if t(v) {
				return want
			}
		}
		return !want
	}, nil
}

// includes compiles the operators of multi-select picklists.
func includes[T any](c *compiler, left operand[T], e soql.In) (test[T], *Error) {
	if !left.multi {
		return nil, c.complain("INVALID_QUERY_FILTER_OPERATOR", left.token, "WHERE", "invalid operator on "+operatorKind(left.kind)+" field")
	}
	var groups [][]string
	for _, lit := range e.Values {
		if lit.Kind != soql.StringLiteral {
			return nil, c.wrongType(left.token, left.name, left.kind, left.typ)
		}
		groups = append(groups, strings.Split(fold(lit.Text), ";"))
	}
	want := e.Op == soql.OpIncludes
	return func(v T) bool {
		s := left.value(v)
		if s == "" {
			return !want
		}
		have := ";" + fold(s) + ";"
		for _, group := range groups {
			all := true
			for _, one := range group {
				all = all && strings.Contains(have, ";"+one+";")
			}
			if all {
				return want
			}
		}
		return !want
	}, nil
}

func sortedPicks(s string) string {
	if !strings.Contains(s, ";") {
		return s
	}
	parts := strings.Split(s, ";")
	sort.Strings(parts)
	return strings.Join(parts, ";")
}
