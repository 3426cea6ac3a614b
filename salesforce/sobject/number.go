package sobject

import (
	"strconv"
	"strings"
)

// validNumber reports whether s is a JSON number.
func validNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole := countDigits(s)
	if whole == 0 || whole > 1 && s[0] == '0' {
		return false
	}
	if s = s[whole:]; s != "" && s[0] == '.' {
		n := countDigits(s[1:])
		if n == 0 {
			return false
		}
		s = s[1+n:]
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		if s = s[1:]; s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		n := countDigits(s)
		return n > 0 && n == len(s)
	}
	return s == ""
}

func countDigits(s string) int {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return i
		}
	}
	return len(s)
}

// canonicalNumber writes a JSON number without exponent, leading plus,
// trailing zeros or negative zero, so that equal numbers have equal text. An
// exponent beyond 400 is left as it is.
func canonicalNumber(s string) string {
	neg := strings.HasPrefix(s, "-")
	body := strings.TrimPrefix(s, "-")
	exp := 0
	if i := strings.IndexAny(body, "eE"); i >= 0 {
		n, err := strconv.Atoi(body[i+1:])
		if err != nil || n > 400 || n < -400 {
			return s
		}
		exp, body = n, body[:i]
	}
	whole, frac, _ := strings.Cut(body, ".")
	digits, point := whole+frac, len(whole)+exp
	if point < 0 {
		digits, point = strings.Repeat("0", -point)+digits, 0
	}
	if point > len(digits) {
		digits += strings.Repeat("0", point-len(digits))
	}
	whole, frac = strings.TrimLeft(digits[:point], "0"), strings.TrimRight(digits[point:], "0")
	if whole == "" {
		whole = "0"
	}
	out := whole
	if frac != "" {
		out += "." + frac
	}
	if neg && out != "0" {
		return "-" + out
	}
	return out
}
