package engine

import (
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/soql"
)

// group is one group and what was accumulated of its rows.
type group struct {
	keys []string
	mask int // which keys CUBE or ROLLUP summed over
	accs []accumulator
}

type accumulator struct {
	n        int
	sum      float64
	min, max string
	seen     map[string]struct{}
}

// add accumulates one row.
func (g *group) add(a *aggregation, v *version) {
	for i := range a.funcs {
		f, acc := &a.funcs[i], &g.accs[i]
		if f.all {
			acc.n++
			continue
		}
		s := f.arg.value(v)
		if s == "" {
			continue
		}
		acc.n++
		switch f.name {
		case "SUM", "AVG":
			acc.sum += parseNumber(s)
		case "COUNT_DISTINCT":
			if acc.seen == nil {
				acc.seen = map[string]struct{}{}
			}
			if !f.arg.exact && f.arg.kind == kindText {
				s = fold(s)
			}
			acc.seen[s] = struct{}{}
		case "MIN", "MAX":
			cmp := comparer(f.arg.kind, f.arg.exact)
			if acc.n == 1 || cmp(s, acc.min) < 0 {
				acc.min = s
			}
			if acc.n == 1 || cmp(s, acc.max) > 0 {
				acc.max = s
			}
		}
	}
}

// masks returns the sets of keys to sum over: none, each tail for ROLLUP, each
// subset for CUBE.
func (a *aggregation) masks() []int {
	n := len(a.keys)
	switch a.grouper {
	case soql.GroupRollup:
		out := []int{0}
		mask := 0
		for i := n - 1; i >= 0; i-- {
			mask |= 1 << i
			out = append(out, mask)
		}
		return out
	case soql.GroupCube:
		out := make([]int, 1<<n)
		for i := range out {
			out[i] = i
		}
		return out
	}
	return []int{0}
}

// groups runs an aggregation over rows.
func (a *aggregation) groups(rows []*version, limit, skip int) []*group {
	byKey := map[string]*group{}
	var out []*group
	if len(a.keys) == 0 {
		g := &group{accs: make([]accumulator, len(a.funcs))}
		byKey["\x000"] = g
		out = append(out, g)
	}
	masks := a.masks()
	values, parts := make([]string, len(a.keys)), make([]string, len(a.keys)+1)
	for _, v := range rows {
		for i := range a.keys {
			values[i] = a.keys[i].value(v)
		}
		for _, mask := range masks {
			for i, s := range values {
				switch {
				case mask>>i&1 == 1:
					s = ""
				case a.keys[i].kind == kindText && !a.keys[i].exact:
					s = fold(s)
				}
				parts[i] = s
			}
			parts[len(parts)-1] = itoa(mask)
			key := strings.Join(parts, "\x00")
			if len(a.keys) == 0 {
				key = "\x000"
			}
			g := byKey[key]
			if g == nil {
				g = &group{keys: slices.Clone(values), mask: mask, accs: make([]accumulator, len(a.funcs))}
				for i := range g.keys {
					if mask>>i&1 == 1 {
						g.keys[i] = ""
					}
				}
				byKey[key] = g
				out = append(out, g)
			}
			g.add(a, v)
		}
	}
	if a.having != nil {
		out = slices.DeleteFunc(out, func(g *group) bool { return !a.having(g) })
	}
	a.sort(out)
	if skip > 0 {
		out = out[min(skip, len(out)):]
	}
	if limit >= 0 && len(out) > limit {
		out = out[:limit]
	}
	return out
}

// sort orders groups by ORDER BY, then by their keys, totals last.
func (a *aggregation) sort(out []*group) {
	slices.SortStableFunc(out, func(x, y *group) int {
		for _, k := range a.order {
			if n := compareKeys(k.value(x), k.value(y), k.kind, false, k.ranks, k.desc, k.last); n != 0 {
				return n
			}
		}
		for i, k := range a.keys {
			if n := x.mask>>i&1 - y.mask>>i&1; n != 0 {
				return n
			}
			if n := compareKeys(x.keys[i], y.keys[i], k.kind, k.exact, nil, false, false); n != 0 {
				return n
			}
		}
		return 0
	})
}
