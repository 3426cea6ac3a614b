package sobject

import (
	"encoding/json"
	"strconv"
	"strings"
)

// validNumber reports whether s is a JSON number.
func validNumber(s string) bool {
	if s == "" || s[0] != '-' && (s[0] < '0' || s[0] > '9') {
		return false
	}
	if last := s[len(s)-1]; last < '0' || last > '9' {
		return false
	}
	return json.Valid([]byte(s))
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
