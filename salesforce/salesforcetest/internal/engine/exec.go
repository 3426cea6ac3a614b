package engine

import "slices"

// keep returns the version of a record that the query sees, or nil.
func (p *plan) keep(r *record) *version {
	if r == nil {
		return nil
	}
	v := r.at(p.c.env.now)
	if v == nil || (v.deleted || p.archived(v)) && !p.c.opt.All || p.sees != nil && !p.sees(v) || p.filter != nil && !p.filter(v) {
		return nil
	}
	return v
}

// archived reports whether a row is hidden from queries that do not ask for
// all rows.
func (p *plan) archived(v *version) bool {
	return p.obj.archive != nil && p.c.env.read(v, p.obj.archive) == "true"
}

// run returns the rows in order, without those that LIMIT and OFFSET cut.
func (p *plan) run() []*version {
	if p.limit == 0 {
		return nil
	}
	s := p.source()
	natural, desc := p.natural()
	enough := -1
	if p.limit >= 0 {
		enough = p.limit + p.skip
	}
	var out []*version
	add := func(r *record) bool {
		if v := p.keep(r); v != nil {
			out = append(out, v)
		}
		return natural && len(out) == enough
	}
	switch {
	case s.useList:
		if desc {
			slices.Reverse(s.list)
		}
		for _, r := range s.list {
			if add(r) {
				break
			}
		}
	case s.useLog:
		out = p.scanLog(s, enough)
		natural = false
	case desc:
		for i := s.to - 1; i >= s.from; i-- {
			if add(p.obj.recs[i]) {
				break
			}
		}
	default:
		for _, r := range p.obj.recs[s.from:s.to] {
			if add(r) {
				break
			}
		}
	}
	if !natural {
		p.sort(out)
	}
	return p.cut(out)
}

// natural reports whether the order of ids is the wanted order.
func (p *plan) natural() (ok, desc bool) {
	if len(p.order) == 0 {
		return true, false
	}
	first := p.order[0].by.p
	return first != nil && first.direct() == p.obj.id && len(p.obj.far) == 0, p.order[0].desc
}

// scanLog reads a window of the stamp log. When the query is ordered by
// SystemModstamp it stops at the end of the second in which it has enough.
func (p *plan) scanLog(s source, enough int) []*version {
	var out []*version
	now := p.c.env.now
	pending := map[*record]bool{}
	if now != seeAll {
		for _, r := range p.obj.pending {
			pending[r] = true
		}
	}
	early := false
	if len(p.order) > 0 && !p.order[0].desc && len(pending) == 0 {
		first := p.order[0].by.p
		early = first != nil && first.direct() == p.obj.stamp
	}
	for i, v := range s.window {
		if early && enough >= 0 && len(out) >= enough && v.stamp != s.window[i-1].stamp {
			break
		}
		r := v.rec
		if pending[r] || r.cur != v || (v.deleted || p.archived(v)) && !p.c.opt.All || p.sees != nil && !p.sees(v) || p.filter != nil && !p.filter(v) {
			continue
		}
		out = append(out, v)
	}
	for r := range pending {
		if v := p.keep(r); v != nil {
			out = append(out, v)
		}
	}
	return out
}

func (p *plan) cut(rows []*version) []*version {
	if p.skip > 0 {
		rows = rows[min(p.skip, len(rows)):]
	}
	if p.limit >= 0 && len(rows) > p.limit {
		rows = rows[:p.limit:p.limit]
	}
	return rows
}

// sort orders rows by ORDER BY, then by id.
func (p *plan) sort(rows []*version) {
	type keyed struct {
		v    *version
		keys []string
	}
	all := make([]keyed, len(rows))
	flat := make([]string, len(rows)*len(p.order))
	for i, v := range rows {
		all[i] = keyed{v, flat[i*len(p.order) : (i+1)*len(p.order)]}
		for j := range p.order {
			all[i].keys[j] = p.order[j].by.value(v)
		}
	}
	slices.SortFunc(all, func(a, b keyed) int {
		for j := range p.order {
			if n := p.order[j].compare(a.keys[j], b.keys[j]); n != 0 {
				return n
			}
		}
		return bySeq(a.v.rec, b.v.rec)
	})
	for i := range all {
		rows[i] = all[i].v
	}
}

// compare orders two values as ORDER BY wants them. Nulls come first unless
// NULLS LAST is given, whatever the direction.
func (k *orderKey) compare(a, b string) int {
	return compareKeys(a, b, k.by.kind, k.by.exact, k.ranks, k.desc, k.last)
}

func compareKeys(a, b string, kd kind, exact bool, ranks map[string]int, desc, last bool) int {
	if a == "" || b == "" {
		n := 0
		switch {
		case a == b:
		case a == "":
			n = -1
		default:
			n = 1
		}
		if last {
			return -n
		}
		return n
	}
	n := 0
	if ranks != nil {
		n = rank(ranks, a) - rank(ranks, b)
	}
	if n == 0 {
		n = comparer(kd, exact)(a, b)
	}
	if desc {
		return -n
	}
	return n
}

// rank is a picklist value's place; unknown values follow the known.
func rank(ranks map[string]int, s string) int {
	if n, ok := ranks[fold(s)]; ok {
		return n
	}
	return len(ranks) + 1
}

// children runs a sub-query's plan for one parent.
func (p *plan) children(parent *version) []*version {
	if p.limit == 0 || p.through.index == nil {
		return nil
	}
	id := string(parent.rec.id)
	var out []*version
	for _, r := range p.obj.by(p.through, id, p.c.env.now) {
		if v := p.keep(r); v != nil && v.cell(p.through) == id {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b *version) int { return bySeq(a.rec, b.rec) })
	if len(p.order) > 0 {
		p.sort(out)
	}
	return p.cut(out)
}
