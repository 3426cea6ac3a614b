package engine

import (
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// node is what is printed of one record: its selected fields, parents and
// children in the order of the query.
type node struct {
	typeName string // attributes.type; "": the record's own object
	items    []item
}

// item is one key of a node; exactly one of col, ref, sub and alts is set.
type item struct {
	key  string
	col  *column
	ref  *field // the reference to follow for parent
	node *node
	sub  *plan
	alts map[string]*node // TYPEOF: by object; node is its ELSE
}

// column is one selected value.
type column struct {
	name  string // CSV header
	value func(v *version) string
	kind  kind
	typ   sobject.FieldType
	long  bool // makes pages smaller
}

// Bounds of relationship queries ("Understanding Relationship Query
// Limitations").
const (
	maxParents    = 55
	maxSubQueries = 20
	maxSubDepth   = 4 // below the query itself
)

// selection compiles the SELECT list of a query without aggregates.
type selection struct {
	c       *compiler
	root    *node
	columns []*column
	seen    map[string]bool // canonical paths, lower case
	subs    int             // sub-queries
	exprs   int             // unnamed computed columns
	parents map[string]*node
}

func (c *compiler) selection() (*selection, *Error) {
	s := &selection{c: c, root: &node{}, seen: map[string]bool{}, parents: map[string]*node{}}
	for _, it := range c.q.Fields {
		var err *Error
		switch x := it.(type) {
		case soql.FieldItem:
			if x.Alias != "" {
				return nil, malformed("only aggregate expressions use field aliasing")
			}
			err = s.field(x.Path)
		case soql.FuncItem:
			err = s.function(x)
		case soql.SubQuery:
			err = s.children(x.Query)
		case soql.TypeOf:
			err = s.typeOf(x)
		}
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// field adds a plain field, in the node of its last parent.
func (s *selection) field(written string) *Error {
	p, err := s.c.resolve(written)
	if err != nil {
		return err
	}
	return s.add(p, p.canon, "")
}

// add puts a path's last field into the tree; key is the CSV header and, when
// it is an alias, the JSON key.
func (s *selection) add(p *path, header, alias string) *Error {
	low := strings.ToLower(header)
	if s.seen[low] {
		return plain("INVALID_FIELD", "duplicate field selected: "+header)
	}
	s.seen[low] = true
	if p.kind == kindCompound && s.c.opt.Bulk {
		return plain("FUNCTIONALITY_NOT_ENABLED", "Selecting compound data not supported in Bulk Query")
	}
	at, prefix := s.root, ""
	for _, ref := range p.steps {
		prefix += ref.RelationshipName + "."
		next := s.parents[prefix]
		if next == nil {
			next = &node{}
			if ref.polymorphic() {
				next.typeName = "Name"
			}
			s.parents[prefix] = next
			if len(s.parents) > maxParents {
				return malformed("No more than 55 child-to-parent relationships may be specified in a query")
			}
			at.items = append(at.items, item{key: ref.RelationshipName, ref: ref, node: next})
		}
		at = next
	}
	e := s.c.env
	col := &column{name: header, kind: p.kind, typ: p.fieldType(), long: p.shape != nil && p.shape.Length > 4000}
	local := &column{name: header, kind: p.kind, typ: col.typ, long: col.long} // reads from the parent itself
	col.value = func(v *version) string { return p.value(e, v) }
	key := alias
	switch {
	case p.leaf != nil:
		f := p.leaf
		local.value = func(v *version) string { return e.read(v, f) }
		if f.pos >= 0 && f.kind != kindBool {
			local.value = func(v *version) string { return v.cell(f) }
		}
		if key == "" {
			key = f.Name
		}
	case p.typ:
		local.value = func(v *version) string { return v.rec.obj.def.Name }
		key = "Type"
	default:
		return s.dynamic(at, p, col, prefix)
	}
	if len(p.steps) == 0 {
		col = local
	}
	at.items = append(at.items, item{key: key, col: local})
	s.columns = append(s.columns, col)
	return nil
}

// dynamic adds what follows a polymorphic reference, such as Owner.Profile.Name.
func (s *selection) dynamic(at *node, p *path, col *column, prefix string) *Error {
	e := s.c.env
	rest := strings.Join(p.rest, ".")
	local := *col
	local.value = func(v *version) string { return Row{v.rec.obj, v, e}.Text(rest) }
	key := rest
	if len(p.rest) > 1 {
		return plain("INVALID_FIELD", "No such relation '"+p.rest[0]+"' on entity 'Name'")
	}
	at.items = append(at.items, item{key: key, col: &local})
	s.columns = append(s.columns, col)
	return nil
}

// children adds a sub-query.
func (s *selection) children(q *soql.Query) *Error {
	c := s.c
	if c.opt.Bulk {
		return plain("FUNCTIONALITY_NOT_ENABLED", "Aggregate Relationships not supported in Bulk Query")
	}
	rel := c.obj.kids[strings.ToLower(q.Object)]
	if rel == nil || !c.g.object(rel.obj).Read || !c.g.read(rel) {
		return c.complain("INVALID_TYPE", q.Object, "", "Didn't understand relationship '"+q.Object+
			"' in FROM part of query call. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. "+describeHint)
	}
	if s.subs++; s.subs > maxSubQueries {
		return malformed("No more than 20 parent-to-child relationships may be specified in a query")
	}
	if c.depth >= maxSubDepth {
		return malformed("Only five levels of parent-to-child relationships may be specified in a query")
	}
	sub := &compiler{org: c.org, s: c.s, g: c.g, env: c.env, opt: c.opt, text: c.text, q: q, obj: rel.obj, semi: c.semi, depth: c.depth + 1}
	p, err := sub.plan()
	if err != nil {
		return err
	}
	if p.agg != nil || p.count {
		return malformed("aggregate functions are not supported in a sub-query")
	}
	p.through = rel
	key := rel.ChildRelationshipName
	if s.seen["("+strings.ToLower(key)] {
		return plain("INVALID_FIELD", "duplicate relationship selected: "+key)
	}
	s.seen["("+strings.ToLower(key)] = true
	s.root.items = append(s.root.items, item{key: key, sub: p})
	return nil
}

// typeOf adds a TYPEOF.
func (s *selection) typeOf(t soql.TypeOf) *Error {
	c := s.c
	if c.opt.Bulk {
		return malformed("TYPEOF is not supported in Bulk Query")
	}
	rel := c.obj.byRel[strings.ToLower(t.Path)]
	if rel == nil || !c.g.read(rel) {
		return c.noRelationship(t.Path, t.Path)
	}
	it := item{key: rel.RelationshipName, ref: rel, alts: map[string]*node{}}
	for _, when := range t.Whens {
		obj := c.org.object(when.Object)
		if obj == nil || !refersTo(rel, obj.def.Name) {
			return c.complain("INVALID_TYPE", when.Object, "", "sObject type '"+when.Object+"' is not a type of "+rel.RelationshipName)
		}
		inner := &compiler{org: c.org, s: c.s, g: c.g, env: c.env, opt: c.opt, text: c.text, obj: obj, q: soql.Select(when.Fields...).From(obj.def.Name)}
		sel, err := inner.selection()
		if err != nil {
			return err
		}
		it.alts[obj.def.Name] = sel.root
	}
	if len(t.Else) > 0 {
		n := &node{}
		for _, name := range t.Else {
			p, err := c.resolve(rel.RelationshipName + "." + name)
			if err != nil {
				return err
			}
			e := c.env
			rest := strings.Join(p.rest, ".")
			if p.leaf != nil {
				rest = p.leaf.Name
			}
			n.items = append(n.items, item{key: rest, col: &column{name: rest, kind: p.kind, typ: p.fieldType(),
				value: func(v *version) string { return Row{v.rec.obj, v, e}.Text(rest) }}})
		}
		n.typeName = "Name"
		it.node = n
	}
	s.root.items = append(s.root.items, it)
	return nil
}
