package engine

import "strings"

// rollup computes a roll-up summary field from its children. It is worked out
// at every read, so it never moves the parent's SystemModstamp, as Salesforce
// does not either.
func (f *field) rollup(r Row) string {
	ru := f.Rollup
	count, sum := 0, 0.0
	best := ""
	child := r.obj.org.object(ru.Child)
	if child == nil {
		return ""
	}
	of := child.field(ru.Of)
	r.Children(ru.Child, ru.Field, func(c Row) bool {
		if ru.Where != nil && !ru.Where(c) {
			return true
		}
		if of == nil {
			count++
			return true
		}
		s := c.env.read(c.v, of)
		if s == "" {
			return true
		}
		count++
		sum += parseNumber(s)
		order := strings.Compare(s, best)
		if of.kind == kindNumber {
			order = compareNumbers(s, best)
		}
		if best == "" || strings.EqualFold(ru.Func, "MIN") && order < 0 || strings.EqualFold(ru.Func, "MAX") && order > 0 {
			best = s
		}
		return true
	})
	switch strings.ToUpper(ru.Func) {
	case "COUNT":
		return formatNumber(float64(count), f.Type, 0)
	case "SUM":
		return formatNumber(sum, f.Type, -1)
	default:
		return best
	}
}

// compareNumbers orders two stored numbers.
func compareNumbers(a, b string) int {
	x, y := parseNumber(a), parseNumber(b)
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}
