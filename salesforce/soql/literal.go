package soql

import (
	"strings"
	"time"
)

// shape reports whether s begins like the pattern, in which 0 stands for any
// digit.
func shape(s, pattern string) bool {
	if len(s) < len(pattern) {
		return false
	}
	for i := range len(pattern) {
		if pattern[i] == '0' && !isDigit(s[i]) || pattern[i] != '0' && s[i] != pattern[i] {
			return false
		}
	}
	return true
}

func validTime(s string) bool {
	for _, layout := range []string{"15:04:05Z", "15:04:05"} {
		if _, err := time.Parse(layout, s); err == nil {
			return true
		}
	}
	return false
}

// plainNumber checks a number and returns it without a plus and with a digit
// before its point, so that it is also a JSON number apart from leading zeros.
func plainNumber(s string) (string, bool) {
	s = strings.TrimPrefix(s, "+")
	body, neg := strings.CutPrefix(s, "-")
	mantissa, exp, hasExp := cutExponent(body)
	whole, frac, hasFrac := strings.Cut(mantissa, ".")
	if whole == "" && hasFrac {
		whole = "0"
	}
	if !allDigits(whole) || hasFrac && !allDigits(frac) {
		return "", false
	}
	if e := strings.TrimLeft(exp, "+-"); hasExp && (!allDigits(e) || len(exp)-len(e) > 1) {
		return "", false
	}
	out := strings.TrimLeft(whole, "0")
	if out == "" {
		out = "0"
	}
	if hasFrac {
		out += "." + frac
	}
	if hasExp {
		out += "e" + exp
	}
	if neg {
		out = "-" + out
	}
	return out, true
}

func cutExponent(s string) (mantissa, exp string, found bool) {
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// isCurrency reports whether s is a currency code and a number: USD5000.
func isCurrency(s string) bool {
	if len(s) < 4 || !isLetter(s[0]) || !isLetter(s[1]) || !isLetter(s[2]) {
		return false
	}
	whole, frac, dotted := strings.Cut(s[3:], ".")
	return allDigits(whole) && (!dotted || allDigits(frac))
}

// isName reports whether s is an API name or alias.
func isName(s string) bool {
	if s == "" || !isLetter(s[0]) {
		return false
	}
	for i := range len(s) {
		if !isWord(s[i]) {
			return false
		}
	}
	return true
}

// isPath reports whether s is a dotted path of names.
func isPath(s string) bool {
	for name := range strings.SplitSeq(s, ".") {
		if !isName(name) {
			return false
		}
	}
	return true
}

// reserved are the words that may not be names ("Alias Notation"). An object
// may be called Group, so its place allows that.
var reserved = wordSet("AND ASC DESC EXCLUDES FIRST FROM GROUP HAVING IN INCLUDES LAST LIKE LIMIT NOT NULL NULLS OR SELECT USING WHERE WITH")

// clauseWords begin what may follow a name, and so are no aliases.
var clauseWords = wordSet("FOR OFFSET ORDER UPDATE")

// The words of "Date Formats and Date Literals".
var (
	relativeWords = wordSet("YESTERDAY TODAY TOMORROW LAST_90_DAYS NEXT_90_DAYS" +
		units("LAST_%", "THIS_%", "NEXT_%", "WEEK MONTH QUARTER YEAR FISCAL_QUARTER FISCAL_YEAR"))
	countedWords = wordSet(units("LAST_N_%S", "NEXT_N_%S", "N_%S_AGO", "DAY WEEK MONTH QUARTER YEAR FISCAL_QUARTER FISCAL_YEAR"))
)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// units writes each of three forms with each of the units in place of %.
func units(a, b, c, names string) string {
	var out strings.Builder
	for _, u := range strings.Fields(names) {
		for _, form := range []string{a, b, c} {
			out.WriteString(" " + strings.ReplaceAll(form, "%", u))
		}
	}
	return out.String()
}
