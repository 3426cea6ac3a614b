package engine

import (
	"sort"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// bound is a condition at the top level of a WHERE that an index can answer.
// The full filter is applied to what the index yields, so a bound may be
// wider than the condition, never narrower.
type bound struct {
	f      *field
	values []string // equal to one of these
	// or, for Id: from <= id < to as 15-character prefixes of the order; for
	// SystemModstamp: seconds.
	lo, hi     string // Id: exclusive when loOpen
	from, to   int64
	loOpen     bool
	hiOpen     bool
	isRange    bool
	isInterval bool
}

// bounds collects the conditions that an index can answer.
func (c *compiler) bounds(x soql.Expr) []bound {
	switch e := x.(type) {
	case soql.And:
		var out []bound
		for _, t := range e {
			out = append(out, c.bounds(t)...)
		}
		return out
	case soql.Comparison:
		f := c.indexed(e.Left)
		if f == nil {
			return nil
		}
		return c.compareBound(f, e)
	case soql.In:
		f := c.indexed(e.Left)
		if f == nil || e.Op != soql.OpIn || f == c.obj.stamp {
			return nil
		}
		b := bound{f: f}
		for _, v := range e.Values {
			s, ok := c.indexKey(f, v)
			if !ok {
				return nil
			}
			b.values = append(b.values, s)
		}
		return []bound{b}
	}
	return nil
}

// indexed returns the field of the queried object itself that an operand is,
// when some index knows it.
func (c *compiler) indexed(op soql.Operand) *field {
	written, ok := op.(soql.Path)
	if !ok {
		return nil
	}
	p, err := c.resolve(string(written))
	if err != nil {
		return nil
	}
	f := p.direct()
	if f == nil || f != c.obj.id && f != c.obj.stamp && f.index == nil {
		return nil
	}
	return f
}

// indexKey turns a literal into the value under which an index has it; false
// for what no index holds, such as null.
func (c *compiler) indexKey(f *field, v soql.Value) (string, bool) {
	if v.Kind == soql.NullLiteral || v.Kind == soql.RelativeDate || v.Text == "" {
		return "", false
	}
	s, err := literal(c, operand[*version]{kind: f.kind}, v)
	if err != nil {
		return "", false
	}
	if f.kind == kindNumber {
		s = formatNumber(parseNumber(s), f.Type, -1)
	}
	return s, true
}

func (c *compiler) compareBound(f *field, e soql.Comparison) []bound {
	if f == c.obj.stamp {
		return c.stampBound(f, e)
	}
	s, ok := c.indexKey(f, e.Value)
	if !ok {
		return nil
	}
	switch {
	case e.Op == soql.OpEq:
		return []bound{{f: f, values: []string{s}}}
	case f != c.obj.id:
		return nil
	}
	b := bound{f: f, isRange: true}
	switch e.Op {
	case soql.OpGt:
		b.lo, b.loOpen = s, true
	case soql.OpGe:
		b.lo = s
	case soql.OpLt:
		b.hi, b.hiOpen = s, true
	case soql.OpLe:
		b.hi = s
	default:
		return nil
	}
	return []bound{b}
}

const forever = int64(1) << 60

func (c *compiler) stampBound(f *field, e soql.Comparison) []bound {
	var from, to time.Time
	switch e.Value.Kind {
	case soql.DateTimeLiteral:
		t, err := sobject.ParseDateTime(e.Value.Text)
		if err != nil {
			return nil
		}
		from, to = t, t.Add(time.Second)
	case soql.RelativeDate:
		var ok bool
		if from, to, ok = span(e.Value, c.now().In(c.env.loc)); !ok {
			return nil
		}
	default:
		return nil
	}
	b := bound{f: f, isInterval: true, from: -forever, to: forever}
	switch e.Op {
	case soql.OpEq:
		b.from, b.to = from.Unix(), to.Unix()+1
	case soql.OpGt, soql.OpGe:
		b.from = from.Unix()
	case soql.OpLt, soql.OpLe:
		b.to = to.Unix() + 1
	default:
		return nil
	}
	return []bound{b}
}

// source is where a plan takes its candidates from: a list, a window of the
// stamp log, or a range of the table.
type source struct {
	list     []*record
	useList  bool
	window   []*version
	useLog   bool
	from, to int // of object.recs
}

// source chooses the index with the fewest candidates.
func (p *plan) source() source {
	o := p.obj
	s := source{to: len(o.recs)}
	if p.c.opt.Scan {
		return s
	}
	from, to, interval := -forever, forever, false
	best := -1
	var pick *bound
	for i := range p.bounds {
		b := &p.bounds[i]
		switch {
		case b.isRange:
			lo, hi := o.span(b)
			s.from, s.to = max(s.from, lo), min(s.to, hi)
		case b.isInterval:
			from, to, interval = max(from, b.from), min(to, b.to), true
		default:
			n := len(b.values)
			if b.f != o.id {
				n = 0
				for _, v := range b.values {
					n += b.f.index.size(v)
				}
			}
			if best < 0 || n < best {
				best, pick = n, b
			}
		}
	}
	s.to = max(s.to, s.from)
	rows := s.to - s.from
	if interval {
		if w := o.log.window(from, to); len(w) < rows {
			s.window, s.useLog, rows = w, true, len(w)
		}
	}
	if pick != nil && best <= rows {
		s.list, s.useList, s.useLog = p.pick(pick), true, false
	}
	return s
}

// pick returns the records that a bound names, in the order of their ids.
func (p *plan) pick(b *bound) []*record {
	var out []*record
	for _, v := range b.values {
		if b.f == p.obj.id {
			if r := p.obj.org.find(v); r != nil && r.obj == p.obj {
				out = append(out, r)
			}
			continue
		}
		out = append(out, b.f.index.get(v)...)
	}
	return union(out, p.pendingFor(b))
}

func (p *plan) pendingFor(b *bound) []*record {
	if b.f == p.obj.id || p.c.env.now == seeAll {
		return nil
	}
	return p.obj.pending
}

// union returns the records of both lists in the order of their ids.
func union(a, b []*record) []*record {
	out := make([]*record, 0, len(a)+len(b))
	out = append(append(out, a...), b...)
	sort.Slice(out, func(i, j int) bool { return out[i].seq < out[j].seq })
	n := 0
	for i, r := range out {
		if i == 0 || r != out[i-1] {
			out[n] = r
			n++
		}
	}
	return out[:n]
}

// span returns the part of the table that an id range covers.
func (o *object) span(b *bound) (from, to int) {
	to = len(o.recs)
	if len(o.far) > 0 { // ids do not grow with the numbers
		return 0, to
	}
	idAt := func(i int) string { return string(makeID(o.def.KeyPrefix, o.org.cfg.Infix, i+1)) }
	if b.lo != "" {
		from = sort.Search(len(o.recs), func(i int) bool {
			n := strings.Compare(idAt(i), b.lo)
			return n > 0 || n == 0 && !b.loOpen
		})
	}
	if b.hi != "" {
		to = sort.Search(len(o.recs), func(i int) bool {
			n := strings.Compare(idAt(i), b.hi)
			return n > 0 || n == 0 && b.hiOpen
		})
	}
	return from, to
}
