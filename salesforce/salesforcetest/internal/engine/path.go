package engine

import (
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// compiler turns one query, or one sub-query, into a plan. The org's lock is
// held while it works.
type compiler struct {
	org  *Org
	s    Session
	g    *grants
	env  env
	opt  QueryOptions
	text string
	q    *soql.Query
	obj  *object
	semi int // how deep in semi-joins
	// depth counts the sub-queries around
	depth int
	// alias -> the path it stands for, "" for the object itself
	aliases map[string]string
}

// path is a resolved field path.
type path struct {
	steps []*field // references on the way
	leaf  *field   // nil when the last reference is polymorphic
	rest  []string // what follows a polymorphic reference
	kind  kind
	canon string // in canonical case
	shape *field // a field to take type, scale and picklist from; leaf, or one of a possible target
	typ   bool   // the pseudo-field Type of a polymorphic parent
}

// nameFields are the fields of the pseudo-object Name that polymorphic parents
// are seen through (SOQL and SOSL Reference, "Polymorphic relationships").
var nameFields = []string{"Id", "Name", "Type", "FirstName", "LastName", "MiddleName", "Suffix", "Email", "Phone", "Title", "Username", "Alias", "IsActive", "ProfileId", "UserRoleId", "LastReferencedDate", "LastViewedDate"}

// resolve finds the field that a path names, starting at the queried object.
func (c *compiler) resolve(written string) (*path, *Error) {
	name := written
	if head, rest, dotted := strings.Cut(name, "."); dotted {
		if to, ok := c.aliases[strings.ToLower(head)]; ok {
			name = rest
			if to != "" {
				name = to + "." + rest
			}
		}
	}
	segs := strings.Split(name, ".")
	if len(segs) > 6 {
		return nil, c.complain("INVALID_FIELD", written, "", "only 5 levels of parent relationships may be traversed: "+written)
	}
	p := &path{}
	obj := c.obj
	var canon []string
	for i, seg := range segs {
		if i == len(segs)-1 {
			f := obj.field(seg)
			if f == nil || !c.g.read(f) {
				return nil, c.noColumn(written, seg, obj.def.Name)
			}
			p.leaf, p.shape, p.kind = f, f, f.kind
			canon = append(canon, f.Name)
			break
		}
		rel := obj.byRel[strings.ToLower(seg)]
		if rel == nil || !c.g.read(rel) {
			return nil, c.noRelationship(written, seg)
		}
		p.steps = append(p.steps, rel)
		canon = append(canon, rel.RelationshipName)
		if rel.polymorphic() {
			if err := c.polymorphic(p, rel, segs[i+1:], written); err != nil {
				return nil, err
			}
			canon = append(canon, p.rest...)
			break
		}
		obj = c.org.object(rel.ReferenceTo[0])
		if obj == nil || !c.g.object(obj).Read {
			return nil, c.noRelationship(written, seg)
		}
	}
	p.canon = strings.Join(canon, ".")
	return p, nil
}

// polymorphic resolves what follows a polymorphic reference.
func (c *compiler) polymorphic(p *path, rel *field, rest []string, written string) *Error {
	if len(rest) == 1 && strings.EqualFold(rest[0], "Type") {
		p.typ, p.rest, p.kind = true, []string{"Type"}, kindText
		return nil
	}
	for _, target := range rel.ReferenceTo {
		obj := c.org.object(target)
		if obj == nil {
			continue
		}
		var canon []string
		for i, seg := range rest {
			if i == len(rest)-1 {
				if f := obj.field(seg); f != nil && (len(rest) > 1 || isNameField(seg)) {
					p.rest, p.shape, p.kind = append(canon, f.Name), f, f.kind
					return nil
				}
				break
			}
			step := obj.byRel[strings.ToLower(seg)]
			if step == nil {
				break
			}
			canon = append(canon, step.RelationshipName)
			if obj = c.org.object(step.ReferenceTo[0]); obj == nil {
				break
			}
		}
	}
	if len(rest) == 1 && isNameField(rest[0]) {
		p.rest, p.kind = rest, kindText
		return nil
	}
	return c.noColumn(written, rest[len(rest)-1], "Name")
}

func isNameField(s string) bool {
	for _, n := range nameFields {
		if strings.EqualFold(n, s) {
			return true
		}
	}
	return false
}

// value reads the path from a row.
func (p *path) value(e env, v *version) string {
	for _, s := range p.steps {
		if v = e.parent(v, s); v == nil {
			if p.kind == kindBool {
				return "false" // a missing parent's checkbox counts as unchecked
			}
			return ""
		}
	}
	switch {
	case p.leaf != nil:
		return e.read(v, p.leaf)
	case p.typ:
		return v.rec.obj.def.Name
	default:
		return Row{v.rec.obj, v, e}.Text(strings.Join(p.rest, "."))
	}
}

// fieldType is the type by which values are printed.
func (p *path) fieldType() sobject.FieldType {
	if p.shape == nil {
		return sobject.TypeString
	}
	return p.shape.Type
}

// direct returns the field when the path has no parents.
func (p *path) direct() *field {
	if len(p.steps) > 0 {
		return nil
	}
	return p.leaf
}
