package engine

import (
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Result is what a query found, frozen at its moment: rows that change later
// keep the values they had, so paging over it is stable. Parents, children and
// computed fields are read when a row is written.
type Result struct {
	plan   *plan
	rows   []*version
	groups []*group
	total  int
	own    bool // made inside a transaction, which holds the lock
}

// TotalSize is the number of rows, or COUNT()'s number.
func (r *Result) TotalSize() int { return r.total }

// Len is how many rows can be written; 0 for COUNT().
func (r *Result) Len() int { return len(r.rows) + len(r.groups) }

// Aggregate reports whether rows are AggregateResults.
func (r *Result) Aggregate() bool { return r.plan.agg != nil }

// Indexes returns the fields of the filter that an index answers.
func (r *Result) Indexes() []string {
	var out []string
	for _, b := range r.plan.bounds {
		if b.f != nil && !slices.Contains(out, b.f.Name) {
			out = append(out, b.f.Name)
		}
	}
	return out
}

// For returns what follows FOR: VIEW, REFERENCE or UPDATE.
func (r *Result) For() []string { return r.plan.c.q.For }

// NoQueryMore reports whether the object yields one page and no more.
func (r *Result) NoQueryMore() bool { return r.plan.obj.def.NoQueryMore }

// Object returns the queried object's name.
func (r *Result) Object() string { return r.plan.obj.def.Name }

// PageLimit is the largest page that Salesforce gives for the query: 2000
// rows, or 1000 where long text is selected.
func (r *Result) PageLimit() int {
	if n := r.plan.obj.def.Page; n > 0 {
		return n
	}
	if r.plan.sel != nil {
		for _, c := range r.plan.sel.columns {
			if c.long {
				return 1000
			}
		}
	}
	return 2000
}

// IDs returns the ids of rows from to to-1.
func (r *Result) IDs(from, to int) []sobject.ID {
	out := make([]sobject.ID, 0, to-from)
	for _, v := range r.rows[from:to] {
		out = append(out, v.rec.id)
	}
	return out
}

// JSONOptions tell how rows are written.
type JSONOptions struct {
	// Base is put before /sobjects in attributes.url: "/services/data/v66.0".
	Base string
	// Batch is how many rows of a child set are written at most; 0: all.
	Batch int
	// Children returns the nextRecordsUrl of a child set that is larger than
	// Batch; child can be paged over like any Result, and sent rows of it were
	// written. It must not call the Org.
	Children func(child *Result, sent int) string
}

func (r *Result) lock() func() {
	if r.own {
		return func() {}
	}
	mu := &r.plan.c.org.mu
	mu.RLock()
	return mu.RUnlock
}

// AppendJSON appends one row as the REST API writes it, attributes first.
func (r *Result) AppendJSON(dst []byte, row int, opt JSONOptions) []byte {
	defer r.lock()()
	return r.appendRow(dst, row, &opt)
}

// AppendRows appends rows from to to-1, separated by commas.
func (r *Result) AppendRows(dst []byte, from, to int, opt JSONOptions) []byte {
	defer r.lock()()
	for i := from; i < to; i++ {
		if i > from {
			dst = append(dst, ',')
		}
		dst = r.appendRow(dst, i, &opt)
	}
	return dst
}

func (r *Result) appendRow(dst []byte, row int, opt *JSONOptions) []byte {
	if r.plan.agg != nil {
		g := r.groups[row]
		dst = append(dst, `{"attributes":{"type":"AggregateResult"}`...)
		for i := range r.plan.agg.outs {
			o := &r.plan.agg.outs[i]
			dst = appendKey(dst, o.key)
			dst = appendValue(dst, o.value(g), o.kind)
		}
		return append(dst, '}')
	}
	return r.appendNode(dst, r.plan.sel.root, r.rows[row], opt)
}

func appendKey(dst []byte, key string) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, key...)
	return append(dst, '"', ':')
}

func appendValue(dst []byte, s string, k kind) []byte {
	switch {
	case s == "":
		return append(dst, "null"...)
	case k.quoted():
		return appendQuoted(dst, s)
	}
	return append(dst, s...)
}

func (r *Result) appendNode(dst []byte, n *node, v *version, opt *JSONOptions) []byte {
	object := v.rec.obj.def.Name
	typ := object
	if n.typeName != "" {
		typ = n.typeName
	}
	dst = append(dst, `{"attributes":{"type":"`...)
	dst = append(dst, typ...)
	dst = append(dst, `","url":"`...)
	dst = append(dst, opt.Base...)
	dst = append(dst, "/sobjects/"...)
	dst = append(dst, object...)
	dst = append(dst, '/')
	if v.rec.obj.def.NoID {
		dst = append(dst, "000000000000000AAA"...)
	} else {
		dst = append(dst, v.rec.id...)
	}
	dst = append(dst, `"}`...)
	for i := range n.items {
		it := &n.items[i]
		dst = appendKey(dst, it.key)
		switch {
		case it.col != nil:
			s := it.col.value(v)
			if it.col.typ == sobject.TypeBase64 && s != "" {
				s = opt.Base + "/sobjects/" + object + "/" + string(v.rec.id) + "/" + it.key
			}
			dst = appendValue(dst, s, it.col.kind)
		case it.sub != nil:
			dst = r.appendChildren(dst, it.sub, v, opt)
		default:
			dst = r.appendParent(dst, it, v, opt)
		}
	}
	return append(dst, '}')
}

func (r *Result) appendParent(dst []byte, it *item, v *version, opt *JSONOptions) []byte {
	parent := r.plan.c.env.parent(v, it.ref)
	if parent == nil {
		return append(dst, "null"...)
	}
	n := it.node
	if alt := it.alts[parent.rec.obj.def.Name]; alt != nil {
		n = alt
	}
	if n == nil {
		n = &node{}
	}
	return r.appendNode(dst, n, parent, opt)
}

func (r *Result) appendChildren(dst []byte, p *plan, v *version, opt *JSONOptions) []byte {
	rows := p.children(v)
	if len(rows) == 0 {
		return append(dst, "null"...)
	}
	child := &Result{plan: p, rows: rows, total: len(rows), own: r.own}
	n := len(rows)
	if opt.Batch > 0 && n > opt.Batch && opt.Children != nil {
		n = opt.Batch
	}
	dst = append(dst, `{"totalSize":`...)
	dst = append(dst, itoa(len(rows))...)
	if n < len(rows) {
		dst = append(dst, `,"done":false,"nextRecordsUrl":`...)
		dst = appendQuoted(dst, opt.Children(child, n))
	} else {
		dst = append(dst, `,"done":true`...)
	}
	dst = append(dst, `,"records":[`...)
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = child.appendRow(dst, i, opt)
	}
	return append(dst, "]}"...)
}

// Header returns the CSV columns, such as Id and Account.Name.
func (r *Result) Header() []string {
	var out []string
	if r.plan.agg != nil {
		for _, o := range r.plan.agg.outs {
			out = append(out, o.key)
		}
		return out
	}
	if r.plan.sel != nil {
		for _, c := range r.plan.sel.columns {
			out = append(out, c.name)
		}
	}
	return out
}

// AppendCSVRows appends rows from to to-1, all values quoted, separated by
// comma, each row ended by lineEnd. Date-times end in Z, as Bulk API results
// have them.
func (r *Result) AppendCSVRows(dst []byte, from, to int, comma byte, lineEnd string) []byte {
	defer r.lock()()
	for i := from; i < to; i++ {
		dst = append(r.appendCSV(dst, i, comma), lineEnd...)
	}
	return dst
}

func (r *Result) appendCSV(dst []byte, row int, comma byte) []byte {
	if r.plan.agg != nil {
		for i := range r.plan.agg.outs {
			o := &r.plan.agg.outs[i]
			dst = appendCell(dst, i, o.value(r.groups[row]), o.kind, comma)
		}
		return dst
	}
	v := r.rows[row]
	for i, c := range r.plan.sel.columns {
		dst = appendCell(dst, i, c.value(v), c.kind, comma)
	}
	return dst
}

func appendCell(dst []byte, i int, s string, k kind, comma byte) []byte {
	if i > 0 {
		dst = append(dst, comma)
	}
	dst = append(dst, '"')
	switch {
	case k == kindDateTime && len(s) == len(stampLayout):
		dst = append(append(dst, s[:len(s)-5]...), 'Z')
	case strings.IndexByte(s, '"') < 0:
		dst = append(dst, s...)
	default:
		dst = append(dst, strings.ReplaceAll(s, `"`, `""`)...)
	}
	return append(dst, '"')
}

// Shuffled returns the result with its rows in another order; the same seed
// gives the same order.
func (r *Result) Shuffled(seed uint64) *Result {
	out := *r
	out.rows = slices.Clone(r.rows)
	rand.New(rand.NewPCG(seed, seed)).Shuffle(len(out.rows), func(i, j int) { out.rows[i], out.rows[j] = out.rows[j], out.rows[i] })
	return &out
}
