package engine

// pattern is a compiled LIKE pattern: the literal runs between the %, where
// each element is a rune or any (for _).
type pattern struct {
	runs  [][]rune
	exact bool
}

const anyRune = rune(-1)

func newPattern(text string, exact bool) *pattern {
	if !exact {
		text = fold(text)
	}
	p := &pattern{exact: exact, runs: [][]rune{nil}}
	rs := []rune(text)
	for i := 0; i < len(rs); i++ {
		last := len(p.runs) - 1
		switch {
		case rs[i] == '\\' && i+1 < len(rs):
			i++
			p.runs[last] = append(p.runs[last], rs[i])
		case rs[i] == '%':
			p.runs = append(p.runs, nil)
		case rs[i] == '_':
			p.runs[last] = append(p.runs[last], anyRune)
		default:
			p.runs[last] = append(p.runs[last], rs[i])
		}
	}
	return p
}

func (p *pattern) matches(s string) bool {
	if !p.exact {
		s = fold(s)
	}
	text := []rune(s)
	first, last := p.runs[0], p.runs[len(p.runs)-1]
	if len(text) < len(first) || !at(text, first) {
		return false
	}
	if len(p.runs) == 1 {
		return len(text) == len(first)
	}
	text = text[len(first):]
	for _, run := range p.runs[1 : len(p.runs)-1] {
		i := 0
		for ; i+len(run) <= len(text) && !at(text[i:], run); i++ {
		}
		if i+len(run) > len(text) {
			return false
		}
		text = text[i+len(run):]
	}
	return len(text) >= len(last) && at(text[len(text)-len(last):], last)
}

// at reports whether a run stands at the beginning of a text.
func at(text, run []rune) bool {
	for i, r := range run {
		if r != anyRune && r != text[i] {
			return false
		}
	}
	return true
}
