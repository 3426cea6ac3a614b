package soql

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Quote returns s as a SOQL string, in single quotes, with everything escaped
// that needs to be ("Quoted String Escape Sequences"). Bytes that are not
// UTF-8 become U+FFFD.
func Quote(s string) string { return quote(s, false) }

// QuoteLike is Quote for the pattern of a LIKE: % and _ stay wildcards unless
// a backslash stands before them, as EscapeLike writes it.
func QuoteLike(pattern string) string { return quote(pattern, true) }

// EscapeLike takes the meaning from the wildcards in a text, so that it can be
// part of a LIKE pattern: String(EscapeLike(userText) + "%").
func EscapeLike(s string) string { return likeEscaper.Replace(s) }

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func quote(s string, like bool) string {
	var b strings.Builder
	b.Grow(len(s) + 8)
	b.WriteByte('\'')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			if like && i+1 < len(s) && strings.IndexByte(`\%_`, s[i+1]) >= 0 {
				i++
				b.WriteByte('\\')
				b.WriteByte(s[i])
				continue
			}
			b.WriteString(`\\`)
		case c == '\'':
			b.WriteString(`\'`)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '\b':
			b.WriteString(`\b`)
		case c == '\f':
			b.WriteString(`\f`)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, c)
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(s[i:])
			b.WriteRune(r)
			i += size - 1
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// unquote decodes what stands between quotes. In a LIKE pattern \\, \% and \_
// stay as they are, because they mean something there.
func unquote(raw string, like bool) (string, error) {
	if strings.IndexByte(raw, '\\') < 0 {
		return raw, nil
	}
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			b.WriteByte(raw[i])
			continue
		}
		if i++; i == len(raw) {
			return "", fmt.Errorf("a string ends in a lone backslash")
		}
		switch c := raw[i]; c {
		case 'n', 'N':
			b.WriteByte('\n')
		case 'r', 'R':
			b.WriteByte('\r')
		case 't', 'T':
			b.WriteByte('\t')
		case 'b', 'B':
			b.WriteByte('\b')
		case 'f', 'F':
			b.WriteByte('\f')
		case '"', '\'':
			b.WriteByte(c)
		case '\\', '%', '_':
			switch {
			case like:
				b.WriteByte('\\')
			case c != '\\':
				return "", fmt.Errorf(`\%c is allowed in LIKE only`, c)
			}
			b.WriteByte(c)
		case 'u':
			r, ok := hex4(raw[i+1:])
			if !ok {
				return "", fmt.Errorf(`\u needs four hexadecimal digits`)
			}
			i += 4
			if utf16.IsSurrogate(r) && strings.HasPrefix(raw[i+1:], `\u`) {
				if low, ok := hex4(raw[i+3:]); ok {
					if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
						r = pair
						i += 6
					}
				}
			}
			if like && r == '\\' { // a backslash spelled so is a character, never an escape
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		default:
			return "", fmt.Errorf(`\%s is no escape sequence`, firstRune(raw[i:]))
		}
	}
	return b.String(), nil
}

func hex4(s string) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(s[:4], 16, 16)
	return rune(n), err == nil
}

func firstRune(s string) string {
	r, _ := utf8.DecodeRuneInString(s)
	return string(r)
}
