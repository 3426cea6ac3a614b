package engine

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/orglink/orglink/salesforce/sobject"
)

// kind is how values of a field are compared and printed.
type kind uint8

const (
	kindText kind = iota
	kindID
	kindNumber
	kindBool
	kindDate
	kindDateTime
	kindTime
	kindCompound
)

func kindOf(t sobject.FieldType) kind {
	switch t {
	case sobject.TypeID, sobject.TypeReference:
		return kindID
	case sobject.TypeBoolean:
		return kindBool
	case sobject.TypeDate:
		return kindDate
	case sobject.TypeDateTime:
		return kindDateTime
	case sobject.TypeTime:
		return kindTime
	case sobject.TypeAddress, sobject.TypeLocation:
		return kindCompound
	}
	if t.Numeric() {
		return kindNumber
	}
	return kindText
}

// whole reports whether numbers of the type are printed without decimals.
func whole(t sobject.FieldType) bool { return t == sobject.TypeInt || t == sobject.TypeLong }

// quoted reports whether JSON puts quotes around values of the kind.
func (k kind) quoted() bool { return k != kindNumber && k != kindBool && k != kindCompound }

const stampLayout = "2006-01-02T15:04:05.000+0000"

func formatStamp(t time.Time) string { return t.UTC().Format(stampLayout) }

// parseStamp reads a stored date-time, or a stored date as its midnight.
func parseStamp(s string) time.Time {
	if len(s) == len("2006-01-02") {
		t, _ := time.Parse(time.DateOnly, s)
		return t
	}
	t, _ := time.Parse(stampLayout, s)
	return t
}

// parseNumber reads a stored number.
func parseNumber(s string) float64 {
	f, _ := strconv.ParseFloat(s, 64)
	return f
}

// formatNumber prints a number of a field type: ints without decimals,
// doubles with at least one, cut to scale (SOAP API guide: surplus decimals
// are dropped).
func formatNumber(f float64, t sobject.FieldType, scale int) string {
	if whole(t) {
		return strconv.FormatFloat(math.Trunc(f), 'f', 0, 64)
	}
	return canonicalDecimal(strconv.FormatFloat(f, 'f', -1, 64), scale)
}

// canonicalDecimal cuts plain decimal text to scale digits after the point
// (scale < 0: all) and leaves at least one.
func canonicalDecimal(s string, scale int) string {
	neg := strings.HasPrefix(s, "-")
	w, f, _ := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	if w = strings.TrimLeft(w, "0"); w == "" {
		w = "0"
	}
	if scale >= 0 && len(f) > scale {
		f = f[:scale]
	}
	if f = strings.TrimRight(f, "0"); f == "" {
		f = "0"
	}
	if neg && (w != "0" || f != "0") {
		w = "-" + w
	}
	return w + "." + f
}

// utf16Len is a text's length as Salesforce counts it.
func utf16Len(s string) int {
	if isASCII(s) {
		return len(s)
	}
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// fold is the form under which texts are compared without regard to case.
func fold(s string) string { return strings.ToLower(s) }

// foldCompare orders two texts without regard to case.
func foldCompare(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		x, y := a[i], b[i]
		if x >= 0x80 || y >= 0x80 {
			return strings.Compare(fold(a), fold(b))
		}
		if x >= 'A' && x <= 'Z' {
			x += 'a' - 'A'
		}
		if y >= 'A' && y <= 'Z' {
			y += 'a' - 'A'
		}
		if x != y {
			if x < y {
				return -1
			}
			return 1
		}
	}
	return len(a) - len(b)
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// makeID builds an id whose text order is the order of creation.
func makeID(prefix, infix string, seq int) sobject.ID {
	b := []byte(prefix + infix + "000000000")
	for i := len(b) - 1; seq > 0 && i >= 6; i-- {
		b[i] = base62[seq%62]
		seq /= 62
	}
	return sobject.MustID(string(b))
}

// seqOf is makeID's inverse for the nine last characters of a short id.
func seqOf(id string) int {
	n := 0
	for i := 6; i < 15; i++ {
		c := id[i]
		switch {
		case c >= '0' && c <= '9':
			n = n*62 + int(c-'0')
		case c >= 'A' && c <= 'Z':
			n = n*62 + int(c-'A') + 10
		case c >= 'a' && c <= 'z':
			n = n*62 + int(c-'a') + 36
		default:
			return 0
		}
	}
	return n
}
